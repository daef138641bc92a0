/* A power cut leaves the old record or the new one: what is written is on the disk before it gets its name, and the name
   is on the disk before anybody is told. Seen by the calls of the system, which this program passes on. */
#include "support.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#define TEMPORARY ".new"

/* What has been done to the file that is to become a record, and to the directory. */
static struct {
    const char *directory;
    int is_written, is_synchronized, is_renamed;
    int saves;
} store;

static void *real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    CHECK(found != NULL);
    return found;
}

enum place {
    ELSEWHERE,
    IN_FILE,
    IN_DIRECTORY
};

static enum place place_of(int descriptor)
{
    char link[64], path[PATH_MAX], file[PATH_MAX + 8];
    ssize_t length;
    if (store.directory == NULL)
        return ELSEWHERE;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return ELSEWHERE;
    path[length] = 0;
    snprintf(file, sizeof file, "%s/%s", store.directory, TEMPORARY);
    return strcmp(path, file) == 0 ? IN_FILE : strcmp(path, store.directory) == 0 ? IN_DIRECTORY : ELSEWHERE;
}

ssize_t write(int descriptor, const void *bytes, size_t length)
{
    ssize_t (*next)(int, const void *, size_t);
    *(void **)&next = real("write");
    if (place_of(descriptor) == IN_FILE) {
        CHECK(!store.is_renamed); /* The name before it is on the disk. */
        store.is_written = 1;
        store.is_synchronized = 0;
    }
    return next(descriptor, bytes, length);
}

int fsync(int descriptor)
{
    int (*next)(int);
    enum place place = place_of(descriptor);
    *(void **)&next = real("fsync");
    if (place == IN_FILE)
        store.is_synchronized = store.is_written;
    else if (place == IN_DIRECTORY && store.is_renamed) {
        store.is_renamed = 0;
        ++store.saves;
    }
    return next(descriptor);
}

int renameat(int from_directory, const char *from, int to_directory, const char *to)
{
    int (*next)(int, const char *, int, const char *);
    *(void **)&next = real("renameat");
    if (place_of(from_directory) == IN_DIRECTORY && strcmp(from, TEMPORARY) == 0) {
        CHECK(store.is_synchronized);
        CHECK(!store.is_renamed);
        store.is_written = store.is_synchronized = 0;
        store.is_renamed = 1;
    }
    return next(from_directory, from, to_directory, to);
}

static void tokens_are_on_the_disk_when_the_pairing_is_told(const char *directory)
{
    fio_config *config = new_config("SAVING-1");
    fio_client *client;
    CHECK_STATUS(fio_config_set_store_dir(config, directory), FIO_OK);
    client = new_client(config);
    pair(client);
    CHECK(store.saves > 0 && !store.is_renamed);
    CHECK_STATUS(fio_client_free(client), FIO_OK);
    CHECK(!store.is_renamed);
}

static void so_are_uploads_when_they_are_taken(const char *directory)
{
    char media[PATH_MAX + 8];
    fio_config *config = new_config("SAVING-1");
    fio_upload *upload = NULL;
    fio_client *client;
    FILE *file;
    int before;
    snprintf(media, sizeof media, "%s.mov", directory);
    file = fopen(media, "w");
    CHECK(file != NULL && fputs("media", file) >= 0 && fclose(file) == 0);
    CHECK_STATUS(fio_config_set_store_dir(config, directory), FIO_OK);
    client = new_client(config);
    before = store.saves;
    CHECK_STATUS(fio_upload_new(&upload), FIO_OK);
    CHECK_STATUS(fio_upload_set_path(upload, media), FIO_OK);
    CHECK_STATUS(fio_upload_start(client, upload, NULL), FIO_OK);
    CHECK(store.saves > before && !store.is_renamed);
    CHECK_STATUS(fio_upload_free(upload), FIO_OK);
    CHECK_STATUS(fio_client_free(client), FIO_OK);
}

int main(int argc, char **argv)
{
    char folder[PATH_MAX], directory[PATH_MAX];
    test_begin(argc, argv);
    steer("POST", "/emulator/person", "{\"decision\":\"approve\",\"after_polls\":0}");
    CHECK(realpath(test_folder, folder) != NULL);
    CHECK(snprintf(directory, sizeof directory, "%s/store", folder) < (int)sizeof directory);
    store.directory = directory;
    RUN(tokens_are_on_the_disk_when_the_pairing_is_told(directory));
    RUN(so_are_uploads_when_they_are_taken(directory));
    return 0;
}
