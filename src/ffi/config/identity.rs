//! Who the device is, and where the service is.

use super::*;

/// Sets the identity of this physical unit: a serial number, or a random UUID stored once. Required.
/// Must stay the same for ever, and must not be a MAC address, an e-mail address, or anything else
/// about a person.
///
/// @param config     the configuration
/// @param client_id  1 to 255 bytes of UTF-8 without control characters; copied
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (empty, too long, control characters) | `FIO_E_UTF8`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_client_id(
    config: *mut fio_config,
    client_id: *const c_char,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live config, and NULL or a terminated string.
    unsafe {
        CONFIGS.guard_set(config, |config| config.set_client_id(args::text(client_id, "the client id")?))
    }
}

/// Sets the secret that the service issued for this device model. Required. It is never logged, and
/// wiped when the configuration and the clients made from it are freed.
///
/// @param config         the configuration
/// @param client_secret  1 to 1023 bytes of UTF-8 without control characters; copied
/// @param length         its length in bytes, without a terminating NUL
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (empty, too long, control characters) | `FIO_E_UTF8`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_client_secret(
    config: *mut fio_config,
    client_secret: *const c_char,
    length: usize,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live config, and NULL or `length` readable bytes.
    unsafe {
        CONFIGS.guard_set(config, |config| {
            let secret = args::bytes(client_secret.cast(), length, "the client secret")?;
            config.set_client_secret(args::utf8(secret, "the client secret")?)
        })
    }
}

/// Sets the firmware version, sent with every request as `x-client-version`. The service chooses the
/// device model's configuration by it. Default `0.0.0`, which certification does not accept.
///
/// @param config   the configuration
/// @param version  a semantic version (semver.org) of at most 127 bytes, such as `2.16.4`; copied
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (empty, too long, control characters) | `FIO_E_UTF8` |
///            `FIO_E_VERSION`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_client_version(
    config: *mut fio_config,
    version: *const c_char,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live config, and NULL or a terminated string.
    unsafe {
        CONFIGS
            .guard_set(config, |config| config.set_client_version(args::text(version, "the client version")?))
    }
}

/// Sets where the service is. Default `https://api.frame.io`. The access token is sent to this origin
/// only. Plain HTTP is refused, loopback included; a test rig brings its own CA instead.
///
/// The parts of uploads go, without the token and by https, to the presigned URLs that the service hands out.
/// Their host is the service's choice and none is refused: it may be one in the device's own network or
/// the device itself, in each spelling that libcurl knows (`0x7f.1` is 127.0.0.1). What protects such hosts
/// is that they need a certificate for that name from the CA. A URL with a user's name or password in
/// it is refused (`FIO_E_URL`).
///
/// @param config  the configuration
/// @param url     `https://host` or `https://host:port`, at most 255 bytes, without user, path or
///                query (one final `/` is allowed); copied
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (empty, too long, control characters) | `FIO_E_UTF8` | `FIO_E_URL`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_base_url(config: *mut fio_config, url: *const c_char) -> fio_status {
    // SAFETY: the caller passes NULL or a live config, and NULL or a terminated string.
    unsafe { CONFIGS.guard_set(config, |config| config.set_base_url(args::text(url, "the base URL")?)) }
}
