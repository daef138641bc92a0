//! The device as the application sees it.

use super::{View, c_string, length, optional, pointer, struct_size};
use crate::api::device::{Channel, Device, Presence};
use crate::engine::effects::AgedDevice;
use crate::ffi::{FIO_OP_NONE, fio_op};
use std::ffi::c_char;
use std::ptr;

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
    /// Size of this struct in the library; it may grow at its end.
    pub struct_size: u32,
    /// A `FIO_PRESENCE_…`.
    pub presence: i32,
    /// Number of the channel; 0 is the device's own.
    pub index: u32,
    /// 0.
    pub reserved: i32,
    /// Never NULL.
    pub id: *const c_char,
    /// Or NULL.
    pub name: *const c_char,
    /// `video`, `audio`, `data`, something newer, or NULL.
    pub asset_type: *const c_char,
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
    /// Identity of the project: compare this one. Never NULL; empty where the service names no project.
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
    /// Seconds since the service told it: 0 for what has just come, -1 if the clock could not tell. Only
    /// `fio_device_cached` and `FIO_EVENT_DEVICE_CACHED` give what is older.
    pub age_seconds: i64,
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
        struct_size: struct_size::<fio_channel>(),
        presence: presence(channel.presence),
        index: channel.index,
        reserved: 0,
        id: pointer(&strings[0]),
        name: pointer(&strings[1]),
        asset_type: pointer(&strings[2]),
        id_length: length(&strings[0]),
        name_length: length(&strings[1]),
        asset_type_length: length(&strings[2]),
    };
    View { raw: Box::new(raw), _strings: strings, _parts: Vec::new() }
}

/// Device information of an earlier moment.
pub(in crate::ffi) fn aged(aged: &AgedDevice) -> View<fio_device> {
    let mut view = device(&aged.device, FIO_OP_NONE);
    view.raw.age_seconds = aged.age.map_or(-1, |age| i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
    view
}

pub(in crate::ffi) fn device(device: &Device, op: fio_op) -> View<fio_device> {
    let strings = vec![
        Some(c_string(device.project_id.as_deref().unwrap_or_default())),
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
        age_seconds: 0,
    };
    View { raw: Box::new(raw), _strings: strings, _parts: vec![Box::new(channels), Box::new(pointers)] }
}
