/* One client, several threads: who is refused, who may always call; and several clients at once. */
#include "support.h"

#include <pthread.h>
#include <semaphore.h>

#define CLIENTS 4

static sem_t inside, leave;

static void on_heartbeat(void *user, const fio_error *error)
{
    (void)user;
    CHECK(error == NULL);
    sem_post(&inside);
    sem_wait(&leave);
}

static void *drive_until_heartbeat(void *argument)
{
    fio_client *client = argument;
    fio_op op;
    CHECK_STATUS(fio_heartbeat(client, on_heartbeat, NULL, &op), FIO_OK);
    CHECK_STATUS(fio_wait(client, op), FIO_OK);
    return NULL;
}

static void a_second_thread_is_told_to_wait(void)
{
    pthread_t driver;
    fio_client *client = new_client(new_config("threads"));
    pair(client);
    CHECK_EQUAL(pthread_create(&driver, NULL, drive_until_heartbeat, client), 0);
    sem_wait(&inside);
    everything_answers(client, FIO_E_BUSY);
    CHECK_STATUS(fio_client_free(client), FIO_E_BUSY);
    CHECK(fio_client_error(client) == NULL);
    CHECK_STATUS(fio_wakeup(client), FIO_OK);
    CHECK_STATUS(fio_cancel(client, 123456), FIO_E_UNKNOWN_OP);
    sem_post(&leave);
    CHECK_EQUAL(pthread_join(driver, NULL), 0);
    /* It does not matter which thread comes next. */
    CHECK_STATUS(fio_drive(client, 0), FIO_OK);
    CHECK_STATUS(fio_client_free(client), FIO_OK);
}

struct other {
    fio_client *client;
    int rounds;
    sem_t go, gone;
    fio_op op;
};

static void *wake(void *argument)
{
    struct other *other = argument;
    for (int i = 0; i < other->rounds; ++i) {
        CHECK_STATUS(fio_wakeup(other->client), FIO_OK);
        sem_wait(&other->go);
    }
    /* And many at once. */
    for (int i = 0; i < 10 * other->rounds; ++i)
        CHECK_STATUS(fio_wakeup(other->client), FIO_OK);
    sem_post(&other->gone);
    CHECK_STATUS(fio_wakeup(other->client), FIO_OK);
    return NULL;
}

static void every_wakeup_ends_a_wait(int32_t poller)
{
    fio_config *config = new_config("threads-wakeup");
    pthread_t waker;
    struct other other = {.rounds = test_rounds(4000)};
    CHECK_EQUAL(sem_init(&other.go, 0, 0) + sem_init(&other.gone, 0, 0), 0);
    CHECK_STATUS(fio_config_set_poller(config, poller), FIO_OK);
    other.client = new_client(config);
    CHECK_EQUAL(pthread_create(&waker, NULL, wake, &other), 0);
    for (int i = 0; i < other.rounds; ++i) {
        CHECK_STATUS(fio_drive(other.client, -1), FIO_OK);
        sem_post(&other.go);
    }
    /* The last wake-up comes after the post, so that no round waits in vain and none spins: under valgrind,
       which runs one thread at a time, a spinning thread can keep the other from ever running. */
    do
        CHECK_STATUS(fio_drive(other.client, -1), FIO_OK);
    while (sem_trywait(&other.gone) != 0);
    CHECK_EQUAL(pthread_join(waker, NULL), 0);
    /* A wake-up that nobody waited for ends the next wait. */
    CHECK_STATUS(fio_drive(other.client, 0), FIO_OK);
    CHECK_STATUS(fio_wakeup(other.client), FIO_OK);
    CHECK_STATUS(fio_drive(other.client, -1), FIO_OK);
    CHECK_STATUS(fio_client_free(other.client), FIO_OK);
}

static void *cancel(void *argument)
{
    struct other *other = argument;
    for (int i = 0; i < other->rounds; ++i) {
        sem_wait(&other->go);
        CHECK_STATUS(fio_cancel(other->client, other->op), FIO_OK);
        sem_post(&other->gone);
    }
    return NULL;
}

static void every_cancel_ends_an_operation(void)
{
    pthread_t canceller;
    int done = 0;
    struct other other = {.rounds = test_rounds(3000)};
    CHECK_EQUAL(sem_init(&other.go, 0, 0) + sem_init(&other.gone, 0, 0), 0);
    other.client = new_client(new_config("threads-cancel"));
    pair(other.client);
    fault("{\"endpoint\":\"any\",\"times\":100000,\"fault\":{\"kind\":\"stall\"}}");
    CHECK_EQUAL(pthread_create(&canceller, NULL, cancel, &other), 0);
    for (int i = 0; i < other.rounds; ++i) {
        CHECK_STATUS(fio_heartbeat(other.client, count_done, &done, &other.op), FIO_OK);
        sem_post(&other.go);
        CHECK_STATUS(fio_wait(other.client, other.op), FIO_E_CANCELED);
        sem_wait(&other.gone);
        CHECK_EQUAL(done, i + 1);
    }
    CHECK_EQUAL(pthread_join(canceller, NULL), 0);
    CHECK_STATUS(fio_client_free(other.client), FIO_OK);
    steer("DELETE", "/emulator/faults", NULL);
}

static void *live(void *argument)
{
    fio_op op;
    int done = 0;
    fio_client *client = new_client(new_config(argument));
    for (int i = 0; i < 3; ++i) {
        pair(client);
        CHECK_STATUS(fio_device_info(client, count_device, &done, &op), FIO_OK);
        CHECK_STATUS(fio_wait(client, op), FIO_OK);
        CHECK_STATUS(fio_refresh(client, count_done, &done, &op), FIO_OK);
        CHECK_STATUS(fio_wait(client, op), FIO_OK);
        CHECK_STATUS(fio_revoke(client, count_done, &done, &op), FIO_OK);
        CHECK_STATUS(fio_wait(client, op), FIO_OK);
    }
    CHECK_EQUAL(done, 9);
    CHECK_STATUS(fio_client_free(client), FIO_OK);
    return NULL;
}

static void clients_live_side_by_side(void)
{
    pthread_t threads[CLIENTS];
    static char names[CLIENTS][32];
    for (int i = 0; i < CLIENTS; ++i) {
        snprintf(names[i], sizeof names[i], "threads-parallel-%d", i);
        CHECK_EQUAL(pthread_create(&threads[i], NULL, live, names[i]), 0);
    }
    for (int i = 0; i < CLIENTS; ++i)
        CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
}

int main(int argc, char **argv)
{
    test_begin(argc, argv);
    CHECK_EQUAL(sem_init(&inside, 0, 0) + sem_init(&leave, 0, 0), 0);
    steer("POST", "/emulator/person", "{\"decision\":\"approve\",\"after_polls\":0}");
    a_second_thread_is_told_to_wait();
    every_wakeup_ends_a_wait(FIO_POLLER_DEFAULT);
    every_wakeup_ends_a_wait(FIO_POLLER_PORTABLE);
    every_cancel_ends_an_operation();
    clients_live_side_by_side();
    return 0;
}
