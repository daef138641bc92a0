/* The shortest complete pairing: show a code, wait for the person, print the project.
 *
 *     pair https://api.frame.io /etc/ssl/certs/ca-certificates.crt CLIENT-SECRET
 *
 * (A product keeps the secret off the command line, and its pairing in a store: see camera.c.)
 */
#include <fio_c2c.h>
#include <stdio.h>
#include <string.h>

static void complain(const fio_error *error)
{
    if (error != NULL)
        fprintf(stderr, "%s: %s.\n%s\n", error->name, error->message, error->advice);
}

static void show(void *user, const fio_code *code)
{
    (void)user;
    printf("Enter %s at %s\n", code->user_code, code->verification_uri ? code->verification_uri : "Frame.io");
    if (code->verification_uri_complete != NULL)
        printf("or open %s\n", code->verification_uri_complete);
    fflush(stdout);
}

static void over(void *user, const fio_error *error, const fio_device *device)
{
    (void)user;
    complain(error);
    if (device != NULL)
        printf("Paired with project %s\n", device->project_name ? device->project_name : device->project_id);
}

static void heard(void *user, const fio_event *event)
{
    (void)user;
    if (event->kind == FIO_EVENT_RETRYING)
        complain(event->error); /* no network, mostly: fio_pair goes on asking */
}

int main(int argc, char **argv)
{
    fio_config *config = NULL;
    fio_client *client = NULL;
    fio_op op = FIO_OP_NONE;
    fio_status status = FIO_E_ARGUMENT;

    if (argc != 4) {
        fprintf(stderr, "usage: pair BASE-URL CA-FILE CLIENT-SECRET\n");
        return 2;
    }
    if (fio_config_new(&config) != FIO_OK || fio_config_set_base_url(config, argv[1]) != FIO_OK
        || fio_config_set_ca_file(config, argv[2]) != FIO_OK
        || fio_config_set_client_secret(config, argv[3], strlen(argv[3])) != FIO_OK
        || fio_config_set_client_id(config, "SERIAL-NUMBER-1") != FIO_OK /* of this unit */
        || fio_config_set_client_version(config, "1.0.0") != FIO_OK
        || fio_config_set_event(config, heard, NULL, NULL) != FIO_OK || fio_client_new(config, &client) != FIO_OK)
        complain(fio_config_error(config));
    else if (fio_pair(client, 5, show, over, NULL, &op) != FIO_OK)
        complain(fio_client_error(client));
    else
        status = fio_wait(client, op); /* runs show() for each code, then over() */

    fio_client_free(client);
    fio_config_free(config);
    return status == FIO_OK ? 0 : 1;
}
