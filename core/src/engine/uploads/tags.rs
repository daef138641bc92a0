//! One clip, one upload: by their tags, those are known that are in the list, and those that were sent or
//! canceled and are not in the list any more ([`crate::upload::tags`]).
//!
//! The record of an upload goes only after its tag is written down, so that a power cut in between leaves both.

use super::super::Engine;
use super::super::effects::Event;
use super::super::store_retry::StoreRetry;
use crate::clock::{Instant, Now};
use crate::error::Error;
use crate::prelude::*;
use crate::secret::SecretBytes;
use crate::status::*;
use crate::upload::tags::{Remembered, TAIL_KEY, TagKey, TagMemory, block_key, block_of};
use crate::upload::transfer::{Ending, Upload};
use crate::upload::{Known, UploadId, UploadState, record};

pub(super) struct Tags {
    memory: TagMemory,
    /// For a store that has none yet.
    key: TagKey,
    /// All that the store holds of them is known.
    is_read: bool,
    /// Some of it could not be read.
    unread: StoreRetry,
    /// The tail is to be written.
    is_unsaved: bool,
    /// Uploads that left the list: their records go once the tail is written, and so do these blocks.
    records_to_erase: Vec<UploadId>,
    blocks_to_erase: Vec<u32>,
}

impl Tags {
    pub fn new(key: TagKey) -> Tags {
        Tags {
            memory: TagMemory::new(key),
            key,
            is_read: false,
            unread: StoreRetry::default(),
            is_unsaved: false,
            records_to_erase: Vec::new(),
            blocks_to_erase: Vec::new(),
        }
    }

    pub fn is_unsaved(&self) -> bool {
        self.is_unsaved
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.unread.at()
    }
}

impl Engine {
    /// The newest upload of a tag that counts: in the list, or remembered as sent or canceled.
    pub fn find_tag(&self, tag: &[u8]) -> Option<Known> {
        if tag.is_empty() {
            return None;
        }
        let memory = &self.uploads.tags.memory;
        let is_history = |state| matches!(state, UploadState::Done | UploadState::Canceled);
        let mut listed = self.uploads.queue.with_tag(tag).filter(|(upload, state)| {
            !is_history(*state) || !memory.is_forgotten(upload.id, upload.ended_as)
        });
        if let Some((upload, state)) = listed.next() {
            return Some(Known { id: upload.id, state });
        }
        let Remembered { id, was_canceled } = memory.find(tag)?;
        let state = if was_canceled { UploadState::Canceled } else { UploadState::Done };
        Some(Known { id, state })
    }

    /// That a clip is not to be sent twice.
    pub(super) fn check_tag(&self, tag: &[u8]) -> Result<(), Error> {
        let Some(known) = self.find_tag(tag) else { return Ok(()) };
        let message = match known.state {
            UploadState::Queued | UploadState::Uploading | UploadState::Waiting => {
                "an upload with this tag is in the queue already"
            }
            UploadState::Done => "the upload with this tag was sent already",
            UploadState::Failed => "the upload with this tag has failed: it can be retried",
            UploadState::Skipped => "the upload with this tag was skipped: the device was paused",
            UploadState::Canceled => "the upload with this tag was canceled",
        };
        Err(Error::new(FIO_E_UPLOAD_EXISTS, message))
    }

    /// Forgets which tags were sent or canceled, those of uploads in the list included.
    pub fn forget_tags(&mut self, now: Now) -> Result<(), Error> {
        self.cx.set_now(now);
        if !self.uploads.tags.is_read {
            return Err(Error::new(FIO_E_STORE, "which tags are remembered could not be read yet"));
        }
        let (next_id, last_ended) = (self.uploads.next_id, self.uploads.queue.last_ended());
        let tags = &mut self.uploads.tags;
        tags.blocks_to_erase.extend(tags.memory.forget(next_id, last_ended));
        tags.is_unsaved = true;
        self.step();
        Ok(())
    }

    /// Takes up what the store holds, which has these records. What is damaged is told and left out; what cannot
    /// be read now is read later.
    pub(super) fn restore_tags(&mut self, keys: &[String]) {
        if self.uploads.tags.is_read {
            return;
        }
        match self.read_tags(keys) {
            Ok(memory) => {
                self.uploads.queue.end_after(memory.floor_end());
                self.uploads.tags.memory = memory;
                self.uploads.tags.is_read = true;
                if self.uploads.tags.unread.worked() {
                    self.cx.tell(Event::StoreRecovered);
                }
                self.trim_tags();
                self.uploads.needs_step = true;
            }
            Err(error) => {
                if self.uploads.tags.unread.failed(self.cx.now.mono, &mut self.cx.random) {
                    self.cx.tell(Event::StoreFailed(error));
                }
            }
        }
    }

    pub(super) fn retry_reading_tags(&mut self) {
        if self.uploads.tags.unread.is_due(self.cx.now.mono) {
            match self.cx.records.list() {
                Ok(keys) => self.restore_tags(&keys),
                Err(_) => drop(self.uploads.tags.unread.failed(self.cx.now.mono, &mut self.cx.random)),
            }
        }
    }

    fn read_tags(&mut self, keys: &[String]) -> Result<TagMemory, Error> {
        let mut memory = TagMemory::new(self.uploads.tags.key);
        if keys.iter().any(|key| key == TAIL_KEY) {
            self.read_record_of_tags(TAIL_KEY, |bytes| memory.read_tail(bytes))?;
        }
        let mut numbers: Vec<u32> = keys.iter().filter_map(|key| block_of(key)).collect();
        numbers.sort_unstable_by(|one, other| other.cmp(one));
        for number in numbers {
            let key = block_key(number);
            if memory.counts(number) {
                self.read_record_of_tags(&key, |bytes| memory.read_block(number, bytes))?;
            } else {
                // If this fails, the next start tries again.
                let _ = self.cx.records.erase(&key);
            }
        }
        Ok(memory)
    }

    fn read_record_of_tags(&mut self, key: &str, mut take: impl FnMut(&[u8]) -> bool) -> Result<(), Error> {
        match self.cx.records.load(key) {
            Ok(Some(bytes)) if !take(bytes.expose()) => {
                let why = "was not written by this library, or by a newer one";
                let error = self.cx.records.set_aside(key, why);
                self.cx.tell(Event::StoreDamaged(error));
            }
            Ok(_) => {}
            Err(error) if error.status == FIO_E_STORE_DAMAGED => self.cx.tell(Event::StoreDamaged(error)),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Takes an upload that is over out of memory and store. Its tag stays, if it was sent or canceled.
    pub(super) fn forget_upload(&mut self, id: UploadId) {
        let Some(upload) = self.uploads.queue.remove(id) else { return };
        if !self.has_tag_to_remember(&upload) {
            return self.erase_upload(id);
        }
        if !self.uploads.tags.is_read {
            // Its tag cannot be remembered: it is in the list again when the store can be read.
            return;
        }
        let was_canceled = upload.ending == Some(Ending::Canceled);
        let tags = &mut self.uploads.tags;
        tags.memory.add(&upload.tag, Remembered { id, was_canceled });
        tags.records_to_erase.push(id);
        tags.is_unsaved = true;
    }

    /// Whether its tag can be remembered, if it must be.
    pub(super) fn may_be_forgotten(&self, id: UploadId) -> bool {
        let upload = self.uploads.queue.get(id);
        self.uploads.tags.is_read || upload.is_none_or(|upload| !self.has_tag_to_remember(upload))
    }

    fn has_tag_to_remember(&self, upload: &Upload) -> bool {
        let is_history = matches!(upload.ending, Some(Ending::Done | Ending::Canceled));
        let is_forgotten = self.uploads.tags.memory.is_forgotten(upload.id, upload.ended_as);
        let is_wanted = self.uploads.settings.tags_remembered > 0;
        is_wanted && is_history && !is_forgotten && !upload.tag.is_empty()
    }

    fn erase_upload(&mut self, id: UploadId) {
        // Addresses that stay behind are forgotten after the next start.
        for key in [record::key(id), record::url_key(id)] {
            let _ = self.cx.records.erase(&key);
        }
    }

    /// Writes down which tags were sent or canceled, and then erases what that makes superfluous.
    pub(super) fn save_tags(&mut self) -> Result<(), Error> {
        if !self.uploads.tags.is_unsaved {
            return Ok(());
        }
        while let Some(folded) = self.uploads.tags.memory.fold() {
            let (key, bytes) = self.uploads.tags.memory.encode_folded(&folded);
            self.cx.records.save(&key, &SecretBytes::new(bytes))?;
            self.uploads.tags.memory.folded(folded);
        }
        self.trim_tags();
        let tail = self.uploads.tags.memory.encode_tail();
        self.cx.records.save(TAIL_KEY, &SecretBytes::new(tail))?;
        self.uploads.tags.is_unsaved = false;
        for number in core::mem::take(&mut self.uploads.tags.blocks_to_erase) {
            // If this fails, the next start tries again.
            let _ = self.cx.records.erase(&block_key(number));
        }
        for id in core::mem::take(&mut self.uploads.tags.records_to_erase) {
            self.erase_upload(id);
        }
        Ok(())
    }

    /// Drops the oldest of more than the application wants.
    fn trim_tags(&mut self) {
        let most = self.uploads.settings.tags_remembered as usize;
        let tags = &mut self.uploads.tags;
        let before = tags.memory.len();
        tags.blocks_to_erase.extend(tags.memory.trim(most));
        tags.is_unsaved |= tags.memory.len() < before;
    }
}
