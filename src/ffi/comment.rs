//! Comments from the device.

use super::*;

/// Makes a comment on an uploaded asset (`POST /v2/devices/assets/{id}/comments`): a marker set on the
/// camera, for example. A 401 is answered by one refresh and one repetition; otherwise it is sent once. It
/// is not queued: offline it fails, and a lost answer (`FIO_E_TIMEOUT`, `FIO_E_RESET`) leaves open
/// whether the comment was made.
///
/// @param client    the client
/// @param asset_id  `fio_upload_info.asset_id`: 1 to 64 letters, digits and hyphens; copied
/// @param text      1 to 10,000 bytes of UTF-8; line breaks and tabs are allowed, other control
///                  characters are not; copied
/// @param frame     the frame it is about, counted from 0 and rounded to a whole one (the service keeps no
///                  fractions); negative for a comment on the whole asset
/// @param done      called when it is over; may be NULL
/// @param user      passed to `done`; may be NULL
/// @param op        [out] the operation; may be NULL
///
/// Returns:   `FIO_OK` (started) | `FIO_E_ARGUMENT` (no such id; empty, too long, control characters; a frame
///            that is no number) | `FIO_E_UTF8` | `FIO_E_NOT_AUTHORIZED` | `FIO_E_CLOCK`
/// Ends with: `FIO_OK` | `FIO_E_NOT_FOUND` (the service does not know the asset) | `FIO_E_CANCELED`
///            (it may have been made all the same) | `FIO_E_UNAUTHORIZED` (401 in spite of a new token) |
///            `FIO_E_AUTHORIZATION_LOST`, `FIO_E_NOT_AUTHORIZED`, `FIO_E_TOKEN_EXPIRED` (no token could be
///            had) | `FIO_E_INVALID_CLIENT` | a network error (`FIO_E_DNS` to `FIO_E_CA_FILE`, `FIO_E_CA`,
///            `FIO_E_CLOCK`) | an answer's error (`FIO_E_PROTOCOL` to `FIO_E_PLAN_LIMIT`)
/// Callbacks: none before it returns; `done` exactly once, from `fio_drive` or `fio_client_free`
/// Blocking:  never
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_comment(
    client: *mut fio_client,
    asset_id: *const c_char,
    text: *const c_char,
    frame: f64,
    done: fio_done_cb,
    user: *mut c_void,
    op: *mut fio_op,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live client, NULL or terminated strings, and NULL or a writable
    // pointer.
    unsafe {
        guard_start(client, Registered(Callback::Done(done), user), op, &mut |engine, now| {
            let asset_id = args::text(asset_id, "the asset's id")?;
            let text = limits::comment(args::text(text, "the text")?)?;
            engine.start_comment(asset_id, text, limits::frame(frame)?, now)
        })
    }
}
