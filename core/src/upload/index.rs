//! Where the uploads of a queue are filed: what comes next is found without a look at the others.

use super::UploadId;
use super::transfer::{Ending, Upload};
use crate::clock::Instant;
use alloc::collections::BTreeSet;

/// Where an upload is filed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Its turn comes.
    Ready,
    /// At work.
    Active,
    /// Tried again at that moment.
    Timed(Instant),
    /// Nothing happens until something else does: the status says what.
    Parked(i32),
    Over,
}

/// By a number, then in the order of their ids: for their turns, higher priorities first.
pub type Turn = (i64, UploadId);

/// Some uploads in an order. One type for whatever the order is, so that the tree is compiled once.
#[derive(Default)]
pub struct Line(BTreeSet<Turn>);

impl Line {
    #[inline(never)]
    pub fn insert(&mut self, turn: Turn) {
        self.0.insert(turn);
    }

    #[inline(never)]
    pub fn remove(&mut self, turn: Turn) {
        self.0.remove(&turn);
    }

    pub fn contains(&self, turn: Turn) -> bool {
        self.0.contains(&turn)
    }

    pub fn first(&self) -> Option<Turn> {
        self.0.first().copied()
    }

    pub fn iter(&self) -> impl Iterator<Item = Turn> {
        self.0.iter().copied()
    }

    /// Those with this number, the highest id first.
    pub fn of(&self, number: i64) -> impl Iterator<Item = UploadId> {
        self.0.range((number, 0)..=(number, UploadId::MAX)).rev().map(|(_, id)| *id)
    }

    pub fn is_longer_than(&self, most: u32) -> bool {
        self.0.len() > most as usize
    }
}

#[derive(Default)]
pub struct Index {
    pub ready: Line,
    pub active: Line,
    /// By the moment.
    timers: Line,
    /// Done and canceled ones, which are forgotten in the order in which they ended.
    pub history: Line,
    /// All that have a tag, by a number made of it.
    tags: Line,
}

impl Index {
    pub fn insert(&mut self, upload: &Upload, place: Place) {
        match place {
            Place::Ready => self.ready.insert(turn(upload)),
            Place::Active => self.active.insert(turn(upload)),
            Place::Timed(at) => self.timers.insert((number(at.0), upload.id)),
            Place::Over if is_history(upload) => self.history.insert(end(upload)),
            Place::Parked(_) | Place::Over => {}
        }
    }

    /// To be called before anything of the upload changes that decides where it is.
    pub fn remove(&mut self, upload: &Upload, place: Place) {
        match place {
            Place::Ready => self.ready.remove(turn(upload)),
            Place::Active => self.active.remove(turn(upload)),
            Place::Timed(at) => self.timers.remove((number(at.0), upload.id)),
            Place::Over => self.history.remove(end(upload)),
            Place::Parked(_) => {}
        }
    }

    pub fn insert_tag(&mut self, upload: &Upload) {
        if !upload.tag.is_empty() {
            self.tags.insert((number_of(&upload.tag), upload.id));
        }
    }

    pub fn remove_tag(&mut self, upload: &Upload) {
        self.tags.remove((number_of(&upload.tag), upload.id));
    }

    /// Those that may have this tag, the newest first: others may have the same number.
    pub fn may_have(&self, tag: &[u8]) -> impl Iterator<Item = UploadId> {
        self.tags.of(number_of(tag))
    }

    pub fn next_timer(&self) -> Option<(Instant, UploadId)> {
        self.timers.first().map(|(at, id)| (Instant(at.unsigned_abs()), id))
    }
}

pub fn turn(upload: &Upload) -> Turn {
    (-i64::from(upload.priority), upload.id)
}

/// In which order those that are over stand.
pub fn end(upload: &Upload) -> Turn {
    (number(upload.ended_as), upload.id)
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn number_of(tag: &[u8]) -> i64 {
    // FNV-1a. Two tags with one number cost a comparison.
    let hash = tag.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    });
    hash as i64
}

fn is_history(upload: &Upload) -> bool {
    matches!(upload.ending, Some(Ending::Done | Ending::Canceled))
}
