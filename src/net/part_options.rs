//! The options of libcurl that only parts need, and that the bindings lack.

use super::constants::{CURLOPT_CURLU, CURLOPT_PREREQDATA, CURLOPT_PREREQFUNCTION, CURLOPT_REQUEST_TARGET};
use super::options::checked;
use super::stall::{Ports, Sockets};
use curl::easy::Easy2;
use curl::multi::Easy2Handle;
use std::ffi::{CStr, CString};

/// Makes the handle forget its URL.
pub(crate) fn point_nowhere<H>(easy: &Easy2<H>) -> Result<(), curl::Error> {
    let none = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: the handle is alive and the option takes a URL handle or NULL.
    checked(unsafe { curl_sys::curl_easy_setopt(easy.raw(), CURLOPT_CURLU, none) })
}

/// Sets what stands in the request's first line, byte for byte; `None` is what libcurl makes of the URL, whose escapes
/// it writes with large letters.
pub(crate) fn set_target<H>(easy: &Easy2<H>, target: Option<&CStr>) -> Result<(), curl::Error> {
    let target = target.map_or(std::ptr::null(), CStr::as_ptr);
    // SAFETY: the handle is alive and the option takes a terminated string, which is copied, or NULL.
    checked(unsafe { curl_sys::curl_easy_setopt(easy.raw(), CURLOPT_REQUEST_TARGET, target) })
}

/// Binds the handle's connections to a network interface, or to none.
pub(crate) fn use_interface<H>(easy: &Easy2<H>, name: Option<&str>) -> Result<(), curl::Error> {
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
pub(crate) unsafe fn watch_sockets<H>(easy: &Easy2<H>, sockets: &Sockets) -> Result<(), curl::Error> {
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

/// Lets a part know the port on this side of each connection that it goes out on, kept ones included: libcurl starts over
/// by itself where a kept one turns out to be dead. A libcurl older than 7.80 does not know the option.
///
/// # Safety
/// `ports` must outlive the handle.
pub(crate) unsafe fn watch_ports<H>(easy: &Easy2<H>, ports: &Ports) {
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
pub(crate) fn local_port<H>(easy: &Easy2Handle<H>) -> u16 {
    port_of(easy.raw())
}

/// The same of a handle that was taken out of its multi handle: that of the connection it had.
pub(crate) fn last_local_port<H>(easy: &Easy2<H>) -> u16 {
    port_of(easy.raw())
}

fn port_of(easy: *mut curl_sys::CURL) -> u16 {
    let mut port: libc::c_long = 0;
    // SAFETY: the handle is alive and the answer is a long.
    let code = unsafe { curl_sys::curl_easy_getinfo(easy, curl_sys::CURLINFO_LOCAL_PORT, &raw mut port) };
    if code == curl_sys::CURLE_OK { u16::try_from(port).unwrap_or(0) } else { 0 }
}
