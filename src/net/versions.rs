//! Which versions of other libraries are at work.

use std::ffi::CStr;

/// As libcurl tells them, its own first. It does not know where rustls has its cryptography from.
pub fn inside() -> String {
    // SAFETY: it takes nothing; the text is terminated and stays. libcurl is initialised when the library is loaded.
    let libcurl = unsafe { CStr::from_ptr(curl_sys::curl_version()) };
    format!("{}{}", libcurl.to_string_lossy(), cryptography())
}

#[cfg(feature = "bundled")]
fn cryptography() -> String {
    // SAFETY: it takes nothing; the text, such as `AWS-LC 5.12.0`, is terminated and constant.
    let name = unsafe { CStr::from_ptr(aws_lc_sys::OpenSSL_version(0)) };
    format!(" {}", name.to_string_lossy().replace(' ', "/"))
}

#[cfg(not(feature = "bundled"))]
fn cryptography() -> &'static str {
    ""
}
