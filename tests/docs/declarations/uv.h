/* As much of libuv as the manual uses, so that its snippet compiles without libuv. */
#ifndef DECLARED_UV_H
#define DECLARED_UV_H

typedef struct uv_loop_s uv_loop_t;
typedef struct uv_poll_s {
    void *data;
} uv_poll_t;
typedef void (*uv_poll_cb)(uv_poll_t *handle, int status, int events);

enum uv_poll_event { UV_READABLE = 1 };

int uv_poll_init(uv_loop_t *loop, uv_poll_t *handle, int fd);
int uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb cb);
int uv_poll_stop(uv_poll_t *handle);

#endif
