//! The device flow from a granted code to the user's decision (RFC 8628 sections 3.3 to 3.5).
//!
//! The pace belongs to the code, not to the call that polls: a poll that is cancelled and started
//! again goes on at the moment the server allows.

use crate::api::Request;
use crate::api::device_code::Grant;
use crate::api::token::TokenPair;
use crate::clock::Instant;
use crate::error::Error;
use crate::retry::{Outlook, outlook};
use crate::status::*;
use std::time::Duration;

/// RFC 8628 section 3.5: what `slow_down` adds to the interval, for good.
const SLOW_DOWN_STEP: Duration = Duration::from_secs(5);
/// A network that fails stretches the interval up to this, so that a code of two minutes still has
/// its chances when the network returns.
const LONGEST_STRETCH: Duration = Duration::from_secs(30);
/// 404 and the like may come from an intermediary, so the first few do not end the pairing.
const MOST_ODD_ANSWERS: u32 = 3;

/// One granted code on its way to a decision.
#[derive(Debug)]
pub struct Code {
    pub grant: Grant,
    poll: Request,
    expires: Instant,
    interval: Duration,
    next_poll: Instant,
    failures: u32,
    odd_answers: u32,
}

/// What to do now.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// Ask the token endpoint.
    Poll,
    /// Nothing before this moment.
    Wait(Instant),
    /// The code ran out.
    Expired,
}

/// What the answer to a poll means for the pairing.
#[derive(Debug, PartialEq)]
pub enum Verdict {
    Authorized(TokenPair),
    /// Go on; `Some` if it was a failure somebody may want to hear of.
    Continue(Option<Error>),
    /// Over. The code is of no use any more if `code_is_dead`.
    Ended {
        error: Error,
        code_is_dead: bool,
    },
}

impl Code {
    /// `poll` is the request that asks for this code's tokens.
    pub fn new(grant: Grant, poll: Request, now: Instant) -> Code {
        let interval = grant.interval;
        Code {
            expires: now + grant.life,
            next_poll: now + interval,
            interval,
            poll,
            grant,
            failures: 0,
            odd_answers: 0,
        }
    }

    pub fn expires(&self) -> Instant {
        self.expires
    }

    pub fn step(&self, now: Instant) -> Step {
        if now >= self.expires {
            Step::Expired
        } else if now >= self.next_poll {
            Step::Poll
        } else {
            Step::Wait(self.next_poll.min(self.expires))
        }
    }

    /// The request of a poll that leaves now. The next one is due an interval after its answer, or
    /// after this moment if the answer never comes.
    pub fn begin_poll(&mut self, now: Instant) -> Request {
        self.next_poll = now + self.interval;
        self.poll.clone()
    }

    pub fn answered(&mut self, answer: Result<TokenPair, Error>, now: Instant) -> Verdict {
        let verdict = self.judge(answer);
        self.next_poll = now
            + self.pace(match &verdict {
                Verdict::Continue(Some(error)) => error.retry_after,
                _ => None,
            });
        verdict
    }

    fn judge(&mut self, answer: Result<TokenPair, Error>) -> Verdict {
        let error = match answer {
            Ok(pair) => return Verdict::Authorized(pair),
            Err(error) => error,
        };
        match error.status {
            FIO_E_AUTHORIZATION_PENDING => {
                self.failures = 0;
                self.odd_answers = 0;
                Verdict::Continue(None)
            }
            FIO_E_SLOW_DOWN => {
                self.failures = 0;
                self.interval += SLOW_DOWN_STEP;
                Verdict::Continue(Some(error))
            }
            FIO_E_ACCESS_DENIED | FIO_E_EXPIRED_TOKEN | FIO_E_INVALID_GRANT => {
                Verdict::Ended { error, code_is_dead: true }
            }
            FIO_E_NOT_FOUND | FIO_E_HTTP if self.odd_answers + 1 < MOST_ODD_ANSWERS => {
                self.odd_answers += 1;
                Verdict::Continue(Some(error))
            }
            _ if outlook(&error) == Outlook::Transient => {
                self.failures += 1;
                Verdict::Continue(Some(error))
            }
            _ => Verdict::Ended { error, code_is_dead: false },
        }
    }

    /// RFC 8628 section 3.5: on a connection failure the pace is cut, doubling each time.
    fn pace(&self, asked: Option<Duration>) -> Duration {
        let stretched = self.interval.saturating_mul(1 << self.failures.min(8));
        let pace = if self.failures == 0 {
            self.interval
        } else {
            stretched.min(LONGEST_STRETCH).max(self.interval)
        };
        pace.max(asked.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{EncodingPolicy, token};
    use crate::secret::Secret;

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
        let poll = token::exchange(EncodingPolicy::AsDocumented, "c", &Secret::new("s"), &grant.device_code);
        Code::new(grant, poll, Instant(0))
    }

    fn err(status: i32) -> Result<TokenPair, Error> {
        Err(Error::of(status))
    }

    #[test]
    fn the_first_poll_waits_an_interval_and_so_does_each_next() {
        let mut code = code(5, 120);
        assert_eq!(code.step(Instant(0)), Step::Wait(Instant(5 * SECOND)));
        assert_eq!(code.step(Instant(5 * SECOND)), Step::Poll);
        code.begin_poll(Instant(5 * SECOND));
        assert_eq!(
            code.answered(err(FIO_E_AUTHORIZATION_PENDING), Instant(6 * SECOND)),
            Verdict::Continue(None)
        );
        assert_eq!(code.step(Instant(7 * SECOND)), Step::Wait(Instant(11 * SECOND)));
    }

    #[test]
    fn slow_down_is_for_good() {
        let mut code = code(5, 120);
        code.answered(err(FIO_E_SLOW_DOWN), Instant(0));
        code.answered(err(FIO_E_AUTHORIZATION_PENDING), Instant(0));
        assert_eq!(code.step(Instant(0)), Step::Wait(Instant(10 * SECOND)));
        code.answered(err(FIO_E_SLOW_DOWN), Instant(0));
        assert_eq!(code.step(Instant(0)), Step::Wait(Instant(15 * SECOND)));
    }

    #[test]
    fn a_dead_network_stretches_the_pace_and_an_answer_restores_it() {
        let mut code = code(5, 1200);
        let mut waits = Vec::new();
        for _ in 0..4 {
            code.answered(err(FIO_E_CONNECT), Instant(0));
            let Step::Wait(until) = code.step(Instant(0)) else { panic!() };
            waits.push(until.0 / SECOND);
        }
        assert_eq!(waits, [10, 20, 30, 30]);
        code.answered(err(FIO_E_AUTHORIZATION_PENDING), Instant(0));
        assert_eq!(code.step(Instant(0)), Step::Wait(Instant(5 * SECOND)));
    }

    #[test]
    fn the_servers_wish_to_wait_is_obeyed() {
        let mut code = code(5, 120);
        let mut error = Error::of(FIO_E_RATE_LIMITED);
        error.retry_after = Some(Duration::from_secs(42));
        code.answered(Err(error), Instant(0));
        assert_eq!(code.step(Instant(0)), Step::Wait(Instant(42 * SECOND)));
    }

    #[test]
    fn a_tls_failure_ends_it_at_once_and_keeps_the_code() {
        let mut code = code(5, 120);
        let verdict = code.answered(err(FIO_E_TLS_UNTRUSTED), Instant(0));
        assert!(matches!(verdict, Verdict::Ended { code_is_dead: false, .. }));
    }

    #[test]
    fn an_intermediarys_404_is_forgiven_a_few_times() {
        let mut code = code(5, 120);
        for _ in 0..MOST_ODD_ANSWERS - 1 {
            assert!(matches!(code.answered(err(FIO_E_NOT_FOUND), Instant(0)), Verdict::Continue(Some(_))));
        }
        assert!(matches!(code.answered(err(FIO_E_NOT_FOUND), Instant(0)), Verdict::Ended { .. }));
    }

    #[test]
    fn refusals_end_it() {
        for (status, dead) in [
            (FIO_E_ACCESS_DENIED, true),
            (FIO_E_EXPIRED_TOKEN, true),
            (FIO_E_INVALID_GRANT, true),
            (FIO_E_INVALID_CLIENT, false),
            (FIO_E_INVALID_REQUEST, false),
            (FIO_E_PROTOCOL, false),
        ] {
            match code(5, 120).answered(err(status), Instant(0)) {
                Verdict::Ended { error, code_is_dead } => {
                    assert_eq!((error.status, code_is_dead), (status, dead))
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn it_stops_when_the_code_runs_out() {
        let code = code(5, 12);
        assert_eq!(code.step(Instant(11_999)), Step::Poll);
        assert_eq!(code.step(Instant(12_000)), Step::Expired);
    }
}
