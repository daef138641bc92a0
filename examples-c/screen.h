/* A pairing screen in a terminal: six large digits and a QR code. On a camera, the same two loops
 * fill the pixels of the display.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include <fio_c2c.h>
#include <stdio.h>
#include <string.h>

#define SCREEN_QR_SIDE 177 /* the largest QR there is */
#define SCREEN_QR_QUIET 4  /* light modules that must surround it, or phones do not find it */

/* 3 x 5 dots for each digit; in a row, 4 is the left dot, 2 the middle one, 1 the right one. */
static const unsigned char screen_font[10][5] = {
    {7, 5, 5, 5, 7}, {2, 6, 2, 2, 7}, {7, 1, 7, 4, 7}, {7, 1, 7, 1, 7}, {5, 5, 7, 1, 1},
    {7, 4, 7, 1, 7}, {7, 4, 7, 5, 7}, {7, 1, 1, 1, 1}, {7, 5, 7, 5, 7}, {7, 5, 7, 1, 7},
};

static void screen_digit_row(FILE *out, char digit, int row)
{
    const unsigned dots = screen_font[digit - '0'][row];
    unsigned dot;

    for (dot = 4; dot != 0; dot >>= 1)
        fputs((dots & dot) != 0 ? "██" : "  ", out);
}

/* Draws a code in large digits, in two groups of three. */
static void screen_digits(FILE *out, const char *code)
{
    const size_t length = strlen(code);
    size_t i;
    int row;

    if (strspn(code, "0123456789") != length)
        return; /* not digits after all: the line of text below must do */
    for (row = 0; row < 5; row++) {
        for (i = 0; i < length; i++) {
            fputs(i != 0 && i == length / 2 ? "      " : "  ", out);
            screen_digit_row(out, code[i], row);
        }
        fputc('\n', out);
    }
}

static int screen_qr_is_dark(const uint8_t *modules, int32_t side, int32_t row, int32_t column)
{
    if (row < 0 || row >= side || column < 0 || column >= side)
        return 0; /* the quiet zone */
    return modules[row * side + column] != 0;
}

/* One line of text is two rows of modules. The colours are given as black on white, because the
 * terminal's own may be the other way round, which many phones cannot read. */
static void screen_qr_line(FILE *out, const uint8_t *modules, int32_t side, int32_t row)
{
    static const char *const block[] = {" ", "▄", "▀", "█"};
    int32_t column;

    fputs("  \033[38;5;16;48;5;231m", out);
    for (column = -SCREEN_QR_QUIET; column < side + SCREEN_QR_QUIET; column++) {
        const int upper = screen_qr_is_dark(modules, side, row, column);
        const int lower = screen_qr_is_dark(modules, side, row + 1, column);
        fputs(block[upper * 2 + lower], out);
    }
    fputs("\033[0m\n", out);
}

/* Draws a QR code with its quiet zone. */
static fio_status screen_qr(FILE *out, const char *text)
{
    static uint8_t modules[SCREEN_QR_SIDE * SCREEN_QR_SIDE]; /* 31 kB are too much for most stacks */
    int32_t side = 0;
    int32_t row;
    const fio_status status = fio_qr_encode(text, modules, sizeof modules, &side);

    if (status != FIO_OK)
        return status;
    for (row = -SCREEN_QR_QUIET; row < side + SCREEN_QR_QUIET; row += 2)
        screen_qr_line(out, modules, side, row);
    return FIO_OK;
}

#endif
