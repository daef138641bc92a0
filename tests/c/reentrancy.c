/* What may be called inside which callback. */
#include "support.h"

static struct {
    fio_client *client;
    fio_op chain;
    int codes, polls, devices, heartbeats, refreshes, events, shows, data_calls;
    int is_over;
    fio_status refusal;
} scene;

/* Completions and events may do everything but wait. */
static void no_waiting_here(void)
{
    int64_t wait;
    CHECK_STATUS(fio_drive(scene.client, 0), FIO_E_REENTRANT);
    CHECK_STATUS(fio_drive(scene.client, -1), FIO_E_REENTRANT);
    CHECK_STATUS(fio_wait(scene.client, 1), FIO_E_REENTRANT);
    CHECK_STATUS(fio_client_error(scene.client)->status, FIO_E_REENTRANT);
    CHECK(fio_fd(scene.client) >= 0);
    CHECK_STATUS(fio_timeout_ms(scene.client, &wait), FIO_OK);
    CHECK(fio_auth_state(scene.client) >= 0);
    CHECK_STATUS(fio_wakeup(scene.client), FIO_OK);
    CHECK_STATUS(fio_cancel(scene.client, 123456), FIO_E_UNKNOWN_OP);
}

static void on_refreshed(void *user, const fio_error *error)
{
    (void)user;
    CHECK(error == NULL);
    no_waiting_here();
    ++scene.refreshes;
    scene.is_over = 1;
}

static void on_heartbeat(void *user, const fio_error *error)
{
    (void)user;
    CHECK(error == NULL);
    no_waiting_here();
    ++scene.heartbeats;
    CHECK_STATUS(fio_refresh(scene.client, on_refreshed, NULL, &scene.chain), FIO_OK);
}

static void on_device(void *user, const fio_error *error, const fio_device *device)
{
    (void)user;
    CHECK(error == NULL && device != NULL);
    no_waiting_here();
    ++scene.devices;
    CHECK_STATUS(fio_heartbeat(scene.client, on_heartbeat, NULL, &scene.chain), FIO_OK);
}

static void on_polled(void *user, const fio_error *error)
{
    (void)user;
    CHECK(error == NULL);
    no_waiting_here();
    ++scene.polls;
    CHECK_STATUS(fio_device_info(scene.client, on_device, NULL, &scene.chain), FIO_OK);
}

static void on_code(void *user, const fio_error *error, const fio_code *code)
{
    (void)user;
    CHECK(error == NULL && code->op == scene.chain);
    no_waiting_here();
    ++scene.codes;
    CHECK_STATUS(fio_poll(scene.client, on_polled, NULL, &scene.chain), FIO_OK);
}

static void on_event(void *user, const fio_event *event)
{
    (void)user, (void)event;
    no_waiting_here();
    ++scene.events;
}

static void the_next_call_may_start_in_a_completion(void)
{
    fio_config *config = new_config("reentrancy");
    memset(&scene, 0, sizeof scene);
    CHECK_STATUS(fio_config_set_event(config, on_event, NULL, NULL), FIO_OK);
    scene.client = new_client(config);
    CHECK_STATUS(fio_request_code(scene.client, on_code, NULL, &scene.chain), FIO_OK);
    while (!scene.is_over)
        CHECK_STATUS(fio_drive(scene.client, -1), FIO_OK);
    CHECK_EQUAL(scene.codes, 1);
    CHECK_EQUAL(scene.polls, 1);
    CHECK_EQUAL(scene.devices, 1);
    CHECK_EQUAL(scene.heartbeats, 1);
    CHECK_EQUAL(scene.refreshes, 1);
    CHECK(scene.events > 0);
    CHECK_STATUS(fio_client_free(scene.client), FIO_OK);
}

static void on_show(void *user, const fio_code *code)
{
    (void)user;
    ++scene.shows;
    no_waiting_here();
    CHECK_STATUS(fio_cancel(scene.client, code->op), FIO_OK);
}

static void showing_a_code_may_cancel_it(void)
{
    fio_op op;
    int done = 0;
    memset(&scene, 0, sizeof scene);
    scene.client = new_client(new_config("reentrancy"));
    CHECK_STATUS(fio_pair(scene.client, 1, on_show, count_device, &done, &op), FIO_OK);
    CHECK_STATUS(fio_wait(scene.client, op), FIO_E_CANCELED);
    CHECK_EQUAL(scene.shows, 1);
    CHECK_EQUAL(done, 1);
    CHECK_STATUS(fio_client_free(scene.client), FIO_OK);
}

/* Data callbacks run in the middle of something: they may wake and cancel, nothing else. */
static void only_remote_calls_here(void)
{
    if (scene.client == NULL)
        return; /* fio_client_new has not returned yet */
    ++scene.data_calls;
    everything_answers(scene.client, scene.refusal);
    CHECK_STATUS(fio_wakeup(scene.client), FIO_OK);
    CHECK_STATUS(fio_cancel(scene.client, 123456), FIO_E_UNKNOWN_OP);
}

static void on_log(void *user, int32_t level, const char *line, size_t length)
{
    (void)user, (void)level, (void)line, (void)length;
    only_remote_calls_here();
}

static int32_t on_load(void *user, const char *key, uint8_t *buffer, size_t capacity, size_t *length)
{
    (void)user, (void)key, (void)buffer, (void)capacity, (void)length;
    only_remote_calls_here();
    return FIO_STORE_NOT_FOUND;
}

static int32_t on_save(void *user, const char *key, const uint8_t *value, size_t length)
{
    (void)user, (void)key, (void)value, (void)length;
    only_remote_calls_here();
    return 0;
}

static int32_t on_erase(void *user, const char *key)
{
    (void)user, (void)key;
    only_remote_calls_here();
    return 0;
}

static int32_t on_list(void *user, fio_store_key_cb each, void *context)
{
    (void)user, (void)each, (void)context;
    only_remote_calls_here();
    return 0;
}

static uint64_t on_monotonic(void *user)
{
    static uint64_t now = 1000;
    (void)user;
    only_remote_calls_here();
    return ++now;
}

static int64_t on_wall(void *user)
{
    (void)user;
    only_remote_calls_here();
    return 1800000000;
}

static void data_callbacks_are_refused_everything_else(void)
{
    fio_op op;
    int done = 0;
    fio_client *client;
    fio_config *config = new_config("reentrancy");
    memset(&scene, 0, sizeof scene);
    CHECK_STATUS(fio_config_set_log(config, FIO_LOG_TRACE, on_log, NULL, NULL), FIO_OK);
    CHECK_STATUS(fio_config_set_store(config, on_load, on_save, on_erase, on_list, NULL, NULL), FIO_OK);
    CHECK_STATUS(fio_config_set_clock(config, on_monotonic, on_wall, NULL, NULL), FIO_OK);
    client = new_client(config);
    scene.client = client;
    scene.refusal = FIO_E_REENTRANT;
    CHECK_STATUS(fio_pair(client, 1, ignore_code, count_device, &done, &op), FIO_OK);
    CHECK_STATUS(fio_wait(client, op), FIO_OK);
    CHECK_STATUS(fio_revoke(client, count_done, &done, &op), FIO_OK);
    CHECK_STATUS(fio_wait(client, op), FIO_OK);
    CHECK_EQUAL(done, 2);
    CHECK(scene.data_calls > 50);
    scene.refusal = FIO_E_CLOSED;
    CHECK_STATUS(fio_client_free(client), FIO_OK);
}

int main(int argc, char **argv)
{
    test_begin(argc, argv);
    steer("POST", "/emulator/person", "{\"decision\":\"approve\",\"after_polls\":0}");
    the_next_call_may_start_in_a_completion();
    showing_a_code_may_cancel_it();
    data_callbacks_are_refused_everything_else();
    return 0;
}
