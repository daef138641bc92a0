//! One upload: what it is, which of its parts have arrived, and which comes next.

use super::budget::Budget;
use super::parts::{Attempts, Parts};
use super::plan::{Plan, parts_to_ask_for};
use super::recording::Growth;
use super::speed::Minute;
use super::{RecordingSpec, UploadId, UploadState};
use crate::api::Request;
use crate::api::asset::{self, Kind, NewAsset};
use crate::clock::{Instant, Now, milliseconds};
use crate::error::Error;
use crate::prelude::*;
use crate::secret::Secret;
use crate::small_map::SmallMap;
use crate::source::{Change, Condition, PushedSource, Source};
use crate::status::*;
use alloc::sync::Arc;

/// Where the bytes come from, as far as that outlives a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Path(Vec<u8>),
    /// A descriptor or callbacks of the application.
    Attached,
    Pushed,
}

/// How an upload ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    Done,
    Failed(Error),
    Skipped(Error),
    Canceled,
}

impl Ending {
    pub fn state(&self) -> UploadState {
        match self {
            Ending::Done => UploadState::Done,
            Ending::Failed(_) => UploadState::Failed,
            Ending::Skipped(_) => UploadState::Skipped,
            Ending::Canceled => UploadState::Canceled,
        }
    }

    pub fn reason(&self) -> Option<&Error> {
        match self {
            Ending::Failed(error) | Ending::Skipped(error) => Some(error),
            _ => None,
        }
    }
}

/// An upload with more parts than this to send again begins no others.
const MOST_TO_RETRY: usize = 8;
/// No part at all, in place of one that became the last while it was being announced as another.
pub const OVERTAKEN: u32 = u32::MAX;

/// Everything about one upload.
#[derive(Clone)]
pub struct Upload {
    pub id: UploadId,
    /// Empty for a recording that has none yet.
    pub name: String,
    pub extension: Option<String>,
    pub media_type: Arc<str>,
    pub channel: Option<u32>,
    pub tag: Vec<u8>,
    pub priority: i32,
    pub parts_wanted: u32,
    pub verify: bool,
    pub origin: Origin,
    /// The source as it was when it was queued; for a recording as it was last seen.
    pub condition: Condition,
    pub age: Age,
    pub project_id: Option<String>,
    /// Paused by the application.
    pub is_paused: bool,
    pub ending: Option<Ending>,
    /// In which order uploads ended.
    pub ended_as: u64,
    pub recording: Option<Recording>,
    pub asset_id: Option<Arc<str>>,
    pub parts: Parts,
    /// Where the announced parts of a recording go.
    pub part_urls: SmallMap<u32, Secret>,
    /// Where the parts of a file go, in order; if they have a record of their own, only while it is at
    /// work.
    pub urls: Arc<[Secret]>,
    /// They are too long for the record and have one of their own.
    pub has_url_record: bool,
    /// When the URLs end, by the device's wall clock in seconds since 1970; 0 if they do not say.
    pub urls_expire: i64,
    /// Assets made for this file.
    pub budget: Budget,
    /// Something on the way lets only smaller parts through: at most so many bytes; 0 without a limit.
    pub part_limit: u64,
    /// A file that is sent as recordings are, because the URLs of a whole file end before it is through:
    /// those of a recording are made when they are needed.
    pub is_sent_as_recording: bool,

    // Not kept over a restart.
    /// Its source was looked at in this life.
    pub is_looked_at: bool,
    /// A record of URLs was found of which its own record says nothing.
    pub has_found_urls: bool,
    pub source: Option<Arc<dyn Source>>,
    pub pushed: Option<Arc<dyn PushedSource>>,
    pub in_flight: Vec<PartInFlight>,
    /// How far it was in the last minute.
    pub minute: Minute,
    /// A request to the API on behalf of this upload is under way.
    pub has_call: bool,
    /// The parts of a recording whose URLs that request asks for.
    /// [`OVERTAKEN`] are those that have to be announced once more.
    pub announced: Vec<u32>,
    /// The record of the URLs is to be written.
    pub urls_unsaved: bool,
    /// Failures since something last went well.
    pub failures: u32,
    /// How many of them were no weakness of the network.
    pub refusals: u32,
    /// How often it was started over since a part last arrived.
    pub recreations: u32,
    /// The same moment as `urls_expire`, if they were had in this life.
    pub urls_expire_at: Option<Instant>,
    /// When the asset was made, if that was in this life.
    pub asset_made_at: Option<Instant>,
    /// The storage has given an ETag for a part of this asset.
    pub has_etags: bool,
    /// Why it waits.
    pub last_error: Option<Error>,
}

/// A part on its way.
#[derive(Clone, Debug)]
pub struct PartInFlight {
    /// The transport's number for it.
    pub request: u64,
    /// Which part it is, and what came of earlier attempts.
    pub known: Attempts,
    pub length: u64,
    /// As far as the transport has told.
    pub sent: u64,
}

/// How old the media is. Counted on a clock that does not jump for as long as the device runs, and on the
/// wall clock only across restarts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Age {
    /// Seconds, when it was queued.
    pub when_queued: u64,
    pub queued_wall: i64,
    /// Unknown after a restart.
    pub queued_mono: Option<Instant>,
}

impl Age {
    pub fn of(created: i64, now: Now) -> Age {
        // A clock that was set back must not make media of the future.
        let when_queued = u64::try_from(now.wall.saturating_sub(created)).unwrap_or(0);
        Age { when_queued, queued_wall: now.wall, queued_mono: Some(now.mono) }
    }

    /// Whole seconds from the making to now.
    pub fn seconds(&self, now: Now) -> u64 {
        let since = match self.queued_mono {
            Some(queued) => now.mono.since(queued).as_secs(),
            None => u64::try_from(now.wall.saturating_sub(self.queued_wall)).unwrap_or(0),
        };
        self.when_queued.saturating_add(since)
    }
}

/// An upload whose size is, or was, not known at its start.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    pub spec: RecordingSpec,
    pub growth: Growth,
    /// Bytes from the start that will not change any more (the held head excepted).
    pub stable: u64,
    /// The size of the whole, once it is known.
    pub size: Option<u64>,
    /// The asset has no name yet.
    pub is_nameless: bool,
    /// The held head has been sent, perhaps in vain.
    pub is_head_started: bool,
    /// After a restart, for a file: its size when it was last looked at, and when to look again. A file
    /// that does not grow any more is finished.
    pub watch: Option<(u64, Instant)>,
}

impl Recording {
    pub fn new(spec: RecordingSpec) -> Recording {
        Recording {
            spec,
            growth: Growth::new(spec),
            stable: 0,
            size: None,
            is_nameless: false,
            is_head_started: false,
            watch: None,
        }
    }

    pub fn holds_head(&self) -> bool {
        self.spec.held_head > 0
    }

    /// What is kept of pushed data until the end: the whole first part, since it is sent in one piece.
    pub fn held_bytes(&self) -> u64 {
        if self.holds_head() { self.growth.start(1) } else { 0 }
    }
}

impl Upload {
    /// Nothing is known of it yet but where its bytes come from.
    pub fn new(id: UploadId, origin: Origin) -> Upload {
        Upload {
            id,
            name: String::new(),
            extension: None,
            media_type: "".into(),
            channel: None,
            tag: Vec::new(),
            priority: 0,
            parts_wanted: 0,
            verify: false,
            origin,
            condition: Condition::default(),
            age: Age::default(),
            project_id: None,
            is_paused: false,
            ending: None,
            ended_as: 0,
            recording: None,
            asset_id: None,
            parts: Parts::default(),
            part_urls: SmallMap::default(),
            urls: Arc::new([]),
            has_url_record: false,
            urls_expire: 0,
            budget: Budget::default(),
            part_limit: 0,
            is_sent_as_recording: false,
            has_found_urls: false,
            is_looked_at: false,
            source: None,
            pushed: None,
            in_flight: Vec::new(),
            minute: Minute::default(),
            has_call: false,
            announced: Vec::new(),
            urls_unsaved: false,
            failures: 0,
            refusals: 0,
            recreations: 0,
            urls_expire_at: None,
            asset_made_at: None,
            has_etags: false,
            last_error: None,
        }
    }

    /// The request that creates the asset, with the age of the media as it is now.
    pub fn asset_request(&mut self, kind: Kind, now: Now) -> Request {
        if let Some(recording) = &mut self.recording {
            // Now, not when the answer is there: it may be given its name meanwhile, which the service then
            // learns with the last part.
            recording.is_nameless = self.name.is_empty();
        }
        asset::request(&NewAsset {
            name: Some(self.name.as_str()).filter(|name| !name.is_empty()),
            extension: self.extension.as_deref().filter(|_| self.name.is_empty()),
            media_type: &self.media_type,
            offset: self.age.seconds(now),
            channel: self.channel,
            kind,
        })
    }

    /// `parts`: how many suit the link, where the application has not said how many.
    pub fn kind(&self, parts: u32) -> Kind {
        match self.recording {
            Some(_) => Kind::Realtime,
            None => {
                let size = self.condition.size;
                let wanted = if self.parts_wanted > 0 { self.parts_wanted } else { parts };
                Kind::Whole { size, parts: parts_to_ask_for(wanted, self.part_limit, size) }
            }
        }
    }

    /// The first byte of a recording whose part has not arrived, its held head excepted.
    pub fn first_missing_byte(&self) -> u64 {
        let Some(recording) = &self.recording else { return 0 };
        let first = u32::from(recording.holds_head());
        let missing = (first..).find(|&part| !self.parts.is_done(part)).unwrap_or(first);
        recording.growth.start(missing)
    }

    /// The recording, if it still runs.
    pub fn running(&mut self) -> Result<&mut Recording, Error> {
        match &mut self.recording {
            Some(recording) if recording.size.is_none() => Ok(recording),
            Some(_) => Err(Error::new(FIO_E_STATE, "the recording is finished")),
            None => Err(Error::new(FIO_E_STATE, "the upload is not a recording")),
        }
    }

    /// See [`Recording::watch`].
    pub fn watch(&self) -> Option<(u64, Instant)> {
        self.recording.as_ref()?.watch
    }

    /// A card that was pulled and put back is another file to the system.
    pub fn close_path(&mut self) {
        if self.is_path() && self.in_flight.is_empty() {
            self.source = None;
        }
    }

    pub fn is_path(&self) -> bool {
        matches!(self.origin, Origin::Path(_))
    }

    /// Bytes in all, as far as is known.
    pub fn size(&self) -> u64 {
        match &self.recording {
            Some(recording) => recording.size.unwrap_or(recording.stable),
            None => self.condition.size,
        }
    }

    pub fn bytes_in_flight(&self) -> u64 {
        self.in_flight.iter().map(|part| part.sent.min(part.length)).sum()
    }

    pub fn plan(&self) -> Plan {
        Plan::new(self.condition.size, self.urls.len())
    }

    /// Offset and length of a part.
    pub fn range(&self, part: u32) -> (u64, u64) {
        match &self.recording {
            Some(recording) => recording.growth.range(part, self.size()),
            None => self.plan().range(part),
        }
    }

    /// How many parts there are; `None` while that is open.
    pub fn part_count(&self) -> Option<u32> {
        match &self.recording {
            Some(recording) => recording.size.map(|size| recording.growth.count(size)),
            // Without URLs, nobody knows: least of all that there are none.
            None => Some(self.plan().count()).filter(|count| *count > 0),
        }
    }

    pub fn is_complete(&self) -> bool {
        self.part_count().is_some_and(|count| self.parts.done_count() >= count)
    }

    /// The part to send next, if one may be sent now: first what failed before, then what comes next, and
    /// a held head when everything else is on its way.
    pub fn next_part(&self, now: Instant) -> Option<u32> {
        // As long as a part is stored damaged, no other may make the file whole with it.
        let damaged = &self.parts.damaged;
        let is_next = |part: u32| damaged.is_empty() || damaged.contains(&part);
        let ready =
            |attempts: &&Attempts| !attempts.is_gone && attempts.not_before <= now && is_next(attempts.part);
        if let Some(attempts) = self.parts.to_retry.iter().find(ready) {
            return Some(attempts.part);
        }
        if self.parts.to_retry.len() >= MOST_TO_RETRY || !damaged.is_empty() {
            return None;
        }
        let (end, holds_head, is_whole) = match &self.recording {
            Some(recording) => (
                self.part_count().unwrap_or_else(|| recording.growth.complete(recording.stable)),
                recording.holds_head(),
                recording.size.is_some(),
            ),
            None => (self.plan().count(), false, true),
        };
        let next = self.parts.started.max(u32::from(holds_head));
        if next < end {
            return Some(next);
        }
        (holds_head && is_whole && end > 0 && self.is_untried(0)).then_some(0)
    }

    /// Whether a part is the head of a recording that is held back to its end.
    pub fn is_held_head(&self, part: u32) -> bool {
        part == 0 && self.recording.as_ref().is_some_and(Recording::holds_head)
    }

    /// Whether a part has never been sent.
    pub fn is_untried(&self, part: u32) -> bool {
        match &self.recording {
            Some(recording) if self.is_held_head(part) => !recording.is_head_started,
            _ => part >= self.parts.started,
        }
    }

    /// Takes a part up for sending. Returns what is known of earlier attempts.
    pub fn take_up(&mut self, part: u32) -> Attempts {
        if self.is_held_head(part) {
            if let Some(recording) = &mut self.recording {
                recording.is_head_started = true;
            }
        } else {
            self.parts.started = self.parts.started.max(part + 1);
        }
        let known = self.parts.to_retry.iter().position(|attempts| attempts.part == part);
        known.map_or_else(|| Attempts::untried(part), |at| self.parts.to_retry.remove(at))
    }

    /// Whether any part has been sent.
    pub fn is_begun(&self) -> bool {
        let is_head_begun = self.recording.as_ref().is_some_and(|recording| recording.is_head_started);
        self.parts.started > 0 || is_head_begun
    }

    /// Whether the storage may have made the file of a damaged part: it has, or may have, all others.
    pub fn may_be_spoilt(&self) -> bool {
        !self.parts.damaged.is_empty() && self.is_all_started()
    }

    /// Whether every part has been sent at least once.
    pub fn is_all_started(&self) -> bool {
        let holds_head = self.is_held_head(0);
        let begun = self.parts.started.max(u32::from(holds_head));
        !(holds_head && self.is_untried(0)) && self.part_count().is_some_and(|count| begun >= count)
    }

    /// Whether the storage has said of every part that is missing that there is no such upload, each of
    /// them having been sent before: then it was assembled. But a file with a damaged part is not this one.
    pub fn was_assembled(&self) -> bool {
        let gone = self.parts.to_retry.iter().filter(|attempts| attempts.is_gone && attempts.may_be_stored);
        self.parts.damaged.is_empty()
            && self.is_all_started()
            && self.in_flight.is_empty()
            && self.part_count().is_some_and(|count| self.parts.done_count() + gone.count() as u32 >= count)
    }

    /// Where a part goes, if that is known.
    pub fn url(&self, part: u32) -> Option<&Secret> {
        match self.recording {
            Some(_) => self.part_urls.get(&part),
            None => self.urls.get(part as usize),
        }
    }

    /// Whether the bytes of the source are others than they were.
    pub fn has_changed(&self, now: &Condition) -> bool {
        match &self.recording {
            Some(recording) if !self.is_sent_as_recording => {
                now.size < recording.size.unwrap_or(recording.stable)
            }
            _ => now.change_since(&self.condition) == Change::Altered,
        }
    }

    /// Whether the source is a recording of which more may come, not a whole file that is sent as one.
    pub fn is_growing(&self) -> bool {
        self.recording.is_some() && !self.is_sent_as_recording
    }

    /// Whether the source may have got other bytes although its size and its date are the same. What was done to
    /// a file in this life was done by those who know of the upload: only between two lives it counts.
    pub fn may_be_another(&self, now: &Condition) -> bool {
        match now.change_since(&self.condition) {
            Change::Replaced => true,
            Change::Touched => !self.is_growing() && !self.is_looked_at,
            // A recording grows; but it is not another file for that.
            Change::Altered => {
                let files = (self.condition.file, now.file);
                self.is_growing() && files.0 != 0 && files.1 != 0 && files.0 != files.1
            }
            Change::None => false,
        }
    }

    /// Where a part goes, if that is known and the URL has not expired.
    pub fn usable_url(&self, part: u32, now: Instant) -> Option<&Secret> {
        self.url(part).filter(|_| self.urls_expire_at.is_none_or(|end| now < end))
    }

    /// Whether a whole file will not be through before its URLs end, going by how long what has arrived
    /// took.
    pub fn is_too_slow(&self, now: Instant) -> bool {
        let (Some(made), Some(end)) = (self.asset_made_at, self.urls_expire_at) else { return false };
        let (life, elapsed) = (milliseconds(end - made), milliseconds(now - made));
        let is_measured = elapsed >= life / 10 && self.parts.confirmed > 0;
        // With a fourth more, so that a short rest alone does not decide it.
        let projected = u128::from(elapsed) * u128::from(self.condition.size);
        self.recording.is_none()
            && is_measured
            && projected > u128::from(self.parts.confirmed) * u128::from(life) * 5 / 4
    }

    /// Sends a whole file as recordings are sent. Not possible for a name without an extension.
    pub fn send_as_recording(&mut self) {
        let has_extension =
            self.name.rsplit_once('.').is_some_and(|(stem, end)| !stem.is_empty() && !end.is_empty());
        if self.recording.is_some() || !has_extension {
            return;
        }
        let size = self.condition.size;
        let recording = Recording::new(RecordingSpec::default());
        self.recording = Some(Recording { stable: size, size: Some(size), ..recording });
        self.is_sent_as_recording = true;
    }

    /// A recording that is over need not go the way of recordings, if its source is no more than it.
    pub fn become_whole(&mut self) {
        let Some(size) = self.recording.as_ref().and_then(|recording| recording.size) else { return };
        if self.is_sent_as_recording {
            return;
        }
        if let Some(Ok(condition)) = self.source.as_ref().map(|source| source.condition()) {
            if condition.size == size {
                self.recording = None;
                self.condition = condition;
            }
        }
    }

    /// A person wants another try: nothing of what failed counts any more.
    pub fn forget_failures(&mut self) {
        (self.failures, self.refusals, self.recreations) = (0, 0, 0);
        self.budget = Budget::default();
        self.last_error = None;
        for attempts in &mut self.parts.to_retry {
            (attempts.failures, attempts.refusals) = (0, 0);
        }
        self.parts.retry_now();
    }

    /// Forgets the asset and everything sent for it: it starts over.
    pub fn forget_asset(&mut self) {
        self.asset_id = None;
        self.parts = Parts::default();
        self.part_urls = SmallMap::default();
        self.urls = Arc::new([]);
        (self.urls_expire, self.urls_expire_at, self.asset_made_at) = (0, None, None);
        self.has_etags = false;
        self.announced = Vec::new();
        if let Some(recording) = &mut self.recording {
            recording.is_nameless = false;
            recording.is_head_started = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_does_not_follow_a_jumping_wall_clock() {
        let at = |mono: u64, wall: i64| Now { mono: Instant(mono * 1000), wall };
        let age = Age::of(90, at(5, 100));
        assert_eq!(age.seconds(at(5, 100)), 10);
        assert_eq!(age.seconds(at(65, 1_700_000_000)), 70);
        let restarted = Age { queued_mono: None, ..age };
        assert_eq!((restarted.seconds(at(1, 400)), restarted.seconds(at(1, 50))), (310, 10));
        // Made in the future, says the clock: made now.
        assert_eq!(Age::of(500, at(0, 100)).seconds(at(3, 100)), 3);
    }

    #[test]
    fn what_has_no_addresses_is_neither_complete_nor_assembled() {
        let mut upload = Upload::new(1, Origin::Attached);
        upload.condition.size = 10;
        assert!(!upload.is_complete() && !upload.was_assembled() && !upload.is_all_started());
        upload.asset_id = Some("b1f2".into());
        assert!(!upload.is_complete() && !upload.was_assembled() && !upload.is_all_started());
        upload.urls = Arc::new([Secret::new("https://a/1")]);
        assert!(!upload.is_complete());
        upload.parts.set_done(0, 10);
        assert!(upload.is_complete());
    }
}
