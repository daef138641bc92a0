/* What the programs that upload through the library share: a configuration, a pairing, and waiting for
   the end of uploads. */

#ifndef OURS_H
#define OURS_H

#include "fio_c2c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Uploads that are over. */
struct ended {
    long done;
    long otherwise;
};

static inline double now_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void check(fio_status status, const char *what, const fio_error *error)
{
    if (status == FIO_OK)
        return;
    (void)fprintf(stderr, "%s: %s: %s\n", what, fio_status_name(status), error != NULL ? error->message : "");
    exit(1);
}

static void on_event(void *user, const fio_event *event)
{
    struct ended *ended = user;
    const fio_upload_info *upload = event->upload;

    if (event->kind != FIO_EVENT_UPLOAD)
        return;
    if (upload->state == FIO_UPLOAD_DONE)
        ended->done++;
    else if (upload->state == FIO_UPLOAD_FAILED || upload->state == FIO_UPLOAD_SKIPPED)
        ended->otherwise++;
    if (upload->reason != NULL)
        (void)fprintf(stderr, "upload: %s: %s\n", upload->reason->name, upload->reason->message);
}

/* arguments: URL CA_FILE CLIENT_ID CLIENT_SECRET. Without a store: what is kept is kept in memory. */
static fio_config *forgetful_configuration(char **arguments, struct ended *ended)
{
    fio_config *config = NULL;

    check(fio_config_new(&config), "configuration", NULL);
    check(fio_config_set_base_url(config, arguments[0]), "URL", fio_config_error(config));
    check(fio_config_set_ca_file(config, arguments[1]), "CA file", fio_config_error(config));
    check(fio_config_set_client_id(config, arguments[2]), "client id", fio_config_error(config));
    check(fio_config_set_client_secret(config, arguments[3], strlen(arguments[3])), "client secret",
          fio_config_error(config));
    check(fio_config_set_client_version(config, "1.0.0"), "version", fio_config_error(config));
    check(fio_config_set_event(config, on_event, ended, NULL), "events", fio_config_error(config));
    return config;
}

/* arguments: URL CA_FILE CLIENT_ID CLIENT_SECRET STORE */
static inline fio_config *configuration(char **arguments, struct ended *ended)
{
    fio_config *config = forgetful_configuration(arguments, ended);

    check(fio_config_set_store_dir(config, arguments[4]), "store", fio_config_error(config));
    return config;
}

/* Makes the client, and frees the configuration. */
static fio_client *client_of(fio_config *config)
{
    fio_client *client = NULL;

    check(fio_client_new(config, &client), "client", fio_config_error(config));
    (void)fio_config_free(config);
    return client;
}

static inline void ignore_code(void *user, const fio_code *code)
{
    (void)user;
    (void)code;
}

static inline void pair(fio_client *client)
{
    fio_op op = FIO_OP_NONE;

    check(fio_pair(client, 1, ignore_code, NULL, NULL, &op), "pairing", fio_client_error(client));
    check(fio_wait(client, op), "pairing", NULL);
}

static inline void drive_until_done(fio_client *client, const struct ended *ended, long count)
{
    while (ended->done < count && ended->otherwise == 0)
        check(fio_drive(client, -1), "drive", fio_client_error(client));
    if (ended->otherwise > 0)
        exit(1);
}

#endif
