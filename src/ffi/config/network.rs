//! How requests are made.

use super::*;
use crate::api::{Encoding, EncodingPolicy};
use crate::net::tls::KeyExchange;

/// Forces one encoding on all auth requests. By default an endpoint that answers the first use of the documented one
/// with `invalid_request` is asked once more in the other one, which is remembered if it is understood.
///
/// @param config    the configuration
/// @param encoding  a `FIO_ENCODING_…`
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (unknown encoding)
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_encoding(config: *mut fio_config, encoding: i32) -> fio_status {
    // SAFETY: the caller passes NULL or a live config.
    unsafe {
        CONFIGS.guard_set(config, |config| {
            config.encoding = match encoding {
                FIO_ENCODING_AS_DOCUMENTED => EncodingPolicy::AsDocumented,
                FIO_ENCODING_FORM => EncodingPolicy::Always(Encoding::Form),
                FIO_ENCODING_MULTIPART => EncodingPolicy::Always(Encoding::Multipart),
                _ => return Err(Error::new(FIO_E_ARGUMENT, "unknown encoding")),
            };
            Ok(())
        })
    }
}

/// Says which key exchange connections begin with. A hybrid one (X25519MLKEM768) is safe from the quantum computers of
/// later, but its ClientHello is larger than one packet, and some networks (PPPoE, VPN, LTE) swallow large packets: a
/// connection is made there, its handshake gets no answer and ends with `FIO_E_TIMEOUT`. By default the next connection
/// then goes without the post-quantum share, and so do those after it as long as that works and until
/// `fio_network_changed`. The bundled library knows X25519MLKEM768; with the system's libcurl, OpenSSL 3.5 or newer does.
/// With another TLS library than these this has no effect.
///
/// @param config    the configuration
/// @param exchange  a `FIO_KEY_EXCHANGE_…`
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (unknown key exchange)
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_key_exchange(config: *mut fio_config, exchange: i32) -> fio_status {
    // SAFETY: the caller passes NULL or a live config.
    unsafe {
        CONFIGS.guard_set(config, |config| {
            config.key_exchange = match exchange {
                FIO_KEY_EXCHANGE_AUTOMATIC => KeyExchange::Automatic,
                FIO_KEY_EXCHANGE_HYBRID => KeyExchange::Hybrid,
                FIO_KEY_EXCHANGE_CLASSICAL => KeyExchange::Classical,
                _ => return Err(Error::new(FIO_E_ARGUMENT, "unknown key exchange")),
            };
            Ok(())
        })
    }
}

/// Says whether the device can show a link or a QR. On by default; off for devices that show digits
/// only.
///
/// @param config   the configuration
/// @param enabled  0 or 1
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (neither 0 nor 1)
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_url_pairing(config: *mut fio_config, enabled: i32) -> fio_status {
    // SAFETY: the caller passes NULL or a live config.
    unsafe {
        CONFIGS.guard_set(config, |config| {
            config.url_pairing = args::switch(enabled)?;
            Ok(())
        })
    }
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
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (outside the range)
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_timeouts(
    config: *mut fio_config,
    connect_ms: i32,
    request_ms: i32,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live config.
    unsafe { CONFIGS.guard_set(config, |config| config.set_timeouts(connect_ms, request_ms)) }
}

/// Sets how long a part of an upload may go without any progress before its connection is given up and the
/// part is sent again. There is no limit to a part as a whole: a slow network is no failure.
///
/// @param config    the configuration
/// @param stall_ms  1000 to 600,000, default 60,000
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (outside the range)
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_stall_timeout(config: *mut fio_config, stall_ms: i32) -> fio_status {
    // SAFETY: the caller passes NULL or a live config.
    unsafe { CONFIGS.guard_set(config, |config| config.set_stall_timeout(stall_ms)) }
}

/// Sets the address of a host by hand instead of asking DNS. May be called for several hosts; the
/// certificate is checked against the host's name all the same.
///
/// @param config   the configuration
/// @param host     the name, at most 253 bytes; copied
/// @param port     1 to 65535
/// @param address  an IPv4 or IPv6 address; copied
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (no such port, not an address, empty, too long, control characters)
///            | `FIO_E_UTF8`
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
    // SAFETY: the caller passes NULL or a live config, and NULL or terminated strings.
    unsafe {
        CONFIGS.guard_set(config, |config| {
            let host = args::text(host, "the host")?;
            config.add_address(host, port, args::text(address, "the address")?)
        })
    }
}

/// Sets whether the library notices by itself that the network is another one, or there again: while there are uploads,
/// it listens to the kernel for interfaces, addresses and default routes that come and go (rtnetlink), and then does what
/// `fio_network_changed` does. That takes one more descriptor for that time. Where a process may not use netlink, with
/// `FIO_POLLER_PORTABLE`, and on other systems than Linux, nothing is listened to, and a lost network is tried again
/// as without it.
///
/// @param config   the configuration
/// @param enabled  1 to notice it, the default; 0 for an application that calls `fio_network_changed` itself, or must
///                 not use netlink
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (neither 0 nor 1)
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_network_watch(config: *mut fio_config, enabled: i32) -> fio_status {
    // SAFETY: the caller passes NULL or a live config.
    unsafe {
        CONFIGS.guard_set(config, |config| {
            config.watches_network = args::switch(enabled)?;
            Ok(())
        })
    }
}

/// Sets how the library waits; see `fio_fd`.
///
/// @param config  the configuration
/// @param poller  a `FIO_POLLER_…`
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (unknown poller)
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_poller(config: *mut fio_config, poller: i32) -> fio_status {
    // SAFETY: the caller passes NULL or a live config.
    unsafe {
        CONFIGS.guard_set(config, |config| {
            config.portable_poller = match poller {
                FIO_POLLER_DEFAULT => false,
                FIO_POLLER_PORTABLE => true,
                _ => return Err(Error::new(FIO_E_ARGUMENT, "unknown poller")),
            };
            Ok(())
        })
    }
}
