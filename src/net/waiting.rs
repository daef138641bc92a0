//! How the transport waits: on epoll, or with libcurl's own means.

use crate::clock::milliseconds;
use crate::error::Error;
use crate::status::*;
use crate::sys::monotonic_ms;
use curl::multi::Multi;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[cfg(target_os = "linux")]
use super::poller::Poller;

pub(crate) enum Waiting {
    #[cfg(target_os = "linux")]
    Epoll(Poller),
    Portable,
}

/// The moment libcurl's own timer is due, set by its callback. `u64::MAX` is never.
pub(crate) type CurlTimer = Arc<AtomicU64>;

/// Lets libcurl tell its sockets and its timer, where they are waited for here.
pub(crate) fn waiting(multi: &mut Multi, curl_timer: &CurlTimer, portable: bool) -> Result<Waiting, Error> {
    #[cfg(target_os = "linux")]
    if !portable {
        let poller = Poller::new().map_err(|error| from_os(&error))?;
        let registry = poller.registry();
        multi
            .socket_function(move |socket, events, _| {
                let (read, write) =
                    if events.remove() { (false, false) } else { (events.input(), events.output()) };
                registry.watch(socket, read || events.input_and_output(), write || events.input_and_output());
            })
            .map_err(|error| from_multi(&error))?;
        let timer = curl_timer.clone();
        multi
            .timer_function(move |wait| {
                let at = wait.map_or(u64::MAX, |wait| monotonic_ms().saturating_add(milliseconds(wait)));
                timer.store(at, Ordering::Relaxed);
                true
            })
            .map_err(|error| from_multi(&error))?;
        return Ok(Waiting::Epoll(poller));
    }
    let _ = (multi, curl_timer, portable);
    Ok(Waiting::Portable)
}

pub(crate) fn from_multi(error: &curl::MultiError) -> Error {
    Error::told(FIO_E_NETWORK, format!("libcurl's multi interface failed with code {}", error.code()))
}

pub(crate) fn from_os(error: &std::io::Error) -> Error {
    Error::told(FIO_E_NOMEM, format!("the operating system refused a descriptor: {error}"))
}
