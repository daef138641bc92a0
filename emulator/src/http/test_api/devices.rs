//! What tests do to a connected device, as people do on the web.

use std::time::Duration;

use bytes::Bytes;
use hyper::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::input::{bad, project_name, read};
use super::report;
use crate::clock::Clock;
use crate::emulator::Emulator;
use crate::http::answer::Answer;
use crate::people::{self, Act};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    project: String,
}

/// When a connection is to end: at a date, after so many seconds, or, with neither, not before somebody ends it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    #[serde(default)]
    expires_at: Option<String>,
    #[serde(default)]
    in_seconds: Option<f64>,
}

impl End {
    fn moment(&self, clock: &Clock) -> Result<Option<Duration>, Answer> {
        match (&self.expires_at, self.in_seconds) {
            (None, None) => Ok(None),
            (Some(date), None) => {
                let moment = clock.moment_of_date_time(date);
                moment.map(Some).ok_or_else(|| bad("expires_at is no date like 2030-01-31T12:00:00Z"))
            }
            (None, Some(seconds)) => {
                let seconds = Duration::try_from_secs_f64(seconds).ok();
                let moment = seconds.and_then(|seconds| clock.now().checked_add(seconds));
                moment.map(Some).ok_or_else(|| bad("in_seconds is out of range"))
            }
            (Some(_), Some(_)) => Err(bad("Only one of expires_at and in_seconds is possible")),
        }
    }
}

/// `rest` is `{client_id}/{action}`, the id percent-encoded.
pub(crate) fn act(emulator: &Emulator, method: &Method, rest: &str, body: &Bytes) -> Result<Answer, Answer> {
    let (client_id, action) = rest.rsplit_once('/').ok_or_else(Answer::not_found)?;
    let client_id = percent_decode_str(client_id).decode_utf8().map_err(|_| Answer::not_found())?;
    let act = match (action, method == Method::POST) {
        ("pause" | "resume" | "revoke" | "project" | "expiry", false) => {
            return Err(Answer::method_not_allowed("POST"));
        }
        ("pause", true) => Act::Pause,
        ("resume", true) => Act::Resume,
        ("revoke", true) => Act::Revoke,
        ("project", true) => Act::MoveTo(project_name(&read::<Move>(body)?.project)?),
        ("expiry", true) => Act::EndAt(read::<End>(body)?.moment(&emulator.clock)?),
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
