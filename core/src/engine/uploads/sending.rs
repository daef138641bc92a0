//! An upload at work: its source is opened and looked at, its asset created, its parts announced and sent.

use super::super::calls::{Caller, Errand};
use super::super::effects::Command;
use super::super::{Engine, Purpose};
use super::projects::is_another;
use super::Work;
use crate::api::part::PartRequest;
use crate::api::realtime::{self, Announced};
use crate::clock::milliseconds;
use crate::error::Error;
use crate::failure::{Backoff, is_shortage};
use crate::log::log_line;
use crate::prelude::*;
use crate::source::Source;
use crate::status::*;
use crate::upload::UploadId;
use crate::upload::budget::Allowance;
use crate::upload::index::QueueState;
use crate::upload::parts::Attempts;
use crate::upload::transfer::{Ending, Origin, PartInFlight, Upload};
use alloc::sync::Arc;
use core::time::Duration;

/// How long the URLs of a whole file live, in seconds (protocol.md, section 17).
const USUAL_LIFE: u64 = 86_400;

/// What came of opening a source.
pub(super) enum Opened {
    AsItWas,
    /// It may be another one with the same size and date.
    Another,
    /// It is no path: the application has to attach it.
    Needed,
}

impl Engine {
    /// Makes one ready to be worked on: its source is opened and compared with what it was.
    pub(super) fn activate(&mut self, id: UploadId) {
        let current = self.token.project().cloned();
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        if upload.asset_id.is_none() {
            if upload.project_id.is_none() {
                upload.project_id = current;
                self.uploads.queue.needs_saving(id);
            } else if is_another(upload.project_id.as_ref(), current.as_ref()) {
                return self.uploads.queue.move_to(id, QueueState::Parked(FIO_E_OTHER_PROJECT));
            }
        }
        if !self.may_make_asset(id) {
            return;
        }
        match self.open_source(id) {
            Ok(Opened::AsItWas) => {}
            Ok(Opened::Another) => return self.start_over(id, Error::of(FIO_E_SOURCE_CHANGED)),
            Ok(Opened::Needed) => {
                return self.uploads.queue.move_to(id, QueueState::Parked(FIO_E_SOURCE_NEEDED));
            }
            Err(error) if is_shortage(&error) => return self.lack(id, error),
            Err(error) => return self.end_upload(id, Ending::Failed(error)),
        }
        self.uploads.device.succeeded();
        if self.uploads.queue.get(id).is_some_and(Upload::may_be_spoilt) {
            return self.start_over(id, Error::of(FIO_E_CHECKSUM));
        }
        let (mono, wall) = (self.cx.now.mono, self.cx.now.wall);
        if let Some(upload) = self.uploads.queue.get_mut(id) {
            // After a restart only the wall clock can tell.
            if upload.urls_expire != 0 && upload.urls_expire_at.is_none() && upload.recording.is_none() {
                let left = u64::try_from(upload.urls_expire.saturating_sub(wall)).unwrap_or(0);
                upload.urls_expire_at = Some(mono + Duration::from_secs(left));
            }
        }
        if self.has_urls_at_hand(id) {
            self.uploads.queue.move_to(id, QueueState::Active);
        }
    }

    /// Whether an upload has its asset, or may ask for one: each that is not completed is left behind at the
    /// service.
    fn may_make_asset(&mut self, id: UploadId) -> bool {
        let (now, speed) = (self.cx.now, self.uploads.speed.recent());
        let Some(upload) = self.uploads.queue.get_mut(id) else { return false };
        if upload.asset_id.is_some() {
            return true;
        }
        match upload.budget.allows(now) {
            Allowance::Now => {}
            Allowance::At(at) => {
                self.uploads.queue.move_to(id, QueueState::Timed(at));
                return false;
            }
            Allowance::UsedUp => {
                let mut used_up = Error::of(FIO_E_TOO_MANY_ASSETS);
                if let Some(last) = &upload.last_error {
                    used_up.message = format!("{}; the last time: {}", used_up.message, last.message).into();
                    used_up.http_status = last.http_status;
                }
                log_line!(self.cx.log, Warn, "upload {id}: {used_up}");
                upload.last_error = Some(used_up);
                self.uploads.queue.move_to(id, QueueState::Parked(FIO_E_TOO_MANY_ASSETS));
                return false;
            }
        }
        // What takes longer than a whole file's URLs live is not begun as one.
        if speed > 0 && upload.condition.size / speed > USUAL_LIFE / 5 * 4 {
            upload.send_as_recording();
        }
        true
    }

    /// The device lacks something that will be there again, or the card is busy: it waits.
    pub(super) fn lack(&mut self, id: UploadId, error: Error) {
        let now = self.cx.now.mono;
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        upload.failures = upload.failures.saturating_add(1);
        let failures = upload.failures;
        // Without descriptors or memory it is the same for every other one.
        let wait = if error.status == FIO_E_NOMEM {
            self.uploads.device.failed(now, 1, &error, Backoff::SOURCE, &mut self.cx.random)
        } else {
            Backoff::SOURCE.delay(failures, None, &mut self.cx.random)
        };
        log_line!(self.cx.log, Info, "upload {id}: {error}; again in {} ms", milliseconds(wait));
        upload.last_error = Some(error);
        // Also with a request still under way, as after a pause: what stayed in line would be looked at again at
        // once, for ever.
        self.uploads.queue.move_to(id, QueueState::Timed(now + wait));
    }

    /// Opens a source that is a path, and looks whether it is what it was.
    pub(super) fn open_source(&mut self, id: UploadId) -> Result<Opened, Error> {
        let Some(upload) = self.uploads.queue.get_mut(id) else { return Ok(Opened::Needed) };
        if upload.source.is_none() {
            let Origin::Path(path) = &upload.origin else { return Ok(Opened::Needed) };
            upload.source = Some(self.cx.sources.open(path)?);
        }
        let Some(source) = upload.source.clone() else { return Ok(Opened::Needed) };
        let condition = source.condition()?;
        let is_watched = upload.recording.as_ref().is_some_and(|recording| recording.watch.is_some());
        if !is_watched && upload.has_changed(&condition) {
            return Err(Error::of(FIO_E_SOURCE_CHANGED));
        }
        // Of what was sent of it nothing may be taken for a part of it any more.
        let is_another = upload.may_be_another(&condition) && upload.is_begun();
        upload.is_looked_at = true;
        let before = upload.condition;
        upload.condition.take_over(&condition);
        if upload.condition != before && !upload.is_growing() {
            self.uploads.queue.needs_saving(id);
        }
        Ok(if is_another { Opened::Another } else { Opened::AsItWas })
    }

    pub(super) fn do_work(&mut self, id: UploadId, work: Work) {
        match work {
            Work::Create => {
                let Some(kind) = self.uploads.queue.get(id).map(|upload| self.uploads.kind_of(upload)) else { return };
                let Some(upload) = self.uploads.queue.get_mut(id) else { return };
                upload.has_call = true;
                upload.budget.spend(self.cx.now);
                self.uploads.in_use += 1;
                // Written down before it leaves: commands go out after the step.
                self.uploads.queue.needs_saving(id);
                self.calls.add(&mut self.cx, Caller::Upload(id), Errand::CreateAsset(id, kind));
            }
            Work::Announce(parts) => self.announce(id, &parts),
            Work::UrlsExpired => self.urls_expired(id, Error::of(FIO_E_URL_EXPIRED)),
            Work::Part(part) => match self.send_part(id, part) {
                Ok(()) => {}
                Err(error) if is_shortage(&error) => {
                    // Noted, so that the next look finds something else to do.
                    if let Some(upload) = self.uploads.queue.get_mut(id) {
                        let known = upload.take_up(part);
                        let failures = known.failures.saturating_add(1);
                        upload.parts.to_retry.push(Attempts { failures, ..known });
                    }
                    self.await_source(id, part, error);
                }
                Err(error) => self.end_upload(id, Ending::Failed(error)),
            },
        }
    }

    pub(super) fn announce(&mut self, id: UploadId, parts: &[Announced]) {
        let now = self.cx.now.mono;
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        let Some(asset_id) = upload.asset_id.clone() else { return };
        if upload.urls_expire_at.is_some_and(|end| end <= now) {
            upload.part_urls = Default::default();
            upload.urls_expire_at = None;
        }
        let is_nameless = upload.recording.as_ref().is_some_and(|recording| recording.is_nameless);
        let name = Some(upload.name.as_str()).filter(|name| is_nameless && !name.is_empty());
        let whole = parts.iter().any(|part| part.is_final).then(|| (upload.size(), name));
        let request = realtime::request(&asset_id, parts, whole);
        upload.announced = parts.iter().map(|part| part.number - 1).collect();
        upload.has_call = true;
        self.uploads.in_use += 1;
        self.calls.add(&mut self.cx, Caller::Upload(id), Errand::AnnounceParts(request, parts.len()));
    }

    /// Sends one part on its way. An error is one of the source.
    pub(super) fn send_part(&mut self, id: UploadId, part: u32) -> Result<(), Error> {
        let request = self.cx.next_id;
        match self.open_source(id)? {
            Opened::AsItWas => {}
            Opened::Another => {
                self.start_over(id, Error::of(FIO_E_SOURCE_CHANGED));
                return Ok(());
            }
            Opened::Needed => return Err(Error::of(FIO_E_SOURCE_NEEDED)),
        }
        let Some(upload) = self.uploads.queue.get_mut(id) else { return Ok(()) };
        let source: Arc<dyn Source> = upload.source.clone().ok_or_else(|| Error::of(FIO_E_SOURCE_NEEDED))?;
        let Some(url) = upload.url(part).cloned() else { return Ok(()) };
        let (offset, length) = upload.range(part);
        let is_first_attempt = upload.is_untried(part);
        let known = upload.take_up(part);
        upload.in_flight.push(PartInFlight { request, known, length, sent: 0 });
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
        self.cx.next_id += 1;
        self.uploads.in_use += 1;
        self.uploads.links.link.part_begun(request, length, self.cx.now.mono);
        log_line!(self.cx.log, Debug, "request {request}: upload {id}, part {} of {length} bytes", part + 1);
        self.cx.requests.insert(request, Purpose::Part { upload: id });
        self.cx.commands.push_back(Command::Put(request, part_request));
        Ok(())
    }
}
