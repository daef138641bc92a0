//! What can be done with an upload in the queue. All of it is written to the store, so that it holds
//! after a restart.

use super::*;

/// Ends an upload for good. What is under way is broken off; an asset that the service has begun already
/// stays there, unfinished. It is remembered as canceled, and so is its tag: it is sent only if it is started
/// with `fio_upload_set_again`.
///
/// @param client  the client
/// @param id      an upload that is not over
///
/// Returns:   `FIO_OK` | `FIO_E_UNKNOWN_UPLOAD` | `FIO_E_STATE` (over already)
/// Callbacks: store, clock, entropy and log callbacks, if set; `destroy` of a reader that is not used any more, here
///            or, where parts of it are on their way, in the next `fio_drive`;
///            `FIO_EVENT_UPLOAD` later, from `fio_drive`
/// Blocking:  writes to the store
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_cancel(client: *mut fio_client, id: fio_upload_id) -> fio_status {
    // SAFETY: the caller passes NULL or a live client.
    unsafe {
        guard_engine(client, |engine, now| engine.with_uploads(now, |uploads, cx| uploads.cancel(cx, id)))
    }
}

/// Puts an upload into the queue again that failed or was skipped, or lets one that waits be tried at once.
///
/// One that failed or was skipped: the file is sent as it is now; if it was changed, it starts over, otherwise
/// what has arrived already is not sent again. A source that was no path has to be attached again
/// (`fio_upload_attach`). What was skipped is still as old as it is, so that the service will skip it again
/// unless it has changed its mind.
///
/// One that waits for its next attempt, for what a host has asked for (`Retry-After`), or with
/// `FIO_E_TOO_MANY_ASSETS`: it does not wait any longer, and neither do the others that wait for that host.
///
/// Both may have ten more assets. For a person who asks for it, not for a timer: each asset that is not completed
/// stays at the service.
///
/// @param client  the client
/// @param id      an upload that failed, was skipped, or waits by itself
///
/// Returns:   `FIO_OK` (also for one that is being sent) | `FIO_E_UNKNOWN_UPLOAD` | `FIO_E_STATE` (done,
///            canceled, or waiting for something else, such as `fio_upload_resume` or `fio_upload_attach`) |
///            `FIO_E_SOURCE_MISSING`, `FIO_E_SOURCE_KIND`, `FIO_E_SOURCE_EMPTY`, `FIO_E_SOURCE_READ`,
///            `FIO_E_SOURCE_BUSY`, `FIO_E_NOMEM` (the file is not to be had now)
/// Callbacks: store, clock, entropy and log callbacks, if set; `FIO_EVENT_UPLOAD` later, from `fio_drive`
/// Blocking:  opens the file, writes to the store
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_retry(client: *mut fio_client, id: fio_upload_id) -> fio_status {
    // SAFETY: the caller passes NULL or a live client.
    unsafe {
        guard_engine(client, |engine, now| engine.with_uploads(now, |uploads, cx| uploads.retry(cx, id)))
    }
}

/// Pauses an upload: it waits with `FIO_E_UPLOAD_PAUSED` until `fio_upload_resume`, also across restarts,
/// and the queue goes on with the others. Parts under way are broken off and sent again later; a
/// recording keeps taking bytes. One that is paused already stays so.
///
/// @param client  the client
/// @param id      an upload that is not over
///
/// Returns:   as `fio_upload_cancel`
/// Callbacks: store, clock, entropy and log callbacks, if set; `FIO_EVENT_UPLOAD` later, from `fio_drive`
/// Blocking:  writes to the store
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_pause(client: *mut fio_client, id: fio_upload_id) -> fio_status {
    // SAFETY: the caller passes NULL or a live client.
    unsafe {
        guard_engine(client, |engine, now| engine.with_uploads(now, |uploads, cx| uploads.pause(cx, id)))
    }
}

/// Lets a paused upload go on, at its old place in the queue. Also one that began paused because of
/// `fio_queue_set_auto_start`. One that waits for its next attempt, or for what a host has asked for
/// (`Retry-After`), is tried at once; its assets stay counted (`FIO_E_TOO_MANY_ASSETS`). Any other that is not
/// paused stays as it is.
///
/// @param client  the client
/// @param id      an upload that is not over
///
/// Returns:   as `fio_upload_cancel`
/// Callbacks: store, clock, entropy and log callbacks, if set; `FIO_EVENT_UPLOAD` later, from `fio_drive`
/// Blocking:  writes to the store
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_resume(client: *mut fio_client, id: fio_upload_id) -> fio_status {
    // SAFETY: the caller passes NULL or a live client.
    unsafe { guard_engine(client, |engine, now| engine.with_uploads(now, |uploads, _| uploads.resume(id))) }
}

/// Sends an upload to the project the device is in when its turn comes, although it was queued for another
/// one. Ask a person first: the other project may be another client's.
///
/// @param client  the client
/// @param id      an upload that waits with `FIO_E_OTHER_PROJECT`
///
/// Returns:   `FIO_OK` | `FIO_E_UNKNOWN_UPLOAD` | `FIO_E_STATE` (it does not wait for that)
/// Callbacks: store, clock, entropy and log callbacks, if set; `FIO_EVENT_UPLOAD` later, from `fio_drive`
/// Blocking:  writes to the store
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_move_to_project(
    client: *mut fio_client,
    id: fio_upload_id,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live client.
    unsafe {
        guard_engine(client, |engine, now| engine.with_uploads(now, |uploads, _| uploads.move_to_project(id)))
    }
}

/// Takes an upload that is over off the list: one that failed or was skipped, when the person has seen it, or
/// another one before its time (`fio_config_set_history`). Tells no event. The tag of one that is done or
/// canceled stays known (`fio_config_set_tag_memory`); that of another is forgotten with it, so that the same
/// clip may be started again.
///
/// @param client  the client
/// @param id      an upload that is over: done, failed, skipped or canceled
///
/// Returns:   `FIO_OK` | `FIO_E_UNKNOWN_UPLOAD` | `FIO_E_STATE` (not over: cancel it first)
/// Callbacks: store, clock, entropy and log callbacks, if set; `destroy` of a reader that is not used any more
/// Blocking:  writes to the store
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_remove(client: *mut fio_client, id: fio_upload_id) -> fio_status {
    // SAFETY: the caller passes NULL or a live client.
    unsafe {
        guard_engine(client, |engine, now| engine.with_uploads(now, |uploads, cx| uploads.remove(cx, id)))
    }
}

/// Moves an upload ahead of others, or behind them. Parts that are under way are sent to the end; then
/// the one with the higher priority has its turn.
///
/// @param client    the client
/// @param id        an upload that is not over
/// @param priority  higher goes first; among equals the one that was started first
///
/// Returns:   as `fio_upload_cancel`
/// Callbacks: store, clock, entropy and log callbacks, if set
/// Blocking:  writes to the store
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_prioritize(
    client: *mut fio_client,
    id: fio_upload_id,
    priority: i32,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live client.
    unsafe {
        guard_engine(client, |engine, now| {
            engine.with_uploads(now, |uploads, _| uploads.prioritize(id, priority))
        })
    }
}
