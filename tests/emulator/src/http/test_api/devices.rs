//! What tests do to a connected device, as people do on the web.

use bytes::Bytes;
use hyper::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::input::{project_name, read};
use super::report;
use crate::checklist::event::Deed;
use crate::emulator::Emulator;
use crate::http::answer::Answer;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    project: String,
}

/// `rest` is `{client_id}/{action}`, the id percent-encoded.
pub fn act(emulator: &Emulator, method: &Method, rest: &str, body: &Bytes) -> Result<Answer, Answer> {
    let (client_id, action) = rest.rsplit_once('/').ok_or_else(Answer::not_found)?;
    let client_id = percent_decode_str(client_id).decode_utf8().map_err(|_| Answer::not_found())?;
    if !matches!(action, "project" | "pause" | "resume" | "revoke") {
        return Err(Answer::not_found());
    }
    if method != Method::POST {
        return Err(Answer::method_not_allowed("POST"));
    }
    let now = emulator.clock.now();
    let mut world = emulator.world();
    let service = &mut world.service;
    if action == "revoke" {
        service.disconnect(now, &client_id);
    }
    let project = match action {
        "project" => Some(service.projects.named(&project_name(&read::<Move>(body)?.project)?)),
        _ => None,
    };
    let no_device = || Answer::detailed(StatusCode::NOT_FOUND, "There is no such device");
    let device = service.devices.get_mut(&client_id).ok_or_else(no_device)?;
    match (action, project) {
        (_, Some(project)) => device.move_to(now, project),
        ("pause", _) => device.set_paused(now, true),
        ("resume", _) => device.set_paused(now, false),
        _ => {}
    }
    let device = service.devices.get(&client_id).ok_or_else(no_device)?;
    let answer = Answer::ok(&report::device(&emulator.clock, service, device, now));
    drop(world);
    let deed = match action {
        "project" => Deed::MovedToProject,
        "pause" => Deed::Paused,
        "resume" => Deed::Resumed,
        _ => Deed::Disconnected,
    };
    emulator.deed(&client_id, &deed);
    Ok(answer)
}
