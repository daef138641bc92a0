//! What the library gives: structs it owns, valid during the callback or until the next call, that
//! may grow at their end. Each view keeps the strings its struct points to.

pub mod device;

pub mod upload;

pub mod event;

pub use device::fio_device;
pub use event::fio_event;
pub use upload::{fio_totals, fio_upload_info};

use super::fio_op;
use crate::clock::Instant;
use crate::engine::effects::ShownCode;
use crate::error::Error;
use crate::shown::clean;
use crate::status::Retry;
use std::any::Any;
use std::ffi::{CString, c_char};
use std::ptr;
use std::time::Duration;

/// `fio_error.retry`: the same request will fail again until something else is changed.
pub const FIO_RETRY_NEVER: i32 = 0;
/// `fio_error.retry`: try again later, not before `retry_after_ms` if that is not negative. A person may have to
/// act first: `advice` says so.
pub const FIO_RETRY_LATER: i32 = 1;
/// `fio_error.retry`: only a new pairing helps.
pub const FIO_RETRY_AFTER_PAIRING: i32 = 2;

/// What went wrong. Contains no secrets: it may be shown and logged.
#[repr(C)]
pub struct fio_error {
    /// Size of this struct in the library; it may grow at its end.
    pub struct_size: u32,
    /// A `FIO_E_…`.
    pub status: i32,
    /// A `FIO_RETRY_…`.
    pub retry: i32,
    /// HTTP status of the answer, 0 if there was none.
    pub http_status: i32,
    /// libcurl's result (a `CURLcode`), 0 if libcurl did not fail.
    pub curl_code: i32,
    /// Zero.
    pub reserved: i32,
    /// How long the server asked to wait, in milliseconds; -1 if it did not.
    pub retry_after_ms: i64,
    /// The operation that failed, `FIO_OP_NONE` if there was none.
    pub op: fio_op,
    /// Name of the status, for example `FIO_E_DNS`. Never NULL.
    pub name: *const c_char,
    /// What happened: one sentence in English. Never NULL.
    pub message: *const c_char,
    /// Length of `message` in bytes.
    pub message_length: usize,
    /// What a person can do: one sentence in English. Never NULL.
    pub advice: *const c_char,
    /// `error` of an OAuth answer (RFC 6749 section 5.2, RFC 8628 section 3.5), or NULL.
    pub oauth_error: *const c_char,
    /// Lengths of the strings above in bytes, 0 for NULL.
    pub name_length: usize,
    pub advice_length: usize,
    pub oauth_error_length: usize,
}

/// A code for the person to enter. The device code stays inside the library.
#[repr(C)]
pub struct fio_code {
    /// Size of this struct in the library; it may grow at its end.
    pub struct_size: u32,
    /// 1 for the first code of an operation, 2 for the one that replaces it, and so on.
    pub number: u32,
    /// The operation the code belongs to.
    pub op: fio_op,
    /// Milliseconds until it runs out, counted from this callback. Counts on while the device sleeps.
    pub expires_in_ms: i64,
    /// The server's pace for polls in milliseconds; the library keeps it by itself.
    pub interval_ms: i64,
    /// Six digits, as a string: they may begin with 0. Never NULL.
    pub user_code: *const c_char,
    /// The page where the code is entered, or NULL.
    pub verification_uri: *const c_char,
    /// The page with the code filled in, for a QR (`fio_qr_encode`), or NULL.
    pub verification_uri_complete: *const c_char,
    /// The device's name at the service, or NULL.
    pub device_name: *const c_char,
    /// Lengths of the strings above in bytes, 0 for NULL.
    pub user_code_length: usize,
    pub verification_uri_length: usize,
    pub verification_uri_complete_length: usize,
    pub device_name_length: usize,
}

/// The one way by which a text gets into a view. (Paths and tags are the application's own bytes.)
fn c_string(text: &str) -> CString {
    // No NUL is left in it, so that nothing is lost.
    CString::new(clean(text).into_owned()).unwrap_or_default()
}

fn optional(text: &Option<String>) -> Option<CString> {
    text.as_deref().map(c_string)
}

fn pointer(text: &Option<CString>) -> *const c_char {
    text.as_ref().map_or(ptr::null(), |text| text.as_ptr())
}

fn length(text: &Option<CString>) -> usize {
    text.as_ref().map_or(0, |text| text.as_bytes().len())
}

fn milliseconds(span: Duration) -> i64 {
    i64::try_from(crate::clock::milliseconds(span)).unwrap_or(i64::MAX)
}

/// A struct together with what it points to. The strings' memory does not move with the view.
pub(in crate::ffi) struct View<T> {
    raw: Box<T>,
    _strings: Vec<Option<CString>>,
    _parts: Vec<Box<dyn Any>>,
}

impl<T> View<T> {
    pub(crate) fn as_ptr(&self) -> *const T {
        &*self.raw
    }

    /// NULL for none.
    pub(crate) fn pointer(view: &Option<View<T>>) -> *const T {
        view.as_ref().map_or(ptr::null(), View::as_ptr)
    }
}

fn struct_size<T>() -> u32 {
    std::mem::size_of::<T>() as u32
}

pub(in crate::ffi) fn error(error: &Error, op: fio_op) -> View<fio_error> {
    let strings = vec![
        Some(c_string(error.name())),
        Some(c_string(&error.message)),
        Some(c_string(error.advice())),
        error.oauth_error.as_deref().map(c_string),
    ];
    let raw = fio_error {
        struct_size: struct_size::<fio_error>(),
        status: error.status,
        retry: match error.retry() {
            Retry::Never => FIO_RETRY_NEVER,
            Retry::Later | Retry::Slowly => FIO_RETRY_LATER,
            Retry::AfterPairing => FIO_RETRY_AFTER_PAIRING,
        },
        http_status: error.http_status.into(),
        curl_code: error.curl_code,
        reserved: 0,
        retry_after_ms: error.retry_after.map_or(-1, milliseconds),
        op,
        name: pointer(&strings[0]),
        message: pointer(&strings[1]),
        message_length: length(&strings[1]),
        advice: pointer(&strings[2]),
        oauth_error: pointer(&strings[3]),
        name_length: length(&strings[0]),
        advice_length: length(&strings[2]),
        oauth_error_length: length(&strings[3]),
    };
    View { raw: Box::new(raw), _strings: strings, _parts: Vec::new() }
}

pub(in crate::ffi) fn code(code: &ShownCode, op: fio_op, now: Instant) -> View<fio_code> {
    let strings = vec![
        Some(c_string(&code.user_code)),
        optional(&code.verification_uri),
        optional(&code.verification_uri_complete),
        optional(&code.name),
    ];
    let raw = fio_code {
        struct_size: struct_size::<fio_code>(),
        number: code.number,
        op,
        expires_in_ms: milliseconds(code.expires - now),
        interval_ms: milliseconds(code.interval),
        user_code: pointer(&strings[0]),
        verification_uri: pointer(&strings[1]),
        verification_uri_complete: pointer(&strings[2]),
        device_name: pointer(&strings[3]),
        user_code_length: length(&strings[0]),
        verification_uri_length: length(&strings[1]),
        verification_uri_complete_length: length(&strings[2]),
        device_name_length: length(&strings[3]),
    };
    View { raw: Box::new(raw), _strings: strings, _parts: Vec::new() }
}

#[cfg(test)]
pub(in crate::ffi) mod tests {
    use super::*;
    use crate::api::device::{Channel, Device};
    use crate::engine::effects::AgedDevice;
    use crate::engine::effects::Event;
    use crate::shown::is_plain;
    use crate::status::FIO_E_OAUTH;
    use std::ffi::CStr;

    pub(super) const HOSTILE: &str =
        "a\u{1b}]0;b\u{7}\u{9b}2J\0\r\n\u{202e}c\u{2066}\u{200f}\u{61c}d\u{2028}e";

    fn hostile() -> Option<String> {
        Some(HOSTILE.into())
    }

    pub(super) fn failure() -> Error {
        let mut error = Error::told(FIO_E_OAUTH, HOSTILE.into());
        error.oauth_error = Some(HOSTILE.into());
        error
    }

    /// # Safety
    /// The text belongs to a view that is alive.
    pub(super) unsafe fn check(text: *const c_char, length: usize) {
        // SAFETY: the caller says so.
        let text = unsafe { CStr::from_ptr(text) }.to_str().unwrap();
        assert!(text.chars().all(is_plain) && text.starts_with("a]0;b2J") && text.ends_with('e'), "{text:?}");
        assert_eq!(text.len(), length);
    }

    /// # Safety
    /// The error belongs to a view that is alive.
    pub(super) unsafe fn check_error(error: *const fio_error) {
        // SAFETY: the caller says so.
        unsafe {
            check((*error).message, (*error).message_length);
            check((*error).oauth_error, (*error).oauth_error_length);
        }
    }

    /// # Safety
    /// As above, of a device.
    unsafe fn check_device(device: *const fio_device) {
        // SAFETY: the caller says so; there is one channel.
        unsafe {
            let device = &*device;
            for (text, length) in [
                (device.project_id, device.project_id_length),
                (device.project_name, device.project_name_length),
                (device.id, device.id_length),
                (device.name, device.name_length),
                (device.asset_type, device.asset_type_length),
                (device.timezone, device.timezone_length),
                (device.creator_name, device.creator_name_length),
            ] {
                check(text, length);
            }
            assert_eq!(device.channel_count, 1);
            let channel = &**device.channels;
            check(channel.id, channel.id_length);
            check(channel.name, channel.name_length);
            check(channel.asset_type, channel.asset_type_length);
        }
    }

    fn known() -> Box<Device> {
        let channel =
            Channel { id: HOSTILE.into(), name: hostile(), asset_type: hostile(), ..Channel::default() };
        Box::new(Device {
            id: hostile(),
            name: hostile(),
            project_id: hostile(),
            project_name: hostile(),
            asset_type: hostile(),
            timezone: hostile(),
            creator_name: hostile(),
            channels: vec![channel],
            ..Device::default()
        })
    }

    #[test]
    fn no_view_has_a_text_that_acts_on_a_screen() {
        let shown = ShownCode {
            user_code: HOSTILE.into(),
            verification_uri: hostile(),
            verification_uri_complete: hostile(),
            name: hostile(),
            expires: Instant(1),
            life: Duration::ZERO,
            interval: Duration::ZERO,
            number: 1,
        };
        let code = code(&shown, 1, Instant(0));
        let view = error(&failure(), 1);
        // SAFETY: the views are alive.
        unsafe {
            let code = &*code.as_ptr();
            check(code.user_code, code.user_code_length);
            check(code.verification_uri, code.verification_uri_length);
            check(code.verification_uri_complete, code.verification_uri_complete_length);
            check(code.device_name, code.device_name_length);
            check_error(view.as_ptr());
        }
        let aged = AgedDevice { device: known(), age: None };
        for event in [
            Event::Device(known()),
            Event::DeviceCached(aged),
            Event::ProjectChanged { previous: HOSTILE.into(), device: known() },
        ] {
            let view = event::event(&event);
            // SAFETY: the view is alive.
            unsafe {
                let raw = &*view.as_ptr();
                check_device(raw.device);
                if !raw.previous_project_id.is_null() {
                    check(raw.previous_project_id, raw.previous_project_id_length);
                }
            }
        }
        for event in [
            Event::AuthorizationLost(failure()),
            Event::RefreshRefused(failure()),
            Event::DeviceUnknown(failure()),
            Event::StoreFailed(failure()),
            Event::StoreDamaged(failure()),
            Event::Retrying { error: failure(), wait: Duration::ZERO },
        ] {
            let view = event::event(&event);
            // SAFETY: the view is alive.
            unsafe { check_error((*view.as_ptr()).error) };
        }
    }
}
