//! The device flow from a granted code to the user's decision (RFC 8628 sections 3.3 to 3.5).
//!
//! The pace belongs to the code, not to the call that polls: a poll that is canceled and started
//! again goes on at the moment the server allows.

use crate::api::Request;
use crate::api::device_code::Grant;
use crate::clock::Instant;
use crate::error::Error;
use crate::failure::{Verdict, poll_verdict};
use crate::prelude::*;
use crate::secret::Secret;
use crate::status::*;
use core::time::Duration;

/// RFC 8628 section 3.5: what `slow_down` adds to the interval, for good.
const SLOW_DOWN_STEP: Duration = Duration::from_secs(5);
/// A network that fails, or something that answers in place of the service, stretches the interval up to
/// this, so that a code of two minutes still has its chances when that is over.
const LONGEST_STRETCH: Duration = Duration::from_secs(30);
/// What `Retry-After` asks for is a floor up to this, for the same reason.
const LONGEST_ASKED: Duration = Duration::from_secs(60);

/// One granted code on its way to a decision.
#[derive(Debug)]
pub(crate) struct Code {
    pub number: u64,
    pub device_code: Secret,
    poll: Request,
    is_polling: bool,
    expires: Instant,
    interval: Duration,
    next_poll: Instant,
    /// Polls without an answer of the service, since it last gave one.
    failures: u32,
    /// The last of them, told when the code runs out.
    trouble: Option<Error>,
}

impl Code {
    /// `poll` is the request that asks for this code's tokens.
    pub(crate) fn new(number: u64, grant: &Grant, poll: Request, now: Instant) -> Code {
        Code {
            number,
            device_code: grant.device_code.clone(),
            poll,
            is_polling: false,
            expires: now + grant.life,
            interval: grant.interval,
            next_poll: now + grant.interval,
            failures: 0,
            trouble: None,
        }
    }

    /// How it ended when it ran out, with what was in the way at last.
    pub(crate) fn expired(&self) -> Error {
        let error = Error::of(FIO_E_EXPIRED_TOKEN);
        match &self.trouble {
            Some(trouble) => {
                let message = format!("{}; the last answer to it: {}", error.message, trouble.message);
                Error::told(FIO_E_EXPIRED_TOKEN, message)
            }
            None => error,
        }
    }

    pub(crate) fn is_expired(&self, now: Instant) -> bool {
        now >= self.expires
    }

    pub(crate) fn is_polling(&self) -> bool {
        self.is_polling
    }

    /// When there is something to do; `None` while an answer is awaited.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        (!self.is_polling).then(|| self.next_poll.min(self.expires))
    }

    /// The poll that is due. The next one is due an interval after its answer.
    pub(crate) fn poll_request(&mut self, now: Instant) -> Option<Request> {
        if self.is_polling || now < self.next_poll || self.is_expired(now) {
            return None;
        }
        self.is_polling = true;
        Some(self.poll.clone())
    }

    pub(crate) fn handle_failure(&mut self, error: &Error, now: Instant) -> Verdict {
        self.is_polling = false;
        if [FIO_E_AUTHORIZATION_PENDING, FIO_E_SLOW_DOWN].contains(&error.status) {
            self.failures = 0;
            self.trouble = None;
            if error.status == FIO_E_SLOW_DOWN {
                self.interval += SLOW_DOWN_STEP;
            }
        } else {
            self.failures += 1;
            self.trouble = Some(error.clone());
        }
        self.next_poll = now + self.pace(error.retry_after);
        poll_verdict(error)
    }

    /// The answer says nothing about the code: the same again in another encoding, at the same pace.
    pub(crate) fn poll_with(&mut self, poll: Request, now: Instant) {
        self.poll = poll;
        self.is_polling = false;
        self.next_poll = now + self.interval;
    }

    /// RFC 8628 section 3.5: on a connection failure the pace is cut, doubling each time. So it is after any
    /// other answer that is not the service's.
    fn pace(&self, asked: Option<Duration>) -> Duration {
        let stretched = self.interval.saturating_mul(1 << self.failures.min(8));
        let pace = if self.failures == 0 {
            self.interval
        } else {
            stretched.min(LONGEST_STRETCH).max(self.interval)
        };
        pace.max(asked.unwrap_or_default().min(LONGEST_ASKED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Encoding, Response, token};
    use crate::secret::SecretBytes;

    const SECOND: u64 = 1000;

    fn code(interval: u64, life: u64) -> Code {
        let grant = Grant {
            device_code: Secret::new("d"),
            user_code: "123456".into(),
            verification_uri: None,
            verification_uri_complete: None,
            name: None,
            life: Duration::from_secs(life),
            interval: Duration::from_secs(interval),
        };
        let poll = token::exchange(Encoding::Form, "c", &Secret::new("s"), &grant.device_code);
        Code::new(0, &grant, poll, Instant(0))
    }

    fn err(status: i32) -> Error {
        Error::of(status)
    }

    #[test]
    fn the_first_poll_waits_an_interval_and_so_does_each_next() {
        let mut code = code(5, 120);
        assert_eq!(code.poll_timeout(), Some(Instant(5 * SECOND)));
        assert!(code.poll_request(Instant(5 * SECOND - 1)).is_none());
        assert!(code.poll_request(Instant(5 * SECOND)).is_some());
        assert!(code.poll_request(Instant(5 * SECOND)).is_none() && code.poll_timeout().is_none());
        let verdict = code.handle_failure(&err(FIO_E_AUTHORIZATION_PENDING), Instant(6 * SECOND));
        assert_eq!(verdict, Verdict::Retry);
        assert_eq!(code.poll_timeout(), Some(Instant(11 * SECOND)));
    }

    #[test]
    fn slow_down_is_for_good() {
        let mut code = code(5, 120);
        code.handle_failure(&err(FIO_E_SLOW_DOWN), Instant(0));
        code.handle_failure(&err(FIO_E_AUTHORIZATION_PENDING), Instant(0));
        assert_eq!(code.poll_timeout(), Some(Instant(10 * SECOND)));
        code.handle_failure(&err(FIO_E_SLOW_DOWN), Instant(0));
        assert_eq!(code.poll_timeout(), Some(Instant(15 * SECOND)));
    }

    #[test]
    fn a_dead_network_stretches_the_pace_and_an_answer_restores_it() {
        let mut code = code(5, 1200);
        let mut waits = Vec::new();
        for _ in 0..4 {
            code.handle_failure(&err(FIO_E_CONNECT), Instant(0));
            waits.push(code.poll_timeout().unwrap().0 / SECOND);
        }
        assert_eq!(waits, [10, 20, 30, 30]);
        code.handle_failure(&err(FIO_E_AUTHORIZATION_PENDING), Instant(0));
        assert_eq!(code.poll_timeout(), Some(Instant(5 * SECOND)));
    }

    #[test]
    fn the_servers_wish_to_wait_is_obeyed() {
        let mut code = code(5, 120);
        let mut error = Error::of(FIO_E_RATE_LIMITED);
        error.retry_after = Some(Duration::from_secs(42));
        code.handle_failure(&error, Instant(0));
        assert_eq!(code.poll_timeout(), Some(Instant(42 * SECOND)));
    }

    #[test]
    fn an_asked_day_does_not_outlast_the_code() {
        let mut code = code(5, 120);
        let mut error = Error::of(FIO_E_RATE_LIMITED);
        error.retry_after = Some(Duration::from_secs(86_400));
        code.handle_failure(&error, Instant(0));
        assert_eq!(code.poll_timeout(), Some(Instant(60 * SECOND)));
    }

    /// An error as an answer with this HTTP status brings it.
    fn said(oauth: &str, http_status: u16) -> Error {
        let body = SecretBytes::new(format!(r#"{{"error":"{oauth}"}}"#).into_bytes());
        token::read(&Response { status: http_status, body, retry_after: None }).unwrap_err()
    }

    #[test]
    fn nothing_but_the_services_own_refusal_ends_it() {
        for row in DESCRIPTIONS.iter().filter(|row| row.status != FIO_OK) {
            let verdict = code(5, 120).handle_failure(&err(row.status), Instant(0));
            assert_eq!(verdict, Verdict::Retry, "{}", row.name);
        }
        for (name, http_status) in [
            ("server_error", 400),
            ("temporarily_unavailable", 400),
            ("something_new", 401),
            ("access_denied", 200),
            ("access_denied", 403),
            ("expired_token", 429),
            ("invalid_grant", 503),
        ] {
            let verdict = code(5, 120).handle_failure(&said(name, http_status), Instant(0));
            assert_eq!(verdict, Verdict::Retry, "{name} {http_status}");
        }
    }

    #[test]
    fn odd_answers_stretch_the_pace_and_are_told_when_it_runs_out() {
        let mut code = code(5, 1200);
        for wait in [10, 20, 30, 30] {
            code.handle_failure(&err(FIO_E_FORBIDDEN), Instant(0));
            assert_eq!(code.poll_timeout(), Some(Instant(wait * SECOND)));
        }
        assert!(code.expired().message.ends_with(&*Error::of(FIO_E_FORBIDDEN).message));
        code.handle_failure(&said("authorization_pending", 400), Instant(0));
        assert_eq!(code.poll_timeout(), Some(Instant(5 * SECOND)));
        assert_eq!(code.expired(), Error::of(FIO_E_EXPIRED_TOKEN));
    }

    #[test]
    fn refusals_end_it() {
        for (name, status, dead) in [
            ("access_denied", FIO_E_ACCESS_DENIED, true),
            ("expired_token", FIO_E_EXPIRED_TOKEN, true),
            ("invalid_grant", FIO_E_INVALID_GRANT, true),
            ("invalid_client", FIO_E_INVALID_CLIENT, false),
            ("invalid_request", FIO_E_INVALID_REQUEST, false),
            ("invalid_scope", FIO_E_INVALID_SCOPE, false),
            ("unauthorized_client", FIO_E_UNAUTHORIZED_CLIENT, false),
            ("unsupported_grant_type", FIO_E_UNSUPPORTED_GRANT_TYPE, false),
        ] {
            for http_status in [400, 401] {
                let error = said(name, http_status);
                let verdict = code(5, 120).handle_failure(&error, Instant(0));
                let expected = if dead { Verdict::StartOver } else { Verdict::Fail };
                assert_eq!((error.status, verdict), (status, expected));
            }
        }
    }

    #[test]
    fn it_stops_when_the_code_runs_out() {
        let mut code = code(5, 12);
        assert!(code.is_expired(Instant(12_000)) && code.poll_request(Instant(12_000)).is_none());
        assert!(!code.is_expired(Instant(11_999)) && code.poll_request(Instant(11_999)).is_some());
    }
}
