//! A URL that libcurl has parsed once, instead of anew for every request.

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::ptr::NonNull;
use zeroize::Zeroizing;

// Not in the bindings. In libcurl since 7.62, older than anything else here needs.
unsafe extern "C" {
    fn curl_url() -> *mut c_void;
    fn curl_url_set(url: *mut c_void, part: c_int, content: *const c_char, flags: c_uint) -> c_int;
    fn curl_url_cleanup(url: *mut c_void);
}

/// The whole URL as a part of itself.
const CURLUPART_URL: c_int = 0;

/// Leaves dots in the path alone: a signature is for the path as it is.
const CURLU_PATH_AS_IS: c_uint = 1 << 7;

pub struct ParsedUrl(NonNull<c_void>);

impl ParsedUrl {
    pub fn new(url: &str) -> Result<ParsedUrl, curl::Error> {
        let malformed = || curl::Error::new(curl_sys::CURLE_URL_MALFORMAT);
        // It may be signed, and is a secret then. Reserved in full, so that growing leaves no copy.
        let mut text = Zeroizing::new(Vec::with_capacity(url.len() + 1));
        text.extend_from_slice(url.as_bytes());
        text.push(0);
        let text = CStr::from_bytes_with_nul(&text).map_err(|_| malformed())?;
        // SAFETY: it takes nothing, and gives a handle that is nobody else's, or NULL.
        let handle = NonNull::new(unsafe { curl_url() });
        let parsed = ParsedUrl(handle.ok_or_else(|| curl::Error::new(curl_sys::CURLE_OUT_OF_MEMORY))?);
        // SAFETY: the handle is alive, the text is terminated and copied.
        match unsafe { curl_url_set(parsed.as_ptr(), CURLUPART_URL, text.as_ptr(), CURLU_PATH_AS_IS) } {
            0 => Ok(parsed),
            _ => Err(malformed()),
        }
    }

    pub fn as_ptr(&self) -> *mut c_void {
        self.0.as_ptr()
    }
}

impl Drop for ParsedUrl {
    fn drop(&mut self) {
        // SAFETY: the handle is this one's own, and whoever pointed at it is gone.
        unsafe { curl_url_cleanup(self.as_ptr()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_urls_are_parsed() {
        assert!(ParsedUrl::new("https://127.0.0.1:4443/v2/auth/token").is_ok());
        assert!(ParsedUrl::new("https://").is_err() && ParsedUrl::new("https://a\0b").is_err());
    }
}
