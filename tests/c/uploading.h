/* What the programs about uploads share: material, a client that counts its events, ways to drive to an end. */
#ifndef UPLOADING_H
#define UPLOADING_H

#include "support.h"

/* What the events of one client said. */
struct told {
    int uploads, progress, done, failed, canceled;
    /* Of the last FIO_EVENT_UPLOAD. */
    fio_upload_id id;
    int32_t state;
    fio_status reason;
    /* Of the last FIO_EVENT_PROGRESS. */
    uint64_t files_left;
};

/* A config whose events are checked and counted; nothing is kept. `told` outlives the client. */
fio_config *new_upload_config(const char *client_id, struct told *told);
/* A paired client of such a config. */
fio_client *new_uploader(const char *client_id, struct told *told);

/* The material: every byte follows from its offset. */
void material(uint64_t offset, void *buffer, size_t length);
/* A file of it in the test's folder. The path is valid until the next call. */
const char *make_file(const char *name, size_t size);

/* A reader of material. With `answers` negative it fails; otherwise it gives at most so many bytes at once. */
struct reader {
    uint64_t size;
    int64_t answers;
    int reads, destroyed;
};
int64_t reader_read(void *user, uint64_t offset, uint8_t *buffer, size_t length);
void reader_destroy(void *user);

fio_upload *new_upload(const char *name);
fio_upload *new_path_upload(const char *path);
fio_upload *new_reader_upload(const char *name, struct reader *reader);
/* Starts what is described and frees the description. */
fio_upload_id start(fio_client *client, fio_upload *upload);

/* An info as it should be, whatever it says. */
void check_info(const fio_upload_info *info);
void check_totals(const fio_totals *totals);
/* The info of an upload that must be known. */
const fio_upload_info *info_of(fio_client *client, fio_upload_id id);
int32_t state_of(fio_client *client, fio_upload_id id);

/* Waits without end until an upload is in that state: a readiness that is missed is a program that hangs. */
void drive_to(fio_client *client, fio_upload_id id, int32_t state);
/* Waits without end until the storage has confirmed so many bytes. */
void drive_to_bytes(fio_client *client, fio_upload_id id, uint64_t confirmed);
/* Drives until parts are under way for which no answer will ever come. */
void drive_until_stuck(fio_client *client, fio_upload_id id);

/* The newest asset of that name is complete and has the bytes of this file. */
void check_arrived(const char *name, const char *path);
/* The parts of the emulator's addresses have so many bytes. */
void part_bytes(int bytes);

#endif
