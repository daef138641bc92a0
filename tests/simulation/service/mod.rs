//! The service's side of authorization, in memory and in simulated time: it grants codes, lets a
//! person decide, rotates tokens, and fails the test when a device asks for what it must not.

mod answers;
pub mod assets;
mod codes;
mod grants;
pub mod storage;

use crate::ask::Ask;
use answers::{detailed, empty, json, oauth_error};
use assets::Assets;
use codes::Codes;
use fio_c2c::api::{Endpoint, Request, Response};
pub use grants::{Grants, REFRESH_TOKEN_LIFE, Refusal, grant_of};

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

pub struct Service {
    pub rules: Rules,
    pub codes: Codes,
    pub grants: Grants,
    pub visits: Visits,
    pub project: String,
    pub assets: Assets,
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
        code: usize,
    },
    /// A pair was issued: if its answer is lost, so is the chain of refreshes.
    Issued {
        grant: usize,
    },
    Refused(Refusal),
    /// The device knows its project.
    Seen {
        project: String,
    },
}

impl Service {
    pub fn new(rules: Rules, random: fastrand::Rng) -> Service {
        Service {
            rules,
            codes: Codes::default(),
            grants: Grants::default(),
            visits: Visits::default(),
            project: "project-1".into(),
            assets: Assets::default(),
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
        match ask {
            Ask::Code { legacy_path } => self.code(*legacy_path, time),
            Ask::Poll { device_code } => self.poll(device_code, time),
            Ask::Refresh { token } => self.refresh(token, time),
            Ask::Revoke { token } => {
                self.visits.revokes += 1;
                self.grants.revoke_token(token);
                json(200, r#"{"success":true}"#.into()).into()
            }
            Ask::Device { access } => {
                self.visits.device += 1;
                self.with_access(access, time, |service| {
                    let project = service.project.clone();
                    Reply { response: json(200, service.device()), effect: Some(Effect::Seen { project }) }
                })
            }
            Ask::Heartbeat { access } => {
                self.visits.heartbeats += 1;
                self.visits.heartbeat_times.push(time);
                self.with_access(access, time, |_| empty(204).into())
            }
            Ask::Create { access, asset } => self.with_access(access, time, |service| {
                let project = service.project.clone();
                service.assets.create(asset, &project, time, &mut service.random).into()
            }),
            Ask::Announce { access, id, announcement } => self.with_access(access, time, |service| {
                service.assets.announce(id, announcement, time, &mut service.random).into()
            }),
            Ask::Unreadable => {
                self.visits.unreadable += 1;
                oauth_error("invalid_request").into()
            }
            Ask::Comment { access, id } => {
                self.with_access(access, time, |service| service.assets.comment(id).into())
            }
        }
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
        self.codes.grant(&self.rules, time).into()
    }

    fn poll(&mut self, device_code: &str, time: u64) -> Reply {
        self.visits.polls += 1;
        let slow_down = self.random.u8(0..100) < self.rules.slow_down_percent;
        self.codes.poll(device_code, slow_down, time, |time| {
            let grant = self.grants.add(self.rules.access_life, time);
            Reply { response: json(200, self.grants.pair(grant)), effect: Some(Effect::Issued { grant }) }
        })
    }

    fn refresh(&mut self, token: &str, time: u64) -> Reply {
        self.visits.refreshes += 1;
        match self.grants.refresh(token, self.rules.access_life, time) {
            Ok(grant) => {
                Reply { response: json(200, self.grants.pair(grant)), effect: Some(Effect::Issued { grant }) }
            }
            Err(refusal) => {
                let response = match refusal {
                    Refusal::Revoked { .. } => detailed(401, "Not Authorized"),
                    Refusal::Replaced { .. } | Refusal::TooOld { .. } => oauth_error("invalid_request"),
                };
                Reply { response, effect: Some(Effect::Refused(refusal)) }
            }
        }
    }

    /// Whether the client identifies itself with its secret.
    fn needs_client(&self, ask: &Ask) -> bool {
        matches!(ask, Ask::Code { .. } | Ask::Poll { .. } | Ask::Refresh { .. } | Ask::Revoke { .. })
    }

    fn with_access(&mut self, access: &str, time: u64, answer: impl FnOnce(&mut Service) -> Reply) -> Reply {
        if self.grants.accepts(access, time) { answer(self) } else { detailed(401, "Not Authorized").into() }
    }

    fn device(&self) -> String {
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
            Effect::SlowedDown { code } => self.codes.slowed_down(code),
            Effect::Issued { .. } => {}
            Effect::Refused(refusal) => self.grants.last_refusal = Some(refusal),
            // The world notes it where the device reads it.
            Effect::Seen { .. } => {}
        }
    }

    /// The answer was lost or spoilt on the way, for good.
    pub fn undeliverable(&mut self, effect: Effect) {
        match effect {
            Effect::SlowedDown { .. } | Effect::Refused(_) | Effect::Seen { .. } => {}
            Effect::Issued { grant } => self.grants.break_chain(grant),
        }
    }
}

impl From<Response> for Reply {
    fn from(response: Response) -> Reply {
        Reply { response, effect: None }
    }
}
