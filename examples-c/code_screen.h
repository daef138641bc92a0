/* The camera's pairing screen over time: a code, and a countdown until it runs out. screen.h draws it. */
#ifndef CODE_SCREEN_H
#define CODE_SCREEN_H

#include <fio_c2c.h>

#include <stdio.h>
#include <unistd.h>

#include "screen.h"
#include "setup.h"

struct code_screen {
    int64_t code_ends_ms;  /* when the code runs out, by now_ms(); 0 without one */
    int64_t seconds_shown; /* what the countdown says now; -1 if nothing */
};

/* On a terminal the countdown stands on a line without an end; what is said next needs a new one. */
static void code_screen_leave_countdown(struct code_screen *screen)
{
    if (screen->seconds_shown >= 0 && isatty(STDOUT_FILENO))
        putchar('\n');
    screen->seconds_shown = -1;
}

static void code_screen_take_away(struct code_screen *screen)
{
    code_screen_leave_countdown(screen);
    screen->code_ends_ms = 0;
}

static void code_screen_show(struct code_screen *screen, const fio_code *code)
{
    const char *page = code->verification_uri != NULL ? code->verification_uri : "your Frame.io project";

    code_screen_leave_countdown(screen);
    if (code->number > 1)
        puts("\nThat code has run out. Here is a new one.");
    putchar('\n');
    screen_digits(stdout, code->user_code);
    printf("\n  Enter %s at %s\n", code->user_code, page);
    if (code->verification_uri_complete != NULL) {
        printf("  or scan, or open %s\n\n", code->verification_uri_complete);
        if (screen_qr(stdout, code->verification_uri_complete) != FIO_OK)
            puts("  (The address does not fit a QR code.)");
    }
    putchar('\n');
    screen->code_ends_ms = now_ms() + code->expires_in_ms;
}

/* On a terminal the countdown moves every second, elsewhere it is a line every half minute. */
static void code_screen_count_down(struct code_screen *screen)
{
    const int on_terminal = isatty(STDOUT_FILENO);
    int64_t left;

    if (screen->code_ends_ms == 0)
        return;
    left = (screen->code_ends_ms - now_ms() + 999) / 1000;
    if (left < 0)
        left = 0;
    if (left == screen->seconds_shown || (!on_terminal && screen->seconds_shown >= 0 && left % 30 != 0))
        return;
    printf("%sWaiting for your decision; the code is good for %d:%02d.%s", on_terminal ? "\r" : "", (int)(left / 60),
           (int)(left % 60), on_terminal ? " " : "\n");
    fflush(stdout);
    screen->seconds_shown = left;
}

#endif
