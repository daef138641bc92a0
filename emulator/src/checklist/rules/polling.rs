//! How a device asks for the decision about its code.

use std::time::Duration;

use crate::checklist::event::{Answered, Asked, Event, Moment};
use crate::checklist::ledger::Ledger;
use crate::checklist::recent::Recent;
use crate::checklist::row::Row;
use crate::checklist::rule::Rule;
use crate::service::codes::MOST_CODES;

pub static PACE: Row = Row {
    name: "polling_pace",
    numbers: &[],
    requirement: "Polls come no faster than the interval the device was given, or 5 s if it was given none.",
    reference: "protocol 3.2; RFC 8628 sections 3.2 and 3.5",
    question: None,
};
pub static SLOW_DOWN: Row = Row {
    name: "slow_down_obeyed",
    numbers: &[],
    requirement: "Each slow_down makes the device wait 5 s longer between polls of that code, from then on.",
    reference: "protocol 3.2; RFC 8628 section 3.5",
    question: None,
};
pub static END: Row = Row {
    name: "polling_ends",
    numbers: &[],
    requirement: "A device that was told the end (tokens, refusal, expiry) does not ask again with that code.",
    reference: "protocol 3.2; RFC 8628 section 3.5",
    question: None,
};

const LONGER: Duration = Duration::from_secs(5);
/// Timers and networks are not exact.
const LEAST_TOLERANCE: Duration = Duration::from_millis(20);

pub struct Polling {
    codes: Recent<String, Code>,
}

struct Code {
    interval: Duration,
    last: Option<Last>,
    over: bool,
}

/// The poll before.
struct Last {
    seq: u64,
    at: Moment,
    slowed: bool,
    /// Nothing came back, so a client may send it again at once.
    lost: bool,
}

impl Default for Polling {
    fn default() -> Self {
        Self { codes: Recent::new(MOST_CODES) }
    }
}

impl Polling {
    fn poll(&mut self, asked: &Asked, ledger: &mut Ledger) {
        let Some(code) = asked.secret.as_ref().and_then(|code| self.codes.get_mut(code)) else {
            return;
        };
        let device = asked.device.as_deref();
        let last = code.last.replace(Last { seq: asked.seq, at: asked.at, slowed: false, lost: true });
        let Some(last) = last else { return };
        if code.over {
            ledger.broken(&END, device, "It had been told the end already.".into(), &[last.seq, asked.seq]);
        }
        if last.lost || !asked.timed {
            return;
        }
        let waited = asked.at.since(last.at);
        let in_time = waited + (code.interval / 10).max(LEAST_TOLERANCE) >= code.interval;
        for (row, concerned) in [(&PACE, true), (&SLOW_DOWN, last.slowed)] {
            if !concerned {
                continue;
            }
            if in_time {
                ledger.kept(row, device);
            } else {
                let why = format!(
                    "It polled {:.2} s after the poll before, and was to wait {:.2} s.",
                    waited.as_secs_f64(),
                    code.interval.as_secs_f64()
                );
                ledger.broken(row, device, why, &[last.seq, asked.seq]);
            }
        }
    }

    fn answer(&mut self, answered: &Answered<'_>, ledger: &mut Ledger) {
        if let Some((code, interval)) = answered.told.device_code.as_ref().filter(|_| answered.is_proper()) {
            self.codes.insert(code.clone(), Code { interval: *interval, last: None, over: false });
        }
        let asked = answered.asked;
        let code = asked.secret.as_ref().filter(|_| asked.is_poll());
        let Some(code) = code.and_then(|code| self.codes.get_mut(code)) else {
            return;
        };
        if let Some(last) = code.last.as_mut().filter(|last| last.seq == asked.seq) {
            last.lost = answered.is_lost();
            last.slowed = answered.is_certain() && answered.told.oauth_error == Some("slow_down");
        }
        if !answered.is_certain() {
            return;
        }
        match answered.told.oauth_error {
            Some("slow_down") => code.interval += LONGER,
            Some("authorization_pending") => {}
            _ => {
                code.over = true;
                ledger.kept(&END, asked.device.as_deref());
            }
        }
    }
}

impl Rule for Polling {
    fn rows(&self) -> Vec<&'static Row> {
        vec![&PACE, &SLOW_DOWN, &END]
    }

    fn see(&mut self, event: &Event<'_>, ledger: &mut Ledger) {
        match event {
            Event::Asked(asked) if asked.is_poll() => self.poll(asked, ledger),
            Event::Answered(answered) => self.answer(answered, ledger),
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
    use crate::endpoint::{Endpoint, GrantType};

    fn pending(error: &'static str) -> Told {
        Told { oauth_error: Some(error), ..told() }
    }

    fn with_code() -> Bench {
        let mut bench = Bench::new(Polling::default());
        let code = Told { device_code: Some(("code".into(), Duration::from_secs(5))), ..told() };
        bench.call(Endpoint::Code, |_| {}).answer(200, code);
        bench
    }

    fn poll(bench: &mut Bench) -> &mut Bench {
        bench.call(Endpoint::Token, |asked| {
            asked.grant = Some(GrantType::DeviceCode);
            asked.secret = Some("code".into());
        })
    }

    #[test]
    fn patience_is_kept_and_haste_is_broken() {
        let mut bench = with_code();
        for _ in 0..3 {
            poll(bench.wait(4.9)).answer(400, pending("authorization_pending"));
        }
        assert_eq!(bench.status(&PACE), Status::Fulfilled);
        poll(bench.wait(1.0)).answer(400, pending("slow_down"));
        assert_eq!((bench.status(&PACE), bench.status(&SLOW_DOWN)), (Status::Broken, Status::NotExercised));
        assert_eq!(bench.breach(&PACE).requests, [4, 5]);
        poll(bench.wait(10.0)).answer(400, pending("authorization_pending"));
        assert_eq!(bench.status(&SLOW_DOWN), Status::Fulfilled);
    }

    #[test]
    fn slow_down_lasts_and_is_to_be_obeyed() {
        let mut bench = with_code();
        poll(&mut bench).answer(400, pending("slow_down"));
        poll(bench.wait(5.0)).answer(400, pending("authorization_pending"));
        assert_eq!((bench.status(&PACE), bench.status(&SLOW_DOWN)), (Status::Broken, Status::Broken));
    }

    #[test]
    fn what_the_device_never_read_does_not_bind_it() {
        let mut bench = with_code();
        poll(&mut bench).swallowed("reset", pending("slow_down"));
        poll(bench.wait(0.1)).answer(400, pending("authorization_pending"));
        poll(bench.wait(5.0)).answer(400, pending("authorization_pending"));
        assert_eq!(bench.status(&PACE), Status::Fulfilled);
    }

    #[test]
    fn nobody_polls_on_after_the_end() {
        let mut bench = with_code();
        poll(&mut bench).answer(200, told());
        assert_eq!(bench.status(&END), Status::Fulfilled);
        poll(bench.wait(5.0)).answer(400, pending("invalid_grant"));
        assert_eq!(bench.status(&END), Status::Broken);
    }
}
