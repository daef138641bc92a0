//! A URL that libcurl has parsed once, instead of again for every request.

use super::constants::{CURLU_DISALLOW_USER, CURLU_PATH_AS_IS, CURLUPART_URL};
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::ptr::NonNull;
use zeroize::Zeroizing;

// Not in the bindings. In libcurl since 7.62, older than anything else here needs.
unsafe extern "C" {
    fn curl_url() -> *mut c_void;
    fn curl_url_set(url: *mut c_void, part: c_int, content: *const c_char, flags: c_uint) -> c_int;
    fn curl_url_cleanup(url: *mut c_void);
}

pub(crate) struct ParsedUrl(NonNull<c_void>);

impl ParsedUrl {
    pub(crate) fn new(url: &str) -> Result<ParsedUrl, curl::Error> {
        let malformed = || curl::Error::new(curl_sys::CURLE_URL_MALFORMAT);
        // It may be signed, and is a secret then. Reserved in full, so that growing leaves no copy.
        let mut text = Zeroizing::new(Vec::with_capacity(url.len() + 1));
        text.extend_from_slice(url.as_bytes());
        text.push(0);
        let text = CStr::from_bytes_with_nul(&text).map_err(|_| malformed())?;
        // SAFETY: it takes nothing, and gives a handle that is nobody else's, or NULL.
        let handle = NonNull::new(unsafe { curl_url() });
        let parsed = ParsedUrl(handle.ok_or_else(|| curl::Error::new(curl_sys::CURLE_OUT_OF_MEMORY))?);
        // libcurl would send a user's name and password of a URL to its host as an Authorization header.
        let flags = CURLU_PATH_AS_IS | CURLU_DISALLOW_USER;
        // SAFETY: the handle is alive, the text is terminated and copied.
        match unsafe { curl_url_set(parsed.as_ptr(), CURLUPART_URL, text.as_ptr(), flags) } {
            0 => Ok(parsed),
            _ => Err(malformed()),
        }
    }

    pub(crate) fn as_ptr(&self) -> *mut c_void {
        self.0.as_ptr()
    }
}

impl Drop for ParsedUrl {
    fn drop(&mut self) {
        // SAFETY: the handle is this one's own, and nothing points at it any more.
        unsafe { curl_url_cleanup(self.as_ptr()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" {
        fn curl_url_get(url: *mut c_void, part: c_int, text: *mut *mut c_char, flags: c_uint) -> c_int;
    }

    #[test]
    fn only_urls_are_parsed() {
        assert!(ParsedUrl::new("https://127.0.0.1:4443/v2/auth/token").is_ok());
        for bad in [
            "https://",
            "https://a\0b",
            "https://user:password@host/",
            "https://user@host/",
            "https://:@host/",
        ] {
            assert!(ParsedUrl::new(bad).is_err(), "{bad}");
        }
        assert!(ParsedUrl::new("https://host/a@b?c=@d").is_ok());
    }

    /// A signature is for the bytes of the path and the query.
    #[test]
    fn a_url_is_kept_byte_for_byte() {
        for url in [
            "https://host/storage/./a/../../b?x=/../y",
            "https://host/..//a%2e%2E/./",
            "https://host/a%20b+c%2f?X-Amz-Signature=0%3D&y=./",
        ] {
            let parsed = ParsedUrl::new(url).unwrap();
            let mut text = std::ptr::null_mut();
            // SAFETY: the handle is alive and the text is a place for a pointer.
            assert_eq!(unsafe { curl_url_get(parsed.as_ptr(), CURLUPART_URL, &mut text, 0) }, 0);
            // SAFETY: libcurl has written a terminated text, which is freed once.
            let kept = unsafe { CStr::from_ptr(text) }.to_owned();
            // SAFETY: libcurl gave the text away, and it is not used any more.
            unsafe { curl_sys::curl_free(text.cast()) };
            assert_eq!(kept.to_str(), Ok(url));
        }
    }
}
