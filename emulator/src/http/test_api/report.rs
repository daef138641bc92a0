//! What the test API tells about the emulator. No token and no secret is ever in it.

use std::time::Duration;

use hyper::StatusCode;
use serde_json::{Value, json};

use super::input::bad;
use crate::checklist::format::Format;
use crate::clock::Clock;
use crate::emulator::Emulator;
use crate::http::answer::Answer;
use crate::service::Service;
use crate::service::codes::DeviceCode;
use crate::service::devices::Device;

pub(crate) fn state(emulator: &Emulator) -> Value {
    let now = emulator.clock.now();
    let world = emulator.world();
    let service = &world.service;
    json!({
        "now": now.as_secs_f64(),
        "clock_offset": emulator.clock.offset().as_secs_f64(),
        "settings": service.settings,
        "person": service.person,
        "codes": service.codes.iter().map(|code| self::code(code, now)).collect::<Vec<_>>(),
        "devices": service.devices.iter().map(|device| self::device(&emulator.clock, service, device, now)).collect::<Vec<_>>(),
        "faults": world.faults.remaining().collect::<Vec<_>>(),
        "network": emulator.network.report(),
        "storage_url": emulator.storage.url,
        "uploads": service.uploads.iter().len(),
        "connections": emulator.connections.report(),
        "last_seq": world.journal.last_seq(),
    })
}

fn code(code: &DeviceCode, now: Duration) -> Value {
    json!({
        "user_code": code.user_code,
        "client_id": code.client_id,
        "status": code.status(now),
        "polls": code.polls,
        "pending_polls": code.pending_polls,
        "slow_downs": code.slow_downs,
        "interval": code.interval.as_secs_f64(),
        "expires_in": code.expires_at.saturating_sub(now).as_secs_f64(),
    })
}

pub(crate) fn device(clock: &Clock, service: &Service, device: &Device, now: Duration) -> Value {
    let grant = service.grant_of(device);
    json!({
        "client_id": device.client_id,
        "id": device.id,
        "name": device.name,
        "project": { "id": device.project.id, "name": device.project.name },
        "status": device.status(now),
        "paused": device.pauses.is_on(),
        "authorized": service.is_authorized(now, device),
        "firmware": device.firmware,
        "pairings": device.pairings,
        "refreshes": grant.map_or(0, |grant| grant.refreshes),
        "heartbeats": device.heartbeats,
        "access_expires_in": grant.map(|grant| grant.access_expires_at.saturating_sub(now).as_secs_f64()),
        "refresh_expires_in": grant.filter(|grant| grant.scope.offline).map(|grant| grant.refresh_expires_at.saturating_sub(now).as_secs_f64()),
        "expires_at": device.expires_at.map(|end| clock.date_time(end)),
        "last_seen": device.last_seen_at.as_secs_f64(),
        "last_seen_at": clock.date_time(device.last_seen_at),
    })
}

pub(crate) fn requests(emulator: &Emulator, since: u64) -> Value {
    let world = emulator.world();
    json!({ "requests": world.journal.since(since).collect::<Vec<_>>(), "last_seq": world.journal.last_seq() })
}

/// The checklist as `--report` writes it.
pub(crate) fn whole(emulator: &Emulator, query: Option<&str>) -> Result<Answer, Answer> {
    let mut format = Format::Text;
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match (name.as_ref(), Format::named(&value)) {
            ("format", Some(named)) => format = named,
            _ => return Err(bad("The only parameter is format: text, json or junit")),
        }
    }
    let written = format.write(&emulator.checklist());
    let written =
        written.map_err(|error| Answer::detailed(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()))?;
    Ok(Answer::text(StatusCode::OK, format.content_type(), written))
}
