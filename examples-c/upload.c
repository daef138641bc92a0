/* Sends files, and one that is still being recorded if you like. Kill it at any moment and start it again
 * with the same store: it goes on where it was, and nothing is sent twice. `upload --help` names the
 * options.
 *
 *     upload --store DIR --client-id ID ... A001.mov A002.mov --record LIVE.mp4 --seconds 20
 *
 * How it is built: files are put into the library's queue, which is kept in the store and works by itself
 * inside fio_drive(). What is left to this program is to show a code when the camera is not paired, to
 * tell the queue how far the recording is, and to show how it goes.
 */
#define _XOPEN_SOURCE 700 /* POSIX 2008, with realpath() */

#include <fio_c2c.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "recorder.h"
#include "setup.h"
#include "uploads.h"

#define MAX_CODES 5
/* How long one wait lasts at most: a signal that arrives just before it begins is noticed at its end. */
#define TICK_MS 1000

struct uploader {
    fio_client *client;
    int is_pairing;
    int has_given_up;  /* without a pairing nothing goes on */
    int is_incomplete; /* a file could not be queued; the others are sent all the same */
    struct recorder recorder;
    fio_upload_id recording;
};

/* ---- What is shown ------------------------------------------------------------------------------ */

static void on_event(void *user, const fio_event *event)
{
    (void)user;
    if (event->kind == FIO_EVENT_UPLOAD)
        show_upload(event->upload);
    else if (event->kind == FIO_EVENT_PROGRESS)
        show_totals(event->totals);
    else if (event->error != NULL) /* the pairing is over, the store fails, ... */
        printf("%s (%s). %s\n", event->error->message, event->error->name, event->error->advice);
}

/* ---- Pairing ------------------------------------------------------------------------------------ */

static void show_code(void *user, const fio_code *code)
{
    (void)user;
    printf("Enter %s at %s\n", code->user_code,
           code->verification_uri != NULL ? code->verification_uri : "your Frame.io project");
}

static void on_paired(void *user, const fio_error *error, const fio_device *device)
{
    struct uploader *uploader = (struct uploader *)user;

    uploader->is_pairing = 0;
    if (device != NULL)
        printf("Paired with project \"%s\".\n",
               device->project_name != NULL ? device->project_name : device->project_id);
    /* The person may have approved, and only the project's name could not be had. That will come. */
    if (error != NULL && fio_auth_state(uploader->client) == FIO_AUTH_UNPAIRED) {
        print_error("Pairing did not work", error);
        uploader->has_given_up = 1;
    }
}

/* At the start, and whenever the person has disconnected the camera: what is queued stays queued. */
static void pair_if_needed(struct uploader *uploader)
{
    if (uploader->is_pairing || fio_auth_state(uploader->client) != FIO_AUTH_UNPAIRED)
        return;
    uploader->is_pairing = 1;
    if (fio_pair(uploader->client, MAX_CODES, show_code, on_paired, uploader, NULL) != FIO_OK) {
        print_error("Pairing cannot begin", fio_client_error(uploader->client));
        uploader->has_given_up = 1;
    }
}

/* ---- The queue ---------------------------------------------------------------------------------- */

/* Puts a file into the queue. One that an earlier run of this program has queued is only started again if that
 * failed or was canceled: who names it now wants it sent. So it does not wait any longer either, for a host or
 * for a person's word after too many assets; a camera that is switched on would leave that to a button. Returns
 * its id, FIO_UPLOAD_NONE if it could not be queued. */
static fio_upload_id enqueue(struct uploader *uploader, const char *path, uint64_t bytes_per_second)
{
    fio_client *client = uploader->client;
    char *absolute = realpath(path, NULL);
    const char *tag = absolute != NULL ? absolute : path; /* one that is missing is told by fio_upload_start() */
    fio_upload_id id = FIO_UPLOAD_NONE;
    fio_status status = start_upload(client, tag, bytes_per_second, RECORDER_HEAD, 0, &id);
    int32_t state = 0;

    if (status == FIO_E_UPLOAD_EXISTS) {
        status = fio_upload_find(client, (const uint8_t *)tag, strlen(tag), &id, &state);
        if (state == FIO_UPLOAD_CANCELED) {
            status = start_upload(client, tag, bytes_per_second, RECORDER_HEAD, 1, &id);
        } else if (state == FIO_UPLOAD_FAILED) {
            printf("%s failed last time: once more\n", path);
            status = fio_upload_retry(client, id);
            if (status != FIO_OK)
                print_error(path, fio_client_error(client));
        } else {
            printf("%s is in the queue already: %s\n", path, state_name(state));
            if (state != FIO_UPLOAD_DONE && state != FIO_UPLOAD_SKIPPED)
                fio_upload_retry(client, id); /* refused if it waits for something else: then it goes on waiting */
        }
    }
    if (status != FIO_OK)
        uploader->is_incomplete = 1;
    free(absolute);
    return id;
}

/* ---- The recording ------------------------------------------------------------------------------ */

/* The file is made first, then queued; a kill in between changes nothing. */
static void begin_recording(struct uploader *uploader, const char *path, double seconds)
{
    const fio_upload_info *info = NULL;

    if (recorder_open(&uploader->recorder, path, seconds) != 0) {
        perror(path);
        uploader->is_incomplete = 1;
        return;
    }
    uploader->recording = enqueue(uploader, path, RECORDER_BYTES_PER_SECOND);
    /* One that was finished, in an earlier run, must not be written to any more. */
    if (fio_upload_get(uploader->client, uploader->recording, &info) != FIO_OK || !info->is_recording)
        recorder_close(&uploader->recorder);
    uploader->recorder.due_ms = now_ms();
}

/* Writes what the encoder gives and tells the queue. Returns how long to wait for the next time. */
static int32_t record(struct uploader *uploader)
{
    struct recorder *recorder = &uploader->recorder;
    const int64_t now = now_ms();
    fio_status status = FIO_OK;

    if (recorder->fd < 0)
        return TICK_MS;
    if (now < recorder->due_ms)
        return (int32_t)(recorder->due_ms - now);
    recorder->due_ms = now + RECORDER_TICK_MS;
    if (recorder_grow(recorder) != 0 || (recorder_is_over(recorder) && recorder_write_head(recorder) != 0)) {
        perror("recording"); /* the card is full, or gone: what there is of the clip is worth sending */
        recorder->end = recorder->size;
    }
    if (recorder_is_over(recorder))
        status = fio_upload_finish(uploader->client, uploader->recording, (int64_t)recorder->size, NULL);
    else
        status = fio_upload_advance(uploader->client, uploader->recording, recorder->size);
    if (status != FIO_OK)
        print_error("The recording cannot be sent", fio_client_error(uploader->client));
    if (status != FIO_OK || recorder_is_over(recorder))
        recorder_close(recorder);
    return RECORDER_TICK_MS;
}

/* ---- The program -------------------------------------------------------------------------------- */

static const fio_totals *totals_of(const struct uploader *uploader)
{
    const fio_totals *totals = NULL;

    fio_queue_totals(uploader->client, &totals);
    return totals;
}

/* Works until nothing is left. */
static void run(struct uploader *uploader)
{
    const fio_totals *totals = totals_of(uploader);

    while (!stop_requested && !uploader->has_given_up && totals != NULL && totals->files_left > 0) {
        pair_if_needed(uploader);
        if (fio_drive(uploader->client, record(uploader)) != FIO_OK) {
            print_error("The client stopped", fio_client_error(uploader->client));
            uploader->has_given_up = 1;
        }
        totals = totals_of(uploader);
    }
}

static int is_all_done(const struct uploader *uploader)
{
    const fio_totals *totals = totals_of(uploader);

    return !uploader->is_incomplete && totals != NULL
           && totals->files_left + totals->failed + totals->skipped + totals->canceled == 0;
}

static void usage(FILE *out)
{
    fprintf(out,
            "usage: upload [option]... [FILE]...\n%s"
            "  --record FILE           record into this file and send it meanwhile\n"
            "  --seconds N             stop recording after so many seconds; default 10\n",
            SETUP_USAGE);
}

struct arguments {
    struct setup setup;
    const char *record;
    double seconds;
};

/* Returns 0, or -1 if the command line makes no sense. What is left behind optind are files. */
static int parse(int argc, char **argv, struct arguments *arguments)
{
    static const struct option known[] = {SETUP_OPTIONS,
                                          {"record", required_argument, NULL, 'r'},
                                          {"seconds", required_argument, NULL, 'n'},
                                          {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'r')
            arguments->record = optarg;
        else if (option == 'n')
            arguments->seconds = atof(optarg);
        else if (setup_take(&arguments->setup, option, optarg) != 0)
            return -1;
    }
    return arguments->seconds > 0.0 ? 0 : -1;
}

static fio_client *new_client(const struct setup *setup, struct uploader *uploader)
{
    fio_config *config = NULL;
    fio_client *client = NULL;
    fio_status status = setup_config(setup, on_event, uploader, &config);

    if (status == FIO_OK)
        status = fio_client_new(config, &client);
    if (status != FIO_OK)
        print_error("The camera cannot start", fio_config_error(config));
    fio_config_free(config);
    return client;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.seconds = 10.0};
    struct uploader uploader = {.recorder = {.fd = -1}};
    int is_done;

    if (parse(argc, argv, &arguments) != 0 || arguments.setup.help) {
        usage(arguments.setup.help ? stdout : stderr);
        return arguments.setup.help ? 0 : 2;
    }
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* anybody who reads this through a pipe reads it in time */
    if (setup_catch_signals() != 0) {
        perror("sigaction");
        return 1;
    }
    uploader.client = new_client(&arguments.setup, &uploader);
    if (uploader.client == NULL)
        return 1;
    if (arguments.record != NULL)
        begin_recording(&uploader, arguments.record, arguments.seconds);
    for (; optind < argc; optind++)
        enqueue(&uploader, argv[optind], 0);
    run(&uploader);
    is_done = is_all_done(&uploader);
    if (is_done)
        puts("Everything is sent.");
    else if (stop_requested)
        puts("Switched off; the rest is sent next time.");
    recorder_close(&uploader.recorder);
    fio_client_free(uploader.client); /* a pairing that still runs ends here, by on_paired() */
    return is_done ? 0 : 1;
}
