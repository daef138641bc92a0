//! Which bytes make which part of a file that is still being recorded.
//!
//! Parts begin small, so that little is left to send when the recording stops, and grow by a constant
//! step, so that the most parts the storage takes reach the largest file it takes.

use super::RecordingSpec;
use super::plan::{MOST_PARTS, SMALLEST_PART};

/// The largest file (S3, and the service's `asset_filesize`).
pub const LARGEST_FILE: u64 = 5 << 40;
/// A part holds about so many seconds of the expected data rate: the time after the end until the clip is
/// complete is the time the last part takes.
const SECONDS_IN_A_PART: u64 = 2;
const LARGEST_FIRST_PART: u64 = 256 << 20;

/// The sizes of the parts, all of them following from two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    /// Size of the first part.
    head: u64,
    /// Size of the second; each further one is `step` larger.
    base: u64,
    step: u64,
}

impl Growth {
    pub fn new(spec: RecordingSpec) -> Growth {
        let wanted = spec.bytes_per_second.saturating_mul(SECONDS_IN_A_PART);
        let base = wanted.clamp(SMALLEST_PART, LARGEST_FIRST_PART);
        let head = spec.held_head.min(LARGEST_FIRST_PART).max(base);
        let rest = u64::from(MOST_PARTS) - 1;
        // head + rest * base + step * rest * (rest - 1) / 2 >= LARGEST_FILE
        let missing = LARGEST_FILE.saturating_sub(head + rest * base);
        Growth { head, base, step: (2 * missing).div_ceil(rest * (rest - 1)) }
    }

    /// Where a part begins, counted from 0.
    pub fn start(&self, part: u32) -> u64 {
        match u64::from(part) {
            0 => 0,
            part => {
                self.head + (part - 1) * self.base + self.step * ((part - 1) * (part.saturating_sub(2)) / 2)
            }
        }
    }

    /// The part that holds a byte.
    pub fn part_of(&self, offset: u64) -> u32 {
        let (mut low, mut high) = (0, MOST_PARTS);
        while high - low > 1 {
            let middle = (low + high) / 2;
            if self.start(middle) <= offset { low = middle } else { high = middle }
        }
        low
    }

    /// How many parts a file of that size has.
    pub fn count(&self, size: u64) -> u32 {
        if size == 0 { 0 } else { self.part_of(size - 1) + 1 }
    }

    /// Offset and length of a part, as far as the file goes.
    pub fn range(&self, part: u32, size: u64) -> (u64, u64) {
        let start = self.start(part).min(size);
        (start, self.start(part + 1).min(size) - start)
    }

    /// Parts up to this one (not included) can leave while it is recorded. A part is held back until a
    /// byte after it is there: the last one has to be announced as the last.
    pub fn complete(&self, stable: u64) -> u32 {
        if stable == 0 { 0 } else { self.part_of(stable - 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn growth(bytes_per_second: u64, held_head: u64) -> Growth {
        Growth::new(RecordingSpec { bytes_per_second, held_head })
    }

    #[test]
    fn ten_thousand_parts_reach_five_tebibytes_within_the_storages_limits() {
        for (rate, head) in [(0, 0), (1, 1), (6_250_000, 0), (125_000_000, 64 << 20), (u64::MAX, u64::MAX)] {
            let growth = growth(rate, head);
            assert!(growth.start(MOST_PARTS) >= LARGEST_FILE, "{growth:?}");
            let mut sizes = (0..MOST_PARTS).map(|part| growth.start(part + 1) - growth.start(part));
            assert!(sizes.all(|size| (SMALLEST_PART..=5 << 30).contains(&size)), "{growth:?}");
            assert_eq!(growth.count(LARGEST_FILE), growth.part_of(LARGEST_FILE - 1) + 1);
        }
        assert_eq!(growth(0, 0), Growth { head: 5 << 20, base: 5 << 20, step: 108_936 });
    }

    #[test]
    fn a_short_clip_has_little_left_to_send_when_it_ends() {
        // 50 Mbit/s for a minute.
        let growth = growth(6_250_000, 0);
        let size = 6_250_000 * 60;
        let last = growth.range(growth.count(size) - 1, size).1;
        assert!(last <= 6_250_000 * 3);
        assert_eq!(growth.start(1), 12_500_000);
    }

    #[test]
    fn every_byte_is_in_one_part() {
        let growth = growth(3_000_000, 9 << 20);
        for size in [1, 5 << 20, (9 << 20) - 1, 9 << 20, (9 << 20) + 1, 123_456_789, 99_999_999_999] {
            let count = growth.count(size);
            let mut end = 0;
            for part in 0..count {
                let (start, length) = growth.range(part, size);
                assert_eq!(start, end);
                assert!(length > 0);
                assert_eq!((growth.part_of(start), growth.part_of(start + length - 1)), (part, part));
                end += length;
            }
            assert_eq!(end, size);
        }
        assert_eq!(growth.count(0), 0);
    }

    #[test]
    fn the_last_full_part_is_held_back_until_more_is_there() {
        let growth = growth(0, 0);
        let second = growth.start(1);
        assert_eq!([0, 1, second - 1, second].map(|stable| growth.complete(stable)), [0, 0, 0, 0]);
        assert_eq!(growth.complete(second + 1), 1);
        assert_eq!(growth.complete(growth.start(7) + 1), 7);
    }
}
