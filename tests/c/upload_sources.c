/* Where the bytes of an upload come from: files, descriptors, readers, pushed data; and how long they are needed. */
#include "uploading.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>

#define MIB ((size_t)1 << 20)
/* The smallest part a recording has. */
#define FIRST_PART (5 * MIB)

static int open_descriptors(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    CHECK(folder != NULL);
    while (readdir(folder) != NULL)
        ++count;
    closedir(folder);
    return count;
}

static void a_path(void)
{
    struct told told;
    fio_client *client = new_uploader("sources-path", &told);
    const char *path = make_file("path.mov", 300000);
    fio_upload *upload = new_path_upload(path);
    const fio_upload_info *info, *other;
    fio_upload_id id;
    char asset_id[65];
    CHECK_STATUS(fio_upload_set_verify(upload, 1), FIO_OK);
    CHECK_STATUS(fio_upload_set_priority(upload, -7), FIO_OK);
    id = start(client, upload);
    CHECK(state_of(client, id) == FIO_UPLOAD_QUEUED || state_of(client, id) == FIO_UPLOAD_UPLOADING);
    drive_to(client, id, FIO_UPLOAD_DONE);
    CHECK_EQUAL(told.done, 1);
    CHECK(told.progress > 0 && told.files_left == 0);
    check_arrived("path.mov", path);

    /* What is shown stays as it is until the next one is shown. */
    info = info_of(client, id);
    snprintf(asset_id, sizeof asset_id, "%s", info->asset_id);
    for (int i = 0; i < 3; ++i) {
        int ignored = 0;
        const fio_totals *totals;
        CHECK_STATUS(fio_queue_totals(client, &totals), FIO_OK);
        check_totals(totals);
        CHECK_EQUAL(totals->done, 1);
        CHECK_STATUS(fio_device_info(client, count_device, &ignored, NULL), FIO_OK);
        CHECK_STATUS(fio_upload_prioritize(client, id, 3), FIO_E_STATE);
        CHECK_STATUS(fio_drive(client, 10), FIO_OK);
    }
    check_info(info);
    CHECK(strcmp(info->name, "path.mov") == 0 && strcmp(info->media_type, "video/quicktime") == 0);
    CHECK(strcmp(info->path, path) == 0 && strcmp(info->asset_id, asset_id) == 0);
    CHECK(info->size == 300000 && info->priority == -7 && info->is_recording == 0);
    CHECK(info->retry_in_ms == -1 && info->tag == NULL && info->project_id != NULL);
    /* A failed call gives nothing, and takes nothing away. */
    CHECK_STATUS(fio_upload_get(client, id + 1, &other), FIO_E_UNKNOWN_UPLOAD);
    CHECK(other == NULL);
    check_info(info);
    CHECK_STATUS(fio_upload_remove(client, id), FIO_OK);
    CHECK_STATUS(fio_upload_get(client, id, &other), FIO_E_UNKNOWN_UPLOAD);
    CHECK_STATUS(fio_client_free(client), FIO_OK);
}

static void a_descriptor(void)
{
    struct told told;
    fio_client *client = new_uploader("sources-descriptor", &told);
    const char *path = make_file("descriptor.bin", 200000);
    fio_upload *upload = new_upload("descriptor.mp4");
    int before = open_descriptors();
    int fd = open(path, O_RDONLY | O_CLOEXEC), own, other, ends[2];
    fio_upload_id id;
    CHECK(fd >= 0 && lseek(fd, 17, SEEK_SET) == 17);
    own = dup(fd);
    CHECK_STATUS(fio_upload_set_descriptor(upload, fd), FIO_OK);
    /* Its number may be used for something else at once. */
    CHECK_EQUAL(close(fd), 0);
    other = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK_EQUAL(other, fd);
    id = start(client, upload);
    drive_to(client, id, FIO_UPLOAD_DONE);
    check_arrived("descriptor.mp4", path);
    CHECK_EQUAL(lseek(own, 0, SEEK_CUR), 17);
    CHECK(info_of(client, id)->path == NULL);

    upload = new_upload("none.mp4");
    CHECK_EQUAL(pipe(ends), 0);
    CHECK_STATUS(fio_upload_set_descriptor(upload, ends[0]), FIO_E_SOURCE_KIND);
    CHECK(fio_upload_error(upload) != NULL && fio_upload_error(upload)->status == FIO_E_SOURCE_KIND);
    CHECK_STATUS(fio_upload_set_descriptor(upload, other), FIO_E_SOURCE_KIND);
    CHECK_STATUS(fio_upload_set_descriptor(upload, -1), FIO_E_ARGUMENT);
    CHECK_STATUS(fio_upload_set_descriptor(upload, 1 << 20), FIO_E_ARGUMENT);
    close(ends[0]);
    close(ends[1]);
    close(own);
    close(other);
    own = open(path, O_WRONLY | O_CLOEXEC);
    CHECK_STATUS(fio_upload_set_descriptor(upload, own), FIO_E_SOURCE_READ);
    close(own);
    CHECK_STATUS(fio_upload_start(client, upload, &id), FIO_E_ARGUMENT);
    CHECK_STATUS(fio_upload_free(upload), FIO_OK);
    /* Connections apart, which come and go, nothing stays open. */
    CHECK_STATUS(fio_client_free(client), FIO_OK);
    CHECK(open_descriptors() < before);
}

/* A reader is needed while its description can be started and while an upload of it goes on. */
static void a_reader_is_destroyed_in_time(const char *order)
{
    struct told told;
    struct reader reader = {.size = 100000, .answers = 7001};
    fio_client *client = new_uploader("sources-reader", &told);
    fio_upload *upload = new_reader_upload("reader.mov", &reader);
    fio_upload_id id;
    int is_freed = 0, is_over = 0;
    CHECK_STATUS(fio_upload_start(client, upload, &id), FIO_OK);
    for (const char *step = order; *step != '\0'; ++step) {
        switch (*step) {
        case 'b':
            CHECK_STATUS(fio_upload_free(upload), FIO_OK);
            is_freed = 1;
            break;
        case 's':
            CHECK_STATUS(fio_upload_set_pushed(upload), FIO_OK);
            is_freed = 1;
            break;
        case 'd':
            drive_to(client, id, FIO_UPLOAD_DONE);
            CHECK(reader.reads > 10);
            is_over = 1;
            break;
        case 'f': drive_until_stuck(client, id); break;
        case 'c':
            CHECK_STATUS(fio_upload_cancel(client, id), FIO_OK);
            CHECK_EQUAL(state_of(client, id), FIO_UPLOAD_CANCELED);
            is_over = 1;
            if (strchr(order, 'f') != NULL) {
                /* What is under way is broken off by the next drive, which is due at once, and reads no more. */
                struct pollfd ready = {.fd = fio_fd(client), .events = POLLIN};
                int reads = reader.reads;
                CHECK_EQUAL(poll(&ready, 1, -1), 1);
                CHECK_STATUS(fio_drive(client, 0), FIO_OK);
                CHECK_EQUAL(reader.reads, reads);
            }
            break;
        case 'x':
            CHECK_STATUS(fio_client_free(client), FIO_OK);
            is_over = 1;
            break;
        default: CHECK(!"a step");
        }
        if (reader.destroyed != (is_freed && is_over))
            fprintf(stderr, "order %s, after %c: destroyed %d times\n", order, *step, reader.destroyed);
        CHECK_EQUAL(reader.destroyed, is_freed && is_over);
    }
    CHECK_EQUAL(reader.destroyed, 1);
    if (strchr(order, 's') != NULL)
        CHECK_STATUS(fio_upload_free(upload), FIO_OK);
    if (strchr(order, 'x') == NULL)
        CHECK_STATUS(fio_client_free(client), FIO_OK);
}

static void one_reader_serves_several_uploads(void)
{
    struct told told;
    struct reader reader = {.size = 5000}, unused = {.size = 5};
    fio_client *client = new_uploader("sources-shared", &told);
    fio_upload *upload;
    fio_upload_id ids[3];
    CHECK_STATUS(fio_upload_new(&upload), FIO_OK);
    CHECK_STATUS(fio_upload_set_reader(upload, unused.size, reader_read, &unused, reader_destroy), FIO_OK);
    CHECK_STATUS(fio_upload_set_reader(upload, 5000, reader_read, &reader, reader_destroy), FIO_OK);
    CHECK_EQUAL(unused.destroyed, 1);
    CHECK_EQUAL(unused.reads, 0);
    /* A start that is refused changes nothing. */
    CHECK_STATUS(fio_upload_start(client, upload, &ids[0]), FIO_E_ARGUMENT);
    CHECK_STATUS(fio_client_error(client)->status, FIO_E_ARGUMENT);
    CHECK_STATUS(fio_upload_set_reader(upload, 0, NULL, NULL, reader_destroy), FIO_E_NULL);
    for (int i = 0; i < 3; ++i) {
        char name[32];
        snprintf(name, sizeof name, "shared-%d.mov", i);
        CHECK_STATUS(fio_upload_set_name(upload, name), FIO_OK);
        CHECK_STATUS(fio_upload_start(client, upload, &ids[i]), FIO_OK);
    }
    CHECK_STATUS(fio_upload_free(upload), FIO_OK);
    CHECK_STATUS(fio_upload_cancel(client, ids[2]), FIO_OK);
    drive_to(client, ids[0], FIO_UPLOAD_DONE);
    drive_to(client, ids[1], FIO_UPLOAD_DONE);
    CHECK_EQUAL(reader.destroyed, 1);
    check_arrived("shared-0.mov", make_file("shared.bin", 5000));
    check_arrived("shared-1.mov", make_file("shared.bin", 5000));
    CHECK_STATUS(fio_client_free(client), FIO_OK);
}

static void a_reader_that_fails(void)
{
    struct told told;
    struct reader bad = {.size = 90000, .answers = FIO_CB_ABORT}, good = {.size = 90000};
    fio_client *client = new_uploader("sources-failing", &told);
    fio_upload_id id = start(client, new_reader_upload("failing.mov", &bad));
    fio_upload *upload;
    drive_to(client, id, FIO_UPLOAD_FAILED);
    CHECK_STATUS(told.reason, FIO_E_SOURCE_READ);
    CHECK_EQUAL(told.failed, 1);
    CHECK_EQUAL(bad.destroyed, 1);
    CHECK_STATUS(fio_upload_retry(client, id), FIO_OK);
    CHECK_STATUS(info_of(client, id)->reason->status, FIO_E_SOURCE_NEEDED);
    upload = new_reader_upload("another name is not used.mov", &good);
    CHECK_STATUS(fio_upload_attach(client, id, upload), FIO_OK);
    CHECK_STATUS(fio_upload_free(upload), FIO_OK);
    drive_to(client, id, FIO_UPLOAD_DONE);
    CHECK_EQUAL(good.destroyed, 1);
    check_arrived("failing.mov", make_file("good.bin", 90000));
    CHECK_STATUS(fio_client_free(client), FIO_OK);
}

static void one_description_for_several_files(void)
{
    struct told told;
    fio_client *client = new_uploader("sources-reused", &told);
    fio_upload *upload;
    fio_upload_id ids[3];
    char paths[3][512];
    CHECK_STATUS(fio_upload_new(&upload), FIO_OK);
    for (int i = 0; i < 3; ++i) {
        char name[32];
        snprintf(name, sizeof name, "reused-%d.mov", i);
        snprintf(paths[i], sizeof paths[i], "%s", make_file(name, (size_t)(1000 + i)));
        CHECK_STATUS(fio_upload_set_path(upload, paths[i]), FIO_OK);
        CHECK_STATUS(fio_upload_start(client, upload, &ids[i]), FIO_OK);
    }
    CHECK(ids[0] < ids[1] && ids[1] < ids[2]);
    CHECK_STATUS(fio_upload_free(upload), FIO_OK);
    for (int i = 0; i < 3; ++i) {
        drive_to(client, ids[i], FIO_UPLOAD_DONE);
        check_arrived(strrchr(paths[i], '/') + 1, paths[i]);
    }
    CHECK_STATUS(fio_client_free(client), FIO_OK);
}

static void found_again_by_its_tag(void)
{
    static const uint8_t tag[] = {0, 1, 'c', 'l', 'i', 'p', 0};
    struct told told;
    struct reader before = {.size = 70000}, shorter = {.size = 69999}, after = {.size = 70000};
    const char *path = make_file("by itself.mov", 1234);
    char folder[512];
    fio_upload_id of_reader, of_path, id = 77;
    int32_t state = 77;
    fio_upload *upload;
    fio_config *config = new_upload_config("sources-tag", &told);
    fio_client *client;
    snprintf(folder, sizeof folder, "%s/tag-store", test_folder);
    CHECK_STATUS(fio_config_set_store_dir(config, folder), FIO_OK);
    CHECK_STATUS(fio_client_new(config, &client), FIO_OK);
    pair(client);
    upload = new_reader_upload("tagged.mov", &before);
    CHECK_STATUS(fio_upload_set_tag(upload, tag, sizeof tag), FIO_OK);
    of_reader = start(client, upload);
    of_path = start(client, new_path_upload(path));
    CHECK_STATUS(fio_client_free(client), FIO_OK);
    CHECK_EQUAL(before.destroyed, 1);

    CHECK_STATUS(fio_client_new(config, &client), FIO_OK);
    CHECK_STATUS(fio_config_free(config), FIO_OK);
    CHECK_STATUS(fio_upload_find(client, tag, sizeof tag, &id, &state), FIO_OK);
    CHECK(id == of_reader && state == FIO_UPLOAD_WAITING);
    CHECK_STATUS(fio_upload_find(client, tag, sizeof tag, NULL, NULL), FIO_OK);
    CHECK_STATUS(fio_upload_find(client, tag, sizeof tag - 1, &id, &state), FIO_E_UNKNOWN_UPLOAD);
    CHECK_EQUAL(id, FIO_UPLOAD_NONE);
    CHECK_STATUS(fio_upload_find(client, NULL, 0, &id, &state), FIO_E_UNKNOWN_UPLOAD);
    CHECK_STATUS(fio_upload_find(client, NULL, 1, &id, &state), FIO_E_NULL);
    CHECK_EQUAL(state_of(client, of_reader), FIO_UPLOAD_WAITING);
    CHECK_STATUS(info_of(client, of_reader)->reason->status, FIO_E_SOURCE_NEEDED);
    upload = new_reader_upload("unused", &shorter);
    CHECK_STATUS(fio_upload_attach(client, of_reader, upload), FIO_E_SOURCE_CHANGED);
    CHECK_EQUAL(shorter.destroyed, 0);
    CHECK_STATUS(fio_upload_set_reader(upload, after.size, reader_read, &after, reader_destroy), FIO_OK);
    CHECK_EQUAL(shorter.destroyed, 1);
    CHECK_STATUS(fio_upload_attach(client, of_reader, upload), FIO_OK);
    CHECK_STATUS(fio_upload_free(upload), FIO_OK);
    drive_to(client, of_reader, FIO_UPLOAD_DONE);
    drive_to(client, of_path, FIO_UPLOAD_DONE);
    CHECK_EQUAL(after.destroyed, 1);
    check_arrived("by itself.mov", path);
    check_arrived("tagged.mov", make_file("tagged.bin", 70000));

    /* The same clip is not sent twice, unless that is wanted. */
    upload = new_path_upload(path);
    CHECK_STATUS(fio_upload_set_tag(upload, tag, sizeof tag), FIO_OK);
    CHECK_STATUS(fio_upload_start(client, upload, &id), FIO_E_UPLOAD_EXISTS);
    CHECK_EQUAL(id, of_reader);
    CHECK(strstr(fio_client_error(client)->message, "sent already") != NULL);
    CHECK_STATUS(fio_upload_start(client, upload, NULL), FIO_E_UPLOAD_EXISTS);
    CHECK_STATUS(fio_upload_remove(client, of_reader), FIO_OK);
    CHECK_STATUS(fio_upload_start(client, upload, &id), FIO_E_UPLOAD_EXISTS);
    CHECK_EQUAL(id, of_reader);
    CHECK_STATUS(fio_queue_forget_tags(client), FIO_OK);
    CHECK_STATUS(fio_upload_find(client, tag, sizeof tag, &id, &state), FIO_E_UNKNOWN_UPLOAD);
    CHECK_STATUS(fio_upload_set_again(upload, 2), FIO_E_ARGUMENT);
    for (int i = 0; i < 2; ++i) {
        CHECK_STATUS(fio_upload_set_again(upload, i), FIO_OK);
        CHECK_STATUS(fio_upload_start(client, upload, &id), FIO_OK);
        drive_to(client, id, FIO_UPLOAD_DONE);
    }
    CHECK_STATUS(fio_upload_free(upload), FIO_OK);
    CHECK_STATUS(fio_client_free(client), FIO_OK);
}

static void push_material(fio_client *client, fio_upload_id id, uint64_t offset, size_t length)
{
    static unsigned char buffer[MIB];
    while (length > 0) {
        size_t count = length < sizeof buffer ? length : sizeof buffer;
        material(offset, buffer, count);
        CHECK_STATUS(fio_upload_push(client, id, offset, buffer, count), FIO_OK);
        offset += count;
        length -= count;
    }
}

static fio_upload *new_recording(const char *extension, uint64_t held_head)
{
    fio_upload *upload = new_upload(NULL);
    CHECK_STATUS(fio_upload_set_extension(upload, extension), FIO_OK);
    CHECK_STATUS(fio_upload_set_recording(upload, 0, held_head), FIO_OK);
    return upload;
}

/* A growing file: parts go as they become complete, its head last. */
static void a_file_that_is_recorded(void)
{
    struct told told;
    fio_client *client = new_uploader("sources-recorded", &told);
    const char *path = make_file("recorded.bin", 2 * FIRST_PART + MIB);
    fio_upload *upload = new_recording(".mov", 100);
    fio_upload_id id;
    FILE *file;
    CHECK_STATUS(fio_upload_set_path(upload, path), FIO_OK);
    id = start(client, upload);
    CHECK_STATUS(fio_upload_finish(client, id, -1, NULL), FIO_E_ARGUMENT);
    CHECK_STATUS(fio_upload_push(client, id, 0, (const uint8_t *)"data", 4), FIO_E_STATE);
    CHECK_STATUS(fio_upload_advance(client, id, (uint64_t)1 << 60), FIO_E_ARGUMENT);
    CHECK_STATUS(fio_upload_advance(client, id, 2 * FIRST_PART + 1), FIO_OK);
    CHECK_EQUAL(info_of(client, id)->is_recording, 1);
    CHECK_EQUAL(info_of(client, id)->name_length, 0);
    drive_to_bytes(client, id, FIRST_PART);
    file = fopen(path, "r+b");
    CHECK(file != NULL && fwrite("a head that is written again", 1, 28, file) == 28);
    CHECK(fseek(file, 0, SEEK_END) == 0 && fwrite("the end", 1, 7, file) == 7 && fclose(file) == 0);
    CHECK_STATUS(fio_upload_finish(client, id, -1, "recorded.mov"), FIO_OK);
    CHECK_STATUS(fio_upload_finish(client, id, -1, NULL), FIO_E_STATE);
    CHECK_STATUS(fio_upload_advance(client, id, 1), FIO_E_STATE);
    CHECK_EQUAL(info_of(client, id)->is_recording, 0);
    drive_to(client, id, FIO_UPLOAD_DONE);
    check_arrived("recorded.mov", path);
    CHECK_STATUS(fio_client_free(client), FIO_OK);
}

static void a_recording_that_is_pushed(void)
{
    struct told told;
    fio_client *client = new_uploader("sources-pushed", &told);
    fio_upload *upload = new_recording(".mp4", 0);
    fio_upload_id id;
    CHECK_STATUS(fio_upload_set_pushed(upload), FIO_OK);
    id = start(client, upload);
    CHECK_STATUS(fio_upload_advance(client, id, 1), FIO_E_STATE);
    push_material(client, id, 0, FIRST_PART + 1);
    CHECK_STATUS(fio_upload_push(client, id, 0, (const uint8_t *)"data", 4), FIO_E_ARGUMENT);
    CHECK_STATUS(fio_upload_push(client, id, FIRST_PART + 2, (const uint8_t *)"data", 4), FIO_E_ARGUMENT);
    drive_to_bytes(client, id, FIRST_PART);
    push_material(client, id, FIRST_PART + 1, 4321);
    CHECK_STATUS(fio_upload_finish(client, id, -1, "pushed.mp4"), FIO_OK);
    CHECK_STATUS(fio_upload_push(client, id, FIRST_PART + 4322, (const uint8_t *)"data", 4), FIO_E_STATE);
    drive_to(client, id, FIO_UPLOAD_DONE);
    check_arrived("pushed.mp4", make_file("pushed.bin", FIRST_PART + 4322));

    /* An empty one fails at once. */
    upload = new_recording(".mp4", 0);
    CHECK_STATUS(fio_upload_set_pushed(upload), FIO_OK);
    id = start(client, upload);
    CHECK_STATUS(fio_upload_finish(client, id, -1, "empty.mp4"), FIO_OK);
    CHECK_EQUAL(state_of(client, id), FIO_UPLOAD_FAILED);
    CHECK_STATUS(info_of(client, id)->reason->status, FIO_E_SOURCE_EMPTY);
    CHECK_STATUS(fio_client_free(client), FIO_OK);
}

/* Memory for pushed data has an end, and begins again when a part has arrived. */
static void pushing_too_much(void)
{
    static unsigned char buffer[4 * MIB];
    struct told told;
    fio_config *config = new_upload_config("sources-too-much", &told);
    fio_client *client;
    fio_upload *upload = new_recording(".mp4", 0);
    fio_upload_id id;
    uint64_t end = 0;
    fio_status status;
    CHECK_STATUS(fio_config_set_parallel_parts(config, 1), FIO_OK);
    client = new_client(config);
    pair(client);
    CHECK_STATUS(fio_upload_set_pushed(upload), FIO_OK);
    id = start(client, upload);
    while ((status = fio_upload_push(client, id, end, buffer, sizeof buffer)) == FIO_OK)
        end += sizeof buffer;
    CHECK_STATUS(status, FIO_E_WOULD_BLOCK);
    CHECK_STATUS(fio_client_error(client)->status, FIO_E_WOULD_BLOCK);
    CHECK_EQUAL(end, 64 * MIB);
    CHECK_EQUAL(info_of(client, id)->size, end);
    /* Nothing was taken: the same bytes are pushed again when there is room. */
    while ((status = fio_upload_push(client, id, end, buffer, sizeof buffer)) == FIO_E_WOULD_BLOCK)
        CHECK_STATUS(fio_drive(client, -1), FIO_OK);
    CHECK_STATUS(status, FIO_OK);
    CHECK(info_of(client, id)->confirmed >= FIRST_PART);
    CHECK_STATUS(fio_upload_cancel(client, id), FIO_OK);
    CHECK_STATUS(fio_client_free(client), FIO_OK);
}

int main(int argc, char **argv)
{
    static const char *const orders[] = {"bd", "db", "bx", "xb", "dxb", "bdx", "bfc", "fcb", "bfx", "fxb", "sd", "fsx"};
    test_begin(argc, argv);
    steer("POST", "/emulator/person", "{\"decision\":\"approve\",\"after_polls\":0}");
    part_bytes(65536);
    RUN(a_path());
    RUN(a_descriptor());
    for (size_t i = 0; i < sizeof orders / sizeof *orders; ++i)
        RUN(a_reader_is_destroyed_in_time(orders[i]));
    RUN(one_reader_serves_several_uploads());
    RUN(a_reader_that_fails());
    RUN(one_description_for_several_files());
    RUN(found_again_by_its_tag());
    RUN(a_file_that_is_recorded());
    RUN(a_recording_that_is_pushed());
    RUN(pushing_too_much());
    return 0;
}
