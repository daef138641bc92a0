//! Where the bytes come from.

use super::*;
use std::ffi::CStr;
use std::os::fd::BorrowedFd;

/// Takes the bytes from a file, by its path. It is opened by `fio_upload_start`, read while it is sent,
/// and opened again by itself after a restart: the source that needs the least. Replaces another source.
///
/// The file must stay as it is until the upload is over: the library looks before and after each part,
/// and one that was changed meanwhile fails with `FIO_E_SOURCE_CHANGED` rather than arriving mixed; one
/// that is gone, with its card for example, fails with `FIO_E_SOURCE_MISSING`. `fio_upload_retry` takes it
/// up again. (A recording may grow; see `fio_upload_set_recording`.)
///
/// @param upload  the description
/// @param path    1 to 4096 bytes, in whatever encoding the system's paths have: it need not be UTF-8;
///                copied. Let it be absolute: a relative one is looked up from the working directory
///                each time, also after a restart. The file need not exist before `fio_upload_start`.
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (empty, too long)
/// Callbacks: `destroy` of an earlier reader that no upload uses
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_set_path(upload: *mut fio_upload, path: *const c_char) -> fio_status {
    // SAFETY: the caller passes NULL or a live description, and NULL or a terminated string.
    unsafe {
        UPLOADS.guard_set(upload, |upload| {
            if path.is_null() {
                return Err(Error::new(FIO_E_NULL, "the path is NULL"));
            }
            upload.set_path(CStr::from_ptr(path).to_bytes())
        })
    }
}

/// Takes the bytes from an open file, for files without a name or beyond a sandbox. Replaces another
/// source. Give the upload a name as well (`fio_upload_set_name`): a descriptor has none.
///
/// A descriptor does not outlive the process: after a restart the upload waits with
/// `FIO_E_SOURCE_NEEDED` until `fio_upload_attach`. The file must stay as it is until the upload is
/// over, as with `fio_upload_set_path`.
///
/// @param upload  the description
/// @param fd      a plain file, open for reading; duplicated (close-on-exec), so that it may be closed
///                afterwards. It is read at offsets: its own position does not matter and is not moved.
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (negative, or not open) | `FIO_E_SOURCE_KIND` (a pipe, a socket, a
///            directory, a device) | `FIO_E_SOURCE_READ` (not open for reading) | `FIO_E_NOMEM` (no
///            descriptors)
/// Callbacks: `destroy` of an earlier reader that no upload uses
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_set_descriptor(upload: *mut fio_upload, fd: i32) -> fio_status {
    // SAFETY: the caller passes NULL or a live description.
    unsafe {
        UPLOADS.guard_set(upload, |upload| {
            if fd < 0 {
                return Err(Error::new(FIO_E_ARGUMENT, "a negative descriptor"));
            }
            // One that is not open is refused by the system, which changes nothing.
            upload.set_descriptor(BorrowedFd::borrow_raw(fd))
        })
    }
}

/// Takes the bytes from a function of the application, for media that is no file: raw flash, a block
/// device, a proxy made on the fly. Replaces another source. Give the upload a name as well
/// (`fio_upload_set_name`).
///
/// The library reads at any offset, several parts side by side, and the same bytes again after a
/// failure: the function must answer the same each time. After a restart the upload waits with
/// `FIO_E_SOURCE_NEEDED` until `fio_upload_attach`.
///
/// One registration serves all uploads started from this description: `destroy` runs when the last of
/// them is over and the description is freed or has another source. It may run inside any call.
///
/// @param upload  the description
/// @param size    how many bytes there are, 1 or more. For a recording: how many there can be at most, up
///                to 5,497,558,138,880 (5 TiB); `fio_upload_advance` says how many there are, and
///                `fio_upload_finish` how many there were.
/// @param read    the function; must not be NULL
/// @param user    passed to `read`; may be NULL
/// @param destroy called when `user` is not needed any more; may be NULL
///
/// Returns:   `FIO_OK`. On failure `destroy` is not called.
/// Callbacks: `destroy` of an earlier reader that no upload uses
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_set_reader(
    upload: *mut fio_upload,
    size: u64,
    read: fio_read_cb,
    user: *mut c_void,
    destroy: fio_destroy_cb,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live description.
    unsafe {
        UPLOADS.guard_set(upload, |upload| {
            let read = read.ok_or_else(|| Error::new(FIO_E_NULL, "the read function is NULL"))?;
            let user = UserData::new(user, destroy);
            let read = move |offset, buffer: &mut [u8]| {
                // SAFETY: the function was registered for this; the buffer is writable for its length.
                let count = read(user.pointer, offset, buffer.as_mut_ptr(), buffer.len());
                usize::try_from(count).ok()
            };
            upload.set_reader(size, Box::new(read));
            Ok(())
        })
    }
}

/// Takes the bytes from `fio_upload_push`, for encoders that write to no file. For recordings only
/// (`fio_upload_set_recording`). Replaces another source. Give the upload a name or an extension as well.
///
/// What was pushed stays in memory until the part it belongs to has arrived, so that it can be sent
/// again. After a restart the upload waits with `FIO_E_SOURCE_NEEDED`; see `fio_upload_push`. It cannot be
/// started over, since its first bytes are nowhere any more: where another upload would, it fails.
///
/// @param upload  the description
///
/// Returns:   `FIO_OK`
/// Callbacks: `destroy` of an earlier reader that no upload uses
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_set_pushed(upload: *mut fio_upload) -> fio_status {
    // SAFETY: the caller passes NULL or a live description.
    unsafe {
        UPLOADS.guard_set(upload, |upload| {
            upload.set_pushed();
            Ok(())
        })
    }
}
