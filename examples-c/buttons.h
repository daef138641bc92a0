/* The camera's buttons are words on standard input, one press a line. Where the input ends, nobody can press
 * any more, and the camera goes on.
 */
#ifndef BUTTONS_H
#define BUTTONS_H

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define BUTTONS_LINE 512

struct buttons {
    int fd; /* -1 while there is nobody to press them */
    char line[BUTTONS_LINE];
    size_t length; /* of what was read */
    size_t taken;  /* of that, what was pressed already */
};

/* Call it when the descriptor is readable: it waits otherwise. */
static void buttons_read(struct buttons *buttons)
{
    ssize_t got;

    memmove(buttons->line, buttons->line + buttons->taken, buttons->length - buttons->taken);
    buttons->length -= buttons->taken;
    buttons->taken = 0;
    if (buttons->length == sizeof buttons->line)
        buttons->length = 0; /* no button has such a name */
    got = read(buttons->fd, buttons->line + buttons->length, sizeof buttons->line - buttons->length);
    if (got > 0)
        buttons->length += (size_t)got;
    else if (got == 0 || (errno != EINTR && errno != EAGAIN))
        buttons->fd = -1;
}

/* The next press, valid until the next buttons_read(); NULL if there is none. */
static char *buttons_next(struct buttons *buttons)
{
    char *press = buttons->line + buttons->taken;
    char *end = (char *)memchr(press, '\n', buttons->length - buttons->taken);

    if (end == NULL)
        return NULL;
    *end = '\0';
    buttons->taken = (size_t)(end - buttons->line) + 1;
    return press;
}

#endif
