//! More than one part, and more than one file, at a time.

use std::collections::{BTreeMap, HashMap};

use crate::checklist::event::{Answered, Asked, Event};
use crate::checklist::ledger::Ledger;
use crate::checklist::recent::Recent;
use crate::checklist::row::Row;
use crate::checklist::rule::Rule;
use crate::endpoint::Endpoint;
use crate::service::devices::MOST_DEVICES;

pub static PARTS: Row = Row {
    name: "parallel_parts",
    numbers: &[37],
    requirement: "Several parts are on their way at once (optional).",
    reference: "protocol 7; integrator checklist, parallel uploads",
    question: None,
};
pub static FILES: Row = Row {
    name: "concurrent_uploads",
    numbers: &[23],
    requirement: "Files that are uploaded side by side all arrive.",
    reference: "protocol 12; integrator checklist, queue",
    question: None,
};

const MOST_FILES: usize = 100;

pub struct Parallel {
    devices: Recent<String, Device>,
}

#[derive(Default)]
struct Device {
    /// PUTs on their way, and which asset each is for.
    on_their_way: HashMap<u64, String>,
    /// Assets that were on their way together with another; true for those that have arrived.
    together: BTreeMap<String, bool>,
}

impl Default for Parallel {
    fn default() -> Self {
        Self { devices: Recent::new(MOST_DEVICES) }
    }
}

impl Parallel {
    fn asked(&mut self, asked: &Asked, ledger: &mut Ledger) {
        let (Some(name), Some(asset)) = (&asked.device, &asked.asset) else { return };
        let device = self.devices.entry(name, Device::default);
        if !device.on_their_way.is_empty() {
            ledger.kept(&PARTS, Some(name));
        }
        device.on_their_way.insert(asked.seq, asset.clone());
        if device.on_their_way.values().any(|other| other != asset) && device.together.len() < MOST_FILES {
            for asset in device.on_their_way.values() {
                device.together.entry(asset.clone()).or_insert(false);
            }
        }
    }

    fn answered(&mut self, answered: &Answered<'_>, ledger: &mut Ledger) {
        let asked = answered.asked;
        let (Some(name), Some(asset)) = (&asked.device, &asked.asset) else { return };
        let Some(device) = self.devices.get_mut(name) else { return };
        device.on_their_way.remove(&asked.seq);
        if !answered.told.completed {
            return;
        }
        if let Some(arrived) = device.together.get_mut(asset) {
            *arrived = true;
        }
        if device.together.len() > 1 && device.together.values().all(|arrived| *arrived) {
            ledger.kept(&FILES, Some(name));
            device.together.clear();
        }
    }
}

impl Rule for Parallel {
    fn rows(&self) -> Vec<&'static Row> {
        vec![&PARTS, &FILES]
    }

    fn see(&mut self, event: &Event<'_>, ledger: &mut Ledger) {
        match event {
            Event::Asked(asked) if asked.is(Endpoint::Part) => self.asked(asked, ledger),
            Event::Answered(answered) if answered.asked.is(Endpoint::Part) => self.answered(answered, ledger),
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

    fn put(bench: &mut Bench, asset: &str) -> Asked {
        bench.call(Endpoint::Part, |asked| asked.asset = Some(asset.into())).open()
    }

    fn last() -> Told {
        Told { completed: true, ..told() }
    }

    #[test]
    fn one_after_the_other() {
        let mut bench = Bench::new(Parallel::default());
        for asset in ["a", "b"] {
            let part = put(&mut bench, asset);
            bench.finish(&part, Some(200), None, 7, last());
        }
        assert_eq!(
            (bench.status(&PARTS), bench.status(&FILES)),
            (Status::NotExercised, Status::NotExercised)
        );
    }

    #[test]
    fn side_by_side() {
        let mut bench = Bench::new(Parallel::default());
        let (first, second) = (put(&mut bench, "a"), put(&mut bench, "b"));
        assert_eq!(bench.status(&PARTS), Status::Fulfilled);
        bench.finish(&first, Some(200), None, 7, last());
        assert_eq!(bench.status(&FILES), Status::NotExercised, "the other is still on its way");
        bench.finish(&second, Some(200), None, 7, last());
        assert_eq!(bench.status(&FILES), Status::Fulfilled);
    }
}
