//! A model of the service, without any network, file or clock: it is told what time it is and what was
//! asked, and answers. The emulator serves it to real devices; the library's simulation runs it in simulated time.

#![forbid(unsafe_code)]

pub mod answers;
pub mod codes;
pub mod devices;
pub mod errors;
pub mod grants;
pub mod hash;
pub mod pauses;
pub mod person;
pub mod projects;
pub mod random;
pub mod s3_errors;
pub mod scope;
pub mod settings;
pub mod uploads;

#[cfg(test)]
mod tests;

use std::time::Duration;

use codes::{CodeStatus, Codes, DeviceCode, Verdict};
use devices::{Device, Devices};
use grants::{GrantId, Grants, Tokens};
use person::{Person, PersonDecision};
use projects::Projects;
use random::Random;
use scope::Scope;
use serde::{Deserialize, Serialize};
use uploads::Uploads;

use crate::errors::{OAuthError, Refusal};
use crate::settings::Settings;

/// What is not skipped survives a restart. `K` is what is kept of the bytes of a part.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Service<K> {
    #[serde(skip)]
    pub settings: Settings,
    #[serde(skip)]
    pub person: Person,
    #[serde(skip)]
    pub codes: Codes,
    pub devices: Devices,
    pub grants: Grants,
    pub projects: Projects,
    pub uploads: Uploads<K>,
    /// Devices that were removed because the end of their connection has come, until the checklist is told.
    #[serde(skip)]
    pub removed: Vec<String>,
    #[serde(skip)]
    client_secrets: Vec<String>,
    /// Documents do not say whether a part that is there, or any of a file that is whole, may be announced again.
    #[serde(skip)]
    pub takes_announcements_again: bool,
    /// For so long a multipart upload stays open after its last part, while it is put together.
    #[serde(skip)]
    pub assembly: Duration,
}

/// What a poll of the token endpoint came to.
#[derive(Debug)]
pub struct PollAnswer {
    pub outcome: Result<Tokens, OAuthError>,
    pub too_fast: bool,
}

impl<K: Default> Service<K> {
    pub fn new(settings: Settings, client_secrets: Vec<String>, person: Person) -> Self {
        Self::default().with(settings, client_secrets, person)
    }

    /// The same devices, under the settings of this run.
    pub fn with(self, settings: Settings, client_secrets: Vec<String>, person: Person) -> Self {
        Self { settings, client_secrets, person, ..self }
    }

    /// From here on identifiers and secrets are those of a seed, and marked.
    pub fn seed(&mut self, mut random: fastrand::Rng) {
        self.codes.random = Random::Seeded(random.fork(), "code-");
        self.grants.random = Random::Seeded(random.fork(), "token-");
        self.devices.random = Random::Seeded(random.fork(), "");
        self.uploads.random = Random::Seeded(random, "");
    }

    /// The model's secret, checked before anything else is looked at.
    pub fn check_client(&self, client_secret: &str) -> Result<(), OAuthError> {
        let known = self.client_secrets.iter().any(|secret| secret == client_secret);
        if known { Ok(()) } else { Err(OAuthError::InvalidClient) }
    }

    pub fn issue_code(
        &mut self,
        now: Duration,
        client_id: &str,
        scope: &str,
        firmware: Option<String>,
    ) -> Result<&DeviceCode, OAuthError> {
        let scope = Scope::parse(scope).ok_or(OAuthError::InvalidScope)?;
        let device_code =
            self.codes.issue(now, &self.settings, client_id, scope, firmware).device_code.clone();
        self.ask_person(now, &device_code);
        // It was issued a line ago, so it is there; the error is for the compiler.
        self.codes.find(&device_code).ok_or(OAuthError::InvalidRequest)
    }

    pub fn poll(&mut self, now: Duration, client_id: &str, device_code: &str) -> PollAnswer {
        self.ask_person(now, device_code);
        let poll = self.codes.poll(now, client_id, device_code);
        let outcome = poll.outcome.map(|approved| {
            let (grant, tokens) = self.grants.authorize(now, &self.settings, client_id, approved.scope);
            let project = self.projects.named(&approved.project);
            let ended = self.devices.connect(now, client_id, project, approved.firmware.as_deref(), grant);
            // One device has one authorization: pairing again ends the one before.
            ended.into_iter().for_each(|grant| self.grants.end(grant));
            tokens
        });
        PollAnswer { outcome, too_fast: poll.too_fast }
    }

    pub fn refresh(
        &mut self,
        now: Duration,
        client_id: &str,
        refresh_token: &str,
        firmware: Option<&str>,
    ) -> Result<Tokens, Refusal> {
        self.remove_if_lapsed(now, client_id);
        let (_, tokens) = self.grants.refresh(now, &self.settings, client_id, refresh_token)?;
        if let Some(device) = self.devices.get_mut(client_id) {
            device.seen(now, firmware);
        }
        Ok(tokens)
    }

    /// The device a bearer token speaks for, marked as seen.
    pub fn authenticate(
        &mut self,
        now: Duration,
        access_token: &str,
        firmware: Option<&str>,
    ) -> Option<&mut Device> {
        let grant = self.grants.bearer(now, access_token)?;
        let client_id = self.grants.get(grant)?.client_id.clone();
        if self.remove_if_lapsed(now, &client_id) {
            return None;
        }
        let client_id = &client_id;
        let device = self.devices.get_mut(client_id).filter(|device| device.grant == Some(grant))?;
        device.seen(now, firmware);
        Some(device)
    }

    /// Approves, denies or expires a pending code; answers with its digits.
    pub fn decide(&mut self, now: Duration, user_code: Option<&str>, verdict: Verdict) -> Option<String> {
        self.codes.decide(now, user_code, verdict)
    }

    pub fn approval(&self, project: Option<String>) -> Verdict {
        Verdict::Approve { project: project.unwrap_or_else(|| self.projects.default_name()) }
    }

    /// What a person does on the web to disconnect a device. False when there is no such device.
    pub fn disconnect(&mut self, now: Duration, client_id: &str) -> bool {
        let Some(device) = self.devices.get_mut(client_id) else {
            return false;
        };
        device.updated_at = now;
        if let Some(grant) = device.grant {
            self.grants.end(grant);
        }
        true
    }

    /// A device whose connection a person gave an end is removed then, as if that person came to do it.
    fn remove_if_lapsed(&mut self, now: Duration, client_id: &str) -> bool {
        let Some(device) = self.devices.get(client_id).filter(|device| device.has_lapsed(now)) else {
            return false;
        };
        if self.grant_of(device).is_some_and(|grant| !grant.ended) {
            self.removed.push(client_id.to_owned());
        }
        self.disconnect(now, client_id)
    }

    pub fn is_authorized(&self, now: Duration, device: &Device) -> bool {
        device.grant.and_then(|id| self.grants.get(id)).is_some_and(|grant| {
            let last = if grant.scope.offline { grant.refresh_expires_at } else { grant.access_expires_at };
            !grant.ended && !device.has_lapsed(now) && now < last
        })
    }

    pub fn grant_of(&self, device: &Device) -> Option<&grants::Grant> {
        device.grant.and_then(|id: GrantId| self.grants.get(id))
    }

    /// Lets the scripted person decide once the device has been told to wait often enough.
    fn ask_person(&mut self, now: Duration, device_code: &str) {
        let verdict = match self.person.decision {
            PersonDecision::Ignore => return,
            PersonDecision::Approve => self.approval(self.person.project.clone()),
            PersonDecision::Deny => Verdict::Deny,
        };
        let due = |code: &&DeviceCode| {
            code.status(now) == CodeStatus::Pending && code.pending_polls >= self.person.after_polls
        };
        if let Some(user_code) = self.codes.find(device_code).filter(due).map(|code| code.user_code.clone()) {
            self.codes.decide(now, Some(&user_code), verdict);
        }
    }
}
