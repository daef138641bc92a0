//! Keeping the queue and the store the same. Uploads are written down before they are begun and part by
//! part; where the store fails, they go on in memory and are written as soon as it works again.

use super::super::Engine;
use super::super::effects::Event;
use super::super::store_retry::StoreRetry;
use super::control::idle_state;
use crate::clock::Instant;
use crate::error::Error;
use crate::failure::Backoff;
use crate::prelude::*;
use crate::secret::{Secret, SecretBytes};
use crate::status::FIO_E_STORE_DAMAGED;
use crate::upload::index::{OrderedIds, QueueState};
use crate::upload::transfer::{Ending, Origin, Upload};
use crate::upload::{UploadId, record};

const SETTINGS_KEY: &str = "queue";
/// Ids are taken in blocks, so that they need not be written one by one.
const BLOCK: UploadId = 1024;
/// Where ids begin while the store cannot say which are taken.
const UNKNOWN_IDS: UploadId = 1 << 48;
/// About a minute.
const PATIENCE_WITH_SETTINGS: u32 = 6;
const FOREIGN: &str = "was not written by this library, or by a newer one";

#[derive(Default)]
pub(super) struct Saving {
    /// Ids below this one are never given again.
    reserved: UploadId,
    are_settings_unsaved: bool,
    /// The application has chosen in this life: what the store says of it is older, even if it can be read
    /// only now.
    are_flags_chosen: bool,
    /// The store is behind.
    unsaved: StoreRetry,
    /// Something in the store could not be read yet.
    unread: StoreRetry,
    waiting: Unread,
    /// The URLs of an upload at work could not be read.
    unread_urls: StoreRetry,
}

/// What is in the store, or may be, and has not been read.
#[derive(Default)]
struct Unread {
    /// Which records there are.
    list: bool,
    /// Which ids were given, and what the application has chosen.
    settings: bool,
    /// As (0, id).
    uploads: OrderedIds,
    /// Records of URLs whose upload has to say what they are to it; likewise.
    urls: OrderedIds,
    /// The highest id that any record bears.
    highest: UploadId,
}

impl Saving {
    pub fn settings_changed(&mut self) {
        self.are_settings_unsaved = true;
        self.are_flags_chosen = true;
    }

    /// Whether the application may have paused the queue, as far as can be read. After some attempts that is
    /// not waited for any more: a record that can never be read must not stop everything for ever.
    pub fn is_pause_unknown(&self) -> bool {
        self.waiting.settings && !self.are_flags_chosen && self.unread.failures() < PATIENCE_WITH_SETTINGS
    }

    /// Whether it is unknown which ids were given before.
    fn are_ids_unknown(&self) -> bool {
        self.waiting.list || self.waiting.settings
    }
}

impl Engine {
    pub(super) fn new_upload_id(&mut self) -> UploadId {
        let id = self.uploads.next_id;
        self.uploads.next_id += 1;
        if self.uploads.next_id > self.uploads.saving.reserved {
            self.uploads.saving.reserved = self.uploads.next_id + BLOCK;
            self.uploads.saving.are_settings_unsaved = true;
        }
        id
    }

    pub(super) fn saving_deadline(&self) -> Option<Instant> {
        let saving = &self.uploads.saving;
        let has_unsaved = saving.are_settings_unsaved
            || self.uploads.queue.next_unsaved().is_some()
            || self.uploads.tags.is_unsaved();
        let retry = saving.unsaved.at().filter(|_| has_unsaved);
        retry.into_iter().chain(saving.unread.at()).chain(self.uploads.tags.deadline()).min()
    }

    /// Takes up what an earlier life of this device has left to do.
    pub(in crate::engine) fn restore_uploads(&mut self) {
        self.restore_link();
        self.uploads.saving.waiting = Unread { list: true, settings: true, ..Unread::default() };
        self.read_uploads(true);
    }

    pub(super) fn retry_reading_uploads(&mut self) {
        if self.uploads.saving.unread.is_due(self.cx.now.mono) {
            self.read_uploads(false);
        }
    }

    /// Reads what has not been read yet. A record that cannot be read (no descriptors, no memory, a card with
    /// errors) is told once and read again later: what it holds is not to be given up for that.
    fn read_uploads(&mut self, is_start: bool) {
        let read = self.read_list().and_then(|keys| {
            let read = self.read_records(is_start);
            if let Some(keys) = keys {
                self.restore_tags(&keys);
            }
            read
        });
        self.settle_ids();
        self.uploads.needs_step = true;
        match read {
            Ok(()) if self.uploads.saving.unread.worked() => self.cx.tell(Event::StoreRecovered),
            Ok(()) => {}
            Err(error) => {
                if self.uploads.saving.unread.failed(self.cx.now.mono, &mut self.cx.random) {
                    self.cx.tell(Event::StoreFailed(error));
                }
            }
        }
    }

    /// Which records there are, if that was not known before.
    fn read_list(&mut self) -> Result<Option<Vec<String>>, Error> {
        if !self.uploads.saving.waiting.list {
            return Ok(None);
        }
        let keys = self.cx.records.list()?;
        let waiting = &mut self.uploads.saving.waiting;
        waiting.list = false;
        // In the order of their ids, whatever that of the store is.
        for (id, of_urls) in keys.iter().filter_map(|key| record::id_of(key)) {
            waiting.highest = waiting.highest.max(id);
            let line = if of_urls { &mut waiting.urls } else { &mut waiting.uploads };
            line.insert((0, id));
        }
        Ok(Some(keys))
    }

    /// One that cannot be read does not keep the others from being read. The error is that of the first.
    fn read_records(&mut self, is_start: bool) -> Result<(), Error> {
        let mut outcome = Ok(());
        let mut note = |read: Result<(), Error>| {
            let is_read = read.is_ok();
            if outcome.is_ok() {
                outcome = read;
            }
            is_read
        };
        if self.uploads.saving.waiting.settings && note(self.restore_settings()) {
            self.uploads.saving.waiting.settings = false;
        }
        let ids = |line: &OrderedIds| line.iter().map(|(_, id)| id).collect::<Vec<UploadId>>();
        for id in ids(&self.uploads.saving.waiting.uploads) {
            if self.uploads.queue.get(id).is_some() || note(self.restore_upload(id, is_start)) {
                self.uploads.saving.waiting.uploads.remove((0, id));
            }
        }
        for id in ids(&self.uploads.saving.waiting.urls) {
            let is_upload_unread = self.uploads.saving.waiting.uploads.contains((0, id));
            if !is_upload_unread && note(self.adopt_urls(id)) {
                self.uploads.saving.waiting.urls.remove((0, id));
            }
        }
        outcome
    }

    /// No id is given twice, whatever can be read of the store.
    fn settle_ids(&mut self) {
        let saving = &self.uploads.saving;
        if saving.are_ids_unknown() {
            if self.uploads.next_id < UNKNOWN_IDS {
                self.uploads.next_id = UNKNOWN_IDS | self.cx.random.u64(..UNKNOWN_IDS);
            }
            return;
        }
        // A life that could not read which ids are taken could not write down either which it gave.
        let highest = self.uploads.queue.highest_id().max(saving.waiting.highest);
        let is_unknown = highest > 0 && highest >= saving.reserved;
        let unknown = if is_unknown { highest.saturating_add(BLOCK) } else { 0 };
        self.uploads.next_id = self.uploads.next_id.max(saving.reserved).max(unknown).max(1);
    }

    /// `is_start`: the application asks for the queue afterwards; later it has to be told.
    fn restore_upload(&mut self, id: UploadId, is_start: bool) -> Result<(), Error> {
        let key = record::key(id);
        let upload = match self.cx.records.load(&key) {
            Ok(Some(bytes)) => record::decode(id, &bytes),
            Ok(None) => return Ok(()),
            Err(error) if error.status == FIO_E_STORE_DAMAGED => {
                self.cx.tell(Event::StoreDamaged(error));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let Some(upload) = upload else {
            let error = self.cx.records.set_aside(&key, FOREIGN);
            self.cx.tell(Event::StoreDamaged(error));
            return Ok(());
        };
        let queue_state = idle_state(&upload);
        let is_running = upload.recording.as_ref().is_some_and(|recording| recording.size.is_none());
        let is_watched =
            is_running && queue_state != QueueState::Over && matches!(upload.origin, Origin::Path(_));
        self.uploads.queue.insert(upload, queue_state, is_start);
        if is_watched {
            self.watch_recording(id);
        }
        Ok(())
    }

    /// The URLs are written before the upload's own record says so: a power cut in between leaves
    /// URLs of an asset that is to be used, not made again.
    fn adopt_urls(&mut self, id: UploadId) -> Result<(), Error> {
        let Some(upload) = self.uploads.queue.get_mut(id) else {
            // Of an upload that is gone. If this fails, the next start tries again.
            let _ = self.cx.records.erase(&record::url_key(id));
            return Ok(());
        };
        let is_usable = upload.ending.is_none() && upload.asset_id.is_none() && upload.recording.is_none();
        if !is_usable {
            return Ok(());
        }
        upload.has_found_urls = true;
        self.load_urls(id).map(drop)
    }

    /// The URLs of one with many parts are read when they are needed: whether they were. An error: they
    /// cannot be read now.
    fn load_urls(&mut self, id: UploadId) -> Result<bool, Error> {
        let Some(upload) = self.uploads.queue.get_mut(id) else { return Ok(false) };
        let is_known = upload.has_url_record && upload.asset_id.is_some();
        let is_missing = upload.recording.is_none() && upload.urls.is_empty();
        if !is_missing || !(is_known || upload.has_found_urls) {
            return Ok(false);
        }
        let key = record::url_key(id);
        let mut damage = None;
        let loaded = match self.cx.records.load(&key) {
            Ok(Some(bytes)) => {
                let fits = |urls: &[Secret]| upload.asset_id.is_none() || record::fits(upload, urls.len());
                let decoded = record::decode_urls(&bytes).filter(|(_, urls)| fits(urls));
                if decoded.is_none() {
                    damage = Some(self.cx.records.set_aside(&key, FOREIGN));
                }
                decoded
            }
            Ok(None) => {
                damage = is_known.then(|| {
                    Error::told(FIO_E_STORE_DAMAGED, format!("the stored record '{key}' is missing"))
                });
                None
            }
            Err(error) if error.status == FIO_E_STORE_DAMAGED => {
                damage = Some(error);
                None
            }
            Err(error) => return Err(error),
        };
        let Some(upload) = self.uploads.queue.get_mut(id) else { return Ok(true) };
        upload.has_found_urls = false;
        upload.has_url_record = loaded.is_some();
        match loaded {
            Some((asset_id, urls)) => {
                // Those of a newer asset, of which the power cut kept the upload's own record from telling.
                if upload.asset_id.as_ref() != Some(&asset_id) {
                    upload.forget_asset();
                    upload.asset_id = Some(asset_id);
                    self.uploads.queue.needs_saving(id);
                }
                if let Some(upload) = self.uploads.queue.get_mut(id) {
                    upload.urls = urls;
                }
            }
            // Without them the asset is of no use.
            None => {
                upload.forget_asset();
                self.uploads.queue.needs_saving(id);
            }
        }
        self.uploads.queue.recount(id);
        if let Some(damage) = damage {
            self.cx.tell(Event::StoreDamaged(damage));
        }
        Ok(true)
    }

    /// Whether the URLs of an upload are at hand, if it has any. One whose URLs cannot be read now
    /// waits, and says so.
    pub(super) fn has_urls_at_hand(&mut self, id: UploadId) -> bool {
        let error = match self.load_urls(id) {
            Ok(were_read) => {
                if were_read && self.uploads.saving.unread_urls.worked() {
                    self.cx.tell(Event::StoreRecovered);
                }
                return true;
            }
            Err(error) => error,
        };
        if self.uploads.saving.unread_urls.failed(self.cx.now.mono, &mut self.cx.random) {
            self.cx.tell(Event::StoreFailed(error.clone()));
        }
        if let Some(upload) = self.uploads.queue.get_mut(id) {
            upload.failures = upload.failures.saturating_add(1);
            let wait = Backoff::STORE.delay(upload.failures, None, &mut self.cx.random);
            upload.last_error = Some(error);
            self.uploads.queue.move_to(id, QueueState::Timed(self.cx.now.mono + wait));
        }
        false
    }

    fn restore_settings(&mut self) -> Result<(), Error> {
        match self.cx.records.load(SETTINGS_KEY) {
            Ok(Some(bytes)) => {
                let Some((numbers, flags)) = bytes.expose().split_first_chunk::<8>() else { return Ok(()) };
                let reserved = UploadId::from_le_bytes(*numbers);
                if reserved >= record::BEYOND_ALL_IDS {
                    let error = self.cx.records.set_aside(SETTINGS_KEY, FOREIGN);
                    self.cx.tell(Event::StoreDamaged(error));
                    return Ok(());
                }
                self.uploads.saving.reserved = self.uploads.saving.reserved.max(reserved);
                if !self.uploads.saving.are_flags_chosen {
                    self.uploads.queue.is_paused = flags.first() == Some(&1);
                    self.uploads.is_auto_start = flags.get(1) != Some(&0);
                }
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(error) if error.status == FIO_E_STORE_DAMAGED => {
                self.cx.tell(Event::StoreDamaged(error));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn save_settings(&mut self) -> Result<(), Error> {
        let mut bytes = self.uploads.saving.reserved.to_le_bytes().to_vec();
        bytes.extend([u8::from(self.uploads.queue.is_paused), u8::from(self.uploads.is_auto_start)]);
        self.cx.records.save(SETTINGS_KEY, &SecretBytes::new(bytes))?;
        self.uploads.saving.are_settings_unsaved = false;
        Ok(())
    }

    /// Writes what has changed. A store that fails is told once and tried again later.
    pub(super) fn save_uploads(&mut self) {
        if self.uploads.saving.unsaved.at().is_some_and(|at| self.cx.now.mono < at) {
            return;
        }
        if let Err(error) = self.save_changed() {
            return self.saving_failed(error);
        }
        if self.uploads.saving.unsaved.worked() {
            self.cx.tell(Event::StoreRecovered);
        }
    }

    fn saving_failed(&mut self, error: Error) {
        if self.uploads.saving.unsaved.failed(self.cx.now.mono, &mut self.cx.random) {
            self.cx.tell(Event::StoreFailed(error));
        }
    }

    /// Forgets the oldest of those that went well or were canceled, once that is written down and told.
    pub(super) fn forget_oldest(&mut self) {
        if self.uploads.saving.unsaved.is_failing() {
            return;
        }
        while let Some(id) = self.uploads.queue.to_forget(self.uploads.settings.history) {
            if !self.may_be_forgotten(id) {
                break;
            }
            self.forget_upload(id);
        }
        if let Err(error) = self.save_tags() {
            self.saving_failed(error);
        }
    }

    fn save_changed(&mut self) -> Result<(), Error> {
        // What could not be read must not be written over: ids would be given twice.
        if self.uploads.saving.are_settings_unsaved && !self.uploads.saving.are_ids_unknown() {
            self.save_settings()?;
        }
        while let Some(id) = self.uploads.queue.next_unsaved() {
            self.save_upload(id)?;
            self.uploads.queue.saved(id);
        }
        self.save_tags()
    }

    fn save_upload(&mut self, id: UploadId) -> Result<(), Error> {
        let Some(upload) = self.uploads.queue.get_mut(id) else { return Ok(()) };
        if upload.urls_unsaved {
            if let Some(asset_id) = &upload.asset_id {
                let urls = record::encode_urls(asset_id, &upload.urls);
                self.cx.records.save(&record::url_key(id), &urls)?;
            }
            upload.urls_unsaved = false;
        }
        let value = record::encode(upload);
        self.cx.records.save(&record::key(id), &value)?;
        if upload.has_url_record && !needs_urls(upload) {
            self.cx.records.erase(&record::url_key(id))?;
            upload.has_url_record = false;
        }
        Ok(())
    }
}

/// Whether an upload may still go on with its asset.
fn needs_urls(upload: &Upload) -> bool {
    upload.asset_id.is_some() && matches!(upload.ending, None | Some(Ending::Failed(_)))
}
