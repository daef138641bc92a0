//! The firmware version that every call names.

use crate::checklist::event::{Event, Version};
use crate::checklist::ledger::Ledger;
use crate::checklist::row::Row;
use crate::checklist::rule::Rule;
use crate::endpoint::Endpoint;

pub static PRESENT: Row = Row {
    name: "version_header",
    numbers: &[13],
    requirement: "Every call of the service names the firmware version in x-client-version.",
    reference: "protocol 2; integrator checklist, firmware version",
    question: None,
};
pub static SEMANTIC: Row = Row {
    name: "version_is_semantic",
    numbers: &[13],
    requirement: "That version is a semantic one, such as 2.16.4.",
    reference: "protocol 2; semver.org 2.0.0",
    question: None,
};

#[derive(Default)]
pub struct VersionHeader;

impl Rule for VersionHeader {
    fn rows(&self) -> Vec<&'static Row> {
        vec![&PRESENT, &SEMANTIC]
    }

    fn see(&mut self, event: &Event<'_>, ledger: &mut Ledger) {
        let Event::Asked(asked) = event else { return };
        // People look at the health and at pages that do not exist, with a browser.
        if matches!(asked.endpoint, Endpoint::Part | Endpoint::Health | Endpoint::Unknown) {
            return;
        }
        let device = asked.device.as_deref();
        match asked.version {
            Version::Missing => {
                ledger.broken(&PRESENT, device, "It has no x-client-version header.".into(), &[asked.seq]);
            }
            Version::NotSemantic => {
                ledger.kept(&PRESENT, device);
                let why = "Its x-client-version is not a semantic version.";
                ledger.broken(&SEMANTIC, device, why.into(), &[asked.seq]);
            }
            Version::Semantic => {
                ledger.kept(&PRESENT, device);
                ledger.kept(&SEMANTIC, device);
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
    fn the_service_wants_it_and_the_storage_does_not() {
        let mut bench = Bench::new(VersionHeader);
        bench.call(Endpoint::Part, |asked| asked.version = Version::Missing);
        bench.call(Endpoint::Unknown, |asked| asked.version = Version::Missing);
        assert_eq!(bench.status(&PRESENT), Status::NotExercised);
        bench.call(Endpoint::Me, |_| {});
        assert_eq!((bench.status(&PRESENT), bench.status(&SEMANTIC)), (Status::Fulfilled, Status::Fulfilled));
        bench.call(Endpoint::Me, |asked| asked.version = Version::NotSemantic);
        assert_eq!((bench.status(&PRESENT), bench.status(&SEMANTIC)), (Status::Fulfilled, Status::Broken));
        bench.call(Endpoint::Heartbeat, |asked| asked.version = Version::Missing);
        assert_eq!(bench.breach(&PRESENT).requests, [5]);
    }
}
