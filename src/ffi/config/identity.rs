//! Who the device is, and where the service is.

use super::{fio_config, set};
use crate::error::Error;
use crate::ffi::args;
use crate::ffi::fio_status;
use crate::ffi::guard::guard;
use crate::secret::Secret;
use crate::status::*;
use std::ffi::c_char;

/// Sets the identity of this physical unit: a serial number, or a random UUID stored once. Required.
/// Must stay the same for ever, and must not be a MAC address, an e-mail address, or anything else
/// about a person.
///
/// @param config     the configuration
/// @param client_id  1 to 255 bytes of UTF-8 without control characters; copied
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (empty, too long, control
///            characters) | `FIO_E_UTF8` | `FIO_E_PANIC`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_client_id(
    config: *mut fio_config,
    client_id: *const c_char,
) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live config, and NULL or a terminated string.
        unsafe {
            set(config, |config| {
                config.client_id = Some(args::text(client_id, "the client id", 255)?.to_owned());
                Ok(())
            })
        }
    })
}

/// Sets the secret that the service issued for this device model. Required. It is never logged, and
/// wiped when the configuration and the clients made from it are freed.
///
/// @param config         the configuration
/// @param client_secret  1 to 1023 bytes of UTF-8 without control characters; copied
/// @param length         its length in bytes, without a terminating NUL
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (empty, too long, control
///            characters) | `FIO_E_UTF8` | `FIO_E_PANIC`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_client_secret(
    config: *mut fio_config,
    client_secret: *const c_char,
    length: usize,
) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live config, and NULL or `length` readable bytes.
        unsafe {
            set(config, |config| {
                let secret = args::bytes(client_secret.cast(), length, "the client secret")?;
                config.client_secret =
                    Some(Secret::new(args::plain_text(secret, "the client secret", 1023)?));
                Ok(())
            })
        }
    })
}

/// Sets the firmware version, sent with every request as `x-client-version`. The service chooses the
/// device model's configuration by it. Default `0.0.0`, which certification does not accept.
///
/// @param config   the configuration
/// @param version  a semantic version (semver.org) of at most 127 bytes, such as `2.16.4`; copied
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (empty, too long, control
///            characters) | `FIO_E_UTF8` | `FIO_E_VERSION` | `FIO_E_PANIC`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_client_version(
    config: *mut fio_config,
    version: *const c_char,
) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live config, and NULL or a terminated string.
        unsafe {
            set(config, |config| {
                let version = args::text(version, "the client version", 127)?;
                if semver::Version::parse(version).is_err() {
                    return Err(Error::of(FIO_E_VERSION));
                }
                config.client_version = version.to_owned();
                Ok(())
            })
        }
    })
}

/// Sets where the service is. Default `https://api.frame.io`. The access token is sent to this origin
/// only. Plain HTTP is refused, loopback included; a test rig brings its own CA instead.
///
/// The parts of uploads go, without the token and by https, to the addresses that the service hands out.
/// Their host is the service's choice and none is refused: it may be one in the device's own network or
/// the device itself, in each spelling that libcurl knows (`0x7f.1` is 127.0.0.1). What protects such hosts
/// is that they need a certificate for that name from the CA. An address with a user's name or password in
/// it is refused (`FIO_E_URL`).
///
/// @param config  the configuration
/// @param url     `https://host` or `https://host:port`, at most 255 bytes, without user, path or
///                query (one final `/` is allowed); copied
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (empty, too long, control
///            characters) | `FIO_E_UTF8` | `FIO_E_URL` | `FIO_E_PANIC`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_base_url(config: *mut fio_config, url: *const c_char) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live config, and NULL or a terminated string.
        unsafe {
            set(config, |config| {
                let url = args::text(url, "the base URL", 255)?;
                config.origin = origin(url).ok_or_else(|| Error::of(FIO_E_URL))?;
                Ok(())
            })
        }
    })
}

/// `https://host[:port]` in lower case, if that is what the URL is.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_at_checked("https://".len())?;
    if !scheme.eq_ignore_ascii_case("https://") {
        return None;
    }
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest.split_once(']')?;
            address.parse::<std::net::Ipv6Addr>().ok()?;
            (
                &authority[..address.len() + 2],
                after.strip_prefix(':').or(if after.is_empty() { Some("443") } else { None })?,
            )
        }
        None => authority.split_once(':').unwrap_or((authority, "443")),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    // One dot may end a name, but no part of it is empty.
    let is_label = |label: &str| !label.is_empty() && label.chars().all(is_name);
    let is_host = host.starts_with('[') || host.strip_suffix('.').unwrap_or(host).split('.').all(is_label);
    let is_port = port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port != 0);
    (is_host && is_port).then(|| format!("https://{}", authority.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_origins_are_taken() {
        for (url, expected) in [
            ("https://api.frame.io", Some("https://api.frame.io")),
            ("HTTPS://API.Frame.io/", Some("https://api.frame.io")),
            ("https://127.0.0.1:8443", Some("https://127.0.0.1:8443")),
            ("https://[::1]:8443/", Some("https://[::1]:8443")),
            ("https://[::1]", Some("https://[::1]")),
            ("http://localhost", None),
            ("https://", None),
            ("https://x/y", None),
            ("https://user@x", None),
            ("https://x:0", None),
            ("https://x:99999", None),
            ("https://x:", None),
            ("https://..", None),
            ("https://.", None),
            ("https://a..b", None),
            ("https://user:password@x", None),
            ("https://example.com.", Some("https://example.com.")),
            ("https://x?y", None),
            ("https://[::1]x", None),
            ("https://[zz]", None),
            ("ftp://x", None),
            ("", None),
            ("ä", None),
        ] {
            assert_eq!(origin(url).as_deref(), expected, "{url}");
        }
    }
}
