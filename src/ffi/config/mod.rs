//! `fio_config_*`: everything known before the first byte is sent, set by setters on an opaque
//! builder, so that nothing in the caller's memory has a layout to keep.

pub mod identity;

pub mod trust;

pub mod storage;

pub mod reports;

pub mod network;

pub mod uploads;

pub mod platform;

use super::builder::Builders;
use super::registry::Registry;
use super::*;
use crate::client::Config;

/// Settings for clients. Opaque. Not to be used by two threads at once.
pub struct fio_config {
    _opaque: [u8; 0],
}

/// Encode each auth request as the service documents it: multipart for the code, url-encoded for
/// tokens. The default.
pub const FIO_ENCODING_AS_DOCUMENTED: i32 = 0;
/// `application/x-www-form-urlencoded` for every auth request.
pub const FIO_ENCODING_FORM: i32 = 1;
/// `multipart/form-data` for every auth request.
pub const FIO_ENCODING_MULTIPART: i32 = 2;

/// Hybrid, and after a handshake that ended in silence without the post-quantum share. The default.
pub const FIO_KEY_EXCHANGE_AUTOMATIC: i32 = 0;
/// Always with the share of X25519MLKEM768 first, where the TLS library knows it.
pub const FIO_KEY_EXCHANGE_HYBRID: i32 = 1;
/// Elliptic curves alone (X25519, P-256, P-384): a ClientHello that fits into one packet.
pub const FIO_KEY_EXCHANGE_CLASSICAL: i32 = 2;

/// Wait with epoll where there is one, with `curl_multi_poll` elsewhere. The default.
pub const FIO_POLLER_DEFAULT: i32 = 0;
/// Wait with `curl_multi_poll` everywhere; `fio_fd` is then not available.
pub const FIO_POLLER_PORTABLE: i32 = 1;

/// No log lines.
pub const FIO_LOG_OFF: i32 = 0;
/// What needs a person.
pub const FIO_LOG_ERROR: i32 = 1;
/// What may need a person soon.
pub const FIO_LOG_WARN: i32 = 2;
/// What a person asked for, and failures that are tried again.
pub const FIO_LOG_INFO: i32 = 3;
/// Each request and operation.
pub const FIO_LOG_DEBUG: i32 = 4;
/// libcurl's own trace as well, without bodies and with secret headers masked.
pub const FIO_LOG_TRACE: i32 = 5;

pub(super) static CONFIGS: Builders<Config> = Builders(Registry::new());

/// Makes a configuration with the default of every setting.
///
/// @param config  [out] set to NULL first, to the configuration on `FIO_OK`; free it with
///                `fio_config_free`
///
/// Returns:   `FIO_OK` | `FIO_E_NULL`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_new(config: *mut *mut fio_config) -> fio_status {
    // SAFETY: the caller passes NULL or a writable pointer.
    guard(|| unsafe { CONFIGS.make(config.cast()) })
}

/// Frees a configuration and wipes the secrets in it. Clients made from it are not affected.
///
/// @param config  NULL is allowed and does nothing
///
/// Returns:   `FIO_OK` | `FIO_E_HANDLE`
/// Callbacks: the `destroy` callbacks whose user data no client uses
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_free(config: *mut fio_config) -> fio_status {
    // SAFETY: the caller passes a live config, which nobody uses afterwards.
    guard(|| unsafe { CONFIGS.free(config.cast()) })
}

/// The error of the last setter, or of `fio_client_new`, that failed on this configuration.
///
/// @param config  NULL gives NULL
///
/// Returns:   the error, valid until the next call on this configuration fails or it is freed; NULL
///            if none failed
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_error(config: *mut fio_config) -> *const fio_error {
    // SAFETY: the caller passes NULL or a live config.
    guard_value(ptr::null(), || unsafe { CONFIGS.last_error(config.cast()) })
}
