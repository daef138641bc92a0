//! One refresh at a time, for however many ask: ahead of expiry, on a 401, on request.
//!
//! A refresh token works once, and the service forgets both old tokens the moment it answers. So a
//! mark goes to the store before the request leaves, the new pair goes there before anyone hears of
//! it, and after a lost answer the same token is tried again: if the service never saw the first
//! attempt, that works; if it did, it says so clearly, and only then is the pairing over.

use super::effects::{Event, OpId, Outcome, RequestId};
use super::encodings::AuthEndpoint;
use super::{Engine, Purpose};
use crate::api::{Encoding, Response, failure, token};
use crate::auth::session::Verdict;
use crate::clock::Instant;
use crate::error::Error;
use crate::log::log_line;
use crate::prelude::*;
use crate::retry::{Outlook, may_have_been_processed, outlook};
use crate::status::*;
use core::time::Duration;

/// How many failed attempts, and how long a wait, somebody who waits for a refresh sits through
/// before being told. The engine itself goes on trying.
const PATIENCE: u32 = 3;
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// However often it is asked for, and however short the tokens live, a refresh leaves at most this often.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// Before the next attempt when the mark could not be stored and there is no hurry.
const STORE_PAUSE: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct RefreshFlow {
    waiting: Vec<Waiter>,
    request: Option<RequestId>,
    encoding: Encoding,
    /// Somebody needs it now, whatever the schedule says.
    wanted: bool,
    last_sent: Option<Instant>,
    /// Until when the service asked to be left alone, and with which answer.
    asked_to_wait: Option<(Instant, Error)>,
}

#[derive(Debug)]
struct Waiter {
    op: OpId,
    failures: u32,
}

impl RefreshFlow {
    pub fn forget(&mut self, op: OpId) {
        self.waiting.retain(|waiter| waiter.op != op);
    }
}

/// Whether somebody who waits should go on waiting after this many failures.
pub(super) fn is_worth_waiting(failures: u32, error: &Error, wait: Duration) -> bool {
    failures < PATIENCE && wait <= LONGEST_WAIT && outlook(error) == Outlook::Transient
}

impl Engine {
    pub(super) fn start_refresh(&mut self, op: OpId) -> Result<(), Error> {
        match self.session.tokens() {
            None => Err(Error::of(FIO_E_NOT_AUTHORIZED)),
            Some(tokens) if tokens.refresh.is_none() => {
                Err(Error::new(FIO_E_STATE, "the service gave no refresh token with this pairing"))
            }
            Some(_) => {
                self.refresh.waiting.push(Waiter { op, failures: 0 });
                self.want_refresh();
                Ok(())
            }
        }
    }

    pub(super) fn want_refresh(&mut self) {
        self.refresh.wanted = !self.session.is_refreshing();
    }

    /// When the next refresh should leave, from the schedule and from who asked.
    pub(super) fn refresh_deadline(&self) -> Option<Instant> {
        if self.session.is_refreshing() {
            return None;
        }
        let earliest = self.refresh.last_sent.map_or(Instant::default(), |sent| sent + SHORTEST_PAUSE);
        if self.refresh.wanted {
            return Some(earliest);
        }
        self.session.refresh_due().map(|at| at.max(earliest))
    }

    pub(super) fn step_refresh(&mut self) {
        if self.refresh_deadline().is_none_or(|at| self.cx.now.mono < at) {
            return;
        }
        match self.refresh.asked_to_wait.clone().filter(|(until, _)| self.cx.now.mono < *until) {
            // Who cannot wait that long hears of it now; the schedule has the moment already.
            Some((until, error)) => {
                self.refresh.wanted = false;
                self.release_impatient(&error, until - self.cx.now.mono);
            }
            None => self.send_refresh(),
        }
    }

    fn send_refresh(&mut self) {
        let wanted = core::mem::take(&mut self.refresh.wanted)
            || !self.refresh.waiting.is_empty()
            || self.calls.wait_for_refresh();
        if self.session.tokens().is_none_or(|tokens| tokens.refresh.is_none()) {
            return;
        }
        // Without the mark, and probably without a place for the new pair, a power cut would cost
        // the pairing. While the access token lives there is no need to risk that.
        if self.persist(true).is_err() && !wanted && !self.session.is_expired(self.cx.now.mono) {
            self.session.postpone_refresh(self.cx.now.mono + STORE_PAUSE);
            return;
        }
        let encoding = self.encoding_of(AuthEndpoint::Token);
        let settings = &self.cx.settings;
        let Some(refresh_token) = self.session.begin_refresh() else { return };
        let request = token::refresh(encoding, &settings.client_id, &settings.client_secret, refresh_token);
        self.refresh.encoding = encoding;
        self.refresh.last_sent = Some(self.cx.now.mono);
        self.refresh.request = Some(self.cx.send(request, Purpose::Refresh));
    }

    pub(super) fn refresh_answered(&mut self, answer: Result<Response, Error>) {
        self.refresh.request = None;
        let clear_word = answer.as_ref().is_ok_and(failure::is_from_the_service);
        let answer = answer.and_then(|response| token::read(&response));
        let used = self.session.tokens().and_then(|tokens| tokens.refresh.clone());
        self.refresh.asked_to_wait = None;
        let used_encoding = self.refresh.encoding;
        if self.wants_other_encoding(AuthEndpoint::Token, used_encoding, answer.as_ref().map(|_| ())) {
            log_line!(self.cx.log, Info, "the refresh was not understood; trying the other encoding");
            self.session.postpone_refresh(self.cx.now.mono);
            return;
        }
        match self.session.refresh_answered(answer, clear_word, self.cx.now, &mut self.cx.random) {
            Verdict::Renewed => self.refreshed(),
            Verdict::Again { error, wait } => {
                if error.retry_after.is_some() {
                    self.refresh.asked_to_wait = Some((self.cx.now.mono + wait, error.clone()));
                }
                self.persistence.refresh_was_interrupted |= may_have_been_processed(&error);
                self.cx.tell(Event::Retrying { error: error.clone(), wait });
                self.release_impatient(&error, wait);
            }
            Verdict::Suspended(error) => {
                self.cx.tell(Event::RefreshRefused(error.clone()));
                self.release_waiters(&Err(error));
            }
            Verdict::Lost(error) => {
                // Another process with the same store may have been faster.
                match used.and_then(|used| self.pair_stored_by_another(used.expose())) {
                    Some(record) => {
                        self.encodings.tokens_found(record.encoding);
                        self.session.restore(record.tokens, self.cx.now);
                        self.release_waiters(&Ok(()));
                    }
                    None => self.authorization_lost(error),
                }
            }
        }
    }

    fn refreshed(&mut self) {
        self.persistence.refresh_was_interrupted = false;
        // A refusal to store is told as an event and repeated; the tokens are good all the same.
        let _ = self.persist(false);
        self.cx.tell(Event::Refreshed);
        self.release_waiters(&Ok(()));
        self.fetch_device();
    }

    fn authorization_lost(&mut self, cause: Error) {
        let how = if core::mem::take(&mut self.persistence.refresh_was_interrupted) {
            "the answer to an earlier refresh was lost (power or network) after the service had used up the refresh token"
        } else {
            "the service refused to renew the authorization"
        };
        let mut error = cause;
        error.status = FIO_E_AUTHORIZATION_LOST;
        error.message = format!("{how}: {}", error.message).into();
        self.pairing.forget_approval();
        let _ = self.persist(false);
        self.cx.tell(Event::AuthorizationLost(error.clone()));
        self.release_waiters(&Err(error));
    }

    /// Everybody who waited for this refresh hears its end.
    fn release_waiters(&mut self, result: &Result<(), Error>) {
        for waiter in core::mem::take(&mut self.refresh.waiting) {
            self.cx.complete(waiter.op, result.clone().map(|()| Outcome::Done));
        }
        if let Err(error) = result {
            self.fail_waiting_calls(error);
        }
    }

    fn release_impatient(&mut self, error: &Error, wait: Duration) {
        let mut released = Vec::new();
        self.refresh.waiting.retain_mut(|waiter| {
            waiter.failures += 1;
            let stays = is_worth_waiting(waiter.failures, error, wait);
            if !stays {
                released.push(waiter.op);
            }
            stays
        });
        for op in released {
            self.cx.complete(op, Err(error.clone()));
        }
        self.release_impatient_calls(error, wait);
    }

    /// Ends the session as far as this device is concerned, for a reason everybody who waits is told.
    /// Returns the refresh in flight, if there is one.
    pub(super) fn drop_session(&mut self, status: i32) -> Option<RequestId> {
        self.refresh.wanted = false;
        self.refresh.asked_to_wait = None;
        let in_flight = self.refresh.request.take();
        for waiter in core::mem::take(&mut self.refresh.waiting) {
            self.cx.complete(waiter.op, Err(Error::of(status)));
        }
        self.drop_calls(&Error::of(status));
        in_flight
    }
}
