/* A pretended encoder for upload.c: a file that grows by 20 Mbit/s, and whose header is written again when
 * the recording stops, as MP4 and QuickTime do. What stands where depends on the file's name and the
 * place only, so that an interrupted recording can go on.
 */
#ifndef RECORDER_H
#define RECORDER_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RECORDER_BYTES_PER_SECOND 2500000
#define RECORDER_TICK_MS 100
#define RECORDER_HEAD 4096 /* bytes at the beginning that are not final before the end */

struct recorder {
    int fd;         /* -1 while nothing is recorded */
    uint64_t size;  /* bytes that stand in the file */
    uint64_t end;   /* where the recording stops */
    uint64_t mark;  /* what makes this file's bytes differ from another's */
    int64_t due_ms; /* when the next bytes come */
};

static void recorder_close(struct recorder *recorder)
{
    if (recorder->fd >= 0)
        close(recorder->fd);
    recorder->fd = -1;
}

/* Makes the file, or goes on with what there is of it. Returns 0, or -1 with errno. */
static int recorder_open(struct recorder *recorder, const char *path, double seconds)
{
    const char *letter;
    off_t size;

    recorder->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (recorder->fd < 0)
        return -1;
    size = lseek(recorder->fd, 0, SEEK_END);
    if (size < 0)
        return -1;
    recorder->size = (uint64_t)size;
    recorder->end = (uint64_t)(seconds * RECORDER_BYTES_PER_SECOND);
    recorder->mark = 14695981039346656037u;
    for (letter = path; *letter != '\0'; letter++)
        recorder->mark = (recorder->mark ^ (uint64_t)(unsigned char)*letter) * 1099511628211u;
    return 0;
}

/* Writes all of it. Returns 0, or -1 with errno. */
static int recorder_write(const struct recorder *recorder, const uint8_t *bytes, size_t length, uint64_t offset)
{
    while (length > 0) {
        const ssize_t written = pwrite(recorder->fd, bytes, length, (off_t)offset);

        if (written < 0 && errno != EINTR)
            return -1;
        if (written > 0) {
            bytes += written;
            length -= (size_t)written;
            offset += (uint64_t)written;
        }
    }
    return 0;
}

/* What stands at eight bytes of the file: something that nobody mistakes for another place. */
static uint64_t recorder_word(const struct recorder *recorder, uint64_t index)
{
    uint64_t word = recorder->mark + index * 0x9e3779b97f4a7c15u;

    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9u;
    word = (word ^ (word >> 27)) * 0x94d049bb133111ebu;
    return word ^ (word >> 31);
}

/* The encoder gives the bytes of one tick. Returns 0, or -1 with errno. */
static int recorder_grow(struct recorder *recorder)
{
    static uint8_t bytes[RECORDER_BYTES_PER_SECOND / 1000 * RECORDER_TICK_MS];
    uint64_t length = recorder->end > recorder->size ? recorder->end - recorder->size : 0;
    uint64_t i;

    if (length > sizeof bytes)
        length = sizeof bytes;
    for (i = 0; i < length; i++) {
        const uint64_t offset = recorder->size + i;
        bytes[i] = (uint8_t)(recorder_word(recorder, offset / 8) >> (offset % 8 * 8));
    }
    if (recorder_write(recorder, bytes, (size_t)length, recorder->size) != 0)
        return -1;
    recorder->size += length;
    return 0;
}

static int recorder_is_over(const struct recorder *recorder)
{
    return recorder->size >= recorder->end;
}

/* Writes the header again, now that it is known how long the recording is. Returns 0, or -1 with errno. */
static int recorder_write_head(const struct recorder *recorder)
{
    char head[64] = {0};
    const int length = snprintf(head, sizeof head, "%020llu bytes in all\n", (unsigned long long)recorder->size);

    return recorder_write(recorder, (const uint8_t *)head, (size_t)length, 0);
}

#endif
