/* What the snippets of the manual use without saying where it comes from. */
#ifndef MANUAL_H
#define MANUAL_H

#include <fio_c2c.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#ifdef __cplusplus
extern "C" {
#endif

extern fio_client *client;
extern fio_config *config;

/* Shows an error to a person. */
void complain(const fio_error *error);
/* Whatever the application does besides; a descriptor of its own that is readable, or -1. */
void own_work(int fd);
void sleep_at_most(int64_t milliseconds);
void start_upload(fio_client *of);

#ifdef __cplusplus
}
#endif

#endif
