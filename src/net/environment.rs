//! The environment as the bundled libcurl sees it: empty.
//!
//! libcurl takes the name of a file for the keys of its TLS sessions from `SSLKEYLOGFILE`, also in a program that runs
//! with more rights than its caller. It looks for proxies, a home directory and more in other variables. What a client
//! does follows from its configuration only. `packaging/libcurl` makes libcurl call this instead of `getenv`.

use std::ffi::c_char;
use std::ptr;

/// As `getenv` where nothing is set.
#[unsafe(no_mangle)]
extern "C" fn fio_libcurl_getenv(_name: *const c_char) -> *mut c_char {
    ptr::null_mut()
}

#[cfg(test)]
mod tests {
    use std::ffi::{c_char, c_void};

    unsafe extern "C" {
        fn curl_getenv(name: *const c_char) -> *mut c_char;
    }

    #[test]
    fn libcurl_finds_no_variable() {
        // Every test has one of them, wherever it runs.
        assert!(std::env::var_os("CARGO_PKG_NAME").or(std::env::var_os("PATH")).is_some());
        for name in [c"CARGO_PKG_NAME", c"PATH"] {
            // SAFETY: the name is terminated; what comes is NULL or a text to be freed by libcurl.
            unsafe {
                let value = curl_getenv(name.as_ptr());
                let is_none = value.is_null();
                curl_sys::curl_free(value.cast::<c_void>());
                assert!(is_none, "{name:?}");
            }
        }
    }
}
