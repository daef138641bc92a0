//! Comments from the device.

use super::callbacks::fio_done_cb;
use super::client::{fio_client, start_with};
use super::core::Completion;
use super::{fio_op, fio_status, guard::guard};
use crate::error::Error;
use crate::status::*;
use std::ffi::{CStr, c_char, c_void};

const LONGEST_TEXT: usize = 10_000;
const LONGEST_ID: usize = 64;

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
/// Returns:   `FIO_OK` (started) | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (no such id; empty,
///            too long, control characters; a frame that is no number) | `FIO_E_UTF8` |
///            `FIO_E_NOT_AUTHORIZED` | `FIO_E_CLOCK` | `FIO_E_REENTRANT` (inside a data callback) |
///            `FIO_E_BUSY` | `FIO_E_FORKED` | `FIO_E_CLOSED` | `FIO_E_POISONED` | `FIO_E_PANIC`
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
    guard(|| {
        // SAFETY: the caller passes NULL or a live client, NULL or terminated strings, and NULL or a writable
        // pointer.
        unsafe {
            start_with(client, Completion::Done(done, user), op, |engine, now| {
                if asset_id.is_null() || text.is_null() {
                    return Err(Error::new(FIO_E_NULL, "the asset's id or the text is NULL"));
                }
                let (asset_id, text) = (CStr::from_ptr(asset_id), CStr::from_ptr(text));
                let asset_id = checked_id(asset_id.to_bytes())?;
                let text = checked_text(text.to_bytes())?;
                if !frame.is_finite() {
                    return Err(Error::new(FIO_E_ARGUMENT, "the frame is no number"));
                }
                engine.start_comment(asset_id, text, (frame >= 0.0).then_some(frame.abs()), now)
            })
        }
    })
}

/// It becomes part of a path.
fn checked_id(id: &[u8]) -> Result<&str, Error> {
    let is_fit = (1..=LONGEST_ID).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    std::str::from_utf8(id)
        .ok()
        .filter(|_| is_fit)
        .ok_or_else(|| Error::new(FIO_E_ARGUMENT, "this is not the id of an asset"))
}

fn checked_text(text: &[u8]) -> Result<&str, Error> {
    if !(1..=LONGEST_TEXT).contains(&text.len()) {
        return Err(Error::new(FIO_E_ARGUMENT, "the text does not have 1 to 10000 bytes"));
    }
    let text =
        std::str::from_utf8(text).map_err(|_| Error::new(FIO_E_UTF8, "the text is not valid UTF-8"))?;
    if text.chars().any(|c| c.is_control() && !['\n', '\r', '\t'].contains(&c)) {
        return Err(Error::new(FIO_E_ARGUMENT, "the text contains control characters"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_fit_for_a_path_and_texts_for_a_person() {
        assert!(checked_id(b"b1f2-00AA").is_ok() && checked_id(&[b'a'; 64]).is_ok());
        for bad in [&b""[..], b"a/b", b"..", b"a b", b"\xff", &[b'a'; 65]] {
            assert_eq!(checked_id(bad).unwrap_err().status, FIO_E_ARGUMENT);
        }
        assert!(checked_text("two\r\n\tlines: größer".as_bytes()).is_ok());
        assert!(checked_text(&[b'a'; 10_000]).is_ok());
        for (bad, status) in [
            (&b""[..], FIO_E_ARGUMENT),
            (&[b'a'; 10_001], FIO_E_ARGUMENT),
            (b"\x1b[2J", FIO_E_ARGUMENT),
            (b"\xff", FIO_E_UTF8),
        ] {
            assert_eq!(checked_text(bad).unwrap_err().status, status);
        }
    }
}
