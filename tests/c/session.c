/* A whole life of a device at the most talkative log level: no line, no message, and no memory the library
 * has given back may have a secret in it. Arguments after the usual ones: the client secret and a device
 * code, both masked. */
#include "heap_watch.h"
#include "secrets.h"
#include "uploading.h"

#include <sys/mman.h>

#define JOURNAL ((size_t)64 << 20)

/* Everything the library said, masked. */
static unsigned char *journal;
/* Of more lines than this in ten seconds a client keeps silent. */
#define MOST_LINES 1000
static size_t journal_length, journal_lines, client_lines;
static int errors;

static void note(const char *text)
{
    size_t length = text == NULL ? 0 : strlen(text);
    CHECK(journal_length + length < JOURNAL);
    for (size_t i = 0; i < length; ++i)
        journal[journal_length++] = (unsigned char)text[i] ^ SECRETS_MASK;
    journal[journal_length++] = '\n' ^ SECRETS_MASK;
    ++journal_lines;
}

static void note_error(const fio_error *error)
{
    if (error == NULL)
        return;
    ++errors;
    note(error->name);
    note(error->message);
    note(error->advice);
    note(error->oauth_error);
}

static void on_log(void *user, int32_t level, const char *line, size_t length)
{
    (void)user, (void)level, (void)length;
    CHECK(++client_lines < MOST_LINES);
    note(line);
}

static void on_event(void *user, const fio_event *event)
{
    (void)user;
    note_error(event->error);
    if (event->upload != NULL) {
        note_error(event->upload->reason);
        note(event->upload->name);
        note(event->upload->asset_id);
    }
}

/* The vendor's store: the records that are kept, masked. */
static struct record {
    char key[65];
    unsigned char value[16384];
    size_t length;
} stored[12];

static struct record *record_of(const char *key)
{
    struct record *empty = NULL;
    for (size_t i = 0; i < sizeof stored / sizeof *stored; ++i) {
        if (stored[i].length > 0 && strcmp(stored[i].key, key) == 0)
            return &stored[i];
        if (stored[i].length == 0 && empty == NULL)
            empty = &stored[i];
    }
    CHECK(empty != NULL);
    return empty;
}

static void learn_values(const char *name, const uint8_t *record, size_t length, const char *before, size_t skip,
                         size_t size)
{
    const uint8_t *end = record + length, *start = record;
    while ((start = memmem(start, (size_t)(end - start), before, skip)) != NULL) {
        start += skip;
        CHECK((size_t)(end - start) >= size);
        secrets_learn(name, start, size);
    }
}

/* What makes an address a secret: its signature. */
static void learn_addresses(const uint8_t *record, size_t length)
{
    char query[16];
    secrets_reveal("query", query);
    learn_values("signature", record, length, query, sizeof query, 64);
    secrets_wipe(query, sizeof query);
}

static void learn_field(const char *name, const uint8_t *record, size_t length, const char *before)
{
    const char *start = memmem(record, length, before, strlen(before));
    const char *end;
    if (start == NULL)
        return;
    start += strlen(before);
    end = memchr(start, '"', length);
    CHECK(end != NULL);
    secrets_learn(name, start, (size_t)(end - start));
}

static int32_t on_load(void *user, const char *key, uint8_t *buffer, size_t capacity, size_t *length)
{
    const struct record *own = record_of(key);
    (void)user;
    if (own->length == 0)
        return FIO_STORE_NOT_FOUND;
    *length = own->length;
    for (size_t i = 0; i < own->length && own->length <= capacity; ++i)
        buffer[i] = own->value[i] ^ SECRETS_MASK;
    return 0;
}

static int32_t on_save(void *user, const char *key, const uint8_t *value, size_t length)
{
    struct record *own = record_of(key);
    (void)user;
    CHECK(length > 10 && length <= sizeof own->value && memcmp(value, "FIOR", 4) == 0);
    if (strcmp(key, "auth") == 0) {
        learn_field("access-token", value, length, "\"access_token\":\"");
        learn_field("refresh-token", value, length, "\"refresh_token\":\"");
    }
    learn_addresses(value, length);
    snprintf(own->key, sizeof own->key, "%s", key);
    for (size_t i = 0; i < length; ++i)
        own->value[i] = value[i] ^ SECRETS_MASK;
    own->length = length;
    return 0;
}

static int32_t on_erase(void *user, const char *key)
{
    (void)user;
    record_of(key)->length = 0;
    return 0;
}

static int32_t on_list(void *user, fio_store_key_cb each, void *context)
{
    (void)user;
    for (size_t i = 0; i < sizeof stored / sizeof *stored; ++i) {
        if (stored[i].length > 0)
            each(context, stored[i].key);
    }
    return 0;
}

static void on_done(void *user, const fio_error *error)
{
    (void)user;
    note_error(error);
}

static void on_device(void *user, const fio_error *error, const fio_device *device)
{
    (void)user, (void)device;
    note_error(error);
}

static void on_code(void *user, const fio_error *error, const fio_code *code)
{
    (void)user;
    note_error(error);
    CHECK(code == NULL || code->user_code != NULL);
}

static size_t secret_length;

enum keeping {
    WITH_THE_VENDOR,
    IN_A_FOLDER,
    SEALED
};

static fio_client *make_client(enum keeping keeping)
{
    char clear[128];
    fio_client *client;
    fio_config *config = new_config("session");
    secrets_reveal("client-secret", clear);
    CHECK_STATUS(fio_config_set_client_secret(config, clear, secret_length), FIO_OK);
    if (keeping == SEALED) {
        secrets_reveal("store-key", clear);
        CHECK_STATUS(fio_config_set_store_key(config, (uint8_t *)clear, 32), FIO_OK);
    }
    secrets_wipe(clear, sizeof clear);
    heap_watch_report_stack("setters");
    if (keeping != WITH_THE_VENDOR)
        CHECK_STATUS(fio_config_set_store_dir(config, test_folder), FIO_OK);
    else
        CHECK_STATUS(fio_config_set_store(config, on_load, on_save, on_erase, on_list, NULL, NULL), FIO_OK);
    CHECK_STATUS(fio_config_set_log(config, FIO_LOG_TRACE, on_log, NULL, NULL), FIO_OK);
    CHECK_STATUS(fio_config_set_event(config, on_event, NULL, NULL), FIO_OK);
    client_lines = 0;
    client = new_client(config);
    heap_watch_report_stack("new");
    return client;
}

static fio_status wait_for(fio_client *client, fio_op op)
{
    fio_status status = fio_wait(client, op);
    heap_watch_report_stack("wait");
    return status;
}

static void release(fio_client *client)
{
    CHECK_STATUS(fio_client_free(client), FIO_OK);
    heap_watch_report_stack("free");
}

static fio_status device_info(fio_client *client)
{
    fio_op op;
    CHECK_STATUS(fio_device_info(client, on_device, NULL, &op), FIO_OK);
    return wait_for(client, op);
}

static fio_status heartbeat(fio_client *client)
{
    fio_op op;
    CHECK_STATUS(fio_heartbeat(client, on_done, NULL, &op), FIO_OK);
    return wait_for(client, op);
}

static fio_status refresh(fio_client *client)
{
    fio_op op;
    CHECK_STATUS(fio_refresh(client, on_done, NULL, &op), FIO_OK);
    return wait_for(client, op);
}

/* A code of which the test knows the secret half; the service then says that it does not. */
static void poll_with_a_known_code(fio_client *client)
{
    fio_op op;
    fault("{\"endpoint\":\"code\",\"fault\":{\"kind\":\"body\",\"status\":200,\"content_type\":\"application/"
          "json\",\"body\":"
          "\"{\\\"device_code\\\":\\\"@DEVICE_CODE@\\\",\\\"user_code\\\":\\\"012345\\\",\\\"interval\\\":1,"
          "\\\"expires_in\\\":120,\\\"verification_uri\\\":\\\"https://127.0.0.1/pair\\\"}\"}}");
    CHECK_STATUS(fio_request_code(client, on_code, NULL, &op), FIO_OK);
    CHECK_STATUS(wait_for(client, op), FIO_OK);
    CHECK_STATUS(fio_poll(client, on_done, NULL, &op), FIO_OK);
    CHECK_STATUS(wait_for(client, op), FIO_E_INVALID_GRANT);
}

/* Answers that quote what was sent, and connections that break. */
static void fail(fio_client *client)
{
    fio_op op;
    fault("{\"endpoint\":\"code\",\"fault\":{\"kind\":\"status\",\"status\":400,\"content_type\":\"application/"
          "json\",\"body\":"
          "\"{\\\"error\\\":\\\"invalid_client\\\",\\\"error_description\\\":\\\"no secret @CLIENT_SECRET@\\\"}\"}}");
    CHECK_STATUS(fio_request_code(client, on_code, NULL, &op), FIO_OK);
    CHECK(wait_for(client, op) != FIO_OK);
    fault("{\"endpoint\":\"code\",\"fault\":{\"kind\":\"status\",\"status\":400,\"content_type\":\"application/"
          "json\",\"body\":"
          "\"{\\\"error\\\":\\\"@DEVICE_CODE@\\\"}\"}}");
    CHECK_STATUS(fio_request_code(client, on_code, NULL, &op), FIO_OK);
    CHECK(wait_for(client, op) != FIO_OK);
    fault("{\"endpoint\":\"heartbeat\",\"fault\":{\"kind\":\"status\",\"status\":422,\"content_type\":\"application/"
          "json\","
          "\"headers\":{\"X-Request-Id\":\"@CLIENT_SECRET@\",\"Set-Cookie\":\"s=@CLIENT_SECRET@\"},"
          "\"body\":\"{\\\"errors\\\":[{\\\"detail\\\":\\\"@CLIENT_SECRET@\\\",\\\"title\\\":\\\"@DEVICE_CODE@\\\"}],"
          "\\\"message\\\":\\\"@CLIENT_SECRET@\\\"}\"}}");
    CHECK_STATUS(heartbeat(client), FIO_E_UNPROCESSABLE);
    fault("{\"endpoint\":\"heartbeat\",\"fault\":{\"kind\":\"status\",\"status\":500}}");
    CHECK_STATUS(heartbeat(client), FIO_E_SERVER);
    fault("{\"endpoint\":\"heartbeat\",\"fault\":{\"kind\":\"redirect\",\"location\":\"https://127.0.0.1/"
          "?token=@CLIENT_SECRET@\"}}");
    CHECK_STATUS(heartbeat(client), FIO_E_REDIRECT);
    fault("{\"endpoint\":\"me\",\"fault\":{\"kind\":\"truncate\"}}");
    CHECK(device_info(client) != FIO_OK);
    fault("{\"endpoint\":\"me\",\"fault\":{\"kind\":\"body\",\"body\":\"<html>@CLIENT_SECRET@\",\"content_type\":"
          "\"text/html\"}}");
    CHECK_STATUS(device_info(client), FIO_E_PROTOCOL);
    fault("{\"endpoint\":\"heartbeat\",\"times\":9,\"fault\":{\"kind\":\"reset\"}}");
    CHECK(heartbeat(client) != FIO_OK);
    steer("DELETE", "/emulator/faults", NULL);
    fault("{\"endpoint\":\"token\",\"grant\":\"refresh_token\",\"fault\":{\"kind\":\"status\",\"status\":503}}");
    CHECK_STATUS(refresh(client), FIO_OK);
}

static void pair_noting_errors(fio_client *client)
{
    fio_op op;
    CHECK_STATUS(fio_pair(client, 1, ignore_code, on_device, NULL, &op), FIO_OK);
    CHECK_STATUS(wait_for(client, op), FIO_OK);
}

static void copy_token(fio_client *client)
{
    char token[256];
    size_t length;
    CHECK_STATUS(fio_access_token(client, token, sizeof token, &length), FIO_OK);
    secrets_learn("access-token", token, length);
    secrets_wipe(token, sizeof token);
    heap_watch_report_stack("access-token");
}

static void live(fio_client *client)
{
    poll_with_a_known_code(client);
    pair_noting_errors(client);
    CHECK_STATUS(device_info(client), FIO_OK);
    CHECK_STATUS(heartbeat(client), FIO_OK);
    CHECK_STATUS(refresh(client), FIO_OK);
    /* A token that the service refuses: one refresh, one repetition. */
    fault("{\"endpoint\":\"heartbeat\",\"fault\":{\"kind\":\"status\",\"status\":401}}");
    CHECK_STATUS(heartbeat(client), FIO_OK);
    copy_token(client);
    fail(client);
}

static void upload_to(fio_client *client, fio_upload_id id, int32_t state)
{
    drive_to(client, id, state);
    heap_watch_report_stack("drive");
}

/* Addresses that are in the record of their upload, and in one of their own; sent, refused and broken off. Each
 * with a client of its own, so that none has said too much to say more. */
static void upload(void)
{
    static unsigned char zeros[1 << 20];
    struct reader reader = {.size = 60000};
    fio_upload *recording = new_upload(NULL);
    fio_client *client = make_client(WITH_THE_VENDOR);
    fio_upload_id id, other;
    part_bytes(20000);
    fault("{\"endpoint\":\"part\",\"skip\":1,\"fault\":{\"kind\":\"status\",\"status\":503}}");
    fault("{\"endpoint\":\"part\",\"skip\":1,\"fault\":{\"kind\":\"reset\",\"after_request_bytes\":100}}");
    id = start(client, new_path_upload(make_file("few.mov", 60000)));
    upload_to(client, id, FIO_UPLOAD_DONE);
    release(client);

    client = make_client(WITH_THE_VENDOR);
    part_bytes(5000);
    id = start(client, new_path_upload(make_file("many.mov", 60000)));
    other = start(client, new_reader_upload("reader.mov", &reader));
    drive_until_stuck(client, id);
    heap_watch_report_stack("stuck");
    CHECK_STATUS(fio_upload_pause(client, id), FIO_OK);
    CHECK_STATUS(fio_upload_cancel(client, other), FIO_OK);
    release(client);
    /* The addresses are taken up again, and then refused. */
    client = make_client(WITH_THE_VENDOR);
    part_bytes(30000);
    fault("{\"endpoint\":\"part\",\"times\":1,\"fault\":{\"kind\":\"status\",\"status\":403}}");
    CHECK_STATUS(fio_upload_resume(client, id), FIO_OK);
    upload_to(client, id, FIO_UPLOAD_DONE);
    release(client);

    /* The addresses of recordings come one by one. */
    client = make_client(WITH_THE_VENDOR);
    CHECK_STATUS(fio_upload_set_extension(recording, ".mov"), FIO_OK);
    CHECK_STATUS(fio_upload_set_recording(recording, 0, 0), FIO_OK);
    CHECK_STATUS(fio_upload_set_pushed(recording), FIO_OK);
    id = start(client, recording);
    for (size_t i = 0; i < 5; ++i)
        CHECK_STATUS(fio_upload_push(client, id, i * sizeof zeros, zeros, sizeof zeros), FIO_OK);
    CHECK_STATUS(fio_upload_push(client, id, 5 * sizeof zeros, zeros, 1), FIO_OK);
    fault("{\"endpoint\":\"part\",\"fault\":{\"kind\":\"reset\"}}");
    drive_to_bytes(client, id, 5 * sizeof zeros);
    CHECK_STATUS(fio_upload_finish(client, id, -1, "recorded.mov"), FIO_OK);
    upload_to(client, id, FIO_UPLOAD_DONE);
    steer("DELETE", "/emulator/faults", NULL);
    release(client);
}

/* The other ways to keep an authorization, taken up once. */
static void live_with_a_folder(enum keeping keeping)
{
    fio_op op;
    fio_client *client = make_client(keeping);
    pair_noting_errors(client);
    copy_token(client);
    release(client);
    client = make_client(keeping);
    CHECK_STATUS(refresh(client), FIO_OK);
    copy_token(client);
    CHECK_STATUS(fio_revoke(client, on_done, NULL, &op), FIO_OK);
    CHECK_STATUS(wait_for(client, op), FIO_OK);
    release(client);
}

/* Two places that the reports have to find: otherwise they would prove nothing. */
static char left_canary[64];

static void leave_canaries(void)
{
    static const unsigned char canary[] = "\x11\x22\x33\x44 a secret that stays where it is";
    char *block = malloc(sizeof left_canary);
    CHECK(block != NULL);
    secrets_learn_masked("canary", canary, sizeof canary - 1);
    secrets_reveal("canary", left_canary);
    secrets_reveal("canary", block);
    free(block);
}

static void learn_store_key(void)
{
    unsigned char masked[32];
    for (size_t i = 0; i < sizeof masked; ++i)
        masked[i] = (unsigned char)(i * 37 + 11);
    secrets_learn_masked("store-key", masked, sizeof masked);
}

/* Of a recording's addresses it is known how they look. */
static void learn_query(void)
{
    static const char query[] = "X!Amz!Signature=";
    unsigned char masked[sizeof query - 1];
    for (size_t i = 0; i < sizeof masked; ++i)
        masked[i] = (unsigned char)(query[i] == '!' ? '-' : query[i]) ^ SECRETS_MASK;
    secrets_learn_masked("query", masked, sizeof masked);
}

int main(int argc, char **argv)
{
    fio_client *client;
    fio_op op;
    const char *name;
    size_t at;
    test_begin(argc, argv);
    CHECK_EQUAL(argc, 6);
    journal = mmap(NULL, JOURNAL, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(journal != MAP_FAILED);
    secret_length = secrets_learn_hex("client-secret", argv[4]);
    secrets_learn_hex("device-code", argv[5]);
    learn_store_key();
    learn_query();
    heap_watch_start();
    leave_canaries();
    steer("POST", "/emulator/person", "{\"decision\":\"approve\",\"after_polls\":1}");

    client = make_client(WITH_THE_VENDOR);
    live(client);
    /* What is stored is taken up again. */
    release(client);
    upload();
    client = make_client(WITH_THE_VENDOR);
    CHECK_STATUS(device_info(client), FIO_OK);
    CHECK_STATUS(fio_revoke(client, on_done, NULL, &op), FIO_OK);
    CHECK_STATUS(wait_for(client, op), FIO_OK);
    /* An operation is under way when the client goes. */
    CHECK_STATUS(fio_request_code(client, on_code, NULL, &op), FIO_OK);
    release(client);
    live_with_a_folder(IN_A_FOLDER);
    live_with_a_folder(SEALED);
    heap_watch_stop();

    /* Four pairs of tokens, four access tokens, and five that are no tokens; at the least the assets of 3, 12 and
       2 parts, each with an id. */
    CHECK(secrets_count() >= 17 + 20);
    CHECK(errors >= 8 && journal_lines > 200);
    name = secrets_find(journal, journal_length, SECRETS_MASK, &at);
    if (name != NULL) {
        printf("said %s: ", name);
        for (size_t i = at < 200 ? 0 : at - 200; i < at; ++i)
            putchar(journal[i] ^ SECRETS_MASK);
        printf("\n");
    }
    printf("secrets %d, lines %zu, errors %d\n", secrets_count(), journal_lines, errors);
    heap_watch_report_freed();
    heap_watch_report_left();
    CHECK(left_canary[0] != '\0');
    return 0;
}
