/* What the test programs share: a config for the emulator, a paired client, the emulator's controls. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include "check.h"
#include "fio_c2c.h"

#include <string.h>

#define CHECK_STATUS(call, should)                                                                                     \
    do {                                                                                                               \
        fio_status is_ = (call);                                                                                       \
        if (is_ != (should)) {                                                                                         \
            fprintf(stderr, "%s:%d: %s is %s (%d), should be %s\n", __FILE__, __LINE__, #call, fio_status_name(is_),   \
                    (int)is_, #should);                                                                                \
            fflush(stderr);                                                                                            \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

/* Runs a test, and says which: a program that hangs shows where. */
#define RUN(test)                                                                                                      \
    do {                                                                                                               \
        printf("%s\n", #test);                                                                                         \
        test;                                                                                                          \
    } while (0)

/* From the command line: the emulator's address, its CA, an empty folder. */
extern const char *test_url;
extern const char *test_ca;
extern const char *test_folder;

void test_begin(int argc, char **argv);

/* How often to repeat something: fewer times under an instrument that is slow. */
int test_rounds(int full);

/* A call of the emulator's test API, made by the runner; the answer is valid until the next one. */
const char *steer(const char *method, const char *path, const char *json);
/* Orders a fault: the fields of the body of POST /emulator/faults. */
void fault(const char *json);

/* A config that is complete, for a device of this name. */
fio_config *new_config(const char *client_id);
/* A client from a config, which is freed. */
fio_client *new_client(fio_config *config);
/* Pairs; the emulator's person approves at once. */
void pair(fio_client *client);

/* Callbacks that count into an int. */
void count_done(void *user, const fio_error *error);
void count_code(void *user, const fio_error *error, const fio_code *code);
void count_device(void *user, const fio_error *error, const fio_device *device);
void ignore_code(void *user, const fio_code *code);
void count_destroy(void *user);

/* Makes every call that needs the inside of a client; each must answer this status. */
void everything_answers(fio_client *client, fio_status status);

#endif
