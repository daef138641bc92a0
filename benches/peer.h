/* What the programs by hand share: an answer in memory, or of no interest. */

#ifndef PEER_H
#define PEER_H

#include <stdlib.h>
#include <string.h>

enum {
    LARGEST_ANSWER = 16 << 20
};

struct buffer {
    char *bytes;
    size_t length;
    size_t capacity;
};

static inline size_t receive(char *data, size_t size, size_t count, void *user)
{
    struct buffer *buffer = user;
    size_t length = size * count;

    if (length > LARGEST_ANSWER - buffer->length)
        return 0;
    if (buffer->length + length > buffer->capacity) {
        size_t wanted = 2 * (buffer->length + length);
        char *bigger = realloc(buffer->bytes, wanted);
        if (bigger == NULL)
            return 0;
        buffer->bytes = bigger;
        buffer->capacity = wanted;
    }
    memcpy(buffer->bytes + buffer->length, data, length);
    buffer->length += length;
    return length;
}

static inline size_t discard(char *data, size_t size, size_t count, void *user)
{
    (void)data;
    (void)user;
    return size * count;
}

#endif
