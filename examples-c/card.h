/* The card: tells which clips are on it, and each one that comes. Linux (inotify); a camera knows by itself
 * when a recording is over.
 *
 * A clip that is still being written has a name that begins with a dot. It gets its own name when it is
 * whole, so that a power cut in the middle leaves nothing that looks like a clip.
 */
#ifndef CARD_H
#define CARD_H

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define CARD_EVENTS 4096
#define CARD_PATH 4096

struct card {
    char *directory;        /* its absolute path; NULL without a card */
    int fd;                 /* readable when something has come; -1 without a card */
    struct dirent **listed; /* what was there at first, in the order of names */
    int listed_count;
    int listed_next;
    uint64_t events[CARD_EVENTS / sizeof(uint64_t)]; /* as bytes, but aligned as the kernel fills them */
    size_t events_length;
    size_t events_at;
    char path[CARD_PATH];
};

static int card_is_clip(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void card_forget_list(struct card *card)
{
    while (card->listed_count > 0)
        free(card->listed[--card->listed_count]);
    free(card->listed);
    card->listed = NULL;
    card->listed_next = 0;
}

static int card_list(struct card *card)
{
    card_forget_list(card);
    card->listed_count = scandir(card->directory, &card->listed, card_is_clip, alphasort);
    if (card->listed_count >= 0)
        return 0;
    card->listed_count = 0;
    return -1;
}

/* The watch begins before the list is made: a clip that comes in between is told twice, and none is missed.
 * Returns 0, or -1 with errno. */
static int card_insert(struct card *card, const char *directory)
{
    card->directory = realpath(directory, NULL);
    card->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (card->directory == NULL || card->fd < 0)
        return -1;
    if (inotify_add_watch(card->fd, card->directory, IN_MOVED_TO | IN_CLOSE_WRITE) < 0)
        return -1;
    return card_list(card);
}

static void card_remove(struct card *card)
{
    card_forget_list(card);
    free(card->directory);
    card->directory = NULL;
    if (card->fd >= 0)
        close(card->fd);
    card->fd = -1;
}

/* The name in the next event, or NULL if there is none for now. */
static const char *card_next_event(struct card *card)
{
    const struct inotify_event *event;

    if (card->events_at == card->events_length) {
        const ssize_t got = read(card->fd, card->events, sizeof card->events);

        card->events_at = 0;
        card->events_length = got > 0 ? (size_t)got : 0;
        if (got <= 0)
            return NULL;
    }
    event = (const struct inotify_event *)(const void *)((const char *)card->events + card->events_at);
    card->events_at += sizeof *event + event->len;
    if ((event->mask & IN_Q_OVERFLOW) != 0)
        card_list(card); /* too much came at once: look at everything again */
    return event->len > 0 ? event->name : ".";
}

/* Puts the whole path together. Returns whether it is a plain file. */
static int card_find(struct card *card, const char *name)
{
    struct stat found;
    const int length = snprintf(card->path, sizeof card->path, "%s/%s", card->directory, name);

    return length < (int)sizeof card->path && stat(card->path, &found) == 0 && S_ISREG(found.st_mode);
}

/* The path of the next clip that is on the card, or has come; NULL if there is none for now. It is valid until
 * the next call. */
static const char *card_next(struct card *card)
{
    const char *name = NULL;

    if (card->fd < 0)
        return NULL;
    do {
        if (card->listed_next < card->listed_count)
            name = card->listed[card->listed_next++]->d_name;
        else
            name = card_next_event(card);
    } while (name != NULL && (name[0] == '.' || !card_find(card, name)));
    return name != NULL ? card->path : NULL;
}

#endif
