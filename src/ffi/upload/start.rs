//! Starting an upload, giving it its source again, and looking at it.

use super::*;

/// Puts an upload into the queue. It is written to the store before anything is sent, so that from here
/// on neither a crash nor a power cut loses it; a store that fails does not refuse it, though: the queue
/// then goes on in memory, and `FIO_EVENT_STORE_FAILED` tells. It is sent when its turn comes and the
/// device is paired, online, in the project it was queued for, and nothing is paused: until then it
/// waits, for as long as it takes. Nothing is sent by this call itself.
///
/// Failures of the network and of the service are tried again by themselves, more and more slowly, and
/// told as the `reason` of `FIO_EVENT_UPLOAD`; what the storage has confirmed is not sent again. The
/// upload ends as done, as failed (the file is gone or was changed, the service refuses it), as skipped
/// (it was made while a user had the device paused), or as canceled.
///
/// The project is the one the device is in now; if it is not paired, the one of the next pairing. When the
/// device is moved to another project, an upload that the service does not know yet waits with
/// `FIO_E_OTHER_PROJECT`, rather than showing one client's material to another, until the device is back
/// or `fio_upload_move_to_project` is called. One that was begun goes on where it was begun.
///
/// No clip is sent twice: one whose tag (`fio_upload_set_tag`) is known is not taken, whatever its source is now.
/// The tag of an upload is known while it is in the list, in whatever state (one that failed can be retried with
/// `fio_upload_retry`, one that is paused resumed), and of one that was sent or canceled for as long as
/// `fio_config_set_tag_memory` says. `fio_upload_set_again` sends it all the same. What a store holds that could
/// not be read at the start is known once it was read.
///
/// @param client  the client
/// @param upload  what to send; copied, may be changed, started again or freed afterwards
/// @param id      [out] the upload; with `FIO_E_UPLOAD_EXISTS` the one that is known (`fio_upload_get` knows it
///                as long as it is in the list); may be NULL
///
/// Returns:   `FIO_OK` (in the queue) | `FIO_E_UPLOAD_EXISTS` (an upload with this tag is known;
///            `fio_client_error` says how it stands) | `FIO_E_ARGUMENT` (no source; no name, or one that
///            cannot be used, where none was set: an upload needs one, a recording one or an extension;
///            pushed data without `fio_upload_set_recording`; more than 5 TiB) | `FIO_E_UTF8` (the file's
///            name, where none was set) | `FIO_E_SOURCE_MISSING` | `FIO_E_SOURCE_KIND` (a directory, a pipe,
///            a device) | `FIO_E_SOURCE_EMPTY` (not for recordings) | `FIO_E_SOURCE_READ`. `fio_client_error`
///            has the details.
/// Callbacks: store, clock, entropy and log callbacks, if set; `FIO_EVENT_UPLOAD` later, from `fio_drive`
/// Blocking:  opens the file, writes to the store
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_start(
    client: *mut fio_client,
    upload: *const fio_upload,
    id: *mut fio_upload_id,
) -> fio_status {
    let mut known = None;
    // SAFETY: the caller passes NULL or a live client, NULL or a live description, and NULL or a
    // writable pointer.
    unsafe {
        let status = guard_engine(client, |engine, now| {
            let spec = UPLOADS.get(upload.cast())?.spec();
            let added = engine.with_uploads(now, |uploads, cx| uploads.add(cx, spec.clone()));
            known = match &added {
                Err(error) if error.status == FIO_E_UPLOAD_EXISTS => {
                    engine.uploads().find_tag(&spec.tag).map(|known| known.id)
                }
                added => added.as_ref().ok().copied(),
            };
            added.map(drop)
        });
        if let Some(which) = known.filter(|_| [FIO_OK, FIO_E_UPLOAD_EXISTS].contains(&status)) {
            args::write_if_wanted(id, which);
        }
        status
    }
}

/// Finds the upload of a clip by its tag: the newest one, as `fio_upload_start` knows it.
///
/// @param client  the client
/// @param tag     what `fio_upload_set_tag` gave
/// @param length  how many bytes
/// @param id      [out] set to `FIO_UPLOAD_NONE` first, to the upload on `FIO_OK`; may be NULL
/// @param state   [out] a `FIO_UPLOAD_…` on `FIO_OK`; may be NULL. One that is done or canceled may not be in the
///                list any more, so that `fio_upload_get` does not know it.
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` (also a tag that is NULL with a length) | `FIO_E_UNKNOWN_UPLOAD` (none
///            has this tag; none has an empty one) | `FIO_E_ARGUMENT` (an impossible length)
/// Callbacks: none
/// Blocking:  never
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_find(
    client: *mut fio_client,
    tag: *const u8,
    length: usize,
    id: *mut fio_upload_id,
    state: *mut i32,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live client, NULL or `length` readable bytes, and NULL or writable
    // pointers.
    guard(|| unsafe {
        args::write_if_wanted(id, FIO_UPLOAD_NONE);
        inside(client, &mut |_, entered| {
            let tag = args::bytes(tag, length, "the tag")?;
            let mut known = None;
            entered.driver(&mut |driver| {
                known = driver.engine.uploads().find_tag(tag);
                Ok(())
            })?;
            let known = known.ok_or_else(|| Error::new(FIO_E_UNKNOWN_UPLOAD, "no upload has this tag"))?;
            args::write_if_wanted(id, known.id);
            args::write_if_wanted(state, views::upload::state(known.state));
            Ok(())
        })
    })
}

/// Gives an upload its bytes again, where its source was a descriptor, a reader or pushed data: after a
/// restart, or after `fio_upload_retry` (`FIO_E_SOURCE_NEEDED`). Also gives another source to an upload
/// that is not over or has failed: a file that was moved, for example (one that failed is then retried
/// with `fio_upload_retry`). What has arrived already is not sent again. The bytes must be the same; the
/// length at least is compared.
///
/// @param client  the client
/// @param id      an upload that is not over, or has failed
/// @param upload  a description with the source, of which nothing else is used; copied
///
/// Returns:   `FIO_OK` | `FIO_E_UNKNOWN_UPLOAD` | `FIO_E_STATE` (done, skipped or canceled; or pushed data
///            for what is no recording, or a finished one) | `FIO_E_ARGUMENT` (no source) |
///            `FIO_E_SOURCE_MISSING` | `FIO_E_SOURCE_KIND` | `FIO_E_SOURCE_READ` | `FIO_E_SOURCE_CHANGED`
///            (not the same length)
/// Callbacks: store, clock, entropy and log callbacks, if set; `destroy` of an earlier reader that is not used any
///            more; `FIO_EVENT_UPLOAD` later, from `fio_drive`
/// Blocking:  opens the file, writes to the store
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_attach(
    client: *mut fio_client,
    id: fio_upload_id,
    upload: *const fio_upload,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live client, and NULL or a live description.
    unsafe {
        guard_engine(client, |engine, now| {
            let source = &UPLOADS.get(upload.cast())?.spec().source;
            engine.with_uploads(now, |uploads, cx| uploads.attach(cx, id, source.clone()))
        })
    }
}

/// Shows how an upload stands.
///
/// @param client  the client
/// @param id      the upload; one that is done or canceled is known for as long as
///                `fio_config_set_history` says
/// @param info    [out] set to NULL first, to the upload on `FIO_OK`; valid until the next
///                `fio_upload_get` on this client, or until it is freed
///
/// Returns:   `FIO_OK` | `FIO_E_UNKNOWN_UPLOAD`
/// Callbacks: none
/// Blocking:  never
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_get(
    client: *mut fio_client,
    id: fio_upload_id,
    info: *mut *const fio_upload_info,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live client, and NULL or a writable pointer.
    guard(|| unsafe {
        args::write(info, ptr::null())?;
        let mut shown = ptr::null();
        inside(client, &mut |handle, entered| {
            let view = views::upload::info(&entered.upload_info(id)?);
            shown = lock(&handle.shown).upload.insert(view).as_ptr();
            Ok(())
        })?;
        args::write(info, shown)
    })
}
