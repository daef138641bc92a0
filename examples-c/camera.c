/* A small camera: pairs with a code on its screen, stays paired across restarts, says that it is
 * online, and tells what happens meanwhile. `camera --help` names the options.
 *
 * How it is built: one operation at a time is started, and run() drives the client until it is over.
 * Between operations stay_online() drives it, so that the library can renew its tokens. Everything
 * happens on the main thread, inside fio_drive(). (event_loop.c shows an event loop instead.)
 */
#define _POSIX_C_SOURCE 200809L

#include <fio_c2c.h>

#include <getopt.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "screen.h"
#include "setup.h"

#define MAX_CODES 5

/* How long one wait lasts at most. It moves the countdown, and a signal that arrives just before the
 * wait begins is noticed at its end. */
#define TICK_MS 1000

struct camera {
    fio_client *client;
    int over;                  /* the operation that run() waits for has called back ... */
    fio_status result;         /* ... and this is how it ended */
    int64_t code_ends_ms;      /* when the code on the screen runs out, by now_ms(); 0 without one */
    int64_t seconds_shown;     /* what the countdown says now; -1 if nothing */
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- What the camera says ---------------------------------------------------------------------- */

static const char *project_of(const fio_device *device)
{
    return device->project_name != NULL ? device->project_name : device->project_id;
}

static void print_event_error(const char *what, const fio_event *event)
{
    printf("Event: %s: %s.\n", what, event->error != NULL ? event->error->message : "no details");
}

/* On a terminal the countdown stands on a line without an end; what is said next needs a new one. */
static void leave_countdown(struct camera *camera)
{
    if (camera->seconds_shown >= 0 && isatty(STDOUT_FILENO))
        putchar('\n');
    camera->seconds_shown = -1;
}

/* What nobody asked for. A camera would show most of these as a small icon, if at all. */
static void on_event(void *user, const fio_event *event)
{
    struct camera *camera = (struct camera *)user;

    leave_countdown(camera);
    switch (event->kind) {
    case FIO_EVENT_AUTHORIZED:
        puts("Event: the new pairing is stored.");
        camera->code_ends_ms = 0; /* the code is used up; only the project's name is awaited */
        break;
    case FIO_EVENT_REFRESHED:
        puts("Event: new tokens are stored.");
        break;
    case FIO_EVENT_AUTHORIZATION_LOST:
        print_event_error("the pairing is over", event);
        break;
    case FIO_EVENT_REFRESH_REFUSED:
        print_event_error("the service refuses to renew the tokens", event);
        break;
    case FIO_EVENT_DEVICE:
        if (event->device->presence == FIO_PRESENCE_PAUSED)
            puts("Event: the device is paused; what is recorded now stays here.");
        break;
    case FIO_EVENT_DEVICE_UNKNOWN:
        print_event_error("the project is not known yet", event);
        break;
    case FIO_EVENT_PROJECT_CHANGED:
        printf("Event: the camera works for project \"%s\" now.\n", project_of(event->device));
        break;
    case FIO_EVENT_STORE_FAILED:
        print_event_error("the store fails", event);
        break;
    case FIO_EVENT_STORE_RECOVERED:
        puts("Event: the store works again.");
        break;
    case FIO_EVENT_STORE_DAMAGED:
        print_event_error("a stored record cannot be trusted", event);
        break;
    case FIO_EVENT_RETRYING:
        print_event_error("no success yet", event);
        printf("Event: the next attempt is in %.1f s.\n", (double)event->wait_ms / 1000.0);
        break;
    default:
        break; /* a later version of the library may have more to say */
    }
}

/* ---- The pairing screen ------------------------------------------------------------------------ */

static void show_code(void *user, const fio_code *code)
{
    struct camera *camera = (struct camera *)user;
    const char *page = code->verification_uri != NULL ? code->verification_uri : "your Frame.io project";

    leave_countdown(camera);
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
    camera->code_ends_ms = now_ms() + code->expires_in_ms;
}

/* On a terminal the countdown moves every second, elsewhere it is a line every half minute. */
static void show_countdown(struct camera *camera)
{
    const int on_terminal = isatty(STDOUT_FILENO);
    int64_t left;

    if (camera->code_ends_ms == 0)
        return;
    left = (camera->code_ends_ms - now_ms() + 999) / 1000;
    if (left < 0)
        left = 0;
    if (left == camera->seconds_shown || (!on_terminal && camera->seconds_shown >= 0 && left % 30 != 0))
        return;
    printf("%sWaiting for your decision; the code is good for %d:%02d.%s", on_terminal ? "\r" : "",
           (int)(left / 60), (int)(left % 60), on_terminal ? " " : "\n");
    fflush(stdout);
    camera->seconds_shown = left;
}

/* ---- Operations: each is started, and run() sees it through ------------------------------------- */

/* The end of any operation. Its callback may not call fio_drive(), so it leaves a note for run(). */
static void note_end(struct camera *camera, const char *what, const fio_error *error)
{
    camera->over = 1;
    camera->result = error != NULL ? error->status : FIO_OK;
    leave_countdown(camera);
    camera->code_ends_ms = 0;
    if (error != NULL && error->status != FIO_E_CANCELED)
        print_error(what, error);
}

static void on_paired(void *user, const fio_error *error, const fio_device *device)
{
    note_end((struct camera *)user, "Pairing did not work", error);
    if (device != NULL)
        printf("Paired with project \"%s\".\n", project_of(device));
}

static void on_still_paired(void *user, const fio_error *error, const fio_device *device)
{
    note_end((struct camera *)user, "The project could not be asked for", error);
    if (device != NULL)
        printf("Still paired with project \"%s\".\n", project_of(device));
}

static void on_refreshed(void *user, const fio_error *error)
{
    note_end((struct camera *)user, "Renewing the tokens did not work", error);
    if (error == NULL)
        puts("The tokens are renewed.");
}

static void on_heartbeat(void *user, const fio_error *error)
{
    note_end((struct camera *)user, "The heartbeat did not arrive", error);
    if (error == NULL)
        puts("The service knows that the camera is online.");
}

/* Drives the client until the operation that was just started is over. `started` is what the starting
 * call returned. When the camera is switched off meanwhile, the operation is cancelled. */
static fio_status run(struct camera *camera, fio_status started, fio_op op)
{
    int cancelled = 0;

    if (started != FIO_OK) {
        print_error("That cannot be done now", fio_client_error(camera->client));
        return started;
    }
    while (!camera->over) {
        fio_status status;

        if (stop_requested && !cancelled) {
            fio_cancel(camera->client, op);
            cancelled = 1;
        }
        show_countdown(camera);
        status = fio_drive(camera->client, TICK_MS);
        if (status != FIO_OK) {
            print_error("The client stopped", fio_client_error(camera->client));
            return status;
        }
    }
    camera->over = 0;
    return camera->result;
}

static fio_status get_device(struct camera *camera)
{
    fio_op op = FIO_OP_NONE;
    const fio_status started = fio_device_info(camera->client, on_still_paired, camera, &op);

    return run(camera, started, op);
}

static fio_status refresh(struct camera *camera)
{
    fio_op op = FIO_OP_NONE;
    const fio_status started = fio_refresh(camera->client, on_refreshed, camera, &op);

    return run(camera, started, op);
}

static fio_status heartbeat(struct camera *camera)
{
    fio_op op = FIO_OP_NONE;
    const fio_status started = fio_heartbeat(camera->client, on_heartbeat, camera, &op);

    return run(camera, started, op);
}

/* A token that has ended is no reason for a new code: the library renews it. */
static int is_paired(const struct camera *camera)
{
    const int32_t state = fio_auth_state(camera->client);

    return state == FIO_AUTH_AUTHORIZED || state == FIO_AUTH_EXPIRED;
}

static fio_status pair(struct camera *camera)
{
    fio_op op = FIO_OP_NONE;
    fio_status status;

    puts("Not paired: asking for a code.");
    status = fio_pair(camera->client, MAX_CODES, show_code, on_paired, camera, &op);
    status = run(camera, status, op);
    /* The person may have approved, and only the project's name could not be had. That will come. */
    return is_paired(camera) ? FIO_OK : status;
}

/* ---- The camera's life -------------------------------------------------------------------------- */

/* After a first pairing: everything a device needs once, so that a wrong setup shows at once. */
static fio_status pair_and_try(struct camera *camera)
{
    fio_status status = pair(camera);

    if (status != FIO_OK)
        return status;
    puts("Renewing the tokens now, to see it work. The library does it by itself when it is time.");
    status = refresh(camera);
    if (status != FIO_OK)
        return status;
    return heartbeat(camera);
}

/* Lets the library work until the camera is switched off or the pairing is over. */
static fio_status stay_online(struct camera *camera)
{
    const fio_status online = fio_set_online(camera->client, 1); /* from here on heartbeats leave by themselves */

    if (online != FIO_OK) {
        print_error("The camera cannot stay online", fio_client_error(camera->client));
        return online;
    }
    puts("Running. Ctrl-C switches the camera off.");
    while (!stop_requested && is_paired(camera)) {
        const fio_status status = fio_drive(camera->client, TICK_MS);

        if (status != FIO_OK) {
            print_error("The client stopped", fio_client_error(camera->client));
            return status;
        }
    }
    return FIO_OK;
}

static fio_status live(struct camera *camera, int once)
{
    fio_status status = is_paired(camera) ? get_device(camera) : FIO_OK;

    for (;;) {
        if (!is_paired(camera)) {
            status = pair_and_try(camera);
            if (status != FIO_OK)
                return status;
        }
        if (once || stop_requested)
            return status;
        status = stay_online(camera);
        if (status != FIO_OK || stop_requested)
            return status;
    }
}

/* ---- Setting up --------------------------------------------------------------------------------- */

static void usage(FILE *out)
{
    fprintf(out, "usage: camera [option]...\n%s"
                 "  --once                  exit when everything has been done once\n", SETUP_USAGE);
}

/* Returns 0, or -1 if the command line makes no sense. */
static int parse(int argc, char **argv, struct setup *setup, int *once)
{
    static const struct option known[] = {SETUP_OPTIONS, {"once", no_argument, NULL, '1'}, {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == '1')
            *once = 1;
        else if (setup_take(setup, option, optarg) != 0)
            return -1;
    }
    return optind == argc ? 0 : -1;
}

int main(int argc, char **argv)
{
    struct setup setup = {0};
    struct camera camera = {0};
    fio_config *config = NULL;
    int once = 0;
    fio_status status;

    if (parse(argc, argv, &setup, &once) != 0 || setup.help) {
        usage(setup.help ? stdout : stderr);
        return setup.help ? 0 : 2;
    }
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* whoever reads this through a pipe reads it in time */
    if (setup_catch_signals() != 0) {
        perror("sigaction");
        return 1;
    }
    camera.seconds_shown = -1;
    status = setup_config(&setup, on_event, &camera, &config);
    if (status == FIO_OK)
        status = fio_client_new(config, &camera.client);
    if (status != FIO_OK)
        print_error("The camera cannot start", fio_config_error(config));
    fio_config_free(config);
    if (status != FIO_OK)
        return 1;
    status = live(&camera, once);
    if (stop_requested)
        puts("Switched off.");
    fio_client_free(camera.client);
    return status == FIO_OK || stop_requested ? 0 : 1;
}
