//! Where the uploads of a queue are filed: what comes next is found without a look at the others.

use super::UploadId;
use super::transfer::{Ending, Upload};
use crate::clock::Instant;
use std::collections::BTreeSet;

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

/// Higher priorities first, then in the order of their ids.
pub type Turn = (i64, UploadId);

#[derive(Default)]
pub struct Index {
    pub ready: BTreeSet<Turn>,
    pub active: BTreeSet<Turn>,
    pub timers: BTreeSet<(Instant, UploadId)>,
    /// Done and canceled ones, which are forgotten in this order.
    pub history: BTreeSet<(u64, UploadId)>,
}

impl Index {
    pub fn insert(&mut self, upload: &Upload, place: Place) {
        match place {
            Place::Ready => drop(self.ready.insert(turn(upload))),
            Place::Active => drop(self.active.insert(turn(upload))),
            Place::Timed(at) => drop(self.timers.insert((at, upload.id))),
            Place::Over if is_history(upload) => drop(self.history.insert((upload.ended_as, upload.id))),
            Place::Parked(_) | Place::Over => {}
        }
    }

    /// To be called before anything of the upload changes that decides where it is.
    pub fn remove(&mut self, upload: &Upload, place: Place) {
        match place {
            Place::Ready => drop(self.ready.remove(&turn(upload))),
            Place::Active => drop(self.active.remove(&turn(upload))),
            Place::Timed(at) => drop(self.timers.remove(&(at, upload.id))),
            Place::Over => drop(self.history.remove(&(upload.ended_as, upload.id))),
            Place::Parked(_) => {}
        }
    }
}

pub fn turn(upload: &Upload) -> Turn {
    (-i64::from(upload.priority), upload.id)
}

fn is_history(upload: &Upload) -> bool {
    matches!(upload.ending, Some(Ending::Done | Ending::Canceled))
}
