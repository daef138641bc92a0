/* How uploads are driven: by the descriptor alone, by the clock alone, woken by others, several side by side. */
#include "uploading.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#define CLIENTS 4
#define MIB ((size_t)1 << 20)

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct uploading {
    fio_client *client;
    fio_upload_id id;
    struct told told;
};

/* One round of an event loop, in which only the descriptors say when to drive. The longest drive is noted. */
static void poll_round(struct uploading *all, int count, int timeout_ms, int64_t *longest_us)
{
    struct pollfd ready[CLIENTS];
    for (int i = 0; i < count; ++i) {
        ready[i] = (struct pollfd){.fd = fio_fd(all[i].client), .events = POLLIN};
        CHECK(ready[i].fd >= 0);
    }
    if (poll(ready, (nfds_t)count, timeout_ms) < 0)
        CHECK(errno == EINTR);
    for (int i = 0; i < count; ++i) {
        int64_t begun = now_us();
        if ((ready[i].revents & POLLIN) == 0)
            continue;
        CHECK_STATUS(fio_drive(all[i].client, 0), FIO_OK);
        if (now_us() - begun > *longest_us)
            *longest_us = now_us() - begun;
    }
}

/* Polls without a time limit: a readiness that is missed is a program that hangs. */
static int64_t poll_to_the_end(struct uploading *all, int count)
{
    int64_t longest_us = 0;
    for (int i = 0; i < count; ++i) {
        while (state_of(all[i].client, all[i].id) < FIO_UPLOAD_DONE)
            poll_round(all, count, -1, &longest_us);
        CHECK_EQUAL(state_of(all[i].client, all[i].id), FIO_UPLOAD_DONE);
        CHECK_EQUAL(all[i].told.done, 1);
    }
    return longest_us;
}

static void polled_until_stuck(struct uploading *own)
{
    int64_t ignored = 0;
    while (info_of(own->client, own->id)->in_flight == 0)
        poll_round(own, 1, -1, &ignored);
}

static int is_plain(void)
{
#ifdef __SANITIZE_ADDRESS__
    return 0;
#else
    return getenv("FIO_TEST_SLOWNESS") == NULL;
#endif
}

static void by_the_descriptor_alone(void)
{
    enum {
        LONGEST_US = 50000,
        ATTEMPTS = 4
    };
    const char *path = make_file("polled.mov", (is_plain() ? 32 : 2) * MIB);
    int64_t longest_us = INT64_MAX;
    part_bytes(MIB);
    /* A machine that is busy can keep any program from running: what the library does itself, it does each time. */
    for (int attempt = 0; attempt < ATTEMPTS && longest_us > LONGEST_US; ++attempt) {
        struct uploading own;
        int64_t idle_us = 0, until;
        int rounds = 0;
        own.client = new_uploader("driving-polled", &own.told);
        own.id = start(own.client, new_path_upload(path));
        longest_us = poll_to_the_end(&own, 1);
        /* Idle, it is not readable again and again. */
        for (until = now_us() + 200000; now_us() < until; ++rounds)
            poll_round(&own, 1, 200, &idle_us);
        CHECK(rounds < 20);
        CHECK_STATUS(fio_client_free(own.client), FIO_OK);
        check_arrived("polled.mov", path);
        printf("the longest drive took %lld us\n", (long long)longest_us);
        if (!is_plain())
            return;
    }
    CHECK(longest_us <= LONGEST_US);
}

static void a_limit_and_its_end(void)
{
    const char *path = make_file("limited.mov", 300000);
    struct uploading own;
    part_bytes(65536);
    own.client = new_uploader("driving-limited", &own.told);
    CHECK_STATUS(fio_queue_set_bandwidth(own.client, 1000000), FIO_OK);
    own.id = start(own.client, new_path_upload(path));
    poll_to_the_end(&own, 1);
    CHECK_STATUS(fio_client_free(own.client), FIO_OK);
    check_arrived("limited.mov", path);
    /* With this limit it would take minutes; without it what waits goes on at once. */
    own.client = new_uploader("driving-limited", &own.told);
    CHECK_STATUS(fio_queue_set_bandwidth(own.client, 1000), FIO_OK);
    own.id = start(own.client, new_path_upload(path));
    polled_until_stuck(&own);
    CHECK_STATUS(fio_queue_set_bandwidth(own.client, 0), FIO_OK);
    poll_to_the_end(&own, 1);
    CHECK_STATUS(fio_client_free(own.client), FIO_OK);
}

/* The descriptor has the timers in it: of the next attempt, and of a connection that stands still. */
static void failures_and_their_timers(void)
{
    const char *path = make_file("troubled.mov", 100000);
    struct uploading own;
    fio_config *config = new_upload_config("driving-troubled", &own.told);
    /* Seconds go by until a connection is known to stand still; on a slow machine it may only seem so. */
    if (is_plain()) {
        CHECK_STATUS(fio_config_set_stall_timeout(config, 1000), FIO_OK);
        fault("{\"endpoint\":\"part\",\"skip\":1,\"fault\":{\"kind\":\"stall\"}}");
    }
    own.client = new_client(config);
    pair(own.client);
    fault("{\"endpoint\":\"part\",\"fault\":{\"kind\":\"status\",\"status\":503}}");
    own.id = start(own.client, new_path_upload(path));
    poll_to_the_end(&own, 1);
    CHECK_STATUS(fio_client_free(own.client), FIO_OK);
    check_arrived("troubled.mov", path);
    steer("DELETE", "/emulator/faults", NULL);
}

static void paused_and_resumed(void)
{
    const char *path = make_file("paused.mov", 200000);
    struct uploading own;
    int64_t longest_us = 0;
    own.client = new_uploader("driving-paused", &own.told);
    own.id = start(own.client, new_path_upload(path));
    fault("{\"endpoint\":\"part\",\"times\":1000,\"fault\":{\"kind\":\"stall\"}}");
    polled_until_stuck(&own);
    steer("DELETE", "/emulator/faults", NULL);
    CHECK_STATUS(fio_upload_pause(own.client, own.id), FIO_OK);
    /* Its event makes the descriptor readable. */
    while (own.told.state != FIO_UPLOAD_WAITING)
        poll_round(&own, 1, -1, &longest_us);
    CHECK_STATUS(own.told.reason, FIO_E_UPLOAD_PAUSED);
    CHECK_EQUAL(info_of(own.client, own.id)->in_flight, 0);
    CHECK_STATUS(fio_queue_pause(own.client), FIO_OK);
    CHECK_STATUS(fio_upload_resume(own.client, own.id), FIO_OK);
    CHECK_EQUAL(state_of(own.client, own.id), FIO_UPLOAD_WAITING);
    CHECK_STATUS(fio_queue_resume(own.client), FIO_OK);
    poll_to_the_end(&own, 1);
    CHECK_STATUS(fio_client_free(own.client), FIO_OK);
    check_arrived("paused.mov", path);
}

static void several_in_one_loop(void)
{
    struct uploading all[CLIENTS];
    char paths[CLIENTS][512];
    for (int i = 0; i < CLIENTS; ++i) {
        char name[32];
        snprintf(name, sizeof name, "loop-%d.mov", i);
        snprintf(paths[i], sizeof paths[i], "%s", make_file(name, 500000 + (size_t)i));
        all[i].client = new_uploader(name, &all[i].told);
        all[i].id = start(all[i].client, new_path_upload(paths[i]));
    }
    poll_to_the_end(all, CLIENTS);
    for (int i = 0; i < CLIENTS; ++i) {
        CHECK_STATUS(fio_client_free(all[i].client), FIO_OK);
        check_arrived(strrchr(paths[i], '/') + 1, paths[i]);
    }
}

/* A loop that sleeps as long as it is told to, and one that lets the client wait so long. */
static void by_the_clock(int32_t poller, int sleeps)
{
    const char *path = make_file("clock.mov", 300000);
    struct uploading own;
    fio_config *config = new_upload_config("driving-clock", &own.told);
    CHECK_STATUS(fio_config_set_poller(config, poller), FIO_OK);
    own.client = new_client(config);
    pair(own.client);
    if (poller == FIO_POLLER_PORTABLE)
        CHECK_STATUS(fio_fd(own.client), FIO_E_UNSUPPORTED);
    own.id = start(own.client, new_path_upload(path));
    while (state_of(own.client, own.id) != FIO_UPLOAD_DONE) {
        int64_t wait;
        CHECK(state_of(own.client, own.id) < FIO_UPLOAD_DONE);
        CHECK_STATUS(fio_timeout_ms(own.client, &wait), FIO_OK);
        CHECK(wait >= 0 && wait <= 60000);
        if (sleeps)
            poll(NULL, 0, (int)wait);
        CHECK_STATUS(fio_drive(own.client, sleeps ? 0 : (int32_t)wait), FIO_OK);
    }
    CHECK_STATUS(fio_client_free(own.client), FIO_OK);
    check_arrived("clock.mov", path);
}

static void by_waiting(int32_t poller)
{
    const char *path = make_file("waited.mov", 300000);
    struct uploading own;
    fio_config *config = new_upload_config("driving-waited", &own.told);
    CHECK_STATUS(fio_config_set_poller(config, poller), FIO_OK);
    own.client = new_client(config);
    pair(own.client);
    own.id = start(own.client, new_path_upload(path));
    drive_to(own.client, own.id, FIO_UPLOAD_DONE);
    CHECK_STATUS(fio_client_free(own.client), FIO_OK);
    check_arrived("waited.mov", path);
}

struct waker {
    fio_client *client;
    int rounds;
    sem_t go;
};

static void *wake_one_by_one(void *argument)
{
    struct waker *waker = argument;
    for (int i = 0; i < waker->rounds; ++i) {
        CHECK_STATUS(fio_wakeup(waker->client), FIO_OK);
        sem_wait(&waker->go);
    }
    return NULL;
}

static void *wake_all_the_time(void *argument)
{
    struct waker *waker = argument;
    for (int i = 0; i < waker->rounds; ++i)
        CHECK_STATUS(fio_wakeup(waker->client), FIO_OK);
    return NULL;
}

static void woken_while_uploading(int32_t poller)
{
    const char *path = make_file("woken.mov", 300000);
    struct uploading own;
    struct waker waker = {.rounds = test_rounds(1000)};
    pthread_t thread;
    fio_config *config = new_upload_config("driving-woken", &own.told);
    CHECK_EQUAL(sem_init(&waker.go, 0, 0), 0);
    CHECK_STATUS(fio_config_set_poller(config, poller), FIO_OK);
    /* Nothing but a wake-up ends a wait. */
    CHECK_STATUS(fio_config_set_progress_interval(config, 0), FIO_OK);
    waker.client = own.client = new_client(config);
    pair(own.client);
    steer("DELETE", "/emulator/uploads", NULL);
    fault("{\"endpoint\":\"part\",\"times\":1000,\"fault\":{\"kind\":\"stall\"}}");
    own.id = start(own.client, new_path_upload(path));
    while (strstr(steer("GET", "/emulator/uploads", NULL), "\"times_started\": 1") == NULL)
        CHECK_STATUS(fio_drive(own.client, 20), FIO_OK);
    steer("DELETE", "/emulator/faults", NULL);
    CHECK_EQUAL(pthread_create(&thread, NULL, wake_one_by_one, &waker), 0);
    for (int i = 0; i < waker.rounds; ++i) {
        CHECK_STATUS(fio_drive(own.client, -1), FIO_OK);
        sem_post(&waker.go);
    }
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    CHECK_EQUAL(own.told.done, 0);
    /* Broken off and begun again, with wake-ups all the time. */
    CHECK_STATUS(fio_upload_pause(own.client, own.id), FIO_OK);
    CHECK_STATUS(fio_upload_resume(own.client, own.id), FIO_OK);
    CHECK_EQUAL(pthread_create(&thread, NULL, wake_all_the_time, &waker), 0);
    drive_to(own.client, own.id, FIO_UPLOAD_DONE);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    CHECK_STATUS(fio_client_free(own.client), FIO_OK);
    check_arrived("woken.mov", path);
}

struct side {
    char client_id[32], of_reader[32], paths[2][512];
};

static void *upload_side_by_side(void *argument)
{
    struct side *side = argument;
    struct told told;
    struct reader reader = {.size = 150000, .answers = 5000};
    fio_client *client = new_uploader(side->client_id, &told);
    fio_upload_id ids[3];
    for (int i = 0; i < 2; ++i)
        ids[i] = start(client, new_path_upload(side->paths[i]));
    ids[2] = start(client, new_reader_upload(side->of_reader, &reader));
    for (int i = 0; i < 3; ++i)
        drive_to(client, ids[i], FIO_UPLOAD_DONE);
    CHECK_EQUAL(told.done, 3);
    CHECK_EQUAL(reader.destroyed, 1);
    CHECK_STATUS(fio_client_free(client), FIO_OK);
    return NULL;
}

static void several_side_by_side(void)
{
    static struct side sides[CLIENTS];
    pthread_t threads[CLIENTS];
    for (int i = 0; i < CLIENTS; ++i) {
        snprintf(sides[i].client_id, sizeof sides[i].client_id, "driving-side-%d", i);
        snprintf(sides[i].of_reader, sizeof sides[i].of_reader, "side-%d-reader.mov", i);
        for (int file = 0; file < 2; ++file) {
            char name[48];
            snprintf(name, sizeof name, "side-%d-%d.mov", i, file);
            snprintf(sides[i].paths[file], sizeof sides[i].paths[file], "%s", make_file(name, 200000 + (size_t)i));
        }
    }
    for (int i = 0; i < CLIENTS; ++i)
        CHECK_EQUAL(pthread_create(&threads[i], NULL, upload_side_by_side, &sides[i]), 0);
    for (int i = 0; i < CLIENTS; ++i)
        CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < CLIENTS; ++i) {
        for (int file = 0; file < 2; ++file)
            check_arrived(strrchr(sides[i].paths[file], '/') + 1, sides[i].paths[file]);
        check_arrived(sides[i].of_reader, make_file("side.bin", 150000));
    }
}

int main(int argc, char **argv)
{
    test_begin(argc, argv);
    steer("POST", "/emulator/person", "{\"decision\":\"approve\",\"after_polls\":0}");
    RUN(by_the_descriptor_alone());
    RUN(a_limit_and_its_end());
    RUN(failures_and_their_timers());
    RUN(paused_and_resumed());
    RUN(several_in_one_loop());
    RUN(by_the_clock(FIO_POLLER_DEFAULT, 0));
    RUN(by_the_clock(FIO_POLLER_PORTABLE, 0));
    RUN(by_the_clock(FIO_POLLER_PORTABLE, 1));
    RUN(by_waiting(FIO_POLLER_DEFAULT));
    RUN(by_waiting(FIO_POLLER_PORTABLE));
    RUN(woken_while_uploading(FIO_POLLER_DEFAULT));
    RUN(woken_while_uploading(FIO_POLLER_PORTABLE));
    RUN(several_side_by_side());
    return 0;
}
