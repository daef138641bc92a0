//! Keeping the queue and the store the same. Uploads are written down before they are begun and part by
//! part; where the store fails, they go on in memory and are written as soon as it works again.

use super::index::{OrderedIds, QueueState};
use super::known_tags::KnownTags;
use super::queue::Queue;
use super::transfer::{Ending, Origin, Upload};
use super::transfers::Transfers;
use super::url_records::FOREIGN;
use super::{UploadId, record};
use crate::clock::Instant;
use crate::context::effects::Event;
use crate::context::store_retry::StoreRetry;
use crate::context::{Context, Save};
use crate::error::Error;
use crate::prelude::*;
use crate::secret::SecretBytes;
use crate::status::FIO_E_STORE_DAMAGED;

const SETTINGS_KEY: &str = "queue";
/// Ids are taken in blocks, so that they need not be written one by one.
const BLOCK: UploadId = 1024;
/// Where ids begin while the store cannot say which are taken.
const UNKNOWN_IDS: UploadId = 1 << 48;
/// About a minute.
const PATIENCE_WITH_SETTINGS: u32 = 6;

#[derive(Default)]
pub(super) struct Saving {
    /// The last id that was given.
    last_id: UploadId,
    /// Ids below this one are never given again.
    reserved: UploadId,
    are_settings_unsaved: bool,
    /// The application has chosen in this life: what the store says of it is older, even if it can be read
    /// only now.
    are_flags_chosen: bool,
    /// What is being written.
    writing: Option<Writing>,
    /// Records of URLs that are not needed any more.
    urls_to_erase: Vec<UploadId>,
    /// The store is behind.
    unsaved: StoreRetry,
    /// Something in the store could not be read yet.
    unread: StoreRetry,
    waiting: Unread,
}

enum Writing {
    Settings,
    Urls(UploadId),
    Upload(UploadId),
    ErasingUrls,
    Tags,
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
    pub(crate) fn settings_changed(&mut self) {
        self.are_settings_unsaved = true;
        self.are_flags_chosen = true;
    }

    /// Whether the application may have paused the queue, as far as can be read. After some attempts that is
    /// not waited for any more: a record that can never be read must not stop everything for ever.
    pub(crate) fn is_pause_unknown(&self) -> bool {
        self.waiting.settings && !self.are_flags_chosen && self.unread.failures() < PATIENCE_WITH_SETTINGS
    }

    /// Whether it is unknown which ids were given before.
    fn are_ids_unknown(&self) -> bool {
        self.waiting.list || self.waiting.settings
    }

    pub(crate) fn next_id(&self) -> UploadId {
        self.last_id + 1
    }

    pub(crate) fn new_id(&mut self) -> UploadId {
        self.last_id += 1;
        if self.next_id() > self.reserved {
            self.reserved = self.next_id() + BLOCK;
            self.are_settings_unsaved = true;
        }
        self.last_id
    }

    pub(crate) fn poll_timeout(&self, queue: &Queue, tags: &KnownTags) -> Option<Instant> {
        let has_unsaved = self.are_settings_unsaved
            || !self.urls_to_erase.is_empty()
            || queue.next_unsaved().is_some()
            || tags.is_unsaved();
        let retry = self.unsaved.at().filter(|_| has_unsaved);
        retry.into_iter().chain(self.unread.at()).min()
    }

    /// Takes up what an earlier life of this device has left to do.
    pub(crate) fn restore(&mut self, cx: &mut Context, transfers: &mut Transfers, tags: &mut KnownTags) {
        self.waiting = Unread { list: true, settings: true, ..Unread::default() };
        self.read(cx, transfers, tags, true);
    }

    pub(crate) fn retry_reading(
        &mut self,
        cx: &mut Context,
        transfers: &mut Transfers,
        tags: &mut KnownTags,
    ) {
        if self.unread.is_due(cx.now.mono) {
            self.read(cx, transfers, tags, false);
        }
    }

    /// Reads what has not been read yet. A record that cannot be read (no descriptors, no memory, a card with
    /// errors) is told once and read again later: what it holds is not to be given up for that. `is_start`: the
    /// application asks for the queue afterwards; later it has to be told.
    fn read(&mut self, cx: &mut Context, transfers: &mut Transfers, tags: &mut KnownTags, is_start: bool) {
        let read = self.read_list(cx).and_then(|keys| {
            let read = self.read_records(cx, transfers, is_start);
            if let Some(keys) = keys {
                tags.restore(cx, &mut transfers.queue, &keys);
            }
            read
        });
        self.settle_ids(cx, &transfers.queue);
        match read {
            Ok(()) if self.unread.worked() => cx.tell(Event::StoreRecovered),
            Ok(()) => {}
            Err(error) => {
                if self.unread.failed(cx.now.mono, &mut cx.random) {
                    cx.tell(Event::StoreFailed(error));
                }
            }
        }
    }

    /// Which records there are, if that was not known before.
    fn read_list(&mut self, cx: &mut Context) -> Result<Option<Vec<String>>, Error> {
        if !self.waiting.list {
            return Ok(None);
        }
        let keys = cx.records.list()?;
        let waiting = &mut self.waiting;
        waiting.list = false;
        // In the order of their ids, whatever that of the store is.
        for (id, of_urls) in keys.iter().filter_map(|key| record::id_of(key)) {
            waiting.highest = waiting.highest.max(id);
            let ids = if of_urls { &mut waiting.urls } else { &mut waiting.uploads };
            ids.insert((0, id));
        }
        Ok(Some(keys))
    }

    /// One that cannot be read does not keep the others from being read. The error is that of the first.
    fn read_records(
        &mut self,
        cx: &mut Context,
        transfers: &mut Transfers,
        is_start: bool,
    ) -> Result<(), Error> {
        let mut outcome = Ok(());
        let mut note = |read: Result<(), Error>| {
            let is_read = read.is_ok();
            if outcome.is_ok() {
                outcome = read;
            }
            is_read
        };
        let queue = &mut transfers.queue;
        if self.waiting.settings && note(self.restore_settings(cx, queue)) {
            self.waiting.settings = false;
        }
        let ids = |ids: &OrderedIds| ids.iter().map(|(_, id)| id).collect::<Vec<UploadId>>();
        for id in ids(&self.waiting.uploads) {
            if queue.get(id).is_some() || note(restore_upload(cx, queue, id, is_start)) {
                self.waiting.uploads.remove((0, id));
            }
        }
        for id in ids(&self.waiting.urls) {
            let is_upload_unread = self.waiting.uploads.contains((0, id));
            if !is_upload_unread && note(transfers.url_records.adopt(cx, queue, id)) {
                self.waiting.urls.remove((0, id));
            }
        }
        outcome
    }

    /// No id is given twice, whatever can be read of the store.
    fn settle_ids(&mut self, cx: &mut Context, queue: &Queue) {
        let next = self.next_id();
        let next = if self.are_ids_unknown() {
            if next < UNKNOWN_IDS { UNKNOWN_IDS | cx.random.u64(..UNKNOWN_IDS) } else { next }
        } else {
            // A life that could not read which ids are taken could not write down either which it gave.
            let highest = queue.highest_id().max(self.waiting.highest);
            let is_unknown = highest > 0 && highest >= self.reserved;
            next.max(self.reserved).max(if is_unknown { highest.saturating_add(BLOCK) } else { 0 })
        };
        self.last_id = next - 1;
    }

    fn restore_settings(&mut self, cx: &mut Context, queue: &mut Queue) -> Result<(), Error> {
        match load(cx, SETTINGS_KEY)? {
            Some(bytes) => {
                let Some((numbers, flags)) = bytes.expose().split_first_chunk::<8>() else { return Ok(()) };
                let reserved = UploadId::from_le_bytes(*numbers);
                if reserved >= record::BEYOND_ALL_IDS {
                    let error = cx.records.set_aside(SETTINGS_KEY, FOREIGN);
                    cx.tell(Event::StoreDamaged(error));
                    return Ok(());
                }
                self.reserved = self.reserved.max(reserved);
                if !self.are_flags_chosen {
                    queue.is_paused = flags.first() == Some(&1);
                    queue.is_picked = flags.get(1) == Some(&0);
                }
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// What has changed and is not written down. A store that fails is told once and tried again later.
    pub(crate) fn poll_save(
        &mut self,
        cx: &mut Context,
        queue: &mut Queue,
        tags: &mut KnownTags,
    ) -> Option<Save> {
        if self.unsaved.at().is_some_and(|at| cx.now.mono < at) {
            return None;
        }
        let next = self.next_save(cx, queue, tags);
        if next.is_none() && self.unsaved.worked() {
            cx.tell(Event::StoreRecovered);
        }
        next
    }

    fn next_save(&mut self, cx: &Context, queue: &mut Queue, tags: &mut KnownTags) -> Option<Save> {
        // What could not be read must not be written over: ids would be given twice.
        if self.are_settings_unsaved && !self.are_ids_unknown() {
            let mut bytes = self.reserved.to_le_bytes().to_vec();
            bytes.extend([u8::from(queue.is_paused), u8::from(!queue.is_picked)]);
            self.writing = Some(Writing::Settings);
            return Some(Save { key: SETTINGS_KEY.into(), value: Some(SecretBytes::new(bytes)) });
        }
        if let Some(id) = self.urls_to_erase.last() {
            self.writing = Some(Writing::ErasingUrls);
            return Some(Save { key: record::url_key(*id).into(), value: None });
        }
        let Some(upload) = queue.next_unsaved().and_then(|id| queue.get(id)) else {
            self.writing = Some(Writing::Tags);
            return tags.poll_save(cx);
        };
        let id = upload.id;
        let (writing, key, value) = match upload.asset_id.as_ref().filter(|_| upload.urls_unsaved) {
            Some(asset_id) => {
                let urls = record::encode_urls(asset_id, &upload.urls);
                (Writing::Urls(id), record::url_key(id), urls)
            }
            None => (Writing::Upload(id), record::key(id), record::encode(upload)),
        };
        self.writing = Some(writing);
        Some(Save { key: key.into(), value: Some(value) })
    }

    pub(crate) fn handle_saved(
        &mut self,
        cx: &mut Context,
        queue: &mut Queue,
        tags: &mut KnownTags,
        saved: Result<(), Error>,
    ) {
        let saved = match self.writing.take() {
            Some(Writing::Tags) => tags.handle_saved(saved),
            Some(writing) => saved.map(|()| self.written(queue, writing)),
            None => saved,
        };
        if let Err(error) = saved {
            if self.unsaved.failed(cx.now.mono, &mut cx.random) {
                cx.tell(Event::StoreFailed(error));
            }
        }
    }

    fn written(&mut self, queue: &mut Queue, writing: Writing) {
        match writing {
            Writing::Settings => self.are_settings_unsaved = false,
            Writing::Urls(id) => {
                if let Some(upload) = queue.get_mut(id) {
                    upload.urls_unsaved = false;
                }
            }
            Writing::Upload(id) => {
                queue.saved(id);
                let Some(upload) = queue.get_mut(id) else { return };
                upload.urls_unsaved = false;
                if upload.has_url_record && !needs_urls(upload) {
                    upload.has_url_record = false;
                    self.urls_to_erase.push(id);
                }
            }
            Writing::ErasingUrls => drop(self.urls_to_erase.pop()),
            Writing::Tags => {}
        }
    }

    /// Forgets the oldest of those that went well or were canceled, once that is written down and told.
    pub(crate) fn forget_oldest(&self, cx: &Context, queue: &mut Queue, tags: &mut KnownTags) {
        if self.unsaved.is_failing() {
            return;
        }
        while let Some(id) = queue.to_forget(cx.settings.uploads.history) {
            if queue.get(id).is_some_and(|upload| !tags.may_forget(cx, upload)) {
                break;
            }
            tags.forget_upload(cx, queue, id);
        }
    }
}

/// A record that is damaged is told and left out.
fn load(cx: &mut Context, key: &str) -> Result<Option<SecretBytes>, Error> {
    match cx.records.load(key) {
        Err(error) if error.status == FIO_E_STORE_DAMAGED => {
            cx.tell(Event::StoreDamaged(error));
            Ok(None)
        }
        loaded => loaded,
    }
}

fn restore_upload(cx: &mut Context, queue: &mut Queue, id: UploadId, is_start: bool) -> Result<(), Error> {
    let key = record::key(id);
    let Some(bytes) = load(cx, &key)? else { return Ok(()) };
    let Some(upload) = record::decode(id, &bytes) else {
        let error = cx.records.set_aside(&key, FOREIGN);
        cx.tell(Event::StoreDamaged(error));
        return Ok(());
    };
    let state = QueueState::idle(&upload);
    let is_running = upload.recording.as_ref().is_some_and(|recording| recording.size.is_none());
    let is_watched = is_running && state != QueueState::Over && matches!(upload.origin, Origin::Path(_));
    queue.insert(upload, state, is_start);
    if is_watched {
        queue.watch(id);
    }
    Ok(())
}

/// Whether an upload may still go on with its asset.
fn needs_urls(upload: &Upload) -> bool {
    upload.asset_id.is_some() && matches!(upload.ending, None | Some(Ending::Failed(_)))
}
