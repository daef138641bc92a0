#include "secrets.h"
#include "check.h"

#include <stdint.h>
#include <string.h>

#define MOST_SECRETS 256
#define LONGEST 128

static struct secret {
    char name[32];
    unsigned char masked[LONGEST];
    size_t length;
} secrets[MOST_SECRETS];
static int count;
/* Whether a piece begins with this byte (in the clear). */
static unsigned char begins[256];

static size_t piece_at(const struct secret *secret, int which)
{
    size_t room = secret->length - SECRETS_PIECE;
    return which == 0 ? 0 : which == 1 ? room / 2 : room;
}

void secrets_learn_masked(const char *name, const unsigned char *masked, size_t length)
{
    struct secret *secret = &secrets[count];
    CHECK(length >= SECRETS_PIECE && length <= LONGEST);
    for (int i = 0; i < count; ++i) {
        if (secrets[i].length == length && memcmp(secrets[i].masked, masked, length) == 0)
            return;
    }
    CHECK(count < MOST_SECRETS);
    ++count;
    snprintf(secret->name, sizeof secret->name, "%s", name);
    memcpy(secret->masked, masked, length);
    secret->length = length;
    for (int which = 0; which < 3; ++which)
        begins[secret->masked[piece_at(secret, which)] ^ SECRETS_MASK] = 1;
}

void secrets_learn(const char *name, const void *clear, size_t length)
{
    unsigned char masked[LONGEST];
    CHECK(length <= LONGEST);
    for (size_t i = 0; i < length; ++i)
        masked[i] = ((const volatile unsigned char *)clear)[i] ^ SECRETS_MASK;
    secrets_learn_masked(name, masked, length);
}

size_t secrets_learn_hex(const char *name, const char *digits)
{
    unsigned char masked[LONGEST];
    size_t length = strlen(digits) / 2;
    CHECK(length <= LONGEST);
    for (size_t i = 0; i < length; ++i) {
        char pair[3] = {digits[2 * i], digits[2 * i + 1], '\0'};
        masked[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
    secrets_learn_masked(name, masked, length);
    return length;
}

void secrets_reveal(const char *name, char *clear)
{
    for (int i = 0; i < count; ++i) {
        if (strcmp(secrets[i].name, name) != 0)
            continue;
        for (size_t at = 0; at < secrets[i].length; ++at)
            ((volatile char *)clear)[at] = (char)(secrets[i].masked[at] ^ SECRETS_MASK);
        return;
    }
    CHECK(!"a known secret");
}

void secrets_wipe(void *clear, size_t length)
{
    for (size_t i = 0; i < length; ++i)
        ((volatile unsigned char *)clear)[i] = 0;
}

int secrets_count(void)
{
    return count;
}

const char *secrets_find(const void *bytes, size_t length, unsigned char mask, size_t *at)
{
    const unsigned char *start = bytes;
    const unsigned char both = mask ^ SECRETS_MASK;
    for (size_t i = 0; i + SECRETS_PIECE <= length; ++i) {
        if (!begins[start[i] ^ mask])
            continue;
        for (int which = 0; which < 3 * count; ++which) {
            const struct secret *secret = &secrets[which / 3];
            const unsigned char *piece = secret->masked + piece_at(secret, which % 3);
            size_t same = 0;
            while (same < SECRETS_PIECE && (start[i + same] ^ both) == piece[same])
                ++same;
            if (same == SECRETS_PIECE) {
                if (at != NULL)
                    *at = i;
                return secret->name;
            }
        }
    }
    return NULL;
}
