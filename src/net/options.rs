//! What every handle of libcurl's is told, and the options that the bindings lack.

use super::constants::{
    CURLE_NOT_BUILT_IN, CURLMOPT_QUICK_EXIT, CURLOPT_CURLU, CURLOPT_PREREQDATA, CURLOPT_PREREQFUNCTION,
    CURLOPT_QUICK_EXIT, CURLOPT_REQUEST_TARGET,
};
use super::headers::Headers;
use super::stall::{Ports, Sockets};
use super::url::ParsedUrl;
use crate::log::{Level, Log};
use curl::easy::{Easy2, Handler, HttpVersion, List, SslVersion};
use curl::multi::{Easy2Handle, Multi};
use std::ffi::{CStr, CString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Where the trusted certificates come from. There is no hidden store: one of these is always set.
#[derive(Clone)]
pub enum CaSource {
    File(PathBuf),
    Pem(Arc<[u8]>),
}

#[derive(Clone)]
pub struct NetSettings {
    /// `https://host[:port]`
    pub origin: String,
    pub client_version: String,
    pub ca: CaSource,
    pub connect_timeout: Duration,
    /// For a request to the API as a whole.
    pub request_timeout: Duration,
    /// For a part, which takes as long as it takes: how long it may stand still.
    pub stall_timeout: Duration,
    /// `host:port:address` entries that replace name resolution.
    pub resolve: Vec<String>,
    /// Use libcurl's own waiting instead of epoll, as platforms without epoll do.
    pub portable_poller: bool,
}

impl NetSettings {
    pub fn ca_file(&self) -> Option<&Path> {
        match &self.ca {
            CaSource::File(path) => Some(path),
            CaSource::Pem(_) => None,
        }
    }
}

/// https, verified, without redirects, proxies, cookies, or anything else from the environment.
pub fn set_common<H: Handler>(
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
    match &settings.ca {
        CaSource::File(path) => easy.cainfo(path)?,
        CaSource::Pem(pem) => easy.ssl_cainfo_blob(pem)?,
    }
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
pub unsafe fn point_at<H>(easy: &Easy2<H>, url: &ParsedUrl) -> Result<(), curl::Error> {
    // SAFETY: the handle is alive and the option takes a URL handle, which the caller keeps.
    checked(unsafe { curl_sys::curl_easy_setopt(easy.raw(), CURLOPT_CURLU, url.as_ptr()) })
}

/// Sets the headers of a handle.
///
/// # Safety
/// The headers must stay until the handle is pointed at other ones, or is gone.
pub unsafe fn send_headers<H>(easy: &Easy2<H>, headers: &Headers) -> Result<(), curl::Error> {
    // SAFETY: the handle is alive and the option takes a list, which the caller keeps, or NULL.
    checked(unsafe { curl_sys::curl_easy_setopt(easy.raw(), curl_sys::CURLOPT_HTTPHEADER, headers.as_ptr()) })
}

/// Makes the handle forget its URL.
pub fn point_nowhere<H>(easy: &Easy2<H>) -> Result<(), curl::Error> {
    let none = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: the handle is alive and the option takes a URL handle or NULL.
    checked(unsafe { curl_sys::curl_easy_setopt(easy.raw(), CURLOPT_CURLU, none) })
}

/// Sets what stands in the request's first line, byte for byte; `None` is what libcurl makes of the URL, whose escapes
/// it writes with large letters.
pub fn set_target<H>(easy: &Easy2<H>, target: Option<&CStr>) -> Result<(), curl::Error> {
    let target = target.map_or(std::ptr::null(), CStr::as_ptr);
    // SAFETY: the handle is alive and the option takes a terminated string, which is copied, or NULL.
    checked(unsafe { curl_sys::curl_easy_setopt(easy.raw(), CURLOPT_REQUEST_TARGET, target) })
}

/// Points the handle at the body of a POST instead of letting libcurl copy it.
///
/// # Safety
/// The bytes must stay where they are until the handle is pointed at others, or is gone.
pub unsafe fn post_in_place<H>(easy: &Easy2<H>, bytes: &[u8]) -> Result<(), curl::Error> {
    let (start, length) = (bytes.as_ptr(), bytes.len() as curl_sys::curl_off_t);
    // SAFETY: the handle is alive, the options take a curl_off_t and a pointer; the caller keeps the
    // bytes.
    unsafe {
        checked(curl_sys::curl_easy_setopt(easy.raw(), curl_sys::CURLOPT_POSTFIELDSIZE_LARGE, length))?;
        checked(curl_sys::curl_easy_setopt(easy.raw(), curl_sys::CURLOPT_POSTFIELDS, start))
    }
}

/// Binds the handle's connections to a network interface, or to none.
pub fn use_interface<H>(easy: &Easy2<H>, name: Option<&str>) -> Result<(), curl::Error> {
    // The prefix says that it is no host name, which libcurl would look up.
    let name = name.map(|name| CString::new(format!("if!{name}"))).transpose()?;
    let name = name.as_ref().map_or(std::ptr::null(), |name| name.as_ptr());
    // SAFETY: the handle is alive and the option takes a terminated string, which is copied, or NULL.
    checked(unsafe { curl_sys::curl_easy_setopt(easy.raw(), curl_sys::CURLOPT_INTERFACE, name) })
}

/// Lets the sockets of a handle be told when one of them is closed, which they know by its number.
///
/// # Safety
/// `sockets` must outlive the multi handle that keeps the connections.
pub unsafe fn watch_sockets<H>(easy: &Easy2<H>, sockets: &Sockets) -> Result<(), curl::Error> {
    extern "C" fn close(sockets: *mut libc::c_void, socket: curl_sys::curl_socket_t) -> libc::c_int {
        // SAFETY: the caller of `watch_sockets` keeps them, and they are only shared.
        let sockets = unsafe { &*sockets.cast::<Sockets>() };
        sockets.forget(socket);
        // SAFETY: libcurl gives the socket away here.
        unsafe { libc::close(socket) }
    }
    let close: extern "C" fn(*mut libc::c_void, curl_sys::curl_socket_t) -> libc::c_int = close;
    let sockets: *const Sockets = sockets;
    // SAFETY: the handle is alive; the options take such a function and a pointer for it.
    unsafe {
        checked(curl_sys::curl_easy_setopt(easy.raw(), curl_sys::CURLOPT_CLOSESOCKETFUNCTION, close))?;
        checked(curl_sys::curl_easy_setopt(easy.raw(), curl_sys::CURLOPT_CLOSESOCKETDATA, sockets))
    }
}

/// Lets a part know the port on this side of each connection that it goes out on, kept ones included: libcurl begins anew
/// by itself where a kept one turns out to be dead. A libcurl older than 7.80 does not know the option.
///
/// # Safety
/// `ports` must outlive the handle.
pub unsafe fn watch_ports<H>(easy: &Easy2<H>, ports: &Ports) {
    extern "C" fn note(
        ports: *mut libc::c_void,
        _: *mut libc::c_char,
        _: *mut libc::c_char,
        _: libc::c_int,
        local_port: libc::c_int,
    ) -> libc::c_int {
        // SAFETY: the caller of `watch_ports` keeps them, and they are only shared.
        let ports = unsafe { &*ports.cast::<Ports>() };
        ports.note(u16::try_from(local_port).unwrap_or(0));
        // CURL_PREREQFUNC_OK
        0
    }
    type Note = extern "C" fn(
        *mut libc::c_void,
        *mut libc::c_char,
        *mut libc::c_char,
        libc::c_int,
        libc::c_int,
    ) -> libc::c_int;
    let note: Note = note;
    let ports: *const Ports = ports;
    // SAFETY: the handle is alive; the options take such a function and a pointer for it.
    unsafe {
        let _ = curl_sys::curl_easy_setopt(easy.raw(), CURLOPT_PREREQFUNCTION, note);
        let _ = curl_sys::curl_easy_setopt(easy.raw(), CURLOPT_PREREQDATA, ports);
    }
}

/// The port on this side of a handle's connection; 0 before there is one.
pub fn local_port<H>(easy: &Easy2Handle<H>) -> u16 {
    port_of(easy.raw())
}

/// The same of a handle that was taken out of its multi handle: that of the connection it had.
pub fn last_local_port<H>(easy: &Easy2<H>) -> u16 {
    port_of(easy.raw())
}

fn port_of(easy: *mut curl_sys::CURL) -> u16 {
    let mut port: libc::c_long = 0;
    // SAFETY: the handle is alive and the answer is a long.
    let code = unsafe { curl_sys::curl_easy_getinfo(easy, curl_sys::CURLINFO_LOCAL_PORT, &raw mut port) };
    if code == curl_sys::CURLE_OK { u16::try_from(port).unwrap_or(0) } else { 0 }
}

/// What OpenSSL said of the server's certificate; 0 for nothing.
pub fn verify_result<H>(easy: &Easy2<H>) -> libc::c_long {
    let mut result: libc::c_long = 0;
    // SAFETY: the handle is alive and the answer is a long.
    let code = unsafe {
        curl_sys::curl_easy_getinfo(easy.raw(), curl_sys::CURLINFO_SSL_VERIFYRESULT, &raw mut result)
    };
    if code == curl_sys::CURLE_OK { result } else { 0 }
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
pub fn leave_threads_behind(multi: &Multi) {
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

fn checked(code: curl_sys::CURLcode) -> Result<(), curl::Error> {
    if code == curl_sys::CURLE_OK { Ok(()) } else { Err(curl::Error::new(code)) }
}
