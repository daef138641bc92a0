//! Where a scenario is played: what its steps ask for is done to the emulator, and everything that happens
//! wakes it.

use std::sync::Arc;
use std::time::Duration;

use super::player::{Judgement, Next};
use super::playing::{Busy, Running, Situation};
use super::script::{Action, Operate, Operation, Scenario};
use crate::checklist::event::Deed;
use crate::checklist::report::RowReport;
use crate::checklist::row::Status;
use crate::emulator::{Emulator, World};
use crate::network::Link;
use crate::people::{self, Act};
use crate::service::uploads::upload::State;

/// Rows are judged by how often they were kept and broken: nothing is quoted.
const NO_BREACHES: usize = 0;

/// Nobody had asked for that operation.
pub use super::player::NotAsked;

/// Begins a scenario; [`play`] with the number it answers goes through it.
pub fn begin(emulator: &Emulator, scenario: Arc<Scenario>) -> Result<u64, Busy> {
    let now = emulator.clock.moment();
    let World { scenarios, service, checklist, .. } = &mut *emulator.world();
    let broken_before = checklist.rows(NO_BREACHES).iter().map(|row| (row.name, row.broken)).collect();
    scenarios.begin(scenario, now, service, broken_before)
}

/// Until it is over, or somebody has ended it.
pub async fn play(emulator: &Emulator, run: u64) {
    loop {
        let seen = emulator.changes();
        if emulator.is_stopping() {
            end(emulator, "the emulator was stopped");
        }
        let Some(next) = next(emulator, run) else { return };
        let until = match next {
            Next::Do => {
                act(emulator, run);
                continue;
            }
            Next::Operate => {
                ask(emulator, run);
                continue;
            }
            Next::Judge => judge(emulator, run),
            Next::Wait(until) => Some(until),
            Next::Over => None,
        };
        let Some(until) = until else {
            finish(emulator);
            return;
        };
        tokio::select! {
            () = emulator.changes_beyond(Some(seen)) => {}
            () = tokio::time::sleep(until.saturating_sub(now(emulator))) => {}
            () = emulator.stopping() => {}
        }
    }
}

/// Somebody at the device has done what was asked for, or could not.
pub fn operated(emulator: &Emulator, id: u64, result: Result<(), String>) -> Result<(), NotAsked> {
    let at = emulator.clock.moment();
    {
        let world = &mut *emulator.world();
        let World { scenarios, service, .. } = world;
        let running = scenarios.running.as_mut().ok_or(NotAsked)?;
        let call = running.call.take_if(|call| call.id == id).ok_or(NotAsked)?;
        let is_done = result.is_ok();
        running.player.operated(id, result, at.really())?;
        let deed = deed(&call.operation, call.upload).filter(|_| is_done);
        let device = match &deed {
            // It may be new, and only its code be known.
            Some(Deed::PairingCanceled) => service.codes.newest().map(|code| code.client_id.clone()),
            _ => scenarios.device(service).map(str::to_owned),
        };
        if let Some((device, deed)) = device.zip(deed) {
            world.deed(at, &device, &deed);
        }
    }
    emulator.happened();
    Ok(())
}

/// Ends the scenario at work, which has failed by that. False when there is none.
pub fn end(emulator: &Emulator, why: &str) -> bool {
    let is_running = match &mut emulator.world().scenarios.running {
        Some(running) => {
            running.player.fail(why);
            true
        }
        None => false,
    };
    finish(emulator);
    is_running
}

fn now(emulator: &Emulator) -> Duration {
    emulator.clock.moment().really()
}

fn next(emulator: &Emulator, run: u64) -> Option<Next> {
    let at = emulator.clock.moment();
    let refused = emulator.network.refused();
    let World { scenarios, service, faults, .. } = &mut *emulator.world();
    let operation = scenarios.next_operation();
    let device = scenarios.device(service).map(str::to_owned);
    let running = scenarios.run(run)?;
    let facts = Situation {
        service,
        faults,
        now: at.clock,
        refused,
        device: device.as_deref(),
        began: running.began.clock,
    };
    Some(running.player.next(at.really(), operation, &facts))
}

/// What can be done without anybody.
fn act(emulator: &Emulator, run: u64) {
    let Some((scenario, step)) = emulator
        .world()
        .scenarios
        .run(run)
        .map(|running| (Arc::clone(running.player.scenario()), running.player.at()))
    else {
        return;
    };
    let result = match &scenario.steps[step].action {
        Action::Operate(_) | Action::Await(_) => Ok(()),
        Action::Fault(rule) => {
            let ordered = emulator.world().faults.order(rule.clone());
            ordered.map_err(|_| "there are too many faults already".to_owned())
        }
        Action::ClearFaults => {
            emulator.world().faults.clear();
            Ok(())
        }
        Action::Clock(seconds) => {
            emulator.clock.advance(*seconds).map_err(|_| "the clock cannot go so far".to_owned())
        }
        Action::Settings(change) => {
            let changed = emulator.world().service.settings.change(change);
            changed.map_err(|name| format!("{name} is out of range"))
        }
        Action::Person(person) => {
            emulator.world().service.person = person.clone();
            Ok(())
        }
        Action::Device(act) => at_device(emulator, act),
        Action::Network(link) => {
            emulator.network.set(*link);
            Ok(())
        }
    };
    emulator.changed();
    let now = now(emulator);
    if let Some(running) = emulator.world().scenarios.run(run) {
        match result {
            Ok(()) => running.player.done(now),
            Err(why) => running.player.fail(&why),
        }
    }
}

fn at_device(emulator: &Emulator, act: &Act) -> Result<(), String> {
    let device = {
        let world = emulator.world();
        world.scenarios.device(&world.service).map(str::to_owned)
    };
    let is_done = device.is_some_and(|device| people::act(emulator, &device, act));
    if is_done { Ok(()) } else { Err("there is no such device".into()) }
}

/// Asks the person at the device.
fn ask(emulator: &Emulator, run: u64) {
    let World { scenarios, service, .. } = &mut *emulator.world();
    let Some(running) = scenarios.run(run) else { return };
    let (began, step) = (running.began.clock, running.player.doing());
    let hint = match step.map(|step| &step.action) {
        Some(Action::Operate(Operation { operate: Operate::CancelUpload, name, .. })) => name.clone(),
        _ => None,
    };
    let created = service.uploads.iter().rev().take_while(|upload| upload.created >= began);
    let open: Vec<_> = created.filter(|upload| upload.state == State::Open).collect();
    let hinted = open.iter().find(|upload| hint.as_ref() == Some(&upload.name));
    let upload = hinted.or(open.first()).map(|upload| upload.name.clone());
    scenarios.ask(upload);
    emulator.happened();
}

/// What the checklist cannot see for itself.
fn deed(operation: &Operation, upload: Option<String>) -> Option<Deed> {
    match operation.operate {
        Operate::CutPower => Some(Deed::PowerCut),
        Operate::CancelPairing => Some(Deed::PairingCanceled),
        // Without an upload at work none can go on in spite of it.
        Operate::CancelUpload => {
            upload.or_else(|| operation.name.clone()).map(|name| Deed::UploadCanceled { name: Some(name) })
        }
        Operate::CancelAllUploads => Some(Deed::UploadCanceled { name: None }),
        Operate::ChangeNetwork => Some(Deed::NetworkChanged),
        Operate::SwitchOn | Operate::SwitchOff | Operate::Pair | Operate::Record | Operate::Idle => None,
    }
}

fn judge(emulator: &Emulator, run: u64) -> Option<Duration> {
    let now = now(emulator);
    let World { scenarios, checklist, .. } = &mut *emulator.world();
    let running = scenarios.run(run)?;
    let judgement = judgement(&checklist.rows(NO_BREACHES), running);
    running.player.judged(&judgement, now)
}

fn judgement(rows: &[RowReport], running: &Running) -> Judgement {
    let before = |row| running.broken_before.get(row).copied().unwrap_or_default();
    let broken = rows.iter().filter(|row| row.broken > before(row.name));
    let wanted = &running.player.scenario().rows;
    let unfulfilled = rows
        .iter()
        .filter(|row| wanted.iter().any(|name| name == row.name) && row.status != Status::Fulfilled);
    Judgement {
        broken: broken.map(|row| row.name.to_owned()).collect(),
        unfulfilled: unfulfilled.map(|row| format!("{} ({})", row.name, row.status.in_words())).collect(),
    }
}

/// Notes what became of it and leaves the emulator as it was, but for the devices.
fn finish(emulator: &Emulator) {
    let now = emulator.clock.moment();
    {
        let world = &mut *emulator.world();
        let Some(running) = world.scenarios.finish(now) else { return };
        world.faults.clear();
        world.service.settings = running.settings_before;
        world.service.person = running.person_before;
    }
    emulator.network.set(Link::Up);
    emulator.changed();
}
