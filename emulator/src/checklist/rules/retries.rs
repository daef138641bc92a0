//! Trying again: that a device does, and how patiently.

use std::collections::VecDeque;
use std::time::Duration;

use crate::checklist::event::{Answered, Asked, Deed, Event, Moment};
use crate::checklist::ledger::Ledger;
use crate::checklist::recent::Recent;
use crate::checklist::row::Row;
use crate::checklist::rule::Rule;
use crate::endpoint::Endpoint;

pub static NETWORK: Row = Row {
    name: "retry_network",
    numbers: &[26],
    requirement: "What got no answer is tried again until it has one.",
    reference: "protocol 6; integrator checklist, automatic retry",
    question: None,
};
pub static ERRORS: Row = Row {
    name: "retry_errors",
    numbers: &[28],
    requirement: "What the service refused for now (429, 5xx, an expired token) is tried again.",
    reference: "protocol 6; integrator checklist, automatic retry",
    question: None,
};
pub static STORAGE: Row = Row {
    name: "retry_storage",
    numbers: &[31],
    requirement: "A part that the storage refused for now (5xx, SlowDown, RequestTimeout) is sent again.",
    reference: "protocol 6; integrator checklist, AWS errors",
    question: None,
};
pub static BACKOFF: Row = Row {
    name: "backoff",
    numbers: &[],
    requirement: "A device does not hammer: it waits longer and longer between failures, and as long as \
                  Retry-After says.",
    reference: "protocol 6; RFC 9110 section 10.2.3; guide “Rate limits”",
    question: None,
};

const MOST_THINGS: usize = 10_000;
/// So many failed attempts at one thing, in so short a time, come of no backoff there is.
const ATTEMPTS: usize = 10;
const WITHIN: Duration = Duration::from_secs(10);
/// A device that was switched off and on has forgotten what it was told: once is no breach.
const EARLY_TOLERATED: u32 = 1;
const TOLERANCE: Duration = Duration::from_millis(500);

pub struct Retries {
    failing: Recent<String, Failing>,
}

#[derive(Default)]
struct Failing {
    /// The newest ones.
    attempts: VecDeque<Moment>,
    last: Option<Last>,
    early: u32,
    lost: bool,
    refused: bool,
}

#[derive(Clone, Copy)]
struct Last {
    seq: u64,
    at: Moment,
    wait: Option<Duration>,
}

impl Default for Retries {
    fn default() -> Self {
        Self { failing: Recent::new(MOST_THINGS) }
    }
}

fn key(asked: &Asked) -> String {
    format!("{} {}", asked.device.as_deref().unwrap_or_default(), asked.thing())
}

impl Retries {
    fn asked(&mut self, asked: &Asked, ledger: &mut Ledger) {
        // Most of the time nothing fails.
        if self.failing.is_empty() || !asked.timed {
            return;
        }
        let Some(failing) = self.failing.get_mut(&key(asked)) else { return };
        let Some(last) = failing.last else { return };
        let device = asked.device.as_deref();
        if let Some(wait) = last.wait {
            let waited = asked.at.since(last.at);
            if waited + TOLERANCE < wait.mul_f64(0.9) {
                failing.early += 1;
                if failing.early > EARLY_TOLERATED {
                    let why = format!(
                        "It came {:.1} s after an answer that asked to wait {} s.",
                        waited.as_secs_f64(),
                        wait.as_secs()
                    );
                    ledger.broken(&BACKOFF, device, why, &[last.seq, asked.seq]);
                }
            } else {
                ledger.kept(&BACKOFF, device);
            }
        }
        let oldest = failing.attempts.front().filter(|_| failing.attempts.len() == ATTEMPTS);
        if let Some(span) = oldest.map(|oldest| asked.at.since(*oldest)).filter(|span| *span < WITHIN) {
            let why = format!(
                "{ATTEMPTS} attempts at it have failed in the last {:.1} s, and here is the next.",
                span.as_secs_f64()
            );
            ledger.broken(&BACKOFF, device, why, &[last.seq, asked.seq]);
            failing.attempts.clear();
        }
    }

    fn answered(&mut self, answered: &Answered<'_>, ledger: &mut Ledger) {
        let asked = answered.asked;
        let device = asked.device.as_deref();
        let is_timeout = asked.is(Endpoint::Part) && answered.status == Some(400) && answered.fault.is_some();
        let passing = answered.is_passing_failure() || is_timeout;
        let refused_call = !asked.endpoint.is_auth()
            && !answered.told.paused
            && answered.status.is_some_and(|status| status >= 400 && status != 401);
        let is_expired = answered.status == Some(401) && !asked.endpoint.is_auth();
        if passing || refused_call || is_expired {
            let failing = self.failing.entry(&key(asked), Failing::default);
            if failing.attempts.len() == ATTEMPTS {
                failing.attempts.pop_front();
            }
            failing.attempts.push_back(answered.at);
            let wait = answered.told.retry_after;
            failing.last = Some(Last { seq: asked.seq, at: answered.at, wait });
            failing.lost |= answered.is_lost();
            failing.refused |= (passing && !answered.is_lost()) || is_expired;
            return;
        }
        if self.failing.is_empty() {
            return;
        }
        let Some(failing) = self.failing.remove(&key(asked)) else { return };
        if !answered.succeeded() {
            return;
        }
        let is_part = asked.is(Endpoint::Part);
        let rows = [(failing.lost, &NETWORK), (failing.refused, if is_part { &STORAGE } else { &ERRORS })];
        for (_, row) in rows.iter().filter(|(happened, _)| *happened) {
            ledger.kept(row, device);
        }
        if failing.attempts.len() > 2 {
            ledger.kept(&BACKOFF, device);
        }
    }
}

impl Rule for Retries {
    fn rows(&self) -> Vec<&'static Row> {
        vec![&NETWORK, &ERRORS, &STORAGE, &BACKOFF]
    }

    fn see(&mut self, event: &Event<'_>, ledger: &mut Ledger) {
        match event {
            Event::Asked(asked) if asked.endpoint != Endpoint::Unknown => self.asked(asked, ledger),
            Event::Answered(answered) if answered.asked.endpoint != Endpoint::Unknown => {
                self.answered(answered, ledger);
            }
            Event::Deed { device, deed: Deed::PowerCut, .. } => {
                self.failing.retain(|key, _| !key.starts_with(&format!("{device} ")));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::bench::{Bench, told};
    use crate::checklist::event::Told;
    use crate::checklist::row::Status;

    fn put(bench: &mut Bench) -> &mut Bench {
        bench.call(Endpoint::Part, |asked| (asked.asset, asked.part) = (Some("a".into()), Some(1)))
    }

    #[test]
    fn doubling_waits_are_patient() {
        let mut bench = Bench::new(Retries::default());
        for wait in [0.0, 0.1, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0, 60.0] {
            put(bench.wait(wait)).swallowed("reset", told());
        }
        put(bench.wait(60.0)).answer(503, told());
        put(bench.wait(60.0)).answer(200, told());
        assert_eq!((bench.status(&NETWORK), bench.status(&STORAGE)), (Status::Fulfilled, Status::Fulfilled));
        assert_eq!(
            (bench.status(&ERRORS), bench.status(&BACKOFF)),
            (Status::NotExercised, Status::Fulfilled)
        );
    }

    #[test]
    fn hammering_is_not() {
        for status in [Some(503), Some(404), None] {
            let mut bench = Bench::new(Retries::default());
            for _ in 0..ATTEMPTS {
                put(bench.wait(0.05)).end(status, None, 0, told());
            }
            assert_ne!(bench.status(&BACKOFF), Status::Broken);
            put(bench.wait(0.05));
            assert_eq!(bench.breach(&BACKOFF).requests, [10, 11]);
        }
    }

    #[test]
    fn an_expired_token_is_an_error_like_others() {
        let mut bench = Bench::new(Retries::default());
        bench.call(Endpoint::Me, |_| {}).answer(401, told());
        bench.call(Endpoint::Me, |_| {}).answer(200, told());
        assert_eq!(
            (bench.status(&ERRORS), bench.status(&NETWORK)),
            (Status::Fulfilled, Status::NotExercised)
        );
    }

    #[test]
    fn retry_after_is_obeyed() {
        let busy = || Told { retry_after: Some(Duration::from_secs(30)), ..told() };
        let mut bench = Bench::new(Retries::default());
        put(&mut bench).faulty(503, busy());
        put(bench.wait(30.0)).faulty(503, busy());
        assert_eq!(bench.status(&BACKOFF), Status::Fulfilled);
        put(bench.wait(5.0)).faulty(503, busy());
        assert_eq!(bench.status(&BACKOFF), Status::Fulfilled, "once may be a restart");
        put(bench.wait(5.0)).faulty(503, busy());
        assert_eq!(bench.breach(&BACKOFF).requests, [3, 4]);
    }
}
