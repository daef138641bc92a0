//! What a scenario is: steps, of which each is one thing to do or to wait for.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::endpoint::{Endpoint, GrantType};
use crate::faults::{FaultEndpoint, Rule};
use crate::network::Link;
use crate::people::Act;
use crate::service::person::Person;
use crate::settings::SettingsChange;

#[derive(Debug, Clone)]
pub struct Scenario {
    /// The file's, without its ending.
    pub name: String,
    pub title: String,
    pub about: String,
    /// Rows of the checklist that are to be fulfilled at its end.
    pub rows: Vec<String>,
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone)]
pub struct Step {
    /// What a person is to know.
    pub say: Option<String>,
    /// How long it may take, in real time.
    pub within: Duration,
    pub action: Action,
}

#[derive(Debug, Clone)]
pub enum Action {
    Operate(Operation),
    Await(Condition),
    Fault(Rule),
    ClearFaults,
    /// Moves the emulator's clock by so many seconds.
    Clock(f64),
    Settings(SettingsChange),
    Person(Person),
    Device(Act),
    Network(Link),
}

/// What somebody does at the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Operation {
    pub operate: Operate,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operate {
    SwitchOn,
    SwitchOff,
    CutPower,
    Pair,
    CancelPairing,
    Record,
    CancelUpload,
    CancelAllUploads,
    ChangeNetwork,
    /// Leave it alone, for as long as it takes to see what it does by itself.
    Idle,
}

/// What a step waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// So many such requests since the last time that a step had waited to its end.
    Request {
        request: Request,
        times: u64,
    },
    Device(DeviceState),
    CodePending,
    Uploads(Uploads),
    PartsStored(u64),
    FaultsStruck,
    RefusedConnections(u64),
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub endpoint: FaultEndpoint,
    #[serde(default)]
    pub grant: Option<GrantType>,
    #[serde(default)]
    pub status: Option<u16>,
    /// The OAuth error of the answer.
    #[serde(default)]
    pub error: Option<String>,
    #[serde(default)]
    pub part: Option<u32>,
    /// It got no answer, or not the whole of one.
    #[serde(default)]
    pub lost: bool,
    /// Its arrival and not its end.
    #[serde(default)]
    pub begun: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    Paired,
    Unpaired,
    Online,
    Paused,
}

/// Uploads that were created since the scenario began.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uploads {
    pub state: UploadState,
    #[serde(default = "one")]
    pub count: u64,
    /// Not more than so many have been begun for it.
    #[serde(default)]
    pub of_at_most: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UploadState {
    Open,
    Complete,
    Broken,
}

pub fn one() -> u64 {
    1
}

/// A request that came, or one that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen<'a> {
    pub endpoint: Endpoint,
    pub grant: Option<GrantType>,
    pub part: Option<u32>,
    pub end: Option<End<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End<'a> {
    /// `None` when no answer left, or not the whole of one.
    pub status: Option<u16>,
    pub error: Option<&'a str>,
}

impl Request {
    pub fn is(&self, seen: &Seen<'_>) -> bool {
        let end = match (self.begun, seen.end) {
            (true, None) => true,
            (false, Some(end)) => {
                (self.status.is_none() || self.status == end.status)
                    && (self.error.is_none() || self.error.as_deref() == end.error)
                    && (!self.lost || end.status.is_none())
            }
            _ => false,
        };
        end && self.endpoint.is(seen.endpoint)
            && (self.grant.is_none() || self.grant == seen.grant)
            && (self.part.is_none() || self.part == seen.part)
    }
}
