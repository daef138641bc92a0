/*
 * Files through the library as they come, with nothing set: it chooses parts, and how many travel at once.
 *
 *     ours_parts URL CA_FILE CLIENT_ID CLIENT_SECRET STORE FILE...
 */

#include "bench.h"
#include "ours.h"

int main(int argc, char **argv)
{
    struct ended ended = {0, 0};
    fio_client *client;
    int i;

    if (argc < 7) {
        (void)fprintf(stderr, "usage: %s URL CA_FILE CLIENT_ID CLIENT_SECRET STORE FILE...\n", argv[0]);
        return 2;
    }
    client = client_of(configuration(argv + 1, &ended));
    pair(client);
    for (i = 6; i < argc; i++) {
        fio_upload *upload = NULL;

        check(fio_upload_new(&upload), "upload", NULL);
        check(fio_upload_set_path(upload, argv[i]), "path", fio_upload_error(upload));
        check(fio_upload_start(client, upload, NULL), "start", fio_client_error(client));
        (void)fio_upload_free(upload);
    }
    drive_until_done(client, &ended, argc - 6);
    (void)printf("{\"peak_kib\": %ld}\n", peak_memory_kib());
    return fio_client_free(client) != FIO_OK;
}
