//! A URL that libcurl has parsed once, instead of anew for every request.

use std::ffi::{CString, c_char, c_int, c_uint, c_void};
use std::ptr::NonNull;

// Not in the bindings. In libcurl since 7.62, older than anything else here needs.
unsafe extern "C" {
    fn curl_url() -> *mut c_void;
    fn curl_url_set(url: *mut c_void, part: c_int, content: *const c_char, flags: c_uint) -> c_int;
    fn curl_url_cleanup(url: *mut c_void);
}

/// The whole URL as a part of itself.
const CURLUPART_URL: c_int = 0;

pub struct ParsedUrl(NonNull<c_void>);

impl ParsedUrl {
    pub fn new(url: &str) -> Result<ParsedUrl, curl::Error> {
        let text = CString::new(url)?;
        // SAFETY: it takes nothing, and gives a handle that is nobody else's, or NULL.
        let handle = NonNull::new(unsafe { curl_url() });
        let parsed = ParsedUrl(handle.ok_or_else(|| curl::Error::new(curl_sys::CURLE_OUT_OF_MEMORY))?);
        // SAFETY: the handle is alive, the text is terminated and copied.
        match unsafe { curl_url_set(parsed.as_ptr(), CURLUPART_URL, text.as_ptr(), 0) } {
            0 => Ok(parsed),
            _ => Err(curl::Error::new(curl_sys::CURLE_URL_MALFORMAT)),
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
