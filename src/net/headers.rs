//! The header lines of requests in the list that libcurl takes, wiped before it goes: one of them holds a token, and
//! libcurl frees lines as they are.

use std::ffi::CString;
use std::ptr::{self, NonNull};
use zeroize::Zeroize;

/// Only read by libcurl, while a transfer runs. Its own pointer is the only way to the list and its lines.
pub(crate) struct Headers(*mut curl_sys::curl_slist);

impl Headers {
    pub(crate) fn new() -> Headers {
        Headers(ptr::null_mut())
    }

    pub(crate) fn append(&mut self, line: &str) -> Result<(), curl::Error> {
        let mut line = CString::new(line)?.into_bytes_with_nul();
        // SAFETY: the list is NULL or this one's own; the line is terminated, and copied.
        let longer = unsafe { curl_sys::curl_slist_append(self.0, line.as_ptr().cast()) };
        line.zeroize();
        if longer.is_null() {
            // The list is as it was.
            return Err(curl::Error::new(curl_sys::CURLE_OUT_OF_MEMORY));
        }
        self.0 = longer;
        Ok(())
    }

    /// NULL if there are none.
    pub(crate) fn as_ptr(&self) -> *const curl_sys::curl_slist {
        self.0
    }

    fn wipe(&mut self) {
        let mut entry = self.0;
        while let Some(at) = NonNull::new(entry) {
            // SAFETY: an entry of the list, which is this one's own. Its line is terminated, and writable: libcurl has
            // copied it for the list. Nobody else has a reference into it.
            unsafe {
                let line = (*at.as_ptr()).data;
                let length = libc::strlen(line);
                std::slice::from_raw_parts_mut(line.cast::<u8>(), length).zeroize();
                entry = (*at.as_ptr()).next;
            }
        }
    }
}

impl Drop for Headers {
    fn drop(&mut self) {
        self.wipe();
        // SAFETY: the list is NULL or this one's own, and nothing points at it any more.
        unsafe { curl_sys::curl_slist_free_all(self.0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    fn lines(headers: &Headers) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        let mut entry = headers.as_ptr();
        while !entry.is_null() {
            // SAFETY: entries of a list that is alive, with terminated lines.
            unsafe {
                found.push(CStr::from_ptr((*entry).data).to_bytes().to_vec());
                entry = (*entry).next;
            }
        }
        found
    }

    #[test]
    fn lines_are_in_order_and_all_are_wiped() {
        let mut headers = Headers::new();
        assert!(headers.as_ptr().is_null());
        headers.append("A: b").unwrap();
        headers.append("").unwrap();
        headers.append("Authorization: Bearer secret").unwrap();
        assert_eq!(lines(&headers), [&b"A: b"[..], b"", b"Authorization: Bearer secret"]);
        // SAFETY: the last of three entries.
        let secret = unsafe { (*(*(*headers.0).next).next).data };
        headers.wipe();
        // SAFETY: the line is still there, and as long as it was.
        let wiped = unsafe { std::slice::from_raw_parts(secret.cast::<u8>(), 28) };
        assert_eq!(wiped, [0; 28]);
    }

    #[test]
    fn a_line_that_ends_early_is_refused() {
        let mut headers = Headers::new();
        headers.append("A: b").unwrap();
        assert!(headers.append("C: d\0Authorization: e").is_err());
        assert_eq!(lines(&headers), [b"A: b"]);
    }
}
