//! Telling: who hears of an operation, and the calls that are to be made with nothing held.

use super::config::Listener;
use super::{Client, Core, lock};
use crate::clock::Instant;
use crate::engine::effects::{Event, Notice, OpId, Outcome, ShownCode};
use crate::error::Error;
use crate::status::*;
use std::rc::Rc;

/// How many finished operations [`super::Entered::wait`] still knows the end of.
const REMEMBERED_RESULTS: usize = 64;

/// Hears of one operation: of the codes of a whole pairing, and exactly once of its end.
pub trait Completion {
    fn tell(&self, told: &Told);
}

impl<F: Fn(&Told)> Completion for F {
    fn tell(&self, told: &Told) {
        self(told);
    }
}

/// What is told of an operation.
#[derive(Debug)]
pub struct Told {
    pub op: OpId,
    /// When.
    pub now: Instant,
    pub what: What,
}

#[derive(Debug)]
pub enum What {
    /// A code to show; the operation goes on.
    Code(ShownCode),
    End(Result<Outcome, Error>),
}

/// One call into the application.
pub(super) enum Delivery {
    Told(Rc<dyn Completion>, Told),
    Event(Listener, Event),
    /// An event that nobody listens to. It ends a wait all the same: the caller may be waiting for what it
    /// tells, and look for it by other means.
    Unheard,
}

impl Client {
    /// Makes the calls until they are made or the client is closed by one of them.
    pub(super) fn deliver(&self, deliveries: Vec<Delivery>) {
        for delivery in deliveries {
            // An operation's one completion is owed even if the client is going away.
            let is_owed = matches!(&delivery, Delivery::Told(_, Told { what: What::End(_), .. }));
            match delivery {
                _ if self.is_closing() && !is_owed => {}
                Delivery::Told(completion, told) => completion.tell(&told),
                Delivery::Event(listener, event) => listener(&event),
                Delivery::Unheard => {}
            }
        }
    }

    /// Turns the notices that are there into calls to be made.
    pub(super) fn take_deliveries(&self, core: &mut Core) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        let Some(driver) = core.driver.as_mut().filter(|driver| driver.engine.has_output()) else {
            return deliveries;
        };
        let now = driver.now().mono;
        while let Some(notice) = driver.next_notice() {
            match notice {
                Notice::Complete(op, result) => {
                    lock(&self.remote.running).retain(|running| *running != op);
                    if core.results.len() == REMEMBERED_RESULTS {
                        core.results.pop_front();
                    }
                    core.results
                        .push_back((op, result.as_ref().map_or_else(|error| error.status, |_| FIO_OK)));
                    if let Some(completion) = core.completions.remove(&op) {
                        deliveries
                            .push(Delivery::Told(completion, Told { op, now, what: What::End(result) }));
                    }
                }
                Notice::ShowCode(op, code) => {
                    if let Some(completion) = core.completions.get(&op) {
                        let told = Told { op, now, what: What::Code(code) };
                        deliveries.push(Delivery::Told(completion.clone(), told));
                    }
                }
                Notice::Event(event) => deliveries.push(match &core.listener {
                    Some(listener) => Delivery::Event(listener.clone(), event),
                    None => Delivery::Unheard,
                }),
            }
        }
        deliveries
    }
}

impl Core {
    /// Ends every operation without asking the engine, which a panic may have left half-done.
    pub(super) fn cancel_everything(&mut self) -> Vec<Delivery> {
        let canceled = |(op, completion)| {
            let what = What::End(Err(Error::of(FIO_E_CANCELED)));
            Delivery::Told(completion, Told { op, now: Instant::default(), what })
        };
        std::mem::take(&mut self.completions).into_iter().map(canceled).collect()
    }
}
