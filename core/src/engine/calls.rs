//! Requests that carry the access token: device information, heartbeats, assets, comments. A 401 is
//! answered by one refresh, shared by all, and one repetition with the new token.

use super::effects::{Event, OpId, Outcome, RequestId};
use super::refresh_flow::is_worth_waiting;
use super::{Engine, Operation, Purpose};
use crate::api::asset::{self, Asset};
use crate::api::device::Device;
use crate::api::{Endpoint, Request, Response, comment, device, heartbeat, realtime};
use crate::clock::{Instant, Now};
use crate::error::Error;
use crate::prelude::*;
use crate::retry::{Backoff, Outlook, Verdict, api_verdict, least_wait, outlook};
use crate::secret::Secret;
use crate::small_map::SmallMap;
use crate::status::*;
use crate::upload::UploadId;
use core::time::Duration;

/// Attempts of the engine's own fetch of device information, before it waits for the next occasion.
const FETCH_ATTEMPTS: u32 = 5;

#[derive(Debug, Default)]
pub(super) struct Calls {
    list: SmallMap<u64, Call>,
}

#[derive(Debug)]
struct Call {
    caller: Caller,
    errand: Errand,
    state: State,
    /// Only a token newer than this will do: the service refused the ones up to it.
    newer_than: u64,
    used: u64,
    repeated: bool,
    /// Failed refreshes sat through.
    waited: u32,
    failures: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Caller {
    App(OpId),
    /// The engine's own fetch of device information, after a pairing or a refresh or for the uploads.
    FollowUp,
    /// The engine's own heartbeat.
    Presence,
    Upload(UploadId),
}

/// What is asked of the service.
#[derive(Clone, Debug)]
pub(super) enum Errand {
    DeviceInfo,
    Heartbeat,
    /// Built when it leaves, since the age of the media belongs to it; answered as that kind of asset.
    CreateAsset(UploadId, asset::Kind),
    /// So many parts of a recording.
    AnnounceParts(Request, usize),
    Comment(Request),
}

/// What the service said.
#[derive(Debug)]
pub(super) enum Reply {
    Done,
    Device(Box<Device>),
    Asset(Box<Asset>),
    Addresses(Vec<Secret>),
}

/// When a call is given up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Withdrawal {
    Always,
    /// Only if the request has not left yet.
    IfUnsent,
}

#[derive(Debug, PartialEq)]
enum State {
    NeedsToken,
    InFlight(RequestId),
    Pausing(Instant),
}

impl Calls {
    pub fn deadline(&self) -> Option<Instant> {
        let pauses = self.list.values().filter_map(|call| match call.state {
            State::Pausing(until) => Some(until),
            _ => None,
        });
        pauses.min()
    }

    /// Whether a call has sat through a failed refresh and hopes for the next.
    pub fn wait_for_refresh(&self) -> bool {
        self.list.values().any(|call| call.state == State::NeedsToken && call.waited > 0)
    }
}

impl Engine {
    pub(super) fn start_call(&mut self, op: OpId, operation: Operation) -> Result<(), Error> {
        if self.session.tokens().is_none() {
            return Err(Error::of(FIO_E_NOT_AUTHORIZED));
        }
        let errand = if operation == Operation::Heartbeat { Errand::Heartbeat } else { Errand::DeviceInfo };
        self.add_call(Caller::App(op), errand);
        Ok(())
    }

    /// Starts a comment on an asset, at a frame counted from 0 or on the whole.
    pub fn start_comment(
        &mut self,
        asset_id: &str,
        text: &str,
        frame: Option<f64>,
        now: Now,
    ) -> Result<OpId, Error> {
        self.cx.set_now(now);
        if !asset::is_id(asset_id) {
            return Err(Error::new(FIO_E_ARGUMENT, "the asset id is not one of the service"));
        }
        self.check_clock()?;
        if self.session.tokens().is_none() {
            return Err(Error::of(FIO_E_NOT_AUTHORIZED));
        }
        // The service keeps whole frames.
        let frame = frame.map(|frame| (frame + 0.5) as u64);
        let op = self.cx.new_operation(Operation::Comment);
        self.add_call(Caller::App(op), Errand::Comment(comment::request(&asset_id.into(), text, frame)));
        self.step();
        Ok(op)
    }

    pub(super) fn add_call(&mut self, caller: Caller, errand: Errand) {
        self.insert_call(caller, errand, false);
    }

    /// `repeated`: a 401 is taken as it is, since a refresh would not help.
    fn insert_call(&mut self, caller: Caller, errand: Errand, repeated: bool) {
        let id = self.cx.next_id;
        self.cx.next_id += 1;
        let call = Call {
            caller,
            errand,
            state: State::NeedsToken,
            newer_than: 0,
            used: 0,
            repeated,
            waited: 0,
            failures: 0,
        };
        self.calls.list.insert(id, call);
    }

    /// The service wants device information asked for after every pairing and refresh. They have just given
    /// the token: another one would not help.
    pub(super) fn fetch_device(&mut self) {
        self.replace_fetch(true);
    }

    /// The uploads want to know the project. The token may be an old one.
    pub(super) fn fetch_project(&mut self) {
        self.replace_fetch(false);
    }

    fn replace_fetch(&mut self, is_token_new: bool) {
        // One that is still under way has been overtaken.
        let old: Vec<u64> = self
            .calls
            .list
            .iter()
            .filter(|(_, call)| call.caller == Caller::FollowUp)
            .map(|(&id, _)| id)
            .collect();
        for id in old {
            self.remove_call(id);
        }
        self.insert_call(Caller::FollowUp, Errand::DeviceInfo, is_token_new);
    }

    fn remove_call(&mut self, id: u64) -> Option<Call> {
        let call = self.calls.list.remove(&id)?;
        if let State::InFlight(request) = call.state {
            self.cx.abort(request);
        }
        Some(call)
    }

    pub(super) fn cancel_call(&mut self, op: OpId) {
        self.withdraw_call(Caller::App(op), Withdrawal::Always);
    }

    /// Gives a call up without a word to its caller. `true` if there was one.
    pub(super) fn withdraw_call(&mut self, caller: Caller, withdrawal: Withdrawal) -> bool {
        let is_meant = |call: &Call| {
            let has_left = matches!(call.state, State::InFlight(_));
            call.caller == caller && (withdrawal == Withdrawal::Always || !has_left)
        };
        let found = self.calls.list.iter().find(|(_, call)| is_meant(call)).map(|(&id, _)| id);
        found.is_some_and(|id| self.remove_call(id).is_some())
    }

    pub(super) fn has_call_of(&self, caller: Caller) -> bool {
        self.calls.list.values().any(|call| call.caller == caller)
    }

    pub(super) fn step_calls(&mut self) {
        let ids: Vec<u64> = self.calls.list.keys().copied().collect();
        for id in ids {
            self.step_call(id);
        }
    }

    fn step_call(&mut self, id: u64) {
        let Some(call) = self.calls.list.get_mut(&id) else { return };
        match call.state {
            State::InFlight(_) => return,
            State::Pausing(until) if self.cx.now.mono < until => return,
            _ => call.state = State::NeedsToken,
        }
        if let Caller::Upload(upload) = call.caller {
            if !self.is_still_wanted(upload) {
                return;
            }
        }
        let Some(tokens) = self.session.tokens() else {
            return self.end_call(id, Err(Error::of(FIO_E_NOT_AUTHORIZED)));
        };
        // While a refresh is under way the old token may die at any moment.
        if self.session.is_refreshing() {
            return;
        }
        let Some(call) = self.calls.list.get_mut(&id) else { return };
        if tokens.generation <= call.newer_than || self.session.is_expired(self.cx.now.mono) {
            if tokens.refresh.is_none() {
                return self.end_call(id, Err(Error::of(FIO_E_TOKEN_EXPIRED)));
            }
            // A refresh that failed lately is repeated on its own schedule, if it has one.
            if call.waited == 0 || self.session.refresh_due().is_none() {
                self.want_refresh();
                self.step_refresh();
            }
            return;
        }
        call.used = tokens.generation;
        let bearer = Some(tokens.access.clone());
        let request = match &call.errand {
            Errand::DeviceInfo => Some(device::request()),
            Errand::Heartbeat => Some(heartbeat::request()),
            Errand::AnnounceParts(request, _) | Errand::Comment(request) => Some(request.clone()),
            Errand::CreateAsset(upload, kind) => self.uploads.asset_request(*upload, *kind, self.cx.now),
        };
        let Some(request) = request else { return drop(self.remove_call(id)) };
        let request = Request { bearer, ..request };
        if request.endpoint == Endpoint::Heartbeat {
            self.note_heartbeat();
        }
        let request = self.cx.send(request, Purpose::Call { call: id });
        if let Some(call) = self.calls.list.get_mut(&id) {
            call.state = State::InFlight(request);
        }
    }

    pub(super) fn call_answered(&mut self, id: u64, answer: Result<Response, Error>) {
        let Some(call) = self.calls.list.get_mut(&id) else { return };
        call.state = State::NeedsToken;
        let unauthorized = answer.as_ref().is_ok_and(|response| response.status == 401);
        if unauthorized {
            let current = self.session.tokens().map_or(0, |tokens| tokens.generation);
            if current > call.used {
                return;
            }
            if !call.repeated {
                call.repeated = true;
                call.newer_than = call.used;
                return;
            }
        }
        let (caller, errand) = (call.caller, call.errand.clone());
        if answer.as_ref().is_ok_and(Response::is_success) {
            self.presence.note_contact(self.cx.now.mono);
        }
        let result = answer.and_then(|response| match errand {
            Errand::DeviceInfo => device::read(&response).map(|device| Reply::Device(Box::new(device))),
            Errand::Heartbeat => heartbeat::read(&response).map(|()| Reply::Done),
            Errand::Comment(_) => comment::read(&response).map(|()| Reply::Done),
            Errand::CreateAsset(_, kind) => {
                asset::read(&response, kind).map(|asset| Reply::Asset(Box::new(asset)))
            }
            Errand::AnnounceParts(_, count) => realtime::read(&response, count).map(Reply::Addresses),
        });
        match result {
            Err(error) if caller == Caller::FollowUp && self.repeat_fetch(id, &error) => {}
            Ok(Reply::Device(device)) => {
                self.note_device(&device);
                self.note_project(&device);
                self.end_call(id, Ok(Reply::Device(device)));
            }
            result => self.end_call(id, result),
        }
    }

    /// The engine's own fetch is tried again a few times when the network is weak.
    fn repeat_fetch(&mut self, id: u64, error: &Error) -> bool {
        let Some(call) = self.calls.list.get_mut(&id) else { return false };
        call.failures += 1;
        if call.failures >= FETCH_ATTEMPTS || outlook(error) != Outlook::Transient {
            return false;
        }
        let wait = Backoff::API.delay(call.failures, least_wait(error), &mut self.cx.random);
        call.state = State::Pausing(self.cx.now.mono + wait);
        self.cx.tell(Event::Retrying { error: error.clone(), wait });
        true
    }

    fn note_project(&mut self, device: &Device) {
        let is_newly_paired = self.uploads.is_newly_paired();
        let previous = self.persistence.project_id.clone();
        // A service that names no project leaves what is known of this pairing: the token is bound to one.
        if device.project_id.is_some() || is_newly_paired {
            self.persistence.project_id = device.project_id.clone();
        }
        self.project_confirmed();
        let is_another = previous != self.persistence.project_id;
        if is_another || is_newly_paired {
            let _ = self.persist(self.session.is_refreshing());
        }
        if let Some(previous) = previous.filter(|_| is_another && device.project_id.is_some()) {
            self.cx.tell(Event::ProjectChanged { previous, device: Box::new(device.clone()) });
        }
    }

    fn end_call(&mut self, id: u64, result: Result<Reply, Error>) {
        let Some(call) = self.remove_call(id) else { return };
        match (call.caller, result) {
            (Caller::Upload(upload), result) => self.upload_call_over(upload, result),
            (Caller::App(op), result) => self.cx.complete(
                op,
                result.map(|reply| match reply {
                    Reply::Device(device) => Outcome::Device(device),
                    _ => Outcome::Done,
                }),
            ),
            (Caller::Presence, result) => self.heartbeat_over(result.err()),
            (Caller::FollowUp, Ok(Reply::Device(device))) => {
                self.cx.tell(Event::Device(device.clone()));
                self.finish_pair(Ok(Outcome::Device(device)));
            }
            (Caller::FollowUp, Ok(_)) => {}
            (Caller::FollowUp, Err(error)) => {
                self.project_unconfirmed(&error);
                // One that a new pairing or a revocation has overtaken is nobody's concern, and that the
                // authorization is over is told by itself.
                let is_overtaken =
                    [FIO_E_CANCELED, FIO_E_NOT_AUTHORIZED, FIO_E_AUTHORIZATION_LOST].contains(&error.status);
                if !is_overtaken && !self.pair_waits_for_device() {
                    self.cx.tell(Event::DeviceUnknown(error.clone()));
                }
                self.finish_pair(Err(error));
            }
        }
    }

    pub(super) fn fail_waiting_calls(&mut self, error: &Error) {
        self.end_calls(error, |call| call.state == State::NeedsToken);
    }

    pub(super) fn release_impatient_calls(&mut self, error: &Error, wait: Duration) {
        self.end_calls(error, |call| {
            if call.state != State::NeedsToken {
                return false;
            }
            call.waited += 1;
            !is_worth_waiting(call.waited, error, wait)
        });
    }

    pub(super) fn drop_calls(&mut self, error: &Error) {
        self.end_calls(error, |_| true);
    }

    fn end_calls(&mut self, error: &Error, mut ends: impl FnMut(&mut Call) -> bool) {
        let ending: Vec<u64> =
            self.calls.list.iter_mut().filter_map(|(&id, call)| ends(call).then_some(id)).collect();
        for id in ending {
            let is_upload =
                self.calls.list.get(&id).is_some_and(|call| matches!(call.caller, Caller::Upload(_)));
            // What is said against a refresh is not said against the media: it waits for a token.
            let error = if is_upload && api_verdict(error) == Verdict::Fail {
                Error::of(FIO_E_TOKEN_EXPIRED)
            } else {
                error.clone()
            };
            self.end_call(id, Err(error));
        }
    }
}
