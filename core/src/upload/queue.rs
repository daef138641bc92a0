//! All uploads in their order. What an upload waits for decides where it is filed, so that a step looks at
//! the few that are at work and at the first of the others, however many there are.

use super::index::{Index, OrderKey, OrderedIds, QueueState, end, order_key};
use super::transfer::{Ending, Upload};
use super::{Totals, UploadId, UploadInfo, UploadState};
use crate::clock::Instant;
use crate::error::Error;
use crate::prelude::*;
use crate::sorted_map::SortedMap;
use crate::status::*;

struct Entry {
    upload: Upload,
    queue_state: QueueState,
    /// What of it is counted in the totals.
    counted: (UploadState, u64),
    /// What the application was last told: state, and why.
    told: (UploadState, i32),
}

#[derive(Default)]
pub struct Queue {
    entries: SortedMap<UploadId, Box<Entry>>,
    index: Index,
    /// Changed state and not told yet; in the order of their ids, as (0, id).
    changed: OrderedIds,
    /// The store is behind; likewise.
    unsaved: OrderedIds,
    counts: [u64; 7],
    bytes_left: u64,
    last_ended: u64,
    pub is_paused: bool,
    /// New uploads wait until a person picks them.
    pub is_picked: bool,
    /// Recordings of an earlier life whose files may still grow.
    pub(super) watched: Vec<UploadId>,
    /// Why nothing new begins at all; 0 if it does.
    pub gate: i32,
    /// Why nothing new begins for now, and until when: a host in trouble, or a shortage of the device's own.
    pub hold: Option<(Error, Instant)>,
}

fn slot(state: UploadState) -> usize {
    state as usize
}

impl Queue {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn highest_id(&self) -> UploadId {
        self.entries.keys().next_back().copied().unwrap_or(0)
    }

    /// Takes an upload in. `is_known` if the application has heard of its state before.
    pub fn insert(&mut self, upload: Upload, queue_state: QueueState, is_known: bool) {
        let id = upload.id;
        let state = state_at(&upload, queue_state);
        self.last_ended = self.last_ended.max(upload.ended_as);
        let told =
            if is_known { (state, reason_at(&upload, queue_state)) } else { (UploadState::Queued, i32::MIN) };
        let left = bytes_left(&upload, state);
        self.counts[slot(state)] += 1;
        self.bytes_left += left;
        self.index.insert(&upload, queue_state);
        self.index.insert_tag(&upload);
        let entry = Entry { upload, queue_state, counted: (state, left), told };
        self.entries.insert(id, Box::new(entry));
        self.note_change(id);
    }

    pub fn remove(&mut self, id: UploadId) -> Option<Upload> {
        let entry = self.entries.remove(&id)?;
        self.index.remove(&entry.upload, entry.queue_state);
        self.index.remove_tag(&entry.upload);
        let (state, left) = entry.counted;
        self.counts[slot(state)] -= 1;
        self.bytes_left -= left;
        self.changed.remove((0, id));
        self.unsaved.remove((0, id));
        Some(entry.upload)
    }

    pub fn get(&self, id: UploadId) -> Option<&Upload> {
        self.entries.get(&id).map(|entry| &entry.upload)
    }

    /// Those with this tag and how they stand, the newest first.
    pub fn with_tag(&self, tag: &[u8]) -> impl Iterator<Item = (&Upload, UploadState)> {
        let entries = self.index.may_have(tag).filter_map(|id| self.entries.get(&id));
        entries.filter(move |entry| entry.upload.tag == tag).map(|entry| (&entry.upload, entry.counted.0))
    }

    pub fn last_ended(&self) -> u64 {
        self.last_ended
    }

    /// Uploads that end from now on, end after this one.
    pub fn end_after(&mut self, last_ended: u64) {
        self.last_ended = self.last_ended.max(last_ended);
    }

    /// For changes that neither move it nor count: those go through the methods below.
    pub fn get_mut(&mut self, id: UploadId) -> Option<&mut Upload> {
        self.entries.get_mut(&id).map(|entry| &mut entry.upload)
    }

    /// One that is not over.
    pub fn living(&mut self, id: UploadId) -> Result<&mut Upload, Error> {
        let upload = self.get_mut(id).ok_or_else(|| Error::of(FIO_E_UNKNOWN_UPLOAD))?;
        match upload.ending {
            None => Ok(upload),
            Some(_) => Err(Error::new(FIO_E_STATE, "the upload is over")),
        }
    }

    /// A recording that an earlier life of this device left behind is watched until it grows no more.
    pub fn watch(&mut self, id: UploadId) {
        if let Ok(recording) = self.living(id).and_then(Upload::running) {
            recording.watch = Some((0, Instant::default()));
            self.watched.push(id);
        }
    }

    pub fn state(&self, id: UploadId) -> Option<QueueState> {
        self.entries.get(&id).map(|entry| entry.queue_state)
    }

    /// Moves an upload to another state.
    pub fn move_to(&mut self, id: UploadId, queue_state: QueueState) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        self.index.remove(&entry.upload, entry.queue_state);
        entry.queue_state = queue_state;
        self.index.insert(&entry.upload, queue_state);
        self.recount(id);
        self.note_change(id);
    }

    /// Where an upload belongs that nothing was done with.
    pub fn take_in_again(&mut self, id: UploadId) {
        let Some(upload) = self.get(id) else { return };
        // Of a recording from before a restart nobody may ever say more: it ends where its file ends.
        let is_of_old = upload.age.queued_mono.is_none() && upload.is_path();
        self.move_to(id, QueueState::idle(upload));
        if is_of_old {
            self.watch(id);
        }
        self.needs_saving(id);
    }

    pub fn end(&mut self, id: UploadId, ending: Ending) {
        self.last_ended += 1;
        let ended_as = self.last_ended;
        if let Some(upload) = self.get_mut(id) {
            upload.ending = Some(ending);
            upload.ended_as = ended_as;
            upload.source = None;
            upload.pushed = None;
            upload.minute.clear();
            if let Some(recording) = &mut upload.recording {
                recording.watch = None;
            }
            // One that failed may be taken up again where it was.
            let may_go_on = matches!(upload.ending, Some(Ending::Failed(_)));
            if !may_go_on {
                upload.part_urls = Default::default();
            }
            if !may_go_on || upload.has_url_record {
                upload.urls = alloc::sync::Arc::new([]);
            }
        }
        self.move_to(id, QueueState::Over);
    }

    pub fn set_priority(&mut self, id: UploadId, priority: i32) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        self.index.remove(&entry.upload, entry.queue_state);
        entry.upload.priority = priority;
        self.index.insert(&entry.upload, entry.queue_state);
    }

    /// Counts an upload's bytes and state again.
    pub fn recount(&mut self, id: UploadId) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let state = state_at(&entry.upload, entry.queue_state);
        let left = bytes_left(&entry.upload, state);
        let (old_state, old_left) = core::mem::replace(&mut entry.counted, (state, left));
        self.counts[slot(old_state)] -= 1;
        self.counts[slot(state)] += 1;
        self.bytes_left = self.bytes_left - old_left + left;
    }

    fn note_change(&mut self, id: UploadId) {
        let Some(entry) = self.entries.get(&id) else { return };
        let now = (state_at(&entry.upload, entry.queue_state), reason_at(&entry.upload, entry.queue_state));
        if now == entry.told {
            self.changed.remove((0, id));
        } else {
            self.changed.insert((0, id));
        }
    }

    /// One whose state is another than was told last.
    pub fn next_change(&mut self) -> Option<UploadId> {
        let next @ (_, id) = self.changed.first()?;
        self.changed.remove(next);
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.told =
                (state_at(&entry.upload, entry.queue_state), reason_at(&entry.upload, entry.queue_state));
        }
        Some(id)
    }

    pub fn needs_saving(&mut self, id: UploadId) {
        if self.entries.get(&id).is_some() {
            self.unsaved.insert((0, id));
        }
    }

    pub fn next_unsaved(&self) -> Option<UploadId> {
        self.unsaved.first().map(|(_, id)| id)
    }

    pub fn saved(&mut self, id: UploadId) {
        self.unsaved.remove((0, id));
    }

    pub fn first_ready(&self) -> Option<OrderKey> {
        self.index.ready.first()
    }

    /// Those at work, in their order.
    pub fn active(&self) -> impl Iterator<Item = OrderKey> {
        self.index.active.iter()
    }

    pub fn next_timer(&self) -> Option<Instant> {
        self.index.next_timer().map(|(at, _)| at)
    }

    /// Makes those ready whose time has come.
    pub fn wake(&mut self, now: Instant) {
        while let Some((at, id)) = self.index.next_timer() {
            if at > now {
                break;
            }
            self.move_to(id, QueueState::Ready);
        }
    }

    /// All of them: in the order in which they are sent, then those that are over, oldest first.
    pub fn ids(&self) -> Vec<UploadId> {
        let (mut waiting, mut over) = (OrderedIds::default(), OrderedIds::default());
        for entry in self.entries.values() {
            match entry.queue_state {
                QueueState::Over => over.insert(end(&entry.upload)),
                _ => waiting.insert(order_key(&entry.upload)),
            }
        }
        waiting.iter().chain(over.iter()).map(|(_, id)| id).collect()
    }

    pub fn uploads(&self) -> impl Iterator<Item = (&Upload, QueueState)> {
        self.entries.values().map(|entry| (&entry.upload, entry.queue_state))
    }

    /// The oldest of those that are over and went well or were canceled, if there are more than `most`.
    pub fn to_forget(&self, most: u32) -> Option<UploadId> {
        let history = &self.index.history;
        history.first().filter(|_| history.is_longer_than(most)).map(|(_, id)| id)
    }

    pub fn info(&self, id: UploadId, now: Instant) -> Option<UploadInfo> {
        let entry = self.entries.get(&id)?;
        let upload = &entry.upload;
        let (mut state, mut reason) =
            (state_at(upload, entry.queue_state), reason_of(upload, entry.queue_state));
        let held_by = if self.is_paused { FIO_E_UPLOAD_PAUSED } else { self.gate };
        // A moment at which it would be tried again passes without anything happening.
        let is_timed = matches!(entry.queue_state, QueueState::Timed(_));
        let is_at_work = state == UploadState::Uploading || is_timed;
        let is_held = state == UploadState::Queued || (self.is_paused && is_at_work);
        let mut retry_in = match entry.queue_state {
            QueueState::Timed(at) if !self.is_paused => Some(at - now),
            _ => None,
        };
        if held_by != 0 && is_held {
            (state, reason) = (UploadState::Waiting, Some(Error::of(held_by)));
        } else if let (UploadState::Queued, Some((why, until))) = (state, &self.hold) {
            if *until > now {
                (reason, retry_in) = (Some(why.clone()), Some(*until - now));
            }
        }
        Some(UploadInfo {
            id,
            state,
            reason,
            name: upload.name.clone(),
            media_type: upload.media_type.to_string(),
            path: match &upload.origin {
                super::transfer::Origin::Path(path) => path.clone(),
                _ => Vec::new(),
            },
            tag: upload.tag.clone(),
            priority: upload.priority,
            size: upload.size(),
            confirmed: if state == UploadState::Done { upload.size() } else { upload.parts.confirmed },
            in_flight: upload.bytes_in_flight(),
            asset_id: upload.asset_id.as_deref().map(str::to_owned),
            project_id: upload.project_id.clone(),
            is_recording: upload.recording.as_ref().is_some_and(|recording| recording.size.is_none()),
            retry_in,
            last_minute: upload.minute.rate(now, bytes_there(upload)),
            part_safe_in: None,
            parts_in_flight: upload.in_flight.len(),
            failed_attempts: upload.failures,
            is_link_too_weak: false,
        })
    }

    /// Notes how far those at work are, for their speed.
    pub fn sample(&mut self, now: Instant) {
        let at_work: Vec<UploadId> = self.active().map(|(_, id)| id).collect();
        for id in at_work {
            if let Some(upload) = self.get_mut(id) {
                upload.minute.sample(now, bytes_there(upload));
            }
        }
    }

    /// Bytes on their way.
    pub fn bytes_in_flight(&self) -> u64 {
        self.active().filter_map(|(_, id)| self.get(id)).map(Upload::bytes_in_flight).sum()
    }

    pub fn has_some_left(&self) -> bool {
        [UploadState::Queued, UploadState::Uploading, UploadState::Waiting]
            .iter()
            .any(|state| self.counts[slot(*state)] > 0)
    }

    /// What is left; the speed and the link are added by who knows them.
    pub fn totals(&self) -> Totals {
        let count = |state| self.counts[slot(state)];
        let (mut queued, mut uploading) = (count(UploadState::Queued), count(UploadState::Uploading));
        let mut waiting = count(UploadState::Waiting);
        let files_left = queued + uploading + waiting;
        if self.is_paused || self.gate != 0 {
            waiting += core::mem::take(&mut queued);
        }
        if self.is_paused {
            waiting += core::mem::take(&mut uploading);
        }
        Totals {
            files_left,
            bytes_left: self.bytes_left.saturating_sub(self.bytes_in_flight()),
            queued,
            uploading,
            waiting,
            done: count(UploadState::Done),
            failed: count(UploadState::Failed),
            skipped: count(UploadState::Skipped),
            canceled: count(UploadState::Canceled),
            bytes_per_second: 0,
            last_minute: 0,
            seconds_left: None,
            part_safe_in: None,
            parts_in_flight: 0,
            is_link_too_weak: false,
            current: self.index.active.first().map(|(_, id)| id).filter(|_| !self.is_paused),
            is_paused: self.is_paused,
        }
    }
}

/// Bytes that have left, lost ones left out.
fn bytes_there(upload: &Upload) -> u64 {
    upload.parts.confirmed + upload.bytes_in_flight()
}

fn state_at(upload: &Upload, queue_state: QueueState) -> UploadState {
    match queue_state {
        QueueState::Ready => UploadState::Queued,
        QueueState::Active => UploadState::Uploading,
        QueueState::Timed(_) | QueueState::Parked(_) => UploadState::Waiting,
        QueueState::Over => upload.ending.as_ref().map_or(UploadState::Canceled, Ending::state),
    }
}

fn reason_of(upload: &Upload, queue_state: QueueState) -> Option<Error> {
    match queue_state {
        QueueState::Ready | QueueState::Active => None,
        QueueState::Timed(_) => upload.last_error.clone(),
        // Some know more than their status says.
        QueueState::Parked(why) => {
            let told = upload.last_error.as_ref().filter(|error| error.status == why);
            Some(told.cloned().unwrap_or_else(|| Error::of(why)))
        }
        QueueState::Over => upload.ending.as_ref().and_then(Ending::reason).cloned(),
    }
}

fn reason_at(upload: &Upload, queue_state: QueueState) -> i32 {
    match queue_state {
        QueueState::Ready | QueueState::Active => 0,
        QueueState::Timed(_) => upload.last_error.as_ref().map_or(0, |error| error.status),
        QueueState::Parked(why) => why,
        QueueState::Over => upload.ending.as_ref().and_then(Ending::reason).map_or(0, |reason| reason.status),
    }
}

fn bytes_left(upload: &Upload, state: UploadState) -> u64 {
    if state.is_over() { 0 } else { upload.size().saturating_sub(upload.parts.confirmed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Condition;
    use crate::upload::transfer::Origin;

    fn upload(id: UploadId, priority: i32, size: u64) -> Upload {
        Upload {
            priority,
            condition: Condition { size, ..Condition::default() },
            ..Upload::new(id, Origin::Attached)
        }
    }

    fn changes(queue: &mut Queue) -> Vec<UploadId> {
        core::iter::from_fn(|| queue.next_change()).collect()
    }

    #[test]
    fn turns_go_by_priority_and_then_by_age() {
        let mut queue = Queue::default();
        for (id, priority) in [(1, 0), (2, 5), (3, 0), (4, -1), (5, 5)] {
            queue.insert(upload(id, priority, 10), QueueState::Ready, false);
        }
        assert_eq!(queue.ids(), [2, 5, 1, 3, 4]);
        assert_eq!(queue.first_ready(), Some((-5, 2)));
        queue.set_priority(4, i32::MAX);
        assert_eq!(queue.first_ready(), Some((-i64::from(i32::MAX), 4)));
        queue.move_to(4, QueueState::Timed(Instant(50)));
        queue.end(2, Ending::Done);
        assert_eq!(queue.ids(), [4, 5, 1, 3, 2]);
        queue.wake(Instant(49));
        assert_eq!(queue.first_ready(), Some((-5, 5)));
        queue.wake(Instant(50));
        assert_eq!(queue.first_ready().map(|(_, id)| id), Some(4));
    }

    #[test]
    fn totals_are_always_the_sum_of_the_uploads() {
        let mut random = fastrand::Rng::with_seed(3);
        let mut queue = Queue::default();
        for step in 0..5000u64 {
            let id = random.u64(1..40);
            match random.u32(0..8) {
                0 if queue.get(id).is_none() => {
                    queue.insert(upload(id, 0, random.u64(1..100)), QueueState::Ready, false)
                }
                1 => queue.move_to(id, QueueState::Active),
                2 => queue.move_to(id, QueueState::Timed(Instant(step))),
                3 => queue.move_to(id, QueueState::Parked(FIO_E_UPLOAD_PAUSED)),
                4 => queue.end(id, Ending::Done),
                5 => queue.set_priority(id, random.i32(-2..2)),
                6 => {
                    if let Some(upload) = queue.get_mut(id) {
                        upload.parts.confirmed = (upload.parts.confirmed + 3).min(upload.condition.size);
                    }
                    queue.recount(id);
                }
                _ => drop(queue.remove(id)),
            }
            let totals = queue.totals();
            let mut files = 0;
            let mut bytes = 0;
            for (upload, queue_state) in
                queue.uploads().filter(|(_, queue_state)| *queue_state != QueueState::Over)
            {
                files += 1;
                bytes += bytes_left(upload, state_at(upload, queue_state));
            }
            assert_eq!((totals.files_left, totals.bytes_left), (files, bytes));
            assert_eq!(totals.queued + totals.uploading + totals.waiting, files);
            assert_eq!(files + totals.done, queue.len() as u64);
        }
    }

    #[test]
    fn a_change_is_told_once_and_only_if_it_lasts() {
        let mut queue = Queue::default();
        queue.insert(upload(1, 0, 10), QueueState::Ready, false);
        queue.insert(upload(2, 0, 10), QueueState::Ready, true);
        assert_eq!(changes(&mut queue), [1]);
        queue.move_to(1, QueueState::Active);
        queue.move_to(1, QueueState::Ready);
        assert_eq!(changes(&mut queue), [0u64; 0]);
        queue.move_to(1, QueueState::Parked(FIO_E_OTHER_PROJECT));
        assert_eq!(changes(&mut queue), [1]);
        queue.move_to(1, QueueState::Parked(FIO_E_UPLOAD_PAUSED));
        assert_eq!(changes(&mut queue), [1]);
        assert_eq!(changes(&mut queue), [0u64; 0]);
    }

    #[test]
    fn only_what_went_well_or_was_canceled_is_forgotten() {
        let mut queue = Queue::default();
        for id in 1..=5 {
            queue.insert(upload(id, 0, 10), QueueState::Ready, true);
        }
        queue.end(2, Ending::Failed(Error::of(FIO_E_SOURCE_MISSING)));
        for id in [4, 1, 3] {
            queue.end(id, Ending::Done);
        }
        assert_eq!(queue.to_forget(3), None);
        assert_eq!(queue.to_forget(2), Some(4));
        queue.remove(4);
        assert_eq!(queue.to_forget(1), Some(1));
        assert_eq!(queue.ids(), [5, 2, 1, 3]);
    }
}
