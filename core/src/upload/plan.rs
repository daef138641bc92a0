//! Which bytes make which part of a file whose size is known.

pub use crate::api::asset::{MOST_PARTS, SMALLEST_PART};

/// Parts of equal size, the last one being what is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    size: u64,
    part_size: u64,
    count: u32,
}

impl Plan {
    /// The service gives one URL for each part and expects parts of `ceil(size / URLs)` bytes.
    pub fn new(size: u64, urls: usize) -> Plan {
        let count = u32::try_from(urls).unwrap_or(u32::MAX);
        Plan { size, part_size: size.div_ceil(urls.max(1) as u64).max(1), count }
    }

    /// One for each URL. Where a tiny file got many, the last parts are empty; the service waits for
    /// them all the same.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Offset and length of a part, counted from 0.
    pub fn range(&self, part: u32) -> (u64, u64) {
        let start = self.part_size.saturating_mul(part.into()).min(self.size);
        (start, self.part_size.min(self.size - start))
    }
}

/// How many parts to ask for: what the application wants, and so many that none is larger than `limit` (0: no
/// limit), as far as the storage takes parts that small. 0 leaves it to the service.
pub fn parts_to_ask_for(wanted: u32, limit: u64, size: u64) -> u32 {
    let most = u32::try_from(size / SMALLEST_PART).unwrap_or(u32::MAX).clamp(1, MOST_PARTS);
    let least = if limit == 0 { 0 } else { u32::try_from(size.div_ceil(limit)).unwrap_or(u32::MAX) };
    wanted.max(least).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_the_services_own_sizes() {
        // Both figures are the service's: 21,136,250 bytes in two parts, 50,645,990 in three.
        let plan = Plan::new(21_136_250, 2);
        assert_eq!((plan.range(0), plan.range(1)), ((0, 10_568_125), (10_568_125, 10_568_125)));
        let plan = Plan::new(50_645_990, 3);
        assert_eq!((plan.count(), plan.range(1).1, plan.range(2).1), (3, 16_881_997, 16_881_996));
    }

    #[test]
    fn the_parts_cover_every_byte_once() {
        let mut random = fastrand::Rng::with_seed(5);
        for _ in 0..20_000 {
            let bits = random.u32(1..43);
            let size = random.u64(1..1 << bits);
            let plan = Plan::new(size, random.usize(1..=10_000));
            let mut end = 0;
            let count = plan.count();
            assert!(plan.range(0).1 > 0);
            if count < 50 {
                for part in 0..count {
                    let (start, length) = plan.range(part);
                    assert_eq!(start, end);
                    end += length;
                }
                assert_eq!(end, size);
            }
            assert_eq!(plan.range(count), (size, 0));
        }
        // Eleven bytes, ten URLs: two bytes a part, one in the sixth, none in the others.
        let plan = Plan::new(11, 10);
        assert_eq!((plan.count(), plan.range(5), plan.range(6)), (10, (10, 1), (11, 0)));
    }

    #[test]
    fn no_part_is_asked_for_that_the_storage_would_refuse() {
        assert_eq!(parts_to_ask_for(0, 0, 1 << 40), 0);
        assert_eq!(parts_to_ask_for(50, 0, 1), 1);
        assert_eq!(parts_to_ask_for(50, 0, 20 << 20), 4);
        assert_eq!(parts_to_ask_for(50, 0, 1 << 40), 50);
        assert_eq!(parts_to_ask_for(u32::MAX, 0, u64::MAX), MOST_PARTS);
    }
}
