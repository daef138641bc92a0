//! An upload at work: its source is opened and looked at, its asset created, its parts announced and sent.

use super::super::calls::{Caller, Errand};
use super::super::effects::Command;
use super::super::{Engine, Purpose};
use super::{Uploads, Work};
use crate::api::part::PartRequest;
use crate::api::realtime::{self, Announced};
use crate::error::Error;
use crate::log::log_line;
use crate::source::Source;
use crate::status::*;
use crate::upload::UploadId;
use crate::upload::index::Place;
use crate::upload::transfer::{Ending, Flying, Origin};
use std::sync::Arc;

impl Engine {
    /// Makes one ready to be worked on: its source is opened and compared with what it was.
    pub(super) fn activate(&mut self, id: UploadId) {
        let current = self.persistence.project_id.clone();
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        if upload.asset_id.is_none() {
            if upload.project_id.is_none() {
                upload.project_id = current.clone();
                self.uploads.queue.needs_saving(id);
            } else if upload.project_id != current {
                return self.uploads.queue.move_to(id, Place::Parked(FIO_E_OTHER_PROJECT));
            }
        }
        match self.open_source(id) {
            Ok(true) => {}
            Ok(false) => return self.uploads.queue.move_to(id, Place::Parked(FIO_E_SOURCE_NEEDED)),
            Err(error) => return self.end_upload(id, Ending::Failed(error)),
        }
        if self.has_addresses_at_hand(id) {
            self.uploads.queue.move_to(id, Place::Active);
        }
    }

    /// Opens a source that is a path. `false` if it is none and the application has to attach it.
    pub(super) fn open_source(&mut self, id: UploadId) -> Result<bool, Error> {
        let Some(upload) = self.uploads.queue.get_mut(id) else { return Ok(false) };
        if upload.source.is_none() {
            let Origin::Path(path) = &upload.origin else { return Ok(false) };
            upload.source = Some(self.files.open(path)?);
        }
        let Some(source) = upload.source.clone() else { return Ok(false) };
        let condition = source.condition()?;
        if upload.recording.as_ref().is_some_and(|recording| recording.watch.is_some()) {
            return Ok(true);
        }
        if upload.has_changed(&condition) {
            return Err(Error::of(FIO_E_SOURCE_CHANGED));
        }
        Ok(true)
    }

    pub(super) fn do_work(&mut self, id: UploadId, work: Work) {
        match work {
            Work::Create => {
                let Some(upload) = self.uploads.queue.get_mut(id) else { return };
                upload.has_call = true;
                let kind = Uploads::kind_of(upload);
                self.uploads.in_use += 1;
                self.add_call(Caller::Upload(id), Errand::CreateAsset(id, kind));
            }
            Work::Announce(parts) => self.announce(id, &parts),
            Work::Part(part) => {
                if let Err(error) = self.send_part(id, part) {
                    self.end_upload(id, Ending::Failed(error));
                }
            }
        }
    }

    pub(super) fn announce(&mut self, id: UploadId, parts: &[Announced]) {
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        let Some(asset_id) = upload.asset_id.clone() else { return };
        let is_nameless = upload.recording.as_ref().is_some_and(|recording| recording.is_nameless);
        let name = Some(upload.name.as_str()).filter(|name| is_nameless && !name.is_empty());
        let whole = parts.iter().any(|part| part.is_final).then(|| (upload.size(), name));
        let request = realtime::request(&asset_id, parts, whole);
        upload.announced = parts.iter().map(|part| part.number - 1).collect();
        upload.has_call = true;
        self.uploads.in_use += 1;
        self.add_call(Caller::Upload(id), Errand::AnnounceParts(request, parts.len()));
    }

    /// Sends one part on its way. An error is one of the source.
    pub(super) fn send_part(&mut self, id: UploadId, part: u32) -> Result<(), Error> {
        let request = self.next_id;
        let Some(upload) = self.uploads.queue.get_mut(id) else { return Ok(()) };
        let source: Arc<dyn Source> = upload.source.clone().ok_or_else(|| Error::of(FIO_E_SOURCE_NEEDED))?;
        if upload.has_changed(&source.condition()?) {
            return Err(Error::of(FIO_E_SOURCE_CHANGED));
        }
        let Some(url) = upload.address(part).cloned() else { return Ok(()) };
        let (offset, length) = upload.range(part);
        let is_first_attempt = upload.is_untried(part);
        let known = upload.take_up(part);
        upload.flying.push(Flying { request, known, length, sent: 0 });
        let part_request = PartRequest {
            url,
            content_type: upload.media_type.clone(),
            source,
            offset,
            length,
            verify: upload.verify,
        };
        // What has been begun is written down before it leaves: commands go out after the step.
        if is_first_attempt {
            self.uploads.queue.needs_saving(id);
        }
        self.next_id += 1;
        self.uploads.in_use += 1;
        log_line!(self.log, Debug, "request {request}: upload {id}, part {} of {length} bytes", part + 1);
        self.requests.insert(request, Purpose::Part { upload: id });
        self.commands.push_back(Command::Put(request, part_request));
        Ok(())
    }
}
