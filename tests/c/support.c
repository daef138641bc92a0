#include "support.h"

const char *test_url;
const char *test_ca;
const char *test_folder;

void test_begin(int argc, char **argv)
{
    CHECK(argc >= 4);
    test_url = argv[1];
    test_ca = argv[2];
    test_folder = argv[3];
    setvbuf(stdout, NULL, _IOLBF, 0);
}

int test_rounds(int full)
{
    const char *divisor = getenv("FIO_TEST_SLOWNESS");
    int rounds = divisor == NULL ? full : full / atoi(divisor);
    return rounds < 2 ? 2 : rounds;
}

const char *steer(const char *method, const char *path, const char *json)
{
    static char answer[1 << 20];
    printf("steer %s %s %s\n", method, path, json == NULL ? "" : json);
    fflush(stdout);
    CHECK(fgets(answer, sizeof answer, stdin) != NULL);
    CHECK(strncmp(answer, "error", 5) != 0);
    return answer;
}

void fault(const char *json)
{
    steer("POST", "/emulator/faults", json);
}

fio_config *new_config(const char *client_id)
{
    fio_config *config;
    CHECK_STATUS(fio_config_new(&config), FIO_OK);
    CHECK_STATUS(fio_config_set_client_id(config, client_id), FIO_OK);
    CHECK_STATUS(fio_config_set_client_secret(config, "emulator-secret", 15), FIO_OK);
    CHECK_STATUS(fio_config_set_client_version(config, "1.2.3"), FIO_OK);
    CHECK_STATUS(fio_config_set_base_url(config, test_url), FIO_OK);
    CHECK_STATUS(fio_config_set_ca_file(config, test_ca), FIO_OK);
    return config;
}

fio_client *new_client(fio_config *config)
{
    fio_client *client;
    CHECK_STATUS(fio_client_new(config, &client), FIO_OK);
    CHECK_STATUS(fio_config_free(config), FIO_OK);
    return client;
}

void pair(fio_client *client)
{
    fio_op op;
    int done = 0;
    CHECK_STATUS(fio_pair(client, 1, ignore_code, count_device, &done, &op), FIO_OK);
    CHECK_STATUS(fio_wait(client, op), FIO_OK);
    CHECK_EQUAL(done, 1);
}

void count_done(void *user, const fio_error *error)
{
    (void)error;
    ++*(int *)user;
}

void count_code(void *user, const fio_error *error, const fio_code *code)
{
    CHECK((error == NULL) != (code == NULL));
    ++*(int *)user;
}

void count_device(void *user, const fio_error *error, const fio_device *device)
{
    CHECK((error == NULL) != (device == NULL));
    ++*(int *)user;
}

void ignore_code(void *user, const fio_code *code)
{
    (void)user;
    CHECK(code->user_code != NULL);
}

void count_destroy(void *user)
{
    ++*(int *)user;
}

static void ignore_upload(void *user, const fio_upload_info *info)
{
    (void)info;
    ++*(int *)user;
}

static void every_upload_call_answers(fio_client *client, fio_status status)
{
    fio_upload *upload;
    fio_upload_id id = 77, found = 77;
    const fio_upload_info *info;
    const fio_totals *totals;
    const char *const interface = "lo";
    int shown = 0;
    CHECK_STATUS(fio_upload_new(&upload), FIO_OK);
    CHECK_STATUS(fio_upload_set_path(upload, test_ca), FIO_OK);
    CHECK_EQUAL(fio_upload_start(client, upload, &id), status);
    CHECK_EQUAL(fio_upload_attach(client, 1, upload), status);
    CHECK_EQUAL(fio_upload_get(client, 1, &info), status);
    CHECK_EQUAL(fio_upload_find(client, (const uint8_t *)"tag", 3, &found, NULL), status);
    CHECK_EQUAL(fio_upload_push(client, 1, 0, (const uint8_t *)"data", 4), status);
    CHECK_EQUAL(fio_upload_advance(client, 1, 1), status);
    CHECK_EQUAL(fio_upload_finish(client, 1, -1, NULL), status);
    CHECK_EQUAL(fio_upload_cancel(client, 1), status);
    CHECK_EQUAL(fio_upload_retry(client, 1), status);
    CHECK_EQUAL(fio_upload_pause(client, 1), status);
    CHECK_EQUAL(fio_upload_resume(client, 1), status);
    CHECK_EQUAL(fio_upload_move_to_project(client, 1), status);
    CHECK_EQUAL(fio_upload_remove(client, 1), status);
    CHECK_EQUAL(fio_upload_prioritize(client, 1, 1), status);
    CHECK_EQUAL(fio_queue_list(client, ignore_upload, &shown), status);
    CHECK_EQUAL(fio_queue_totals(client, &totals), status);
    CHECK_EQUAL(fio_queue_pause(client), status);
    CHECK_EQUAL(fio_queue_resume(client), status);
    CHECK_EQUAL(fio_queue_cancel_all(client), status);
    CHECK_EQUAL(fio_queue_set_auto_start(client, 1), status);
    CHECK_EQUAL(fio_queue_forget_tags(client), status);
    CHECK_EQUAL(fio_queue_set_bandwidth(client, 0), status);
    CHECK_EQUAL(fio_queue_set_interfaces(client, &interface, 1), status);
    CHECK(id == 77 && found == FIO_UPLOAD_NONE && info == NULL && totals == NULL && shown == 0);
    CHECK_STATUS(fio_upload_free(upload), FIO_OK);
}

void everything_answers(fio_client *client, fio_status status)
{
    int none = 0;
    fio_op op = 77;
    int64_t wait;
    char token[256];
    size_t length;
    CHECK_EQUAL(fio_drive(client, 0), status);
    CHECK_EQUAL(fio_wait(client, 1), status);
    CHECK_EQUAL(fio_fd(client), status);
    CHECK_EQUAL(fio_timeout_ms(client, &wait), status);
    CHECK_EQUAL(fio_request_code(client, count_code, &none, &op), status);
    CHECK_EQUAL(fio_poll(client, count_done, &none, &op), status);
    CHECK_EQUAL(fio_pair(client, 1, ignore_code, count_device, &none, &op), status);
    CHECK_EQUAL(fio_refresh(client, count_done, &none, &op), status);
    CHECK_EQUAL(fio_revoke(client, count_done, &none, &op), status);
    CHECK_EQUAL(fio_auth_state(client), status);
    CHECK_EQUAL(fio_access_token(client, token, sizeof token, &length), status);
    CHECK_EQUAL(fio_device_info(client, count_device, &none, &op), status);
    CHECK_EQUAL(fio_heartbeat(client, count_done, &none, &op), status);
    CHECK_EQUAL(fio_set_online(client, 1), status);
    CHECK_EQUAL(fio_comment(client, "b1f2", "clap", -1, count_done, &none, &op), status);
    every_upload_call_answers(client, status);
    /* What was refused was not started. */
    CHECK_EQUAL(op, 77);
    CHECK_EQUAL(none, 0);
}
