//! What the service is told of an upload, and how it is to be sent.

use super::*;

/// Names the asset at the service.
///
/// @param upload  the description
/// @param name    1 to 255 bytes of UTF-8 without control characters, not only spaces; copied. It need
///                not be the file's own, and may contain what a file's name cannot. NULL means the
///                file's own name, the last part of its path (the default); other sources have none, so
///                they need this, or for a recording an extension.
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (empty, too long, control characters) | `FIO_E_UTF8`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_set_name(upload: *mut fio_upload, name: *const c_char) -> fio_status {
    // SAFETY: the caller passes NULL or a live description, and NULL or a terminated string.
    unsafe { UPLOADS.guard_set(upload, |upload| upload.set_name(args::optional_text(name, "the name")?)) }
}

/// Says how the name of a recording will end, where the name itself is known only when it stops
/// (`fio_upload_finish`). Until then the service shows a placeholder with this extension. Ignored if a
/// name is set, and for uploads that are no recordings.
///
/// @param upload     the description
/// @param extension  with its dot, such as `.mp4`: 2 to 32 bytes of UTF-8 without control characters,
///                   slashes and further dots; copied. NULL means none (the default).
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (no dot at the beginning, too short, too long, control characters,
///            slashes, further dots) | `FIO_E_UTF8`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_set_extension(
    upload: *mut fio_upload,
    extension: *const c_char,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live description, and NULL or a terminated string.
    unsafe {
        UPLOADS.guard_set(upload, |upload| {
            upload.set_extension(args::optional_text(extension, "the extension")?)
        })
    }
}

/// Says what kind of media it is (MIME, RFC 9110 section 8.3.1). The storage keeps it with the file.
///
/// @param upload      the description
/// @param media_type  such as `video/mp4`: 3 to 127 bytes, without parameters; copied. NULL means the
///                    one that belongs to the name's extension, `application/octet-stream` if it is not
///                    known (the default).
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (not a type, a slash and a subtype, or too long) | `FIO_E_UTF8`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_set_media_type(
    upload: *mut fio_upload,
    media_type: *const c_char,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live description, and NULL or a terminated string.
    unsafe {
        UPLOADS.guard_set(upload, |upload| {
            upload.set_media_type(args::optional_text(media_type, "the media type")?)
        })
    }
}

/// Says which channel of the device it comes from. The service files and pauses channels separately.
///
/// @param upload   the description
/// @param channel  the number of the channel (`fio_channel.index`); 0, the device's own, is the default
///
/// Returns:   `FIO_OK`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_set_channel(upload: *mut fio_upload, channel: u32) -> fio_status {
    // SAFETY: the caller passes NULL or a live description.
    unsafe {
        UPLOADS.guard_set(upload, |upload| {
            upload.set_channel(channel);
            Ok(())
        })
    }
}

/// Says when the media was made. Two things depend on it: the folder by date it is filed in, and whether
/// it may be sent at all: a user can pause the device at the service, and what is made during a pause
/// must not be uploaded, not even later, while what was made before it may. The service decides by the
/// age in seconds that the library tells it, as it is at each attempt.
///
/// The age is the difference to the device's clock at `fio_upload_start`, so that a clock that is wrong
/// but runs does no harm; from then on it is counted on a clock that does not jump (after a restart on the
/// device's clock again). A moment in the future counts as now. Give the moment the recording began: what
/// was begun before a pause may be sent.
///
/// @param upload   the description
/// @param seconds  since 1970-01-01 UTC on the device's clock. 0 or less means what the file says (the
///                 default): when it was made, where the file system knows that, otherwise when it was
///                 last changed. For a recording, and with a reader, the default is the moment of
///                 `fio_upload_start`.
///
/// Returns:   `FIO_OK`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_set_created(upload: *mut fio_upload, seconds: i64) -> fio_status {
    // SAFETY: the caller passes NULL or a live description.
    unsafe {
        UPLOADS.guard_set(upload, |upload| {
            upload.set_created(seconds);
            Ok(())
        })
    }
}

/// Gives the upload a mark of the application's own, kept with it and shown in `fio_upload_info.tag`. Not sent
/// to the service.
///
/// A tag stands for one clip: `fio_upload_start` takes no second one with the tag of an upload that is in the
/// list, or was sent or canceled before (`FIO_E_UPLOAD_EXISTS`). So an application may start an upload for
/// every file on a card, as often as it likes: each is sent once. What a tag is made of must therefore be
/// another for another clip: an id from the clip's own metadata, or the card's id, the file's name and the
/// time of its making. A name alone comes again after a card was formatted, and its clip would not be sent;
/// where there is nothing better, say when that happens (`fio_queue_forget_tags`).
///
/// It is also how an application finds its uploads again after a restart (`fio_upload_find`,
/// `fio_queue_list`), above all those whose source it has to attach.
///
/// @param upload  the description
/// @param tag     up to 1024 bytes of any kind; copied. NULL with length 0 means none (the default).
/// @param length  how many
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (too long)
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_set_tag(
    upload: *mut fio_upload,
    tag: *const u8,
    length: usize,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live description, and NULL or `length` readable bytes.
    unsafe { UPLOADS.guard_set(upload, |upload| upload.set_tag(args::bytes(tag, length, "the tag")?)) }
}

/// Says that it is to be sent although an upload with its tag is known: because a person wants a clip once
/// more, for example in another project. Both have the tag then, and `fio_upload_find` finds the newer one.
///
/// @param upload   the description
/// @param enabled  0 (the default) or 1
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (neither 0 nor 1)
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_set_again(upload: *mut fio_upload, enabled: i32) -> fio_status {
    // SAFETY: the caller passes NULL or a live description.
    unsafe {
        UPLOADS.guard_set(upload, |upload| {
            upload.set_again(args::switch(enabled)?);
            Ok(())
        })
    }
}

/// Says how urgent it is. Uploads of the same priority are sent in the order in which they were started.
///
/// @param upload    the description
/// @param priority  higher goes first; 0 is the default
///
/// Returns:   `FIO_OK`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_set_priority(upload: *mut fio_upload, priority: i32) -> fio_status {
    // SAFETY: the caller passes NULL or a live description.
    unsafe {
        UPLOADS.guard_set(upload, |upload| {
            upload.set_priority(priority);
            Ok(())
        })
    }
}

/// Asks the service for so many parts. What is lost when a connection breaks is one part at most, and
/// parts travel side by side; but each one costs a request. Fewer are asked for where parts would become
/// smaller than the storage takes (5 MiB), and the service has the last word. Not for recordings.
///
/// @param upload  the description
/// @param parts   1 to 10,000; 0 lets the library choose by what it knows of the link, or leave it to the service on a
///                fast one (the default)
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (more than 10,000)
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_set_parts(upload: *mut fio_upload, parts: u32) -> fio_status {
    // SAFETY: the caller passes NULL or a live description.
    unsafe { UPLOADS.guard_set(upload, |upload| upload.set_parts(parts)) }
}

/// Compares the checksum (MD5) of every part with the one the storage made of what it received, where it
/// tells one, and sends a part again if they differ (`FIO_E_CHECKSUM`). TLS protects what is on its way
/// already; this is against faults of memory and drivers, and costs the time to compute it.
///
/// @param upload   the description
/// @param enabled  0 (the default) or 1
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (neither 0 nor 1)
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_set_verify(upload: *mut fio_upload, enabled: i32) -> fio_status {
    // SAFETY: the caller passes NULL or a live description.
    unsafe {
        UPLOADS.guard_set(upload, |upload| {
            upload.set_verify(args::switch(enabled)?);
            Ok(())
        })
    }
}

/// Makes it a recording: it is sent while it is still being written, and can be played at the service
/// seconds after it ends. Works with every source; pushed data is always a recording.
///
/// Nothing is sent that was not called stable by `fio_upload_advance` (or pushed), and
/// `fio_upload_finish` ends it. Parts are sent as they become complete: they begin with about 2 seconds
/// of media (5 MiB to 256 MiB), so that little is left to send when the recording stops, and grow slowly
/// enough that the 10,000 parts the storage takes reach 5 TiB, the largest file it takes.
///
/// Many formats have a header that is written again when the recording stops (MP4 and QuickTime: the
/// size of `mdat`, or `moov` itself). Such bytes at the beginning are held back and sent last. Whatever
/// else was called stable must not change any more.
///
/// A recording that is cut off, by a crash or a power cut, is not lost. After the restart one with a path
/// is taken as finished when its file has not grown for 10 seconds (counted from the first `fio_drive`),
/// unless the application calls `fio_upload_advance` before that; if it has no name yet it gets the
/// file's. Others wait until their source is attached, then for the application to go on, finish or
/// cancel.
///
/// @param upload           the description; it cannot be made an ordinary upload again
/// @param bytes_per_second the expected data rate; 0 if it is not known: then parts begin with 5 MiB
/// @param held_head        how many bytes at the beginning are written again at the end: 0 (none) to
///                         268,435,456 (256 MiB). The whole first part, which holds at least these, is
///                         then sent last.
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (held_head)
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_set_recording(
    upload: *mut fio_upload,
    bytes_per_second: u64,
    held_head: u64,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live description.
    unsafe { UPLOADS.guard_set(upload, |upload| upload.set_recording(bytes_per_second, held_head)) }
}
