//! What the application did with one upload, and what follows from it.

use crate::content::Contents;
use fio_c2c::upload::transfer::{Ending, Upload};
use fio_c2c::upload::{UploadId, UploadState};
use std::collections::BTreeSet;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    Path,
    /// Attached by the application, also again after a restart.
    Attached,
    Pushed,
}

#[derive(Clone, Debug)]
pub struct Tracked {
    /// Its media type, which no other upload has.
    pub key: String,
    pub id: UploadId,
    pub origin: Origin,
    pub path: Vec<u8>,
    /// Of what was pushed; of files it is on the card.
    pub pushed: Contents,
    /// Sizes a recording was given that its file never had.
    pub cut: Vec<Contents>,
    pub is_recording: bool,
    pub held_head: u64,
    /// The application has said that it is over.
    pub is_finished: bool,
    pub priority: i32,
    pub tag: Vec<u8>,
    /// The project it belongs to, once that is known.
    pub project: Option<String>,
    /// When the media was made, in milliseconds since the world began.
    pub made: u64,
    /// By how much the wall clock was off then, in seconds, and when it was queued.
    pub wall_errors: (i64, i64),
    /// The life of the device in which it was queued.
    pub life: u32,
    /// Its age was told wrong at some time, for a clock that was wrong.
    pub is_of_unknown_age: bool,
    pub is_paused: bool,
    pub was_canceled: bool,
    /// How often a person wanted a retry.
    pub retries: usize,
    /// Forgotten on request, or since the store had never heard of it.
    pub is_gone: bool,
    /// When the power went last, the store was behind, or had never heard of it.
    pub was_behind: bool,
    /// At some time.
    pub was_ever_behind: bool,
    pub was_unknown: bool,
    /// It was to be forgotten, and the store may not have heard of that.
    pub was_removed: bool,
    /// The store has held it at some time.
    pub was_stored: bool,
    pub told: Option<(UploadState, i32)>,
    /// It was read from the list at the start, where an event about the same may still be on its way.
    pub was_listed: bool,
    /// That it was sent or canceled was seen to be written down: its tag is known for ever.
    pub must_be_known: bool,
    /// Why a second whole file of it would be nobody's fault.
    pub excuses: BTreeSet<&'static str>,
    /// Life in which its source was last given.
    pub sourced_in: u32,
}

impl Tracked {
    /// Takes over what the store knows of what was asked: the rest is lost.
    pub fn follow(&mut self, stored: &Upload) {
        self.priority = stored.priority;
        self.is_paused = stored.is_paused;
        self.was_canceled &= stored.ending == Some(Ending::Canceled);
        self.is_finished &= stored.recording.as_ref().is_none_or(|recording| recording.size.is_some());
        self.project.clone_from(&stored.project_id);
    }
}
