//! The device's own clocks.

use crate::clock::{Clock, Instant, Now};
use crate::sys::monotonic_ms;
use std::time::{SystemTime, UNIX_EPOCH};

pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Now { mono: Instant(monotonic_ms()), wall: i64::try_from(wall).unwrap_or(i64::MAX) }
    }
}
