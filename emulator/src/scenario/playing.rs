//! What the emulator knows of scenarios: the one at work, and those that were played.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::mpsc::UnboundedSender;

use super::player::{Ending, Facts, Player};
use super::script::{Action, Condition, DeviceState, Operation, Scenario, Seen, UploadState};
use super::words;
use crate::checklist::event::Moment;
use crate::checklist::played::{Played, PlayedState};
use crate::faults::Faults;
use crate::service::Service;
use crate::service::Upload;
use crate::service::devices::{Device, DeviceStatus};
use crate::service::person::Person;
use crate::service::uploads::upload::State;
use crate::settings::Settings;

/// Beyond it the oldest are forgotten.
const MOST_PLAYED: usize = 1_000;

#[derive(Debug, Default)]
pub struct Scenarios {
    pub running: Option<Running>,
    pub played: Vec<Played>,
    /// The device that was heard of last: the one that scenarios are about.
    device: Option<String>,
    /// Who is told what to do at the device; everybody may ask, too.
    pub operator: Option<UnboundedSender<Call>>,
    last_operation: u64,
    last_run: u64,
}

#[derive(Debug)]
pub struct Running {
    /// Tells it apart from those before it.
    pub run: u64,
    pub player: Player,
    pub began: Moment,
    /// How often rows were broken before it began.
    pub broken_before: BTreeMap<&'static str, u64>,
    /// What is as it was again afterwards.
    pub settings_before: Settings,
    pub person_before: Person,
    pub call: Option<Call>,
}

/// Something that is to be done at the device now.
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    pub id: u64,
    pub scenario: String,
    #[serde(flatten)]
    pub operation: Operation,
    #[serde(skip)]
    pub say: Option<String>,
    /// The upload that was at work when it was asked for.
    #[serde(skip)]
    pub upload: Option<String>,
}

/// Why a scenario cannot begin.
#[derive(Debug, PartialEq, Eq)]
pub struct Busy;

impl Scenarios {
    /// Answers with the number of this run.
    pub fn begin(
        &mut self,
        scenario: Arc<Scenario>,
        now: Moment,
        service: &Service,
        broken_before: BTreeMap<&'static str, u64>,
    ) -> Result<u64, Busy> {
        if self.running.is_some() {
            return Err(Busy);
        }
        self.last_run += 1;
        self.running = Some(Running {
            run: self.last_run,
            player: Player::new(scenario, now.really()),
            began: now,
            broken_before,
            settings_before: service.settings.clone(),
            person_before: service.person.clone(),
            call: None,
        });
        Ok(self.last_run)
    }

    /// What is to be done at the device now.
    pub fn asked(&self) -> Option<&Call> {
        self.running.as_ref()?.call.as_ref()
    }

    /// That run, while it lasts.
    pub fn run(&mut self, run: u64) -> Option<&mut Running> {
        self.running.as_mut().filter(|running| running.run == run)
    }

    pub fn next_operation(&self) -> u64 {
        self.last_operation + 1
    }

    /// The operation of the step at work is asked for.
    pub fn ask(&mut self, upload: Option<String>) {
        let Some(running) = &mut self.running else { return };
        let scenario = running.player.scenario().name.clone();
        let Some(step) = running.player.doing() else { return };
        let Action::Operate(operation) = &step.action else { return };
        self.last_operation += 1;
        let (operation, say) = (operation.clone(), step.say.clone());
        let call = Call { id: self.last_operation, scenario, operation, say, upload };
        // An operator that has gone asks for nothing any more, and the time of the step runs out.
        if let Some(operator) = &self.operator {
            let _ = operator.send(call.clone());
        }
        running.call = Some(call);
    }

    pub fn heard_of(&mut self, device: &str) {
        if self.device.as_deref() != Some(device) {
            self.device = Some(device.to_owned());
        }
    }

    pub fn request(&mut self, seen: &Seen<'_>, at: Moment, service: &Service, faults: &Faults, refused: u64) {
        let device = self.device.as_deref();
        let Some(running) = &mut self.running else { return };
        let facts = Situation { service, faults, now: at.clock, refused, device, began: running.began.clock };
        running.player.request(seen, at.really(), &facts);
    }

    /// The client id of the device that the scenario is about.
    pub fn device<'a>(&'a self, service: &'a Service) -> Option<&'a str> {
        let heard_last = || service.devices.iter().max_by_key(|device| device.last_seen_at);
        self.device.as_deref().or_else(|| heard_last().map(|device| device.client_id.as_str()))
    }

    /// What became of the run that is over, if it is.
    pub fn finish(&mut self, now: Moment) -> Option<Running> {
        let running = self.running.take_if(|running| running.player.ending().is_some())?;
        let scenario = running.player.scenario();
        let (state, step, why) = match running.player.ending() {
            Some(Ending::Failed { step, why }) => (PlayedState::Failed, *step, Some(why.clone())),
            _ => (PlayedState::Passed, None, None),
        };
        let seconds = now.really_since(running.began).as_secs_f64();
        let (name, title) = (scenario.name.clone(), scenario.title.clone());
        self.played.push(Played { name, title, state, step, why, seconds });
        if self.played.len() > MOST_PLAYED {
            self.played.remove(0);
        }
        Some(running)
    }
}

impl Call {
    pub fn words(&self) -> String {
        words::operation(&self.operation)
    }
}

/// What conditions are about.
pub struct Situation<'a> {
    pub service: &'a Service,
    pub faults: &'a Faults,
    pub now: Duration,
    pub refused: u64,
    pub device: Option<&'a str>,
    /// When the scenario began.
    pub began: Duration,
}

impl Situation<'_> {
    fn device(&self) -> Option<&Device> {
        self.device.and_then(|client_id| self.service.devices.get(client_id))
    }

    fn is_paired(&self) -> bool {
        self.device().is_some_and(|device| self.service.is_authorized(self.now, device))
    }

    fn uploads(&self) -> impl Iterator<Item = &Upload> {
        self.service.uploads.iter().rev().take_while(|upload| upload.created >= self.began)
    }
}

impl Facts for Situation<'_> {
    fn hold(&self, condition: &Condition) -> bool {
        match condition {
            // Counted by the player.
            Condition::Request { .. } => false,
            Condition::Device(DeviceState::Paired) => self.is_paired(),
            Condition::Device(DeviceState::Unpaired) => !self.is_paired(),
            Condition::Device(DeviceState::Online) => {
                let is_online = |device: &Device| device.status(self.now) == DeviceStatus::Online;
                self.is_paired() && self.device().is_some_and(is_online)
            }
            Condition::Device(DeviceState::Paused) => {
                self.device().is_some_and(|device| device.pauses.is_on())
            }
            Condition::CodePending => self.service.codes.has_pending(self.now),
            Condition::Uploads(wanted) => {
                let is_so = |upload: &&Upload| match upload.state {
                    State::Open | State::Assembling => wanted.state == UploadState::Open,
                    State::Complete => wanted.state == UploadState::Complete,
                    State::Broken => wanted.state == UploadState::Broken,
                };
                let begun = self.uploads().count() as u64;
                self.uploads().filter(is_so).count() as u64 >= wanted.count
                    && wanted.of_at_most.is_none_or(|most| begun <= most)
            }
            Condition::PartsStored(parts) => {
                self.uploads().next().is_some_and(|upload| upload.parts_stored() as u64 >= *parts)
            }
            Condition::FaultsStruck => self.faults.remaining().next().is_none(),
            Condition::RefusedConnections(count) => self.refused >= *count,
        }
    }
}
