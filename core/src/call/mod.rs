//! Requests with a bearer token: each waits for one that is usable, is sent, and is repeated once with a new one when
//! the service refuses the old one (401). A refresh is waited for a few times; who only wants that is a call without a
//! request.

use crate::api::asset::{self, Kind};
use crate::api::device::Device;
use crate::api::{Request, Response, comment, device, heartbeat, realtime};
use crate::clock::Instant;
use crate::context::effects::{self, OpId};
use crate::context::{Context, Purpose};
use crate::error::Error;
use crate::failure::{Backoff, Verdict, api_verdict, is_transient, is_worth_waiting, least_wait};
use crate::prelude::*;
use crate::small_map::SmallMap;
use crate::status::*;
use crate::token::session::Session;
use crate::upload::{UploadId, messages};
use core::time::Duration;

/// Attempts of the engine's own fetch of device information, before it waits for the next occasion.
const FETCH_ATTEMPTS: u32 = 5;

#[derive(Debug, Default)]
pub(crate) struct Calls {
    list: SmallMap<u64, Call>,
    wants_refresh: bool,
    /// In the order in which they ended; rarely more than one.
    events: Vec<Event>,
}

/// A call is over.
pub(crate) type Event = (Caller, Result<Reply, Error>);

#[derive(Debug)]
struct Call {
    caller: Caller,
    kind: CallKind,
    state: State,
    /// Only a token newer than this will do: the service refused the ones up to it.
    newer_than: u64,
    used: u64,
    /// Another 401 is taken as it is: a refresh would not help.
    repeated: bool,
    /// Failed refreshes sat through.
    waited: u32,
    failures: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Caller {
    App(OpId),
    /// The engine's own fetch of device information, after a pairing or a refresh or for the uploads.
    FollowUp,
    /// The engine's own heartbeat.
    Presence,
    Upload(UploadId),
}

/// What is asked of the service.
#[derive(Clone, Debug)]
pub(crate) enum CallKind {
    /// Nothing but a new token.
    Refresh,
    DeviceInfo,
    Heartbeat,
    /// Built when it leaves, since the age of the media belongs to it; answered as that kind of asset.
    CreateAsset(UploadId, Kind),
    /// So many parts of a recording.
    AnnounceParts(Request, usize),
    Comment(Request),
}

/// What the service said.
#[derive(Debug)]
pub(crate) enum Reply {
    Done,
    Device(Box<Device>),
    Upload(messages::Reply),
}

#[derive(Debug, PartialEq)]
enum State {
    NeedsToken,
    InFlight,
    Pausing(Instant),
}

impl Call {
    fn new(caller: Caller, kind: CallKind) -> Call {
        Call {
            caller,
            kind,
            state: State::NeedsToken,
            newer_than: 0,
            used: 0,
            repeated: false,
            waited: 0,
            failures: 0,
        }
    }
}

impl Calls {
    pub(crate) fn add(&mut self, cx: &mut Context, caller: Caller, kind: CallKind) {
        self.insert(cx, Call::new(caller, kind));
    }

    fn insert(&mut self, cx: &mut Context, call: Call) {
        self.list.insert(cx.new_id(), call);
    }

    /// Waits for other tokens than those of this generation.
    pub(crate) fn refresh(&mut self, cx: &mut Context, op: OpId, generation: u64) {
        self.insert(cx, Call { newer_than: generation, ..Call::new(Caller::App(op), CallKind::Refresh) });
    }

    /// Device information, for the engine itself. The service wants it asked for after every pairing and refresh;
    /// where they have just given the token, another one would not help.
    pub(crate) fn fetch_device(&mut self, cx: &mut Context, is_token_new: bool) {
        // One that is still under way has been overtaken.
        self.withdraw(cx, Caller::FollowUp);
        let call = Call::new(Caller::FollowUp, CallKind::DeviceInfo);
        self.insert(cx, Call { repeated: is_token_new, ..call });
    }

    pub(crate) fn has(&self, caller: Caller) -> bool {
        self.list.values().any(|call| call.caller == caller)
    }

    /// Uploads with a request that waits to leave.
    pub(crate) fn waiting_uploads(&self) -> Vec<UploadId> {
        let waiting = self.list.values().filter(|call| call.state == State::NeedsToken);
        let upload = |call: &Call| match call.caller {
            Caller::Upload(upload) => Some(upload),
            _ => None,
        };
        waiting.filter_map(upload).collect()
    }

    fn remove(&mut self, cx: &mut Context, id: u64) -> Option<Call> {
        let call = self.list.remove(&id)?;
        if call.state == State::InFlight {
            cx.abort_for(Purpose::Call { call: id });
        }
        Some(call)
    }

    /// Gives a call up without a word to its caller.
    pub(crate) fn withdraw(&mut self, cx: &mut Context, caller: Caller) {
        let found = self.list.iter().find(|(_, call)| call.caller == caller).map(|(&id, _)| id);
        found.map(|id| self.remove(cx, id));
    }

    fn end(&mut self, cx: &mut Context, id: u64, result: Result<Reply, Error>) {
        if let Some(call) = self.remove(cx, id) {
            self.events.push((call.caller, result));
        }
    }

    /// There will be no other tokens for now.
    pub(crate) fn fail_waiting(&mut self, cx: &mut Context, error: &Error) {
        self.end_those(cx, error, &mut |call| call.state == State::NeedsToken);
    }

    /// No other tokens before this time has passed.
    pub(crate) fn release_impatient(&mut self, cx: &mut Context, error: &Error, wait: Duration) {
        self.end_those(cx, error, &mut |call| {
            if call.state != State::NeedsToken {
                return false;
            }
            call.waited += 1;
            !is_worth_waiting(call.waited, error, wait)
        });
    }

    /// The authorization they were for is over.
    pub(crate) fn end_all(&mut self, cx: &mut Context, status: i32) {
        self.end_those(cx, &Error::of(status), &mut |_| true);
    }

    fn end_those(&mut self, cx: &mut Context, error: &Error, ends: &mut dyn FnMut(&mut Call) -> bool) {
        let ending: Vec<u64> =
            self.list.iter_mut().filter_map(|(&id, call)| ends(call).then_some(id)).collect();
        for id in ending {
            let caller = self.list.get(&id).map(|call| call.caller);
            // What is said against a refresh is not said against the media: it waits for a token.
            let error = match caller {
                Some(Caller::Upload(_)) if api_verdict(error) == Verdict::Fail => {
                    Error::of(FIO_E_TOKEN_EXPIRED)
                }
                _ => error.clone(),
            };
            self.end(cx, id, Err(error));
        }
    }

    /// Whether a call has sat through a failed refresh and hopes for the next.
    pub(crate) fn hope_for_refresh(&self) -> bool {
        self.list.values().any(|call| call.state == State::NeedsToken && call.waited > 0)
    }

    /// Whether there is one that only a refresh can help.
    pub(crate) fn wants_refresh(&mut self) -> bool {
        core::mem::take(&mut self.wants_refresh)
    }

    pub(crate) fn has_event(&self) -> bool {
        !self.events.is_empty()
    }

    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        (!self.events.is_empty()).then(|| self.events.remove(0))
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let pauses = self.list.values().filter_map(|call| match call.state {
            State::Pausing(until) => Some(until),
            _ => None,
        });
        pauses.min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        for call in self.list.values_mut() {
            if matches!(call.state, State::Pausing(until) if until <= now) {
                call.state = State::NeedsToken;
            }
        }
    }

    /// The next request that can leave. `create_asset` makes the one for the asset of an upload, if there is still
    /// something to create.
    pub(crate) fn poll_request(
        &mut self,
        cx: &mut Context,
        session: &Session,
        create_asset: &mut dyn FnMut(UploadId, Kind) -> Option<Request>,
    ) -> Option<(Request, Purpose)> {
        // While a refresh is under way the old token may die at any moment.
        if session.is_refreshing() {
            return None;
        }
        let waiting = self.list.iter().filter(|(_, call)| call.state == State::NeedsToken);
        let waiting: Vec<u64> = waiting.map(|(&id, _)| id).collect();
        for id in waiting {
            let Some(tokens) = session.tokens() else {
                self.end(cx, id, Err(Error::of(FIO_E_NOT_AUTHORIZED)));
                continue;
            };
            let Some(call) = self.list.get_mut(&id) else { continue };
            if tokens.generation <= call.newer_than || session.is_expired(cx.now.mono) {
                // A refresh that failed lately is repeated on its own schedule, if it has one.
                let is_due = call.waited == 0 || session.refresh_due().is_none();
                match tokens.refresh {
                    Some(_) => self.wants_refresh |= is_due,
                    None => self.end(cx, id, Err(Error::of(FIO_E_TOKEN_EXPIRED))),
                }
                continue;
            }
            call.used = tokens.generation;
            call.state = State::InFlight;
            let request = match &call.kind {
                CallKind::Refresh => {
                    self.end(cx, id, Ok(Reply::Done));
                    continue;
                }
                CallKind::DeviceInfo => Some(device::request()),
                CallKind::Heartbeat => Some(heartbeat::request()),
                CallKind::AnnounceParts(request, _) | CallKind::Comment(request) => Some(request.clone()),
                CallKind::CreateAsset(upload, kind) => create_asset(*upload, *kind),
            };
            match request {
                Some(request) => {
                    let bearer = Some(tokens.access.clone());
                    return Some((Request { bearer, ..request }, Purpose::Call { call: id }));
                }
                None => drop(self.list.remove(&id)),
            }
        }
        None
    }

    /// `generation`: that of the tokens there are now.
    pub(crate) fn handle_response(
        &mut self,
        cx: &mut Context,
        id: u64,
        answer: Result<Response, Error>,
        generation: u64,
    ) {
        let Some(call) = self.list.get_mut(&id) else { return };
        call.state = State::NeedsToken;
        if answer.as_ref().is_ok_and(|response| response.status == 401) {
            if generation > call.used {
                return;
            }
            if !call.repeated {
                call.repeated = true;
                call.newer_than = call.used;
                return;
            }
        }
        let result = answer.and_then(|response| match &call.kind {
            CallKind::DeviceInfo => device::read(&response).map(|device| Reply::Device(Box::new(device))),
            CallKind::Refresh => Ok(Reply::Done),
            CallKind::Heartbeat => heartbeat::read(&response).map(|()| Reply::Done),
            CallKind::Comment(_) => comment::read(&response).map(|()| Reply::Done),
            CallKind::CreateAsset(_, kind) => asset::read(&response, *kind)
                .map(|asset| Reply::Upload(messages::Reply::Asset(Box::new(asset)))),
            CallKind::AnnounceParts(_, count) => {
                realtime::read(&response, *count).map(|urls| Reply::Upload(messages::Reply::Urls(urls)))
            }
        });
        if let Err(error) = &result {
            // The engine's own fetch is tried again a few times when the network is weak.
            call.failures += 1;
            let is_repeated = call.caller == Caller::FollowUp && call.failures < FETCH_ATTEMPTS;
            if is_repeated && is_transient(error) {
                let wait = Backoff::API.delay(call.failures, least_wait(error), &mut cx.random);
                call.state = State::Pausing(cx.now.mono + wait);
                return cx.tell(effects::Event::Retrying { error: error.clone(), wait });
            }
        }
        self.end(cx, id, result);
    }
}
