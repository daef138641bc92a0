//! Reading the file of a scenario. What is wrong with it is told with the file, the step and the field.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::script::{
    Action, Condition, DeviceState, Operate, Operation, Request, Scenario, Step, Uploads, one,
};
use crate::checklist::rules;
use crate::faults::Rule;
use crate::network::Link;
use crate::people::Act;
use crate::service::person::Person;
use crate::service::projects::clean_name;
use crate::settings::{Settings, SettingsChange};

/// How long a step may take when it does not say.
const WITHIN: f64 = 60.0;
/// A day: longer than anybody waits, and still a number that clocks can hold.
const LONGEST_WITHIN: f64 = 86_400.0;
/// As far as [`crate::clock::Clock::advance`] goes.
const FURTHEST: f64 = 100.0 * 366.0 * 86_400.0;
const MOST_STEPS: usize = 1_000;
const ACTIONS: &str =
    "operate, await, fault, clear_faults, clock, settings, person, device, project or network";

/// What is wrong with a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    name: String,
    /// Counted from one; `None` where it is about the whole.
    step: Option<usize>,
    what: String,
}

impl Mistake {
    pub fn of_file(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }
}

impl Display for Mistake {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.step {
            Some(step) => write!(out, "{}: step {step}: {}", self.name, self.what),
            None => write!(out, "{}: {}", self.name, self.what),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    #[serde(default)]
    about: String,
    #[serde(default)]
    rows: Vec<String>,
    #[serde(default)]
    step: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    say: Option<String>,
    within: Option<f64>,
    operate: Option<Operate>,
    name: Option<String>,
    bytes: Option<u64>,
    #[serde(rename = "await")]
    awaited: Option<RawAwait>,
    fault: Option<Rule>,
    clear_faults: Option<bool>,
    clock: Option<f64>,
    settings: Option<SettingsChange>,
    person: Option<Person>,
    device: Option<RawDevice>,
    project: Option<String>,
    network: Option<Link>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum RawDevice {
    Pause,
    Resume,
    Revoke,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAwait {
    request: Option<Request>,
    times: Option<u64>,
    device: Option<DeviceState>,
    code: Option<Code>,
    uploads: Option<Uploads>,
    parts_stored: Option<u64>,
    faults: Option<Faults>,
    refused_connections: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Code {
    Pending,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Faults {
    Struck,
}

/// `name` is what the scenario is called, and what the mistake names.
pub fn parse(name: &str, text: &str) -> Result<Scenario, Mistake> {
    let mistake = |step, what| Mistake { name: name.to_owned(), step, what };
    let table: Table = text.parse().map_err(|error: toml::de::Error| mistake(None, one_line(&error)))?;
    let file: File = read(Value::Table(table)).map_err(|what| mistake(None, what))?;
    if file.title.trim().is_empty() {
        return Err(mistake(None, "title is empty".into()));
    }
    let known: BTreeSet<_> = rules::all().iter().flat_map(|rule| rule.rows()).map(|row| row.name).collect();
    if let Some(unknown) = file.rows.iter().find(|row| !known.contains(row.as_str())) {
        return Err(mistake(None, format!("rows: the checklist has no row `{unknown}`")));
    }
    if file.step.is_empty() || file.step.len() > MOST_STEPS {
        return Err(mistake(
            None,
            format!("it has {} steps, and 1 to {MOST_STEPS} are possible", file.step.len()),
        ));
    }
    let steps =
        (1..).zip(file.step).map(|(number, value)| step(value).map_err(|what| mistake(Some(number), what)));
    Ok(Scenario {
        name: name.to_owned(),
        title: file.title,
        about: file.about,
        rows: file.rows,
        steps: steps.collect::<Result<_, _>>()?,
    })
}

fn step(value: Value) -> Result<Step, String> {
    let raw: RawStep = read(value)?;
    let within = raw.within.unwrap_or(WITHIN);
    if !(within > 0.0 && within <= LONGEST_WITHIN) {
        return Err(format!("within is not between 0 and {LONGEST_WITHIN} seconds"));
    }
    if raw.operate.is_none() && (raw.name.is_some() || raw.bytes.is_some()) {
        return Err("name and bytes are for operate".into());
    }
    let (say, within) = (raw.say.clone(), Duration::from_secs_f64(within));
    Ok(Step { say, within, action: action(raw)? })
}

fn action(raw: RawStep) -> Result<Action, String> {
    let mut found = Vec::new();
    if let Some(operate) = raw.operate {
        found.push(Action::Operate(operation(operate, raw.name, raw.bytes)?));
    }
    if let Some(awaited) = raw.awaited {
        found.push(Action::Await(condition(awaited)?));
    }
    if let Some(rule) = raw.fault {
        rule.check().map_err(|part| format!("fault: {part} cannot be sent"))?;
        found.push(Action::Fault(rule));
    }
    match raw.clear_faults {
        Some(true) => found.push(Action::ClearFaults),
        Some(false) => return Err("clear_faults can only be true".into()),
        None => {}
    }
    if let Some(seconds) = raw.clock {
        if !(0.0..=FURTHEST).contains(&seconds) {
            return Err("clock is out of range: it only goes forward".into());
        }
        found.push(Action::Clock(seconds));
    }
    if let Some(change) = raw.settings {
        Settings::default().change(&change).map_err(|name| format!("settings: {name} is out of range"))?;
        found.push(Action::Settings(change));
    }
    if let Some(person) = raw.person {
        let project = person.project.as_deref().map(|name| project(name, "person: project")).transpose()?;
        found.push(Action::Person(Person { project, ..person }));
    }
    found.extend(raw.device.map(|device| {
        Action::Device(match device {
            RawDevice::Pause => Act::Pause,
            RawDevice::Resume => Act::Resume,
            RawDevice::Revoke => Act::Revoke,
        })
    }));
    if let Some(name) = raw.project {
        found.push(Action::Device(Act::MoveTo(project(&name, "project")?)));
    }
    found.extend(raw.network.map(Action::Network));
    match (found.pop(), found.is_empty()) {
        (Some(action), true) => Ok(action),
        (None, _) => Err(format!("it does nothing: one of {ACTIONS} is needed")),
        (Some(_), false) => Err(format!("it does several things at once: only one of {ACTIONS} is possible")),
    }
}

fn operation(operate: Operate, name: Option<String>, bytes: Option<u64>) -> Result<Operation, String> {
    if name.is_some() && !matches!(operate, Operate::Record | Operate::CancelUpload) {
        return Err("name is for record and cancel_upload".into());
    }
    if bytes.is_some() && operate != Operate::Record {
        return Err("bytes is for record".into());
    }
    if bytes == Some(0) {
        return Err("bytes is 0, and an empty file cannot be uploaded".into());
    }
    Ok(Operation { operate, name, bytes })
}

fn condition(raw: RawAwait) -> Result<Condition, String> {
    if raw.times.is_some() && raw.request.is_none() {
        return Err("await: times is for request".into());
    }
    if raw.times == Some(0) {
        return Err("await: times is 0, and nothing would be waited for".into());
    }
    let mut found = Vec::new();
    if let Some(request) = raw.request {
        let asks_for_answer = request.status.is_some() || request.error.is_some();
        if request.begun && (asks_for_answer || request.lost) {
            return Err("await: request: what has only begun has no status, no error and is not lost".into());
        }
        if request.lost && asks_for_answer {
            return Err("await: request: what is lost has no status and no error".into());
        }
        found.push(Condition::Request { request, times: raw.times.unwrap_or(one()) });
    }
    found.extend(raw.device.map(Condition::Device));
    found.extend(raw.code.map(|Code::Pending| Condition::CodePending));
    found.extend(raw.uploads.map(Condition::Uploads));
    found.extend(raw.parts_stored.map(Condition::PartsStored));
    found.extend(raw.faults.map(|Faults::Struck| Condition::FaultsStruck));
    found.extend(raw.refused_connections.map(Condition::RefusedConnections));
    match (found.pop(), found.is_empty()) {
        (Some(condition), true) => Ok(condition),
        _ => Err("await: it is to have one condition: request, device, code, uploads, parts_stored, faults \
                  or refused_connections"
            .into()),
    }
}

fn project(name: &str, field: &str) -> Result<String, String> {
    clean_name(name).ok_or_else(|| format!("{field} is not a name for a project"))
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    value.try_into().map_err(|error| one_line(&error))
}

/// The parser's words without its picture of the line.
fn one_line(error: &toml::de::Error) -> String {
    let text = error.to_string();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
