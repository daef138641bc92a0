//! Patience with a store that fails: it is told once, and tried again later.

use crate::clock::Instant;
use crate::failure::Backoff;

#[derive(Debug, Default)]
pub(crate) struct StoreRetry {
    /// Since it last worked.
    failures: u32,
    next: Instant,
}

impl StoreRetry {
    /// When to try again, if it failed.
    pub(crate) fn at(&self) -> Option<Instant> {
        self.is_failing().then_some(self.next)
    }

    pub(crate) fn is_failing(&self) -> bool {
        self.failures > 0
    }

    /// How often in a row.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.at().is_some_and(|at| now >= at)
    }

    /// `true` if that is news.
    pub(crate) fn failed(&mut self, now: Instant, random: &mut fastrand::Rng) -> bool {
        self.failures = self.failures.saturating_add(1);
        self.next = now + Backoff::STORE.delay(self.failures, None, random);
        self.failures == 1
    }

    /// `true` if it had failed before.
    pub(crate) fn worked(&mut self) -> bool {
        core::mem::take(&mut self.failures) > 0
    }
}
