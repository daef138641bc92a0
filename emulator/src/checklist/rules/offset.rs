//! The age of a file, as its creation tells it.

use crate::checklist::event::{Answered, Asked, Event, Moment};
use crate::checklist::ledger::Ledger;
use crate::checklist::recent::Recent;
use crate::checklist::row::Row;
use crate::checklist::rule::Rule;
use crate::endpoint::Endpoint;

pub static PRESENT: Row = Row {
    name: "offset_present",
    numbers: &[49],
    requirement: "Every creation of an asset has an offset: the seconds since the file was recorded.",
    reference: "protocol 3.7 and 9; guides “Basic upload” and “Advanced uploads”",
    question: None,
};
pub static PLAUSIBLE: Row = Row {
    name: "offset_plausible",
    numbers: &[49],
    requirement: "The offset is neither negative nor a date nor in milliseconds, and grows while the device tries again.",
    reference: "protocol 9; guide “Advanced uploads”",
    question: None,
};

const MOST_FILES: usize = 10_000;
/// Older than any file that such a device has; a UNIX time and most ages in milliseconds are beyond.
const LONGEST: i64 = 10 * 366 * 86_400;
/// After so long the same offset again is an old one.
const STALE_AFTER: u64 = 10;

/// Creations that failed and may come again.
pub struct Offset {
    failed: Recent<String, (Moment, u64, i64)>,
}

impl Default for Offset {
    fn default() -> Self {
        Self { failed: Recent::new(MOST_FILES) }
    }
}

fn key(asked: &Asked) -> Option<(String, i64)> {
    let creation = asked.creation.as_ref()?;
    Some((format!("{} {}", asked.device.as_deref()?, creation.file), creation.offset?))
}

impl Offset {
    fn asked(&mut self, asked: &Asked, ledger: &mut Ledger) {
        let Some(creation) = &asked.creation else { return };
        let device = asked.device.as_deref();
        let Some(offset) = creation.offset else {
            let why = "It has no offset, so the file counts as made this moment.";
            return ledger.broken(&PRESENT, device, why.into(), &[asked.seq]);
        };
        ledger.kept(&PRESENT, device);
        if offset < 0 {
            let why = format!("Its offset is {offset}: a file from the future.");
            return ledger.broken(&PLAUSIBLE, device, why, &[asked.seq]);
        }
        if offset > LONGEST {
            let why = format!(
                "Its offset is {offset} s, which is more than ten years: is it a date, or milliseconds?"
            );
            return ledger.broken(&PLAUSIBLE, device, why, &[asked.seq]);
        }
        let failed =
            key(asked).filter(|_| !self.failed.is_empty()).and_then(|(key, _)| self.failed.remove(&key));
        if let Some((at, seq, before)) = failed {
            let waited = asked.at.really_since(at).as_secs();
            // A device without a clock says 0 again and again, as it is to.
            if before == offset && offset > 0 && waited >= STALE_AFTER && asked.timed {
                let why = format!("It is tried again after {waited} s with the offset of the first time.");
                return ledger.broken(&PLAUSIBLE, device, why, &[seq, asked.seq]);
            }
        }
        ledger.kept(&PLAUSIBLE, device);
    }

    fn answered(&mut self, answered: &Answered<'_>) {
        if !answered.is_passing_failure() {
            return;
        }
        if let Some((key, offset)) = key(answered.asked) {
            self.failed.insert(key, (answered.asked.at, answered.asked.seq, offset));
        }
    }
}

impl Rule for Offset {
    fn rows(&self) -> Vec<&'static Row> {
        vec![&PRESENT, &PLAUSIBLE]
    }

    fn see(&mut self, event: &Event<'_>, ledger: &mut Ledger) {
        match event {
            Event::Asked(asked) if asked.is(Endpoint::Asset) => self.asked(asked, ledger),
            Event::Answered(answered) if answered.asked.is(Endpoint::Asset) => self.answered(answered),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::bench::{Bench, told};
    use crate::checklist::event::Creation;
    use crate::checklist::row::Status;

    fn create(bench: &mut Bench, offset: Option<i64>) -> &mut Bench {
        bench.call(Endpoint::Asset, |asked| {
            asked.creation = Some(Creation { file: "A.mov 7".into(), offset, ..Creation::default() });
        })
    }

    #[test]
    fn ages_that_files_have() {
        let mut bench = Bench::new(Offset::default());
        for offset in [0, 42, 86_400 * 400] {
            create(&mut bench, Some(offset)).answer(200, told());
        }
        assert_eq!(
            (bench.status(&PRESENT), bench.status(&PLAUSIBLE)),
            (Status::Fulfilled, Status::Fulfilled)
        );
        create(&mut bench, None).answer(200, told());
        assert_eq!((bench.status(&PRESENT), bench.status(&PLAUSIBLE)), (Status::Broken, Status::Fulfilled));
        for offset in [-10, 1_767_225_600, 86_400_000_000] {
            let mut bench = Bench::new(Offset::default());
            create(&mut bench, Some(offset)).answer(200, told());
            assert_eq!(bench.status(&PLAUSIBLE), Status::Broken, "{offset}");
        }
    }

    #[test]
    fn time_goes_on_between_attempts() {
        for (first, second, waited, status) in [
            (42, 72, 30.0, Status::Fulfilled),
            (42, 42, 30.0, Status::Broken),
            (42, 42, 1.0, Status::Fulfilled),
            (0, 0, 30.0, Status::Fulfilled),
        ] {
            let mut bench = Bench::new(Offset::default());
            create(&mut bench, Some(first)).answer(503, told());
            create(bench.wait(waited), Some(second)).answer(200, told());
            assert_eq!(bench.status(&PLAUSIBLE), status, "{first} {second} {waited}");
        }
        let mut bench = Bench::new(Offset::default());
        create(&mut bench, Some(42)).answer(200, told());
        create(bench.wait(30.0), Some(42)).answer(200, told());
        assert_eq!(bench.status(&PLAUSIBLE), Status::Fulfilled, "another file of the same name and size");
    }
}
