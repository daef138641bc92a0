//! What was recorded during a pause.

use std::time::Duration;

use crate::checklist::event::{Answered, Asked, Deed, Event, Moment};
use crate::checklist::ledger::Ledger;
use crate::checklist::recent::Recent;
use crate::checklist::row::Row;
use crate::checklist::rule::Rule;
use crate::endpoint::Endpoint;

pub static ROW: Row = Row {
    name: "pause_honoured",
    numbers: &[30],
    requirement: "A file that was refused with “Channel Paused” is not uploaded: neither by asking again and \
                  again, nor by telling another age of it.",
    reference: "protocol 9; integrator checklist, PAUSED; guide “Advanced uploads”",
    question: None,
};

const MOST_FILES: usize = 10_000;
/// A person may ask for it again by hand.
const TOLERATED: u32 = 2;
const WITHIN: Duration = Duration::from_secs(600);
/// Clocks of devices drift, and ages are whole seconds.
const YOUNGER_BY: i128 = 5;

pub struct Pause {
    refused: Recent<String, Refused>,
}

struct Refused {
    at: Moment,
    seq: u64,
    /// When the file was recorded, in seconds: by the emulator's clock, and without its moves.
    recorded: (i128, i128),
    again: u32,
}

impl Default for Pause {
    fn default() -> Self {
        Self { refused: Recent::new(MOST_FILES) }
    }
}

fn key(asked: &Asked) -> Option<String> {
    Some(format!("{} {}", asked.device.as_deref()?, asked.creation.as_ref()?.file))
}

fn recorded(asked: &Asked) -> (i128, i128) {
    let offset = asked.creation.as_ref().and_then(|creation| creation.offset).unwrap_or(0);
    let at = |time: Duration| i128::from(time.as_secs()) - i128::from(offset);
    (at(asked.at.clock), at(asked.at.clock.saturating_sub(asked.at.moved)))
}

impl Pause {
    fn asked(&mut self, asked: &Asked, ledger: &mut Ledger) {
        if self.refused.is_empty() {
            return;
        }
        let Some(refused) = key(asked).and_then(|key| self.refused.get_mut(&key)) else {
            return;
        };
        let device = asked.device.as_deref();
        let (now, before) = (recorded(asked), refused.recorded);
        // A new recording may have the name and the size of an old one: its age tells, if it is young.
        let is_new = now.0 > before.0 + YOUNGER_BY && now.1 > before.1 + YOUNGER_BY;
        let claims_to_be_new = is_new && asked.at.since(refused.at) < WITHIN;
        refused.again += 1;
        if claims_to_be_new {
            let younger = (now.0 - before.0).min(now.1 - before.1);
            let why = format!("It was refused before, and now claims to be {younger} s younger than it did.");
            ledger.broken(&ROW, device, why, &[refused.seq, asked.seq]);
        } else if refused.again > TOLERATED && asked.at.since(refused.at) < WITHIN {
            let why = format!("It was refused, and is asked for again and again ({} times).", refused.again);
            ledger.broken(&ROW, device, why, &[refused.seq, asked.seq]);
        }
    }

    fn answered(&mut self, answered: &Answered<'_>, ledger: &mut Ledger) {
        let asked = answered.asked;
        if !answered.told.paused || !answered.is_certain() {
            return;
        }
        let Some(key) = key(asked) else { return };
        ledger.kept(&ROW, asked.device.as_deref());
        let (at, seq, recorded) = (asked.at, asked.seq, recorded(asked));
        self.refused.entry(&key, || Refused { at, seq, recorded, again: 0 });
    }
}

impl Rule for Pause {
    fn rows(&self) -> Vec<&'static Row> {
        vec![&ROW]
    }

    fn see(&mut self, event: &Event<'_>, ledger: &mut Ledger) {
        match event {
            Event::Asked(asked) if asked.is(Endpoint::Asset) => self.asked(asked, ledger),
            Event::Answered(answered) => self.answered(answered, ledger),
            // Another project has no pauses in common with this one.
            Event::Deed { device, deed: Deed::MovedToProject | Deed::Disconnected, .. } => {
                self.refused.retain(|key, _| !key.starts_with(&format!("{device} ")));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::bench::{Bench, told};
    use crate::checklist::event::{Creation, Told};
    use crate::checklist::row::Status;

    fn create(bench: &mut Bench, offset: i64) -> &mut Bench {
        bench.call(Endpoint::Asset, |asked| {
            let offset = Some(offset);
            asked.creation = Some(Creation { file: "A.mov 7".into(), offset, ..Creation::default() });
        })
    }

    fn paused() -> Told {
        Told { paused: true, ..told() }
    }

    #[test]
    fn to_be_refused_is_no_shame() {
        let mut bench = Bench::new(Pause::default());
        create(&mut bench, 10).answer(409, paused());
        create(bench.wait(60.0), 70).answer(409, paused());
        assert_eq!(bench.status(&ROW), Status::Fulfilled);
    }

    #[test]
    fn another_age_is_a_lie() {
        let mut bench = Bench::new(Pause::default());
        create(&mut bench, 30).answer(409, paused());
        create(bench.wait(60.0), 10).answer(200, told());
        assert_eq!(bench.breach(&ROW).requests, [1, 2]);
        assert_eq!(
            bench.breach(&ROW).why,
            "It was refused before, and now claims to be 80 s younger than it did."
        );
    }

    #[test]
    fn neither_is_it_asked_for_for_ever() {
        let mut bench = Bench::new(Pause::default());
        for second in 0..5 {
            create(bench.wait(1.0), second).answer(409, paused());
        }
        assert_eq!(bench.status(&ROW), Status::Broken);
        assert_eq!(bench.breach(&ROW).requests, [1, 4]);
    }

    #[test]
    fn a_new_recording_of_another_day_is_new() {
        let mut bench = Bench::new(Pause::default());
        create(&mut bench, 10).answer(409, paused());
        create(bench.wait(3_600.0), 5).answer(200, told());
        assert_eq!(bench.status(&ROW), Status::Fulfilled);
    }

    #[test]
    fn clocks_that_tests_move_make_no_liar() {
        let mut bench = Bench::new(Pause::default());
        create(&mut bench, 10).answer(409, paused());
        // The emulator's clock alone, and then the device's with it.
        create(bench.advance(300.0), 10).answer(409, paused());
        create(&mut bench, 310).answer(409, paused());
        assert_eq!(bench.status(&ROW), Status::Fulfilled);
    }
}
