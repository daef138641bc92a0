/* Signals belong to the application: SIGPIPE never arises, masks and handlers stay, handlers end a wait. */
#include "support.h"

#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

static volatile sig_atomic_t alarms, pipes;

static void on_alarm(int number)
{
    (void)number;
    ++alarms;
}

static void on_pipe(int number)
{
    (void)number;
    ++pipes;
}

static void handle(int number, void (*handler)(int))
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    CHECK_EQUAL(sigaction(number, &action, NULL), 0);
}

/* Everything a process can have set, in one comparable lump. */
struct signals {
    struct sigaction actions[65];
    sigset_t mask;
};

static void record(struct signals *signals)
{
    memset(signals, 0, sizeof *signals);
    for (int number = 1; number <= 64; ++number)
        sigaction(number, NULL, &signals->actions[number]);
    CHECK_EQUAL(pthread_sigmask(SIG_BLOCK, NULL, &signals->mask), 0);
}

static void are_unchanged(const struct signals *before)
{
    struct signals now;
    record(&now);
    for (int number = 1; number <= 64; ++number) {
        CHECK(now.actions[number].sa_handler == before->actions[number].sa_handler);
        CHECK_EQUAL(now.actions[number].sa_flags, before->actions[number].sa_flags);
        CHECK_EQUAL(sigismember(&now.mask, number), sigismember(&before->mask, number));
    }
}

static fio_status heartbeat(fio_client *client)
{
    fio_op op;
    CHECK_STATUS(fio_heartbeat(client, NULL, NULL, &op), FIO_OK);
    return fio_wait(client, op);
}

/* Servers that go away at every stage of an exchange. */
static void a_broken_connection_is_no_signal(fio_client *client)
{
    static const char *const faults[] = {
        "{\"endpoint\":\"heartbeat\",\"times\":9,\"fault\":{\"kind\":\"close\"}}",
        "{\"endpoint\":\"heartbeat\",\"times\":9,\"fault\":{\"kind\":\"reset\"}}",
        "{\"endpoint\":\"heartbeat\",\"times\":9,\"processed\":true,\"fault\":{\"kind\":\"close\"}}",
        "{\"endpoint\":\"heartbeat\",\"times\":9,\"processed\":true,\"fault\":{\"kind\":\"reset\"}}",
    };
    struct signals before;
    for (size_t round = 0; round < 3; ++round) {
        for (size_t i = 0; i < sizeof faults / sizeof faults[0]; ++i) {
            record(&before);
            fault(faults[i]);
            CHECK(heartbeat(client) != FIO_OK);
            steer("DELETE", "/emulator/faults", NULL);
            are_unchanged(&before);
            CHECK_STATUS(heartbeat(client), FIO_OK);
            are_unchanged(&before);
        }
    }
}

/* Freeing writes to connections that the server has reset meanwhile. */
static void freeing_is_no_signal(void)
{
    for (int i = 0; i < 3; ++i) {
        fio_op op;
        struct signals before;
        fio_client *client = new_client(new_config("signals-free"));
        pair(client);
        fault("{\"endpoint\":\"me\",\"times\":9,\"fault\":{\"kind\":\"reset\"}}");
        CHECK_STATUS(fio_device_info(client, NULL, NULL, &op), FIO_OK);
        CHECK_STATUS(fio_drive(client, i), FIO_OK);
        record(&before);
        CHECK_STATUS(fio_client_free(client), FIO_OK);
        are_unchanged(&before);
        steer("DELETE", "/emulator/faults", NULL);
    }
}

static void a_sigpipe_of_the_application_stays(fio_client *client)
{
    sigset_t set, previous, pending;
    const struct timespec now = {0, 0};
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    CHECK_EQUAL(pthread_sigmask(SIG_BLOCK, &set, &previous), 0);
    CHECK_EQUAL(raise(SIGPIPE), 0);
    CHECK_STATUS(heartbeat(client), FIO_OK);
    CHECK_EQUAL(sigpending(&pending), 0);
    CHECK_EQUAL(sigismember(&pending, SIGPIPE), 1);
    CHECK_EQUAL(sigtimedwait(&set, NULL, &now), SIGPIPE);
    CHECK_EQUAL(pthread_sigmask(SIG_SETMASK, &previous, NULL), 0);
}

static void a_handler_ends_a_wait(int32_t poller)
{
    static const struct itimerval often = {{0, 20000}, {0, 20000}}, never = {{0, 0}, {0, 0}};
    fio_client *client;
    fio_config *config = new_config("signals-wait");
    CHECK_STATUS(fio_config_set_poller(config, poller), FIO_OK);
    client = new_client(config);
    handle(SIGALRM, on_alarm);
    CHECK_EQUAL(setitimer(ITIMER_REAL, &often, NULL), 0);
    for (int i = 0; i < 5; ++i) {
        alarms = 0;
        CHECK_STATUS(fio_drive(client, -1), FIO_OK);
        CHECK(alarms > 0);
    }
    CHECK_EQUAL(setitimer(ITIMER_REAL, &never, NULL), 0);
    CHECK_STATUS(fio_client_free(client), FIO_OK);
    handle(SIGALRM, SIG_DFL);
}

int main(int argc, char **argv)
{
    fio_client *client;
    test_begin(argc, argv);
    handle(SIGPIPE, SIG_DFL);
    steer("POST", "/emulator/person", "{\"decision\":\"approve\",\"after_polls\":0}");
    client = new_client(new_config("signals"));
    pair(client);
    a_broken_connection_is_no_signal(client);
    freeing_is_no_signal();
    handle(SIGPIPE, on_pipe);
    a_broken_connection_is_no_signal(client);
    freeing_is_no_signal();
    CHECK_EQUAL(pipes, 0);
    handle(SIGPIPE, SIG_DFL);
    a_sigpipe_of_the_application_stays(client);
    CHECK_STATUS(fio_client_free(client), FIO_OK);
    a_handler_ends_a_wait(FIO_POLLER_DEFAULT);
    a_handler_ends_a_wait(FIO_POLLER_PORTABLE);
    return 0;
}
