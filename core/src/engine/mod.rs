//! Composes the machines, and is the only one that knows them all.
//!
//! The engine is told what time it is and what arrived ([`Engine::tick`], [`Engine::respond`]), and answers with
//! [`Command`]s for the transport, [`Notice`]s for the application, and the moment it wants to be called next. Each
//! machine has its own state, timers and requests, and the same words for them: `handle_response`, `handle_timeout`,
//! `poll_request`, `poll_save`, `poll_event`, `poll_timeout`. None of them knows another: what concerns others comes
//! out as an event, and is carried on here.

pub mod driver;
#[cfg(not(feature = "uploads"))]
mod no_uploads;

use crate::api::{Endpoint, Response, asset, comment};
use crate::call::{Caller, Calls, Errand, Reply};
use crate::clock::{Instant, Now};
use crate::context::{Context, Purpose, service};
pub use crate::context::{Operation, Settings, UploadSettings, effects, transport};
use crate::device::KnownDevice;
use crate::error::Error;
use crate::log::Log;
use crate::pairing::{self, Pairing};
use crate::prelude::*;
use crate::presence::{self, Presence};
use crate::revocation::Revocations;
use crate::secret::Secret;
use crate::source::Sources;
use crate::status::*;
use crate::store::RecordStore;
use crate::token::{self, Authorization};
use crate::upload::messages::{ProjectNews, Request};
#[cfg(feature = "uploads")]
use crate::upload::uploads::Uploads;
use effects::{AgedDevice, Command, Event, Notice, OpId, Outcome, RequestId};
#[cfg(not(feature = "uploads"))]
use no_uploads::NoUploads as Uploads;
use transport::Answer;

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
    pairing: Pairing,
    token: Authorization,
    calls: Calls,
    device: KnownDevice,
    presence: Presence,
    revocations: Revocations,
    uploads: Uploads,
    /// The pair of tokens, the code and the revocation whose secrets the log knows.
    secrets_known: Option<(u64, Option<u64>, u64)>,
    /// What the machines said when they had done what they could: asked later, they would only tell what comes after
    /// that moment.
    deadline: Option<Instant>,
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
        let mut cx = Context::new(settings, records, sources, log, now);
        match cx.records.load(service::KEY) {
            Ok(record) => cx.service.restore(record.unwrap_or_default().expose()),
            Err(error) => cx.store_complaint(error),
        }
        let mut engine = Engine {
            uploads: Uploads::new(cx.settings.uploads.tag_key),
            cx,
            pairing: Pairing::default(),
            token: Authorization::default(),
            calls: Calls::default(),
            device: KnownDevice::default(),
            presence: Presence::default(),
            revocations: Revocations::default(),
            secrets_known: None,
            deadline: None,
        };
        engine.token.take_up(&mut engine.cx);
        engine.carry_on();
        engine.uploads.restore(&mut engine.cx);
        engine.step();
        engine
    }

    /// Starts an operation, or says why it cannot be started. Its completion is a notice, later.
    pub fn start(&mut self, operation: Operation, now: Now) -> Result<OpId, Error> {
        self.start_with(operation, now, |engine, op| match operation {
            Operation::RequestCode | Operation::Poll | Operation::Pair { .. } => {
                engine.start_pairing(op, operation)
            }
            Operation::Refresh => engine.start_refresh(op),
            Operation::Revoke => engine.start_revoke(op),
            Operation::DeviceInfo => engine.start_call(op, Errand::DeviceInfo),
            Operation::Heartbeat => engine.start_call(op, Errand::Heartbeat),
            // It has something to say: see `start_comment`.
            Operation::Comment => Err(Error::of(FIO_E_STATE)),
        })
    }

    /// Starts a comment on an asset, at a frame counted from 0 or on the whole.
    pub fn start_comment(
        &mut self,
        asset_id: &str,
        text: &str,
        frame: Option<f64>,
        now: Now,
    ) -> Result<OpId, Error> {
        if !asset::is_id(asset_id) {
            return Err(Error::new(FIO_E_ARGUMENT, "this is not the id of an asset"));
        }
        // The service keeps whole frames.
        let frame = frame.map(|frame| (frame + 0.5) as u64);
        let request = comment::request(&asset_id.into(), text, frame);
        self.start_with(Operation::Comment, now, |engine, op| engine.start_call(op, Errand::Comment(request)))
    }

    fn start_with(
        &mut self,
        operation: Operation,
        now: Now,
        start: impl FnOnce(&mut Engine, OpId) -> Result<(), Error>,
    ) -> Result<OpId, Error> {
        self.cx.set_now(now);
        if self.cx.is_clock_wrong() {
            return Err(Error::of(FIO_E_CLOCK));
        }
        let op = self.cx.new_id();
        start(self, op)?;
        self.cx.note_operation(op, operation);
        self.step();
        Ok(op)
    }

    fn start_pairing(&mut self, op: OpId, operation: Operation) -> Result<(), Error> {
        self.pairing.start(op, operation)?;
        if operation != Operation::Poll {
            self.cx.service.begin_pairing(self.token.tokens().is_some());
        }
        Ok(())
    }

    fn start_refresh(&mut self, op: OpId) -> Result<(), Error> {
        let tokens = self.token.tokens().ok_or_else(|| Error::of(FIO_E_NOT_AUTHORIZED))?;
        if tokens.refresh.is_none() {
            return Err(Error::new(FIO_E_STATE, "the service gave no refresh token with this pairing"));
        }
        self.calls.refresh(&mut self.cx, op, tokens.generation);
        Ok(())
    }

    fn start_call(&mut self, op: OpId, errand: Errand) -> Result<(), Error> {
        if self.token.tokens().is_none() {
            return Err(Error::of(FIO_E_NOT_AUTHORIZED));
        }
        self.calls.add(&mut self.cx, Caller::App(op), errand);
        Ok(())
    }

    fn start_revoke(&mut self, op: OpId) -> Result<(), Error> {
        let tokens = self.token.give_up().ok_or_else(|| Error::of(FIO_E_NOT_AUTHORIZED))?;
        self.calls.end_all(&mut self.cx, FIO_E_NOT_AUTHORIZED);
        self.pairing.forget_approval();
        self.device.forget(&mut self.cx);
        let token = tokens.refresh.unwrap_or(tokens.access);
        let revocation = self.revocations.start(&mut self.cx, Some(op), token);
        let refresh = self.cx.in_flight(Purpose::Refresh);
        if let Some(purpose) = refresh.and_then(|request| self.cx.requests.get_mut(&request)) {
            *purpose = Purpose::RefreshToRevoke { revocation };
            self.revocations.await_refresh(revocation);
        }
        Ok(())
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
        let cx = &mut self.cx;
        match operation {
            Operation::RequestCode | Operation::Poll | Operation::Pair { .. } => self.pairing.cancel(cx, op),
            Operation::Revoke => self.revocations.cancel(op),
            Operation::Refresh | Operation::DeviceInfo | Operation::Heartbeat | Operation::Comment => {
                self.calls.withdraw(cx, Caller::App(op));
            }
        }
        cx.complete(op, Err(Error::of(FIO_E_CANCELED)));
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
        if let Some(save) = self.presence.last_save(now) {
            let saved = self.cx.save(save);
            self.presence.handle_saved(&self.cx, saved);
        }
        self.uploads.shut_down(&mut self.cx);
    }

    /// The answer to a request, or why there is none.
    pub fn respond(&mut self, id: RequestId, answer: Answer, now: Now) {
        self.cx.set_now(now);
        // Aborted meanwhile.
        let Some(purpose) = self.cx.requests.remove(&id) else { return };
        match (purpose, self.cx.without_secrets(purpose, answer)) {
            (Purpose::Part { upload }, Answer::Part(mut outcome)) => {
                outcome.answer = outcome.answer.map_err(|error| self.cx.blame_clock(error));
                self.uploads.handle_part(&mut self.cx, upload, id, outcome);
            }
            (purpose, Answer::Api(answer)) => {
                let answer = answer.map_err(|error| self.cx.blame_clock(error));
                self.handle_response(purpose, answer);
            }
            // A transport answers in the way it was asked.
            (_, Answer::Part(_)) => {}
        }
        self.step();
    }

    fn handle_response(&mut self, purpose: Purpose, answer: Result<Response, Error>) {
        let cx = &mut self.cx;
        match purpose {
            Purpose::Code => self.pairing.handle_code(cx, answer),
            Purpose::Poll { code } => self.pairing.handle_poll(cx, code, answer),
            Purpose::Refresh => self.token.handle_response(cx, answer),
            Purpose::RefreshToRevoke { revocation } => {
                self.revocations.handle_refresh(cx, revocation, answer)
            }
            Purpose::Revoke { revocation } => self.revocations.handle_response(cx, revocation, answer),
            Purpose::Call { call } => {
                if answer.as_ref().is_ok_and(Response::is_success) {
                    self.presence.note_contact(cx.now.mono);
                }
                let generation = self.token.tokens().map_or(0, |tokens| tokens.generation);
                self.calls.handle_response(cx, call, answer, generation);
            }
            Purpose::Part { .. } => {}
        }
    }

    /// Does what has become due.
    pub fn tick(&mut self, now: Now) {
        self.cx.set_now(now);
        if self.deadline().is_some_and(|at| at <= now.mono) {
            self.step();
        }
    }

    /// When [`Engine::tick`] has something to do next; `None` means never by itself.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
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
        self.token.session().is_refreshing()
    }

    pub fn auth_state(&self, now: Now) -> AuthState {
        if self.token.tokens().is_some() {
            let is_expired = self.token.session().is_expired(now.mono);
            if is_expired { AuthState::Expired } else { AuthState::Authorized }
        } else if self.pairing.has_live_code(now.mono) {
            AuthState::Pending
        } else {
            AuthState::Unpaired
        }
    }

    /// The access token, for an application that calls other endpoints itself.
    pub fn access_token(&self, now: Now) -> Result<&Secret, Error> {
        match self.token.tokens() {
            None => Err(Error::of(FIO_E_NOT_AUTHORIZED)),
            Some(_) if self.token.session().is_expired(now.mono) => Err(Error::of(FIO_E_TOKEN_EXPIRED)),
            Some(tokens) => Ok(&tokens.access),
        }
    }

    /// What the device information was when it was last heard, be it in an earlier life.
    pub fn cached_device(&mut self, now: Now) -> Result<AgedDevice, Error> {
        self.cx.set_now(now);
        self.device.cached(&mut self.cx)
    }

    /// Whether the engine keeps the device visible as online by itself.
    pub fn set_online(&mut self, online: bool, now: Now) {
        self.cx.set_now(now);
        self.presence.set_wanted(online);
        self.step();
    }

    #[cfg(feature = "uploads")]
    pub fn uploads(&self) -> &Uploads {
        &self.uploads
    }

    /// Lets an application ask something of uploads, and does what follows from it.
    #[cfg(feature = "uploads")]
    pub fn with_uploads<T>(
        &mut self,
        now: Now,
        ask: impl FnOnce(&mut Uploads, &mut Context) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.cx.set_now(now);
        tell_uploads(&mut self.uploads, &self.token);
        let answer = ask(&mut self.uploads, &mut self.cx);
        self.step();
        answer
    }

    /// The network is another one now, or there again: what waits for it goes on.
    pub fn network_changed(&mut self, now: Now) {
        self.cx.set_now(now);
        self.uploads.network_changed(&mut self.cx);
        self.step();
    }

    /// Tells how many bytes of each part have left.
    pub fn note_progress(&mut self, sent: impl Fn(RequestId) -> u64) {
        self.uploads.note_progress(sent);
    }

    /// Lets every machine do what has become due.
    fn step(&mut self) {
        let now = self.cx.now.mono;
        self.carry_on();
        self.pairing.handle_timeout(&mut self.cx);
        self.token.handle_timeout(&mut self.cx, self.calls.hope_for_refresh());
        self.carry_on();
        if self.token.is_alive(now) {
            self.presence.handle_timeout(now);
        }
        tell_uploads(&mut self.uploads, &self.token);
        self.uploads.handle_timeout(&mut self.cx);
        self.carry_on();
        while let Some(event) = self.uploads.poll_event(&self.cx) {
            self.cx.tell(event);
        }
        self.save();
        self.calls.handle_timeout(now);
        // Last, since a refresh that is due goes first.
        while self.send_call() {
            self.carry_on();
        }
        self.carry_on();
        self.note_secrets();
        self.deadline = [
            self.pairing.poll_timeout(),
            self.token.poll_timeout(),
            self.calls.poll_timeout(),
            self.revocations.poll_timeout(),
            self.presence.poll_timeout(now).filter(|_| self.token.is_alive(now)),
            self.uploads.poll_timeout(&self.cx),
        ]
        .into_iter()
        .flatten()
        .min();
    }

    /// Carries what the machines have to say to the store, to one another and to the network, until they have
    /// nothing more.
    fn carry_on(&mut self) {
        loop {
            // First: what ends with an authorization has nothing to do with the next.
            if let Some((caller, result)) = self.calls.poll_event() {
                self.call_over(caller, result);
                continue;
            }
            self.save();
            if let Some(event) = self.pairing.poll_event() {
                self.pairing_event(event);
            } else if let Some(event) = self.token.poll_event() {
                self.token_event(event);
            } else if let Some(event) = self.presence.poll_event() {
                match event {
                    presence::Event::Heartbeat => {
                        self.calls.add(&mut self.cx, Caller::Presence, Errand::Heartbeat);
                    }
                    presence::Event::DeviceInfo => self.ask_for_project(),
                }
            } else if let Some(request) = self.uploads.poll_request() {
                self.upload_request(request);
            } else if !self.send() {
                break;
            }
        }
    }

    /// What must be written is written before anything that depends on it is told or leaves.
    fn save(&mut self) {
        let cx = &mut self.cx;
        if let Some(Err(error)) = cx.service.poll_save().map(|save| cx.save(save)) {
            cx.store_complaint(error);
        }
        while let Some(save) = self.token.poll_save(cx) {
            let saved = cx.save(save);
            self.token.handle_saved(cx, saved);
        }
        if let Some(save) = self.device.poll_save(cx) {
            let saved = cx.save(save);
            self.device.handle_saved(cx, saved);
        }
        if let Some(save) = self.presence.poll_save() {
            let saved = cx.save(save);
            self.presence.handle_saved(cx, saved);
        }
        while let Some(save) = self.uploads.poll_save(cx) {
            let saved = cx.save(save);
            self.uploads.handle_saved(cx, saved);
        }
    }

    /// Sends one request without a bearer token. `false` if none can leave.
    fn send(&mut self) -> bool {
        let cx = &mut self.cx;
        let next = self.token.poll_request(cx).or_else(|| self.pairing.poll_request(cx));
        let next = next.or_else(|| self.revocations.poll_request(cx));
        next.map(|(request, purpose)| cx.send(request, purpose)).is_some()
    }

    /// Sends one request with a bearer token. `false` if nothing came of it.
    fn send_call(&mut self) -> bool {
        let waiting = self.calls.waiting_uploads();
        if !waiting.is_empty() {
            tell_uploads(&mut self.uploads, &self.token);
            self.uploads.withdraw_unwanted(&self.cx, &waiting);
            self.carry_on();
        }
        let cx = &mut self.cx;
        let now = cx.now;
        let mut create_asset = |upload, kind| self.uploads.asset_request(upload, kind, now);
        let next = self.calls.poll_request(cx, self.token.session(), &mut create_asset);
        if self.calls.wants_refresh() {
            self.token.want_refresh();
            self.token.handle_timeout(cx, true);
        }
        let Some((request, purpose)) = next else { return self.calls.has_event() };
        if request.endpoint == Endpoint::Heartbeat {
            self.presence.heartbeat_sent(now.mono);
        }
        cx.send(request, purpose);
        true
    }

    fn pairing_event(&mut self, event: pairing::Event) {
        match event {
            pairing::Event::Approved(pair, encoding) => {
                self.token.install(&mut self.cx, pair, encoding);
                self.calls.end_all(&mut self.cx, FIO_E_CANCELED);
                self.uploads.handle_project(&mut self.cx, ProjectNews::Unknown);
                self.device.forget(&mut self.cx);
            }
            pairing::Event::Revoke(token) => {
                self.revocations.start(&mut self.cx, None, token);
            }
        }
    }

    fn token_event(&mut self, event: token::Event) {
        let cx = &mut self.cx;
        match event {
            token::Event::Found => {
                self.presence.restore(cx);
                self.device.tell(cx, self.token.project());
                tell_uploads(&mut self.uploads, &self.token);
            }
            token::Event::Authorized => {
                self.calls.fetch_device(cx, true);
                self.pairing.tokens_stored(cx);
            }
            token::Event::Refreshed => self.calls.fetch_device(cx, true),
            token::Event::Refused(error) => {
                if self.token.tokens().is_none() {
                    self.pairing.forget_approval();
                }
                self.calls.fail_waiting(cx, &error);
            }
            token::Event::Delayed(error, wait) => self.calls.release_impatient(cx, &error, wait),
        }
    }

    fn upload_request(&mut self, request: Request) {
        let cx = &mut self.cx;
        match request {
            Request::CreateAsset(id, kind) => {
                self.calls.add(cx, Caller::Upload(id), Errand::CreateAsset(id, kind));
            }
            Request::AnnounceParts(id, request, count) => {
                self.calls.add(cx, Caller::Upload(id), Errand::AnnounceParts(request, count));
            }
            Request::Withdraw(id) => self.calls.withdraw(cx, Caller::Upload(id)),
            Request::DeviceInfo => self.ask_for_project(),
            Request::KeepProject(project_id) => self.token.learn_project(&project_id),
        }
    }

    /// Asks for device information. The token may be an old one.
    fn ask_for_project(&mut self) {
        if !self.calls.has(Caller::FollowUp) {
            self.calls.fetch_device(&mut self.cx, false);
        }
    }

    fn call_over(&mut self, caller: Caller, result: Result<Reply, Error>) {
        if let Ok(Reply::Device(device)) = &result {
            self.device.handle_device(&mut self.cx, device);
            self.token.handle_device(&mut self.cx, device);
            tell_uploads(&mut self.uploads, &self.token);
            self.uploads.handle_project(&mut self.cx, ProjectNews::Confirmed);
        }
        let is_alive = self.token.is_alive(self.cx.now.mono);
        let cx = &mut self.cx;
        match caller {
            Caller::Upload(upload) => {
                tell_uploads(&mut self.uploads, &self.token);
                match result {
                    Ok(Reply::Upload(reply)) => self.uploads.handle_response(cx, upload, Ok(reply)),
                    Ok(_) => {}
                    Err(error) => self.uploads.handle_response(cx, upload, Err(error)),
                }
            }
            Caller::App(op) => cx.complete(op, result.map(outcome)),
            Caller::Presence => self.presence.handle_response(cx, result.err(), is_alive),
            Caller::FollowUp => match result.map(outcome) {
                Ok(Outcome::Device(device)) => {
                    cx.tell(Event::Device(device.clone()));
                    self.pairing.handle_device(cx, Ok(Outcome::Device(device)));
                }
                Ok(_) => {}
                Err(error) => self.device_unheard(error),
            },
        }
    }

    fn device_unheard(&mut self, error: Error) {
        self.uploads.handle_project(&mut self.cx, ProjectNews::Unconfirmed(&error));
        // One that a new pairing or a revocation has overtaken is nobody's concern, and that the
        // authorization is over is told by itself.
        let is_overtaken =
            [FIO_E_CANCELED, FIO_E_NOT_AUTHORIZED, FIO_E_AUTHORIZATION_LOST].contains(&error.status);
        if !is_overtaken && !self.pairing.waits_for_device() {
            self.cx.tell(Event::DeviceUnknown(error.clone()));
        }
        self.pairing.handle_device(&mut self.cx, Err(error));
    }

    /// Lets the log know the secrets of the moment, if they have changed.
    fn note_secrets(&mut self) {
        let tokens = self.token.tokens();
        let version = (
            tokens.map_or(0, |tokens| tokens.generation),
            self.pairing.code_number(),
            self.revocations.newest(),
        );
        if self.secrets_known == Some(version) {
            return;
        }
        self.secrets_known = Some(version);
        let mut secrets = vec![self.cx.settings.client_secret.clone()];
        if let Some(tokens) = tokens {
            secrets.push(tokens.access.clone());
            secrets.extend(tokens.refresh.clone());
        }
        secrets.extend(self.pairing.device_code().cloned());
        secrets.extend(self.revocations.tokens().cloned());
        self.cx.set_secrets(secrets);
    }
}

/// What uploads have to know of the authorization, before they decide anything.
fn tell_uploads(uploads: &mut Uploads, token: &Authorization) {
    uploads.handle_authorization(token.tokens().is_some(), token.project());
}

fn outcome(reply: Reply) -> Outcome {
    match reply {
        Reply::Device(device) => Outcome::Device(device),
        _ => Outcome::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::tests::{at, context};

    #[test]
    fn nobody_is_online_without_an_authorization() {
        let cx = context();
        let mut engine = Engine::new(cx.settings, cx.records, cx.sources, Log::off(), at(0));
        engine.set_online(true, at(0));
        engine.tick(at(400));
        assert_eq!(engine.deadline(), None);
        assert!(!engine.has_output());
    }
}
