/* Freeing a client in each kind of its own callbacks. */
#include "support.h"

enum place {
    IN_SHOW,
    IN_COMPLETION,
    IN_CODE,
    IN_EVENT,
    IN_LOG,
    IN_LOG_OF_A_START,
    IN_SAVE,
    IN_WALL_CLOCK,
    IN_MONOTONIC_CLOCK,
    IN_LOG_DESTROY,
    IN_EVENT_DESTROY,
    IN_STORE_DESTROY,
    IN_CLOCK_DESTROY,
    PLACES
};

/* One client and what happened to it. */
static struct scene {
    enum place place;
    fio_client *client;
    /* Armed for the how many-th time from now that a callback is there. */
    int armed, is_freed;
    int completed, log_destroyed, event_destroyed, store_destroyed, clock_destroyed;
    fio_status completed_with;
} scene;

static void at(enum place place)
{
    if (place != scene.place || scene.armed == 0 || --scene.armed > 0)
        return;
    scene.is_freed = 1;
    CHECK_STATUS(fio_client_free(scene.client), FIO_OK);
    everything_answers(scene.client, FIO_E_CLOSED);
    CHECK_STATUS(fio_wakeup(scene.client), FIO_OK);
}

static void at_destroy(enum place place, int *count)
{
    ++*count;
    if (place == scene.place) {
        /* The client is going away already: no harm, and nothing happens twice. */
        fio_status status = fio_client_free(scene.client);
        CHECK(status == FIO_OK || status == FIO_E_HANDLE);
    }
}

static void on_show(void *user, const fio_code *code)
{
    (void)user;
    CHECK(!scene.is_freed);
    at(IN_SHOW);
    /* What the callback was given stays valid to its end. */
    CHECK(strlen(code->user_code) == 6);
}

static void complete(const fio_error *error)
{
    ++scene.completed;
    scene.completed_with = error == NULL ? FIO_OK : error->status;
}

static void on_device(void *user, const fio_error *error, const fio_device *device)
{
    (void)user;
    complete(error);
    at(IN_COMPLETION);
    CHECK(device == NULL || device->project_id[0] != '\0');
}

static void on_code(void *user, const fio_error *error, const fio_code *code)
{
    (void)user;
    complete(error);
    at(IN_CODE);
    CHECK(code == NULL || strlen(code->user_code) == 6);
}

static void on_event(void *user, const fio_event *event)
{
    (void)user;
    CHECK(!scene.is_freed);
    at(IN_EVENT);
    CHECK(event->kind > 0);
}

static void on_log(void *user, int32_t level, const char *line, size_t length)
{
    (void)user;
    (void)level;
    at(strstr(line, "operation") != NULL && strstr(line, "started") != NULL ? IN_LOG_OF_A_START : IN_LOG);
    CHECK(strlen(line) == length);
}

static int32_t on_load(void *user, const char *key, uint8_t *buffer, size_t capacity, size_t *length)
{
    (void)user, (void)key, (void)buffer, (void)capacity, (void)length;
    return FIO_STORE_NOT_FOUND;
}

static int32_t on_save(void *user, const char *key, const uint8_t *value, size_t length)
{
    (void)user, (void)key;
    at(IN_SAVE);
    CHECK(length > 6 && memcmp(value, "FIOR", 4) == 0);
    return 0;
}

static int32_t on_erase(void *user, const char *key)
{
    (void)user, (void)key;
    return 0;
}

static int32_t on_list(void *user, fio_store_key_cb each, void *context)
{
    (void)user, (void)each, (void)context;
    return 0;
}

static uint64_t on_monotonic(void *user)
{
    static uint64_t now = 1000;
    (void)user;
    at(IN_MONOTONIC_CLOCK);
    return ++now;
}

static int64_t on_wall(void *user)
{
    (void)user;
    at(IN_WALL_CLOCK);
    return 1800000000;
}

static void log_destroy(void *user)
{
    (void)user, at_destroy(IN_LOG_DESTROY, &scene.log_destroyed);
}
static void event_destroy(void *user)
{
    (void)user, at_destroy(IN_EVENT_DESTROY, &scene.event_destroyed);
}
static void store_destroy(void *user)
{
    (void)user, at_destroy(IN_STORE_DESTROY, &scene.store_destroyed);
}
static void clock_destroy(void *user)
{
    (void)user, at_destroy(IN_CLOCK_DESTROY, &scene.clock_destroyed);
}

static void prepare(enum place place)
{
    fio_config *config = new_config("free-inside");
    memset(&scene, 0, sizeof scene);
    scene.place = place;
    CHECK_STATUS(fio_config_set_log(config, FIO_LOG_DEBUG, on_log, NULL, log_destroy), FIO_OK);
    CHECK_STATUS(fio_config_set_event(config, on_event, NULL, event_destroy), FIO_OK);
    CHECK_STATUS(fio_config_set_store(config, on_load, on_save, on_erase, on_list, NULL, store_destroy), FIO_OK);
    CHECK_STATUS(fio_config_set_clock(config, on_monotonic, on_wall, NULL, clock_destroy), FIO_OK);
    scene.client = new_client(config);
}

static void is_over(int completions)
{
    CHECK_EQUAL(scene.completed, completions);
    CHECK_EQUAL(scene.log_destroyed, 1);
    CHECK_EQUAL(scene.event_destroyed, 1);
    CHECK_EQUAL(scene.store_destroyed, 1);
    CHECK_EQUAL(scene.clock_destroyed, 1);
}

/* Freed while a pairing is driven. */
static void freed_while_driven(enum place place)
{
    fio_op op;
    prepare(place);
    CHECK_STATUS(fio_pair(scene.client, 1, on_show, on_device, NULL, &op), FIO_OK);
    scene.armed = 1;
    CHECK_STATUS(fio_wait(scene.client, op), FIO_E_CLOSED);
    CHECK(scene.is_freed);
    CHECK_STATUS(scene.completed_with, place == IN_COMPLETION ? FIO_OK : FIO_E_CANCELED);
    is_over(1);
}

/* Freed by a data callback in the middle of a call that starts something, when it is there for the nth time: nothing
   was started. Returns whether it was there so often. */
static int freed_while_started(enum place place, int nth)
{
    fio_op op = 5;
    fio_status status;

    prepare(place);
    scene.armed = nth;
    status = fio_pair(scene.client, 1, on_show, on_device, NULL, &op);
    if (!scene.is_freed) {
        CHECK_STATUS(status, FIO_OK);
        scene.armed = 0;
        CHECK_STATUS(fio_client_free(scene.client), FIO_OK);
        is_over(1);
        return 0;
    }
    CHECK_STATUS(status, FIO_E_CLOSED);
    CHECK_EQUAL(op, 5);
    is_over(0);
    return 1;
}

/* Each time that it is there. */
static void freed_whenever_started(enum place place)
{
    int nth = 1;

    while (freed_while_started(place, nth))
        nth++;
    CHECK(nth > 1);
}

static void freed_while_asked(void)
{
    prepare(IN_MONOTONIC_CLOCK);
    scene.armed = 1;
    CHECK_STATUS(fio_auth_state(scene.client), FIO_E_CLOSED);
    is_over(0);
}

static void freed_by_the_code(void)
{
    prepare(IN_CODE);
    scene.armed = 1;
    CHECK_STATUS(fio_request_code(scene.client, on_code, NULL, NULL), FIO_OK);
    while (!scene.is_freed) {
        fio_status status = fio_drive(scene.client, -1);
        CHECK_EQUAL(status, scene.is_freed ? FIO_E_CLOSED : FIO_OK);
    }
    is_over(1);
}

/* Freed by the completion that freeing itself brings about. */
static void freed_twice(void)
{
    prepare(IN_COMPLETION);
    CHECK_STATUS(fio_pair(scene.client, 1, on_show, on_device, NULL, NULL), FIO_OK);
    scene.armed = 1;
    CHECK_STATUS(fio_client_free(scene.client), FIO_OK);
    CHECK(scene.is_freed);
    CHECK_STATUS(scene.completed_with, FIO_E_CANCELED);
    is_over(1);
}

static void freed_by_destroy(enum place place)
{
    prepare(place);
    CHECK_STATUS(fio_pair(scene.client, 1, on_show, on_device, NULL, NULL), FIO_OK);
    CHECK_STATUS(fio_client_free(scene.client), FIO_OK);
    is_over(1);
}

int main(int argc, char **argv)
{
    test_begin(argc, argv);
    steer("POST", "/emulator/person", "{\"decision\":\"approve\",\"after_polls\":0}");
    for (int place = IN_SHOW; place < PLACES; ++place) {
        if (place == IN_CODE)
            freed_by_the_code();
        else if (place == IN_LOG_OF_A_START)
            freed_whenever_started(place);
        else if (place >= IN_LOG_DESTROY)
            freed_by_destroy(place);
        else
            freed_while_driven(place);
    }
    freed_whenever_started(IN_MONOTONIC_CLOCK);
    freed_whenever_started(IN_WALL_CLOCK);
    freed_while_asked();
    freed_twice();
    return 0;
}
