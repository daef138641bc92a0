/*
 * The same job through the library: one file, in parts as the others send them, five at a time at most; and
 * as on a device, with a store that knows after a power cut where it was.
 *
 *     ours_upload URL CA_FILE CLIENT_ID CLIENT_SECRET STORE          only pairs
 *     ours_upload URL CA_FILE CLIENT_ID CLIENT_SECRET STORE FILE     with the pairing that is in the store
 */

#include "bench.h"
#include "ours.h"

#include <sys/stat.h>

int main(int argc, char **argv)
{
    struct ended ended = {0, 0};
    fio_client *client;
    struct stat file;
    fio_upload *upload = NULL;

    if (argc != 6 && argc != 7) {
        (void)fprintf(stderr, "usage: %s URL CA_FILE CLIENT_ID CLIENT_SECRET STORE [FILE]\n", argv[0]);
        return 2;
    }
    client = client_of(configuration(argv + 1, &ended));
    if (argc == 6) {
        pair(client);
        return fio_client_free(client) != FIO_OK;
    }
    check(fio_upload_new(&upload), "upload", NULL);
    check(fio_upload_set_path(upload, argv[6]), "path", fio_upload_error(upload));
    /* The parts that the others send: of 25 MB. */
    if (stat(argv[6], &file) == 0)
        check(fio_upload_set_parts(upload, (uint32_t)((file.st_size + 24999999) / 25000000)), "parts",
              fio_upload_error(upload));
    check(fio_upload_start(client, upload, NULL), "start", fio_client_error(client));
    (void)fio_upload_free(upload);
    drive_until_done(client, &ended, 1);
    (void)printf("{\"peak_kib\": %ld}\n", peak_memory_kib());

    (void)fio_client_free(client);
    return 0;
}
