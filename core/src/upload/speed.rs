//! How fast it goes, and how long it will take: over the last seconds and the last minute by what leaves, and until the
//! end by the parts that arrived, since what is on its way when the link breaks is sent again.

use super::Totals;
use crate::clock::{Instant, milliseconds};
use crate::link::shape::SMALLEST_PART;
use crate::link::{Link, per_second};
use crate::prelude::*;
use core::time::Duration;

/// What the last seconds weigh against what was before.
const SMOOTHING: Duration = Duration::from_secs(5);
const MINUTE: u64 = 60_000;
/// Of the last minute so often a sample is kept.
const SAMPLE: u64 = 4_000;
/// Parts that arrive within so many milliseconds are counted together.
const TOGETHER: u64 = 1_000;
/// Samples are taken about so often, however often progress is told.
pub const STEP: Duration = Duration::from_secs(1);

/// Bytes a second over the last minute: what arrived and what is on its way, less what was lost.
#[derive(Clone, Debug, Default)]
pub struct Minute {
    /// When, and how many bytes there were.
    samples: VecDeque<(Instant, u64)>,
}

impl Minute {
    pub fn sample(&mut self, now: Instant, bytes: u64) {
        let is_due = self.samples.back().is_none_or(|(then, _)| milliseconds(now.since(*then)) >= SAMPLE);
        if is_due {
            while self.samples.front().is_some_and(|(then, _)| milliseconds(now.since(*then)) > MINUTE) {
                self.samples.pop_front();
            }
            self.samples.push_back((now, bytes));
        }
    }

    /// `bytes` as they are now. 0 as long as it is not known.
    pub fn rate(&self, now: Instant, bytes: u64) -> u64 {
        // Of a pause longer than that nothing is left to tell.
        let is_recent = self.samples.back().is_some_and(|(then, _)| milliseconds(now.since(*then)) <= MINUTE);
        let Some((then, before)) = self.samples.front().filter(|(then, _)| is_recent && *then < now) else {
            return 0;
        };
        per_second(bytes.saturating_sub(*before), milliseconds(now.since(*then)))
    }

    pub fn clear(&mut self) {
        self.samples = VecDeque::new();
    }
}

/// Bytes a second of parts that arrived, over a minute at least. Time in which nothing was to be sent does not count,
/// that in which the network was away does.
#[derive(Debug, Default)]
struct Finished {
    /// Milliseconds in which there was something to send.
    busy: u64,
    /// When by that clock, and how many bytes had arrived then. The first is where it begins.
    ends: VecDeque<(u64, u64)>,
}

impl Finished {
    fn part(&mut self, arrived: u64) {
        let is_first = self.ends.len() <= 1;
        match self.ends.back_mut().filter(|last| !is_first && self.busy - last.0 < TOGETHER) {
            Some(last) => *last = (self.busy, arrived),
            None => self.ends.push_back((self.busy, arrived)),
        }
        while self.ends.get(1).is_some_and(|(then, _)| self.busy - then >= MINUTE) {
            self.ends.pop_front();
        }
    }

    /// `None` before the first part.
    fn rate(&self) -> Option<u64> {
        let (&(from, before), &(to, after)) = (self.ends.front()?, self.ends.back()?);
        let gaps = self.ends.iter().zip(self.ends.iter().skip(1)).map(|(one, next)| next.0 - one.0);
        // As long as the next part may still be on its way as those before it, up to the last one.
        let longest = gaps.max()?;
        let until = if self.busy - to <= longest + longest / 2 { to } else { self.busy };
        (until > from).then(|| per_second(after - before, until - from))
    }
}

#[derive(Debug, Default)]
pub struct Speed {
    /// Bytes in parts that have arrived, since the start.
    arrived: u64,
    last: Option<(Instant, u64)>,
    bytes_per_second: f64,
    minute: Minute,
    finished: Finished,
}

impl Speed {
    /// A part has arrived.
    pub fn arrived(&mut self, bytes: u64) {
        self.arrived += bytes;
        self.finished.part(self.arrived);
    }

    pub fn is_due(&self, now: Instant) -> bool {
        self.last.is_none_or(|(then, _)| now - then >= STEP)
    }

    /// `in_flight` bytes have left besides those that have arrived.
    pub fn sample(&mut self, now: Instant, in_flight: u64) {
        let total = self.arrived + in_flight;
        self.minute.sample(now, total);
        if self.finished.ends.is_empty() {
            self.finished.ends.push_back((self.finished.busy, self.arrived));
        }
        let Some((then, before)) = self.last.replace((now, total)) else { return };
        let span = now.since(then).as_secs_f64();
        if span <= 0.0 {
            self.last = Some((then, before));
            return;
        }
        self.finished.busy += milliseconds(now.since(then));
        // A part that has to be sent again takes its bytes back: that is a standstill.
        let current = total.saturating_sub(before) as f64 / span;
        let weight = (span / SMOOTHING.as_secs_f64()).min(1.0);
        self.bytes_per_second = if self.bytes_per_second == 0.0 {
            current
        } else {
            self.bytes_per_second * (1.0 - weight) + current * weight
        };
    }

    /// Nothing is under way, and it is not the network that is missing.
    pub fn rest(&mut self) {
        self.last = None;
        self.bytes_per_second = 0.0;
    }

    /// Nothing is left to do: what comes next may be elsewhere.
    pub fn end(&mut self) {
        self.rest();
        self.minute.clear();
        self.finished = Finished::default();
    }

    /// Adds what is known of the speed to what is left; `in_flight` bytes of it have left.
    pub fn complete(&self, mut totals: Totals, in_flight: u64, link: &Link, now: Instant) -> Totals {
        totals.bytes_per_second = self.bytes_per_second as u64;
        totals.last_minute = self.minute.rate(now, self.arrived + in_flight);
        totals.part_safe_in = link.part_safe_in(|_| true);
        totals.parts_in_flight = link.parts_under_way();
        totals.is_link_too_weak = totals.files_left > 0 && link.is_too_weak_for(SMALLEST_PART);
        // Where no part has arrived yet, by what has: unless that is lost again and again.
        let by_bytes = Some(link.goodput()).filter(|_| link.barren_breaks() == 0);
        let rate = self.finished.rate().or(by_bytes).unwrap_or(0);
        if self.last.is_some() && rate > 0 {
            // What is on its way over a link that breaks may have to be sent again.
            let at_risk = if link.known().hold > 0 { in_flight } else { 0 };
            totals.seconds_left = Some((totals.bytes_left + at_risk).div_ceil(rate));
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: u64 = 1_000_000;

    fn left(bytes_left: u64) -> Totals {
        Totals { files_left: 1, bytes_left, ..Totals::default() }
    }

    /// A link of 100,000 bytes a second that breaks every `up` seconds for `down`; a part takes ten.
    fn over_a_link(seconds: u64, up: u64, down: u64) -> (Speed, u64) {
        let (mut speed, mut part) = (Speed::default(), 0);
        for second in 0..seconds {
            speed.sample(Instant(second * 1_000), part);
            if second % (up + down) >= up {
                part = 0;
                continue;
            }
            part += PART / 10;
            if part == PART {
                speed.arrived(PART);
                part = 0;
            }
        }
        (speed, part)
    }

    #[test]
    fn the_speed_settles_and_rests() {
        let mut speed = Speed::default();
        for second in 0..60u64 {
            speed.arrived(500);
            speed.sample(Instant(second * 1000), second % 2 * 500);
        }
        let totals = speed.complete(left(5000), 0, &Link::default(), Instant(59_000));
        assert!((300..=700).contains(&totals.bytes_per_second), "{totals:?}");
        assert!((9..=11).contains(&totals.seconds_left.unwrap()), "{totals:?}");
        speed.end();
        assert_eq!(speed.complete(left(0), 0, &Link::default(), Instant(60_000)), left(0));
    }

    #[test]
    fn the_time_left_follows_the_parts_that_arrived() {
        // Of 15 seconds up and 5 down one part arrives, in 20 seconds.
        let (speed, part) = over_a_link(200, 15, 5);
        let totals = speed.complete(left(10 * PART), part, &Link::default(), Instant(199_000));
        assert!((180..=220).contains(&totals.seconds_left.unwrap()), "{totals:?}");
        assert!((45_000..=75_000).contains(&totals.last_minute), "{totals:?}");
        // Without breaks it is ten.
        let (speed, part) = over_a_link(203, 1_000, 0);
        let totals = speed.complete(left(10 * PART), part, &Link::default(), Instant(202_000));
        assert!((98..=102).contains(&totals.seconds_left.unwrap()), "{totals:?}");
        assert!((95_000..=105_000).contains(&totals.last_minute), "{totals:?}");
    }

    #[test]
    fn where_no_part_ever_arrives_no_time_is_told() {
        let (speed, part) = over_a_link(200, 9, 5);
        let totals = speed.complete(left(10 * PART), part, &Link::default(), Instant(199_000));
        assert_eq!(totals.seconds_left, None);
        assert!(totals.last_minute < 20_000, "{totals:?}");
    }

    #[test]
    fn parts_that_stay_away_make_it_longer() {
        let (mut speed, _) = over_a_link(101, 1_000, 0);
        let at = |second: u64| Instant(second * 1_000);
        let before = speed.complete(left(PART), 0, &Link::default(), at(100)).seconds_left.unwrap();
        for second in 101..200 {
            speed.sample(at(second), 0);
        }
        let after = speed.complete(left(PART), 0, &Link::default(), at(199)).seconds_left.unwrap();
        assert!(before == 10 && after > 15, "{before} {after}");
    }

    #[test]
    fn a_rest_is_no_slowness() {
        let (mut speed, _) = over_a_link(101, 1_000, 0);
        speed.rest();
        let later = Instant(3_600_000);
        assert_eq!(speed.complete(left(PART), 0, &Link::default(), later).seconds_left, None);
        speed.sample(later, 0);
        assert_eq!(speed.complete(left(PART), 0, &Link::default(), later).seconds_left, Some(10));
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let mut speed = Speed::default();
        for part in 0..100_000u64 {
            speed.sample(Instant(part * 300), 0);
            speed.arrived(PART);
        }
        assert!(speed.finished.ends.len() <= 70 && speed.minute.samples.len() <= 17);
    }
}
