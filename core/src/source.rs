//! Where the bytes of an upload come from, for a core that knows neither files nor locks.

use crate::error::Error;
use alloc::sync::Arc;

/// The bytes of one upload. Read at any offset, several times over: parts travel side by side and are
/// sent again after a failure. Used from one thread at a time.
pub trait Source: Send + Sync {
    /// What the bytes are now: compared before and after each part, so that a change is noticed.
    fn condition(&self) -> Result<Condition, Error>;

    /// Reads at most `buffer.len()` bytes from `offset` on; 0 means that there are no more.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Error>;
}

/// How a source stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Condition {
    pub size: u64,
    /// Nanoseconds since 1970 of the last change of its bytes; 0 where there is no such thing.
    pub modified: i64,
    /// Seconds since 1970 when it was made, as far as the medium knows; 0 if it does not.
    pub created: i64,
    /// Which file it is (its inode), where that stays the same for as long as the file is there; else 0.
    pub file: u64,
    /// Nanoseconds since 1970 of the last change of any kind, which no program can set; 0 where `file` is.
    pub changed: i64,
}

/// What has become of a source since it was last looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    None,
    /// The same file with the same size and date, but something was done to it: perhaps other rights, perhaps
    /// other bytes and the old date.
    Touched,
    /// Another file with the same size and date.
    Replaced,
    /// The bytes are others.
    Altered,
}

/// The time of the day differs between places by multiples of this.
const QUARTER_HOUR: i64 = 900 * SECOND;
/// From UTC-12 to UTC+14.
const WIDEST_SHIFT: i64 = 26 * 4 * QUARTER_HOUR;
/// FAT keeps no less.
const COARSEST_DATE: i64 = 2 * SECOND;
const SECOND: i64 = 1_000_000_000;

impl Condition {
    pub fn change_since(&self, earlier: &Condition) -> Change {
        let is_other_file = self.file != 0 && earlier.file != 0 && self.file != earlier.file;
        if self.size != earlier.size || !self.has_date_of(earlier) {
            Change::Altered
        } else if is_other_file && self.modified == earlier.modified {
            Change::Replaced
        } else if is_other_file {
            Change::Altered
        } else if self.modified != earlier.modified || self.changed == 0 || earlier.changed == 0 {
            Change::None
        } else if self.changed != earlier.changed {
            Change::Touched
        } else {
            Change::None
        }
    }

    /// Cards with FAT keep the local time: where the time zone changes, all dates move by whole hours, or
    /// quarters of one. What stood in memory more exactly is rounded down there once it is read again.
    fn has_date_of(&self, earlier: &Condition) -> bool {
        let is_shift = |span: i64| span % QUARTER_HOUR == 0 && span.abs() <= WIDEST_SHIFT;
        let rounded = earlier.modified.saturating_sub(earlier.modified.rem_euclid(COARSEST_DATE));
        is_shift(self.modified.saturating_sub(earlier.modified))
            || self.file == 0 && is_shift(self.modified.saturating_sub(rounded))
    }

    /// What tells which file it is and how it stood, without its size.
    pub fn take_over(&mut self, now: &Condition) {
        (self.modified, self.file, self.changed) = (now.modified, now.file, now.changed);
    }
}

/// Bytes that the application pushes: in memory from the first one that is still needed.
pub trait PushedSource: Source {
    /// Appends at [`PushedSource::end`], or writes over the head.
    fn push(&self, offset: u64, data: &[u8]) -> Result<(), Error>;
    /// Where the next byte belongs.
    fn end(&self) -> u64;
    /// Whether the head is there: after a restart it has to be pushed again.
    fn has_head(&self) -> bool;
    /// How many bytes are in memory.
    fn held_bytes(&self) -> u64;
    /// Forgets what lies before `offset`, except the head.
    fn release(&self, offset: u64);
    fn as_source(self: Arc<Self>) -> Arc<dyn Source>;
}

/// Makes sources.
pub trait Sources: Send {
    /// Opens a plain file for reading. The path is the operating system's, whatever its encoding.
    fn open(&self, path: &[u8]) -> Result<Arc<dyn Source>, Error>;
    /// `head_length` bytes at the beginning can be pushed again later; `start` is where the data that is
    /// still to come begins.
    #[cfg(feature = "uploads")]
    fn pushed(&self, head_length: u64, start: u64) -> Arc<dyn PushedSource>;
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 4 * QUARTER_HOUR;
    const NOW: i64 = 1_700_000_000_123_456_789;

    fn on_disk() -> Condition {
        Condition { size: 10, modified: NOW, created: 0, file: 7, changed: NOW + 5 }
    }

    fn on_card() -> Condition {
        Condition { file: 0, changed: 0, ..on_disk() }
    }

    #[test]
    fn dates_that_move_by_whole_quarters_of_an_hour_are_those_of_a_time_zone() {
        for before in [on_disk(), on_card()] {
            for shift in [HOUR, -HOUR, QUARTER_HOUR, 26 * HOUR, -26 * HOUR] {
                let now = Condition { modified: NOW + shift, ..before };
                assert_eq!(now.change_since(&before), Change::None, "{shift}");
            }
            for shift in [1, SECOND, -SECOND, HOUR + 1, 27 * HOUR, -27 * HOUR] {
                let now = Condition { modified: NOW + shift, ..before };
                assert_eq!(now.change_since(&before), Change::Altered, "{shift}");
            }
        }
        // utime changes the other time as well.
        let now = Condition { modified: NOW + HOUR, changed: NOW + 9, ..on_disk() };
        assert_eq!(now.change_since(&on_disk()), Change::None);
        let now = Condition { modified: NOW + HOUR, file: 8, ..on_disk() };
        assert_eq!(now.change_since(&on_disk()), Change::Altered);
    }

    #[test]
    fn a_card_may_round_a_date_down() {
        let rounded = NOW - NOW.rem_euclid(2 * SECOND);
        let read_again = |before: Condition, modified| Condition { modified, ..before }.change_since(&before);
        assert_eq!(read_again(on_card(), rounded), Change::None);
        assert_eq!(read_again(on_card(), rounded + HOUR), Change::None);
        assert_eq!(read_again(on_card(), rounded + 2 * SECOND), Change::Altered);
        assert_eq!(read_again(on_disk(), rounded), Change::Altered);
    }

    #[test]
    fn another_file_of_the_same_size_and_date_is_noticed() {
        let now = Condition { file: 8, ..on_disk() };
        assert_eq!(now.change_since(&on_disk()), Change::Replaced);
        let now = Condition { changed: NOW + 6, ..on_disk() };
        assert_eq!(now.change_since(&on_disk()), Change::Touched);
        assert_eq!(on_disk().change_since(&on_card()), Change::None, "an old record knows no more");
        assert_eq!(Condition { size: 11, ..on_disk() }.change_since(&on_disk()), Change::Altered);
    }
}
