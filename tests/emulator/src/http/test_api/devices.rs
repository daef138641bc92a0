//! What tests do to a connected device, as people do on the web.

use bytes::Bytes;
use hyper::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::input::{project_name, read};
use super::report;
use crate::emulator::Emulator;
use crate::http::answer::Answer;
use crate::people::{self, Act};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    project: String,
}

/// `rest` is `{client_id}/{action}`, the id percent-encoded.
pub fn act(emulator: &Emulator, method: &Method, rest: &str, body: &Bytes) -> Result<Answer, Answer> {
    let (client_id, action) = rest.rsplit_once('/').ok_or_else(Answer::not_found)?;
    let client_id = percent_decode_str(client_id).decode_utf8().map_err(|_| Answer::not_found())?;
    let act = match (action, method == Method::POST) {
        ("pause" | "resume" | "revoke" | "project", false) => return Err(Answer::method_not_allowed("POST")),
        ("pause", true) => Act::Pause,
        ("resume", true) => Act::Resume,
        ("revoke", true) => Act::Revoke,
        ("project", true) => Act::MoveTo(project_name(&read::<Move>(body)?.project)?),
        _ => return Err(Answer::not_found()),
    };
    let no_device = || Answer::detailed(StatusCode::NOT_FOUND, "There is no such device");
    if !people::act(emulator, &client_id, &act) {
        return Err(no_device());
    }
    let now = emulator.clock.now();
    let service = &emulator.world().service;
    let device = service.devices.get(&client_id).ok_or_else(no_device)?;
    Ok(Answer::ok(&report::device(&emulator.clock, service, device, now)))
}
