//! What an application asks of uploads.

use super::super::Engine;
use super::super::effects::Command;
use super::super::transport::UploadLimits;
use crate::clock::Now;
use crate::error::Error;
use crate::prelude::*;
use crate::source::{Condition, Source};
use crate::status::*;
use crate::upload::index::QueueState;
use crate::upload::recording::LARGEST_FILE;
use crate::upload::transfer::{Age, Ending, Origin, Recording, Upload};
use crate::upload::{
    LONGEST_PATH, LONGEST_TAG, SourceSpec, Totals, UploadId, UploadInfo, UploadSpec, checked_name,
    is_extension, media_type, name_in_path,
};
use alloc::sync::Arc;

/// What a source turned out to be, and how it stands; pushed data has none yet.
type Examined = (Origin, Option<Arc<dyn Source>>, Condition);

impl Engine {
    /// Takes an upload into the queue. It is in the store when this returns, unless the store fails, which
    /// is told as an event.
    pub fn add_upload(&mut self, spec: UploadSpec, now: Now) -> Result<UploadId, Error> {
        self.cx.set_now(now);
        if spec.tag.len() > LONGEST_TAG {
            return Err(Error::new(FIO_E_ARGUMENT, "the tag is longer than 1024 bytes"));
        }
        if !spec.again {
            // Before its source is looked at: what was sent may be gone by now.
            self.check_tag(&spec.tag)?;
        }
        let (origin, source, condition) = self.examine(&spec)?;
        let name = name_of(&spec, &origin)?;
        let named = if name.is_empty() { spec.extension.as_deref().unwrap_or_default() } else { &name };
        let media_type = spec.media_type.as_deref().unwrap_or_else(|| media_type::of(named)).into();
        let created = match (spec.created, &spec.recording) {
            (Some(created), _) => created,
            (None, None) if condition.created != 0 => condition.created,
            _ => now.wall,
        };
        let pushed = matches!(spec.source, SourceSpec::Pushed).then(|| {
            let recording = Recording::new(spec.recording.unwrap_or_default());
            self.cx.sources.pushed(recording.held_bytes(), 0)
        });
        let source = match &pushed {
            Some(pushed) => Some(pushed.clone().as_source()),
            // A queue of many files does not keep them all open.
            None => source.filter(|_| origin == Origin::Attached),
        };
        let id = self.new_upload_id();
        let is_paired = self.token.tokens().is_some();
        let upload = Upload {
            name,
            extension: spec.extension,
            media_type,
            channel: spec.channel,
            tag: spec.tag,
            priority: spec.priority,
            parts_wanted: spec.parts,
            verify: spec.verify,
            condition,
            age: Age::of(created, now),
            // What is queued while unpaired is for the project of the next pairing.
            project_id: self.present_project().filter(|_| is_paired),
            is_paused: !self.uploads.is_auto_start,
            recording: spec.recording.map(Recording::new),
            source,
            pushed,
            ..Upload::new(id, origin)
        };
        let queue_state =
            if upload.is_paused { QueueState::Parked(FIO_E_UPLOAD_PAUSED) } else { QueueState::Ready };
        self.uploads.queue.insert(upload, queue_state, false);
        self.uploads.queue.needs_saving(id);
        self.step();
        Ok(id)
    }

    /// The project of this pairing, as far as the service has told it.
    fn present_project(&self) -> Option<String> {
        self.token.project().cloned()
    }

    /// Looks at a source before it is taken.
    fn examine(&self, spec: &UploadSpec) -> Result<Examined, Error> {
        let (origin, source) = match &spec.source {
            SourceSpec::None => return Err(Error::new(FIO_E_ARGUMENT, "the upload has no source")),
            SourceSpec::Path(path) if path.is_empty() || path.len() > LONGEST_PATH => {
                return Err(Error::new(FIO_E_ARGUMENT, "the path is empty or longer than 4096 bytes"));
            }
            SourceSpec::Path(path) => (Origin::Path(path.clone()), self.cx.sources.open(path)?),
            SourceSpec::Attached(source) => (Origin::Attached, source.clone()),
            SourceSpec::Pushed if spec.recording.is_none() => {
                return Err(Error::new(FIO_E_ARGUMENT, "only a recording can be pushed"));
            }
            SourceSpec::Pushed => return Ok((Origin::Pushed, None, Condition::default())),
        };
        let condition = source.condition()?;
        if condition.size == 0 && spec.recording.is_none() {
            return Err(Error::of(FIO_E_SOURCE_EMPTY));
        }
        if condition.size > LARGEST_FILE {
            return Err(Error::new(FIO_E_ARGUMENT, "the file is larger than 5 TiB"));
        }
        Ok((origin, Some(source), condition))
    }

    /// Gives a source again to an upload whose source did not survive a restart, or another one to an
    /// upload that is not done. The bytes must be the same. One that failed stays so until it is retried.
    pub fn attach_source(&mut self, id: UploadId, spec: SourceSpec, now: Now) -> Result<(), Error> {
        self.cx.set_now(now);
        let upload = self.unfinished(id)?;
        let recording = upload.recording.as_ref();
        let is_size_open = recording.is_some_and(|recording| recording.size.is_none());
        let held_bytes = recording.filter(|_| is_size_open).map(Recording::held_bytes);
        let (origin, source, pushed) = match spec {
            SourceSpec::None => return Err(Error::new(FIO_E_ARGUMENT, "the upload has no source")),
            SourceSpec::Path(path) => (Origin::Path(path.clone()), self.cx.sources.open(&path)?, None),
            SourceSpec::Attached(source) => (Origin::Attached, source, None),
            SourceSpec::Pushed => {
                let held_bytes = held_bytes
                    .ok_or_else(|| Error::new(FIO_E_STATE, "only a running recording can be pushed"))?;
                let pushed = self.cx.sources.pushed(held_bytes, self.first_missing_byte(id)?);
                (Origin::Pushed, pushed.clone().as_source(), Some(pushed))
            }
        };
        let condition = source.condition()?;
        let is_same = match &upload.recording {
            // What has been sent must still be there.
            Some(_) if pushed.is_some() => true,
            Some(recording) => condition.size >= recording.size.unwrap_or(0),
            None => condition.size == upload.condition.size,
        };
        if !is_same {
            return Err(Error::of(FIO_E_SOURCE_CHANGED));
        }
        self.suspend(id);
        let Some(upload) = self.uploads.queue.get_mut(id) else { return Ok(()) };
        upload.condition.take_over(&condition);
        upload.origin = origin;
        upload.source = Some(source);
        if let (Some(pushed), Some(recording)) = (&pushed, &mut upload.recording) {
            recording.stable = pushed.end();
        }
        upload.pushed = pushed;
        if matches!(self.uploads.queue.state(id), Some(QueueState::Parked(FIO_E_SOURCE_NEEDED))) {
            self.uploads.queue.move_to(id, QueueState::Ready);
        }
        self.uploads.queue.recount(id);
        self.uploads.queue.needs_saving(id);
        self.step();
        Ok(())
    }

    fn unfinished(&self, id: UploadId) -> Result<&Upload, Error> {
        let upload = self.uploads.queue.get(id).ok_or_else(|| Error::of(FIO_E_UNKNOWN_UPLOAD))?;
        match upload.ending {
            None | Some(Ending::Failed(_)) => Ok(upload),
            Some(_) => Err(Error::new(FIO_E_STATE, "the upload is over")),
        }
    }

    /// Ends an upload. What of it is at the service already stays there, incomplete.
    pub fn cancel_upload(&mut self, id: UploadId, now: Now) -> Result<(), Error> {
        self.cx.set_now(now);
        self.living(id)?;
        self.end_upload(id, Ending::Canceled);
        self.step();
        Ok(())
    }

    pub fn cancel_all_uploads(&mut self, now: Now) {
        self.cx.set_now(now);
        let queue = &self.uploads.queue;
        let living: Vec<UploadId> = queue
            .uploads()
            .filter(|(_, queue_state)| *queue_state != QueueState::Over)
            .map(|(upload, _)| upload.id)
            .collect();
        for id in living {
            self.end_upload(id, Ending::Canceled);
        }
        self.step();
    }

    /// Takes one that failed or was skipped into the queue again. If its source is unchanged, it goes on
    /// where it was. One that waits is tried at once, and may have as many assets again.
    pub fn retry_upload(&mut self, id: UploadId, now: Now) -> Result<(), Error> {
        self.cx.set_now(now);
        let upload = self.uploads.queue.get(id).ok_or_else(|| Error::of(FIO_E_UNKNOWN_UPLOAD))?;
        if upload.ending.is_none() {
            return self.hurry_upload(id);
        }
        if !matches!(upload.ending, Some(Ending::Failed(_) | Ending::Skipped(_))) {
            return Err(Error::new(FIO_E_STATE, "the upload has neither failed nor been skipped"));
        }
        let condition = match &upload.origin {
            Origin::Path(path) => Some(self.cx.sources.open(path)?.condition()?),
            _ => None,
        };
        // A recording that still runs may begin with nothing.
        let is_size_open = upload.recording.as_ref().is_some_and(|recording| recording.size.is_none());
        if !is_size_open && condition.is_some_and(|condition| condition.size == 0) {
            return Err(Error::of(FIO_E_SOURCE_EMPTY));
        }
        let Some(upload) = self.uploads.queue.get_mut(id) else { return Ok(()) };
        let is_another = |condition: &Condition| upload.may_be_another(condition) && upload.is_begun();
        let is_other = |condition: &Condition| upload.has_changed(condition) || is_another(condition);
        if let Some(condition) = condition.filter(is_other) {
            upload.forget_asset();
            upload.condition = condition;
            if upload.is_sent_as_recording {
                (upload.recording, upload.is_sent_as_recording) = (None, false);
            }
            if let Some(recording) = &mut upload.recording {
                recording.stable = condition.size;
                recording.size = recording.size.map(|_| condition.size);
            }
        }
        upload.ending = None;
        upload.forget_failures();
        let queue_state = idle_state(upload);
        self.take_in_again(id, queue_state);
        self.open_hosts();
        self.uploads.sorted_for = None;
        self.step();
        Ok(())
    }

    /// A person does not want to wait any longer.
    fn hurry_upload(&mut self, id: UploadId) -> Result<(), Error> {
        let queue_state = self.uploads.queue.state(id);
        let waits_by_itself = matches!(
            queue_state,
            Some(
                QueueState::Timed(_)
                    | QueueState::Parked(FIO_E_TOO_MANY_ASSETS)
                    | QueueState::Ready
                    | QueueState::Active
            )
        );
        if !waits_by_itself {
            return Err(Error::new(
                FIO_E_STATE,
                "the upload waits for something that a retry does not bring",
            ));
        }
        if let Some(upload) = self.uploads.queue.get_mut(id) {
            upload.forget_failures();
        }
        if !matches!(queue_state, Some(QueueState::Active)) {
            self.uploads.queue.move_to(id, QueueState::Ready);
        }
        self.uploads.queue.needs_saving(id);
        self.open_hosts();
        self.step();
        Ok(())
    }

    /// Whatever the hosts have asked for, or how long they have failed: they are tried now.
    fn open_hosts(&mut self) {
        self.uploads.api = Default::default();
        self.uploads.storage = Default::default();
        self.uploads.device = Default::default();
        self.uploads.needs_step = true;
    }

    /// Those that wait for their next attempt are tried now. Their assets stay counted.
    pub(super) fn hurry_all(&mut self) {
        let queue = &self.uploads.queue;
        let timed: Vec<UploadId> = queue
            .uploads()
            .filter(|(_, queue_state)| matches!(queue_state, QueueState::Timed(_) | QueueState::Active))
            .map(|(upload, _)| upload.id)
            .collect();
        for id in timed {
            if let Some(upload) = self.uploads.queue.get_mut(id) {
                upload.parts.retry_now();
            }
            if matches!(self.uploads.queue.state(id), Some(QueueState::Timed(_))) {
                self.uploads.queue.move_to(id, QueueState::Ready);
            }
        }
        self.open_hosts();
    }

    fn take_in_again(&mut self, id: UploadId, queue_state: QueueState) {
        let upload = self.uploads.queue.get(id);
        // Of a recording from before a restart nobody may ever say more: it ends where its file ends.
        let is_of_old = upload.is_some_and(|upload| upload.age.queued_mono.is_none() && upload.is_path());
        self.uploads.queue.move_to(id, queue_state);
        if is_of_old {
            self.watch_recording(id);
        }
        self.uploads.queue.needs_saving(id);
    }

    pub fn pause_upload(&mut self, id: UploadId, now: Now) -> Result<(), Error> {
        self.cx.set_now(now);
        self.living_mut(id)?.is_paused = true;
        self.hold(id);
        self.uploads.queue.move_to(id, QueueState::Parked(FIO_E_UPLOAD_PAUSED));
        self.uploads.queue.needs_saving(id);
        self.step();
        Ok(())
    }

    pub fn resume_upload(&mut self, id: UploadId, now: Now) -> Result<(), Error> {
        self.cx.set_now(now);
        self.living_mut(id)?.is_paused = false;
        let queue_state = self.uploads.queue.state(id);
        if matches!(queue_state, Some(QueueState::Parked(FIO_E_UPLOAD_PAUSED) | QueueState::Timed(_))) {
            if let Some(upload) = self.uploads.queue.get_mut(id) {
                upload.parts.retry_now();
            }
            self.uploads.queue.move_to(id, QueueState::Ready);
            self.open_hosts();
        }
        self.uploads.queue.needs_saving(id);
        self.step();
        Ok(())
    }

    pub fn prioritize_upload(&mut self, id: UploadId, priority: i32, now: Now) -> Result<(), Error> {
        self.cx.set_now(now);
        self.living(id)?;
        self.uploads.queue.set_priority(id, priority);
        self.uploads.queue.needs_saving(id);
        self.step();
        Ok(())
    }

    /// Sends to the present project what was queued for another.
    pub fn move_upload(&mut self, id: UploadId, now: Now) -> Result<(), Error> {
        self.cx.set_now(now);
        self.living(id)?;
        if self.uploads.queue.state(id) != Some(QueueState::Parked(FIO_E_OTHER_PROJECT)) {
            return Err(Error::new(FIO_E_STATE, "the upload does not wait for another project"));
        }
        // The present project as it is known when the upload's turn comes.
        let upload = self.living_mut(id)?;
        upload.project_id = None;
        let queue_state = idle_state(upload);
        self.take_in_again(id, queue_state);
        self.step();
        Ok(())
    }

    /// Forgets one that is over.
    pub fn remove_upload(&mut self, id: UploadId, now: Now) -> Result<(), Error> {
        self.cx.set_now(now);
        match self.uploads.queue.state(id) {
            None => Err(Error::of(FIO_E_UNKNOWN_UPLOAD)),
            Some(QueueState::Over) => {
                self.forget_upload(id);
                self.step();
                Ok(())
            }
            Some(_) => Err(Error::new(FIO_E_STATE, "the upload is not over: cancel it first")),
        }
    }

    pub fn pause_queue(&mut self, now: Now) {
        self.cx.set_now(now);
        let active: Vec<UploadId> = self.uploads.queue.active().map(|(_, id)| id).collect();
        for id in active {
            self.hold(id);
        }
        self.set_queue_paused(true);
    }

    /// Also without a pause before it: what waits for its next attempt is tried at once.
    pub fn resume_queue(&mut self, now: Now) {
        self.cx.set_now(now);
        self.hurry_all();
        self.set_queue_paused(false);
    }

    fn set_queue_paused(&mut self, is_paused: bool) {
        self.uploads.queue.is_paused = is_paused;
        self.uploads.saving.settings_changed();
        self.step();
    }

    /// Whether new uploads are sent by themselves, or wait until they are resumed.
    pub fn set_auto_start(&mut self, is_on: bool, now: Now) {
        self.cx.set_now(now);
        self.uploads.is_auto_start = is_on;
        self.uploads.saving.settings_changed();
        self.step();
    }

    pub fn limit_uploads(&mut self, limits: UploadLimits, now: Now) {
        self.cx.set_now(now);
        // On another network what failed on the last one may succeed.
        let has_moved = self.uploads.settings.limits.interfaces != limits.interfaces;
        self.uploads.settings.limits = limits.clone();
        self.cx.commands.push_back(Command::LimitUploads(limits));
        if has_moved {
            self.change_link();
            self.hurry_all();
            self.step();
        }
    }

    pub fn upload_limits(&self) -> &UploadLimits {
        &self.uploads.settings.limits
    }

    pub fn upload_info(&self, id: UploadId) -> Result<UploadInfo, Error> {
        self.uploads.queue.info(id, self.cx.now.mono).ok_or_else(|| Error::of(FIO_E_UNKNOWN_UPLOAD))
    }

    /// All uploads: in the order in which they are sent, then those that are over, oldest first.
    pub fn upload_ids(&self) -> Vec<UploadId> {
        self.uploads.queue.ids()
    }

    pub fn totals(&self) -> Totals {
        self.uploads.speed.complete(self.uploads.queue.totals())
    }

    pub(super) fn living(&self, id: UploadId) -> Result<&Upload, Error> {
        let upload = self.uploads.queue.get(id).ok_or_else(|| Error::of(FIO_E_UNKNOWN_UPLOAD))?;
        match upload.ending {
            None => Ok(upload),
            Some(_) => Err(Error::new(FIO_E_STATE, "the upload is over")),
        }
    }

    pub(super) fn living_mut(&mut self, id: UploadId) -> Result<&mut Upload, Error> {
        self.living(id)?;
        self.uploads.queue.get_mut(id).ok_or_else(|| Error::of(FIO_E_UNKNOWN_UPLOAD))
    }
}

/// Where an upload belongs that is not at work.
pub(super) fn idle_state(upload: &Upload) -> QueueState {
    if upload.ending.is_some() {
        QueueState::Over
    } else if upload.is_paused {
        QueueState::Parked(FIO_E_UPLOAD_PAUSED)
    } else if upload.source.is_none() && !upload.is_path() {
        QueueState::Parked(FIO_E_SOURCE_NEEDED)
    } else {
        QueueState::Ready
    }
}

fn name_of(spec: &UploadSpec, origin: &Origin) -> Result<String, Error> {
    if let Some(extension) = &spec.extension {
        if !is_extension(extension) {
            return Err(Error::new(FIO_E_ARGUMENT, "the extension is not a dot and some letters"));
        }
    }
    if let Some(name) = &spec.name {
        return checked_name(name.as_bytes()).map(str::to_owned);
    }
    if spec.recording.is_some() && spec.extension.is_some() {
        return Ok(String::new());
    }
    match origin {
        Origin::Path(path) => name_in_path(path).map(str::to_owned),
        _ => Err(Error::new(FIO_E_ARGUMENT, "the upload has no name")),
    }
}
