//! Arguments from C, checked before they are believed. (What they may say is checked by `client`.)

use crate::error::Error;
use crate::status::*;
use std::ffi::{CStr, c_char};

/// A pointer that must not be NULL, as a place to write one value to.
///
/// # Safety
/// `out` is NULL or points to writable memory for a `T`.
pub(crate) unsafe fn write<T>(out: *mut T, value: T) -> Result<(), Error> {
    if out.is_null() {
        return Err(Error::of(FIO_E_NULL));
    }
    // SAFETY: not NULL, and the caller says it is writable. `write` does not read the old value.
    unsafe { out.write(value) };
    Ok(())
}

/// As [`write`], but NULL means that the caller does not want the value.
///
/// # Safety
/// As for [`write`].
pub(crate) unsafe fn write_if_wanted<T>(out: *mut T, value: T) {
    // SAFETY: as in `write`. What it answers is that the value is not wanted.
    let _ = unsafe { write(out, value) };
}

/// A NUL-terminated UTF-8 string.
///
/// # Safety
/// `text` is NULL or points to a NUL-terminated string that stays unchanged during `'a`.
pub(crate) unsafe fn text<'a>(text: *const c_char, what: &'static str) -> Result<&'a str, Error> {
    // SAFETY: as the caller says.
    unsafe { optional_text(text, what) }?.ok_or_else(|| Error::told(FIO_E_NULL, format!("{what} is NULL")))
}

/// As [`text`], but NULL means none.
///
/// # Safety
/// As for [`text`].
pub(crate) unsafe fn optional_text<'a>(
    text: *const c_char,
    what: &'static str,
) -> Result<Option<&'a str>, Error> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: not NULL, and the caller says it is terminated.
    utf8(unsafe { CStr::from_ptr(text) }.to_bytes(), what).map(Some)
}

pub(crate) fn utf8<'a>(bytes: &'a [u8], what: &'static str) -> Result<&'a str, Error> {
    std::str::from_utf8(bytes).map_err(|_| Error::told(FIO_E_UTF8, format!("{what} is not valid UTF-8")))
}

/// Bytes given as pointer and length. (NULL, 0) is the empty slice; (NULL, n) is an error.
///
/// # Safety
/// `start` is NULL or points to `length` readable bytes that stay unchanged during `'a`.
pub(crate) unsafe fn bytes<'a>(
    start: *const u8,
    length: usize,
    what: &'static str,
) -> Result<&'a [u8], Error> {
    if start.is_null() {
        return if length == 0 { Ok(&[]) } else { Err(Error::told(FIO_E_NULL, format!("{what} is NULL"))) };
    }
    if isize::try_from(length).is_err() {
        return Err(Error::told(FIO_E_ARGUMENT, format!("{what} has an impossible length")));
    }
    // SAFETY: not NULL, the length is possible, and the caller says the bytes are readable.
    Ok(unsafe { std::slice::from_raw_parts(start, length) })
}

/// 0 or 1.
pub(crate) fn switch(value: i32) -> Result<bool, Error> {
    match value {
        0 | 1 => Ok(value == 1),
        _ => Err(Error::new(FIO_E_ARGUMENT, "neither 0 nor 1")),
    }
}

/// Names of network interfaces.
///
/// # Safety
/// `names` is NULL or points to `count` pointers that are NULL or lead to terminated strings, all of it
/// unchanged during the call.
pub(crate) unsafe fn interfaces(names: *const *const c_char, count: usize) -> Result<Vec<String>, Error> {
    if names.is_null() && count != 0 {
        return Err(Error::new(FIO_E_NULL, "the interfaces are NULL"));
    }
    // SAFETY: below `count`, and the caller says that there are so many and that each is terminated.
    crate::client::limits::interfaces(count, &mut |place| unsafe {
        text(*names.add(place), "the name of an interface")
    })
}
