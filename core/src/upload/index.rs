//! Where the uploads of a queue are filed: what comes next is found without a look at the others.

use super::UploadId;
use super::transfer::{Ending, Upload};
use crate::clock::Instant;
use crate::status::{FIO_E_SOURCE_NEEDED, FIO_E_UPLOAD_PAUSED};
use alloc::collections::BTreeSet;

/// Where an upload is filed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueState {
    /// It is sent when the ones before it are.
    Ready,
    /// At work.
    Active,
    /// Tried again at that moment.
    Timed(Instant),
    /// Nothing happens until something else does: the status says what.
    Parked(i32),
    Over,
}

impl QueueState {
    /// Where an upload belongs that is not at work.
    pub fn idle(upload: &Upload) -> QueueState {
        if upload.ending.is_some() {
            QueueState::Over
        } else if upload.is_paused {
            QueueState::Parked(FIO_E_UPLOAD_PAUSED)
        } else if upload.source.is_none() && !upload.is_path() {
            QueueState::Parked(FIO_E_SOURCE_NEEDED)
        } else {
            QueueState::Ready
        }
    }
}

/// By a number, then in the order of their ids: higher priorities first.
pub type OrderKey = (i64, UploadId);

/// Some uploads in an order. One type for whatever the order is, so that the tree is compiled once.
#[derive(Default)]
pub struct OrderedIds(BTreeSet<OrderKey>);

impl OrderedIds {
    #[inline(never)]
    pub fn insert(&mut self, key: OrderKey) {
        self.0.insert(key);
    }

    #[inline(never)]
    pub fn remove(&mut self, key: OrderKey) {
        self.0.remove(&key);
    }

    pub fn contains(&self, key: OrderKey) -> bool {
        self.0.contains(&key)
    }

    pub fn first(&self) -> Option<OrderKey> {
        self.0.first().copied()
    }

    pub fn iter(&self) -> impl Iterator<Item = OrderKey> {
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
    pub ready: OrderedIds,
    pub active: OrderedIds,
    /// By the moment.
    timers: OrderedIds,
    /// Done and canceled ones, which are forgotten in the order in which they ended.
    pub history: OrderedIds,
    /// All that have a tag, by a number made of it.
    tags: OrderedIds,
}

impl Index {
    pub fn insert(&mut self, upload: &Upload, queue_state: QueueState) {
        match queue_state {
            QueueState::Ready => self.ready.insert(order_key(upload)),
            QueueState::Active => self.active.insert(order_key(upload)),
            QueueState::Timed(at) => self.timers.insert((number(at.0), upload.id)),
            QueueState::Over if is_history(upload) => self.history.insert(end(upload)),
            QueueState::Parked(_) | QueueState::Over => {}
        }
    }

    /// To be called before anything of the upload changes that decides where it is.
    pub fn remove(&mut self, upload: &Upload, queue_state: QueueState) {
        match queue_state {
            QueueState::Ready => self.ready.remove(order_key(upload)),
            QueueState::Active => self.active.remove(order_key(upload)),
            QueueState::Timed(at) => self.timers.remove((number(at.0), upload.id)),
            QueueState::Over => self.history.remove(end(upload)),
            QueueState::Parked(_) => {}
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

pub fn order_key(upload: &Upload) -> OrderKey {
    (-i64::from(upload.priority), upload.id)
}

/// In which order those that are over stand.
pub fn end(upload: &Upload) -> OrderKey {
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
