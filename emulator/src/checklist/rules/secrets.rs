//! Where secrets may go.

use crate::checklist::event::Event;
use crate::checklist::ledger::Ledger;
use crate::checklist::row::Row;
use crate::checklist::rule::Rule;
use crate::endpoint::Endpoint;

pub static STORAGE: Row = Row {
    name: "token_not_to_storage",
    numbers: &[17],
    requirement: "The storage never gets the access token: its addresses are signed already.",
    reference: "protocol 2 and 7; integrator checklist, protection of tokens",
    question: None,
};
pub static PLACE: Row = Row {
    name: "secrets_in_their_place",
    numbers: &[16, 17],
    requirement: "Tokens and secrets are in the header or the body that asks for them, and never in an address.",
    reference: "protocol 3 and 13; RFC 6750 section 2.3; RFC 6749 section 2.3.1",
    question: Some(
        "Are client_secret and tokens out of everybody's reach on the device: in files, logs, debug ports, a backup?",
    ),
};

#[derive(Default)]
pub struct Secrets;

impl Rule for Secrets {
    fn rows(&self) -> Vec<&'static Row> {
        vec![&STORAGE, &PLACE]
    }

    fn unseen(&self) -> Vec<&'static Row> {
        vec![&PLACE]
    }

    fn see(&mut self, event: &Event<'_>, ledger: &mut Ledger) {
        let Event::Asked(asked) = event else { return };
        let device = asked.device.as_deref();
        match asked.endpoint {
            Endpoint::Part if asked.bearer.is_some() => {
                let why = "It carries an Authorization header to the storage.";
                ledger.broken(&STORAGE, device, why.into(), &[asked.seq]);
            }
            Endpoint::Part => ledger.kept(&STORAGE, device),
            Endpoint::Unknown => {}
            endpoint => {
                if asked.has_query {
                    let why = "Its address has a query, where logs and proxies keep what is in it.";
                    ledger.broken(&PLACE, device, why.into(), &[asked.seq]);
                }
                if endpoint.is_auth() && asked.bearer.is_some() {
                    let why = "It carries an Authorization header to an endpoint that asks for none.";
                    ledger.broken(&PLACE, device, why.into(), &[asked.seq]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::bench::Bench;
    use crate::checklist::row::Status;

    #[test]
    fn the_storage_gets_no_token() {
        let mut bench = Bench::new(Secrets);
        bench.call(Endpoint::Asset, |asked| asked.bearer = Some("#a".into()));
        bench.call(Endpoint::Part, |_| {});
        assert_eq!(
            (bench.status(&STORAGE), bench.status(&PLACE)),
            (Status::Fulfilled, Status::AskTheEngineer)
        );
        bench.call(Endpoint::Part, |asked| {
            asked.bearer = Some("#a".into());
            asked.has_query = true;
        });
        assert_eq!((bench.status(&STORAGE), bench.status(&PLACE)), (Status::Broken, Status::AskTheEngineer));
        assert_eq!(bench.breach(&STORAGE).requests, [3]);
    }

    #[test]
    fn neither_queries_nor_endpoints_that_do_not_ask() {
        for change in [
            |asked: &mut crate::checklist::event::Asked| asked.has_query = true,
            |asked: &mut crate::checklist::event::Asked| asked.bearer = Some("#a".into()),
        ] {
            let mut bench = Bench::new(Secrets);
            bench.call(Endpoint::Token, change);
            assert_eq!(bench.status(&PLACE), Status::Broken);
        }
    }
}
