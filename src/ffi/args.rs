//! Arguments from C, checked before they are believed.

use crate::error::Error;
use crate::status::*;
use std::ffi::{CStr, c_char};

/// A pointer that must not be NULL, as a place to write one value to.
///
/// # Safety
/// `out` is NULL or points to writable memory for a `T`.
pub unsafe fn write<T>(out: *mut T, value: T) -> Result<(), Error> {
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
pub unsafe fn write_if_wanted<T>(out: *mut T, value: T) {
    if !out.is_null() {
        // SAFETY: as in `write`.
        unsafe { out.write(value) };
    }
}

/// A NUL-terminated UTF-8 string of at most `longest` bytes and without control characters.
///
/// # Safety
/// `text` is NULL or points to a NUL-terminated string that stays unchanged during `'a`.
pub unsafe fn text<'a>(text: *const c_char, what: &'static str, longest: usize) -> Result<&'a str, Error> {
    if text.is_null() {
        return Err(Error::told(FIO_E_NULL, format!("{what} is NULL")));
    }
    // SAFETY: not NULL, and the caller says it is terminated.
    let bytes = unsafe { CStr::from_ptr(text) }.to_bytes();
    plain_text(bytes, what, longest)
}

/// Bytes given as pointer and length. (NULL, 0) is the empty slice; (NULL, n) is an error.
///
/// # Safety
/// `start` is NULL or points to `length` readable bytes that stay unchanged during `'a`.
pub unsafe fn bytes<'a>(start: *const u8, length: usize, what: &'static str) -> Result<&'a [u8], Error> {
    if start.is_null() {
        return if length == 0 { Ok(&[]) } else { Err(Error::told(FIO_E_NULL, format!("{what} is NULL"))) };
    }
    if isize::try_from(length).is_err() {
        return Err(Error::told(FIO_E_ARGUMENT, format!("{what} has an impossible length")));
    }
    // SAFETY: not NULL, the length is possible, and the caller says the bytes are readable.
    Ok(unsafe { std::slice::from_raw_parts(start, length) })
}

/// Checks that bytes are a non-empty text that can go into a header, a form or a log.
pub fn plain_text<'a>(bytes: &'a [u8], what: &'static str, longest: usize) -> Result<&'a str, Error> {
    if bytes.is_empty() {
        return Err(Error::told(FIO_E_ARGUMENT, format!("{what} is empty")));
    }
    if bytes.len() > longest {
        return Err(Error::told(FIO_E_ARGUMENT, format!("{what} is longer than {longest} bytes")));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Error::told(FIO_E_UTF8, format!("{what} is not valid UTF-8")))?;
    if text.chars().any(char::is_control) {
        return Err(Error::told(FIO_E_ARGUMENT, format!("{what} contains control characters")));
    }
    Ok(text)
}

/// 0 or 1.
pub fn switch(value: i32) -> Result<bool, Error> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Error::new(FIO_E_ARGUMENT, "neither 0 nor 1")),
    }
}

/// Names of network interfaces: at most 16, each of 1 to 15 visible ASCII characters without slashes and
/// exclamation marks (libcurl gives those a meaning).
///
/// # Safety
/// `names` is NULL or points to `count` pointers that are NULL or lead to terminated strings, all of it
/// unchanged during the call.
pub unsafe fn interfaces(names: *const *const c_char, count: usize) -> Result<Vec<String>, Error> {
    if names.is_null() && count != 0 {
        return Err(Error::new(FIO_E_NULL, "the interfaces are NULL"));
    }
    if count > 16 {
        return Err(Error::new(FIO_E_ARGUMENT, "more than 16 interfaces"));
    }
    let mut all = Vec::with_capacity(count);
    for place in 0..count {
        // SAFETY: below `count`, and the caller says that there are so many and that each is terminated.
        let name = unsafe { text(*names.add(place), "the name of an interface", 15) }?;
        if !name.bytes().all(|byte| byte.is_ascii_graphic() && !b"/!".contains(&byte)) {
            return Err(Error::new(FIO_E_ARGUMENT, "this is not the name of an interface"));
        }
        all.push(name.to_owned());
    }
    Ok(all)
}
