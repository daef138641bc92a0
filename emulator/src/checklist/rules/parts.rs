//! The parts of files: their sizes, their headers, and that each is sent as the address asks.

use crate::checklist::event::Event;
use crate::checklist::ledger::Ledger;
use crate::checklist::row::Row;
use crate::checklist::rule::Rule;
use crate::endpoint::Endpoint;

pub static SIZES: Row = Row {
    name: "part_sizes",
    numbers: &[],
    requirement: "Each part has the size it is to have: ceil(filesize / parts), what is left for the last, and in \
                  real time what was announced.",
    reference: "protocol 3.8 and 7; guides “Basic upload” and “Real-time uploads”",
    question: None,
};
pub static HEADERS: Row = Row {
    name: "part_headers",
    numbers: &[],
    requirement: "Each part is a PUT with Content-Length, the asset's filetype as Content-Type, and x-amz-acl: private.",
    reference: "protocol 7; Amazon S3, presigned URLs and UploadPart",
    question: None,
};

#[derive(Default)]
pub struct Parts;

impl Rule for Parts {
    fn rows(&self) -> Vec<&'static Row> {
        vec![&SIZES, &HEADERS]
    }

    fn see(&mut self, event: &Event<'_>, ledger: &mut Ledger) {
        let Event::Answered(answered) = event else { return };
        let asked = answered.asked;
        if !asked.is(Endpoint::Part) {
            return;
        }
        let device = asked.device.as_deref();
        for violation in &answered.told.violations {
            let (row, why) = match *violation {
                "part_length_wrong" => (&SIZES, "The part is longer or shorter than it is to be."),
                "realtime_size_mismatch" => (&SIZES, "With it the file is not as large as was announced."),
                "part_without_length" => (&HEADERS, "It does not say how long it is."),
                "storage_header_mismatch" => {
                    (&HEADERS, "Its Content-Type or x-amz-acl is not what was signed.")
                }
                "wrong_method" => (&HEADERS, "It is no PUT."),
                _ => continue,
            };
            ledger.broken(row, device, why.into(), &[asked.seq]);
        }
        if answered.succeeded() && answered.told.violations.is_empty() {
            ledger.kept(&SIZES, device);
            ledger.kept(&HEADERS, device);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::bench::{Bench, told};
    use crate::checklist::event::Told;
    use crate::checklist::row::Status;

    #[test]
    fn what_the_storage_finds_out() {
        let mut bench = Bench::new(Parts);
        bench.call(Endpoint::Part, |_| {}).answer(200, told());
        assert_eq!((bench.status(&SIZES), bench.status(&HEADERS)), (Status::Fulfilled, Status::Fulfilled));
        for (violation, row, other) in [
            ("part_length_wrong", &SIZES, &HEADERS),
            ("realtime_size_mismatch", &SIZES, &HEADERS),
            ("part_without_length", &HEADERS, &SIZES),
            ("storage_header_mismatch", &HEADERS, &SIZES),
            ("wrong_method", &HEADERS, &SIZES),
        ] {
            let mut bench = Bench::new(Parts);
            bench.call(Endpoint::Part, |_| {}).answer(400, Told { violations: vec![violation], ..told() });
            assert_eq!((bench.status(row), bench.status(other)), (Status::Broken, Status::NotExercised));
        }
    }
}
