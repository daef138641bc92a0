/* What camera.c and upload.c have in common about uploads: how they are shown, and how a clip finds its way into
 * the queue.
 */
#ifndef UPLOADS_H
#define UPLOADS_H

#include <fio_c2c.h>

#include <stdio.h>
#include <string.h>

#include "setup.h"

#define MEGABYTE 1e6

/* ---- What is shown ------------------------------------------------------------------------------ */

static const char *state_name(int32_t state)
{
    static const char *const names[] = {"", "queued", "uploading", "waiting", "done", "failed", "skipped", "canceled"};

    return state > 0 && state < (int32_t)(sizeof names / sizeof names[0]) ? names[state] : "?";
}

static void show_upload(const fio_upload_info *info)
{
    printf("%s: %s", info->name, state_name(info->state));
    if (info->reason != NULL)
        printf(": %s (%s). %s", info->reason->message, info->reason->name, info->reason->advice);
    if (info->retry_in_ms >= 0)
        printf(" Next attempt in %.1f s.", (double)info->retry_in_ms / 1000.0);
    putchar('\n');
}

static void show_totals(const fio_totals *totals)
{
    printf("Left: %llu %s, %.1f MB", (unsigned long long)totals->files_left, totals->files_left == 1 ? "file" : "files",
           (double)totals->bytes_left / MEGABYTE);
    if (totals->seconds_left >= 0)
        printf("; %.1f MB/s, %lld s to go", (double)totals->bytes_per_second / MEGABYTE,
               (long long)totals->seconds_left);
    putchar('\n');
}

/* ---- The queue ---------------------------------------------------------------------------------- */

/* The tag says which clip an upload is, so that none is sent twice: FIO_E_UPLOAD_EXISTS then, and `id` is the one
 * that is known. Here it is the clip's path; a camera has better ids, which do not come again after a card was
 * formatted.
 *
 * A recording comes at so many bytes a second, and its first `held_head` bytes are written again at its end;
 * a rate of 0 means a clip that is whole. `again` is 1 to start one that was canceled.
 */
static fio_status start_upload(fio_client *client, const char *path, uint64_t bytes_per_second, uint64_t held_head,
                               int32_t again, fio_upload_id *id)
{
    fio_upload *upload = NULL;
    fio_status status = fio_upload_new(&upload);

    if (status == FIO_OK)
        status = fio_upload_set_path(upload, path);
    if (status == FIO_OK)
        status = fio_upload_set_tag(upload, (const uint8_t *)path, strlen(path));
    if (status == FIO_OK)
        status = fio_upload_set_again(upload, again);
    if (status == FIO_OK && bytes_per_second > 0)
        status = fio_upload_set_recording(upload, bytes_per_second, held_head);
    if (status != FIO_OK)
        print_error(path, fio_upload_error(upload));
    else if ((status = fio_upload_start(client, upload, id)) != FIO_OK && status != FIO_E_UPLOAD_EXISTS)
        print_error(path, fio_client_error(client));
    fio_upload_free(upload);
    return status;
}

#endif
