#include "sweep.h"

fio_config *sweep_config;
fio_client *sweep_client;
fio_upload *sweep_upload;
fio_upload_id sweep_id;
int sweep_user;

static uint64_t garbage[4096];
void *const sweep_garbage = garbage;

static int is_paired;
static uint8_t record[4096];
static size_t record_length;

/* A store that gives out one pairing for ever. */
static int32_t load(void *user, const char *key, uint8_t *buffer, size_t capacity, size_t *length)
{
    (void)user;
    if (!is_paired || strcmp(key, "auth") != 0)
        return FIO_STORE_NOT_FOUND;
    CHECK(record_length <= capacity);
    memcpy(buffer, record, record_length);
    *length = record_length;
    return 0;
}

static int32_t save(void *user, const char *key, const uint8_t *value, size_t length)
{
    (void)user;
    if (!is_paired && strcmp(key, "auth") == 0) {
        CHECK(length <= sizeof record);
        memcpy(record, value, length);
        record_length = length;
    }
    return 0;
}

static int32_t erase(void *user, const char *key)
{
    (void)user, (void)key;
    return 0;
}

static int32_t list(void *user, fio_store_key_cb each, void *context)
{
    (void)user;
    if (is_paired)
        each(context, "auth");
    return 0;
}

void sweep_prepare(int argc, char **argv)
{
    test_begin(argc, argv);
    steer("POST", "/emulator/person", "{\"decision\":\"approve\",\"after_polls\":0}");
}

void sweep_pair(void)
{
    sweep_begin();
    pair(sweep_client);
    CHECK(record_length > 0);
    is_paired = 1;
    sweep_end();
    sweep_begin();
    CHECK_EQUAL(fio_auth_state(sweep_client), FIO_AUTH_AUTHORIZED);
    sweep_end();
}

void sweep_begin(void)
{
    sweep_config = new_config("sweep");
    CHECK_STATUS(fio_config_set_store(sweep_config, load, save, erase, list, NULL, NULL), FIO_OK);
    CHECK_STATUS(fio_client_new(sweep_config, &sweep_client), FIO_OK);
    CHECK_STATUS(fio_upload_new(&sweep_upload), FIO_OK);
    CHECK_STATUS(fio_upload_set_pushed(sweep_upload), FIO_OK);
    CHECK_STATUS(fio_upload_set_name(sweep_upload, "clip.mov"), FIO_OK);
    CHECK_STATUS(fio_upload_set_recording(sweep_upload, 0, 0), FIO_OK);
    CHECK_STATUS(fio_upload_start(sweep_client, sweep_upload, &sweep_id), FIO_OK);
}

void sweep_end(void)
{
    CHECK_STATUS(fio_upload_free(sweep_upload), FIO_OK);
    CHECK_STATUS(fio_client_free(sweep_client), FIO_OK);
    CHECK_STATUS(fio_config_free(sweep_config), FIO_OK);
}

void sweep_check(const char *name, long answer, enum null_rule rule, const int *documented, size_t count)
{
    int is_documented = answer > 0;
    for (size_t i = 0; i < count; ++i)
        is_documented |= documented[i] == answer;
    if (!is_documented || (rule == NULL_REFUSED && answer != FIO_E_NULL)
        || (rule == NULL_ALLOWED && answer == FIO_E_NULL)) {
        fprintf(stderr, "%s: answers %s (%ld)%s\n", name, fio_status_name((fio_status)answer), answer,
                is_documented ? "" : ", which its documentation does not name");
        fflush(stderr);
        _exit(1);
    }
}

int main(int argc, char **argv)
{
    sweep_prepare(argc, argv);
    sweep_all();
    sweep_pair();
    sweep_all();
    return 0;
}
