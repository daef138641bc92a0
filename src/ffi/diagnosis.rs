//! Names and versions.

use super::{fio_status, guard::guard_value};
use crate::net::versions;
use crate::status;
use once_cell::sync::Lazy;
use std::ffi::{CStr, CString, c_char};

/// Terminated copies of the texts of a status, made once for all statuses.
fn texts(status: fio_status) -> Option<&'static [CString; 3]> {
    static TEXTS: Lazy<Vec<(i32, [CString; 3])>> = Lazy::new(|| {
        let rows = status::DESCRIPTIONS.iter();
        let terminated = |text: &str| CString::new(text).unwrap_or_default();
        rows.map(|row| (row.status, [row.name, row.summary, row.advice].map(terminated))).collect()
    });
    TEXTS.iter().find(|(known, _)| *known == status).map(|(_, texts)| texts)
}

/// The name of a status, such as `FIO_E_DNS`.
///
/// @param status  any value
///
/// Returns:   a string that stays valid for ever; `FIO_E_UNKNOWN` for a value this version does not
///            know. Never NULL.
/// Callbacks: none
/// Blocking:  never
/// Threads:   any
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn fio_status_name(status: fio_status) -> *const c_char {
    guard_value(c"FIO_E_UNKNOWN".as_ptr(), || {
        texts(status).map_or(c"FIO_E_UNKNOWN".as_ptr(), |texts| texts[0].as_ptr())
    })
}

/// What a status means in general, as one sentence in English without a final stop. The message of a
/// `fio_error` says more, where there is one.
///
/// @param status  any value
///
/// Returns:   a string that stays valid for ever. Never NULL.
/// Callbacks: none
/// Blocking:  never
/// Threads:   any
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn fio_status_message(status: fio_status) -> *const c_char {
    guard_value(c"unknown status".as_ptr(), || {
        texts(status).map_or(c"unknown status".as_ptr(), |texts| texts[1].as_ptr())
    })
}

/// What a person can do about a status, as one sentence in English.
///
/// @param status  any value
///
/// Returns:   a string that stays valid for ever. Never NULL.
/// Callbacks: none
/// Blocking:  never
/// Threads:   any
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn fio_status_advice(status: fio_status) -> *const c_char {
    const UNKNOWN: &CStr = c"Use a newer header, or report it.";
    guard_value(UNKNOWN.as_ptr(), || texts(status).map_or(UNKNOWN.as_ptr(), |texts| texts[2].as_ptr()))
}

static DETAILS: Lazy<CString> =
    Lazy::new(|| CString::new(format!("fio-c2c/{VERSION} {}", versions::inside())).unwrap_or_default());

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The version of the library, such as `0.1.0`. Compare with `FIO_VERSION`, the header's.
///
/// Returns:   a string that stays valid for ever. Never NULL.
/// Callbacks: none
/// Blocking:  never
/// Threads:   any
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn fio_version() -> *const c_char {
    const TERMINATED: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    guard_value(c"".as_ptr(), || TERMINATED.as_ptr().cast())
}

/// The library and what is inside it or what it runs with, for a diagnosis screen and to tell which reports of holes
/// concern a device. Names and versions are separated by spaces or slashes:
/// `fio-c2c/0.1.0 libcurl/8.22.0-DEV rustls-ffi/0.15.7/rustls/0.23.46/aws-lc-rs zlib/1.3.2 AWS-LC/5.12.0` where they
/// are bundled (curl-sys marks its libcurl so; it is the release),
/// `fio-c2c/0.1.0 libcurl/7.88.1 OpenSSL/3.0.17 zlib/1.2.13` and more with the system's libcurl, as that one says.
///
/// Returns:   a string that stays valid for ever. Never NULL.
/// Callbacks: none
/// Blocking:  never
/// Threads:   any
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn fio_version_details() -> *const c_char {
    guard_value(c"".as_ptr(), || DETAILS.as_ptr())
}

/// The version of the library as a number: major × 65536 + minor × 256 + patch. Compare with
/// `FIO_VERSION_NUMBER`, the header's.
///
/// Returns:   the number
/// Callbacks: none
/// Blocking:  never
/// Threads:   any
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn fio_version_number() -> u32 {
    guard_value(0, || {
        VERSION.split('.').fold(0, |number, part| number * 256 + part.parse::<u32>().unwrap_or(0))
    })
}
