//! `fio_config_*`: everything known before the first byte is sent, set by setters on an opaque
//! builder, so that nothing in the caller's memory has a layout to keep.

pub mod identity;

pub mod trust;

pub mod storage;

pub mod reports;

pub mod network;

pub mod uploads;

pub mod platform;

use super::body::Body;
use super::callbacks::*;
use super::registry::Registry;
use super::vendor::{ClockFunctions, StoreFunctions, VendorClock, VendorEntropy, VendorStore};
use super::views::{self, View, fio_error};
use super::{FIO_OP_NONE, args, fio_status, guard::guard, guard::guard_value};
use crate::api::EncodingPolicy;
use crate::engine::UploadSettings;
use crate::entropy::{Entropy, MixedEntropy, SystemEntropy};
use crate::error::Error;
use crate::log::Sink;
use crate::net::curl::CaSource;
use crate::secret::Secret;
use crate::status::*;
use crate::store::records::SealKey;
use std::ffi::CString;
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

static CONFIGS: Registry<Config> = Registry::new();

pub(super) struct Config {
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
    pub stall_timeout: Duration,
    pub uploads: UploadSettings,
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
            stall_timeout: Duration::from_secs(60),
            uploads: UploadSettings::default(),
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
            Some(vendor) => Box::new(MixedEntropy(vendor)),
            None => Box::new(SystemEntropy),
        }
    }

    pub fn log_sink(&self) -> Option<Sink> {
        let (callback, user) = self.log.clone()?;
        let callback = callback?;
        Some(Arc::new(move |level, line: &str| {
            let length = line.len();
            if let Ok(text) = CString::new(line) {
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
    if !CONFIGS.has(config.cast()) {
        return Err(Error::of(FIO_E_HANDLE));
    }
    // SAFETY: a live config, and the caller says that it is not in use elsewhere.
    Ok(unsafe { &mut *config.cast::<Config>() })
}

/// Runs a setter, keeping its error for `fio_config_error`.
///
/// # Safety
/// As for [`config_mut`].
unsafe fn set(
    config: *mut fio_config,
    mut setter: impl FnMut(&mut Config) -> Result<(), Error>,
) -> Result<(), Error> {
    // SAFETY: as the caller says.
    unsafe { set_body(config, Body::new(&mut setter)) }
}

/// # Safety
/// As for [`config_mut`].
#[inline(never)]
unsafe fn set_body(config: *mut fio_config, setter: Body<'_, Config>) -> Result<(), Error> {
    // SAFETY: as the caller says.
    let config = unsafe { config_mut(config) }?;
    setter.call(config).inspect_err(|error| config.remember(error))
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
            args::write(config, CONFIGS.give(Box::default()).cast())
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
        let config = unsafe { CONFIGS.take(config.cast()) };
        config.map(drop).ok_or_else(|| Error::of(FIO_E_HANDLE))
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
