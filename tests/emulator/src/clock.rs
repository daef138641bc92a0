//! The emulator's time: the machine's monotonic clock plus an offset that tests push forward, so
//! that eight hours or fourteen days pass in one call.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The furthest a test may push the clock in all: a century, well inside every type used here.
const FURTHEST: Duration = Duration::from_secs(100 * 366 * 86_400);

/// Time since the emulator started, as everything in [`crate::service`] is told it.
#[derive(Debug)]
pub struct Clock {
    started: Instant,
    started_utc: OffsetDateTime,
    offset_micros: AtomicU64,
}

/// The advance was negative, not a number, or beyond what the clock can hold.
#[derive(Debug, PartialEq, Eq)]
pub struct BadAdvance;

impl Clock {
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
            started_utc: OffsetDateTime::now_utc(),
            offset_micros: AtomicU64::new(0),
        }
    }

    pub fn now(&self) -> Duration {
        self.started.elapsed() + self.offset()
    }

    pub fn offset(&self) -> Duration {
        Duration::from_micros(self.offset_micros.load(Ordering::Relaxed))
    }

    pub fn advance(&self, seconds: f64) -> Result<(), BadAdvance> {
        let step = Duration::try_from_secs_f64(seconds).map_err(|_| BadAdvance)?;
        let step = u64::try_from(step.as_micros()).map_err(|_| BadAdvance)?;
        let limit = FURTHEST.as_micros() as u64;
        self.offset_micros
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |old| {
                old.checked_add(step).filter(|sum| *sum <= limit)
            })
            .map(|_| ())
            .map_err(|_| BadAdvance)
    }

    /// A moment of the emulator's time as the date-time text its JSON carries.
    pub fn date_time(&self, moment: Duration) -> String {
        let whole = Duration::from_secs(moment.as_secs());
        self.started_utc
            .replace_nanosecond(0)
            .unwrap_or(self.started_utc)
            .checked_add(time::Duration::try_from(whole).unwrap_or_default())
            .and_then(|at| at.format(&Rfc3339).ok())
            .unwrap_or_else(|| "9999-12-31T23:59:59Z".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advances_only_forward_and_within_a_century() {
        let clock = Clock::start();
        assert_eq!(clock.advance(28_800.5), Ok(()));
        assert!(clock.now() >= Duration::from_millis(28_800_500));
        for bad in [-1.0, f64::NAN, f64::INFINITY, 1e30, 4e9] {
            assert_eq!(clock.advance(bad), Err(BadAdvance), "{bad}");
        }
        assert_eq!(clock.offset(), Duration::from_millis(28_800_500));
    }

    #[test]
    fn dates_follow_the_offset() {
        let clock = Clock::start();
        let before = clock.date_time(Duration::ZERO);
        let after = clock.date_time(Duration::from_secs(86_400 * 366));
        assert!(before < after, "{before} {after}");
        assert!(before.ends_with('Z'));
    }
}
