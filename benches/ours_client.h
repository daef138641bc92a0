/* What the programs that pair through the library share: a client without a store. */

#ifndef OURS_CLIENT_H
#define OURS_CLIENT_H

#include "fio_c2c.h"

#include <string.h>

/* arguments: URL CA_FILE CLIENT_ID CLIENT_SECRET. NULL if that did not work. */
static fio_client *new_client(char **arguments)
{
    fio_config *config = NULL;
    fio_client *client = NULL;

    if (fio_config_new(&config) == FIO_OK && fio_config_set_base_url(config, arguments[0]) == FIO_OK
        && fio_config_set_ca_file(config, arguments[1]) == FIO_OK
        && fio_config_set_client_id(config, arguments[2]) == FIO_OK
        && fio_config_set_client_secret(config, arguments[3], strlen(arguments[3])) == FIO_OK
        && fio_config_set_client_version(config, "1.0.0") == FIO_OK)
        (void)fio_client_new(config, &client);
    fio_config_free(config);
    return client;
}

#endif
