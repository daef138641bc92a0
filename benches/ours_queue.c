/*
 * How the queue bears its length.
 *
 *     ours_queue fill URL CA_FILE CLIENT_ID CLIENT_SECRET STORE FILE COUNT   pairs, and queues FILE so many times
 *     ours_queue start URL CA_FILE CLIENT_ID CLIENT_SECRET STORE             tells how long fio_client_new takes
 *     ours_queue step URL CA_FILE CLIENT_ID CLIENT_SECRET STORE ROUNDS WARM COUNT
 *
 * `step` is for callgrind with --instr-atstart=no, which writes two dumps: one of ROUNDS times fio_drive with
 * nothing to do, the queue being paused, and one of COUNT uploads sent one after the other after WARM others.
 */

#include "bench.h"
#include "ours.h"

#include <valgrind/callgrind.h>

static fio_client *client_on(char **arguments, struct ended *ended)
{
    fio_config *config = configuration(arguments, ended);

    /* One after the other, so that nothing depends on which answer comes first; what is done is forgotten
       at once, so that each upload ends like every other; and no progress, whose pace is real time. */
    check(fio_config_set_parallel_parts(config, 1), "parts", fio_config_error(config));
    check(fio_config_set_history(config, 0), "history", fio_config_error(config));
    check(fio_config_set_progress_interval(config, 0), "progress", fio_config_error(config));
    return client_of(config);
}

static void fill(char **arguments)
{
    struct ended ended = {0, 0};
    fio_client *client = client_on(arguments, &ended);
    fio_upload *upload = NULL;
    long count = strtol(arguments[6], NULL, 10), i;

    pair(client);
    check(fio_upload_new(&upload), "upload", NULL);
    check(fio_upload_set_path(upload, arguments[5]), "path", fio_upload_error(upload));
    for (i = 0; i < count; i++)
        check(fio_upload_start(client, upload, NULL), "start", fio_client_error(client));
    (void)fio_upload_free(upload);
    (void)fio_client_free(client);
}

static void start(char **arguments)
{
    struct ended ended = {0, 0};
    fio_config *config = configuration(arguments, &ended);
    const fio_totals *totals = NULL;
    fio_client *client = NULL;
    double begun = now_seconds(), seconds;

    check(fio_client_new(config, &client), "client", fio_config_error(config));
    seconds = now_seconds() - begun;
    check(fio_queue_totals(client, &totals), "totals", fio_client_error(client));
    (void)printf("{\"seconds\": %.6f, \"uploads\": %ld, \"peak_kib\": %ld}\n", seconds, (long)totals->files_left,
                 peak_memory_kib());
    (void)fio_config_free(config);
    (void)fio_client_free(client);
}

static void step(char **arguments)
{
    struct ended ended = {0, 0};
    fio_client *client = client_on(arguments, &ended);
    long rounds = strtol(arguments[5], NULL, 10), warm = strtol(arguments[6], NULL, 10);
    long count = strtol(arguments[7], NULL, 10), i;

    check(fio_queue_pause(client), "pause", fio_client_error(client));
    for (i = 0; i < 10; i++)
        check(fio_drive(client, 0), "drive", fio_client_error(client));
    CALLGRIND_START_INSTRUMENTATION;
    for (i = 0; i < rounds; i++)
        check(fio_drive(client, 0), "drive", fio_client_error(client));
    CALLGRIND_STOP_INSTRUMENTATION;
    CALLGRIND_DUMP_STATS_AT("rounds");

    check(fio_queue_resume(client), "resume", fio_client_error(client));
    drive_until_done(client, &ended, warm);
    CALLGRIND_START_INSTRUMENTATION;
    drive_until_done(client, &ended, warm + count);
    CALLGRIND_STOP_INSTRUMENTATION;
    CALLGRIND_DUMP_STATS_AT("uploads");
    (void)fio_client_free(client);
}

int main(int argc, char **argv)
{
    if (argc == 9 && strcmp(argv[1], "fill") == 0)
        fill(argv + 2);
    else if (argc == 7 && strcmp(argv[1], "start") == 0)
        start(argv + 2);
    else if (argc == 10 && strcmp(argv[1], "step") == 0)
        step(argv + 2);
    else
        return 2;
    return 0;
}
