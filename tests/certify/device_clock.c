/* Preloaded into a program, it moves the clocks by which that program measures time forward by as many seconds as
 * a file says, so that a bench need not wait for two minutes to see what a device does after two minutes. The
 * time of day stays: files keep their age.
 */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

typedef int (*clock_gettime_fn)(clockid_t clock, struct timespec *now);
typedef int (*timerfd_settime_fn)(int fd, int flags, const struct itimerspec *new_value, struct itimerspec *old_value);

static const volatile int64_t *seconds_ahead;

__attribute__((constructor)) static void map_file(void)
{
    const char *path = getenv("FIO_DEVICE_CLOCK");
    const int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *mapped;

    if (fd < 0)
        return;
    mapped = mmap(NULL, sizeof *seconds_ahead, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped != MAP_FAILED)
        seconds_ahead = (const volatile int64_t *)mapped;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static clock_gettime_fn real;
    int result;

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    result = real(clock, now);
    if (result == 0 && (clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME) && seconds_ahead != NULL)
        now->tv_sec += (time_t)*seconds_ahead;
    return result;
}

/* A moment on the program's clock, put back on the system's. */
int timerfd_settime(int fd, int flags, const struct itimerspec *new_value, struct itimerspec *old_value)
{
    static timerfd_settime_fn real;
    struct itimerspec moment = *new_value;

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "timerfd_settime");
    if ((flags & TFD_TIMER_ABSTIME) != 0 && moment.it_value.tv_sec > 0 && seconds_ahead != NULL) {
        moment.it_value.tv_sec -= (time_t)*seconds_ahead;
        if (moment.it_value.tv_sec < 0)
            moment.it_value.tv_sec = 0;
        if (moment.it_value.tv_sec == 0 && moment.it_value.tv_nsec == 0)
            moment.it_value.tv_nsec = 1; /* at once; zero would be never */
    }
    return real(fd, flags, &moment, old_value);
}
