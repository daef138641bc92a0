//! What a recording needs while it goes on.

use super::*;

/// Hands over bytes of a recording whose source is pushed (`fio_upload_set_pushed`). They are stable at
/// once; `fio_upload_advance` is not needed. All of it is taken, or nothing.
///
/// The library keeps them in memory until the parts they belong to have arrived. When it has as much as
/// it keeps (64 MiB, more for fast or very long recordings, and the held head) it takes no more
/// (`FIO_E_WOULD_BLOCK`): drive the client and push the same bytes again. A network slower than the
/// recording shows itself here, so have a place to put the rest meanwhile, and push less than 64 MiB at
/// once.
///
/// After a restart what was only in memory is gone. If the application still has the bytes it goes on:
/// attach a pushed source (`fio_upload_attach`), push from `fio_upload_info.size` on, which is then where
/// the storage has everything before, and push the beginning once more: the held head, and at least the
/// whole first part (5 MiB, or two seconds of the expected data rate if that is more); what is pushed beyond
/// it is not kept. Otherwise cancel the upload.
///
/// @param client  the client
/// @param id      the recording
/// @param offset  where the bytes belong: at the end of what was pushed so far; or, to write over what
///                was pushed before, wholly within the held head
/// @param data    the bytes; copied
/// @param length  how many
///
/// Returns:   `FIO_OK` | `FIO_E_UNKNOWN_UPLOAD` | `FIO_E_STATE` (not pushed, or not attached since the
///            restart; finished or over) | `FIO_E_ARGUMENT` (neither at the end nor within the held head;
///            beyond 5 TiB) | `FIO_E_WOULD_BLOCK` (nothing was taken) | `FIO_E_NOMEM` (nothing was taken)
/// Callbacks: store, clock, entropy and log callbacks, if set
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
    // SAFETY: the caller passes NULL or a live client, and NULL or `length` readable bytes.
    unsafe {
        guard_engine(client, |engine, now| {
            engine.with_uploads(now, |uploads, _| {
                uploads.push_data(id, offset, args::bytes(data, length, "the data")?)
            })
        })
    }
}

/// Says how much of a recording is stable: written, and not to change any more (except the held head).
/// Call it as often as it suits, every second for example; parts are sent as they become complete.
///
/// @param client  the client
/// @param id      the recording; its source is a file, a descriptor or a reader
/// @param stable  so many bytes from the beginning; less than before changes nothing
///
/// Returns:   `FIO_OK` | `FIO_E_UNKNOWN_UPLOAD` | `FIO_E_STATE` (no recording, pushed, finished or over) |
///            `FIO_E_ARGUMENT` (beyond 5 TiB)
/// Callbacks: store, clock, entropy and log callbacks, if set
/// Blocking:  may write to the store
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_advance(
    client: *mut fio_client,
    id: fio_upload_id,
    stable: u64,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live client.
    unsafe {
        guard_engine(client, |engine, now| {
            engine.with_uploads(now, |uploads, _| uploads.advance_recording(id, stable))
        })
    }
}

/// Ends a recording: all of its bytes are there and will not change any more, the head included. What is
/// left is sent, the last part and the held head among it; then the upload is done. An empty one fails at
/// once (`FIO_E_SOURCE_EMPTY`, told by `FIO_EVENT_UPLOAD`).
///
/// @param client  the client
/// @param id      the recording
/// @param size    how many bytes it has in all; -1 for as many as the file has now, or were pushed (with
///                a reader it stands for the reader's size: give the real one). Fewer than were called
///                stable are a waste: what has been sent of such a recording is given up, and it begins
///                again, or fails if it was pushed.
/// @param name    its name: 1 to 255 bytes of UTF-8 without control characters, with the extension it was
///                started with; copied. Needed if it was started with an extension only. NULL means the
///                name that was set, or the file's; one that the service has already stays.
///
/// Returns:   `FIO_OK` | `FIO_E_UNKNOWN_UPLOAD` | `FIO_E_STATE` (no recording, finished or over; a held head
///            of pushed data that was not pushed again since a restart) | `FIO_E_ARGUMENT` (less than -1,
///            more than there is, beyond 5 TiB; no name yet, or one that cannot be used) | `FIO_E_UTF8` |
///            `FIO_E_SOURCE_MISSING`, `FIO_E_SOURCE_KIND`, `FIO_E_SOURCE_READ` (the file is not to be had) |
///            `FIO_E_SOURCE_NEEDED` (not attached since the restart)
/// Callbacks: store, clock, entropy and log callbacks, if set; `FIO_EVENT_UPLOAD` later, from `fio_drive`
/// Blocking:  looks at the file, writes to the store
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_finish(
    client: *mut fio_client,
    id: fio_upload_id,
    size: i64,
    name: *const c_char,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live client, and NULL or a terminated string.
    unsafe {
        guard_engine(client, |engine, now| {
            let size = match size {
                -1 => None,
                0.. => Some(size as u64),
                _ => return Err(Error::new(FIO_E_ARGUMENT, "the size is less than -1")),
            };
            let name = args::optional_text(name, "the name")?.map(str::to_owned);
            engine.with_uploads(now, |uploads, cx| uploads.finish_recording(cx, id, size, name))
        })
    }
}
