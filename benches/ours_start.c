/*
 * A cold start through the library: a code is asked for and shown, and the process ends.
 *
 *     ours_start URL CA_FILE CLIENT_ID CLIENT_SECRET
 */

#include "bench.h"
#include "fio_c2c.h"

#include <string.h>

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
    fio_config *config = NULL;
    fio_client *client = NULL;
    fio_op op = FIO_OP_NONE;
    fio_status status;

    if (argc != 5) {
        (void)fprintf(stderr, "usage: %s URL CA_FILE CLIENT_ID CLIENT_SECRET\n", argv[0]);
        return 2;
    }
    if (fio_config_new(&config) != FIO_OK || fio_config_set_base_url(config, argv[1]) != FIO_OK
        || fio_config_set_ca_file(config, argv[2]) != FIO_OK
        || fio_config_set_client_id(config, argv[3]) != FIO_OK
        || fio_config_set_client_secret(config, argv[4], strlen(argv[4])) != FIO_OK
        || fio_config_set_client_version(config, "1.0.0") != FIO_OK
        || fio_client_new(config, &client) != FIO_OK)
        return 2;
    fio_config_free(config);

    status = fio_request_code(client, show, NULL, &op);
    if (status == FIO_OK)
        status = fio_wait(client, op);

    fio_client_free(client);
    return status != FIO_OK;
}
