//! How much of a part is read at a time: small where the network is slow, and in turns where the
//! application has set a limit.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most libcurl is given at once.
pub(crate) const LARGEST_READ: usize = 512 << 10;
const SMALLEST_READ: usize = 16 << 10;

/// libcurl may count a read as sent only when all of it is. So one that takes long makes the next one
/// smaller: on a slow network something moves all the time, and is not taken for standing still.
pub(crate) struct ReadSize {
    size: usize,
    last: u64,
}

impl ReadSize {
    pub(crate) fn new() -> ReadSize {
        ReadSize { size: 64 << 10, last: 0 }
    }

    /// To be asked once for each read, with the time in milliseconds.
    pub(crate) fn next(&mut self, now: u64) -> usize {
        let took = now.saturating_sub(self.last);
        self.size = match took {
            _ if self.last == 0 => self.size,
            0..=60 => (self.size * 2).min(LARGEST_READ),
            61..=250 => self.size,
            _ => (self.size / 2).max(SMALLEST_READ),
        };
        self.last = now;
        self.size
    }
}

/// A limit for all parts together. They stand in one line, each with a read of its share, so that the
/// total is exact however many they are and however short.
#[derive(Default)]
pub(crate) struct Bandwidth(Mutex<Line>);

#[derive(Default)]
struct Line {
    bytes_per_second: u64,
    /// How many parts share it.
    parts: u64,
    /// When the last one in the line is through, in microseconds.
    free_at: u64,
    /// Turns given out for another limit are void.
    era: u64,
}

/// A place in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    at: u64,
    bytes: usize,
    era: u64,
}

impl Turn {
    /// In milliseconds; the whole one in which it has come for sure.
    pub(crate) fn due(&self) -> u64 {
        self.at.div_ceil(1000)
    }
}

impl Bandwidth {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// 0 is no limit.
    pub(crate) fn limit(&self, bytes_per_second: u64) {
        let mut line = self.line();
        if line.bytes_per_second != bytes_per_second {
            line.bytes_per_second = bytes_per_second;
            line.free_at = 0;
            line.era += 1;
        }
    }

    pub(crate) fn share_among(&self, parts: usize) {
        self.line().parts = parts as u64;
    }

    /// How many of `wanted` bytes may be sent now, at the time in milliseconds. `None`: none before the
    /// turn that is then in `turn`.
    pub(crate) fn allow(&self, turn: &mut Option<Turn>, wanted: usize, now: u64) -> Option<usize> {
        let mut line = self.line();
        if line.bytes_per_second == 0 {
            *turn = None;
            return Some(wanted);
        }
        let now = now.saturating_mul(1000);
        let mine = match turn.take().filter(|turn| turn.era == line.era) {
            Some(mine) => mine,
            None => line.queue(wanted, now),
        };
        if mine.at > now {
            *turn = Some(mine);
            return None;
        }
        Some(mine.bytes.min(wanted))
    }
}

impl Line {
    fn queue(&mut self, wanted: usize, now: u64) -> Turn {
        const SMALLEST: u64 = 1 << 10;
        // Eight rounds a second, so that the pace is smooth.
        let share = (self.bytes_per_second / 8 / self.parts.max(1)).max(SMALLEST);
        let bytes = wanted.min(usize::try_from(share).unwrap_or(usize::MAX));
        let at = self.free_at.max(now);
        let takes = (bytes as u64).saturating_mul(1_000_000) / self.bytes_per_second.max(1);
        self.free_at = at.saturating_add(takes);
        Turn { at, bytes, era: self.era }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_grow_on_a_fast_network_and_shrink_on_a_slow_one() {
        let mut size = ReadSize::new();
        assert_eq!(size.next(5), 64 << 10);
        assert_eq!(size.next(6), 128 << 10);
        assert_eq!(size.next(200), 128 << 10);
        let mut now = 200;
        for _ in 0..10 {
            now += 1000;
            size.next(now);
        }
        assert_eq!(size.next(now + 1000), SMALLEST_READ);
        for _ in 0..10 {
            size.next(now + 1000);
        }
        assert_eq!(size.next(now + 1000), LARGEST_READ);
    }

    #[test]
    fn without_a_limit_all_is_allowed() {
        assert_eq!(Bandwidth::default().allow(&mut None, 5 << 20, 1), Some(5 << 20));
    }

    /// Lets `parts` send for `span` ms as fast as they may; returns what each has sent.
    fn run(bandwidth: &Bandwidth, parts: usize, from: u64, span: u64) -> Vec<u64> {
        bandwidth.share_among(parts);
        let mut turns = vec![None; parts];
        let mut sent = vec![0; parts];
        for now in from..from + span {
            for (turn, sent) in turns.iter_mut().zip(&mut sent) {
                while let Some(bytes) = bandwidth.allow(turn, LARGEST_READ, now) {
                    *sent += bytes as u64;
                }
            }
        }
        sent
    }

    #[test]
    fn the_limit_is_kept_and_shared_evenly() {
        for (limit, parts) in [(1_000_000, 1), (1_000_000, 4), (100_000_000, 3), (50_000, 7), (8_000, 32)] {
            let bandwidth = Bandwidth::default();
            bandwidth.limit(limit);
            let sent = run(&bandwidth, parts, 1_000, 10_000);
            let total: u64 = sent.iter().sum();
            assert!(total.abs_diff(limit * 10) <= limit / 4 + 1024, "{limit} {parts}: {total}");
            let (least, most) = (sent.iter().min().unwrap(), sent.iter().max().unwrap());
            assert!(most - least <= (limit / 8 / parts as u64).max(1024) * 2, "{limit} {parts}: {sent:?}");
        }
    }

    #[test]
    fn a_new_limit_holds_at_once_and_unused_time_is_not_saved_up() {
        let bandwidth = Bandwidth::default();
        bandwidth.limit(1_000);
        let mut turn = None;
        assert_eq!(bandwidth.allow(&mut turn, 100_000, 1_000), Some(1024));
        assert_eq!(bandwidth.allow(&mut turn, 100_000, 1_000), None);
        assert_eq!(turn.unwrap().due(), 2_024);
        bandwidth.limit(80_000);
        assert_eq!(bandwidth.allow(&mut turn, 100_000, 1_001), Some(10_000));
        assert_eq!(bandwidth.allow(&mut turn, 100_000, 1_001), None);
        turn = None;
        assert_eq!(bandwidth.allow(&mut turn, 100_000, 60_000), Some(10_000));
        assert_eq!(bandwidth.allow(&mut turn, 100_000, 60_000), None);
        bandwidth.limit(0);
        assert_eq!((bandwidth.allow(&mut turn, 100_000, 60_000), turn), (Some(100_000), None));
    }
}
