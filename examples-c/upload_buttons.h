/* Buttons with which a person steers the queue. Each takes the name of a clip on the card, where it is about
 * one.
 */
#ifndef UPLOAD_BUTTONS_H
#define UPLOAD_BUTTONS_H

#include <fio_c2c.h>

#include <stdio.h>
#include <string.h>

#include "card.h"
#include "uploads.h"

#define UPLOAD_BUTTONS_USAGE                                                                                           \
    "                            cancel [NAME]    cancel the upload of a clip, or the one at work\n"                   \
    "                            cancel all       cancel all uploads\n"                                                \
    "                            auto on|off      whether clips upload by themselves\n"                                \
    "                            send [NAME]      upload it after all, or again\n"                                     \
    "                            first [NAME]     upload it before the others\n"                                       \
    "                            list             show all uploads\n"

static void complain_unless_ok(const fio_client *client, fio_status status)
{
    if (status != FIO_OK)
        print_error("That cannot be done now", fio_client_error(client));
}

/* The path of a clip by its name; empty where there is none. */
static void path_of(char path[CARD_PATH], const char *directory, const char *name)
{
    if (directory == NULL || name[0] == '\0' || snprintf(path, CARD_PATH, "%s/%s", directory, name) >= CARD_PATH)
        path[0] = '\0';
}

/* A clip by its name; the one at work if none is named. */
static fio_upload_id upload_of(fio_client *client, const char *directory, const char *name)
{
    const fio_totals *totals = NULL;
    char path[CARD_PATH];
    fio_upload_id id = FIO_UPLOAD_NONE;

    path_of(path, directory, name);
    if (name[0] == '\0' && fio_queue_totals(client, &totals) == FIO_OK)
        id = totals->current;
    else if (path[0] != '\0')
        fio_upload_find(client, (const uint8_t *)path, strlen(path), &id, NULL);
    if (id == FIO_UPLOAD_NONE)
        printf("There is no such upload: %s\n", name);
    return id;
}

static void press_cancel(fio_client *client, const char *directory, const char *name)
{
    fio_upload_id id;

    if (strcmp(name, "all") == 0)
        complain_unless_ok(client, fio_queue_cancel_all(client));
    else if ((id = upload_of(client, directory, name)) != FIO_UPLOAD_NONE)
        complain_unless_ok(client, fio_upload_cancel(client, id));
}

/* With `off` clips come into the queue and wait there until a person sends them. */
static void press_auto(fio_client *client, const char *directory, const char *name)
{
    (void)directory;
    complain_unless_ok(client, fio_queue_set_auto_start(client, strcmp(name, "off") != 0));
}

/* One that waits for a person goes on; one that failed is tried again, and one that was canceled starts over. */
static void press_send(fio_client *client, const char *directory, const char *name)
{
    fio_upload_id id = upload_of(client, directory, name);
    int32_t state = 0;
    char path[CARD_PATH];

    if (id == FIO_UPLOAD_NONE || fio_upload_resume(client, id) == FIO_OK)
        return;
    path_of(path, directory, name);
    fio_upload_find(client, (const uint8_t *)path, strlen(path), NULL, &state);
    if (state == FIO_UPLOAD_CANCELED)
        start_upload(client, path, 0, 0, 1, &id);
    else
        complain_unless_ok(client, fio_upload_retry(client, id));
}

static void press_first(fio_client *client, const char *directory, const char *name)
{
    const fio_upload_id id = upload_of(client, directory, name);

    if (id != FIO_UPLOAD_NONE)
        complain_unless_ok(client, fio_upload_prioritize(client, id, 1));
}

static void list_upload(void *user, const fio_upload_info *info)
{
    (void)user;
    show_upload(info);
}

static void press_list(fio_client *client, const char *directory, const char *name)
{
    (void)directory;
    (void)name;
    fio_queue_list(client, list_upload, NULL);
}

/* Presses the button of that name. Returns 0, or -1 if it is none of these. */
static int press_upload_button(fio_client *client, const char *directory, const char *button, const char *name)
{
    static const struct {
        const char *button;
        void (*press)(fio_client *client, const char *directory, const char *name);
    } known[] = {{"cancel", press_cancel},
                 {"auto", press_auto},
                 {"send", press_send},
                 {"first", press_first},
                 {"list", press_list}};
    size_t i;

    for (i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(button, known[i].button) == 0) {
            known[i].press(client, directory, name);
            return 0;
        }
    }
    return -1;
}

#endif
