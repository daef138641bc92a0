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

fn c_string(text: &str) -> CString {
    // Texts are cleaned of control characters where they come in; a NUL that slipped through would
    // end the text there in C anyway.
    CString::new(text.split('\0').next().unwrap_or_default()).unwrap_or_default()
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
    pub fn as_ptr(&self) -> *const T {
        &*self.raw
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
