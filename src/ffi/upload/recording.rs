//! What a recording needs while it goes on.

use super::details::name_or_none;
use crate::error::Error;
use crate::ffi::client::{fio_client, with_engine};
use crate::ffi::guard::guard;
use crate::ffi::{args, fio_status, fio_upload_id};
use crate::status::*;
use std::ffi::c_char;

/// Hands over bytes of a recording whose source is pushed (`fio_upload_set_pushed`). They are stable at
/// once; `fio_upload_advance` is not needed. All of it is taken, or nothing.
///
/// The library keeps them in memory until the parts they belong to have arrived. When it has as much as
/// it may keep it takes no more (`FIO_E_WOULD_BLOCK`): drive the client and push the same bytes again. A
/// network slower than the recording shows itself here, so have a place to put the rest meanwhile.
///
/// After a restart what was only in memory is gone. Go on where the storage is: attach a pushed source
/// (`fio_upload_attach`) and push from `fio_upload_info.confirmed` on, if the application still has those
/// bytes; otherwise cancel the upload. The held head (`fio_upload_set_recording`) has to be pushed again
/// whole.
///
/// @param client  the client
/// @param id      the recording
/// @param offset  where the bytes belong: at the end of what was pushed so far; or, to write over what
///                was pushed before, wholly within the held head
/// @param data    the bytes; copied
/// @param length  how many; 0 does nothing
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_UNKNOWN_UPLOAD` | `FIO_E_STATE` (not
///            pushed, finished or over) | `FIO_E_SOURCE_NEEDED` (not attached since the restart) |
///            `FIO_E_ARGUMENT` (neither at the end nor within the held head; beyond 5 TiB) |
///            `FIO_E_WOULD_BLOCK` (nothing was taken) | `FIO_E_REENTRANT` (inside a data callback) |
///            `FIO_E_BUSY` | `FIO_E_FORKED` | `FIO_E_CLOSED` | `FIO_E_POISONED` | `FIO_E_PANIC`
/// Callbacks: store, clock and log callbacks, if set
/// Blocking:  may write to the store
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_push(
    client: *mut fio_client,
    id: fio_upload_id,
    offset: u64,
    data: *const u8,
    length: usize,
) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live client, and NULL or `length` readable bytes.
        unsafe {
            with_engine(client, |engine, now| {
                let data = args::bytes(data, length, "the data")?;
                engine.push_data(id, offset, data, now)
            })
        }
    })
}

/// Says how much of a recording is stable: written, and not to change any more (except the held head).
/// Call it as often as it suits, every second for example; parts are sent as they become complete.
///
/// @param client  the client
/// @param id      the recording; its source is a file, a descriptor or a reader
/// @param stable  so many bytes from the beginning; never less than before
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_UNKNOWN_UPLOAD` | `FIO_E_STATE` (no
///            recording, pushed, finished or over) | `FIO_E_ARGUMENT` (less than before, or beyond 5 TiB)
///            | `FIO_E_REENTRANT` (inside a data callback) | `FIO_E_BUSY` | `FIO_E_FORKED` |
///            `FIO_E_CLOSED` | `FIO_E_POISONED` | `FIO_E_PANIC`
/// Callbacks: store, clock and log callbacks, if set
/// Blocking:  may write to the store
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_advance(
    client: *mut fio_client,
    id: fio_upload_id,
    stable: u64,
) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live client.
        unsafe { with_engine(client, |engine, now| engine.advance_recording(id, stable, now)) }
    })
}

/// Ends a recording: all of its bytes are there and will not change any more, the head included. What is
/// left is sent, the last part and the held head among it; then the upload is done.
///
/// @param client  the client
/// @param id      the recording
/// @param size    how many bytes it has in all; -1 for as many as the file has now, or were pushed (a
///                reader: as many as were called stable)
/// @param name    its name, for a recording that was started with an extension only: 1 to 255 bytes of
///                UTF-8 without control characters, with that extension; copied. NULL means no other
///                than was set. The service takes a name only where it has none yet.
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_UNKNOWN_UPLOAD` | `FIO_E_STATE` (no
///            recording, finished or over) | `FIO_E_ARGUMENT` (less than -1, less than was called stable,
///            beyond 5 TiB; a name that cannot be used) | `FIO_E_UTF8` | `FIO_E_SOURCE_EMPTY` (nothing was
///            recorded: cancel it) | `FIO_E_SOURCE_MISSING`, `FIO_E_SOURCE_READ` (with -1: the file cannot
///            be asked) | `FIO_E_SOURCE_NEEDED` (with -1: not attached since the restart) |
///            `FIO_E_REENTRANT` (inside a data callback) | `FIO_E_BUSY` | `FIO_E_FORKED` | `FIO_E_CLOSED`
///            | `FIO_E_POISONED` | `FIO_E_PANIC`
/// Callbacks: store, clock and log callbacks, if set; `FIO_EVENT_UPLOAD` later, from `fio_drive`
/// Blocking:  writes to the store
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_finish(
    client: *mut fio_client,
    id: fio_upload_id,
    size: i64,
    name: *const c_char,
) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live client, and NULL or a terminated string.
        unsafe {
            with_engine(client, |engine, now| {
                let size = match size {
                    -1 => None,
                    0.. => Some(size as u64),
                    _ => return Err(Error::new(FIO_E_ARGUMENT, "the size is less than -1")),
                };
                engine.finish_recording(id, size, name_or_none(name)?, now)
            })
        }
    })
}
