/* A small camera: pairs with a code on its screen, stays paired across restarts, says that it is online,
 * uploads the clips that appear on its card, and tells what happens meanwhile. `camera --help` names the
 * options and buttons.
 *
 *     camera --store DIR --card DIR --buttons --client-id ID ...
 *
 * How it is built: one operation at a time is started, and run() turns the camera until it is over. Between
 * operations stay_online() does. One turn waits for whatever comes first, and takes care of it: the
 * network, a clip on the card, a button. Uploads need nobody: they are in the library's queue, which works by
 * itself inside fio_drive(). Everything happens on the main thread. (event_loop.c shows a camera that does
 * not wait.)
 */
#define _XOPEN_SOURCE 700 /* POSIX 2008, with realpath() */

#include <fio_c2c.h>

#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buttons.h"
#include "card.h"
#include "code_screen.h"
#include "events.h"
#include "setup.h"
#include "upload_buttons.h"
#include "uploads.h"

#define MAX_CODES 5

/* How long one turn waits at most. It moves the countdown, and a signal that arrives just before the
 * wait begins is noticed at its end. */
#define TICK_MS 1000

struct camera {
    fio_client *client;
    struct code_screen screen;
    struct card card;
    struct buttons buttons;
    int is_pairing;
    int is_online;     /* heartbeats leave by themselves */
    int may_pair;      /* 0 after a pairing that came to nothing, until a person presses `pair` */
    fio_op op;         /* the operation that run() waits for, ... */
    int over;          /* ... whether it has called back, ... */
    fio_status result; /* ... and how it ended */
};

/* ---- What the camera says ---------------------------------------------------------------------- */

static void on_event(void *user, const fio_event *event)
{
    struct camera *camera = (struct camera *)user;

    if (event->kind == FIO_EVENT_AUTHORIZED)
        code_screen_take_away(&camera->screen); /* the code is used up; only the project's name is awaited */
    code_screen_leave_countdown(&camera->screen);
    show_event(event);
}

/* ---- The card: what comes onto it is uploaded by itself ------------------------------------------ */

/* What the library knows already is left alone: it was sent, or a person canceled it, or has to look at it. */
static void take_clips(struct camera *camera)
{
    const char *path;

    while ((path = card_next(&camera->card)) != NULL) {
        fio_upload_id id = FIO_UPLOAD_NONE;

        start_upload(camera->client, path, 0, 0, 0, &id);
    }
}

/* ---- The buttons -------------------------------------------------------------------------------- */

/* A press is a word, and for some buttons the name of a clip behind it. */
static void press(struct camera *camera, char *line)
{
    const size_t length = strcspn(line, " ");
    const char *name = line[length] == ' ' ? line + length + 1 : "";

    line[length] = '\0';
    if (strcmp(line, "pair") == 0)
        camera->may_pair = 1;
    else if (strcmp(line, "back") == 0 && camera->is_pairing)
        fio_cancel(camera->client, camera->op);
    else if (strcmp(line, "off") == 0)
        stop_requested = 1;
    else if (press_upload_button(camera->client, camera->card.directory, line, name) != 0)
        printf("There is nothing to do for the button %s.\n", line);
}

/* ---- One turn ----------------------------------------------------------------------------------- */

/* Waits until something happens, or a tick is over, and does what there is to do. */
static fio_status turn(struct camera *camera)
{
    struct pollfd watched[3] = {{0, POLLIN, 0}, {0, POLLIN, 0}, {0, POLLIN, 0}};
    fio_status status;
    char *line;

    watched[0].fd = fio_fd(camera->client);
    watched[1].fd = camera->card.fd; /* poll() leaves out what is negative */
    watched[2].fd = camera->buttons.fd;
    code_screen_count_down(&camera->screen);
    if (poll(watched, 3, TICK_MS) > 0 && watched[2].revents != 0)
        buttons_read(&camera->buttons);
    while ((line = buttons_next(&camera->buttons)) != NULL)
        press(camera, line);
    take_clips(camera);
    status = fio_drive(camera->client, 0);
    if (status != FIO_OK)
        print_error("The client stopped", fio_client_error(camera->client));
    return status;
}

/* ---- Operations: each is started, and run() sees it through ------------------------------------- */

/* The end of any operation. Its callback may not call fio_drive(), so it leaves a note for run(). */
static void note_end(struct camera *camera, const char *what, const fio_error *error)
{
    camera->over = 1;
    camera->result = error != NULL ? error->status : FIO_OK;
    code_screen_take_away(&camera->screen);
    if (error != NULL && error->status != FIO_E_CANCELED)
        print_error(what, error);
}

static void show_code(void *user, const fio_code *code)
{
    struct camera *camera = (struct camera *)user;

    code_screen_show(&camera->screen, code);
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

/* Turns the camera until the operation that was just started is over. `started` is what the starting
 * call returned. When the camera is switched off meanwhile, the operation is canceled. */
static fio_status run(struct camera *camera, fio_status started)
{
    int canceled = 0;

    if (started != FIO_OK) {
        print_error("That cannot be done now", fio_client_error(camera->client));
        return started;
    }
    camera->over = 0;
    while (!camera->over) {
        fio_status status;

        if (stop_requested && !canceled) {
            fio_cancel(camera->client, camera->op);
            canceled = 1;
        }
        status = turn(camera);
        if (status != FIO_OK)
            return status;
    }
    return camera->result;
}

static fio_status get_device(struct camera *camera)
{
    return run(camera, fio_device_info(camera->client, on_still_paired, camera, &camera->op));
}

static fio_status refresh(struct camera *camera)
{
    return run(camera, fio_refresh(camera->client, on_refreshed, camera, &camera->op));
}

static fio_status heartbeat(struct camera *camera)
{
    return run(camera, fio_heartbeat(camera->client, on_heartbeat, camera, &camera->op));
}

/* A token that has ended is no reason for a new code: the library renews it. */
static int is_paired(const struct camera *camera)
{
    const int32_t state = fio_auth_state(camera->client);

    return state == FIO_AUTH_AUTHORIZED || state == FIO_AUTH_EXPIRED;
}

static fio_status pair(struct camera *camera)
{
    fio_status status;

    puts("Not paired: asking for a code.");
    status = fio_pair(camera->client, MAX_CODES, show_code, on_paired, camera, &camera->op);
    camera->is_pairing = 1;
    status = run(camera, status);
    camera->is_pairing = 0;
    /* The person may have approved, and only the project's name could not be had. That will come. */
    return is_paired(camera) ? FIO_OK : status;
}

/* ---- The camera's life -------------------------------------------------------------------------- */

/* After a first pairing: everything a device needs once, so that a wrong setup shows at once. Not later: while
 * the library sends heartbeats by itself, one more could be too many for the service. */
static fio_status try_everything(struct camera *camera)
{
    fio_status status;

    puts("Renewing the tokens now, to see it work. The library does it by itself when it is time.");
    status = refresh(camera);
    return status == FIO_OK ? heartbeat(camera) : status;
}

/* Pairs when a person wants it: at first, when the pairing is over, and when `pair` is pressed. */
static fio_status get_paired(struct camera *camera)
{
    fio_status status = FIO_OK;

    while (!camera->may_pair && camera->buttons.fd >= 0 && !stop_requested && status == FIO_OK)
        status = turn(camera);
    if (status != FIO_OK || stop_requested)
        return status;
    if (!camera->may_pair)
        return FIO_E_NOT_AUTHORIZED; /* nobody can press it any more */
    status = pair(camera);
    /* A new code only shows up when somebody is there to enter it. */
    camera->may_pair = status == FIO_OK;
    if (status != FIO_OK && !stop_requested && camera->buttons.fd >= 0) {
        puts("Not paired. The button `pair` begins again.");
        return FIO_OK;
    }
    return status;
}

/* Lets the library work until the camera is switched off or the pairing is over. */
static fio_status stay_online(struct camera *camera)
{
    fio_status status = fio_set_online(camera->client, 1);

    if (status != FIO_OK) {
        print_error("The camera cannot stay online", fio_client_error(camera->client));
        return status;
    }
    camera->is_online = 1;
    puts("Running. Ctrl-C switches the camera off.");
    while (status == FIO_OK && !stop_requested && is_paired(camera))
        status = turn(camera);
    return status;
}

static fio_status live(struct camera *camera, int once)
{
    fio_status status = FIO_OK;

    camera->may_pair = 1;
    if (is_paired(camera))
        status = get_device(camera);
    while (!stop_requested) {
        if (!is_paired(camera)) {
            status = get_paired(camera);
            if (status != FIO_OK)
                return status;
            if (!is_paired(camera))
                continue;
            if (!camera->is_online)
                status = try_everything(camera);
        }
        if (once || stop_requested)
            return status;
        /* What failed just now, the library tries again by itself; or the pairing is over, and starts over. */
        status = is_paired(camera) ? stay_online(camera) : FIO_OK;
        if (status != FIO_OK)
            return status;
    }
    return status;
}

/* ---- Setting up --------------------------------------------------------------------------------- */

struct arguments {
    struct setup setup;
    const char *card;
    int has_buttons;
    int once;
};

static void usage(FILE *out)
{
    fprintf(out,
            "usage: camera [option]...\n%s"
            "  --card DIR              upload every clip that is there or comes; one that is still being\n"
            "                          written has a name that begins with a dot\n"
            "  --buttons               take buttons from standard input, one a line:\n"
            "                            pair             ask for a code, after a pairing came to nothing\n"
            "                            back             cancel the pairing\n" UPLOAD_BUTTONS_USAGE
            "                            off              switch the camera off\n"
            "  --once                  exit when everything has been done once\n",
            SETUP_USAGE);
}

/* Returns 0, or -1 if the command line makes no sense. */
static int parse(int argc, char **argv, struct arguments *arguments)
{
    static const struct option known[] = {SETUP_OPTIONS,
                                          {"card", required_argument, NULL, 'm'},
                                          {"buttons", no_argument, NULL, 'b'},
                                          {"once", no_argument, NULL, '1'},
                                          {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'm')
            arguments->card = optarg;
        else if (option == 'b')
            arguments->has_buttons = 1;
        else if (option == '1')
            arguments->once = 1;
        else if (setup_take(&arguments->setup, option, optarg) != 0)
            return -1;
    }
    return optind == argc ? 0 : -1;
}

/* Returns 0, or -1 with a message. */
static int make_client(struct camera *camera, const struct setup *setup)
{
    fio_config *config = NULL;
    fio_status status = setup_config(setup, on_event, camera, &config);

    if (status == FIO_OK)
        status = fio_client_new(config, &camera->client);
    if (status != FIO_OK)
        print_error("The camera cannot start", fio_config_error(config));
    fio_config_free(config);
    return status == FIO_OK ? 0 : -1;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct camera camera = {0};
    fio_status status;

    if (parse(argc, argv, &arguments) != 0 || arguments.setup.help) {
        usage(arguments.setup.help ? stdout : stderr);
        return arguments.setup.help ? 0 : 2;
    }
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* anybody who reads this through a pipe reads it in time */
    if (setup_catch_signals() != 0) {
        perror("sigaction");
        return 1;
    }
    camera.screen.seconds_shown = -1;
    camera.buttons.fd = arguments.has_buttons ? STDIN_FILENO : -1;
    camera.card.fd = -1;
    if (make_client(&camera, &arguments.setup) != 0)
        return 1;
    if (arguments.card != NULL && card_insert(&camera.card, arguments.card) != 0)
        perror(arguments.card); /* a camera without a card still pairs */
    if (arguments.has_buttons)
        puts("Ready for buttons.");
    status = live(&camera, arguments.once);
    if (stop_requested)
        puts("Switched off.");
    card_remove(&camera.card);
    fio_client_free(camera.client);
    return status == FIO_OK || stop_requested ? 0 : 1;
}
