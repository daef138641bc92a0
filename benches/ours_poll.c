/*
 * The same job through the library: a code, then polls until the person decides.
 *
 *     ours_poll URL CA_FILE CLIENT_ID CLIENT_SECRET
 */

#include "bench.h"
#include "ours_client.h"

static void on_code(void *user, const fio_error *error, const fio_code *code)
{
    (void)user;
    (void)code;
    if (error != NULL)
        (void)fprintf(stderr, "code: %s: %s\n", error->name, error->message);
}

static void on_done(void *user, const fio_error *error)
{
    (void)user;
    if (error != NULL)
        (void)fprintf(stderr, "poll: %s: %s\n", error->name, error->message);
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

    status = fio_request_code(client, on_code, NULL, &op);
    if (status == FIO_OK)
        status = fio_wait(client, op);
    if (status == FIO_OK)
        status = fio_poll(client, on_done, NULL, &op);
    if (status == FIO_OK)
        status = fio_wait(client, op);
    (void)printf("{\"peak_kib\": %ld}\n", peak_memory_kib());

    fio_client_free(client);
    return status != FIO_OK;
}
