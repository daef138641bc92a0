//! What the headers of libcurl, rustls and OpenSSL say and the bindings do not. tests/package/test_libcurl.py compares
//! each with them, and finds none elsewhere.

use std::ffi::{c_int, c_long, c_uint};

// curl/urlapi.h
/// The whole URL as a part of itself.
pub(crate) const CURLUPART_URL: c_int = 0;
/// Leaves dots in the path alone: a signature is for the path as it is.
pub(crate) const CURLU_PATH_AS_IS: c_uint = 1 << 4;
/// A URL with a user's name or password in it is none.
pub(crate) const CURLU_DISALLOW_USER: c_uint = 1 << 5;

// curl/curl.h
pub(crate) const CURLOPT_CURLU: curl_sys::CURLoption = 10282;
#[cfg(feature = "uploads")]
pub(crate) const CURLOPT_REQUEST_TARGET: curl_sys::CURLoption = 10266;
#[cfg(all(feature = "uploads", not(feature = "bundled")))]
pub(crate) const CURLOPT_TLS13_CIPHERS: curl_sys::CURLoption = 10276;
#[cfg(not(feature = "bundled"))]
pub(crate) const CURLOPT_SSL_EC_CURVES: curl_sys::CURLoption = 10298;
pub(crate) const CURLOPT_QUICK_EXIT: curl_sys::CURLoption = 322;
/// With the ports of the connection that a request is about to go out on.
#[cfg(feature = "uploads")]
pub(crate) const CURLOPT_PREREQFUNCTION: curl_sys::CURLoption = 20312;
#[cfg(feature = "uploads")]
pub(crate) const CURLOPT_PREREQDATA: curl_sys::CURLoption = 10313;
pub(crate) const CURLE_NOT_BUILT_IN: curl_sys::CURLcode = 4;
pub(crate) const CURLE_WEIRD_SERVER_REPLY: curl_sys::CURLcode = 8;

// curl/multi.h
pub(crate) const CURLMOPT_QUICK_EXIT: curl_sys::CURLMoption = 21;

// rustls.h
#[cfg(feature = "bundled")]
pub(crate) const RUSTLS_RESULT_OK: c_uint = 7000;
#[cfg(feature = "bundled")]
pub(crate) const RUSTLS_RESULT_IO: c_uint = 7001;
#[cfg(feature = "bundled")]
pub(crate) const RUSTLS_RESULT_NULL_PARAMETER: c_uint = 7002;
#[cfg(feature = "bundled")]
pub(crate) const RUSTLS_RESULT_CERTIFICATE_PARSE_ERROR: c_uint = 7005;
#[cfg(feature = "bundled")]
pub(crate) const RUSTLS_RESULT_UNEXPECTED_EOF: c_uint = 7010;
#[cfg(feature = "bundled")]
pub(crate) const RUSTLS_RESULT_PLAINTEXT_EMPTY: c_uint = 7011;

// openssl/x509_vfy.h
pub(crate) const X509_V_OK: c_long = 0;
pub(crate) const X509_V_ERR_CERT_NOT_YET_VALID: c_long = 9;
pub(crate) const X509_V_ERR_CERT_HAS_EXPIRED: c_long = 10;
pub(crate) const X509_V_ERR_HOSTNAME_MISMATCH: c_long = 62;
