//! Which parts of an upload have arrived, and which were sent in vain.

use crate::clock::Instant;
use crate::prelude::*;

/// Which parts have arrived.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parts {
    done: Vec<u8>,
    done_count: u32,
    /// Parts below this one have been sent at some time, perhaps in vain.
    pub started: u32,
    /// Bytes in the parts that are done.
    pub confirmed: u64,
    pub to_retry: Vec<Attempts>,
    /// Parts that the storage has got with other bytes than were sent, as far as is known.
    pub damaged: Vec<u32>,
}

/// A part that is missing, and what came of sending it.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempts {
    pub part: u32,
    pub failures: u32,
    /// How many of the failures were no weakness of the network: the part arrived damaged, or somebody
    /// said that it is not wanted.
    pub refusals: u32,
    pub not_before: Instant,
    /// The whole body of an attempt has left in this life of the device, and nobody heard the answer. Only then
    /// may the part be stored without a success.
    pub may_be_stored: bool,
    /// The storage has said that there is no such upload.
    pub is_gone: bool,
    /// It was on its way when an earlier life ended, and may be stored. Those that were on their way together go so
    /// again: where one that was missing comes before one that was not, the file is whole, and the storage knows of
    /// no upload any more.
    pub was_under_way: bool,
}

impl Attempts {
    /// One that has never been sent.
    pub fn untried(part: u32) -> Attempts {
        Attempts {
            part,
            failures: 0,
            refusals: 0,
            not_before: Instant::default(),
            may_be_stored: false,
            is_gone: false,
            was_under_way: false,
        }
    }

    /// It was taken off the network: how much of it had left is not known.
    pub fn taken_back(self) -> Attempts {
        Attempts { not_before: Instant::default(), is_gone: false, was_under_way: false, ..self }
    }
}

impl Parts {
    pub fn attempts_of(&mut self, part: u32) -> Option<&mut Attempts> {
        self.to_retry.iter_mut().find(|attempts| attempts.part == part)
    }

    /// As a record has them. Nothing is assumed of parts that had been started: they are sent again.
    pub fn restore(done: Vec<u8>, started: u32, confirmed: u64) -> Parts {
        let done_count = done.iter().map(|byte| byte.count_ones()).sum();
        let mut parts = Parts { done, done_count, started, confirmed, ..Parts::default() };
        for part in 0..started {
            if !parts.is_done(part) {
                parts.to_retry.push(Attempts { was_under_way: true, ..Attempts::untried(part) });
            }
        }
        parts
    }

    /// A held head goes its own way: it is sent last, and whether that was begun is known by itself.
    pub fn restore_head(&mut self, was_begun: bool) {
        self.to_retry.retain(|attempts| attempts.part != 0);
        if was_begun && !self.is_done(0) {
            self.to_retry.push(Attempts::untried(0));
        }
    }

    pub fn bits(&self) -> &[u8] {
        &self.done
    }

    pub fn done_count(&self) -> u32 {
        self.done_count
    }

    pub fn is_done(&self, part: u32) -> bool {
        self.done.get(part as usize / 8).is_some_and(|byte| byte >> (part % 8) & 1 == 1)
    }

    pub fn set_done(&mut self, part: u32, length: u64) {
        if self.is_done(part) {
            return;
        }
        let at = part as usize / 8;
        if self.done.len() <= at {
            self.done.resize(at + 1, 0);
        }
        self.done[at] |= 1 << (part % 8);
        self.done_count += 1;
        self.confirmed += length;
        self.damaged.retain(|damaged| *damaged != part);
        // It is alive, so parts that were said to be gone are worth another question.
        for attempts in &mut self.to_retry {
            attempts.is_gone = false;
        }
    }

    /// Whether there is nothing of a part that is not among the first so many.
    pub fn fit_into(&self, count: u32) -> bool {
        let bits =
            self.done.len() as u64 * 8 - self.done.last().map_or(0, |last| u64::from(last.leading_zeros()));
        let is_bounded = self.done.len() <= count as usize / 8 + 1;
        is_bounded
            && bits <= count.into()
            && self.started <= count
            && self.damaged.iter().all(|part| *part < count)
    }

    /// No part waits any longer for its next attempt.
    pub fn retry_now(&mut self) {
        for attempts in &mut self.to_retry {
            attempts.not_before = Instant::default();
        }
    }

    /// When the first part that waits may be tried again.
    pub fn next_retry(&self) -> Option<Instant> {
        let is_next = |part: u32| self.damaged.is_empty() || self.damaged.contains(&part);
        let waits = |attempts: &&Attempts| !attempts.is_gone && is_next(attempts.part);
        self.to_retry.iter().filter(waits).map(|attempts| attempts.not_before).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_arrives_is_damaged_no_more_and_brings_those_back_that_were_gone() {
        let mut parts = Parts { damaged: vec![2, 5], ..Parts::default() };
        let gone = |part| Attempts { is_gone: true, ..Attempts::untried(part) };
        parts.to_retry = vec![gone(5), gone(7)];
        assert_eq!(parts.next_retry(), None);
        parts.set_done(2, 10);
        assert_eq!(parts.damaged, [5]);
        assert!(parts.to_retry.iter().all(|attempts| !attempts.is_gone));
        assert!(parts.next_retry().is_some());
        // Of a part that has arrived already nothing is new.
        parts.to_retry = vec![gone(7)];
        parts.set_done(2, 10);
        assert!(parts.to_retry[0].is_gone && parts.damaged == [5]);
    }

    #[test]
    fn bits_count_what_is_done() {
        let mut parts = Parts::default();
        for part in [3, 0, 17, 3] {
            parts.set_done(part, 10);
        }
        assert_eq!((parts.done_count(), parts.confirmed), (3, 30));
        assert!(parts.is_done(17) && !parts.is_done(16) && !parts.is_done(4000));
        let restored = Parts::restore(parts.bits().to_vec(), 6, 30);
        let attempts: Vec<u32> = restored.to_retry.iter().map(|attempts| attempts.part).collect();
        assert_eq!(attempts, [1, 2, 4, 5]);
        assert!(restored.to_retry.iter().all(|attempts| !attempts.may_be_stored));
    }
}
