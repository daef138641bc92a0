//! Scenarios, as the page and test rigs begin them, follow them, and answer for the device.

use std::sync::Arc;

use bytes::Bytes;
use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::input::{bad, read};
use crate::emulator::{Emulator, World};
use crate::http::answer::Answer;
use crate::scenario::playing::Running;
use crate::scenario::script::Scenario;
use crate::scenario::{builtin, file, stage, words};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Begin {
    name: Option<String>,
    toml: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Operated {
    id: u64,
    #[serde(default)]
    failed: Option<String>,
}

/// `path` is what follows `/scenario`.
pub(crate) fn call(
    emulator: &Arc<Emulator>,
    method: &str,
    path: &str,
    body: &Bytes,
) -> Result<Answer, Answer> {
    match (path, method) {
        ("", "GET") => {}
        ("", "POST") => begin(emulator, scenario(read(body)?)?)?,
        ("", "DELETE") => {
            stage::end(emulator, "it was ended");
        }
        ("/operated", "POST") => {
            let Operated { id, failed } = read(body)?;
            let not_asked = |_| conflict("That operation is not asked for, or not any more");
            stage::operated(emulator, id, failed.map_or(Ok(()), Err)).map_err(not_asked)?;
        }
        ("", _) => return Err(Answer::method_not_allowed("GET, POST, DELETE")),
        ("/operated", _) => return Err(Answer::method_not_allowed("POST")),
        _ => return Err(Answer::not_found()),
    }
    Ok(Answer::ok(&report(&emulator.world(), usize::MAX)))
}

fn scenario(wanted: Begin) -> Result<Arc<Scenario>, Answer> {
    match wanted {
        Begin { name: Some(name), toml: None } => {
            let found = builtin::ALL.iter().find(|scenario| scenario.name == name);
            found.cloned().ok_or_else(|| Answer::detailed(StatusCode::NOT_FOUND, "There is no such scenario"))
        }
        Begin { name: None, toml: Some(text) } => {
            Ok(Arc::new(file::parse("scenario", &text).map_err(|mistake| bad(&mistake.to_string()))?))
        }
        _ => Err(bad("Either a name or the text of a file is needed")),
    }
}

fn begin(emulator: &Arc<Emulator>, scenario: Arc<Scenario>) -> Result<(), Answer> {
    let run = stage::begin(emulator, scenario).map_err(|_| conflict("Another scenario is at work"))?;
    let emulator = Arc::clone(emulator);
    tokio::spawn(async move { stage::play(&emulator, run).await });
    Ok(())
}

fn conflict(detail: &str) -> Answer {
    Answer::detailed(StatusCode::CONFLICT, detail)
}

/// With so many of those that were played last, at most.
pub(crate) fn report(world: &World, most_played: usize) -> Value {
    let played = &world.scenarios.played;
    let played = &played[played.len().saturating_sub(most_played)..];
    let known: Vec<_> = builtin::ALL.iter().map(|scenario| names(scenario)).collect();
    json!({
        "scenario": world.scenarios.running.as_ref().map(running),
        "played": played,
        "known": known,
    })
}

fn names(scenario: &Scenario) -> Value {
    json!({ "name": scenario.name, "title": scenario.title, "about": scenario.about })
}

fn running(running: &Running) -> Value {
    let scenario = running.player.scenario();
    let operation = running.call.as_ref().map(|call| {
        let mut operation = json!(call);
        operation["words"] = call.words().into();
        operation
    });
    let mut value = names(scenario);
    value["step"] = (running.player.at() + 1).min(scenario.steps.len()).into();
    value["steps"] = scenario.steps.len().into();
    let judging = || "The checklist is looked at.".into();
    value["doing"] = running.player.doing().map_or_else(judging, words::step).into();
    value["operation"] = operation.into();
    value["state"] = "running".into();
    value["why"] = Value::Null;
    value
}
