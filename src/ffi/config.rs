//! `fio_config_*`: everything known before the first byte is sent, set by setters on an opaque
//! builder, so that nothing in the caller's memory has a layout to keep.

use super::callbacks::*;
use super::vendor::{ClockFunctions, StoreFunctions, VendorClock, VendorEntropy, VendorStore};
use super::views::{self, View, fio_error};
use super::{FIO_OP_NONE, args, ca, fio_status, guard::guard, guard::guard_value};
use crate::api::{Encoding, EncodingPolicy};
use crate::entropy::{Entropy, SystemEntropy};
use crate::error::Error;
use crate::log::Sink;
use crate::net::curl::CaSource;
use crate::secret::{Secret, SecretBytes};
use crate::status::*;
use crate::store::records::{SEAL_KEY_LENGTH, SealKey};
use std::ffi::{CString, c_char, c_void};
use std::sync::Arc;
use std::time::Duration;

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

const MAGIC: u32 = 0xf10c_f190;

pub(super) struct Config {
    magic: u32,
    pub client_id: Option<String>,
    pub client_secret: Option<Secret>,
    pub client_version: String,
    pub origin: String,
    pub ca: Option<CaSource>,
    pub store_dir: Option<String>,
    store: Option<StoreFunctions>,
    pub store_key: Option<SealKey>,
    pub encoding: EncodingPolicy,
    pub url_pairing: bool,
    pub connect_timeout: Duration,
    pub request_timeout: Duration,
    pub resolve: Vec<String>,
    pub portable_poller: bool,
    pub clock_floor: Option<i64>,
    clock: Option<ClockFunctions>,
    entropy: Option<VendorEntropy>,
    pub log_level: i32,
    log: Option<(fio_log_cb, Arc<UserData>)>,
    pub event: Option<(fio_event_cb, Arc<UserData>)>,
    last_error: Option<View<fio_error>>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            magic: MAGIC,
            client_id: None,
            client_secret: None,
            client_version: "0.0.0".to_owned(),
            origin: "https://api.frame.io".to_owned(),
            ca: None,
            store_dir: None,
            store: None,
            store_key: None,
            encoding: EncodingPolicy::default(),
            url_pairing: true,
            connect_timeout: Duration::from_secs(10),
            // The service itself gives up after 30 s and says so; that answer is worth waiting for.
            request_timeout: Duration::from_secs(40),
            resolve: Vec::new(),
            portable_poller: false,
            clock_floor: None,
            clock: None,
            entropy: None,
            log_level: 0,
            log: None,
            event: None,
            last_error: None,
        }
    }
}

impl Config {
    pub fn remember(&mut self, error: &Error) {
        self.last_error = Some(views::error(error, FIO_OP_NONE));
    }

    pub fn vendor_store(&self) -> Option<VendorStore> {
        self.store.clone().map(VendorStore)
    }

    pub fn vendor_clock(&self) -> Option<VendorClock> {
        self.clock.clone().map(VendorClock)
    }

    pub fn entropy(&self) -> Box<dyn Entropy> {
        match self.entropy.clone() {
            Some(vendor) => Box::new(vendor),
            None => Box::new(SystemEntropy),
        }
    }

    pub fn log_sink(&self) -> Option<Sink> {
        let (callback, user) = self.log.clone()?;
        let callback = callback?;
        Some(Arc::new(move |level, line: &str| {
            let single: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            let length = single.len();
            if let Ok(text) = CString::new(single) {
                // SAFETY: registered by `fio_config_set_log` for this; the text outlives the call.
                unsafe { callback(user.pointer, level as i32, text.as_ptr(), length) };
            }
        }))
    }
}

/// # Safety
/// `config` is NULL or came from `fio_config_new`, was not freed, and is not in use elsewhere.
pub(super) unsafe fn config_mut<'a>(config: *mut fio_config) -> Result<&'a mut Config, Error> {
    if config.is_null() {
        return Err(Error::new(FIO_E_NULL, "the config is NULL"));
    }
    if !config.cast::<Config>().is_aligned() {
        return Err(Error::of(FIO_E_HANDLE));
    }
    // SAFETY: not NULL, aligned, and the caller says it is a live config.
    let config = unsafe { &mut *config.cast::<Config>() };
    if config.magic == MAGIC { Ok(config) } else { Err(Error::of(FIO_E_HANDLE)) }
}

/// Runs a setter, keeping its error for `fio_config_error`.
///
/// # Safety
/// As for [`config_mut`].
unsafe fn set(
    config: *mut fio_config,
    setter: impl FnOnce(&mut Config) -> Result<(), Error>,
) -> Result<(), Error> {
    // SAFETY: as the caller says.
    let config = unsafe { config_mut(config) }?;
    setter(config).inspect_err(|error| config.remember(error))
}

/// Makes a configuration with the default of every setting.
///
/// @param config  [out] set to NULL first, to the configuration on `FIO_OK`; free it with
///                `fio_config_free`
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_PANIC`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_new(config: *mut *mut fio_config) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a writable pointer.
        unsafe {
            args::write(config, std::ptr::null_mut())?;
            args::write(config, Box::into_raw(Box::<Config>::default()).cast())
        }
    })
}

/// Frees a configuration and wipes the secrets in it. Clients made from it are not affected.
///
/// @param config  NULL is allowed and does nothing
///
/// Returns:   `FIO_OK` | `FIO_E_HANDLE` | `FIO_E_PANIC`
/// Callbacks: the `destroy` callbacks whose user data no client uses
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_free(config: *mut fio_config) -> fio_status {
    guard(|| {
        if config.is_null() {
            return Ok(());
        }
        // SAFETY: the caller passes a live config, which nobody uses afterwards.
        unsafe {
            config_mut(config)?.magic = 0;
            drop(Box::from_raw(config.cast::<Config>()));
        }
        Ok(())
    })
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
    guard_value(std::ptr::null(), || {
        // SAFETY: the caller passes NULL or a live config.
        let config = unsafe { config_mut(config) };
        config
            .ok()
            .and_then(|config| config.last_error.as_ref().map(View::as_ptr))
            .unwrap_or(std::ptr::null())
    })
}

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
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let is_host = host.starts_with('[') || (!host.is_empty() && host.chars().all(is_name));
    let is_port = port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port != 0);
    (is_host && is_port).then(|| format!("https://{}", authority.to_ascii_lowercase()))
}

/// Sets the trusted certificates by file. Without this and without `fio_config_set_ca_pem`, the bundle
/// in the usual places of a Linux system is used; there is no store inside the library.
///
/// @param config  the configuration
/// @param path    a file with at least one PEM certificate, at most 4095 bytes; copied. The file is
///                checked now and read again when connections are made.
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (empty, too long, control
///            characters) | `FIO_E_UTF8` | `FIO_E_CA` (missing, unreadable, not PEM) | `FIO_E_PANIC`
/// Callbacks: none
/// Blocking:  reads the file
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_ca_file(config: *mut fio_config, path: *const c_char) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live config, and NULL or a terminated string.
        unsafe {
            set(config, |config| {
                config.ca = Some(ca::from_file(args::text(path, "the CA path", 4095)?)?);
                Ok(())
            })
        }
    })
}

/// Sets the trusted certificates by content, for devices that keep them in flash or in the firmware.
///
/// @param config  the configuration
/// @param pem     at least one PEM certificate; copied
/// @param length  its length in bytes
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (impossible length) |
///            `FIO_E_CA` (not PEM) | `FIO_E_PANIC`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_ca_pem(
    config: *mut fio_config,
    pem: *const c_char,
    length: usize,
) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live config, and NULL or `length` readable bytes.
        unsafe {
            set(config, |config| {
                config.ca = Some(ca::from_pem(args::bytes(pem.cast(), length, "the CA text")?)?);
                Ok(())
            })
        }
    })
}

/// Keeps the authorization in a directory: one file per record, readable by the owner only, replaced
/// atomically (temporary file, fsync, rename, fsync of the directory). One client at a time: a second
/// one on the same directory, in any process, is refused by `fio_client_new`. Without this and without
/// `fio_config_set_store`, everything is forgotten with the client.
///
/// @param config  the configuration
/// @param path    the directory, at most 4095 bytes, on a file system that keeps what fsync wrote; it
///                is made (mode 0700) if its parent exists; copied
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (empty, too long, control
///            characters) | `FIO_E_UTF8` | `FIO_E_PANIC`
/// Callbacks: none
/// Blocking:  never (the directory is opened by `fio_client_new`)
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_store_dir(
    config: *mut fio_config,
    path: *const c_char,
) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live config, and NULL or a terminated string.
        unsafe {
            set(config, |config| {
                config.store_dir = Some(args::text(path, "the store path", 4095)?.to_owned());
                config.store = None;
                Ok(())
            })
        }
    })
}

/// Keeps the authorization with the application's own functions, for devices without a file system.
///
/// @param config   the configuration
/// @param load     reads a record; must not be NULL
/// @param save     replaces a record atomically; must not be NULL
/// @param erase    erases a record; must not be NULL
/// @param list     lists the keys; must not be NULL
/// @param user     passed to all four; may be NULL
/// @param destroy  called when `user` is not needed any more; may be NULL
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_PANIC`. On failure `destroy` is not
///            called.
/// Callbacks: `destroy` of an earlier store that no client uses
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_store(
    config: *mut fio_config,
    load: fio_store_load_cb,
    save: fio_store_save_cb,
    erase: fio_store_erase_cb,
    list: fio_store_list_cb,
    user: *mut c_void,
    destroy: fio_destroy_cb,
) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live config.
        unsafe {
            set(config, |config| {
                let (Some(load), Some(save), Some(erase), Some(list)) = (load, save, erase, list) else {
                    return Err(Error::new(FIO_E_NULL, "a store function is NULL"));
                };
                let user = Arc::new(UserData::new(user, destroy));
                config.store = Some(StoreFunctions { load, save, erase, list, user });
                config.store_dir = None;
                Ok(())
            })
        }
    })
}

/// Seals every record with XChaCha20-Poly1305 under this key, whichever store holds it. With a key,
/// records that are not sealed, or sealed with another key, are not trusted: they are kept aside and
/// reported. Keep the key where the user cannot read it, for example derived from a fuse.
///
/// @param config  the configuration
/// @param key     32 random bytes; copied, and wiped when no longer needed. NULL with length 0 takes
///                the key away again.
/// @param length  32 (or 0)
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (another length) |
///            `FIO_E_PANIC`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_store_key(
    config: *mut fio_config,
    key: *const u8,
    length: usize,
) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live config, and NULL or `length` readable bytes.
        unsafe {
            set(config, |config| {
                let bytes = args::bytes(key, length, "the store key")?;
                if bytes.is_empty() {
                    config.store_key = None;
                    return Ok(());
                }
                if bytes.len() != SEAL_KEY_LENGTH {
                    return Err(Error::new(FIO_E_ARGUMENT, "the store key must have 32 bytes"));
                }
                config.store_key = Some(SecretBytes::new(bytes.to_vec()));
                Ok(())
            })
        }
    })
}

/// Sets who receives log lines. There is no other output: nothing is ever printed. Lines contain no
/// secrets, whatever the level. A fault that repeats is cut to 1,000 lines in 10 seconds.
///
/// @param config   the configuration
/// @param level    `FIO_LOG_OFF` to `FIO_LOG_TRACE`
/// @param callback receives lines of this level and above; NULL means no log
/// @param user     passed to the callback; may be NULL
/// @param destroy  called when `user` is not needed any more; may be NULL
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (unknown level) |
///            `FIO_E_PANIC`. On failure `destroy` is not called.
/// Callbacks: `destroy` of an earlier log that no client uses
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_log(
    config: *mut fio_config,
    level: i32,
    callback: fio_log_cb,
    user: *mut c_void,
    destroy: fio_destroy_cb,
) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live config.
        unsafe {
            set(config, |config| {
                if !(FIO_LOG_OFF..=FIO_LOG_TRACE).contains(&level) {
                    return Err(Error::new(FIO_E_ARGUMENT, "unknown log level"));
                }
                config.log_level = level;
                config.log = Some((callback, Arc::new(UserData::new(user, destroy))));
                Ok(())
            })
        }
    })
}

/// Sets who hears of what nobody asked for: authorization renewed or lost, project changed, storage
/// failing, retries.
///
/// @param config   the configuration
/// @param callback receives the events; NULL means none
/// @param user     passed to the callback; may be NULL
/// @param destroy  called when `user` is not needed any more; may be NULL
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_PANIC`. On failure `destroy` is not
///            called.
/// Callbacks: `destroy` of an earlier registration that no client uses
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_event(
    config: *mut fio_config,
    callback: fio_event_cb,
    user: *mut c_void,
    destroy: fio_destroy_cb,
) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live config.
        unsafe {
            set(config, |config| {
                config.event = Some((callback, Arc::new(UserData::new(user, destroy))));
                Ok(())
            })
        }
    })
}

/// Forces one encoding on all auth requests, for servers that accept only one.
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
                config.url_pairing = match enabled {
                    0 => false,
                    1 => true,
                    _ => return Err(Error::new(FIO_E_ARGUMENT, "neither 0 nor 1")),
                };
                Ok(())
            })
        }
    })
}

/// Sets how long requests may take.
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

/// Declares the earliest time that can be true, for example when the firmware was built. While the
/// device's clock is before it, operations that need the network answer `FIO_E_CLOCK`, since TLS would
/// fail for a reason that sounds like something else.
///
/// @param config   the configuration
/// @param earliest seconds since 1970-01-01 UTC; 0 or less takes the declaration away (the default)
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_PANIC`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_clock_floor(config: *mut fio_config, earliest: i64) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live config.
        unsafe {
            set(config, |config| {
                config.clock_floor = (earliest > 0).then_some(earliest);
                Ok(())
            })
        }
    })
}

/// Replaces the clocks, for platforms with better ones and for tests that move time. Waiting itself
/// still happens in real time: after moving a clock, call `fio_drive(client, 0)`.
///
/// @param config     the configuration
/// @param monotonic  or NULL for the system's
/// @param wall       or NULL for the system's
/// @param user       passed to both; may be NULL
/// @param destroy    called when `user` is not needed any more; may be NULL
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_PANIC`. On failure `destroy` is not
///            called.
/// Callbacks: `destroy` of earlier clocks that no client uses
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_clock(
    config: *mut fio_config,
    monotonic: fio_monotonic_cb,
    wall: fio_wall_clock_cb,
    user: *mut c_void,
    destroy: fio_destroy_cb,
) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live config.
        unsafe {
            set(config, |config| {
                let user = Arc::new(UserData::new(user, destroy));
                config.clock = Some(ClockFunctions { monotonic, wall, user });
                Ok(())
            })
        }
    })
}

/// Replaces the source of random numbers (nonces of sealed records, jitter of retries), for devices with
/// a hardware generator.
///
/// @param config   the configuration
/// @param fill     or NULL for the operating system's
/// @param user     passed to `fill`; may be NULL
/// @param destroy  called when `user` is not needed any more; may be NULL
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_PANIC`. On failure `destroy` is not
///            called.
/// Callbacks: `destroy` of an earlier source that no client uses
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_entropy(
    config: *mut fio_config,
    fill: fio_entropy_cb,
    user: *mut c_void,
    destroy: fio_destroy_cb,
) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live config.
        unsafe {
            set(config, |config| {
                let user = Arc::new(UserData::new(user, destroy));
                config.entropy = fill.map(|fill| VendorEntropy { fill, user });
                Ok(())
            })
        }
    })
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
