/* Making and freeing; calls in the wrong order; what `destroy` callbacks are promised. */
#include "support.h"

#include <stdint.h>

static void nothing_is_needed_to_free_nothing(void)
{
    fio_client *client = (fio_client *)(uintptr_t)8;
    fio_config *config;
    CHECK_STATUS(fio_client_free(NULL), FIO_OK);
    CHECK_STATUS(fio_config_free(NULL), FIO_OK);
    CHECK(fio_client_error(NULL) == NULL);
    CHECK(fio_config_error(NULL) == NULL);
    CHECK_STATUS(fio_config_new(&config), FIO_OK);
    CHECK_STATUS(fio_client_new(config, &client), FIO_E_INCOMPLETE);
    CHECK(client == NULL);
    CHECK_STATUS(fio_config_error(config)->status, FIO_E_INCOMPLETE);
    CHECK_STATUS(fio_config_free(config), FIO_OK);
}

static void config_and_client_may_go_in_either_order(void)
{
    fio_client *first;
    fio_client *second;
    fio_config *config = new_config("lifecycle");
    CHECK_STATUS(fio_client_new(config, &first), FIO_OK);
    CHECK_STATUS(fio_client_new(config, &second), FIO_OK);
    CHECK_STATUS(fio_client_free(first), FIO_OK);
    CHECK_STATUS(fio_config_free(config), FIO_OK);
    CHECK_STATUS(fio_drive(second, 0), FIO_OK);
    CHECK_STATUS(fio_client_free(second), FIO_OK);
}

static void a_directory_has_one_client(void)
{
    fio_client *first;
    fio_client *second = NULL;
    fio_config *config = new_config("lifecycle");
    CHECK_STATUS(fio_config_set_store_dir(config, test_folder), FIO_OK);
    CHECK_STATUS(fio_client_new(config, &first), FIO_OK);
    CHECK_STATUS(fio_client_new(config, &second), FIO_E_STORE_LOCKED);
    CHECK(second == NULL);
    CHECK_STATUS(fio_client_free(first), FIO_OK);
    CHECK_STATUS(fio_client_new(config, &second), FIO_OK);
    CHECK_STATUS(fio_client_free(second), FIO_OK);
    CHECK_STATUS(fio_config_free(config), FIO_OK);
}

/* Looked up by their address, so nothing of a freed one is read: valgrind and ASan watch. */
static void what_is_no_handle_is_told(void)
{
    fio_config *config = new_config("lifecycle");
    fio_config *freed_config = NULL;
    fio_client *client = NULL;
    fio_client *none = NULL;
    fio_op op;
    int done = 0;
    CHECK_STATUS(fio_config_new(&freed_config), FIO_OK);
    CHECK_STATUS(fio_client_new(config, &client), FIO_OK);
    CHECK_STATUS(fio_config_free(freed_config), FIO_OK);
    CHECK_STATUS(fio_config_free(freed_config), FIO_E_HANDLE);
    CHECK_STATUS(fio_config_set_client_id(freed_config, "x"), FIO_E_HANDLE);
    CHECK(fio_config_error(freed_config) == NULL);
    CHECK_STATUS(fio_client_new(freed_config, &none), FIO_E_HANDLE);

    CHECK_STATUS(fio_drive((fio_client *)(void *)config, 0), FIO_E_HANDLE);
    CHECK_STATUS(fio_client_free((fio_client *)(void *)config), FIO_E_HANDLE);
    CHECK_STATUS(fio_config_free((fio_config *)(void *)client), FIO_E_HANDLE);
    CHECK_STATUS(fio_client_free((fio_client *)(void *)&done), FIO_E_HANDLE);
    CHECK_STATUS(fio_client_free((fio_client *)(uintptr_t)8), FIO_E_HANDLE);
    CHECK_STATUS(fio_drive((fio_client *)(uintptr_t)7, 0), FIO_E_HANDLE);

    CHECK_STATUS(fio_client_free(client), FIO_OK);
    CHECK_STATUS(fio_client_free(client), FIO_E_HANDLE);
    CHECK_STATUS(fio_drive(client, 0), FIO_E_HANDLE);
    CHECK_STATUS(fio_request_code(client, count_code, &done, &op), FIO_E_HANDLE);
    CHECK_STATUS(fio_cancel(client, 1), FIO_E_HANDLE);
    CHECK_STATUS(fio_wakeup(client), FIO_E_HANDLE);
    CHECK(fio_client_error(client) == NULL);
    CHECK_EQUAL(done, 0);
    CHECK_STATUS(fio_config_free(config), FIO_OK);
}

static void wrong_order_is_told(void)
{
    fio_client *client = new_client(new_config("lifecycle"));
    fio_op op;
    fio_op other;
    int done = 0;
    size_t length;
    CHECK_STATUS(fio_poll(client, count_done, &done, NULL), FIO_E_NO_CODE);
    CHECK_STATUS(fio_client_error(client)->status, FIO_E_NO_CODE);
    CHECK_STATUS(fio_refresh(client, count_done, &done, NULL), FIO_E_NOT_AUTHORIZED);
    CHECK_STATUS(fio_revoke(client, count_done, &done, NULL), FIO_E_NOT_AUTHORIZED);
    CHECK_STATUS(fio_device_info(client, count_device, &done, NULL), FIO_E_NOT_AUTHORIZED);
    CHECK_STATUS(fio_heartbeat(client, count_done, &done, NULL), FIO_E_NOT_AUTHORIZED);
    CHECK_STATUS(fio_access_token(client, NULL, 0, &length), FIO_E_NOT_AUTHORIZED);
    CHECK_EQUAL(fio_auth_state(client), FIO_AUTH_UNPAIRED);
    CHECK_STATUS(fio_pair(client, 0, ignore_code, count_device, &done, NULL), FIO_E_ARGUMENT);
    CHECK_STATUS(fio_pair(client, 1001, ignore_code, count_device, &done, NULL), FIO_E_ARGUMENT);

    CHECK_STATUS(fio_request_code(client, count_code, &done, &op), FIO_OK);
    CHECK_STATUS(fio_request_code(client, count_code, &done, &other), FIO_E_IN_PROGRESS);
    CHECK_STATUS(fio_pair(client, 1, ignore_code, count_device, &done, &other), FIO_E_IN_PROGRESS);
    CHECK_EQUAL(done, 0);
    CHECK_STATUS(fio_wait(client, op), FIO_OK);
    CHECK_EQUAL(done, 1);
    CHECK_EQUAL(fio_auth_state(client), FIO_AUTH_PENDING);
    CHECK_STATUS(fio_poll(client, count_done, &done, &op), FIO_OK);
    CHECK_STATUS(fio_poll(client, count_done, &done, &other), FIO_E_IN_PROGRESS);
    CHECK_STATUS(fio_wait(client, op), FIO_OK);
    CHECK_EQUAL(done, 2);
    CHECK_STATUS(fio_poll(client, count_done, &done, &op), FIO_E_NO_CODE);

    CHECK_STATUS(fio_revoke(client, count_done, &done, &op), FIO_OK);
    CHECK_STATUS(fio_revoke(client, count_done, &done, &other), FIO_E_NOT_AUTHORIZED);
    CHECK_EQUAL(fio_auth_state(client), FIO_AUTH_UNPAIRED);
    CHECK_STATUS(fio_wait(client, op), FIO_OK);
    CHECK_EQUAL(done, 3);
    CHECK_STATUS(fio_client_free(client), FIO_OK);
}

static void log_nothing(void *user, int32_t level, const char *line, size_t length)
{
    (void)user;
    (void)level;
    CHECK(strlen(line) == length);
}

static void hear_nothing(void *user, const fio_event *event)
{
    (void)user;
    CHECK(event->kind > 0);
}

static void destroy_runs_once_when_nobody_needs_it(void)
{
    int log = 0, old_log = 0, event = 0, clock = 0, refused = 0;
    fio_client *client;
    fio_config *config = new_config("lifecycle");
    CHECK_STATUS(fio_config_set_log(config, FIO_LOG_TRACE, log_nothing, &old_log, count_destroy), FIO_OK);
    CHECK_STATUS(fio_config_set_log(config, FIO_LOG_TRACE, log_nothing, &log, count_destroy), FIO_OK);
    CHECK_EQUAL(old_log, 1);
    CHECK_STATUS(fio_config_set_log(config, 6, log_nothing, &refused, count_destroy), FIO_E_ARGUMENT);
    CHECK_STATUS(fio_config_set_store(config, NULL, NULL, NULL, NULL, &refused, count_destroy), FIO_E_NULL);
    CHECK_STATUS(fio_config_set_event(config, hear_nothing, &event, count_destroy), FIO_OK);
    CHECK_STATUS(fio_config_set_clock(config, NULL, NULL, &clock, count_destroy), FIO_OK);
    CHECK_STATUS(fio_client_new(config, &client), FIO_OK);
    CHECK_STATUS(fio_config_free(config), FIO_OK);
    CHECK_EQUAL(log + event + clock + refused, 0);
    pair(client);
    CHECK_STATUS(fio_client_free(client), FIO_OK);
    CHECK_EQUAL(log, 1);
    CHECK_EQUAL(event, 1);
    CHECK_EQUAL(clock, 1);
    CHECK_EQUAL(refused, 0);
    CHECK_EQUAL(old_log, 1);
}

static void a_failed_client_leaves_destroy_to_the_config(void)
{
    int event = 0;
    fio_client *client;
    fio_config *config;
    CHECK_STATUS(fio_config_new(&config), FIO_OK);
    CHECK_STATUS(fio_config_set_event(config, hear_nothing, &event, count_destroy), FIO_OK);
    CHECK_STATUS(fio_client_new(config, &client), FIO_E_INCOMPLETE);
    CHECK_EQUAL(event, 0);
    CHECK_STATUS(fio_config_free(config), FIO_OK);
    CHECK_EQUAL(event, 1);
}

int main(int argc, char **argv)
{
    test_begin(argc, argv);
    steer("POST", "/emulator/person", "{\"decision\":\"approve\",\"after_polls\":0}");
    nothing_is_needed_to_free_nothing();
    config_and_client_may_go_in_either_order();
    a_directory_has_one_client();
    what_is_no_handle_is_told();
    wrong_order_is_told();
    destroy_runs_once_when_nobody_needs_it();
    a_failed_client_leaves_destroy_to_the_config();
    return 0;
}
