//! How requests travel: encrypted, and straight.

use crate::checklist::event::Event;
use crate::checklist::ledger::Ledger;
use crate::checklist::row::Row;
use crate::checklist::rule::Rule;
use crate::endpoint::Endpoint;

pub static HTTPS: Row = Row {
    name: "https_only",
    numbers: &[14],
    requirement: "Nothing is sent without TLS.",
    reference: "protocol 2 and 13; integrator checklist, HTTPS",
    question: None,
};
pub static DIRECT: Row = Row {
    name: "direct_connection",
    numbers: &[15],
    requirement: "The device talks to the service itself, without a service of the vendor's in between.",
    reference: "protocol 12; integrator checklist, direct connection",
    question: Some(
        "Does the device itself connect to api.frame.io and to the storage, with no relay of yours?",
    ),
};

#[derive(Default)]
pub struct Transport;

impl Rule for Transport {
    fn rows(&self) -> Vec<&'static Row> {
        vec![&HTTPS, &DIRECT]
    }

    fn unseen(&self) -> Vec<&'static Row> {
        vec![&DIRECT]
    }

    fn see(&mut self, event: &Event<'_>, ledger: &mut Ledger) {
        match event {
            Event::PlainHttp { seq } => {
                ledger.broken(&HTTPS, None, "It came as plain HTTP, without TLS.".into(), &[*seq]);
            }
            Event::Asked(asked) if asked.endpoint != Endpoint::Unknown => {
                let device = asked.device.as_deref();
                if device.is_some() {
                    ledger.kept(&HTTPS, device);
                }
                if let Some(header) = asked.intermediary {
                    let why = format!("Its header {header} was added by something on the way.");
                    ledger.broken(&DIRECT, device, why, &[asked.seq]);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::bench::Bench;
    use crate::checklist::row::Status;

    #[test]
    fn plain_http_is_seen_although_nobody_answers() {
        let mut bench = Bench::new(Transport);
        bench.call(Endpoint::Me, |_| {});
        assert_eq!(bench.status(&HTTPS), Status::Fulfilled);
        bench.plain_http();
        assert_eq!(bench.status(&HTTPS), Status::Broken);
        assert_eq!(bench.breach(&HTTPS).requests, [2]);
    }

    #[test]
    fn a_relay_gives_itself_away_and_its_absence_proves_nothing() {
        let mut bench = Bench::new(Transport);
        bench.call(Endpoint::Me, |_| {});
        assert_eq!(bench.status(&DIRECT), Status::AskTheEngineer);
        bench.call(Endpoint::Me, |asked| asked.intermediary = Some("via"));
        assert_eq!(bench.status(&DIRECT), Status::Broken);
    }
}
