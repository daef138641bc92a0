/* What camera.c and upload.c have in common: their command line, the client's configuration, signals, time,
 * and how a failure is told. What they have in common about uploads is in uploads.h.
 */
#ifndef SETUP_H
#define SETUP_H

#include <fio_c2c.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FIRMWARE_VERSION "1.4.0"
#define KEY_LENGTH 32

/* ---- Signals and time --------------------------------------------------------------------------- */

static volatile sig_atomic_t stop_requested;

static void request_stop(int signal_number)
{
    (void)signal_number;
    stop_requested = 1;
}

/* Without SA_RESTART: a signal must end the wait in fio_drive(). */
static int setup_catch_signals(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = request_stop;
    sigemptyset(&action.sa_mask);
    return sigaction(SIGINT, &action, NULL) == 0 && sigaction(SIGTERM, &action, NULL) == 0 ? 0 : -1;
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- What is told ------------------------------------------------------------------------------- */

static void print_error(const char *what, const fio_error *error)
{
    if (error == NULL)
        fprintf(stderr, "%s.\n", what);
    else
        fprintf(stderr, "%s: %s. (%s)\n%s\n", what, error->message, error->name, error->advice);
}

static void on_log(void *user, int32_t level, const char *line, size_t length)
{
    (void)user;
    (void)level;
    fprintf(stderr, "log: %.*s\n", (int)length, line);
}

/* ---- The command line --------------------------------------------------------------------------- */

struct setup {
    const char *base_url;
    const char *ca_file;
    const char *store;
    const char *store_key_file;
    const char *client_id;
    const char *client_secret;
    int32_t log_level;
    int help;
};

#define SETUP_OPTIONS                                                                                                  \
    {"client-id", required_argument, NULL, 'i'}, {"client-secret", required_argument, NULL, 's'},                      \
        {"base-url", required_argument, NULL, 'u'}, {"ca-file", required_argument, NULL, 'c'},                         \
        {"store", required_argument, NULL, 'd'}, {"store-key-file", required_argument, NULL, 'k'},                     \
        {"log", optional_argument, NULL, 'l'},                                                                         \
    {                                                                                                                  \
        "help", no_argument, NULL, 'h'                                                                                 \
    }

#define SETUP_USAGE                                                                                                    \
    "  --client-id ID          serial number of this camera (required)\n"                                              \
    "  --client-secret SECRET  secret of the camera model; better in the environment variable\n"                       \
    "                          FIO_CLIENT_SECRET, where other users cannot see it (required)\n"                        \
    "  --base-url URL          the service; default https://api.frame.io\n"                                            \
    "  --ca-file FILE          trusted certificates; default those of the system\n"                                    \
    "  --store DIR             keeps the pairing and the queue across restarts\n"                                      \
    "  --store-key-file FILE   32 bytes that seal the store\n"                                                         \
    "  --log[=LEVEL]           library's log on standard error, 1 (errors) to 5; default 4\n"

/* Takes one of SETUP_OPTIONS. Returns 0, or -1 if it is none of them. */
static int setup_take(struct setup *setup, int option, const char *value)
{
    switch (option) {
    case 'i': setup->client_id = value; break;
    case 's': setup->client_secret = value; break;
    case 'u': setup->base_url = value; break;
    case 'c': setup->ca_file = value; break;
    case 'd': setup->store = value; break;
    case 'k': setup->store_key_file = value; break;
    case 'l': setup->log_level = value == NULL ? FIO_LOG_DEBUG : (int32_t)atoi(value); break;
    case 'h': setup->help = 1; break;
    default: return -1;
    }
    return 0;
}

/* ---- The configuration -------------------------------------------------------------------------- */

/* A plain memset() of memory that is not read again may be left out by the compiler. */
static void wipe(uint8_t *bytes, size_t length)
{
    volatile uint8_t *byte = bytes;

    while (length-- > 0)
        *byte++ = 0;
}

/* Reads a key without stdio, whose buffers would keep a copy. Returns 0, or -1 with a message. */
static int read_key(const char *path, uint8_t key[KEY_LENGTH])
{
    uint8_t bytes[KEY_LENGTH + 1] = {0}; /* one more, to notice a file that is too long */
    size_t length = 0;
    ssize_t got = -1;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        do {
            got = read(fd, bytes + length, sizeof bytes - length);
            if (got > 0)
                length += (size_t)got;
        } while (got > 0 || (got < 0 && errno == EINTR && !stop_requested));
    }
    if (got < 0)
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    else if (length != KEY_LENGTH)
        fprintf(stderr, "%s: a key is exactly %d bytes long\n", path, KEY_LENGTH);
    if (fd >= 0)
        close(fd);
    memcpy(key, bytes, KEY_LENGTH);
    wipe(bytes, sizeof bytes);
    return got == 0 && length == KEY_LENGTH ? 0 : -1;
}

static fio_status set_store_key(fio_config *config, const char *path)
{
    uint8_t key[KEY_LENGTH] = {0};
    fio_status status = FIO_E_ARGUMENT;

    if (read_key(path, key) == 0)
        status = fio_config_set_store_key(config, key, sizeof key);
    wipe(key, sizeof key);
    return status;
}

/* Makes a configuration of what was given; what was not keeps the library's default. Stops at the first
 * failure. `config` is to be freed in any case; fio_config_error() says what failed. */
static fio_status setup_config(const struct setup *setup, fio_event_cb on_event, void *user, fio_config **config)
{
    const char *secret = setup->client_secret != NULL ? setup->client_secret : getenv("FIO_CLIENT_SECRET");
    fio_status status = fio_config_new(config);

    if (status == FIO_OK)
        status = fio_config_set_client_version(*config, FIRMWARE_VERSION);
    if (status == FIO_OK)
        status = fio_config_set_event(*config, on_event, user, NULL);
    if (status == FIO_OK)
        status = fio_config_set_log(*config, setup->log_level, on_log, NULL, NULL);
    if (status == FIO_OK && setup->client_id != NULL)
        status = fio_config_set_client_id(*config, setup->client_id);
    if (status == FIO_OK && secret != NULL)
        status = fio_config_set_client_secret(*config, secret, strlen(secret));
    if (status == FIO_OK && setup->base_url != NULL)
        status = fio_config_set_base_url(*config, setup->base_url);
    if (status == FIO_OK && setup->ca_file != NULL)
        status = fio_config_set_ca_file(*config, setup->ca_file);
    if (status == FIO_OK && setup->store != NULL)
        status = fio_config_set_store_dir(*config, setup->store);
    if (status == FIO_OK && setup->store_key_file != NULL)
        status = set_store_key(*config, setup->store_key_file);
    return status;
}

#endif
