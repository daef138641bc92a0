/*
 * An upload on a slow network, and whether the service goes on hearing from the device.
 *
 *     ours_network URL CA_FILE CLIENT_ID CLIENT_SECRET STORE FILE SPEED
 *
 * In the first half of the file a heartbeat is sent every second by the application. In the second half the
 * library sends them (fio_set_online), with its clock running SPEED times as fast, so that those of several
 * minutes fit into seconds; the network stays as it is.
 */

#include "bench.h"
#include "ours.h"

enum { TICK_MS = 20, MOST_HEARTBEATS = 1000 };

/* The library's clock: real time until `turned_at`, from there on so many times as fast. In seconds. */
struct library_clock {
    double turned_at;
    double speed;
};

struct heartbeat {
    double sent_at;
    double took;
    int is_over;
    int is_failed;
};

static uint64_t milliseconds(void *user)
{
    const struct library_clock *clock = user;
    double now = now_seconds();

    if (clock->turned_at > 0)
        now = clock->turned_at + (now - clock->turned_at) * clock->speed;
    return (uint64_t)(now * 1000);
}

static void on_heartbeat(void *user, const fio_error *error)
{
    struct heartbeat *heartbeat = user;

    heartbeat->took = now_seconds() - heartbeat->sent_at;
    heartbeat->is_over = 1;
    heartbeat->is_failed = error != NULL;
    if (error != NULL)
        (void)fprintf(stderr, "heartbeat: %s: %s\n", error->name, error->message);
}

static int is_half_sent(fio_client *client, fio_upload_id id)
{
    const fio_upload_info *info = NULL;

    check(fio_upload_get(client, id, &info), "upload", fio_client_error(client));
    return (info->confirmed + info->in_flight) * 2 > info->size;
}

int main(int argc, char **argv)
{
    static struct heartbeat heartbeats[MOST_HEARTBEATS];
    struct library_clock clock = {0, 1};
    struct ended ended = {0, 0};
    fio_upload_id id = FIO_UPLOAD_NONE;
    fio_upload *upload = NULL;
    fio_config *config;
    fio_client *client;
    double begun, seconds, worst = 0;
    int sent = 0, failed = 0, i;

    if (argc != 8) {
        (void)fprintf(stderr, "usage: %s URL CA_FILE CLIENT_ID CLIENT_SECRET STORE FILE SPEED\n", argv[0]);
        return 2;
    }
    config = configuration(argv + 1, &ended);
    check(fio_config_set_clock(config, milliseconds, NULL, &clock, NULL), "clock", fio_config_error(config));
    check(fio_config_set_progress_interval(config, 100), "progress", fio_config_error(config));
    client = client_of(config);
    pair(client);

    check(fio_upload_new(&upload), "upload", NULL);
    check(fio_upload_set_path(upload, argv[6]), "path", fio_upload_error(upload));
    begun = now_seconds();
    check(fio_upload_start(client, upload, &id), "start", fio_client_error(client));
    (void)fio_upload_free(upload);

    while (ended.done == 0 && ended.otherwise == 0) {
        check(fio_drive(client, TICK_MS), "drive", fio_client_error(client));
        if (clock.turned_at > 0)
            continue;
        if (is_half_sent(client, id)) {
            clock.turned_at = now_seconds();
            clock.speed = strtod(argv[7], NULL);
            check(fio_set_online(client, 1), "online", fio_client_error(client));
        } else if (sent < MOST_HEARTBEATS && now_seconds() >= begun + 1 + sent) {
            heartbeats[sent].sent_at = now_seconds();
            check(fio_heartbeat(client, on_heartbeat, &heartbeats[sent], NULL), "heartbeat", fio_client_error(client));
            sent++;
        }
    }
    seconds = now_seconds() - begun;
    for (i = 0; i < sent; i++) {
        failed += heartbeats[i].is_failed || !heartbeats[i].is_over;
        if (heartbeats[i].took > worst)
            worst = heartbeats[i].took;
    }
    (void)printf("{\"seconds\": %.3f, \"heartbeats\": %d, \"failed\": %d, \"slowest\": %.3f, "
                 "\"peak_kib\": %ld}\n",
                 seconds, sent, failed, worst, peak_memory_kib());
    (void)fio_client_free(client);
    return ended.done != 1;
}
