//! The pace of heartbeats.

use std::time::Duration;

use crate::checklist::event::{Answered, Asked, Deed, Event, Moment};
use crate::checklist::ledger::Ledger;
use crate::checklist::recent::Recent;
use crate::checklist::row::Row;
use crate::checklist::rule::Rule;
use crate::endpoint::Endpoint;
use crate::service::devices::{HEARTBEAT_AT_MOST_EVERY, MOST_DEVICES, OFFLINE_AFTER};

pub static OFTEN: Row = Row {
    name: "heartbeat_not_too_often",
    numbers: &[],
    requirement: "Heartbeats come at most once in 60 s.",
    reference: "protocol 3.6 and 4; guide “Manage status”",
    question: None,
};
pub static RARELY: Row = Row {
    name: "heartbeat_not_too_rarely",
    numbers: &[],
    requirement: "A device that is on calls the service at least every 300 s; parts do not count.",
    reference: "protocol 3.6 and 4; guide “Manage status”",
    question: None,
};

/// Timers and networks are not exact.
const TOLERANCE: Duration = Duration::from_secs(1);
const LATE: Duration = Duration::from_secs(10);

pub struct Heartbeat {
    devices: Recent<String, Device>,
}

#[derive(Default)]
struct Device {
    /// The last one that the device knows to have arrived.
    beat: Option<Beat>,
    contact: Option<Contact>,
}

struct Beat {
    at: Moment,
    seq: u64,
    connection: u64,
    /// It came too soon itself, which a device that had been switched off could not know.
    early: bool,
}

struct Contact {
    at: Moment,
    seq: u64,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self { devices: Recent::new(MOST_DEVICES) }
    }
}

impl Heartbeat {
    fn asked(&mut self, asked: &Asked, ledger: &mut Ledger) {
        let Some(name) = asked.device.as_ref().filter(|_| asked.endpoint != Endpoint::Unknown) else {
            return;
        };
        let device = self.devices.entry(name, Device::default);
        if asked.is(Endpoint::Part) {
            if let Some(contact) = &mut device.contact {
                silence(contact, asked.at, asked, name, ledger);
            }
            return;
        }
        if asked.is(Endpoint::Heartbeat) {
            if let Some(last) = &device.beat {
                let waited = asked.at.since(last.at);
                if !is_early(asked, last) {
                    ledger.kept(&OFTEN, Some(name));
                } else if asked.timed && (last.early || last.connection == asked.connection) {
                    let why = format!("It came {:.1} s after the one before.", waited.as_secs_f64());
                    ledger.broken(&OFTEN, Some(name), why, &[last.seq, asked.seq]);
                }
                if waited <= OFFLINE_AFTER {
                    ledger.kept(&RARELY, Some(name));
                }
            }
        }
        if asked.bearer.is_some() || asked.is_refresh() {
            device.contact = Some(Contact { at: asked.at, seq: asked.seq });
        }
    }

    fn answered(&mut self, answered: &Answered<'_>, ledger: &mut Ledger) {
        let asked = answered.asked;
        let Some(name) = &asked.device else { return };
        let Some(device) = self.devices.get_mut(name) else { return };
        if asked.is(Endpoint::Heartbeat) && answered.succeeded() && answered.is_certain() {
            let early = device.beat.as_ref().is_some_and(|last| is_early(asked, last));
            device.beat = Some(Beat { at: asked.at, seq: asked.seq, connection: asked.connection, early });
        }
        // A long part that has just ended shows as well that the device was on.
        if asked.is(Endpoint::Part) && answered.succeeded() {
            if let Some(contact) = &mut device.contact {
                silence(contact, answered.at, asked, name, ledger);
            }
        }
    }
}

fn is_early(asked: &Asked, last: &Beat) -> bool {
    asked.at.since(last.at) + TOLERANCE < HEARTBEAT_AT_MOST_EVERY
}

/// Parts come and calls do not.
fn silence(contact: &mut Contact, now: Moment, part: &Asked, name: &str, ledger: &mut Ledger) {
    let silent = now.really_since(contact.at);
    if silent > OFFLINE_AFTER + LATE && part.timed {
        let why = format!("It sent parts, and had not called the service for {} s.", silent.as_secs());
        ledger.broken(&RARELY, Some(name), why, &[contact.seq, part.seq]);
        contact.at = now;
    }
}

impl Rule for Heartbeat {
    fn rows(&self) -> Vec<&'static Row> {
        vec![&OFTEN, &RARELY]
    }

    fn see(&mut self, event: &Event<'_>, ledger: &mut Ledger) {
        match event {
            Event::Asked(asked) => self.asked(asked, ledger),
            Event::Answered(answered) => self.answered(answered, ledger),
            // Another authorization is another beginning.
            Event::Deed { device, deed: Deed::Disconnected, .. } => drop(self.devices.remove(*device)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::bench::{Bench, told};
    use crate::checklist::row::Status;

    fn beat(bench: &mut Bench) -> &mut Bench {
        bench.call(Endpoint::Heartbeat, |asked| asked.bearer = Some("#a".into()))
    }

    #[test]
    fn once_a_minute_is_the_most() {
        let mut bench = Bench::new(Heartbeat::default());
        beat(&mut bench).answer(204, told());
        beat(bench.wait(60.0)).answer(204, told());
        beat(bench.advance(120.0)).answer(204, told());
        assert_eq!((bench.status(&OFTEN), bench.status(&RARELY)), (Status::Fulfilled, Status::Fulfilled));
        beat(bench.wait(30.0)).answer(204, told());
        assert_eq!(bench.breach(&OFTEN).requests, [3, 4]);
    }

    #[test]
    fn a_device_that_was_switched_off_does_not_remember() {
        let mut bench = Bench::new(Heartbeat::default());
        let on = |bench: &mut Bench, connection| {
            bench.call(Endpoint::Heartbeat, |asked| {
                asked.bearer = Some("#a".into());
                asked.connection = connection;
            });
            bench.answer(204, told());
        };
        on(&mut bench, 1);
        on(bench.wait(5.0), 2);
        assert_ne!(bench.status(&OFTEN), Status::Broken);
        on(bench.wait(5.0), 3);
        assert_eq!(bench.breach(&OFTEN).requests, [2, 3], "not that often");
        let mut bench = Bench::new(Heartbeat::default());
        on(&mut bench, 1);
        bench.deed(Deed::Disconnected);
        on(bench.wait(5.0), 1);
        assert_eq!(bench.status(&OFTEN), Status::NotExercised, "another authorization");
    }

    #[test]
    fn one_that_failed_may_be_tried_again() {
        let mut bench = Bench::new(Heartbeat::default());
        beat(&mut bench).swallowed("reset", told());
        beat(bench.wait(1.0)).answer(503, told());
        beat(bench.wait(1.0)).answer(204, told());
        assert_eq!(bench.status(&OFTEN), Status::NotExercised);
    }

    #[test]
    fn parts_are_no_contact() {
        let mut bench = Bench::new(Heartbeat::default());
        beat(&mut bench).answer(204, told());
        bench.wait(200.0).call(Endpoint::Part, |_| {}).answer(200, told());
        assert_eq!(bench.status(&RARELY), Status::NotExercised);
        bench.call(Endpoint::Part, |_| {}).wait(150.0).answer(200, told());
        assert_eq!(bench.breach(&RARELY).requests, [1, 3]);
    }

    #[test]
    fn nobody_is_on_for_ever_and_clocks_are_moved() {
        let mut bench = Bench::new(Heartbeat::default());
        beat(&mut bench).answer(204, told());
        bench.advance(86_400.0).call(Endpoint::Part, |_| {}).answer(200, told());
        beat(bench.wait(10_000.0)).answer(204, told());
        assert_ne!(bench.status(&RARELY), Status::Broken);
    }
}
