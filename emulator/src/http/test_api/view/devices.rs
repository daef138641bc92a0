//! Devices, and those that wait for a person.

use std::cmp::Reverse;
use std::time::Duration;

use serde::Serialize;

use super::{Part, Wanted};
use crate::service::Service;
use crate::service::codes::CodeStatus;
use crate::service::devices::{Device, DeviceStatus, name_of};

const DEVICES_SHOWN: usize = 40;
const CODES_SHOWN: usize = 10;

#[derive(Serialize)]
pub(crate) struct Shown<'a> {
    client_id: &'a str,
    name: &'a str,
    project: &'a str,
    firmware: Option<&'a str>,
    status: &'static str,
    last_seen: f64,
    /// When a person lets the connection end.
    expires: Option<f64>,
}

/// A device that shows a code. The digits are for the device to show, so they are not in it.
#[derive(Serialize)]
pub(crate) struct Waiting<'a> {
    client_id: &'a str,
    name: String,
    expires: f64,
}

pub(crate) fn waiting(service: &Service, now: Duration) -> Part<Waiting<'_>> {
    let pending = || service.codes.iter().filter(|code| code.status(now) == CodeStatus::Pending);
    let shown = pending().take(CODES_SHOWN).map(|code| Waiting {
        client_id: &code.client_id,
        name: name_of(&code.client_id),
        expires: code.expires_at.as_secs_f64(),
    });
    Part { total: pending().count(), shown: shown.collect() }
}

/// Those that were heard of last, in the order of their ids, so that they stay in their places.
pub(crate) fn shown<'a>(service: &'a Service, now: Duration, wanted: &Wanted) -> Part<Shown<'a>> {
    let mut found: Vec<_> = service.devices.iter().filter(|device| is_found(device, &wanted.find)).collect();
    let total = found.len();
    if total > DEVICES_SHOWN {
        let chosen = |device: &Device| wanted.device.as_deref() == Some(device.client_id.as_str());
        found.sort_by_key(|device| Reverse((chosen(device), device.last_seen_at)));
        found.truncate(DEVICES_SHOWN);
        found.sort_by(|one, other| one.client_id.cmp(&other.client_id));
    }
    let shown = found.into_iter().map(|device| Shown {
        client_id: &device.client_id,
        name: &device.name,
        project: &device.project.name,
        firmware: device.firmware.as_deref(),
        status: match device.status(now) {
            _ if !service.is_authorized(now, device) => "disconnected",
            DeviceStatus::Online => "online",
            DeviceStatus::Offline => "offline",
            DeviceStatus::Paused => "paused",
        },
        last_seen: device.last_seen_at.as_secs_f64(),
        expires: device.expires_at.map(|end| end.as_secs_f64()),
    });
    Part { total, shown: shown.collect() }
}

fn is_found(device: &Device, text: &str) -> bool {
    let texts = [&device.client_id, &device.name, &device.project.name];
    text.is_empty() || texts.iter().any(|own| own.to_lowercase().contains(text))
}
