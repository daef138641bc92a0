//! Code requests, polls, and the whole pairing (RFC 8628), as operations.

mod code;

use crate::api::device_code::{self, Grant};
use crate::api::token::{self, TokenPair};
use crate::api::{Encoding, Request, Response};
use crate::clock::Instant;
use crate::context::effects::{self, Notice, OpId, Outcome, ShownCode};
use crate::context::service::AuthEndpoint;
use crate::context::{Context, Operation, Purpose};
use crate::error::Error;
use crate::failure::{Backoff, Verdict, is_refused, least_wait};
use crate::log::log_line;
use crate::secret::Secret;
use crate::status::*;
use code::Code;

#[derive(Debug, Default)]
pub(crate) struct Pairing {
    code: Option<Code>,
    next_code: u64,
    /// The code request, from when it is wanted to its answer.
    asking: Option<CodeRequest>,
    /// How the polls of the code travel.
    poll_encoding: Encoding,
    /// The operation that waits for the user's decision.
    poller: Option<OpId>,
    /// The user approved while nobody was polling.
    approved_unasked: bool,
    pair: Option<Pair>,
    event: Option<Event>,
}

/// What concerns others.
#[derive(Debug)]
pub(crate) enum Event {
    /// The user has approved. Once the tokens are stored, [`Pairing::tokens_stored`] wants to know.
    Approved(TokenPair, Encoding),
    /// A pairing that nobody wants any more was approved.
    Revoke(Secret),
}

#[derive(Debug)]
struct CodeRequest {
    op: OpId,
    is_sent: bool,
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

impl Pairing {
    pub(crate) fn code_number(&self) -> Option<u64> {
        self.code.as_ref().map(|code| code.number)
    }

    pub(crate) fn device_code(&self) -> Option<&Secret> {
        self.code.as_ref().map(|code| &code.device_code)
    }

    pub(crate) fn has_live_code(&self, now: Instant) -> bool {
        self.code.as_ref().is_some_and(|code| !code.is_expired(now))
    }

    pub(crate) fn start(&mut self, op: OpId, operation: Operation) -> Result<(), Error> {
        if self.asking.is_some() || self.poller.is_some() || self.pair.is_some() {
            return Err(Error::of(FIO_E_IN_PROGRESS));
        }
        match operation {
            Operation::Poll if self.code.is_none() && !self.approved_unasked => {
                return Err(Error::of(FIO_E_NO_CODE));
            }
            Operation::Poll => {
                self.poller = Some(op);
                return Ok(());
            }
            Operation::Pair { codes: 0 } => {
                return Err(Error::new(FIO_E_ARGUMENT, "a pairing needs at least one code"));
            }
            Operation::Pair { codes } => {
                self.pair = Some(Pair {
                    op,
                    codes_left: codes - 1,
                    codes_shown: 0,
                    failures: 0,
                    ask_again: None,
                    waits_for_device: false,
                });
            }
            _ => {}
        }
        self.abandon_code();
        self.ask(op, false);
        Ok(())
    }

    pub(crate) fn cancel(&mut self, cx: &mut Context, op: OpId) {
        if self.asking.take_if(|asking| asking.op == op).is_some() {
            cx.abort_for(Purpose::Code);
        }
        // A poll that is canceled leaves its code alive: it may be taken up again.
        self.poller.take_if(|poller| *poller == op);
        if self.pair.take_if(|pair| pair.op == op).is_some_and(|pair| !pair.waits_for_device) {
            self.abandon_code();
        }
    }

    /// Stops caring about the current code. A poll that is under way still comes back: if it brings
    /// tokens they are revoked, since nobody wants that pairing any more.
    fn abandon_code(&mut self) {
        self.code = None;
        self.approved_unasked = false;
    }

    /// What was approved while nobody was polling is over: a later poll has nothing to report.
    pub(crate) fn forget_approval(&mut self) {
        self.approved_unasked = false;
    }

    fn ask(&mut self, op: OpId, tried_other_path: bool) {
        let encoding = Encoding::default();
        self.asking = Some(CodeRequest { op, is_sent: false, encoding, tried_other_path });
    }

    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        self.event.take()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let ask_again = self.pair.as_ref().and_then(|pair| pair.ask_again);
        let code = self.code.as_ref().filter(|_| self.poller.is_some());
        ask_again.into_iter().chain(code.and_then(|code| code.poll_timeout())).min()
    }

    pub(crate) fn handle_timeout(&mut self, cx: &mut Context) {
        let now = cx.now.mono;
        let pair = self.pair.as_mut();
        let asks = pair.and_then(|pair| pair.ask_again.take_if(|at| now >= *at).map(|_| pair.op));
        if let Some(op) = asks {
            self.ask(op, false);
        }
        if self.poller.is_none() {
            return;
        }
        match &self.code {
            None if core::mem::take(&mut self.approved_unasked) => self.tokens_stored(cx),
            Some(code) if code.is_expired(now) && !code.is_polling() => {
                let error = code.expired();
                self.code = None;
                self.poll_failed(cx, error);
            }
            _ => {}
        }
    }

    pub(crate) fn poll_request(&mut self, cx: &Context) -> Option<(Request, Purpose)> {
        if let Some(asking) = self.asking.as_mut().filter(|asking| !asking.is_sent) {
            asking.is_sent = true;
            asking.encoding = cx.service.encoding_of(AuthEndpoint::Code);
            let settings = &cx.settings;
            let request = device_code::request(
                cx.service.has_legacy_path,
                asking.encoding,
                settings.url_pairing,
                &settings.client_id,
                &settings.client_secret,
            );
            return Some((request, Purpose::Code));
        }
        let code = self.code.as_mut().filter(|_| self.poller.is_some())?;
        Some((code.poll_request(cx.now.mono)?, Purpose::Poll { code: code.number }))
    }

    pub(crate) fn handle_code(&mut self, cx: &mut Context, answer: Result<Response, Error>) {
        let Some(CodeRequest { op, encoding, tried_other_path, .. }) = self.asking.take() else { return };
        let answer = answer.and_then(|response| device_code::read(&response));
        if cx.service.wants_other_encoding(AuthEndpoint::Code, encoding, &answer) {
            log_line!(cx.log, Info, "the code request was not understood; trying the other encoding");
            return self.ask(op, tried_other_path);
        }
        let service = &mut cx.service;
        match answer {
            Ok(grant) => {
                if tried_other_path {
                    service.remember();
                }
                self.code_granted(cx, op, grant);
            }
            // An older or newer service: the path differs.
            Err(error) if error.status == FIO_E_NOT_FOUND && !tried_other_path => {
                service.has_legacy_path = !service.has_legacy_path;
                log_line!(cx.log, Info, "the code path answered 404; trying the other one");
                self.ask(op, true);
            }
            Err(error) => {
                service.has_legacy_path ^= tried_other_path;
                self.code_refused(cx, op, error);
            }
        }
    }

    fn token_request(&mut self, cx: &Context, device_code: &Secret) -> Request {
        self.poll_encoding = cx.service.encoding_of(AuthEndpoint::Token);
        let settings = &cx.settings;
        token::exchange(self.poll_encoding, &settings.client_id, &settings.client_secret, device_code)
    }

    fn code_granted(&mut self, cx: &mut Context, op: OpId, grant: Grant) {
        let poll = self.token_request(cx, &grant.device_code);
        self.code = Some(Code::new(self.next_code, &grant, poll, cx.now.mono));
        let mut shown = cx.shown_without_own(ShownCode {
            user_code: grant.user_code,
            verification_uri: grant.verification_uri,
            verification_uri_complete: grant.verification_uri_complete,
            name: grant.name,
            expires: cx.now.mono + grant.life,
            life: grant.life,
            interval: grant.interval,
            number: 1,
        });
        self.next_code += 1;
        match self.pair.as_mut() {
            Some(pair) => {
                pair.failures = 0;
                pair.codes_shown += 1;
                shown.number = pair.codes_shown;
                self.poller = Some(op);
                cx.notices.push_back(Notice::ShowCode(op, shown));
            }
            None => cx.complete(op, Ok(Outcome::Code(shown))),
        }
    }

    fn code_refused(&mut self, cx: &mut Context, op: OpId, error: Error) {
        // A whole pairing waits for its network: one that is not there yet, or that a person has to log in
        // to. The person hears of it by the event, and may cancel.
        if let Some(pair) = self.pair.as_mut().filter(|_| !is_refused(&error)) {
            pair.failures = pair.failures.saturating_add(1);
            let wait = Backoff::CODE.delay(pair.failures, least_wait(&error), &mut cx.random);
            pair.ask_again = Some(cx.now.mono + wait);
            cx.tell(effects::Event::Retrying { error, wait });
            return;
        }
        self.pair = None;
        cx.complete(op, Err(error));
    }

    pub(crate) fn handle_poll(&mut self, cx: &mut Context, number: u64, answer: Result<Response, Error>) {
        let answer = answer.and_then(|response| token::read(&response));
        let now = cx.now.mono;
        let not_understood =
            cx.service.wants_other_encoding(AuthEndpoint::Token, self.poll_encoding, &answer);
        let Some(code) = self.code.as_mut().filter(|code| code.number == number) else {
            if let Ok(pair) = answer {
                log_line!(cx.log, Info, "an abandoned pairing was approved; revoking it");
                self.event = Some(Event::Revoke(pair.refresh.unwrap_or(pair.access)));
            }
            return;
        };
        let error = match answer {
            Ok(tokens) => {
                self.code = None;
                self.event = Some(Event::Approved(tokens, self.poll_encoding));
                return;
            }
            Err(error) => error,
        };
        let verdict = if not_understood {
            let device_code = code.device_code.clone();
            let poll = self.token_request(cx, &device_code);
            if let Some(code) = self.code.as_mut() {
                code.poll_with(poll, now);
            }
            Verdict::Retry
        } else {
            code.handle_failure(&error, now)
        };
        match verdict {
            Verdict::Retry if error.status == FIO_E_AUTHORIZATION_PENDING => {}
            Verdict::Retry => {
                let next = self.code.as_ref().and_then(|code| code.poll_timeout());
                cx.tell(effects::Event::Retrying { error, wait: next.unwrap_or(now) - now });
            }
            verdict => {
                self.code.take_if(|_| verdict == Verdict::StartOver);
                self.poll_failed(cx, error);
            }
        }
    }

    /// What the user approved is in force.
    pub(crate) fn tokens_stored(&mut self, cx: &mut Context) {
        match (self.poller.take(), &mut self.pair) {
            (None, _) => self.approved_unasked = true,
            (Some(_), Some(pair)) => pair.waits_for_device = true,
            (Some(op), None) => cx.complete(op, Ok(Outcome::Done)),
        }
    }

    fn poll_failed(&mut self, cx: &mut Context, error: Error) {
        let Some(op) = self.poller.take() else { return };
        if let Some(pair) = self.pair.as_mut() {
            self.code = None;
            if error.status == FIO_E_EXPIRED_TOKEN && pair.codes_left > 0 {
                pair.codes_left -= 1;
                return self.ask(op, false);
            }
            self.pair = None;
        }
        cx.complete(op, Err(error));
    }

    pub(crate) fn waits_for_device(&self) -> bool {
        self.pair.as_ref().is_some_and(|pair| pair.waits_for_device)
    }

    /// The device information that ends a whole pairing has come, or will not.
    pub(crate) fn handle_device(&mut self, cx: &mut Context, result: Result<Outcome, Error>) {
        if let Some(pair) = self.pair.take_if(|pair| pair.waits_for_device) {
            cx.complete(pair.op, result);
        }
    }
}
