//! How fast uploads are.

use std::time::Duration;

use crate::checklist::event::{Answered, Event, Moment};
use crate::checklist::ledger::Ledger;
use crate::checklist::recent::Recent;
use crate::checklist::row::Row;
use crate::checklist::rule::{Question, Rule};
use crate::endpoint::Endpoint;
use crate::service::devices::MOST_DEVICES;

pub static ROW: Row = Row {
    name: "speed",
    numbers: &[41],
    requirement: "Uploads reach 50 Mbit/s where the link has it.",
    reference: "protocol 7; integrator checklist, throughput",
    question: None,
};

const WANTED: f64 = 50e6;
/// Less than this says nothing: it fits into the buffers on the way.
const ENOUGH: u64 = 10_000_000;

pub struct Speed {
    devices: Recent<String, Device>,
}

#[derive(Default)]
struct Device {
    on_their_way: u64,
    /// Since when there was always a part on its way.
    busy_since: Option<Moment>,
    bytes: u64,
    /// A fault slowed it, so nothing is said about it.
    spoilt: bool,
    best: Option<f64>,
}

impl Default for Speed {
    fn default() -> Self {
        Self { devices: Recent::new(MOST_DEVICES) }
    }
}

impl Device {
    fn ended(&mut self, answered: &Answered<'_>) -> Option<f64> {
        self.on_their_way = self.on_their_way.saturating_sub(1);
        self.bytes += answered.body_bytes;
        self.spoilt |= answered.fault.is_some();
        if self.on_their_way > 0 {
            return None;
        }
        let (bytes, spoilt) = (std::mem::take(&mut self.bytes), std::mem::take(&mut self.spoilt));
        let took = answered.at.really_since(self.busy_since.take()?).max(Duration::from_millis(1));
        (bytes >= ENOUGH && !spoilt).then(|| bytes as f64 * 8.0 / took.as_secs_f64())
    }
}

impl Rule for Speed {
    fn rows(&self) -> Vec<&'static Row> {
        vec![&ROW]
    }

    fn see(&mut self, event: &Event<'_>, ledger: &mut Ledger) {
        match event {
            Event::Asked(asked) if asked.is(Endpoint::Part) => {
                let Some(name) = &asked.device else { return };
                let device = self.devices.entry(name, Device::default);
                device.on_their_way += 1;
                device.busy_since.get_or_insert(asked.at);
            }
            Event::Answered(answered) if answered.asked.is(Endpoint::Part) => {
                let Some(name) = &answered.asked.device else { return };
                let Some(device) = self.devices.get_mut(name) else { return };
                if let Some(rate) = device.ended(answered) {
                    if rate >= WANTED {
                        ledger.kept(&ROW, Some(name));
                    }
                    device.best = device.best.map(|best| best.max(rate)).or(Some(rate));
                }
            }
            _ => {}
        }
    }

    fn may_ask(&self) -> Vec<&'static Row> {
        self.rows()
    }

    fn questions(&self) -> Vec<Question> {
        let slow = self.devices.iter().filter_map(|(name, device)| {
            let best = device.best.filter(|best| *best < WANTED)?;
            let text = format!(
                "The fastest upload was {:.1} Mbit/s: is that all that the link between the device and the emulator has?",
                best / 1e6
            );
            Some(Question { row: &ROW, device: name.clone(), text })
        });
        slow.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::bench::{Bench, told};
    use crate::checklist::row::Status;

    fn put(bench: &mut Bench, bytes: u64, seconds: f64, fault: Option<&'static str>) {
        bench.call(Endpoint::Part, |_| {}).wait(seconds).end(Some(200), fault, bytes, told());
    }

    #[test]
    fn fast_slow_and_too_little_to_say() {
        let mut bench = Bench::new(Speed::default());
        put(&mut bench, 1_000, 0.0, None);
        put(&mut bench, 20_000_000, 100.0, Some("throttle"));
        assert_eq!((bench.status(&ROW), bench.questions().len()), (Status::NotExercised, 0));
        put(&mut bench, 20_000_000, 16.0, None);
        assert_eq!(bench.status(&ROW), Status::NotExercised);
        assert!(bench.questions()[0].text.contains("10.0 Mbit/s"), "{:?}", bench.questions());
        put(&mut bench, 20_000_000, 2.0, None);
        assert_eq!((bench.status(&ROW), bench.questions().len()), (Status::Fulfilled, 0));
    }

    #[test]
    fn parts_side_by_side_count_together() {
        let mut bench = Bench::new(Speed::default());
        let parts: Vec<_> = (0..4).map(|_| bench.call(Endpoint::Part, |_| {}).open()).collect();
        bench.wait(2.0);
        for part in &parts {
            bench.finish(part, Some(200), None, 5_000_000, told());
        }
        assert_eq!(bench.status(&ROW), Status::Fulfilled);
    }
}
