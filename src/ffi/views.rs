//! What the library gives: structs it owns, valid during the callback or until the next call, that
//! may grow at their end. Each view keeps the strings its struct points to.

use super::fio_op;
use crate::api::device::{Channel, Device, Presence};
use crate::clock::Instant;
use crate::engine::effects::{Event, ShownCode};
use crate::error::Error;
use crate::status::Retry;
use std::ffi::{CString, c_char};
use std::ptr;
use std::time::Duration;

/// `fio_error.retry`: the same request will fail again until something else is changed.
pub const FIO_RETRY_NEVER: i32 = 0;
/// `fio_error.retry`: try again later, not before `retry_after_ms` if that is not negative.
pub const FIO_RETRY_LATER: i32 = 1;
/// `fio_error.retry`: only a new pairing helps.
pub const FIO_RETRY_AFTER_PAIRING: i32 = 2;

/// What went wrong. Contains no secrets: it may be shown and logged.
#[repr(C)]
pub struct fio_error {
    /// Size of this struct in the library; it may grow at its end.
    pub struct_size: u32,
    /// A `FIO_E_…`.
    pub status: i32,
    /// A `FIO_RETRY_…`.
    pub retry: i32,
    /// HTTP status of the answer, 0 if there was none.
    pub http_status: i32,
    /// libcurl's result (a `CURLcode`), 0 if libcurl did not fail.
    pub curl_code: i32,
    /// Zero.
    pub reserved: i32,
    /// How long the server asked to wait, in milliseconds; -1 if it did not.
    pub retry_after_ms: i64,
    /// The operation that failed, `FIO_OP_NONE` if there was none.
    pub op: fio_op,
    /// Name of the status, for example `FIO_E_DNS`. Never NULL.
    pub name: *const c_char,
    /// What happened: one sentence in English. Never NULL.
    pub message: *const c_char,
    /// Length of `message` in bytes.
    pub message_length: usize,
    /// What a person can do: one sentence in English. Never NULL.
    pub advice: *const c_char,
    /// `error` of an OAuth answer (RFC 6749 section 5.2, RFC 8628 section 3.5), or NULL.
    pub oauth_error: *const c_char,
    /// Lengths of the strings above in bytes, 0 for NULL.
    pub name_length: usize,
    pub advice_length: usize,
    pub oauth_error_length: usize,
}

/// A code for the person to enter. The device code stays inside the library.
#[repr(C)]
pub struct fio_code {
    /// Size of this struct in the library; it may grow at its end.
    pub struct_size: u32,
    /// 1 for the first code of an operation, 2 for the one that replaces it, and so on.
    pub number: u32,
    /// The operation the code belongs to.
    pub op: fio_op,
    /// Milliseconds until it runs out, counted from this callback. Counts on while the device sleeps.
    pub expires_in_ms: i64,
    /// The server's pace for polls in milliseconds; the library keeps it by itself.
    pub interval_ms: i64,
    /// Six digits, as a string: they may begin with 0. Never NULL.
    pub user_code: *const c_char,
    /// The page where the code is entered, or NULL.
    pub verification_uri: *const c_char,
    /// The page with the code filled in, for a QR (`fio_qr_encode`), or NULL.
    pub verification_uri_complete: *const c_char,
    /// The device's name at the service, or NULL.
    pub device_name: *const c_char,
    /// Lengths of the strings above in bytes, 0 for NULL.
    pub user_code_length: usize,
    pub verification_uri_length: usize,
    pub verification_uri_complete_length: usize,
    pub device_name_length: usize,
}

/// `fio_device.presence`: a word this version does not know, or none.
pub const FIO_PRESENCE_UNKNOWN: i32 = 0;
/// `fio_device.presence`: seen by the service within the last 300 seconds.
pub const FIO_PRESENCE_ONLINE: i32 = 1;
/// `fio_device.presence`: not seen by the service for 300 seconds.
pub const FIO_PRESENCE_OFFLINE: i32 = 2;
/// `fio_device.presence`: paused by the user: what is recorded now must not be uploaded.
pub const FIO_PRESENCE_PAUSED: i32 = 3;

/// A part of the device that uploads under its own name.
#[repr(C)]
pub struct fio_channel {
    /// Never NULL.
    pub id: *const c_char,
    /// Or NULL.
    pub name: *const c_char,
    /// `video`, `audio`, `data`, something newer, or NULL.
    pub asset_type: *const c_char,
    /// Number of the channel; 0 is the device's own.
    pub index: u32,
    /// A `FIO_PRESENCE_…`.
    pub presence: i32,
    /// Lengths of the strings above in bytes, 0 for NULL.
    pub id_length: usize,
    pub name_length: usize,
    pub asset_type_length: usize,
}

/// The device as the service knows it (`GET /v2/devices/me`).
#[repr(C)]
pub struct fio_device {
    /// Size of this struct in the library; it may grow at its end.
    pub struct_size: u32,
    /// A `FIO_PRESENCE_…`.
    pub presence: i32,
    /// The operation that asked, or `FIO_OP_NONE`.
    pub op: fio_op,
    /// Identity of the project: compare this one. Never NULL.
    pub project_id: *const c_char,
    /// Name of the project for the screen, or NULL. It may change.
    pub project_name: *const c_char,
    /// Or NULL.
    pub id: *const c_char,
    /// Or NULL.
    pub name: *const c_char,
    /// `video`, `audio`, `data`, something newer, or NULL.
    pub asset_type: *const c_char,
    /// Or NULL.
    pub timezone: *const c_char,
    /// The person who connected the device, or NULL.
    pub creator_name: *const c_char,
    /// `channel_count` pointers, or NULL if there are none.
    pub channels: *const *const fio_channel,
    pub channel_count: usize,
    /// Lengths of the strings above in bytes, 0 for NULL.
    pub project_id_length: usize,
    pub project_name_length: usize,
    pub id_length: usize,
    pub name_length: usize,
    pub asset_type_length: usize,
    pub timezone_length: usize,
    pub creator_name_length: usize,
}

/// `fio_event.kind`: a new pairing is stored.
pub const FIO_EVENT_AUTHORIZED: i32 = 1;
/// `fio_event.kind`: a new token pair is stored; nothing to do.
pub const FIO_EVENT_REFRESHED: i32 = 2;
/// `fio_event.kind`: the authorization is over, `error` says why: pair again. What is queued is kept.
pub const FIO_EVENT_AUTHORIZATION_LOST: i32 = 3;
/// `fio_event.kind`: the service refuses this device's client secret (`error`): the pairing is kept, but
/// nothing is renewed until `fio_refresh` is called or the client made anew.
pub const FIO_EVENT_REFRESH_REFUSED: i32 = 4;
/// `fio_event.kind`: device information came in without being asked for (`device`).
pub const FIO_EVENT_DEVICE: i32 = 5;
/// `fio_event.kind`: device information could not be had after a pairing or a refresh (`error`); the
/// authorization itself is good.
pub const FIO_EVENT_DEVICE_UNKNOWN: i32 = 6;
/// `fio_event.kind`: the device is in another project now (`device`, `previous_project_id`).
pub const FIO_EVENT_PROJECT_CHANGED: i32 = 7;
/// `fio_event.kind`: the store fails (`error`). The library goes on in memory and keeps trying.
pub const FIO_EVENT_STORE_FAILED: i32 = 8;
/// `fio_event.kind`: the store works again and is up to date.
pub const FIO_EVENT_STORE_RECOVERED: i32 = 9;
/// `fio_event.kind`: a stored record could not be trusted and was kept aside (`error`).
pub const FIO_EVENT_STORE_DAMAGED: i32 = 10;
/// `fio_event.kind`: something failed (`error`) and is tried again by itself in `wait_ms`.
pub const FIO_EVENT_RETRYING: i32 = 11;

/// Something nobody asked for but somebody should know.
#[repr(C)]
pub struct fio_event {
    /// Size of this struct in the library; it may grow at its end.
    pub struct_size: u32,
    /// A `FIO_EVENT_…`. Ignore kinds you do not know.
    pub kind: i32,
    /// Milliseconds until the next attempt, -1 where that has no meaning.
    pub wait_ms: i64,
    /// Or NULL.
    pub error: *const fio_error,
    /// Or NULL.
    pub device: *const fio_device,
    /// Or NULL.
    pub previous_project_id: *const c_char,
    /// Length of `previous_project_id` in bytes, 0 for NULL.
    pub previous_project_id_length: usize,
}

fn c_string(text: &str) -> CString {
    // Texts are cleaned of control characters where they come in; a NUL that slipped through would
    // end the text there in C anyway.
    CString::new(text.split('\0').next().unwrap_or_default()).unwrap_or_default()
}

fn optional(text: &Option<String>) -> Option<CString> {
    text.as_deref().map(c_string)
}

fn pointer(text: &Option<CString>) -> *const c_char {
    text.as_ref().map_or(ptr::null(), |text| text.as_ptr())
}

fn length(text: &Option<CString>) -> usize {
    text.as_ref().map_or(0, |text| text.as_bytes().len())
}

fn milliseconds(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// A struct together with what it points to. The strings' memory does not move with the view.
pub(super) struct View<T> {
    raw: Box<T>,
    _strings: Vec<Option<CString>>,
    _parts: Vec<Box<dyn std::any::Any>>,
}

impl<T> View<T> {
    pub fn as_ptr(&self) -> *const T {
        &*self.raw
    }
}

fn struct_size<T>() -> u32 {
    std::mem::size_of::<T>() as u32
}

pub(super) fn error(error: &Error, op: fio_op) -> View<fio_error> {
    let strings = vec![
        Some(c_string(error.name())),
        Some(c_string(&error.message)),
        Some(c_string(error.advice())),
        error.oauth_error.as_deref().map(c_string),
    ];
    let raw = fio_error {
        struct_size: struct_size::<fio_error>(),
        status: error.status,
        retry: match error.retry() {
            Retry::Never => FIO_RETRY_NEVER,
            Retry::Later => FIO_RETRY_LATER,
            Retry::AfterPairing => FIO_RETRY_AFTER_PAIRING,
        },
        http_status: error.http_status.into(),
        curl_code: error.curl_code,
        reserved: 0,
        retry_after_ms: error.retry_after.map_or(-1, milliseconds),
        op,
        name: pointer(&strings[0]),
        message: pointer(&strings[1]),
        message_length: length(&strings[1]),
        advice: pointer(&strings[2]),
        oauth_error: pointer(&strings[3]),
        name_length: length(&strings[0]),
        advice_length: length(&strings[2]),
        oauth_error_length: length(&strings[3]),
    };
    View { raw: Box::new(raw), _strings: strings, _parts: Vec::new() }
}

pub(super) fn code(code: &ShownCode, op: fio_op, now: Instant) -> View<fio_code> {
    let strings = vec![
        Some(c_string(&code.user_code)),
        optional(&code.verification_uri),
        optional(&code.verification_uri_complete),
        optional(&code.name),
    ];
    let raw = fio_code {
        struct_size: struct_size::<fio_code>(),
        number: code.number,
        op,
        expires_in_ms: milliseconds(code.expires - now),
        interval_ms: milliseconds(code.interval),
        user_code: pointer(&strings[0]),
        verification_uri: pointer(&strings[1]),
        verification_uri_complete: pointer(&strings[2]),
        device_name: pointer(&strings[3]),
        user_code_length: length(&strings[0]),
        verification_uri_length: length(&strings[1]),
        verification_uri_complete_length: length(&strings[2]),
        device_name_length: length(&strings[3]),
    };
    View { raw: Box::new(raw), _strings: strings, _parts: Vec::new() }
}

fn presence(presence: Presence) -> i32 {
    match presence {
        Presence::Unknown => FIO_PRESENCE_UNKNOWN,
        Presence::Online => FIO_PRESENCE_ONLINE,
        Presence::Offline => FIO_PRESENCE_OFFLINE,
        Presence::Paused => FIO_PRESENCE_PAUSED,
    }
}

fn channel(channel: &Channel) -> View<fio_channel> {
    let strings = vec![Some(c_string(&channel.id)), optional(&channel.name), optional(&channel.asset_type)];
    let raw = fio_channel {
        id: pointer(&strings[0]),
        name: pointer(&strings[1]),
        asset_type: pointer(&strings[2]),
        index: channel.index,
        presence: presence(channel.presence),
        id_length: length(&strings[0]),
        name_length: length(&strings[1]),
        asset_type_length: length(&strings[2]),
    };
    View { raw: Box::new(raw), _strings: strings, _parts: Vec::new() }
}

pub(super) fn device(device: &Device, op: fio_op) -> View<fio_device> {
    let strings = vec![
        Some(c_string(&device.project_id)),
        optional(&device.project_name),
        optional(&device.id),
        optional(&device.name),
        optional(&device.asset_type),
        optional(&device.timezone),
        optional(&device.creator_name),
    ];
    let channels: Vec<View<fio_channel>> = device.channels.iter().map(channel).collect();
    let pointers: Vec<*const fio_channel> = channels.iter().map(View::as_ptr).collect();
    let raw = fio_device {
        struct_size: struct_size::<fio_device>(),
        presence: presence(device.presence),
        op,
        project_id: pointer(&strings[0]),
        project_name: pointer(&strings[1]),
        id: pointer(&strings[2]),
        name: pointer(&strings[3]),
        asset_type: pointer(&strings[4]),
        timezone: pointer(&strings[5]),
        creator_name: pointer(&strings[6]),
        channels: if pointers.is_empty() { ptr::null() } else { pointers.as_ptr() },
        channel_count: pointers.len(),
        project_id_length: length(&strings[0]),
        project_name_length: length(&strings[1]),
        id_length: length(&strings[2]),
        name_length: length(&strings[3]),
        asset_type_length: length(&strings[4]),
        timezone_length: length(&strings[5]),
        creator_name_length: length(&strings[6]),
    };
    View { raw: Box::new(raw), _strings: strings, _parts: vec![Box::new(channels), Box::new(pointers)] }
}

pub(super) fn event(event: &Event) -> View<fio_event> {
    let mut raw = fio_event {
        struct_size: struct_size::<fio_event>(),
        kind: 0,
        wait_ms: -1,
        error: ptr::null(),
        device: ptr::null(),
        previous_project_id: ptr::null(),
        previous_project_id_length: 0,
    };
    let (mut strings, mut parts): (Vec<_>, Vec<Box<dyn std::any::Any>>) = (Vec::new(), Vec::new());
    let mut with_error = |kind: i32, failure: &Error, raw: &mut fio_event| {
        let view = error(failure, super::FIO_OP_NONE);
        raw.kind = kind;
        raw.error = view.as_ptr();
        parts.push(Box::new(view));
    };
    match event {
        Event::Authorized => raw.kind = FIO_EVENT_AUTHORIZED,
        Event::Refreshed => raw.kind = FIO_EVENT_REFRESHED,
        Event::StoreRecovered => raw.kind = FIO_EVENT_STORE_RECOVERED,
        Event::AuthorizationLost(error) => with_error(FIO_EVENT_AUTHORIZATION_LOST, error, &mut raw),
        Event::RefreshRefused(error) => with_error(FIO_EVENT_REFRESH_REFUSED, error, &mut raw),
        Event::DeviceUnknown(error) => with_error(FIO_EVENT_DEVICE_UNKNOWN, error, &mut raw),
        Event::StoreFailed(error) => with_error(FIO_EVENT_STORE_FAILED, error, &mut raw),
        Event::StoreDamaged(error) => with_error(FIO_EVENT_STORE_DAMAGED, error, &mut raw),
        Event::Retrying { error, wait } => {
            with_error(FIO_EVENT_RETRYING, error, &mut raw);
            raw.wait_ms = milliseconds(*wait);
        }
        Event::Device(shown) | Event::ProjectChanged { device: shown, .. } => {
            let view = device(shown, super::FIO_OP_NONE);
            raw.kind = FIO_EVENT_DEVICE;
            raw.device = view.as_ptr();
            if let Event::ProjectChanged { previous, .. } = event {
                raw.kind = FIO_EVENT_PROJECT_CHANGED;
                strings.push(Some(c_string(previous)));
                raw.previous_project_id = pointer(&strings[0]);
                raw.previous_project_id_length = length(&strings[0]);
            }
            parts.push(Box::new(view));
        }
    }
    View { raw: Box::new(raw), _strings: strings, _parts: parts }
}
