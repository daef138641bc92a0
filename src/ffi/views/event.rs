//! What nobody asked for, as the application sees it.

use super::{View, c_string, device, error, length, milliseconds, pointer, struct_size, upload};
use super::{fio_device, fio_error, fio_totals, fio_upload_info};
use crate::engine::effects::Event;
use crate::error::Error;
use crate::ffi::FIO_OP_NONE;
use std::any::Any;
use std::ffi::c_char;
use std::ptr;

/// `fio_event.kind`: a new pairing is stored.
pub const FIO_EVENT_AUTHORIZED: i32 = 1;
/// `fio_event.kind`: a new token pair is stored; nothing to do.
pub const FIO_EVENT_REFRESHED: i32 = 2;
/// `fio_event.kind`: the authorization is over, `error` says why: pair again. What is queued is kept.
pub const FIO_EVENT_AUTHORIZATION_LOST: i32 = 3;
/// `fio_event.kind`: the service refuses this device's client secret (`error`): the pairing is kept, but
/// nothing is renewed until `fio_refresh` is called or the client made again.
pub const FIO_EVENT_REFRESH_REFUSED: i32 = 4;
/// `fio_event.kind`: device information came in without being asked for (`device`).
pub const FIO_EVENT_DEVICE: i32 = 5;
/// `fio_event.kind`: device information could not be had after a pairing or a refresh (`error`); the
/// authorization itself is good.
pub const FIO_EVENT_DEVICE_UNKNOWN: i32 = 6;
/// `fio_event.kind`: the device is in another project now (`device`, `previous_project_id`). What was
/// queued for the previous one waits (`FIO_E_OTHER_PROJECT`): see `fio_upload_move_to_project`.
pub const FIO_EVENT_PROJECT_CHANGED: i32 = 7;
/// `fio_event.kind`: the store fails (`error`). The library goes on in memory and keeps trying.
pub const FIO_EVENT_STORE_FAILED: i32 = 8;
/// `fio_event.kind`: the store works again and is up to date.
pub const FIO_EVENT_STORE_RECOVERED: i32 = 9;
/// `fio_event.kind`: a stored record could not be trusted and was kept aside (`error`).
pub const FIO_EVENT_STORE_DAMAGED: i32 = 10;
/// `fio_event.kind`: something failed (`error`) and is tried again by itself in `wait_ms`.
pub const FIO_EVENT_RETRYING: i32 = 11;
/// `fio_event.kind`: an upload changed its state (`upload`: `state` and `reason`).
pub const FIO_EVENT_UPLOAD: i32 = 12;
/// `fio_event.kind`: how far the uploads are (`totals`; `upload` is the one that `totals.current` names,
/// NULL if none is under way). Comes at the pace of `fio_config_set_progress_interval` while something
/// is under way, and once more when the last upload is over.
pub const FIO_EVENT_PROGRESS: i32 = 13;
/// `fio_event.kind`: the device is paired, and this is what was last known of it, in an earlier life (`device`,
/// with its `age_seconds`). Comes once after the start, network or not; `FIO_EVENT_DEVICE` follows when the
/// service has been asked.
pub const FIO_EVENT_DEVICE_CACHED: i32 = 14;

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
    /// Or NULL.
    pub upload: *const fio_upload_info,
    /// Or NULL.
    pub totals: *const fio_totals,
}

pub(in crate::ffi) fn event(event: &Event) -> View<fio_event> {
    let mut raw = fio_event {
        struct_size: struct_size::<fio_event>(),
        kind: 0,
        wait_ms: -1,
        error: ptr::null(),
        device: ptr::null(),
        previous_project_id: ptr::null(),
        previous_project_id_length: 0,
        upload: ptr::null(),
        totals: ptr::null(),
    };
    let (mut strings, mut parts): (Vec<_>, Vec<Box<dyn Any>>) = (Vec::new(), Vec::new());
    let mut with_error = |kind: i32, failure: &Error, raw: &mut fio_event| {
        let view = error(failure, FIO_OP_NONE);
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
            let view = device::device(shown, FIO_OP_NONE);
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
        Event::DeviceCached(aged) => {
            let view = device::aged(aged);
            raw.kind = FIO_EVENT_DEVICE_CACHED;
            raw.device = view.as_ptr();
            parts.push(Box::new(view));
        }
        // Never told by a library without uploads.
        Event::Upload(_) | Event::Progress { .. } if cfg!(not(feature = "uploads")) => {}
        Event::Upload(info) => {
            let view = upload::info(info);
            raw.kind = FIO_EVENT_UPLOAD;
            raw.upload = view.as_ptr();
            parts.push(Box::new(view));
        }
        Event::Progress { totals, current } => {
            let (view, current) = (upload::totals(totals), current.as_deref().map(upload::info));
            raw.kind = FIO_EVENT_PROGRESS;
            raw.totals = view.as_ptr();
            raw.upload = View::pointer(&current);
            parts.push(Box::new((view, current)));
        }
    }
    View { raw: Box::new(raw), _strings: strings, _parts: parts }
}
