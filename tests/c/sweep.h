/* What the generated sweep of NULLs stands on: fresh handles for each call, and the check of its answer. */
#ifndef SWEEP_H
#define SWEEP_H

#include "support.h"

/* Must the answer be FIO_E_NULL, may it not be, or are both right? */
enum null_rule {
    NULL_REFUSED,
    NULL_ALLOWED,
    NULL_EITHER
};

/* Fresh for each call. */
extern fio_config *sweep_config;
extern fio_client *sweep_client;
extern fio_upload *sweep_upload;
extern fio_upload_id sweep_id;
extern int sweep_user;
/* Aligned memory that is no handle. */
extern void *const sweep_garbage;

void sweep_prepare(int argc, char **argv);
/* From now on the clients are paired. */
void sweep_pair(void);
void sweep_begin(void);
void sweep_end(void);

/* An answer must be documented for the function; values of 0 and more are results. */
void sweep_check(const char *name, long answer, enum null_rule rule, const int *documented, size_t count);

/* Generated. */
void sweep_all(void);

#endif
