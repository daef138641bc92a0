//! Keeping the authorization: a refresh in time, and one at a time.

use crate::checklist::event::{Answered, Asked, Deed, Event, Moment};
use crate::checklist::ledger::Ledger;
use crate::checklist::recent::Recent;
use crate::checklist::row::Row;
use crate::checklist::rule::Rule;
use crate::endpoint::Endpoint;
use crate::service::devices::MOST_DEVICES;

pub static IN_TIME: Row = Row {
    name: "refresh_in_time",
    numbers: &[10],
    requirement: "The access token is renewed before it expires or at the first 401, without a person.",
    reference: "protocol 5 and 6; integrator checklist, automatic refresh; guide “Authorization management”",
    question: None,
};
pub static ONCE: Row = Row {
    name: "refresh_once",
    numbers: &[10],
    requirement: "A refresh token is used once: anybody who has its successor never sends it again.",
    reference: "protocol 3.3 and 5; RFC 6749 section 6",
    question: None,
};

const MOST_TOKENS: usize = 2 * MOST_DEVICES;
/// Requests that were on their way when the 401 came, or that a busy device had already made ready.
const TOLERATED: u32 = 5;

pub struct Refresh {
    devices: Recent<String, Device>,
    /// Spent refresh tokens, and what became of them.
    spent: Recent<String, Spent>,
    /// Which spent token a new one came from.
    successors: Recent<String, String>,
}

#[derive(Default)]
struct Device {
    expires: Option<Moment>,
    /// Until when it can be renewed; never without a refresh token.
    renewable_until: Option<Moment>,
    /// The access token that was refused, and by which answer.
    refused: Option<(String, u64)>,
    used_since: u32,
}

struct Spent {
    seq: u64,
    connection: u64,
    answered: bool,
    /// It is proven that the device has read the new tokens.
    proven: bool,
    /// A second use that is only wrong if that is proven.
    again: Option<u64>,
}

impl Default for Refresh {
    fn default() -> Self {
        Self {
            devices: Recent::new(MOST_DEVICES),
            spent: Recent::new(MOST_TOKENS),
            successors: Recent::new(2 * MOST_TOKENS),
        }
    }
}

impl Refresh {
    fn asked(&mut self, asked: &Asked, ledger: &mut Ledger) {
        self.proves(asked, ledger);
        let Some(name) = &asked.device else { return };
        if asked.is_refresh() {
            self.second_use(asked, ledger);
        }
        let Some(device) = self.devices.get_mut(name) else { return };
        let refused = device.refused.clone();
        match (asked.endpoint, refused) {
            (Endpoint::Token, _) if asked.is_refresh() => {
                device.refused = None;
            }
            (Endpoint::Code, Some((_, refusal))) => {
                let why =
                    "The token had expired, and it asks for a new pairing without having tried a refresh.";
                ledger.broken(&IN_TIME, Some(name), why.into(), &[refusal, asked.seq]);
                device.refused = None;
            }
            (Endpoint::Part, _) => {}
            (_, Some((token, refusal))) if asked.bearer.as_ref() == Some(&token) => {
                device.used_since += 1;
                if device.used_since > TOLERATED {
                    let why = "It still uses the token that was refused, and has not tried a refresh.";
                    ledger.broken(&IN_TIME, Some(name), why.into(), &[refusal, asked.seq]);
                    device.refused = None;
                }
            }
            _ => {}
        }
    }

    /// Anybody who uses a new token, or asks again on the connection that brought it, has read it.
    fn proves(&mut self, asked: &Asked, ledger: &mut Ledger) {
        for token in [&asked.bearer, &asked.secret].into_iter().flatten() {
            let spent = self.successors.get(token).and_then(|spent| self.spent.get_mut(spent));
            let Some(spent) = spent else { continue };
            spent.proven = true;
            if let Some(again) = spent.again.take() {
                broken(ledger, asked.device.as_deref(), spent.seq, again);
            }
        }
    }

    fn second_use(&mut self, asked: &Asked, ledger: &mut Ledger) {
        let Some(spent) = asked.secret.as_ref().and_then(|token| self.spent.get_mut(token)) else {
            return;
        };
        if spent.proven || (spent.answered && spent.connection == asked.connection) {
            broken(ledger, asked.device.as_deref(), spent.seq, asked.seq);
        } else {
            spent.again = Some(asked.seq);
        }
    }

    fn answered(&mut self, answered: &Answered<'_>, ledger: &mut Ledger) {
        let asked = answered.asked;
        let Some(name) = &asked.device else { return };
        let told = answered.told;
        if asked.endpoint == Endpoint::Token && answered.is_proper() {
            if let Some(access) = &told.access_token {
                let after = |life| Moment { clock: answered.at.clock + life, ..answered.at };
                let (expires, renewable_until) = (told.lives.map(after), told.renewable_for.map(after));
                self.devices.insert(name.clone(), Device { expires, renewable_until, ..Device::default() });
                if let Some(token) = asked.secret.clone().filter(|_| asked.is_refresh()) {
                    for new in [Some(access), told.refresh_token.as_ref()].into_iter().flatten() {
                        self.successors.insert(new.clone(), token.clone());
                    }
                    let answered = answered.is_certain();
                    let (seq, connection) = (asked.seq, asked.connection);
                    self.spent.insert(token, Spent { seq, connection, answered, proven: false, again: None });
                    ledger.kept(&IN_TIME, Some(name));
                    ledger.kept(&ONCE, Some(name));
                }
            }
        }
        let is_expired = answered.status == Some(401) && answered.is_certain() && !asked.endpoint.is_auth();
        let device = self.devices.get_mut(name).filter(|_| is_expired && asked.endpoint != Endpoint::Part);
        let (Some(device), Some(token)) = (device, &asked.bearer) else { return };
        let now = answered.at.clock;
        let is_over = device.expires.is_some_and(|expires| now >= expires.clock)
            && device.renewable_until.is_some_and(|until| now < until.clock);
        let is_new = device.refused.as_ref().is_none_or(|(refused, _)| refused != token);
        if is_over && is_new {
            device.refused = Some((token.clone(), asked.seq));
            device.used_since = 0;
        }
    }
}

fn broken(ledger: &mut Ledger, device: Option<&str>, first: u64, second: u64) {
    let why = "The refresh token was spent, and the device had its successor.";
    ledger.broken(&ONCE, device, why.into(), &[first, second]);
}

impl Rule for Refresh {
    fn rows(&self) -> Vec<&'static Row> {
        vec![&IN_TIME, &ONCE]
    }

    fn see(&mut self, event: &Event<'_>, ledger: &mut Ledger) {
        match event {
            Event::Asked(asked) => self.asked(asked, ledger),
            Event::Answered(answered) => self.answered(answered, ledger),
            // The authorization is over: nothing can be refreshed any more.
            Event::Deed { device, deed: Deed::Disconnected, .. } => drop(self.devices.remove(*device)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::checklist::bench::{Bench, told};
    use crate::checklist::event::Told;
    use crate::checklist::row::Status;
    use crate::endpoint::GrantType;

    fn tokens(number: u32) -> Told {
        Told {
            access_token: Some(format!("#a{number}")),
            refresh_token: Some(format!("#r{number}")),
            lives: Some(Duration::from_secs(28_800)),
            renewable_for: Some(Duration::from_secs(1_209_600)),
            ..told()
        }
    }

    fn paired() -> Bench {
        let mut bench = Bench::new(Refresh::default());
        bench.call(Endpoint::Token, |asked| asked.grant = Some(GrantType::DeviceCode)).answer(200, tokens(1));
        bench
    }

    fn refresh(bench: &mut Bench, token: u32, connection: u64) -> &mut Bench {
        bench.call(Endpoint::Token, |asked| {
            asked.grant = Some(GrantType::RefreshToken);
            asked.secret = Some(format!("#r{token}"));
            asked.connection = connection;
        })
    }

    fn me(bench: &mut Bench, token: u32) -> &mut Bench {
        bench.call(Endpoint::Me, |asked| {
            asked.bearer = Some(format!("#a{token}"));
            asked.connection = 9;
        })
    }

    #[test]
    fn a_chain_of_refreshes_is_right() {
        let mut bench = paired();
        refresh(&mut bench, 1, 1).answer(200, tokens(2));
        me(&mut bench, 2).answer(200, told());
        refresh(&mut bench, 2, 1).answer(200, tokens(3));
        assert_eq!((bench.status(&ONCE), bench.status(&IN_TIME)), (Status::Fulfilled, Status::Fulfilled));
    }

    #[test]
    fn a_lost_answer_may_be_asked_for_again() {
        let mut bench = paired();
        refresh(&mut bench, 1, 1).swallowed("reset", tokens(2));
        refresh(&mut bench, 1, 2).answer(400, told());
        assert_eq!(bench.status(&ONCE), Status::NotExercised);
        // Whole, and lost on the way: the device shows no sign of having read it.
        let mut bench = paired();
        refresh(&mut bench, 1, 1).answer(200, tokens(2));
        refresh(&mut bench, 1, 2).answer(400, told());
        assert_eq!(bench.status(&ONCE), Status::Fulfilled);
    }

    #[test]
    fn a_second_refresh_is_wrong_once_the_first_is_known_to_have_been_read() {
        let mut bench = paired();
        refresh(&mut bench, 1, 1).answer(200, tokens(2));
        refresh(&mut bench, 1, 1).answer(400, told());
        assert_eq!(bench.status(&ONCE), Status::Broken, "the same connection");
        let mut bench = paired();
        refresh(&mut bench, 1, 1).answer(200, tokens(2));
        me(&mut bench, 2).answer(200, told());
        refresh(&mut bench, 1, 2).answer(400, told());
        assert_eq!(bench.breach(&ONCE).requests, [2, 4], "used before");
        let mut bench = paired();
        refresh(&mut bench, 1, 1).answer(200, tokens(2));
        refresh(&mut bench, 1, 2).answer(400, told());
        me(&mut bench, 2).answer(200, told());
        assert_eq!(bench.breach(&ONCE).requests, [2, 3], "used afterwards");
    }

    #[test]
    fn an_expired_token_is_not_used_on_and_on() {
        let mut bench = paired();
        bench.advance(28_800.0);
        for _ in 0..TOLERATED {
            me(&mut bench, 1).answer(401, told());
        }
        refresh(&mut bench, 1, 1).answer(503, told());
        assert_ne!(bench.status(&IN_TIME), Status::Broken);
        for _ in 0..TOLERATED + 2 {
            me(&mut bench, 1).answer(401, told());
        }
        assert_eq!(bench.status(&IN_TIME), Status::Broken);
    }

    #[test]
    fn a_person_is_not_asked_when_a_refresh_would_do() {
        for (days, status) in [(1, Status::Broken), (15, Status::NotExercised)] {
            let mut bench = paired();
            me(bench.advance(f64::from(days) * 86_400.0), 1).answer(401, told());
            bench.call(Endpoint::Code, |_| {}).answer(200, told());
            assert_eq!(bench.status(&IN_TIME), status, "{days}");
        }
        let mut bench = paired();
        me(bench.advance(86_400.0), 1).answer(401, told());
        bench.deed(Deed::Disconnected).call(Endpoint::Code, |_| {}).answer(200, told());
        assert_eq!(bench.status(&IN_TIME), Status::NotExercised);
    }
}
