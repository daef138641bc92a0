/* What the camera says about things that nobody asked for. */
#ifndef EVENTS_H
#define EVENTS_H

#include <fio_c2c.h>

#include <stdio.h>

#include "uploads.h"

static const char *project_of(const fio_device *device)
{
    return device->project_name != NULL ? device->project_name : device->project_id;
}

static void print_event_error(const char *what, const fio_event *event)
{
    printf("Event: %s: %s.\n", what, event->error != NULL ? event->error->message : "no details");
}

static void show_progress(const fio_event *event)
{
    const fio_upload_info *info = event->upload;

    if (info != NULL && info->size > 0)
        printf("%s: %.0f %%\n", info->name, 100.0 * (double)(info->confirmed + info->in_flight) / (double)info->size);
    show_totals(event->totals);
}

/* A camera would show most of these as a small icon, if at all. */
static void show_event(const fio_event *event)
{
    switch (event->kind) {
    case FIO_EVENT_AUTHORIZED: puts("Event: the new pairing is stored."); break;
    case FIO_EVENT_REFRESHED: puts("Event: new tokens are stored."); break;
    case FIO_EVENT_AUTHORIZATION_LOST: print_event_error("the pairing is over", event); break;
    case FIO_EVENT_REFRESH_REFUSED: print_event_error("the service refuses to renew the tokens", event); break;
    case FIO_EVENT_DEVICE:
        if (event->device->presence == FIO_PRESENCE_PAUSED)
            puts("Event: the device is paused; what is recorded now stays here.");
        break;
    case FIO_EVENT_DEVICE_CACHED:
        printf("Event: the camera works for project \"%s\", as it was last heard.\n", project_of(event->device));
        break;
    case FIO_EVENT_DEVICE_UNKNOWN: print_event_error("the project is not known yet", event); break;
    case FIO_EVENT_PROJECT_CHANGED:
        printf("Event: the camera works for project \"%s\" now.\n", project_of(event->device));
        break;
    case FIO_EVENT_STORE_FAILED: print_event_error("the store fails", event); break;
    case FIO_EVENT_STORE_RECOVERED: puts("Event: the store works again."); break;
    case FIO_EVENT_STORE_DAMAGED: print_event_error("a stored record cannot be trusted", event); break;
    case FIO_EVENT_RETRYING:
        print_event_error("no success yet", event);
        if (event->error != NULL)
            printf("Event: %s\n", event->error->advice);
        printf("Event: the next attempt is in %.1f s.\n", (double)event->wait_ms / 1000.0);
        break;
    case FIO_EVENT_UPLOAD: show_upload(event->upload); break;
    case FIO_EVENT_PROGRESS: show_progress(event); break;
    default: break; /* a later version of the library may have more to say */
    }
}

#endif
