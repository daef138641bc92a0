//! How fast it goes, and how long it will take.

use super::Totals;
use crate::clock::Instant;
use core::time::Duration;

/// What the last seconds weigh against what was before.
const SMOOTHING: Duration = Duration::from_secs(5);

/// The rate at which bytes leave, smoothed.
#[derive(Debug, Default)]
pub struct Speed {
    /// Bytes in parts that have arrived, since the start.
    arrived: u64,
    last: Option<(Instant, u64)>,
    bytes_per_second: f64,
    /// Bytes since something came under way.
    moved: u64,
    /// The last one that was measured over enough bytes, kept while nothing is under way.
    remembered: u64,
}

/// What fewer bytes took says more of the round trips than of the link.
const ENOUGH: u64 = 4 << 20;

impl Speed {
    /// A part has arrived.
    pub fn arrived(&mut self, bytes: u64) {
        self.arrived += bytes;
    }

    /// `in_flight` bytes have left besides those that have arrived.
    pub fn sample(&mut self, now: Instant, in_flight: u64) {
        let total = self.arrived + in_flight;
        let Some((then, before)) = self.last.replace((now, total)) else { return };
        let span = now.since(then).as_secs_f64();
        if span <= 0.0 {
            self.last = Some((then, before));
            return;
        }
        // A part that has to be sent again takes its bytes back: that is a standstill.
        let moved = total.saturating_sub(before);
        self.moved = self.moved.saturating_add(moved);
        let current = moved as f64 / span;
        let weight = (span / SMOOTHING.as_secs_f64()).min(1.0);
        self.bytes_per_second = if self.bytes_per_second == 0.0 {
            current
        } else {
            self.bytes_per_second * (1.0 - weight) + current * weight
        };
    }

    /// Nothing is under way.
    pub fn rest(&mut self) {
        self.remembered = self.recent();
        self.moved = 0;
        self.last = None;
        self.bytes_per_second = 0.0;
    }

    /// Bytes a second, as far as enough was sent to tell; 0 if not.
    pub fn recent(&self) -> u64 {
        if self.moved >= ENOUGH { self.bytes_per_second as u64 } else { self.remembered }
    }

    pub fn complete(&self, mut totals: Totals) -> Totals {
        totals.bytes_per_second = self.bytes_per_second as u64;
        if totals.bytes_per_second > 0 {
            totals.seconds_left = Some(totals.bytes_left.div_ceil(totals.bytes_per_second));
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_bytes_say_nothing_of_the_link() {
        let mut speed = Speed::default();
        for second in 0..10u64 {
            speed.arrived(1_000);
            speed.sample(Instant(second * 1000), 0);
        }
        assert_eq!(speed.recent(), 0);
        for second in 10..20u64 {
            speed.arrived(1 << 20);
            speed.sample(Instant(second * 1000), 0);
        }
        let measured = speed.recent();
        assert!((800_000..1_100_000).contains(&measured), "{measured}");
        speed.rest();
        assert_eq!(speed.recent(), measured);
    }

    #[test]
    fn the_speed_settles_and_rests() {
        let mut speed = Speed::default();
        for second in 0..60u64 {
            speed.arrived(500);
            speed.sample(Instant(second * 1000), second % 2 * 500);
        }
        let totals = speed.complete(Totals { bytes_left: 5000, ..Totals::default() });
        assert!((300..=700).contains(&totals.bytes_per_second), "{totals:?}");
        assert!((7..=17).contains(&totals.seconds_left.unwrap()));
        speed.rest();
        assert_eq!(speed.complete(Totals::default()), Totals::default());
    }
}
