#include "uploading.h"

#include <fcntl.h>

static void check_string(const char *text, size_t length)
{
    CHECK_EQUAL(text == NULL ? 0 : strlen(text), length);
}

void check_info(const fio_upload_info *info)
{
    CHECK_EQUAL(info->struct_size, sizeof *info);
    CHECK(info->id != FIO_UPLOAD_NONE);
    CHECK(info->state >= FIO_UPLOAD_QUEUED && info->state <= FIO_UPLOAD_CANCELED);
    CHECK(info->name != NULL && info->media_type != NULL);
    check_string(info->name, info->name_length);
    check_string(info->media_type, info->media_type_length);
    check_string(info->path, info->path_length);
    check_string(info->asset_id, info->asset_id_length);
    check_string(info->project_id, info->project_id_length);
    CHECK_EQUAL(info->tag == NULL, info->tag_length == 0);
    CHECK(info->tag == NULL || info->tag[info->tag_length] == 0);
    CHECK(info->confirmed + info->in_flight <= info->size);
    CHECK(info->retry_in_ms >= -1);
    CHECK(info->part_safe_in_ms >= -1);
    CHECK(info->part_safe_in_ms == -1 || info->parts_in_flight > 0);
    CHECK(info->is_link_too_weak == 0 || info->is_link_too_weak == 1);
    CHECK(info->is_recording == 0 || info->is_recording == 1);
    if (info->state == FIO_UPLOAD_WAITING || info->state == FIO_UPLOAD_FAILED || info->state == FIO_UPLOAD_SKIPPED)
        CHECK(info->reason != NULL);
    if (info->reason != NULL) {
        CHECK_EQUAL(info->reason->struct_size, sizeof *info->reason);
        CHECK(info->reason->status < 0);
        check_string(info->reason->message, info->reason->message_length);
    }
    if (info->state == FIO_UPLOAD_DONE)
        CHECK(info->reason == NULL && info->confirmed == info->size && info->in_flight == 0 && info->asset_id != NULL);
}

void check_totals(const fio_totals *totals)
{
    CHECK_EQUAL(totals->struct_size, sizeof *totals);
    CHECK_EQUAL(totals->files_left, totals->queued + totals->uploading + totals->waiting);
    CHECK(totals->is_paused == 0 || totals->is_paused == 1);
    CHECK(totals->seconds_left >= -1);
    CHECK(totals->part_safe_in_ms == -1 || (totals->part_safe_in_ms >= 0 && totals->parts_in_flight > 0));
    CHECK(totals->is_link_too_weak == 0 || totals->is_link_too_weak == 1);
    CHECK(totals->files_left > 0 || (totals->bytes_left == 0 && totals->current == FIO_UPLOAD_NONE));
}

static void on_event(void *user, const fio_event *event)
{
    struct told *told = user;
    CHECK_EQUAL(event->struct_size, sizeof *event);
    switch (event->kind) {
    case FIO_EVENT_UPLOAD:
        CHECK(event->error == NULL && event->device == NULL && event->totals == NULL && event->wait_ms == -1);
        check_info(event->upload);
        ++told->uploads;
        told->id = event->upload->id;
        told->state = event->upload->state;
        told->reason = event->upload->reason == NULL ? FIO_OK : event->upload->reason->status;
        told->done += told->state == FIO_UPLOAD_DONE;
        told->failed += told->state == FIO_UPLOAD_FAILED;
        told->canceled += told->state == FIO_UPLOAD_CANCELED;
        break;
    case FIO_EVENT_PROGRESS:
        CHECK(event->error == NULL && event->device == NULL && event->wait_ms == -1);
        check_totals(event->totals);
        CHECK_EQUAL(event->upload == NULL ? FIO_UPLOAD_NONE : event->upload->id, event->totals->current);
        if (event->upload != NULL)
            check_info(event->upload);
        ++told->progress;
        told->files_left = event->totals->files_left;
        break;
    default: CHECK(event->upload == NULL && event->totals == NULL); break;
    }
}

fio_config *new_upload_config(const char *client_id, struct told *told)
{
    fio_config *config = new_config(client_id);
    memset(told, 0, sizeof *told);
    CHECK_STATUS(fio_config_set_event(config, on_event, told, NULL), FIO_OK);
    CHECK_STATUS(fio_config_set_progress_interval(config, 100), FIO_OK);
    return config;
}

fio_client *new_uploader(const char *client_id, struct told *told)
{
    fio_client *client = new_client(new_upload_config(client_id, told));
    pair(client);
    return client;
}

void material(uint64_t offset, void *buffer, size_t length)
{
    /* Long enough that parts differ, and nothing to be computed byte by byte under a slow instrument. */
    enum {
        PERIOD = 65521
    };
    static unsigned char period[2 * PERIOD];
    static int is_made;
    if (!__atomic_load_n(&is_made, __ATOMIC_ACQUIRE)) {
        for (uint32_t i = 0; i < sizeof period; ++i)
            __atomic_store_n(&period[i], (unsigned char)((i % PERIOD * 2654435761u) >> 17), __ATOMIC_RELAXED);
        __atomic_store_n(&is_made, 1, __ATOMIC_RELEASE);
    }
    for (size_t done = 0; done < length;) {
        size_t at = (size_t)((offset + done) % PERIOD);
        size_t count = length - done < PERIOD ? length - done : PERIOD;
        memcpy((unsigned char *)buffer + done, period + at, count);
        done += count;
    }
}

const char *make_file(const char *name, size_t size)
{
    static char path[512];
    static unsigned char buffer[1 << 16];
    FILE *file;
    CHECK(snprintf(path, sizeof path, "%s/%s", test_folder, name) < (int)sizeof path);
    file = fopen(path, "wb");
    CHECK(file != NULL);
    for (size_t done = 0; done < size;) {
        size_t count = size - done < sizeof buffer ? size - done : sizeof buffer;
        material(done, buffer, count);
        CHECK_EQUAL(fwrite(buffer, 1, count, file), count);
        done += count;
    }
    CHECK_EQUAL(fclose(file), 0);
    return path;
}

int64_t reader_read(void *user, uint64_t offset, uint8_t *buffer, size_t length)
{
    struct reader *reader = user;
    uint64_t count;
    CHECK_EQUAL(reader->destroyed, 0);
    ++reader->reads;
    if (reader->answers < 0)
        return reader->answers;
    if (offset >= reader->size)
        return 0;
    count = reader->size - offset < length ? reader->size - offset : length;
    if (reader->answers > 0 && count > (uint64_t)reader->answers)
        count = (uint64_t)reader->answers;
    material(offset, buffer, (size_t)count);
    return (int64_t)count;
}

void reader_destroy(void *user)
{
    CHECK_EQUAL(++((struct reader *)user)->destroyed, 1);
}

fio_upload *new_upload(const char *name)
{
    fio_upload *upload;
    CHECK_STATUS(fio_upload_new(&upload), FIO_OK);
    CHECK_STATUS(fio_upload_set_name(upload, name), FIO_OK);
    return upload;
}

fio_upload *new_path_upload(const char *path)
{
    fio_upload *upload = new_upload(NULL);
    CHECK_STATUS(fio_upload_set_path(upload, path), FIO_OK);
    return upload;
}

fio_upload *new_reader_upload(const char *name, struct reader *reader)
{
    fio_upload *upload = new_upload(name);
    CHECK_STATUS(fio_upload_set_reader(upload, reader->size, reader_read, reader, reader_destroy), FIO_OK);
    return upload;
}

fio_upload_id start(fio_client *client, fio_upload *upload)
{
    fio_upload_id id;
    CHECK_STATUS(fio_upload_start(client, upload, &id), FIO_OK);
    CHECK(id != FIO_UPLOAD_NONE);
    CHECK_STATUS(fio_upload_free(upload), FIO_OK);
    return id;
}

const fio_upload_info *info_of(fio_client *client, fio_upload_id id)
{
    const fio_upload_info *info;
    CHECK_STATUS(fio_upload_get(client, id, &info), FIO_OK);
    check_info(info);
    CHECK_EQUAL(info->id, id);
    return info;
}

int32_t state_of(fio_client *client, fio_upload_id id)
{
    return info_of(client, id)->state;
}

void drive_to(fio_client *client, fio_upload_id id, int32_t state)
{
    while (state_of(client, id) != state) {
        const fio_upload_info *info = info_of(client, id);
        /* What is over stays as it is: say so instead of waiting for the time limit. */
        if (info->state >= FIO_UPLOAD_DONE) {
            fprintf(stderr, "%s ended in state %d: %s\n", info->name, (int)info->state,
                    info->reason == NULL ? "no reason" : info->reason->message);
            _exit(1);
        }
        CHECK_STATUS(fio_drive(client, -1), FIO_OK);
    }
}

void drive_to_bytes(fio_client *client, fio_upload_id id, uint64_t confirmed)
{
    /* Nothing is told of a recording that has nothing to send for now. */
    while (info_of(client, id)->confirmed < confirmed)
        CHECK_STATUS(fio_drive(client, 50), FIO_OK);
}

void drive_until_stuck(fio_client *client, fio_upload_id id)
{
    fault("{\"endpoint\":\"part\",\"times\":1000,\"fault\":{\"kind\":\"stall\"}}");
    while (info_of(client, id)->in_flight == 0) {
        CHECK(state_of(client, id) < FIO_UPLOAD_DONE);
        CHECK_STATUS(fio_drive(client, -1), FIO_OK);
    }
    steer("DELETE", "/emulator/faults", NULL);
}

void check_arrived(const char *name, const char *path)
{
    char request[1024];
    snprintf(request, sizeof request, "{\"name\":\"%s\",\"path\":\"%s\"}", name, path);
    steer("ARRIVED", "-", request);
}

void part_bytes(int bytes)
{
    char settings[64];
    snprintf(settings, sizeof settings, "{\"part_bytes\":%d}", bytes);
    steer("POST", "/emulator/settings", settings);
}
