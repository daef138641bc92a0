/* What may be called where: inside the list, inside a reader, inside the events of uploads; and comments. */
#include "uploading.h"

#include <math.h>

static struct {
    fio_client *client;
    fio_upload_id ids[8];
    int shown, is_freed, reads;
    struct told told;
    struct reader reader;
    /* The reader that is looked into. */
    fio_status refusal;
} scene;

static void prepare(const char *client_id)
{
    memset(&scene, 0, sizeof scene);
    scene.client = new_uploader(client_id, &scene.told);
}

/* Uploads that wait until they are resumed. */
static void start_paused(int count)
{
    fio_upload *upload;
    scene.reader.size = 1000;
    upload = new_reader_upload("listed.mov", &scene.reader);
    CHECK_STATUS(fio_queue_set_auto_start(scene.client, 0), FIO_OK);
    for (int i = 0; i < count; ++i)
        CHECK_STATUS(fio_upload_start(scene.client, upload, &scene.ids[i]), FIO_OK);
    CHECK_STATUS(fio_upload_free(upload), FIO_OK);
}

static void count_upload(void *user, const fio_upload_info *info)
{
    check_info(info);
    ++*(int *)user;
}

/* Everything but waiting, and what was given stays valid meanwhile. */
static void call_everything(void *user, const fio_upload_info *info)
{
    const fio_totals *totals;
    const char *name = info->name;
    int64_t wait;
    int shown = 0, at = scene.shown++;
    fio_upload *upload;
    fio_upload_id id = info->id;
    CHECK(user == &scene);
    check_info(info);
    CHECK_EQUAL(id, scene.ids[at * 2]);
    CHECK_STATUS(info->reason->status, FIO_E_UPLOAD_PAUSED);
    CHECK_STATUS(fio_drive(scene.client, 0), FIO_E_REENTRANT);
    CHECK_STATUS(fio_wait(scene.client, 1), FIO_E_REENTRANT);
    CHECK(fio_fd(scene.client) >= 0);
    CHECK_STATUS(fio_timeout_ms(scene.client, &wait), FIO_OK);
    CHECK_EQUAL(info_of(scene.client, id)->id, id);
    CHECK_STATUS(fio_queue_totals(scene.client, &totals), FIO_OK);
    CHECK_STATUS(fio_queue_list(scene.client, count_upload, &shown), FIO_OK);
    CHECK_EQUAL(shown, 6);
    CHECK_STATUS(fio_upload_find(scene.client, (const uint8_t *)"?", 1, NULL, NULL), FIO_E_UNKNOWN_UPLOAD);
    CHECK_STATUS(fio_queue_forget_tags(scene.client), FIO_OK);
    CHECK_STATUS(fio_upload_prioritize(scene.client, id, -1), FIO_OK);
    CHECK_STATUS(fio_upload_resume(scene.client, id), FIO_OK);
    CHECK_STATUS(fio_upload_pause(scene.client, id), FIO_OK);
    CHECK_STATUS(fio_comment(scene.client, "not-there", "clap", -1, NULL, NULL, NULL), FIO_OK);
    CHECK_STATUS(fio_wakeup(scene.client), FIO_OK);
    /* The next one is gone when its turn comes, this one stays, a new one is not shown. */
    CHECK_STATUS(fio_upload_cancel(scene.client, scene.ids[at * 2 + 1]), FIO_OK);
    CHECK_STATUS(fio_upload_remove(scene.client, scene.ids[at * 2 + 1]), FIO_OK);
    upload = new_reader_upload("new.mov", &(struct reader){.size = 5});
    CHECK_STATUS(fio_upload_set_path(upload, test_ca), FIO_OK);
    start(scene.client, upload);
    check_info(info);
    CHECK(info->name == name && strcmp(name, "listed.mov") == 0);
}

static void a_list_may_do_everything_but_wait(void)
{
    int shown = 0;
    prepare("calls-list");
    CHECK_STATUS(fio_queue_list(scene.client, count_upload, &shown), FIO_OK);
    CHECK_EQUAL(shown, 0);
    CHECK_STATUS(fio_queue_list(scene.client, NULL, &shown), FIO_E_NULL);
    start_paused(6);
    CHECK_STATUS(fio_queue_list(scene.client, call_everything, &scene), FIO_OK);
    CHECK_EQUAL(scene.shown, 3);
    CHECK_STATUS(fio_queue_cancel_all(scene.client), FIO_OK);
    CHECK_EQUAL(scene.reader.destroyed, 1);
    CHECK_STATUS(fio_client_free(scene.client), FIO_OK);
}

static void free_in_list(void *user, const fio_upload_info *info)
{
    (void)user;
    ++scene.shown;
    CHECK_STATUS(fio_upload_cancel(scene.client, scene.ids[0]), FIO_OK);
    CHECK_STATUS(fio_client_free(scene.client), FIO_OK);
    everything_answers(scene.client, FIO_E_CLOSED);
    check_info(info);
    CHECK_EQUAL(scene.reader.destroyed, 0);
}

static void freed_in_the_list(void)
{
    prepare("calls-list-free");
    start_paused(4);
    CHECK_STATUS(fio_queue_list(scene.client, free_in_list, NULL), FIO_E_CLOSED);
    CHECK_EQUAL(scene.shown, 1);
    CHECK_EQUAL(scene.reader.destroyed, 1);
}

/* A reader that calls the library. */
static int64_t read_and_call(void *user, uint64_t offset, uint8_t *buffer, size_t length)
{
    if (scene.reads++ < 3) {
        everything_answers(scene.client, scene.refusal);
        CHECK_STATUS(fio_wakeup(scene.client), FIO_OK);
        CHECK_STATUS(fio_cancel(scene.client, 123456), FIO_E_UNKNOWN_OP);
    }
    return reader_read(user, offset, buffer, length);
}

static int64_t read_and_free(void *user, uint64_t offset, uint8_t *buffer, size_t length)
{
    if (!scene.is_freed) {
        scene.is_freed = 1;
        CHECK_STATUS(fio_client_free(scene.client), FIO_OK);
    }
    everything_answers(scene.client, FIO_E_CLOSED);
    return reader_read(user, offset, buffer, length);
}

static fio_upload_id start_reader(fio_read_cb read, fio_destroy_cb destroy)
{
    fio_upload *upload = new_upload("read.mov");
    scene.reader.size = 200000;
    CHECK_STATUS(fio_upload_set_reader(upload, scene.reader.size, read, &scene.reader, destroy), FIO_OK);
    return start(scene.client, upload);
}

static void a_reader_is_refused_everything(void)
{
    fio_upload_id id;
    prepare("calls-reader");
    scene.refusal = FIO_E_REENTRANT;
    id = start_reader(read_and_call, reader_destroy);
    drive_to(scene.client, id, FIO_UPLOAD_DONE);
    CHECK(scene.reads > 3 && scene.reader.destroyed == 1);
    check_arrived("read.mov", make_file("read.bin", 200000));
    CHECK_STATUS(fio_client_free(scene.client), FIO_OK);
}

static fio_status drive_until_freed(void)
{
    fio_status status;
    do
        status = fio_drive(scene.client, -1);
    while (status == FIO_OK);
    return status;
}

static void freed_in_a_reader(void)
{
    int canceled = 0;
    prepare("calls-reader-free");
    start_reader(read_and_free, reader_destroy);
    CHECK_STATUS(fio_comment(scene.client, "not-there", "clap", -1, count_done, &canceled, NULL), FIO_OK);
    CHECK_STATUS(drive_until_freed(), FIO_E_CLOSED);
    CHECK_EQUAL(scene.reader.destroyed, 1);
    CHECK_EQUAL(canceled, 1);
}

static void destroy_and_free(void *user)
{
    fio_status status;
    reader_destroy(user);
    scene.is_freed = 1;
    status = fio_client_free(scene.client);
    CHECK(status == FIO_OK || status == FIO_E_HANDLE);
}

static void freed_in_a_destroy(void)
{
    prepare("calls-destroy-free");
    start_reader(reader_read, destroy_and_free);
    CHECK_STATUS(drive_until_freed(), FIO_E_CLOSED);
    CHECK(scene.is_freed && scene.reader.destroyed == 1);
    /* And in the one that the freeing itself brings about. */
    prepare("calls-destroy-free");
    start_reader(reader_read, destroy_and_free);
    CHECK_STATUS(fio_client_free(scene.client), FIO_OK);
    CHECK(scene.is_freed && scene.reader.destroyed == 1);
}

static int32_t free_at;

static void free_at_event(void *user, const fio_event *event)
{
    (void)user;
    CHECK(!scene.is_freed);
    if (event->kind != FIO_EVENT_UPLOAD && event->kind != FIO_EVENT_PROGRESS)
        return;
    if (free_at != (event->kind == FIO_EVENT_PROGRESS ? -1 : event->upload->state))
        return;
    scene.is_freed = 1;
    CHECK_STATUS(fio_client_free(scene.client), FIO_OK);
    everything_answers(scene.client, FIO_E_CLOSED);
    if (event->upload != NULL)
        check_info(event->upload);
    if (event->totals != NULL)
        check_totals(event->totals);
}

static void freed_in_an_event(int32_t at)
{
    fio_config *config = new_config("calls-event-free");
    memset(&scene, 0, sizeof scene);
    free_at = at;
    CHECK_STATUS(fio_config_set_event(config, free_at_event, NULL, NULL), FIO_OK);
    scene.client = new_client(config);
    pair(scene.client);
    start_reader(reader_read, reader_destroy);
    CHECK_STATUS(drive_until_freed(), FIO_E_CLOSED);
    CHECK(scene.is_freed && scene.reader.destroyed == 1);
}

/* Parts of several uploads are under way, and operations beside them. */
static void freed_with_parts_in_flight(void)
{
    struct reader readers[3] = {{.size = 300000}, {.size = 300000}, {.size = 300000}};
    fio_upload_id first = 0, id;
    int done = 0;
    prepare("calls-flying");
    fault("{\"endpoint\":\"comment\",\"fault\":{\"kind\":\"stall\"}}");
    for (int i = 0; i < 3; ++i) {
        id = start(scene.client, new_reader_upload("flying.mov", &readers[i]));
        first = first == 0 ? id : first;
    }
    start(scene.client, new_path_upload(make_file("flying.bin", 300000)));
    CHECK_STATUS(fio_comment(scene.client, "a-1", "clap", 0, count_done, &done, NULL), FIO_OK);
    drive_until_stuck(scene.client, first);
    CHECK_STATUS(fio_comment(scene.client, "a-2", "clap", 0, count_done, &done, NULL), FIO_OK);
    CHECK_EQUAL(scene.told.done, 0);
    for (int i = 0; i < 3; ++i)
        CHECK_EQUAL(readers[i].destroyed, 0);
    CHECK_STATUS(fio_client_free(scene.client), FIO_OK);
    CHECK_EQUAL(done, 2);
    for (int i = 0; i < 3; ++i)
        CHECK_EQUAL(readers[i].destroyed, 1);
}

static fio_status comment(const char *asset_id, const char *text, double frame)
{
    fio_op op = FIO_OP_NONE;
    int done = 0;
    fio_status status = fio_comment(scene.client, asset_id, text, frame, count_done, &done, &op);
    if (status != FIO_OK) {
        CHECK(op == FIO_OP_NONE && done == 0);
        return status;
    }
    status = fio_wait(scene.client, op);
    CHECK_EQUAL(done, 1);
    return status;
}

static void comments(void)
{
    char asset_id[65];
    const char *answer;
    fio_upload_id id;
    prepare("calls-comments");
    id = start(scene.client, new_path_upload(make_file("commented.mov", 100)));
    CHECK(info_of(scene.client, id)->asset_id == NULL);
    drive_to(scene.client, id, FIO_UPLOAD_DONE);
    snprintf(asset_id, sizeof asset_id, "%s", info_of(scene.client, id)->asset_id);
    CHECK_STATUS(comment(asset_id, "first line\n\tsecond \"line\"", 119.7), FIO_OK);
    CHECK_STATUS(comment(asset_id, "of the whole", -1), FIO_OK);
    fault("{\"endpoint\":\"comment\",\"fault\":{\"kind\":\"status\",\"status\":401}}");
    CHECK_STATUS(comment(asset_id, "after a refresh", 0), FIO_OK);
    answer = steer("GET", "/emulator/uploads", NULL);
    CHECK(strstr(answer, "\"first line\\n\\tsecond \\\"line\\\"\", \"timestamp\": 120") != NULL);
    CHECK(strstr(answer, "of the whole") != NULL && strstr(answer, "after a refresh") != NULL);
    CHECK_STATUS(comment("not-there", "clap", 1), FIO_E_NOT_FOUND);
    CHECK_STATUS(comment("", "clap", 1), FIO_E_ARGUMENT);
    CHECK_STATUS(comment("../me", "clap", 1), FIO_E_ARGUMENT);
    CHECK_STATUS(comment(asset_id, "", 1), FIO_E_ARGUMENT);
    CHECK_STATUS(comment(asset_id, "a bell \a", 1), FIO_E_ARGUMENT);
    CHECK_STATUS(comment(asset_id, "\xff", 1), FIO_E_UTF8);
    CHECK_STATUS(comment(asset_id, "clap", NAN), FIO_E_ARGUMENT);
    CHECK_STATUS(fio_comment(scene.client, NULL, "clap", 1, NULL, NULL, NULL), FIO_E_NULL);
    CHECK_STATUS(fio_comment(scene.client, asset_id, NULL, 1, NULL, NULL, NULL), FIO_E_NULL);
    CHECK_STATUS(fio_client_free(scene.client), FIO_OK);
}

/* The store of an application without a file system. */
static int saves;

static int32_t on_load(void *user, const char *key, uint8_t *buffer, size_t capacity, size_t *length)
{
    (void)user, (void)key, (void)buffer, (void)capacity, (void)length;
    return FIO_STORE_NOT_FOUND;
}

static int32_t on_save(void *user, const char *key, const uint8_t *value, size_t length)
{
    (void)user, (void)key;
    CHECK(length > 6 && memcmp(value, "FIOR", 4) == 0);
    ++saves;
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

static void cancel_every_second(void *user, const fio_upload_info *info)
{
    check_info(info);
    if (++*(int *)user % 2 == 0)
        CHECK_STATUS(fio_upload_cancel(scene.client, info->id), FIO_OK);
}

static void a_long_queue(void)
{
    const int count = test_rounds(2000);
    int shown = 0, before;
    const fio_totals *totals;
    fio_upload *upload;
    fio_upload_id last = 0, id;
    fio_config *config;
    memset(&scene, 0, sizeof scene);
    config = new_upload_config("calls-long", &scene.told);
    CHECK_STATUS(fio_config_set_store(config, on_load, on_save, on_erase, on_list, NULL, NULL), FIO_OK);
    CHECK_STATUS(fio_config_set_history(config, 10), FIO_OK);
    scene.client = new_client(config);
    scene.reader.size = 1000;
    upload = new_reader_upload("long.mov", &scene.reader);
    for (int i = 0; i < count; ++i) {
        before = saves;
        CHECK_STATUS(fio_upload_start(scene.client, upload, &id), FIO_OK);
        CHECK(id > last && saves - before >= 1 && saves - before <= 2);
        last = id;
    }
    CHECK_STATUS(fio_upload_free(upload), FIO_OK);
    CHECK_STATUS(fio_queue_totals(scene.client, &totals), FIO_OK);
    check_totals(totals);
    CHECK_EQUAL(totals->waiting, count);
    CHECK_EQUAL(totals->bytes_left, 1000 * count);
    CHECK_STATUS(fio_queue_list(scene.client, cancel_every_second, &shown), FIO_OK);
    CHECK_EQUAL(shown, count);
    CHECK_STATUS(fio_drive(scene.client, 0), FIO_OK);
    CHECK_STATUS(fio_queue_cancel_all(scene.client), FIO_OK);
    CHECK_EQUAL(scene.reader.destroyed, 1);
    CHECK_STATUS(fio_queue_totals(scene.client, &totals), FIO_OK);
    check_totals(totals);
    CHECK(totals->files_left == 0 && totals->canceled == (uint64_t)(count < 10 ? count : 10));
    CHECK_STATUS(fio_drive(scene.client, 0), FIO_OK);
    shown = 0;
    CHECK_STATUS(fio_queue_list(scene.client, count_upload, &shown), FIO_OK);
    CHECK_EQUAL(shown, count < 10 ? count : 10);
    printf("%d uploads, %d cancellations told\n", count, scene.told.canceled);
    CHECK_EQUAL(scene.told.canceled, count);
    CHECK_STATUS(fio_client_free(scene.client), FIO_OK);
}

int main(int argc, char **argv)
{
    test_begin(argc, argv);
    steer("POST", "/emulator/person", "{\"decision\":\"approve\",\"after_polls\":0}");
    part_bytes(65536);
    RUN(a_list_may_do_everything_but_wait());
    RUN(freed_in_the_list());
    RUN(a_reader_is_refused_everything());
    RUN(freed_in_a_reader());
    RUN(freed_in_a_destroy());
    RUN(freed_in_an_event(FIO_UPLOAD_UPLOADING));
    RUN(freed_in_an_event(FIO_UPLOAD_DONE));
    RUN(freed_in_an_event(-1));
    RUN(freed_with_parts_in_flight());
    RUN(comments());
    RUN(a_long_queue());
    return 0;
}
