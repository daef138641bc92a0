//! Time as the core sees it: told, never asked for.

use core::ops::{Add, Sub};
use core::time::Duration;

/// A moment on a monotonic clock that goes on while the device sleeps, in milliseconds since some
/// fixed but unknown start. Intervals and lifetimes are measured with it, never with wall time: the
/// wall clock of a camera jumps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash)]
pub struct Instant(pub u64);

impl Instant {
    pub fn since(self, earlier: Instant) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// Whole milliseconds, without the 128 bits that the standard library takes for them.
pub fn milliseconds(span: Duration) -> u64 {
    span.as_secs().saturating_mul(1000).saturating_add(span.subsec_millis().into())
}

impl Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, span: Duration) -> Instant {
        Instant(self.0.saturating_add(milliseconds(span)))
    }
}

impl Sub<Instant> for Instant {
    type Output = Duration;
    fn sub(self, earlier: Instant) -> Duration {
        self.since(earlier)
    }
}

/// Wall time (2026-01-01) before which this library did not exist: a clock that says less is not set.
const EARLIEST_PLAUSIBLE: i64 = 1_767_225_600;

/// Whether a wall clock that says this can be right.
pub fn is_plausible(wall: i64) -> bool {
    wall >= EARLIEST_PLAUSIBLE
}

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Now {
    pub mono: Instant,
    /// Seconds since 1970 by the device's wall clock; used only for what must outlive a reboot.
    pub wall: i64,
}

/// Where the world gets the time from.
pub trait Clock: Send {
    fn now(&self) -> Now;
}
