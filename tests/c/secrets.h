/* Secrets the test knows, kept masked, so that a search of the process does not find the test's own copies. */
#ifndef SECRETS_H
#define SECRETS_H

#include <stddef.h>

#define SECRETS_MASK 0x5a
/* Three pieces of each secret are looked for: what free() writes into a block may spoil one of them. */
#define SECRETS_PIECE 16

/* Adds a secret given in the clear (in memory of somebody else) or masked. Known ones are not added twice. */
void secrets_learn(const char *name, const void *clear, size_t length);
void secrets_learn_masked(const char *name, const unsigned char *masked, size_t length);
/* From an argument: hexadecimal digits of masked bytes. Returns the length. */
size_t secrets_learn_hex(const char *name, const char *digits);
/* Writes a secret in the clear; wipe it at once. */
void secrets_reveal(const char *name, char *clear);
void secrets_wipe(void *clear, size_t length);
int secrets_count(void);

/* The name of a secret of which a piece is in the bytes (each combined with `mask`), or NULL. `at` is where. */
const char *secrets_find(const void *bytes, size_t length, unsigned char mask, size_t *at);

#endif
