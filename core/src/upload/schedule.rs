//! One backoff for each host, shared by all uploads: while one of them finds a
//! host failing, the others do not try it any harder.

use crate::clock::Instant;
use crate::error::Error;
use crate::failure::{Backoff, least_wait};
use core::time::Duration;

/// How one host, the API or the storage, is doing.
#[derive(Debug, Default)]
pub struct SharedBackoff {
    failures: u32,
    not_before: Option<Instant>,
    /// Until when the server asked to be left alone: neither a success of what was on its way then nor
    /// another failure shortens that.
    asked_until: Option<Instant>,
    /// The last failure.
    why: Option<Error>,
}

impl SharedBackoff {
    pub fn is_open(&self, now: Instant) -> bool {
        self.not_before().is_none_or(|at| at <= now)
    }

    pub fn not_before(&self) -> Option<Instant> {
        self.not_before.max(self.asked_until)
    }

    /// Why it is not open.
    pub fn why(&self) -> Option<&Error> {
        self.why.as_ref()
    }

    pub fn succeeded(&mut self) {
        *self =
            SharedBackoff { asked_until: self.asked_until, why: self.why.take(), ..SharedBackoff::default() };
    }

    /// Requests that were under way together fail together: that counts once. Returns how long the one
    /// that failed has to wait, its own failures counted.
    pub fn failed(
        &mut self,
        now: Instant,
        own_failures: u32,
        error: &Error,
        backoff: Backoff,
        random: &mut fastrand::Rng,
    ) -> Duration {
        if self.is_open(now) {
            self.failures = self.failures.saturating_add(1);
        }
        let wait = backoff.delay(self.failures.max(own_failures), least_wait(error), random);
        // The shortest wait of those that fail together opens it again, unless the server asked for more.
        let at = now + wait;
        if error.retry_after.is_some() {
            self.asked_until = self.asked_until.max(Some(at));
        }
        let shared = self.not_before.filter(|earlier| *earlier > now);
        self.not_before = Some(shared.map_or(at, |earlier| earlier.min(at)));
        self.why = Some(error.clone());
        wait
    }

    /// The network is away, which says nothing about the host: no pause grows from that.
    pub fn lost(&mut self, now: Instant, error: &Error, pause: Duration) -> Duration {
        let at = now + pause;
        let shared = self.not_before.filter(|earlier| *earlier > now);
        self.not_before = Some(shared.map_or(at, |earlier| earlier.min(at)));
        self.why = Some(error.clone());
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::{FIO_E_CONNECT, FIO_E_RATE_LIMITED};

    #[test]
    fn failures_of_the_same_moment_count_once() {
        let mut random = fastrand::Rng::with_seed(1);
        let mut backoff = SharedBackoff::default();
        let mut now = Instant(0);
        let error = Error::of(FIO_E_CONNECT);
        assert!(backoff.is_open(now));
        for round in 1..20u32 {
            for _ in 0..5 {
                backoff.failed(now, 1, &error, Backoff::API, &mut random);
            }
            assert_eq!(backoff.failures, round);
            assert!(!backoff.is_open(now));
            now = backoff.not_before().unwrap();
            assert!(backoff.is_open(now));
        }
        backoff.succeeded();
        assert_eq!((backoff.failures, backoff.not_before()), (0, None));
    }

    #[test]
    fn the_servers_word_is_for_everybody() {
        let mut random = fastrand::Rng::with_seed(1);
        let mut backoff = SharedBackoff::default();
        backoff.failed(Instant(0), 1, &Error::of(FIO_E_CONNECT), Backoff::API, &mut random);
        let mut error = Error::of(FIO_E_RATE_LIMITED);
        error.retry_after = Some(Duration::from_secs(90));
        assert_eq!(backoff.failed(Instant(0), 1, &error, Backoff::API, &mut random), Duration::from_secs(90));
        assert_eq!(backoff.not_before(), Some(Instant(90_000)));
        // Whatever becomes of what was on its way by then.
        backoff.succeeded();
        backoff.failed(Instant(10), 1, &Error::of(FIO_E_CONNECT), Backoff::API, &mut random);
        assert_eq!(backoff.not_before(), Some(Instant(90_000)));
    }
}
