//! Keeping the queue and the store the same. Uploads are written down before they are begun and part by
//! part; where the store fails, they go on in memory and are written as soon as it works again.

use super::super::Engine;
use super::super::effects::Event;
use super::super::store_retry::StoreRetry;
use super::control::place_of;
use crate::clock::Instant;
use crate::error::Error;
use crate::secret::SecretBytes;
use crate::status::FIO_E_STORE_DAMAGED;
use crate::upload::index::{Line, Place};
use crate::upload::transfer::{Ending, Origin, Upload};
use crate::upload::{UploadId, record};

const SETTINGS_KEY: &str = "queue";
/// Ids are taken in blocks, so that they need not be written one by one.
const BLOCK: UploadId = 1024;
/// Where ids begin while the store cannot say which are taken.
const UNKNOWN_IDS: UploadId = 1 << 48;

#[derive(Debug, Default)]
pub(super) struct Saving {
    /// Ids below this one are never given again.
    reserved: UploadId,
    are_settings_unsaved: bool,
    /// The application has chosen in this life: what the store says of it is older, even if it can be read
    /// only now.
    are_flags_chosen: bool,
    /// The store is behind.
    unsaved: StoreRetry,
    /// The store could not be read at the start.
    unread: StoreRetry,
}

impl Saving {
    pub fn settings_changed(&mut self) {
        self.are_settings_unsaved = true;
        self.are_flags_chosen = true;
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
        let keys = match self.records.list() {
            Ok(keys) => keys,
            Err(error) => return self.read_uploads_later(error),
        };
        if self.uploads.saving.unread.worked() {
            self.tell(Event::StoreRecovered);
        }
        self.restore_settings();
        // In the order of their ids, whatever that of the store is.
        let (mut uploads, mut addresses) = (Line::default(), Line::default());
        for (id, of_addresses) in keys.iter().filter_map(|key| record::id_of(key)) {
            if of_addresses { addresses.insert((0, id)) } else { uploads.insert((0, id)) }
        }
        for (_, id) in uploads.iter() {
            if self.uploads.queue.get(id).is_none() {
                self.restore_upload(id);
            }
        }
        self.adopt_addresses(&addresses);
        self.restore_tags(&keys);
        // A life that could not read which ids are taken could not write down either which it gave.
        let highest = self.uploads.queue.highest_id();
        let is_unknown = highest > 0 && highest >= self.uploads.saving.reserved;
        let unknown = if is_unknown { highest + BLOCK } else { 0 };
        let known = self.uploads.saving.reserved.max(unknown);
        self.uploads.next_id = self.uploads.next_id.max(known).max(1);
        self.uploads.needs_step = true;
    }

    fn read_uploads_later(&mut self, error: Error) {
        if !self.uploads.saving.unread.is_failing() {
            self.tell(Event::StoreFailed(error));
            self.uploads.next_id = UNKNOWN_IDS | self.random.u64(..UNKNOWN_IDS);
        }
        self.uploads.saving.unread.failed(self.now.mono, &mut self.random);
    }

    pub(super) fn retry_reading_uploads(&mut self) {
        if self.uploads.saving.unread.is_due(self.now.mono) {
            self.restore_uploads();
        }
    }

    fn restore_upload(&mut self, id: UploadId) {
        let key = record::key(id);
        let upload = match self.records.load(&key) {
            Ok(Some(bytes)) => record::decode(id, &bytes),
            Ok(None) => return,
            Err(error) if error.status == FIO_E_STORE_DAMAGED => {
                return self.tell(Event::StoreDamaged(error));
            }
            Err(error) => return self.tell(Event::StoreFailed(error)),
        };
        let Some(upload) = upload else {
            let error = self.records.set_aside(&key, "was not written by this library, or by a newer one");
            return self.tell(Event::StoreDamaged(error));
        };
        let place = place_of(&upload);
        let is_running = upload.recording.as_ref().is_some_and(|recording| recording.size.is_none());
        let is_watched = is_running && place != Place::Over && matches!(upload.origin, Origin::Path(_));
        self.uploads.queue.insert(upload, place, true);
        if is_watched {
            self.watch_recording(id);
        }
    }

    /// The addresses are written before the upload's own record says so: a power cut in between leaves
    /// addresses of an asset that is to be used, not made anew.
    fn adopt_addresses(&mut self, ids: &Line) {
        for (_, id) in ids.iter() {
            let Some(upload) = self.uploads.queue.get_mut(id) else {
                // Of an upload that is gone. If this fails, the next start tries again.
                let _ = self.records.erase(&record::address_key(id));
                continue;
            };
            let is_usable =
                upload.ending.is_none() && upload.asset_id.is_none() && upload.recording.is_none();
            if !is_usable {
                continue;
            }
            let loaded = self.records.load(&record::address_key(id)).ok().flatten();
            if let Some((asset_id, addresses)) = loaded.as_ref().and_then(record::decode_addresses) {
                upload.asset_id = Some(asset_id);
                upload.address_list = addresses;
                upload.has_address_record = true;
                self.uploads.queue.needs_saving(id);
            }
        }
    }

    fn restore_settings(&mut self) {
        match self.records.load(SETTINGS_KEY) {
            Ok(Some(bytes)) => {
                let Some((numbers, flags)) = bytes.expose().split_first_chunk::<8>() else { return };
                let reserved = UploadId::from_le_bytes(*numbers);
                self.uploads.saving.reserved = self.uploads.saving.reserved.max(reserved);
                if self.uploads.saving.are_flags_chosen {
                    return;
                }
                self.uploads.queue.is_paused = flags.first() == Some(&1);
                self.uploads.is_auto_start = flags.get(1) != Some(&0);
            }
            Ok(None) => {}
            Err(error) if error.status == FIO_E_STORE_DAMAGED => self.tell(Event::StoreDamaged(error)),
            Err(error) => self.tell(Event::StoreFailed(error)),
        }
    }

    fn save_settings(&mut self) -> Result<(), Error> {
        let mut bytes = self.uploads.saving.reserved.to_le_bytes().to_vec();
        bytes.extend([u8::from(self.uploads.queue.is_paused), u8::from(self.uploads.is_auto_start)]);
        self.records.save(SETTINGS_KEY, &SecretBytes::new(bytes))?;
        self.uploads.saving.are_settings_unsaved = false;
        Ok(())
    }

    /// Writes what has changed. A store that fails is told once and tried again later.
    pub(super) fn save_uploads(&mut self) {
        if self.uploads.saving.unsaved.at().is_some_and(|at| self.now.mono < at) {
            return;
        }
        if let Err(error) = self.save_changed() {
            return self.saving_failed(error);
        }
        if self.uploads.saving.unsaved.worked() {
            self.tell(Event::StoreRecovered);
        }
    }

    fn saving_failed(&mut self, error: Error) {
        if self.uploads.saving.unsaved.failed(self.now.mono, &mut self.random) {
            self.tell(Event::StoreFailed(error));
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
        if self.uploads.saving.are_settings_unsaved && !self.uploads.saving.unread.is_failing() {
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
        if upload.addresses_unsaved {
            if let Some(asset_id) = &upload.asset_id {
                let addresses = record::encode_addresses(asset_id, &upload.address_list);
                self.records.save(&record::address_key(id), &addresses)?;
            }
            upload.addresses_unsaved = false;
        }
        let value = record::encode(upload);
        self.records.save(&record::key(id), &value)?;
        if upload.has_address_record && !needs_addresses(upload) {
            self.records.erase(&record::address_key(id))?;
            upload.has_address_record = false;
        }
        Ok(())
    }
}

/// Whether an upload may still go on with its asset.
fn needs_addresses(upload: &Upload) -> bool {
    upload.asset_id.is_some() && matches!(upload.ending, None | Some(Ending::Failed(_)))
}
