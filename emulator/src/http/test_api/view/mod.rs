//! What the page shows, in one answer whose size is bounded however much there is.

mod devices;
mod requests;
mod uploads;

use hyper::StatusCode;
use serde::Serialize;
use serde_json::Value;

use super::input::bad;
use super::scenario;
use crate::checklist::report::RowReport;
use crate::emulator::Emulator;
use crate::faults::Rule;
use crate::http::answer::Answer;
use crate::http::deliver;

const FAULTS_SHOWN: usize = 20;
const PROJECTS_SHOWN: usize = 100;
const PLAYED_SHOWN: usize = 50;
/// Of each row; the report has more.
const BREACHES_SHOWN: usize = 2;

#[derive(Serialize)]
struct View<'a> {
    now: f64,
    date: String,
    /// How far the clock was moved.
    moved: f64,
    warning: Option<&'static str>,
    strict: bool,
    codes: Part<devices::Waiting<'a>>,
    devices: Part<devices::Shown<'a>>,
    uploads: Part<uploads::Shown<'a>>,
    requests: Part<requests::Shown<'a>>,
    faults: Part<&'a Rule>,
    projects: Vec<&'a str>,
    checklist: Vec<RowReport>,
    network: Value,
    scenarios: Value,
}

/// Some of what there is, and how much there is.
#[derive(Serialize)]
struct Part<T> {
    total: usize,
    shown: Vec<T>,
}

/// Which part of it somebody wants to see.
#[derive(Default)]
struct Wanted {
    /// Uploads and requests of this device only.
    device: Option<String>,
    /// Devices that have this in their name, id or project, in lower case.
    find: String,
}

pub(crate) fn view(emulator: &Emulator, query: Option<&str>) -> Result<Answer, Answer> {
    let wanted = Wanted::read(query)?;
    let clock = &emulator.clock;
    let now = clock.now();
    let world = emulator.world();
    let service = &world.service;
    let faults = || world.faults.remaining();
    let view = View {
        now: now.as_secs_f64(),
        date: clock.date_time(now),
        moved: clock.offset().as_secs_f64(),
        warning: emulator.warning,
        strict: service.settings.strict,
        codes: devices::waiting(service, now),
        devices: devices::shown(service, now, &wanted),
        uploads: uploads::shown(&world, &wanted),
        requests: requests::shown(&world, &wanted),
        faults: Part { total: faults().count(), shown: faults().take(FAULTS_SHOWN).collect() },
        projects: service.projects.names().take(PROJECTS_SHOWN).collect(),
        checklist: world.checklist.rows(BREACHES_SHOWN),
        network: emulator.network.report(),
        scenarios: scenario::report(&world, PLAYED_SHOWN),
    };
    let view = serde_json::to_string(&view);
    let view =
        view.map_err(|error| Answer::detailed(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()))?;
    Ok(Answer::text(StatusCode::OK, deliver::JSON, view))
}

impl Wanted {
    fn read(query: Option<&str>) -> Result<Self, Answer> {
        let mut wanted = Self::default();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match name.as_ref() {
                "device" => wanted.device = Some(value.into_owned()),
                "find" => wanted.find = value.to_lowercase(),
                _ => return Err(bad("The only parameters are device and find")),
            }
        }
        Ok(wanted)
    }

    fn is_of(&self, device: Option<&str>) -> bool {
        self.device.is_none() || self.device.as_deref() == device
    }
}
