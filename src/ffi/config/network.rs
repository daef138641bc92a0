//! How requests are made.

use super::{
    FIO_ENCODING_AS_DOCUMENTED, FIO_ENCODING_FORM, FIO_ENCODING_MULTIPART, FIO_POLLER_DEFAULT,
    FIO_POLLER_PORTABLE, fio_config, set,
};
use crate::api::Encoding;
use crate::api::EncodingPolicy;
use crate::error::Error;
use crate::ffi::args;
use crate::ffi::fio_status;
use crate::ffi::guard::guard;
use crate::status::*;
use std::ffi::c_char;
use std::time::Duration;

/// Forces one encoding on all auth requests. By default an endpoint that answers the first use of the documented one
/// with `invalid_request` is asked once more in the other one, which is remembered if it is understood.
///
/// @param config    the configuration
/// @param encoding  a `FIO_ENCODING_…`
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (unknown encoding) |
///            `FIO_E_PANIC`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_encoding(config: *mut fio_config, encoding: i32) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live config.
        unsafe {
            set(config, |config| {
                config.encoding = match encoding {
                    FIO_ENCODING_AS_DOCUMENTED => EncodingPolicy::AsDocumented,
                    FIO_ENCODING_FORM => EncodingPolicy::Always(Encoding::Form),
                    FIO_ENCODING_MULTIPART => EncodingPolicy::Always(Encoding::Multipart),
                    _ => return Err(Error::new(FIO_E_ARGUMENT, "unknown encoding")),
                };
                Ok(())
            })
        }
    })
}

/// Says whether the device can show a link or a QR. On by default; off for devices that show digits
/// only.
///
/// @param config   the configuration
/// @param enabled  0 or 1
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (neither 0 nor 1) |
///            `FIO_E_PANIC`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_url_pairing(config: *mut fio_config, enabled: i32) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live config.
        unsafe {
            set(config, |config| {
                config.url_pairing = args::switch(enabled)?;
                Ok(())
            })
        }
    })
}

/// Sets how long requests may take. (Parts of uploads take as long as they need:
/// `fio_config_set_stall_timeout`.)
///
/// @param config      the configuration
/// @param connect_ms  until the connection stands, name lookup and TLS included: 1 to 600,000, default
///                    10,000
/// @param request_ms  for a whole request: 1 to 600,000, default 40,000 (the service itself gives up
///                    after 30 s and says so)
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (outside the range) |
///            `FIO_E_PANIC`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_timeouts(
    config: *mut fio_config,
    connect_ms: i32,
    request_ms: i32,
) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live config.
        unsafe {
            set(config, |config| {
                let span = |ms: i32| match ms {
                    1..=600_000 => Ok(Duration::from_millis(ms as u64)),
                    _ => Err(Error::new(FIO_E_ARGUMENT, "a time-out is outside 1 to 600000 ms")),
                };
                (config.connect_timeout, config.request_timeout) = (span(connect_ms)?, span(request_ms)?);
                Ok(())
            })
        }
    })
}

/// Sets how long a part of an upload may go without any progress before its connection is given up and the
/// part is sent again. There is no limit to a part as a whole: a slow network is no failure.
///
/// @param config    the configuration
/// @param stall_ms  1000 to 600,000, default 60,000
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (outside the range) |
///            `FIO_E_PANIC`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_stall_timeout(config: *mut fio_config, stall_ms: i32) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live config.
        unsafe {
            set(config, |config| {
                config.stall_timeout = match stall_ms {
                    1000..=600_000 => Duration::from_millis(stall_ms as u64),
                    _ => return Err(Error::new(FIO_E_ARGUMENT, "outside 1000 to 600000 ms")),
                };
                Ok(())
            })
        }
    })
}

/// Sets the address of a host by hand instead of asking DNS. May be called for several hosts; the
/// certificate is checked against the host's name all the same.
///
/// @param config   the configuration
/// @param host     the name, at most 253 bytes; copied
/// @param port     1 to 65535
/// @param address  an IPv4 or IPv6 address; copied
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (no such port, not an
///            address, empty, too long, control characters) | `FIO_E_UTF8` | `FIO_E_PANIC`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_resolve(
    config: *mut fio_config,
    host: *const c_char,
    port: i32,
    address: *const c_char,
) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live config, and NULL or terminated strings.
        unsafe {
            set(config, |config| {
                let bad = |what: &'static str| Error::new(FIO_E_ARGUMENT, what);
                let host = args::text(host, "the host", 253)?;
                if !host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) {
                    return Err(bad("the host is not a name"));
                }
                let port =
                    u16::try_from(port).ok().filter(|port| *port != 0).ok_or_else(|| bad("no such port"))?;
                let address = args::text(address, "the address", 45)?;
                config.resolve.push(match address.parse().map_err(|_| bad("not an IP address"))? {
                    std::net::IpAddr::V4(_) => format!("{host}:{port}:{address}"),
                    std::net::IpAddr::V6(_) => format!("{host}:{port}:[{address}]"),
                });
                Ok(())
            })
        }
    })
}

/// Sets how the library waits; see `fio_fd`.
///
/// @param config  the configuration
/// @param poller  a `FIO_POLLER_…`
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (unknown poller) |
///            `FIO_E_PANIC`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_poller(config: *mut fio_config, poller: i32) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live config.
        unsafe {
            set(config, |config| {
                config.portable_poller = match poller {
                    FIO_POLLER_DEFAULT => false,
                    FIO_POLLER_PORTABLE => true,
                    _ => return Err(Error::new(FIO_E_ARGUMENT, "unknown poller")),
                };
                Ok(())
            })
        }
    })
}
