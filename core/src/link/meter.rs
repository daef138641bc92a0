//! Bytes a second, as the other end confirms them.

use crate::clock::{Instant, milliseconds};
use core::time::Duration;

/// Less time says nothing.
const LEAST: Duration = Duration::from_millis(100);
/// What the last milliseconds weigh against what was before.
const SMOOTHING: u64 = 5_000;

#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// Bytes that arrived, since the start.
    total: u64,
    at: Instant,
    total_then: u64,
    smooth: u64,
    last: u64,
    last_but_one: u64,
}

impl Meter {
    pub(crate) fn add(&mut self, bytes: u64) {
        self.total = self.total.saturating_add(bytes);
    }

    /// What was before is another matter: nothing was under way, or the network was away.
    pub(crate) fn restart(&mut self, now: Instant) {
        (self.at, self.total_then) = (now, self.total);
    }

    /// Returns whether there is something new to tell. A standstill counts when something moves again: one that ends
    /// with a break was no slow link.
    pub(crate) fn tick(&mut self, now: Instant) -> bool {
        let span = milliseconds(now - self.at);
        let moved = self.total - self.total_then;
        if span < milliseconds(LEAST) || moved == 0 {
            return false;
        }
        (self.last_but_one, self.last) = (self.last, per_second(moved, span));
        self.smooth = if self.smooth == 0 {
            self.last
        } else {
            let weight = span.min(SMOOTHING);
            mixed(self.smooth, SMOOTHING - weight, self.last, weight)
        };
        self.restart(now);
        true
    }

    pub(crate) fn smooth(&self) -> u64 {
        self.smooth
    }

    /// The better of what was seen lastly, twice, and what is usual.
    pub(crate) fn best(&self) -> u64 {
        self.smooth.max(self.last.min(self.last_but_one))
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }
}

pub fn per_second(bytes: u64, milliseconds: u64) -> u64 {
    let rate = u128::from(bytes) * 1_000 / u128::from(milliseconds.max(1));
    u64::try_from(rate).unwrap_or(u64::MAX)
}

fn mixed(one: u64, weight: u64, other: u64, other_weight: u64) -> u64 {
    let sum = u128::from(one) * u128::from(weight) + u128::from(other) * u128::from(other_weight);
    u64::try_from(sum / u128::from((weight + other_weight).max(1))).unwrap_or(u64::MAX)
}
