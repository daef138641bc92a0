//! Which certificates are trusted.

use super::*;

/// Sets the trusted certificates by file. Without this and without `fio_config_set_ca_pem`, the bundle
/// in the usual places of a Linux system is used; there is no store inside the library.
///
/// @param config  the configuration
/// @param path    a file with at least one PEM certificate, at most 4095 bytes; copied. The file is
///                checked now and read again when connections are made.
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (empty, too long, control characters) | `FIO_E_UTF8` | `FIO_E_CA`
///            (missing, unreadable, not PEM) | `FIO_E_NOMEM` (no descriptors)
/// Callbacks: none
/// Blocking:  reads the file
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_ca_file(config: *mut fio_config, path: *const c_char) -> fio_status {
    // SAFETY: the caller passes NULL or a live config, and NULL or a terminated string.
    unsafe { CONFIGS.guard_set(config, |config| config.set_ca_file(args::text(path, "the CA path")?)) }
}

/// Sets the trusted certificates by content, for devices that keep them in flash or in the firmware.
///
/// @param config  the configuration
/// @param pem     at least one PEM certificate; copied
/// @param length  its length in bytes
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (impossible length) | `FIO_E_CA` (not PEM)
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_ca_pem(
    config: *mut fio_config,
    pem: *const c_char,
    length: usize,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live config, and NULL or `length` readable bytes.
    unsafe {
        CONFIGS.guard_set(config, |config| config.set_ca_pem(args::bytes(pem.cast(), length, "the CA text")?))
    }
}
