//! The emulator's model of the service in simulated time, and around it what the tests need besides: a
//! service that is configured badly, counts of what was asked, and a failed test when a device asks for
//! what it must not.

mod answers;
pub mod assets;
pub mod storage;
mod tokens;

use crate::ask::{Ask, CLIENT_ID};
use crate::content::Sample;
use answers::{detailed, json, oauth_error, text};
use assets::Assets;
use fio_c2c::api::{Endpoint, Request, Response};
use fio_emulator_service::answers::not_authorized;
use fio_emulator_service::codes::{CodeStatus, Verdict};
use fio_emulator_service::devices::Device;
use fio_emulator_service::grants::{GrantId, Tokens};
use fio_emulator_service::settings::{PartsAre, Settings, VerificationComplete};
use std::collections::HashMap;
use std::time::Duration;
use tokens::Ledger;
pub use tokens::{REFRESH_TOKEN_LIFE, Refusal};

pub type Model = fio_emulator_service::Service<Vec<Sample>>;

/// What `slow_down` adds to the interval.
const SLOW_DOWN: u64 = 5_000;

/// How this service is configured.
#[derive(Clone, Debug)]
pub struct Rules {
    pub newer_code_path: bool,
    pub older_code_path: bool,
    /// Seconds, both.
    pub code_life: u64,
    pub interval: u64,
    /// Milliseconds.
    pub access_life: u64,
    /// How often a poll is told to slow down for no fault of its own.
    pub slow_down_percent: u8,
    /// The model's secret was withdrawn.
    pub refuses_client: bool,
    /// Endpoints whose fields are taken in the other encoding only than the documents show.
    pub other_encoding: Vec<Endpoint>,
    /// Device information and assets say nothing of a project.
    pub names_no_project: bool,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            newer_code_path: true,
            older_code_path: false,
            code_life: 120,
            interval: 5,
            access_life: 28_800_000,
            slow_down_percent: 0,
            refuses_client: false,
            other_encoding: Vec::new(),
            names_no_project: false,
        }
    }
}

/// How often what was asked, as far as it got here.
#[derive(Default, Debug)]
pub struct Visits {
    pub code_newer: u32,
    pub code_older: u32,
    pub polls: u32,
    pub refreshes: u32,
    pub device: u32,
    pub heartbeats: u32,
    /// When each heartbeat came, in the world's time.
    pub heartbeat_times: Vec<u64>,
    pub revokes: u32,
    pub unreadable: u32,
}

/// How often a code may be asked about, as far as the device has been told: milliseconds between polls.
struct Pace {
    interval: u64,
    last_poll: u64,
}

pub struct Service {
    pub rules: Rules,
    pub model: Model,
    pub ledger: Ledger,
    pub visits: Visits,
    pub assets: Assets,
    /// The device is in this project, or will be once it is paired.
    project: String,
    paces: HashMap<String, Pace>,
    random: fastrand::Rng,
}

pub struct Reply {
    pub response: Response,
    pub effect: Option<Effect>,
}

/// What changes for the device, and is binding for it, once it has read the answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    SlowedDown {
        code: String,
    },
    /// A pair was issued: if its answer is lost, so is the chain of refreshes.
    Issued {
        grant: GrantId,
    },
    Refused(Refusal),
    /// The device knows its project.
    Seen {
        project: String,
    },
}

impl Service {
    pub fn new(rules: Rules, mut random: fastrand::Rng) -> Service {
        let mut model = Model::default();
        model.seed(random.fork());
        Service {
            rules,
            model,
            ledger: Ledger::default(),
            visits: Visits::default(),
            assets: Assets::default(),
            project: "project-1".into(),
            paces: HashMap::new(),
            random,
        }
    }

    /// Whether a request's fields come in an encoding that this service takes.
    pub fn can_read(&self, request: &Request) -> bool {
        let documented = match request.endpoint {
            Endpoint::DeviceCode | Endpoint::DeviceCodeLegacy => "multipart/form-data",
            Endpoint::Token | Endpoint::Revoke => "application/x-www-form-urlencoded",
            _ => return true,
        };
        let is_documented = request.content_type.is_none_or(|sent| sent.starts_with(documented));
        let endpoint = match request.endpoint {
            Endpoint::DeviceCodeLegacy => Endpoint::DeviceCode,
            endpoint => endpoint,
        };
        is_documented != self.rules.other_encoding.contains(&endpoint)
    }

    pub fn handle(&mut self, ask: &Ask, time: u64) -> Reply {
        if self.rules.refuses_client && self.needs_client(ask) {
            return oauth_error("invalid_client").into();
        }
        self.follow_the_rules();
        match ask {
            Ask::Code { legacy_path } => self.code(*legacy_path, time),
            Ask::Poll { device_code } => self.poll(device_code, time),
            Ask::Refresh { token } => self.refresh(token, time),
            Ask::Revoke { token } => {
                self.visits.revokes += 1;
                self.check_is_ours(token);
                self.model.grants.revoke(CLIENT_ID, token).expect("a token of this device");
                text(200, r#"{"success":true}"#.into()).into()
            }
            Ask::Device { access } => {
                self.visits.device += 1;
                self.with_access(access, time, |service| {
                    let project = service.project.clone();
                    Reply {
                        response: text(200, service.shown_device()),
                        effect: Some(Effect::Seen { project }),
                    }
                })
            }
            Ask::Heartbeat { access } => {
                self.visits.heartbeats += 1;
                self.visits.heartbeat_times.push(time);
                self.with_access(access, time, |_| text(204, String::new()).into())
            }
            Ask::Create { access, asset } => {
                self.with_access(access, time, |service| service.create(asset, time).into())
            }
            Ask::Announce { access, id, announcement } => {
                self.with_access(access, time, |service| service.announce(id, announcement, time).into())
            }
            Ask::Unreadable => {
                self.visits.unreadable += 1;
                oauth_error("invalid_request").into()
            }
            Ask::Comment { access, id } => {
                self.with_access(access, time, |service| service.comment(id).into())
            }
        }
    }

    /// The rules of the tests, as the settings of the model.
    fn follow_the_rules(&mut self) {
        let assets = &self.assets.rules;
        self.model.settings = Settings {
            interval: self.rules.interval as f64,
            expires_in: self.rules.code_life as f64,
            access_token_seconds: self.rules.access_life as f64 / 1000.0,
            verification_complete: VerificationComplete::Null,
            parts: if assets.parts_are_objects { PartsAre::Objects } else { PartsAre::Multipart },
            part_bytes: assets.bytes_in_a_part,
            ..Settings::default()
        };
        self.model.takes_announcements_again = !assets.is_strict_on_announcements;
        self.model.assembly = Duration::from_millis(assets.assembly);
    }

    fn code(&mut self, legacy_path: bool, time: u64) -> Reply {
        let (count, known) = if legacy_path {
            (&mut self.visits.code_older, self.rules.older_code_path)
        } else {
            (&mut self.visits.code_newer, self.rules.newer_code_path)
        };
        *count += 1;
        if !known {
            return detailed(404, "Not Found").into();
        }
        let settings = self.model.settings.clone();
        let code = self.model.issue_code(at(time), CLIENT_ID, "asset_create offline", None);
        let code = code.expect("scopes of hardware");
        let pace = Pace { interval: self.rules.interval * 1000, last_poll: time };
        self.paces.insert(code.device_code.clone(), pace);
        json((200, code.body(&settings, "https://pair.example", false))).into()
    }

    fn poll(&mut self, device_code: &str, time: u64) -> Reply {
        self.visits.polls += 1;
        let pace = self.paces.get_mut(device_code).expect("a code of ours");
        let pause = time - pace.last_poll;
        assert!(pause >= pace.interval, "polled after {pause} ms where {} ms were demanded", pace.interval);
        pace.last_poll = time;
        let slow_down = self.random.u8(0..100) < self.rules.slow_down_percent;
        let status = self.model.codes.find(device_code).map(|code| code.status(at(time)));
        let is_over = matches!(status, Some(CodeStatus::Used | CodeStatus::Expired));
        if slow_down && !is_over {
            let effect = Some(Effect::SlowedDown { code: device_code.into() });
            return Reply { response: oauth_error("slow_down"), effect };
        }
        match self.model.poll(at(time), CLIENT_ID, device_code).outcome {
            Ok(tokens) => {
                // Somebody may have moved it after the decision.
                self.put_in(self.project.clone());
                self.issued(&tokens, time)
            }
            Err(error) => oauth_error(error.code()).into(),
        }
    }

    fn refresh(&mut self, token: &str, time: u64) -> Reply {
        self.visits.refreshes += 1;
        let refusal = self.refusal(token);
        match self.model.refresh(at(time), CLIENT_ID, token, None) {
            Ok(tokens) => self.issued(&tokens, time),
            Err(answer) => Reply { response: json(answer.answer()), effect: Some(Effect::Refused(refusal)) },
        }
    }

    fn issued(&mut self, tokens: &Tokens, time: u64) -> Reply {
        let grant = self.give(tokens, time);
        Reply { response: json((200, tokens.body())), effect: Some(Effect::Issued { grant }) }
    }

    /// Whether the client identifies itself with its secret.
    fn needs_client(&self, ask: &Ask) -> bool {
        matches!(ask, Ask::Code { .. } | Ask::Poll { .. } | Ask::Refresh { .. } | Ask::Revoke { .. })
    }

    fn with_access(&mut self, access: &str, time: u64, answer: impl FnOnce(&mut Service) -> Reply) -> Reply {
        self.check_is_ours(access);
        if self.model.authenticate(at(time), access, None).is_none() {
            return json(not_authorized()).into();
        }
        answer(self)
    }

    fn shown_device(&self) -> String {
        if self.rules.names_no_project {
            return "{}".into();
        }
        format!(
            r#"{{"_type":"project_device","id":"d","name":"cam","status":"online","project_id":"{}"}}"#,
            self.project
        )
    }

    /// The answer came through whole.
    pub fn delivered(&mut self, effect: Effect) {
        match effect {
            Effect::SlowedDown { code } => {
                self.paces.get_mut(&code).expect("a code of ours").interval += SLOW_DOWN
            }
            Effect::Issued { .. } => {}
            Effect::Refused(refusal) => self.ledger.last_refusal = Some(refusal),
            // The world notes it where the device reads it.
            Effect::Seen { .. } => {}
        }
    }

    /// The answer was lost or spoilt on the way, for good.
    pub fn undeliverable(&mut self, effect: Effect) {
        match effect {
            Effect::SlowedDown { .. } | Effect::Refused(_) | Effect::Seen { .. } => {}
            Effect::Issued { grant } => self.break_chain(grant),
        }
    }

    // What people do.

    /// The person decides on the code that was granted last.
    pub fn decide(&mut self, approve: bool, time: u64) {
        let Some(newest) = self.model.codes.newest().map(|code| code.user_code.clone()) else { return };
        let verdict =
            if approve { Verdict::Approve { project: self.project.clone() } } else { Verdict::Deny };
        self.model.decide(at(time), Some(&newest), verdict);
    }

    pub fn count_codes(&self) -> usize {
        self.paces.len()
    }

    pub fn device(&self) -> Option<&Device> {
        self.model.devices.get(CLIENT_ID)
    }

    pub fn project(&self) -> &str {
        &self.project
    }

    /// Somebody puts the device in that project.
    pub fn put_in(&mut self, project: impl Into<String>) {
        self.project = project.into();
        let project = self.model.projects.named(&self.project);
        if let Some(device) = self.model.devices.get_mut(CLIENT_ID) {
            device.move_to(Duration::ZERO, project);
        }
    }

    /// A person pauses the device, or lets it go on.
    pub fn set_paused(&mut self, is_paused: bool, time: u64) {
        if let Some(device) = self.model.devices.get_mut(CLIENT_ID) {
            device.set_paused(at(time), is_paused);
        }
    }

    /// From when to when the device was paused, in milliseconds since the world began.
    pub fn pauses(&self) -> impl Iterator<Item = (u64, Option<u64>)> {
        let milliseconds = |time: Duration| time.as_millis() as u64;
        let windows = self.device().into_iter().flat_map(|device| device.pauses.windows());
        windows.map(move |(from, until)| (milliseconds(from), until.map(milliseconds)))
    }
}

/// A moment of the world, as the model counts.
fn at(time: u64) -> Duration {
    Duration::from_millis(time)
}

impl From<Response> for Reply {
    fn from(response: Response) -> Reply {
        Reply { response, effect: None }
    }
}
