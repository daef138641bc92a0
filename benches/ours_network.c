/*
 * An upload on a slow network, and whether the service goes on hearing from the device.
 *
 *     ours_network URL CA_FILE CLIENT_ID CLIENT_SECRET STORE FILE SPEED ONLINE_ID
 *
 * In the first half of the file a heartbeat is sent every second by the application. In the second half another
 * client, ONLINE_ID, stays online by itself (fio_set_online). Its clock runs SPEED times as fast, so that heartbeats of
 * several minutes fit into seconds. The one that uploads has the real clock: it measures the link by it.
 */

#include "bench.h"
#include "ours.h"

enum { TICK_MS = 20, MOST_HEARTBEATS = 1000 };

/* A clock that runs so many times as fast from a moment on, in seconds. */
struct fast_clock {
    double begun;
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
    const struct fast_clock *clock = user;

    return (uint64_t)((clock->begun + (now_seconds() - clock->begun) * clock->speed) * 1000);
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
    struct fast_clock clock = {now_seconds(), 1};
    struct ended ended = {0, 0}, none = {0, 0};
    fio_upload_id id = FIO_UPLOAD_NONE;
    fio_upload *upload = NULL;
    fio_config *config;
    fio_client *client, *online;
    double begun, seconds, worst = 0;
    int sent = 0, failed = 0, is_online = 0, i;

    if (argc != 9) {
        (void)fprintf(stderr, "usage: %s URL CA_FILE CLIENT_ID CLIENT_SECRET STORE FILE SPEED ONLINE_ID\n", argv[0]);
        return 2;
    }
    config = configuration(argv + 1, &ended);
    check(fio_config_set_progress_interval(config, 100), "progress", fio_config_error(config));
    client = client_of(config);
    pair(client);
    clock.speed = strtod(argv[7], NULL);
    argv[3] = argv[8];
    config = forgetful_configuration(argv + 1, &none);
    check(fio_config_set_clock(config, milliseconds, NULL, &clock, NULL), "clock", fio_config_error(config));
    online = client_of(config);
    pair(online);

    check(fio_upload_new(&upload), "upload", NULL);
    check(fio_upload_set_path(upload, argv[6]), "path", fio_upload_error(upload));
    begun = now_seconds();
    check(fio_upload_start(client, upload, &id), "start", fio_client_error(client));
    (void)fio_upload_free(upload);

    while (ended.done == 0 && ended.otherwise == 0) {
        check(fio_drive(client, TICK_MS), "drive", fio_client_error(client));
        check(fio_drive(online, 0), "drive", fio_client_error(online));
        if (is_online)
            continue;
        if (is_half_sent(client, id)) {
            is_online = 1;
            check(fio_set_online(online, 1), "online", fio_client_error(online));
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
    (void)fio_client_free(online);
    (void)fio_client_free(client);
    return ended.done != 1;
}
