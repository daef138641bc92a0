//! Operations in flight, timers, and who is told what: the one place that knows everybody.
//!
//! The engine is pure. It is told what time it is and what arrived ([`Engine::tick`],
//! [`Engine::respond`]), and answers with [`Command`]s for the transport, [`Notice`]s for the
//! application, and the moment it wants to be called next. It never asks for the time and never
//! blocks, except for the store, which is synchronous because tokens must be safe before anyone is
//! told of them.

mod calls;
mod context;
pub mod driver;
pub mod effects;
mod encodings;
pub mod known_device;
#[cfg(not(feature = "uploads"))]
mod no_uploads;
mod pairing_flow;
mod persistence;
mod presence;
mod refresh_flow;
mod revocation;
mod secrets;
mod store_retry;
pub mod transport;
#[cfg(feature = "uploads")]
mod uploads;

use crate::api::{EncodingPolicy, Response};
use crate::auth::session::Session;
use crate::clock::{Instant, Now};
use crate::error::Error;
use crate::log::Log;
use crate::prelude::*;
use crate::secret::Secret;
use crate::small_map::SmallMap;
use crate::source::Sources;
use crate::status::*;
use crate::store::RecordStore;
use crate::upload::tags::TagKey;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use calls::Calls;
use context::{Context, Purpose};
use core::time::Duration;
use effects::{Command, Notice, OpId, RequestId};
use encodings::Encodings;
use known_device::KnownDevice;
#[cfg(not(feature = "uploads"))]
use no_uploads as uploads;
use pairing_flow::PairingFlow;
use persistence::Persistence;
use presence::Presence;
use refresh_flow::RefreshFlow;
use revocation::Revocations;
use transport::{Answer, UploadLimits};
use uploads::Uploads;

/// What the engine must know before the first byte is sent.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `https://host[:port]`, the only place the bearer token goes.
    pub origin: String,
    pub client_id: String,
    pub client_secret: Secret,
    pub encoding: EncodingPolicy,
    pub url_pairing: bool,
    /// Wall time (seconds since 1970) before which the device's clock must be wrong.
    pub clock_floor: Option<i64>,
    pub seed: u64,
    pub uploads: UploadSettings,
}

/// How uploads are done.
#[derive(Clone, Debug)]
pub struct UploadSettings {
    /// Parts on their way at once, of all uploads together.
    pub parallel_parts: u32,
    /// How often progress is told; zero is never.
    pub progress_interval: Duration,
    /// How many uploads that are done or canceled are remembered.
    pub history: u32,
    /// Of how many more the tags are remembered at least; 0 is none.
    pub tags_remembered: u32,
    /// For a store that remembers none yet: random.
    pub tag_key: TagKey,
    pub limits: UploadLimits,
}

impl Default for UploadSettings {
    fn default() -> UploadSettings {
        UploadSettings {
            parallel_parts: 5,
            progress_interval: Duration::from_secs(1),
            history: 100,
            tags_remembered: 100_000,
            tag_key: TagKey::default(),
            limits: UploadLimits::default(),
        }
    }
}

/// What an application can start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    RequestCode,
    Poll,
    /// The whole pairing, with at most this many codes.
    Pair {
        codes: u32,
    },
    Refresh,
    Revoke,
    DeviceInfo,
    Heartbeat,
    Comment,
}

/// Where authorization stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthState {
    Unpaired,
    /// A code is shown, or could be.
    Pending,
    Authorized,
    /// Paired, but the access token has ended and no new one could be had yet.
    Expired,
}

pub struct Engine {
    cx: Context,
    session: Session,
    pairing: PairingFlow,
    refresh: RefreshFlow,
    calls: Calls,
    revocations: Revocations,
    encodings: Encodings,
    persistence: Persistence,
    presence: Presence,
    known_device: KnownDevice,
    uploads: Uploads,
}

impl Engine {
    /// Takes up what the store kept. A store that fails or holds something untrustworthy does not
    /// prevent a start; it is told as an event.
    pub fn new(
        settings: Settings,
        records: Box<dyn RecordStore>,
        sources: Box<dyn Sources>,
        log: Log,
        now: Now,
    ) -> Engine {
        let mut engine = Engine {
            uploads: Uploads::new(settings.uploads.clone()),
            cx: Context {
                random: fastrand::Rng::with_seed(settings.seed),
                settings,
                records,
                sources,
                log,
                now,
                operations: SmallMap::default(),
                requests: SmallMap::default(),
                next_id: 1,
                commands: VecDeque::new(),
                notices: VecDeque::new(),
                secrets: Arc::default(),
                secrets_version: None,
            },
            session: Session::default(),
            pairing: PairingFlow::default(),
            refresh: RefreshFlow::default(),
            calls: Calls::default(),
            revocations: Revocations::default(),
            encodings: Encodings::default(),
            persistence: Persistence::default(),
            presence: Presence::default(),
            known_device: KnownDevice::default(),
        };
        engine.restore();
        engine.note_secrets();
        engine
    }

    /// Starts an operation, or says why it cannot be started. Its completion is a notice, later.
    pub fn start(&mut self, operation: Operation, now: Now) -> Result<OpId, Error> {
        self.cx.set_now(now);
        self.check_clock()?;
        let op = self.cx.next_id;
        self.cx.next_id += 1;
        match operation {
            Operation::RequestCode => self.start_code(op),
            Operation::Poll => self.start_poll(op),
            Operation::Pair { codes } => self.start_pair(op, codes),
            Operation::Refresh => self.start_refresh(op),
            Operation::Revoke => self.start_revoke(op),
            Operation::DeviceInfo | Operation::Heartbeat => self.start_call(op, operation),
            // It has something to say: see `start_comment`.
            Operation::Comment => Err(Error::of(FIO_E_STATE)),
        }?;
        self.cx.note_operation(op, operation);
        self.step();
        Ok(op)
    }

    fn check_clock(&self) -> Result<(), Error> {
        let is_wrong = self.cx.settings.clock_floor.is_some_and(|floor| self.cx.now.wall < floor);
        if is_wrong { Err(Error::of(FIO_E_CLOCK)) } else { Ok(()) }
    }

    /// Ends an operation with `FIO_E_CANCELED`. What the service may already have done stays safe:
    /// tokens that arrive later are kept or revoked, never dropped.
    pub fn cancel(&mut self, op: OpId, now: Now) -> Result<(), Error> {
        self.cx.set_now(now);
        let Some(operation) = self.cx.operations.get(&op).copied() else {
            return Err(Error::of(FIO_E_UNKNOWN_OP));
        };
        self.cancel_operation(op, operation);
        self.step();
        Ok(())
    }

    fn cancel_operation(&mut self, op: OpId, operation: Operation) {
        match operation {
            Operation::RequestCode | Operation::Poll | Operation::Pair { .. } => self.cancel_pairing(op),
            Operation::Refresh => self.refresh.forget(op),
            Operation::Revoke => self.revocations.detach(op),
            Operation::DeviceInfo | Operation::Heartbeat | Operation::Comment => self.cancel_call(op),
        }
        self.cx.complete(op, Err(Error::of(FIO_E_CANCELED)));
    }

    /// Ends everything: for the moment before the engine goes away. Nothing new is begun, least of all
    /// a refresh whose answer nobody would be there to keep.
    pub fn shut_down(&mut self, now: Now) {
        self.cx.set_now(now);
        // Cancelling removes it, so this ends.
        while let Some((&op, &operation)) = self.cx.operations.first_key_value() {
            self.cancel_operation(op, operation);
        }
        while let Some((&id, _)) = self.cx.requests.first_key_value() {
            self.cx.abort(id);
        }
        self.keep_last_heartbeat();
        self.keep_link();
    }

    /// The answer to a request, or why there is none.
    pub fn respond(&mut self, id: RequestId, answer: Answer, now: Now) {
        self.cx.set_now(now);
        // Aborted meanwhile.
        let Some(purpose) = self.cx.requests.remove(&id) else { return };
        let answer = self.without_secrets(answer);
        match (purpose, answer) {
            (Purpose::Part { upload }, Answer::Part(mut outcome)) => {
                outcome.answer = outcome.answer.map_err(|error| self.cx.blame_clock(error));
                self.part_answered(upload, id, outcome);
            }
            (purpose, Answer::Api(answer)) => self.api_answered(purpose, answer),
            // A transport answers in the way it was asked.
            (_, Answer::Part(_)) => {}
        }
        self.step();
    }

    fn api_answered(&mut self, purpose: Purpose, answer: Result<Response, Error>) {
        let answer = answer.map_err(|error| self.cx.blame_clock(error));
        match purpose {
            Purpose::Code => self.code_answered(answer),
            Purpose::Poll { code } => self.poll_answered(code, answer),
            Purpose::Refresh => self.refresh_answered(answer),
            Purpose::RefreshToRevoke { revocation } => self.overtaken_refresh_answered(revocation, answer),
            Purpose::Revoke { revocation } => self.revoke_answered(revocation, answer),
            Purpose::Call { call } => self.call_answered(call, answer),
            Purpose::Part { .. } => {}
        }
    }

    /// Does what has become due.
    pub fn tick(&mut self, now: Now) {
        self.cx.set_now(now);
        self.step();
    }

    /// When [`Engine::tick`] has something to do next; `None` means never by itself.
    pub fn deadline(&self) -> Option<Instant> {
        [
            self.pairing_deadline(),
            self.refresh_deadline(),
            self.calls.deadline(),
            self.revocations.deadline(),
            self.persistence.deadline(),
            self.presence_deadline(),
            self.uploads_deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    pub fn next_command(&mut self) -> Option<Command> {
        self.cx.commands.pop_front()
    }

    pub fn next_notice(&mut self) -> Option<Notice> {
        self.cx.notices.pop_front()
    }

    pub fn has_output(&self) -> bool {
        !self.cx.commands.is_empty() || !self.cx.notices.is_empty()
    }

    /// Whether the answer to a refresh is awaited: losing it may cost the pairing.
    pub fn is_refreshing(&self) -> bool {
        self.session.is_refreshing()
    }

    pub fn auth_state(&self, now: Now) -> AuthState {
        if self.session.tokens().is_some() {
            if self.session.is_expired(now.mono) { AuthState::Expired } else { AuthState::Authorized }
        } else if self.pairing.has_live_code(now.mono) {
            AuthState::Pending
        } else {
            AuthState::Unpaired
        }
    }

    /// The access token, for an application that calls other endpoints itself.
    pub fn access_token(&self, now: Now) -> Result<&Secret, Error> {
        match self.session.tokens() {
            None => Err(Error::of(FIO_E_NOT_AUTHORIZED)),
            Some(_) if self.session.is_expired(now.mono) => Err(Error::of(FIO_E_TOKEN_EXPIRED)),
            Some(tokens) => Ok(&tokens.access),
        }
    }

    /// Whether the engine keeps the device visible as online by itself.
    pub fn set_online(&mut self, online: bool, now: Now) {
        self.cx.set_now(now);
        self.presence.set_wanted(online);
        self.step();
    }

    fn step(&mut self) {
        self.step_pairing();
        self.step_refresh();
        self.step_presence();
        self.step_uploads();
        self.step_calls();
        self.step_revocations();
        self.step_persistence();
        self.note_secrets();
    }
}

#[cfg(test)]
mod tests {
    use super::effects::Event;
    use super::*;
    use crate::status::Retry;

    #[test]
    fn what_is_tried_again_is_never_called_hopeless() {
        let mut engine = presence::tests::paired();
        for row in DESCRIPTIONS {
            engine.cx.tell(Event::Retrying { error: Error::of(row.status), wait: Duration::ZERO });
            let Some(Notice::Event(Event::Retrying { error, .. })) = engine.next_notice() else { panic!() };
            assert!(matches!(error.retry(), Retry::Later | Retry::Slowly), "{}", row.name);
        }
    }
}
