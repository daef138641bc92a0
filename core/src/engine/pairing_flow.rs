//! Code requests, polls, and the whole pairing (RFC 8628), as operations.

use super::effects::{Event, Notice, OpId, Outcome, RequestId, ShownCode};
use super::encodings::AuthEndpoint;
use super::{Engine, Purpose};
use crate::api::device_code::{self, Grant};
use crate::api::{Encoding, Request, Response, token};
use crate::auth::pairing::{Code, Step, Verdict};
use crate::clock::Instant;
use crate::error::Error;
use crate::log::log_line;
use crate::retry::{Backoff, Outlook, least_wait, outlook};
use crate::secret::Secret;
use crate::status::*;
use core::time::Duration;

#[derive(Debug, Default)]
pub(super) struct PairingFlow {
    code: Option<(u64, Code)>,
    next_code: u64,
    legacy_path: bool,
    /// The code request in flight, whether the other path was tried, and for whom it is.
    requesting: Option<CodeRequest>,
    poll_in_flight: Option<RequestId>,
    /// How the polls of the code travel.
    poll_encoding: Encoding,
    /// The operation that waits for the user's decision.
    poller: Option<OpId>,
    /// The user approved while nobody was polling.
    approved_unasked: bool,
    pair: Option<Pair>,
}

#[derive(Debug)]
struct CodeRequest {
    op: OpId,
    request: RequestId,
    encoding: Encoding,
    tried_other_path: bool,
}

/// The whole pairing: code, poll, a new code when one expires, device information.
#[derive(Debug)]
struct Pair {
    op: OpId,
    codes_left: u32,
    codes_shown: u32,
    failures: u32,
    /// A code could not be had; when to ask again.
    ask_again: Option<Instant>,
    waits_for_device: bool,
}

impl PairingFlow {
    pub fn use_legacy_path(&mut self, legacy: bool) {
        self.legacy_path = legacy;
    }

    pub fn uses_legacy_path(&self) -> bool {
        self.legacy_path
    }

    /// What was approved while nobody was polling is over: a later poll has nothing to report.
    pub fn forget_approval(&mut self) {
        self.approved_unasked = false;
    }

    pub fn code_number(&self) -> Option<u64> {
        self.code.as_ref().map(|(number, _)| *number)
    }

    pub fn device_code(&self) -> Option<&Secret> {
        self.code.as_ref().map(|(_, code)| &code.grant.device_code)
    }

    pub fn has_live_code(&self, now: Instant) -> bool {
        self.code.as_ref().is_some_and(|(_, code)| now < code.expires())
    }

    fn is_busy(&self) -> bool {
        self.requesting.is_some() || self.poller.is_some() || self.pair.is_some()
    }
}

impl Engine {
    pub(super) fn start_code(&mut self, op: OpId) -> Result<(), Error> {
        if self.pairing.is_busy() {
            return Err(Error::of(FIO_E_IN_PROGRESS));
        }
        self.abandon_code();
        self.doubt_encodings();
        self.request_code(op, false);
        Ok(())
    }

    pub(super) fn start_poll(&mut self, op: OpId) -> Result<(), Error> {
        if self.pairing.is_busy() {
            return Err(Error::of(FIO_E_IN_PROGRESS));
        }
        if self.pairing.code.is_none() && !self.pairing.approved_unasked {
            return Err(Error::of(FIO_E_NO_CODE));
        }
        self.pairing.poller = Some(op);
        Ok(())
    }

    pub(super) fn start_pair(&mut self, op: OpId, codes: u32) -> Result<(), Error> {
        if self.pairing.is_busy() {
            return Err(Error::of(FIO_E_IN_PROGRESS));
        }
        if codes == 0 {
            return Err(Error::new(FIO_E_ARGUMENT, "a pairing needs at least one code"));
        }
        self.abandon_code();
        self.doubt_encodings();
        self.pairing.pair = Some(Pair {
            op,
            codes_left: codes - 1,
            codes_shown: 0,
            failures: 0,
            ask_again: None,
            waits_for_device: false,
        });
        self.request_code(op, false);
        Ok(())
    }

    /// Stops caring about the current code. A poll that is under way still comes back: if it brings
    /// tokens they are revoked, since nobody wants that pairing any more.
    fn abandon_code(&mut self) {
        self.pairing.code = None;
        self.pairing.poll_in_flight = None;
        self.pairing.approved_unasked = false;
    }

    fn request_code(&mut self, op: OpId, tried_other_path: bool) {
        let settings = &self.cx.settings;
        let encoding = self.encoding_of(AuthEndpoint::Code);
        let request = device_code::request(
            self.pairing.legacy_path,
            encoding,
            settings.url_pairing,
            &settings.client_id,
            &settings.client_secret,
        );
        let request = self.cx.send(request, Purpose::Code);
        self.pairing.requesting = Some(CodeRequest { op, request, encoding, tried_other_path });
    }

    pub(super) fn code_answered(&mut self, answer: Result<Response, Error>) {
        let Some(asked) = self.pairing.requesting.take() else { return };
        let CodeRequest { op, encoding, tried_other_path, .. } = asked;
        let answer = answer.and_then(|response| device_code::read(&response));
        if self.wants_other_encoding(AuthEndpoint::Code, encoding, answer.as_ref().map(|_| ())) {
            log_line!(self.cx.log, Info, "the code request was not understood; trying the other encoding");
            return self.request_code(op, tried_other_path);
        }
        match answer {
            Ok(grant) => {
                if tried_other_path {
                    self.remember_service();
                }
                self.code_granted(op, grant);
            }
            // An older or newer service: the path differs.
            Err(error) if error.status == FIO_E_NOT_FOUND && !tried_other_path => {
                self.pairing.legacy_path = !self.pairing.legacy_path;
                log_line!(self.cx.log, Info, "the code path answered 404; trying the other one");
                self.request_code(op, true);
            }
            Err(error) => {
                if tried_other_path {
                    self.pairing.legacy_path = !self.pairing.legacy_path;
                }
                self.code_refused(op, error);
            }
        }
    }

    fn poll_request(&mut self, device_code: &Secret) -> Request {
        self.pairing.poll_encoding = self.encoding_of(AuthEndpoint::Token);
        let settings = &self.cx.settings;
        token::exchange(self.pairing.poll_encoding, &settings.client_id, &settings.client_secret, device_code)
    }

    fn code_granted(&mut self, op: OpId, grant: Grant) {
        let poll = self.poll_request(&grant.device_code);
        let mut shown = self.shown_without_own(ShownCode {
            user_code: grant.user_code.clone(),
            verification_uri: grant.verification_uri.clone(),
            verification_uri_complete: grant.verification_uri_complete.clone(),
            name: grant.name.clone(),
            expires: self.cx.now.mono + grant.life,
            life: grant.life,
            interval: grant.interval,
            number: 1,
        });
        let serial = self.pairing.next_code;
        self.pairing.next_code += 1;
        self.pairing.code = Some((serial, Code::new(grant, poll, self.cx.now.mono)));
        match self.pairing.pair.as_mut() {
            Some(pair) => {
                pair.failures = 0;
                pair.codes_shown += 1;
                shown.number = pair.codes_shown;
                self.pairing.poller = Some(op);
                self.cx.notices.push_back(Notice::ShowCode(op, shown));
            }
            None => self.cx.complete(op, Ok(Outcome::Code(shown))),
        }
    }

    fn code_refused(&mut self, op: OpId, error: Error) {
        // A whole pairing waits for its network: one that is not there yet, or that a person has to log in
        // to. The person hears of it by the event, and may cancel.
        if let Some(pair) = self.pairing.pair.as_mut().filter(|_| outlook(&error) != Outlook::Refused) {
            pair.failures = pair.failures.saturating_add(1);
            let wait = Backoff::CODE.delay(pair.failures, least_wait(&error), &mut self.cx.random);
            pair.ask_again = Some(self.cx.now.mono + wait);
            self.cx.tell(Event::Retrying { error, wait });
            return;
        }
        self.pairing.pair = None;
        self.cx.complete(op, Err(error));
    }

    pub(super) fn poll_answered(&mut self, serial: u64, answer: Result<Response, Error>) {
        let answer = answer.and_then(|response| token::read(&response));
        let now = self.cx.now.mono;
        let used = self.pairing.poll_encoding;
        let not_understood =
            self.wants_other_encoding(AuthEndpoint::Token, used, answer.as_ref().map(|_| ()));
        let Some((_, code)) = self.pairing.code.as_mut().filter(|(current, _)| *current == serial) else {
            if let Ok(pair) = answer {
                log_line!(self.cx.log, Info, "an abandoned pairing was approved; revoking it");
                self.revoke_in_background(pair.refresh.unwrap_or(pair.access));
            }
            return;
        };
        self.pairing.poll_in_flight = None;
        if let Some(error) = answer.as_ref().err().filter(|_| not_understood) {
            code.unheard(now);
            let (error, device_code) = (error.clone(), code.grant.device_code.clone());
            let wait = code.wait(now);
            return self.poll_in_other_encoding(&device_code, error, wait);
        }
        match code.answered(answer, now) {
            Verdict::Authorized(pair) => {
                self.pairing.code = None;
                self.install_pairing(pair);
                match self.pairing.poller.take() {
                    Some(op) => self.poll_succeeded(op),
                    None => self.pairing.approved_unasked = true,
                }
            }
            Verdict::Continue(None) => {}
            Verdict::Continue(Some(error)) => {
                let wait = code.wait(now);
                self.cx.tell(Event::Retrying { error, wait });
            }
            Verdict::Ended { error, code_is_dead } => {
                if code_is_dead {
                    self.pairing.code = None;
                }
                self.poll_failed(error);
            }
        }
    }

    fn poll_in_other_encoding(&mut self, device_code: &Secret, error: Error, wait: Duration) {
        let poll = self.poll_request(device_code);
        if let Some((_, code)) = self.pairing.code.as_mut() {
            code.poll_with(poll);
        }
        self.cx.tell(Event::Retrying { error, wait });
    }

    fn install_pairing(&mut self, pair: token::TokenPair) {
        // An earlier pairing ends here: an answer to its refresh must not replace the new tokens.
        if let Some(request) = self.drop_session(FIO_E_CANCELED) {
            self.cx.abort(request);
        }
        self.persistence.refresh_was_interrupted = false;
        self.session.install(pair, self.cx.now, false);
        self.encodings.tokens_found(self.pairing.poll_encoding);
        self.project_unknown();
        // A refusal to store is told as an event and repeated; the pairing is good all the same.
        let _ = self.persist(false);
        self.forget_device();
        self.cx.tell(Event::Authorized);
        self.fetch_device();
    }

    fn poll_succeeded(&mut self, op: OpId) {
        match self.pairing.pair.as_mut() {
            Some(pair) => pair.waits_for_device = true,
            None => self.cx.complete(op, Ok(Outcome::Done)),
        }
    }

    fn poll_failed(&mut self, error: Error) {
        let Some(op) = self.pairing.poller.take() else { return };
        if let Some(pair) = self.pairing.pair.as_mut() {
            self.pairing.code = None;
            if error.status == FIO_E_EXPIRED_TOKEN && pair.codes_left > 0 {
                pair.codes_left -= 1;
                self.request_code(op, false);
                return;
            }
            self.pairing.pair = None;
        }
        self.cx.complete(op, Err(error));
    }

    /// The device information that ends a whole pairing has come, or will not.
    pub(super) fn finish_pair(&mut self, result: Result<Outcome, Error>) {
        if self.pairing.pair.as_ref().is_some_and(|pair| pair.waits_for_device) {
            if let Some(pair) = self.pairing.pair.take() {
                self.cx.complete(pair.op, result);
            }
        }
    }

    pub(super) fn pair_waits_for_device(&self) -> bool {
        self.pairing.pair.as_ref().is_some_and(|pair| pair.waits_for_device)
    }

    pub(super) fn cancel_pairing(&mut self, op: OpId) {
        if let Some(request) = self.pairing.requesting.take_if(|requesting| requesting.op == op) {
            self.cx.abort(request.request);
        }
        // A poll that is cancelled leaves its code alive: it may be taken up again.
        self.pairing.poller.take_if(|poller| *poller == op);
        if let Some(pair) = self.pairing.pair.take_if(|pair| pair.op == op) {
            if !pair.waits_for_device {
                self.abandon_code();
            }
        }
    }

    pub(super) fn step_pairing(&mut self) {
        let now = self.cx.now.mono;
        if let Some(pair) = self.pairing.pair.as_mut() {
            if pair.ask_again.is_some_and(|at| now >= at) {
                pair.ask_again = None;
                let op = pair.op;
                self.request_code(op, false);
            }
        }
        if self.pairing.poller.is_none() || self.pairing.poll_in_flight.is_some() {
            return;
        }
        let Some((serial, code)) = self.pairing.code.as_mut() else {
            if core::mem::take(&mut self.pairing.approved_unasked) {
                if let Some(op) = self.pairing.poller.take() {
                    self.poll_succeeded(op);
                }
            }
            return;
        };
        match code.step(now) {
            Step::Wait(_) => {}
            Step::Poll => {
                let (code, request) = (*serial, code.begin_poll(now));
                self.pairing.poll_in_flight = Some(self.cx.send(request, Purpose::Poll { code }));
            }
            Step::Expired => {
                let error = code.expired();
                self.pairing.code = None;
                self.poll_failed(error);
            }
        }
    }

    pub(super) fn pairing_deadline(&self) -> Option<Instant> {
        let ask_again = self.pairing.pair.as_ref().and_then(|pair| pair.ask_again);
        let waits = self.pairing.poller.is_some() && self.pairing.poll_in_flight.is_none();
        let poll =
            self.pairing.code.as_ref().filter(|_| waits).map(|(_, code)| match code.step(self.cx.now.mono) {
                Step::Wait(until) => until,
                Step::Poll | Step::Expired => self.cx.now.mono,
            });
        ask_again.into_iter().chain(poll).min()
    }
}
