/* Pairing inside an event loop that has other things to do: this camera records 25 frames a second
 * on the same thread, and the library must never make it miss one. Linux (epoll, timerfd, signalfd).
 *
 *     event_loop https://api.frame.io /etc/ssl/certs/ca-certificates.crt CLIENT-SECRET
 *
 * The library is one descriptor among others: when fio_fd() is readable, call fio_drive(client, 0).
 * At the end the program says how long the longest of these calls took.
 */
#define _POSIX_C_SOURCE 200809L

#include <fio_c2c.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define FRAME_NS 40000000L /* 25 frames a second */
#define MAX_CODES 5

struct loop {
    int epoll_fd;
    int frame_fd;
    int signal_fd;
    fio_client *client;
    int ended;
    int exit_status;
    uint64_t frames;
    uint64_t missed_frames;
    uint64_t drives;
    int64_t longest_drive_us;
};

/* What to do when a descriptor is readable. */
struct source {
    void (*ready)(struct loop *loop);
};

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void end(struct loop *loop, int exit_status)
{
    loop->ended = 1;
    loop->exit_status = exit_status;
}

static void complain(const fio_error *error)
{
    if (error != NULL)
        fprintf(stderr, "%s: %s.\n%s\n", error->name, error->message, error->advice);
}

/* ---- The library's callbacks: they run inside fio_drive(), so they must be quick, too ----------- */

static void show(void *user, const fio_code *code)
{
    (void)user;
    printf("Enter %s at %s\n", code->user_code,
           code->verification_uri != NULL ? code->verification_uri : "your Frame.io project");
    fflush(stdout);
}

static void over(void *user, const fio_error *error, const fio_device *device)
{
    struct loop *loop = (struct loop *)user;

    complain(error);
    if (device != NULL)
        printf("Paired with project %s\n", device->project_name != NULL ? device->project_name : device->project_id);
    end(loop, device != NULL ? 0 : 1);
}

/* ---- What the loop does ------------------------------------------------------------------------- */

static void on_library(struct loop *loop)
{
    const int64_t before = now_us();
    const fio_status status = fio_drive(loop->client, 0);
    const int64_t took = now_us() - before;

    loop->drives++;
    if (took > loop->longest_drive_us)
        loop->longest_drive_us = took;
    if (status != FIO_OK) {
        complain(fio_client_error(loop->client));
        end(loop, 1);
    }
}

/* The timer counts what has passed since it was read: more than one means the loop was held up. */
static void on_frame(struct loop *loop)
{
    uint64_t expirations = 0;

    if (read(loop->frame_fd, &expirations, sizeof expirations) != (ssize_t)sizeof expirations)
        return;
    loop->frames++;
    loop->missed_frames += expirations - 1;
}

static void on_signal(struct loop *loop)
{
    struct signalfd_siginfo info;

    if (read(loop->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
        end(loop, 1);
}

static void turn(struct loop *loop)
{
    struct epoll_event events[4];
    const int count = epoll_wait(loop->epoll_fd, events, 4, -1);
    int i;

    if (count < 0 && errno != EINTR) {
        perror("epoll_wait");
        end(loop, 1);
    }
    for (i = 0; i < count && !loop->ended; i++) {
        const struct source *source = (const struct source *)events[i].data.ptr;
        source->ready(loop);
    }
}

/* ---- Setting up --------------------------------------------------------------------------------- */

static int watch(struct loop *loop, int fd, struct source *source)
{
    struct epoll_event event;

    memset(&event, 0, sizeof event);
    event.events = EPOLLIN;
    event.data.ptr = source;
    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int new_frame_timer(void)
{
    struct itimerspec every;
    const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

    memset(&every, 0, sizeof every);
    every.it_value.tv_nsec = FRAME_NS;
    every.it_interval.tv_nsec = FRAME_NS;
    if (fd >= 0 && timerfd_settime(fd, 0, &every, NULL) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int new_signal_fd(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0)
        return -1;
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int open_loop(struct loop *loop)
{
    static struct source library = {on_library};
    static struct source frame = {on_frame};
    static struct source signals = {on_signal};

    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->frame_fd = new_frame_timer();
    loop->signal_fd = new_signal_fd();
    if (loop->epoll_fd < 0 || loop->frame_fd < 0 || loop->signal_fd < 0
        || watch(loop, fio_fd(loop->client), &library) != 0 || watch(loop, loop->frame_fd, &frame) != 0
        || watch(loop, loop->signal_fd, &signals) != 0) {
        perror("event loop");
        return -1;
    }
    return 0;
}

static void close_loop(const struct loop *loop)
{
    const int fds[] = {loop->signal_fd, loop->frame_fd, loop->epoll_fd};
    size_t i;

    for (i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

static fio_client *new_client(const char *base_url, const char *ca_file, const char *client_secret)
{
    fio_config *config = NULL;
    fio_client *client = NULL;

    if (fio_config_new(&config) != FIO_OK || fio_config_set_base_url(config, base_url) != FIO_OK
        || fio_config_set_ca_file(config, ca_file) != FIO_OK
        || fio_config_set_client_secret(config, client_secret, strlen(client_secret)) != FIO_OK
        || fio_config_set_client_id(config, "SERIAL-NUMBER-2") != FIO_OK
        || fio_config_set_client_version(config, "1.0.0") != FIO_OK || fio_client_new(config, &client) != FIO_OK)
        complain(fio_config_error(config));
    fio_config_free(config);
    return client;
}

static void report(const struct loop *loop)
{
    printf("The loop recorded %lu frames and missed %lu.\n", (unsigned long)loop->frames,
           (unsigned long)loop->missed_frames);
    printf("fio_drive(client, 0) ran %lu times; the longest took %.2f ms.\n", (unsigned long)loop->drives,
           (double)loop->longest_drive_us / 1000.0);
}

int main(int argc, char **argv)
{
    struct loop loop = {0};

    if (argc != 4) {
        fprintf(stderr, "usage: event_loop BASE-URL CA-FILE CLIENT-SECRET\n");
        return 2;
    }
    loop.client = new_client(argv[1], argv[2], argv[3]);
    if (loop.client == NULL)
        return 1;
    if (open_loop(&loop) != 0) {
        end(&loop, 1);
    } else if (fio_pair(loop.client, MAX_CODES, show, over, &loop, NULL) != FIO_OK) {
        complain(fio_client_error(loop.client));
        end(&loop, 1);
    }
    while (!loop.ended)
        turn(&loop);
    if (loop.exit_status == 0)
        report(&loop);
    fio_client_free(loop.client); /* a pairing that still runs ends here, by over() */
    close_loop(&loop);
    return loop.exit_status;
}
