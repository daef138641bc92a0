//! How large the parts of a file are, and when another size is worth a new asset.

use super::{Known, Link};

pub use crate::api::asset::SMALLEST_PART;

/// How many milliseconds a part is to take.
const TARGET: u64 = 25_000;
/// Where parts could be as large as that, the service's own sizes do.
const LARGEST: u64 = 64 << 20;
/// Of a link nobody knows: up to here a file goes in the smallest parts, which any link carries.
const SMALL_FILE: u64 = 256 << 20;
/// Beyond that in so many.
const PARTS_OF_LARGE_FILE: u64 = 51;
/// So many breaks without a part that arrives, before the shape is to blame.
const BARREN_BREAKS: u32 = 2;

impl Link {
    /// Bytes a second that one part has of it.
    fn share(&self) -> u64 {
        self.known().goodput / u64::from(self.at_once().max(1))
    }

    /// How large the parts of a file of that size are to be; `None` leaves it to the service.
    pub fn part_size(&self, size: u64) -> Option<u64> {
        let known = self.known();
        if known.goodput == 0 {
            let large = size.div_ceil(PARTS_OF_LARGE_FILE);
            return Some(if size <= SMALL_FILE { SMALLEST_PART } else { large.max(SMALLEST_PART) });
        }
        let span = if known.hold > 0 { TARGET.min(known.hold / 2) } else { TARGET };
        let bytes = carried(self.share(), span).max(SMALLEST_PART);
        (bytes < LARGEST).then_some(bytes)
    }

    /// How many parts to ask for; 0 leaves it to the service. Two at least, where the storage takes them: one more
    /// request, and half of the file is safe when power or network go.
    pub fn parts(&self, size: u64) -> u32 {
        match self.part_size(size) {
            Some(part_size) if size >= 2 * SMALLEST_PART => {
                u32::try_from(size.div_ceil(part_size)).unwrap_or(u32::MAX).max(2)
            }
            _ => 0,
        }
    }

    /// Whether parts of that size never get through: it breaks before, again and again.
    pub fn is_too_weak_for(&self, part: u64) -> bool {
        let Known { goodput, hold, .. } = self.known();
        self.barren_breaks() >= BARREN_BREAKS && hold > 0 && goodput > 0 && carried(goodput, hold) < part
    }

    /// Whether smaller parts are worth a new asset: what was stored is sent once more, and less is lost. `part` is how
    /// large they are now.
    pub fn wants_smaller(&self, size: u64, part: u64, stored: u64) -> bool {
        let hold = self.known().hold;
        let Some(smaller) = self.part_size(size) else { return false };
        // As far as the storage takes parts that small.
        let smaller = size.div_ceil(size.div_ceil(smaller).min(size / SMALLEST_PART).max(1));
        if self.barren_breaks() < BARREN_BREAKS || hold == 0 || self.share() == 0 || smaller > part / 3 * 2 {
            return false;
        }
        let holds = carried(self.share(), hold);
        let now = cost(size.saturating_sub(stored), part, holds);
        let then = cost(size, smaller, holds);
        // By a fourth at least: what is known of the link is not certain.
        then.is_some_and(|then| now.is_none_or(|now| then.saturating_add(then / 4) < now))
    }
}

fn carried(rate: u64, span: u64) -> u64 {
    u64::try_from(u128::from(rate) * u128::from(span) / 1_000).unwrap_or(u64::MAX)
}

/// How many bytes it takes to send so many in parts of that size, over a link that carries `holds` from one break to the
/// next; `None` for ever. A break comes anywhere in a part.
fn cost(bytes: u64, part: u64, holds: u64) -> Option<u64> {
    let of = 2 * u128::from(holds);
    let kept = of.checked_sub(part.into()).filter(|kept| part <= holds && *kept > 0)?;
    u64::try_from(u128::from(bytes) * of / kept).ok()
}
