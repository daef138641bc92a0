/*
 * A cold start through the library: a code is asked for and shown, and the process ends.
 *
 *     ours_start URL CA_FILE CLIENT_ID CLIENT_SECRET
 */

#include "bench.h"
#include "ours_client.h"

static void show(void *user, const fio_error *error, const fio_code *code)
{
    (void)user;
    if (error != NULL)
        (void)fprintf(stderr, "code: %s: %s\n", error->name, error->message);
    else
        (void)printf("{\"user_code\": \"%s\", \"peak_kib\": %ld}\n", code->user_code, peak_memory_kib());
}

int main(int argc, char **argv)
{
    fio_client *client = NULL;
    fio_op op = FIO_OP_NONE;
    fio_status status;

    if (argc != 5) {
        (void)fprintf(stderr, "usage: %s URL CA_FILE CLIENT_ID CLIENT_SECRET\n", argv[0]);
        return 2;
    }
    client = new_client(argv + 1);
    if (client == NULL)
        return 2;

    status = fio_request_code(client, show, NULL, &op);
    if (status == FIO_OK)
        status = fio_wait(client, op);

    fio_client_free(client);
    return status != FIO_OK;
}
