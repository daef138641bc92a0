//! What every handle of libcurl's is told, and the options that the bindings lack.

use super::constants::{CURLE_NOT_BUILT_IN, CURLMOPT_QUICK_EXIT, CURLOPT_CURLU, CURLOPT_QUICK_EXIT};
use super::headers::Headers;
use super::tls::{self, CaSource};
use super::url::ParsedUrl;
use crate::log::{Level, Log};
use curl::easy::{Easy2, Handler, HttpVersion, List, SslVersion};
use curl::multi::Multi;
use std::path::Path;
use std::time::Duration;

#[derive(Clone)]
pub struct NetSettings {
    /// `https://host[:port]`
    pub origin: String,
    pub client_version: String,
    pub tls: tls::Context,
    pub connect_timeout: Duration,
    /// For a request to the API as a whole.
    pub request_timeout: Duration,
    /// For a part, which takes as long as it takes: how long it may stand still.
    pub stall_timeout: Duration,
    /// `host:port:address` entries that replace name resolution.
    pub resolve: Vec<String>,
    /// Use libcurl's own waiting instead of epoll, as platforms without epoll do.
    pub portable_poller: bool,
    /// Notice by itself that the network is another one, while there are uploads.
    pub watches_network: bool,
}

impl NetSettings {
    pub fn ca_file(&self) -> Option<&Path> {
        match self.tls.source() {
            CaSource::File(path) => Some(path),
            CaSource::Pem(_) => None,
        }
    }
}

/// https, verified, without redirects, proxies, cookies, or anything else from the environment.
pub(crate) fn set_common<H: Handler>(
    easy: &mut Easy2<H>,
    settings: &NetSettings,
    log: &Log,
) -> Result<(), curl::Error> {
    only_https(easy)?;
    wait_for_no_names(easy);
    easy.http_version(HttpVersion::V11)?;
    easy.ssl_min_max_version(SslVersion::Tlsv12, SslVersion::Default)?;
    easy.connect_timeout(settings.connect_timeout)?;
    // Neither proxies nor anything else is taken from the host's environment.
    easy.proxy("")?;
    easy.noproxy("*")?;
    easy.useragent(concat!("fio-c2c/", env!("CARGO_PKG_VERSION")))?;
    no_other_certificates(easy)?;
    settings.tls.configure(easy)?;
    if !settings.resolve.is_empty() {
        let mut list = List::new();
        for entry in &settings.resolve {
            list.append(entry)?;
        }
        easy.resolve(list)?;
    }
    easy.verbose(log.wants(Level::Trace))
}

/// Sets the URL of a handle.
///
/// # Safety
/// The URL must stay until the handle is pointed at another one, or is gone.
pub(crate) unsafe fn point_at<H>(easy: &Easy2<H>, url: &ParsedUrl) -> Result<(), curl::Error> {
    // SAFETY: the handle is alive and the option takes a URL handle, which the caller keeps.
    checked(unsafe { curl_sys::curl_easy_setopt(easy.raw(), CURLOPT_CURLU, url.as_ptr()) })
}

/// Sets the headers of a handle.
///
/// # Safety
/// The headers must stay until the handle is pointed at other ones, or is gone.
pub(crate) unsafe fn send_headers<H>(easy: &Easy2<H>, headers: &Headers) -> Result<(), curl::Error> {
    // SAFETY: the handle is alive and the option takes a list, which the caller keeps, or NULL.
    checked(unsafe { curl_sys::curl_easy_setopt(easy.raw(), curl_sys::CURLOPT_HTTPHEADER, headers.as_ptr()) })
}

/// Points the handle at the body of a POST instead of letting libcurl copy it.
///
/// # Safety
/// The bytes must stay where they are until the handle is pointed at others, or is gone.
pub(crate) unsafe fn post_in_place<H>(easy: &Easy2<H>, bytes: &[u8]) -> Result<(), curl::Error> {
    let (start, length) = (bytes.as_ptr(), bytes.len() as curl_sys::curl_off_t);
    // SAFETY: the handle is alive, the options take a curl_off_t and a pointer; the caller keeps the
    // bytes.
    unsafe {
        checked(curl_sys::curl_easy_setopt(easy.raw(), curl_sys::CURLOPT_POSTFIELDSIZE_LARGE, length))?;
        checked(curl_sys::curl_easy_setopt(easy.raw(), curl_sys::CURLOPT_POSTFIELDS, start))
    }
}

/// What OpenSSL said of the server's certificate; 0 for nothing.
pub(crate) fn verify_result<H>(easy: &Easy2<H>) -> libc::c_long {
    let mut result: libc::c_long = 0;
    // SAFETY: the handle is alive and the answer is a long.
    let code = unsafe {
        curl_sys::curl_easy_getinfo(easy.raw(), curl_sys::CURLINFO_SSL_VERIFYRESULT, &raw mut result)
    };
    if code == curl_sys::CURLE_OK { result } else { 0 }
}

/// How many connections a transfer made.
pub(crate) fn connections_made<H>(easy: &Easy2<H>) -> libc::c_long {
    let mut made: libc::c_long = 0;
    // SAFETY: the handle is alive and the answer is a long.
    let code =
        unsafe { curl_sys::curl_easy_getinfo(easy.raw(), curl_sys::CURLINFO_NUM_CONNECTS, &raw mut made) };
    if code == curl_sys::CURLE_OK { made } else { 0 }
}

/// Sets an option that an older libcurl does not know, or not with its TLS library.
#[cfg(not(feature = "bundled"))]
pub(crate) fn set_if_known<H>(
    easy: &Easy2<H>,
    option: curl_sys::CURLoption,
    text: &std::ffi::CStr,
) -> Result<(), curl::Error> {
    // SAFETY: the handle is alive and the option takes a terminated text, which is copied.
    let code = unsafe { curl_sys::curl_easy_setopt(easy.raw(), option, text.as_ptr()) };
    if code == CURLE_NOT_BUILT_IN || code == curl_sys::CURLE_UNKNOWN_OPTION { Ok(()) } else { checked(code) }
}

/// A name is looked up on another thread, which cannot be stopped: `getaddrinfo` takes what time it takes, half a minute
/// where no server answers. libcurl would wait for that thread when the request is given up, and the application with it.
/// A libcurl older than 7.87 does not know the option.
fn wait_for_no_names<H>(easy: &Easy2<H>) {
    let yes: libc::c_long = 1;
    // SAFETY: the handle is alive and the option takes a long.
    let _ = unsafe { curl_sys::curl_easy_setopt(easy.raw(), CURLOPT_QUICK_EXIT, yes) };
}

/// As above, where the threads belong to all handles (libcurl 8.20 or so).
pub(crate) fn leave_threads_behind(multi: &Multi) {
    let yes: libc::c_long = 1;
    // SAFETY: the handle is alive and the option takes a long.
    let _ = unsafe { curl_sys::curl_multi_setopt(multi.raw(), CURLMOPT_QUICK_EXIT, yes) };
}

fn only_https<H>(easy: &Easy2<H>) -> Result<(), curl::Error> {
    let https = libc::c_long::from(curl_sys::CURLPROTO_HTTPS);
    // SAFETY: the handle is alive and the option takes a long.
    checked(unsafe { curl_sys::curl_easy_setopt(easy.raw(), curl_sys::CURLOPT_PROTOCOLS, https) })
}

/// Takes away the directory of certificates that a libcurl may have been built with, which would be
/// trusted besides the ones that were given.
fn no_other_certificates<H>(easy: &Easy2<H>) -> Result<(), curl::Error> {
    // SAFETY: the handle is alive and the option takes a string or NULL.
    let code = unsafe {
        curl_sys::curl_easy_setopt(easy.raw(), curl_sys::CURLOPT_CAPATH, std::ptr::null::<libc::c_char>())
    };
    // A TLS library without such a thing says so.
    if code == CURLE_NOT_BUILT_IN { Ok(()) } else { checked(code) }
}

pub(crate) fn checked(code: curl_sys::CURLcode) -> Result<(), curl::Error> {
    if code == curl_sys::CURLE_OK { Ok(()) } else { Err(curl::Error::new(code)) }
}
