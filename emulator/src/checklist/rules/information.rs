//! Asking for the device's own description when there are new tokens.

use crate::checklist::event::{Asked, Event, Moment};
use crate::checklist::ledger::Ledger;
use crate::checklist::recent::Recent;
use crate::checklist::row::Row;
use crate::checklist::rule::Rule;
use crate::endpoint::Endpoint;
use crate::service::devices::MOST_DEVICES;

pub static ROW: Row = Row {
    name: "device_information",
    numbers: &[50],
    requirement: "GET /v2/devices/me follows every pairing and every refresh: the project may be another one.",
    reference: "protocol 3.5 and 5; guide “Manage status and state”",
    question: None,
};

const MOST_TOKENS: usize = 2 * MOST_DEVICES;
/// Other calls with a new token before it: some were ready to leave when the token came.
const OTHERS_TOLERATED: u32 = 10;
const SECONDS_TOLERATED: u64 = 60;

/// Tokens that were handed out and have not been used to ask for the description.
pub struct Information {
    tokens: Recent<String, Issued>,
}

struct Issued {
    seq: u64,
    first_use: Option<Moment>,
    uses: u32,
}

impl Default for Information {
    fn default() -> Self {
        Self { tokens: Recent::new(MOST_TOKENS) }
    }
}

impl Information {
    fn used(&mut self, token: &str, asked: &Asked, ledger: &mut Ledger) {
        let device = asked.device.as_deref();
        if asked.is(Endpoint::Me) {
            if self.tokens.remove(token).is_some() {
                ledger.kept(&ROW, device);
            }
            return;
        }
        let Some(issued) = self.tokens.get_mut(token).filter(|_| asked.endpoint.needs_bearer()) else {
            return;
        };
        issued.uses += 1;
        let since = asked.at.really_since(*issued.first_use.get_or_insert(asked.at));
        if issued.uses > OTHERS_TOLERATED || since.as_secs() > SECONDS_TOLERATED {
            let why = format!(
                "It is call {} with tokens it has had for {} s, and none of them asked for the description.",
                issued.uses,
                since.as_secs()
            );
            ledger.broken(&ROW, device, why, &[issued.seq, asked.seq]);
            self.tokens.remove(token);
        }
    }
}

impl Rule for Information {
    fn rows(&self) -> Vec<&'static Row> {
        vec![&ROW]
    }

    fn see(&mut self, event: &Event<'_>, ledger: &mut Ledger) {
        match event {
            Event::Asked(asked) => {
                if let Some(token) = asked.bearer.as_deref().filter(|_| asked.endpoint != Endpoint::Part) {
                    self.used(token, asked, ledger);
                }
            }
            Event::Answered(answered) if answered.is_proper() => {
                if let Some(token) = &answered.told.access_token {
                    let issued = Issued { seq: answered.asked.seq, first_use: None, uses: 0 };
                    self.tokens.insert(token.clone(), issued);
                }
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

    fn with_tokens() -> Bench {
        let mut bench = Bench::new(Information::default());
        bench.call(Endpoint::Token, |_| {}).answer(200, Told { access_token: Some("#a".into()), ..told() });
        bench
    }

    fn call(bench: &mut Bench, endpoint: Endpoint) -> &mut Bench {
        bench.call(endpoint, |asked| asked.bearer = Some("#a".into()))
    }

    #[test]
    fn soon_is_soon_enough() {
        let mut bench = with_tokens();
        call(&mut bench, Endpoint::Asset);
        assert_eq!(bench.status(&ROW), Status::NotExercised);
        call(bench.advance(28_800.0), Endpoint::Me).swallowed("reset", told());
        call(&mut bench, Endpoint::Heartbeat);
        assert_eq!(bench.status(&ROW), Status::Fulfilled, "that it was lost is not the device's fault");
    }

    #[test]
    fn never_is_not() {
        let mut bench = with_tokens();
        for _ in 0..3 {
            call(bench.wait(59.0), Endpoint::Heartbeat);
        }
        assert_eq!(bench.status(&ROW), Status::Broken);
        let mut bench = with_tokens();
        for _ in 0..=OTHERS_TOLERATED {
            call(&mut bench, Endpoint::Asset);
        }
        assert_eq!(bench.breach(&ROW).requests, [1, 12]);
    }
}
