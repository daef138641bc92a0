//! Uploads of files that are still being recorded.

use super::super::Engine;
use super::super::calls::Withdrawal;
use super::sending::Opened;
use crate::clock::{Instant, Now};
use crate::error::Error;
use crate::failure::is_shortage;
use crate::log::log_line;
use crate::prelude::*;
use crate::status::*;
use crate::upload::recording::LARGEST_FILE;
use crate::upload::transfer::{Ending, OVERTAKEN, Origin, Recording};
use crate::upload::{UploadId, checked_name, name_in_path};
use core::time::Duration;

/// A file that a power cut left behind is complete when it has not grown for so long.
const STILLNESS: Duration = Duration::from_secs(10);
/// The least that may be pushed before anything of it has arrived.
const LEAST_ROOM: u64 = 64 << 20;

impl Engine {
    /// The recording will not change any more up to there, the held head excepted.
    pub fn advance_recording(&mut self, id: UploadId, stable: u64, now: Now) -> Result<(), Error> {
        self.cx.set_now(now);
        let is_pushed = self.living(id)?.pushed.is_some();
        if is_pushed {
            return Err(Error::new(FIO_E_STATE, "a recording that is pushed advances by itself"));
        }
        self.running(id)?;
        check_end(stable)?;
        self.advance(id, stable);
        self.step();
        Ok(())
    }

    fn advance(&mut self, id: UploadId, stable: u64) {
        let Ok(recording) = self.running(id) else { return };
        recording.stable = recording.stable.max(stable);
        recording.watch = None;
        self.uploads.watched.retain(|watched| *watched != id);
        self.uploads.queue.recount(id);
    }

    /// Takes bytes of a recording that is pushed.
    pub fn push_data(&mut self, id: UploadId, offset: u64, data: &[u8], now: Now) -> Result<(), Error> {
        self.cx.set_now(now);
        let upload = self.living(id)?;
        let pushed = upload.pushed.clone().ok_or_else(|| {
            Error::new(FIO_E_STATE, "the upload is not pushed, or has to be attached again first")
        })?;
        let recording = self.running(id)?;
        let next = recording.growth.part_of(recording.stable);
        let part = recording.growth.start(next + 1) - recording.growth.start(next);
        let room = LEAST_ROOM.max(3 * part) + recording.held_bytes();
        if pushed.held_bytes() + data.len() as u64 > room {
            return Err(Error::of(FIO_E_WOULD_BLOCK));
        }
        check_end(offset.saturating_add(data.len() as u64))?;
        pushed.push(offset, data)?;
        self.advance(id, pushed.end());
        self.step();
        Ok(())
    }

    /// The recording is over. Without a size it is what there is.
    pub fn finish_recording(
        &mut self,
        id: UploadId,
        size: Option<u64>,
        name: Option<String>,
        now: Now,
    ) -> Result<(), Error> {
        self.cx.set_now(now);
        if let Some(name) = &name {
            checked_name(name.as_bytes())?;
        }
        self.running(id)?;
        let upload = self.living(id)?;
        if upload.name.is_empty() && name.is_none() {
            return Err(Error::new(FIO_E_ARGUMENT, "the recording has no name yet"));
        }
        let there = match (&upload.source, &upload.origin) {
            (Some(source), _) => source.condition()?.size,
            (None, Origin::Path(path)) => self.cx.sources.open(path)?.condition()?.size,
            (None, _) => return Err(Error::of(FIO_E_SOURCE_NEEDED)),
        };
        let size = size.unwrap_or(there);
        if size > there || size > LARGEST_FILE {
            return Err(Error::new(FIO_E_ARGUMENT, "the recording is not that long"));
        }
        if upload.pushed.as_ref().is_some_and(|pushed| !pushed.has_head()) {
            return Err(Error::new(FIO_E_STATE, "the head of the recording has to be pushed again first"));
        }
        if let Some(name) = name {
            self.living_mut(id)?.name = name;
        }
        self.finish(id, size);
        self.step();
        Ok(())
    }

    fn finish(&mut self, id: UploadId, size: u64) {
        self.uploads.watched.retain(|watched| *watched != id);
        if size == 0 {
            return self.end_upload(id, Ending::Failed(Error::of(FIO_E_SOURCE_EMPTY)));
        }
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        let Some(recording) = &mut upload.recording else { return };
        let growth = recording.growth;
        (recording.size, recording.stable, recording.watch) = (Some(size), size, None);
        upload.condition.size = size;
        let last = growth.count(size) - 1;
        // Usually the last part has been held back. One that was sent as something else than the last, or
        // one after it that the service waits for, is there to stay.
        let is_announced_beyond = upload.part_urls.keys().chain(&upload.announced).any(|part| *part > last);
        let is_cut = upload.parts.started > last || is_announced_beyond;
        if is_cut && upload.asset_id.is_some() {
            // It lost bytes that have been sent or promised: it goes up anew, as the file it is now.
            if upload.pushed.is_some() {
                return self.end_upload(id, Ending::Failed(Error::of(FIO_E_SOURCE_CHANGED)));
            }
            self.suspend(id);
            self.withdraw(id, Withdrawal::Always);
            if let Some(upload) = self.uploads.queue.get_mut(id) {
                upload.forget_asset();
                upload.become_whole();
            }
        } else {
            // If it was announced, then not as the last one: that has to be said yet. An announcement on its
            // way is waited for, since one that arrived after the next would undo that.
            upload.part_urls.remove(&last);
            for announced in upload.announced.iter_mut().filter(|announced| **announced == last) {
                *announced = OVERTAKEN;
            }
        }
        self.uploads.queue.recount(id);
        self.uploads.queue.needs_saving(id);
        self.uploads.needs_step = true;
    }

    /// The first byte of a recording whose part has not arrived, its held head excepted.
    pub(super) fn first_missing_byte(&self, id: UploadId) -> Result<u64, Error> {
        let upload = self.uploads.queue.get(id).ok_or_else(|| Error::of(FIO_E_UNKNOWN_UPLOAD))?;
        let Some(recording) = &upload.recording else { return Ok(0) };
        let first = u32::from(recording.holds_head());
        let missing = (first..).find(|&part| !upload.parts.is_done(part)).unwrap_or(first);
        Ok(recording.growth.start(missing))
    }

    /// What has arrived of pushed data needs no memory any more.
    pub(super) fn release_pushed(&mut self, id: UploadId) {
        let Ok(missing) = self.first_missing_byte(id) else { return };
        if let Some(pushed) = self.uploads.queue.get(id).and_then(|upload| upload.pushed.clone()) {
            pushed.release(missing);
        }
    }

    fn running(&mut self, id: UploadId) -> Result<&mut Recording, Error> {
        match &mut self.living_mut(id)?.recording {
            Some(recording) if recording.size.is_none() => Ok(recording),
            Some(_) => Err(Error::new(FIO_E_STATE, "the recording is finished")),
            None => Err(Error::new(FIO_E_STATE, "the upload is not a recording")),
        }
    }

    /// A recording that an earlier life of this device left behind: watched until it grows no more.
    pub(super) fn watch_recording(&mut self, id: UploadId) {
        if let Ok(recording) = self.running(id) {
            recording.watch = Some((0, Instant::default()));
            self.uploads.watched.push(id);
        }
    }

    pub(super) fn watch_deadline(&self) -> Option<Instant> {
        let queue = &self.uploads.queue;
        let watches = self.uploads.watched.iter().filter_map(|id| queue.get(*id)?.recording.as_ref()?.watch);
        watches.map(|(_, at)| at).min()
    }

    pub(super) fn watch_recordings(&mut self) {
        let now = self.cx.now.mono;
        if self.watch_deadline().is_none_or(|at| now < at) {
            return;
        }
        for id in self.uploads.watched.clone() {
            let watch = self.uploads.queue.get(id).and_then(|upload| upload.recording.as_ref()?.watch);
            let Some((before, at)) = watch.filter(|(_, at)| now >= *at) else { continue };
            let condition = match self.open_source(id) {
                Ok(Opened::Needed) => None,
                Ok(opened) => {
                    if matches!(opened, Opened::Another) {
                        self.start_over(id, Error::of(FIO_E_SOURCE_CHANGED));
                    }
                    self.uploads.queue.get(id).and_then(|upload| upload.source.clone())
                }
                Err(error) => {
                    self.unreadable_recording(id, before, error);
                    continue;
                }
            };
            let size = match condition.map(|source| source.condition()) {
                Some(Ok(condition)) => condition.size,
                Some(Err(error)) => {
                    self.unreadable_recording(id, before, error);
                    continue;
                }
                None => continue,
            };
            if size == before && at > Instant::default() {
                log_line!(
                    self.cx.log,
                    Info,
                    "upload {id}: the recording ended with the power, at {size} bytes"
                );
                self.name_nameless(id);
                self.finish(id, size);
                continue;
            }
            if let Ok(recording) = self.running(id) {
                recording.stable = recording.stable.max(size);
                recording.watch = Some((size, now + STILLNESS));
            }
            self.uploads.queue.recount(id);
        }
    }

    /// The file of a recording that is watched cannot be looked at: later, or never.
    fn unreadable_recording(&mut self, id: UploadId, before: u64, error: Error) {
        if !is_shortage(&error) {
            return self.end_upload(id, Ending::Failed(error));
        }
        let again = self.cx.now.mono + STILLNESS;
        log_line!(self.cx.log, Info, "upload {id}: {error}; again in {} s", STILLNESS.as_secs());
        if let Ok(recording) = self.running(id) {
            recording.watch = Some((before, again));
        }
        // A card that was pulled and put back is another file to the system.
        if let Some(upload) = self.uploads.queue.get_mut(id).filter(|upload| upload.in_flight.is_empty()) {
            upload.source = None;
            upload.last_error = Some(error);
        }
    }

    /// A recording that was never given a name gets that of its file.
    fn name_nameless(&mut self, id: UploadId) {
        let Ok(upload) = self.living_mut(id) else { return };
        if let (true, Origin::Path(path)) = (upload.name.is_empty(), &upload.origin) {
            if let Ok(name) = name_in_path(path) {
                upload.name = name.to_owned();
            }
        }
    }
}

/// Whether a recording may reach up to there.
fn check_end(end: u64) -> Result<(), Error> {
    if end > LARGEST_FILE {
        return Err(Error::new(FIO_E_ARGUMENT, "a file cannot be larger than 5 TiB"));
    }
    Ok(())
}
