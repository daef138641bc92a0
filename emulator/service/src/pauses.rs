//! When a device was paused. The windows are remembered after the device is resumed: what was
//! recorded in one is never to be uploaded.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Windows remembered; beyond it the oldest are forgotten.
const MOST_WINDOWS: usize = 1_000;

#[derive(Debug, Serialize, Deserialize)]
struct Window {
    from: Duration,
    /// Absent while the pause lasts.
    until: Option<Duration>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Pauses {
    windows: VecDeque<Window>,
}

impl Pauses {
    pub fn begin(&mut self, now: Duration) {
        if self.is_on() {
            return;
        }
        self.windows.push_back(Window { from: now, until: None });
        if self.windows.len() > MOST_WINDOWS {
            self.windows.pop_front();
        }
    }

    pub fn end(&mut self, now: Duration) {
        if let Some(window) = self.windows.back_mut() {
            window.until.get_or_insert(now);
        }
    }

    pub fn is_on(&self) -> bool {
        self.windows.back().is_some_and(|window| window.until.is_none())
    }

    /// From when to when, as far as they have ended.
    pub fn windows(&self) -> impl Iterator<Item = (Duration, Option<Duration>)> {
        self.windows.iter().map(|window| (window.from, window.until))
    }

    /// Whether the moment `offset` seconds before `now` lies in a pause. A negative offset names a
    /// moment yet to come.
    pub fn cover(&self, now: Duration, offset: i64) -> bool {
        let nanos = |moment: Duration| i128::try_from(moment.as_nanos()).unwrap_or(i128::MAX);
        let moment = nanos(now) - i128::from(offset) * 1_000_000_000;
        self.windows.iter().any(|window| {
            nanos(window.from) <= moment && window.until.is_none_or(|until| moment < nanos(until))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_moment_is_judged_not_the_present() {
        let mut pauses = Pauses::default();
        assert!(!pauses.cover(at(5), 0));
        pauses.begin(at(100));
        pauses.begin(at(150));
        assert!(pauses.is_on() && pauses.cover(at(160), 0) && pauses.cover(at(160), 60));
        assert!(!pauses.cover(at(160), 61), "recorded before the pause, sent during it");
        assert!(pauses.cover(at(160), -10));
        pauses.end(at(200));
        pauses.end(at(250));
        assert!(!pauses.is_on() && !pauses.cover(at(200), 0) && !pauses.cover(at(300), 100));
        assert!(pauses.cover(at(300), 101), "recorded during the pause, sent after it");
        assert!(!pauses.cover(at(300), i64::MAX) && !pauses.cover(at(300), i64::MIN));
    }

    #[test]
    fn memory_is_bounded() {
        let mut pauses = Pauses::default();
        for second in 0..MOST_WINDOWS as u64 + 10 {
            pauses.begin(at(2 * second));
            pauses.end(at(2 * second + 1));
        }
        assert_eq!(pauses.windows.len(), MOST_WINDOWS);
        assert!(!pauses.cover(at(0), 0) && pauses.cover(at(20), 0));
    }
}
