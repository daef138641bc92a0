//! What an application asks of uploads. A step of the engine follows.

use super::index::QueueState;
use super::recording::LARGEST_FILE;
use super::transfer::{Age, Ending, Origin, Recording, Upload};
use super::uploads::Uploads;
use super::{
    Known, SourceSpec, Totals, UploadId, UploadSpec, checked_extension, checked_name, checked_path,
    checked_tag, media_type, name_in_path, recordings,
};
use crate::context::Context;
use crate::context::effects::Command;
use crate::context::transport::UploadLimits;
use crate::error::Error;
use crate::prelude::*;
use crate::source::{Condition, Source, Sources};
use crate::status::*;
use alloc::sync::Arc;

/// What a source turned out to be, and how it stands; pushed data has none yet.
type Examined = (Origin, Option<Arc<dyn Source>>, Condition);

impl Uploads {
    /// Takes an upload into the queue. It is in the store when this returns, unless the store fails, which
    /// is told as an event.
    pub fn add(&mut self, cx: &mut Context, spec: UploadSpec) -> Result<UploadId, Error> {
        checked_tag(&spec.tag)?;
        if !spec.again {
            // Before its source is looked at: what was sent may be gone by now.
            self.tags.check(&self.transfers.queue, &spec.tag)?;
        }
        let (origin, source, condition) = examine(&*cx.sources, &spec)?;
        let name = name_of(&spec, &origin)?;
        let named = if name.is_empty() { spec.extension.as_deref().unwrap_or_default() } else { &name };
        let media_type = spec.media_type.as_deref().unwrap_or_else(|| media_type::of(named)).into();
        let created = match (spec.created, &spec.recording) {
            (Some(created), _) => created,
            (None, None) if condition.created != 0 => condition.created,
            _ => cx.now.wall,
        };
        let pushed = matches!(spec.source, SourceSpec::Pushed).then(|| {
            let recording = Recording::new(spec.recording.unwrap_or_default());
            cx.sources.pushed(recording.held_bytes(), 0)
        });
        let source = match &pushed {
            Some(pushed) => Some(pushed.clone().as_source()),
            // A queue of many files does not keep them all open.
            None => source.filter(|_| origin == Origin::Attached),
        };
        let id = self.saving.new_id();
        let project_id = self.transfers.project.id.clone();
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
            age: Age::of(created, cx.now),
            // What is queued while unpaired is for the project of the next pairing.
            project_id: project_id.filter(|_| self.transfers.is_authorized),
            is_paused: self.transfers.queue.is_picked,
            recording: spec.recording.map(Recording::new),
            source,
            pushed,
            ..Upload::new(id, origin)
        };
        let state =
            if upload.is_paused { QueueState::Parked(FIO_E_UPLOAD_PAUSED) } else { QueueState::Ready };
        self.transfers.queue.insert(upload, state, false);
        self.transfers.queue.needs_saving(id);
        Ok(id)
    }

    /// Gives a source again to an upload whose source did not survive a restart, or another one to an
    /// upload that is not done. The bytes must be the same. One that failed stays so until it is retried.
    pub fn attach(&mut self, cx: &mut Context, id: UploadId, spec: SourceSpec) -> Result<(), Error> {
        let upload = self.transfers.queue.get(id).ok_or_else(|| Error::of(FIO_E_UNKNOWN_UPLOAD))?;
        if !matches!(upload.ending, None | Some(Ending::Failed(_))) {
            return Err(Error::new(FIO_E_STATE, "the upload is over"));
        }
        let recording = upload.recording.as_ref();
        let is_size_open = recording.is_some_and(|recording| recording.size.is_none());
        let held_bytes = recording.filter(|_| is_size_open).map(Recording::held_bytes);
        let (origin, source, pushed) = match spec {
            SourceSpec::None => return Err(Error::new(FIO_E_ARGUMENT, "the upload has no source")),
            SourceSpec::Path(path) => (Origin::Path(path.clone()), cx.sources.open(&path)?, None),
            SourceSpec::Attached(source) => (Origin::Attached, source, None),
            SourceSpec::Pushed => {
                let held_bytes = held_bytes
                    .ok_or_else(|| Error::new(FIO_E_STATE, "only a running recording can be pushed"))?;
                let pushed = cx.sources.pushed(held_bytes, upload.first_missing_byte());
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
        self.transfers.suspend(cx, id);
        let Some(upload) = self.transfers.queue.get_mut(id) else { return Ok(()) };
        upload.condition.take_over(&condition);
        upload.origin = origin;
        upload.source = Some(source);
        if let (Some(pushed), Some(recording)) = (&pushed, &mut upload.recording) {
            recording.stable = pushed.end();
        }
        upload.pushed = pushed;
        if matches!(self.transfers.queue.state(id), Some(QueueState::Parked(FIO_E_SOURCE_NEEDED))) {
            self.transfers.queue.move_to(id, QueueState::Ready);
        }
        self.transfers.queue.recount(id);
        self.transfers.queue.needs_saving(id);
        Ok(())
    }

    /// Ends an upload. What of it is at the service already stays there, incomplete.
    pub fn cancel(&mut self, cx: &mut Context, id: UploadId) -> Result<(), Error> {
        self.transfers.queue.living(id)?;
        self.transfers.end(cx, id, Ending::Canceled);
        Ok(())
    }

    pub fn cancel_all(&mut self, cx: &mut Context) {
        let queue = &self.transfers.queue;
        let living = queue.uploads().filter(|(_, state)| *state != QueueState::Over);
        let living: Vec<UploadId> = living.map(|(upload, _)| upload.id).collect();
        for id in living {
            self.transfers.end(cx, id, Ending::Canceled);
        }
    }

    /// Takes one that failed or was skipped into the queue again. If its source is unchanged, it goes on
    /// where it was. One that waits is tried at once, and may have as many assets again.
    pub fn retry(&mut self, cx: &mut Context, id: UploadId) -> Result<(), Error> {
        let upload = self.transfers.queue.get(id).ok_or_else(|| Error::of(FIO_E_UNKNOWN_UPLOAD))?;
        if upload.ending.is_none() {
            return self.transfers.retry(id);
        }
        if !matches!(upload.ending, Some(Ending::Failed(_) | Ending::Skipped(_))) {
            return Err(Error::new(FIO_E_STATE, "the upload has neither failed nor been skipped"));
        }
        let condition = match &upload.origin {
            Origin::Path(path) => Some(cx.sources.open(path)?.condition()?),
            _ => None,
        };
        // A recording that still runs may begin with nothing.
        let is_size_open = upload.recording.as_ref().is_some_and(|recording| recording.size.is_none());
        if !is_size_open && condition.is_some_and(|condition| condition.size == 0) {
            return Err(Error::of(FIO_E_SOURCE_EMPTY));
        }
        let Some(upload) = self.transfers.queue.get_mut(id) else { return Ok(()) };
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
        self.transfers.queue.take_in_again(id);
        self.transfers.open_hosts();
        self.transfers.project.sorted_for = None;
        Ok(())
    }

    pub fn pause(&mut self, cx: &mut Context, id: UploadId) -> Result<(), Error> {
        self.transfers.queue.living(id)?.is_paused = true;
        self.transfers.suspend(cx, id);
        self.transfers.queue.move_to(id, QueueState::Parked(FIO_E_UPLOAD_PAUSED));
        self.transfers.queue.needs_saving(id);
        Ok(())
    }

    pub fn resume(&mut self, id: UploadId) -> Result<(), Error> {
        self.transfers.queue.living(id)?.is_paused = false;
        let state = self.transfers.queue.state(id);
        if matches!(state, Some(QueueState::Parked(FIO_E_UPLOAD_PAUSED) | QueueState::Timed(_))) {
            if let Some(upload) = self.transfers.queue.get_mut(id) {
                upload.parts.retry_now();
            }
            self.transfers.queue.move_to(id, QueueState::Ready);
            self.transfers.open_hosts();
        }
        self.transfers.queue.needs_saving(id);
        Ok(())
    }

    pub fn prioritize(&mut self, id: UploadId, priority: i32) -> Result<(), Error> {
        self.transfers.queue.living(id)?;
        self.transfers.queue.set_priority(id, priority);
        self.transfers.queue.needs_saving(id);
        Ok(())
    }

    /// Sends to the present project what was queued for another.
    pub fn move_to_project(&mut self, id: UploadId) -> Result<(), Error> {
        self.transfers.queue.living(id)?;
        if self.transfers.queue.state(id) != Some(QueueState::Parked(FIO_E_OTHER_PROJECT)) {
            return Err(Error::new(FIO_E_STATE, "the upload does not wait for another project"));
        }
        // The present project as it is known when the upload is begun.
        self.transfers.queue.living(id)?.project_id = None;
        self.transfers.queue.take_in_again(id);
        Ok(())
    }

    /// Forgets one that is over.
    pub fn remove(&mut self, cx: &mut Context, id: UploadId) -> Result<(), Error> {
        match self.transfers.queue.state(id) {
            None => Err(Error::of(FIO_E_UNKNOWN_UPLOAD)),
            Some(QueueState::Over) => {
                self.tags.forget_upload(cx, &mut self.transfers.queue, id);
                Ok(())
            }
            Some(_) => Err(Error::new(FIO_E_STATE, "the upload is not over: cancel it first")),
        }
    }

    /// Holds everything back, or lets it go on. Going on without a pause before it: what waits for its next attempt is
    /// tried at once.
    pub fn pause_all(&mut self, cx: &mut Context, is_on: bool) {
        if is_on {
            let active: Vec<UploadId> = self.transfers.queue.active().map(|(_, id)| id).collect();
            for id in active {
                self.transfers.suspend(cx, id);
            }
        } else {
            self.transfers.retry_all();
        }
        self.transfers.queue.is_paused = is_on;
        self.saving.settings_changed();
    }

    /// Whether new uploads are sent by themselves, or wait until they are resumed.
    pub fn set_auto_start(&mut self, is_on: bool) {
        self.transfers.queue.is_picked = !is_on;
        self.saving.settings_changed();
    }

    /// Changes what parts may use of the network.
    pub fn limit(&mut self, cx: &mut Context, change: impl FnOnce(&mut UploadLimits)) {
        let limits = &mut cx.settings.uploads.limits;
        let before = limits.interfaces.clone();
        change(limits);
        // On another network what failed on the last one may succeed.
        let has_moved = limits.interfaces != before;
        cx.commands.push_back(Command::LimitUploads(limits.clone()));
        if has_moved {
            self.transfers.links.change(&limits.interfaces);
            self.transfers.retry_all();
        }
    }

    /// The recording will not change any more up to there, the held head excepted.
    pub fn advance_recording(&mut self, id: UploadId, stable: u64) -> Result<(), Error> {
        recordings::advance(&mut self.transfers.queue, id, stable)
    }

    /// Takes bytes of a recording that is pushed.
    pub fn push_data(&mut self, id: UploadId, offset: u64, data: &[u8]) -> Result<(), Error> {
        recordings::push(&mut self.transfers.queue, id, offset, data)
    }

    /// The recording is over. Without a size it is what there is.
    pub fn finish_recording(
        &mut self,
        cx: &mut Context,
        id: UploadId,
        size: Option<u64>,
        name: Option<String>,
    ) -> Result<(), Error> {
        recordings::finish(&mut self.transfers, cx, id, size, name)
    }

    /// The newest upload of a tag that counts: in the list, or remembered as sent or canceled.
    pub fn find_tag(&self, tag: &[u8]) -> Option<Known> {
        self.tags.find(&self.transfers.queue, tag)
    }

    /// Forgets which tags were sent or canceled, those of uploads in the list included.
    pub fn forget_tags(&mut self) -> Result<(), Error> {
        self.tags.forget_all(self.saving.next_id(), self.transfers.queue.last_ended())
    }

    pub fn totals(&self) -> Totals {
        self.transfers.totals(self.now)
    }
}

fn name_of(spec: &UploadSpec, origin: &Origin) -> Result<String, Error> {
    if let Some(extension) = &spec.extension {
        checked_extension(extension)?;
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

/// Looks at a source before it is taken.
fn examine(sources: &dyn Sources, spec: &UploadSpec) -> Result<Examined, Error> {
    let (origin, source) = match &spec.source {
        SourceSpec::None => return Err(Error::new(FIO_E_ARGUMENT, "the upload has no source")),
        SourceSpec::Path(path) => (Origin::Path(path.clone()), sources.open(checked_path(path)?)?),
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
