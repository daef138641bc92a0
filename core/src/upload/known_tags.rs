//! One clip, one upload: by their tags, those are known that are in the list, and those that were sent or
//! canceled and are not in the list any more ([`super::tags`]).
//!
//! The record of an upload goes only after its tag is written down, so that a power cut in between leaves both.

use super::queue::Queue;
use super::tags::{Folded, Remembered, TAIL_KEY, TagKey, TagMemory, block_key, block_of};
use super::transfer::{Ending, Upload};
use super::url_records::FOREIGN;
use super::{Known, UploadId, UploadState, record};
use crate::clock::Instant;
use crate::context::effects::Event;
use crate::context::store_retry::StoreRetry;
use crate::context::{Context, Save};
use crate::error::Error;
use crate::prelude::*;
use crate::secret::SecretBytes;
use crate::status::*;

pub(super) struct KnownTags {
    memory: TagMemory,
    /// For a store that has none yet.
    key: TagKey,
    /// All that the store holds of them is known.
    is_read: bool,
    /// Some of it could not be read.
    unread: StoreRetry,
    /// The tail is to be written.
    is_unsaved: bool,
    /// The block that is being written.
    folded: Option<Folded>,
    /// Records that go once the tail is written: of uploads that left the list, and blocks.
    to_erase: Vec<String>,
}

impl KnownTags {
    pub(crate) fn new(key: TagKey) -> KnownTags {
        KnownTags {
            memory: TagMemory::new(key),
            key,
            is_read: false,
            unread: StoreRetry::default(),
            is_unsaved: false,
            folded: None,
            to_erase: Vec::new(),
        }
    }

    pub(crate) fn is_unsaved(&self) -> bool {
        self.is_unsaved || !self.to_erase.is_empty()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.unread.at()
    }

    /// The newest upload of a tag that counts: in the list, or remembered as sent or canceled.
    pub(crate) fn find(&self, queue: &Queue, tag: &[u8]) -> Option<Known> {
        if tag.is_empty() {
            return None;
        }
        let is_history = |state| matches!(state, UploadState::Done | UploadState::Canceled);
        let mut listed = queue.with_tag(tag).filter(|(upload, state)| {
            !is_history(*state) || !self.memory.is_forgotten(upload.id, upload.ended_as)
        });
        if let Some((upload, state)) = listed.next() {
            return Some(Known { id: upload.id, state });
        }
        let Remembered { id, was_canceled } = self.memory.find(tag)?;
        let state = if was_canceled { UploadState::Canceled } else { UploadState::Done };
        Some(Known { id, state })
    }

    /// That a clip is not to be sent twice.
    pub(crate) fn check(&self, queue: &Queue, tag: &[u8]) -> Result<(), Error> {
        let Some(known) = self.find(queue, tag) else { return Ok(()) };
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
    pub(crate) fn forget_all(&mut self, next_id: UploadId, last_ended: u64) -> Result<(), Error> {
        if !self.is_read {
            return Err(Error::new(FIO_E_STORE, "which tags are remembered could not be read yet"));
        }
        let blocks = self.memory.forget(next_id, last_ended);
        self.to_erase.extend(blocks.into_iter().map(block_key));
        self.is_unsaved = true;
        Ok(())
    }

    /// Takes up what the store holds, which has these records. What is damaged is told and left out; what cannot
    /// be read now is read later.
    pub(crate) fn restore(&mut self, cx: &mut Context, queue: &mut Queue, keys: &[String]) {
        if self.is_read {
            return;
        }
        match read(cx, self.key, keys) {
            Ok(memory) => {
                queue.end_after(memory.floor_end());
                self.memory = memory;
                self.is_read = true;
                if self.unread.worked() {
                    cx.tell(Event::StoreRecovered);
                }
                self.trim(cx);
            }
            Err(error) => {
                if self.unread.failed(cx.now.mono, &mut cx.random) {
                    cx.tell(Event::StoreFailed(error));
                }
            }
        }
    }

    pub(crate) fn retry_reading(&mut self, cx: &mut Context, queue: &mut Queue) {
        if self.unread.is_due(cx.now.mono) {
            match cx.records.list() {
                Ok(keys) => self.restore(cx, queue, &keys),
                Err(_) => drop(self.unread.failed(cx.now.mono, &mut cx.random)),
            }
        }
    }

    /// Takes an upload that is over out of memory and store. Its tag stays, if it was sent or canceled.
    pub(crate) fn forget_upload(&mut self, cx: &Context, queue: &mut Queue, id: UploadId) {
        let Some(upload) = queue.remove(id) else { return };
        if self.has_tag_to_remember(cx, &upload) {
            if !self.is_read {
                // Its tag cannot be remembered: it is in the list again when the store can be read.
                return;
            }
            let was_canceled = upload.ending == Some(Ending::Canceled);
            self.memory.add(&upload.tag, Remembered { id, was_canceled });
            self.is_unsaved = true;
        }
        self.to_erase.extend([record::url_key(id), record::key(id)]);
    }

    /// Whether its tag can be remembered, if it must be.
    pub(crate) fn may_forget(&self, cx: &Context, upload: &Upload) -> bool {
        self.is_read || !self.has_tag_to_remember(cx, upload)
    }

    fn has_tag_to_remember(&self, cx: &Context, upload: &Upload) -> bool {
        let is_history = matches!(upload.ending, Some(Ending::Done | Ending::Canceled));
        let is_forgotten = self.memory.is_forgotten(upload.id, upload.ended_as);
        let is_wanted = cx.settings.uploads.tags_remembered > 0;
        is_wanted && is_history && !is_forgotten && !upload.tag.is_empty()
    }

    /// Which tags were sent or canceled is written down, and then what that makes superfluous is erased.
    pub(crate) fn poll_save(&mut self, cx: &Context) -> Option<Save> {
        if !self.is_unsaved {
            return self.to_erase.pop().map(|key| Save { key: key.into(), value: None });
        }
        let (key, bytes) = match self.memory.fold() {
            Some(folded) => {
                let (key, bytes) = self.memory.encode_folded(&folded);
                self.folded = Some(folded);
                (key.into(), bytes)
            }
            None => {
                self.trim(cx);
                (TAIL_KEY.into(), self.memory.encode_tail())
            }
        };
        Some(Save { key, value: Some(SecretBytes::new(bytes)) })
    }

    pub(crate) fn handle_saved(&mut self, saved: Result<(), Error>) -> Result<(), Error> {
        let folded = self.folded.take();
        if !self.is_unsaved {
            // If something superfluous could not be erased, the next start tries again.
            return Ok(());
        }
        saved?;
        match folded {
            Some(folded) => self.memory.folded(folded),
            None => self.is_unsaved = false,
        }
        Ok(())
    }

    /// Drops the oldest of more than the application wants.
    fn trim(&mut self, cx: &Context) {
        let before = self.memory.len();
        let blocks = self.memory.trim(cx.settings.uploads.tags_remembered as usize);
        self.to_erase.extend(blocks.into_iter().map(block_key));
        self.is_unsaved |= self.memory.len() < before;
    }
}

fn read(cx: &mut Context, key: TagKey, keys: &[String]) -> Result<TagMemory, Error> {
    let mut memory = TagMemory::new(key);
    if keys.iter().any(|key| key == TAIL_KEY) {
        read_record(cx, TAIL_KEY, |bytes| memory.read_tail(bytes))?;
    }
    let mut numbers: Vec<u32> = keys.iter().filter_map(|key| block_of(key)).collect();
    numbers.sort_unstable_by(|one, other| other.cmp(one));
    for number in numbers {
        let key = block_key(number);
        if memory.counts(number) {
            read_record(cx, &key, |bytes| memory.read_block(number, bytes))?;
        } else {
            // If this fails, the next start tries again.
            let _ = cx.records.erase(&key);
        }
    }
    Ok(memory)
}

fn read_record(cx: &mut Context, key: &str, mut take: impl FnMut(&[u8]) -> bool) -> Result<(), Error> {
    match cx.records.load(key) {
        Ok(Some(bytes)) if !take(bytes.expose()) => {
            let error = cx.records.set_aside(key, FOREIGN);
            cx.tell(Event::StoreDamaged(error));
        }
        Ok(_) => {}
        Err(error) if error.status == FIO_E_STORE_DAMAGED => cx.tell(Event::StoreDamaged(error)),
        Err(error) => return Err(error),
    }
    Ok(())
}
