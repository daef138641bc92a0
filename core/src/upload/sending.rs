//! An upload at work: its source is opened and looked at, its asset created, its parts announced and sent.

use super::UploadId;
use super::budget::Allowance;
use super::index::QueueState;
use super::messages::{Reply, Request};
use super::parts::Attempts;
use super::project::is_another;
use super::schedule::Work;
use super::transfer::{Ending, Origin, PartInFlight, Upload};
use super::transfers::Transfers;
use crate::api::asset::Asset;
use crate::api::part::{self, Outcome, PartRequest};
use crate::api::realtime::{self, Announced};
use crate::clock::{Instant, milliseconds};
use crate::context::effects::{Command, RequestId};
use crate::context::{Context, Purpose};
use crate::error::Error;
use crate::failure::{Backoff, is_shortage};
use crate::log::log_line;
use crate::prelude::*;
use crate::source::Source;
use crate::status::*;
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

impl Transfers {
    /// Makes one ready to be worked on: its source is opened and compared with what it was.
    pub(crate) fn activate(&mut self, cx: &mut Context, id: UploadId) {
        let Some(upload) = self.queue.get_mut(id) else { return };
        if upload.asset_id.is_none() {
            if upload.project_id.is_none() {
                upload.project_id = self.project.id.clone();
                self.queue.needs_saving(id);
            } else if is_another(upload.project_id.as_ref(), self.project.id.as_ref()) {
                return self.queue.move_to(id, QueueState::Parked(FIO_E_OTHER_PROJECT));
            }
        }
        if !self.may_make_asset(cx, id) {
            return;
        }
        match self.open_source(cx, id) {
            Ok(Opened::AsItWas) => {}
            Ok(Opened::Another) => return self.start_over(cx, id, Error::of(FIO_E_SOURCE_CHANGED)),
            Ok(Opened::Needed) => {
                return self.queue.move_to(id, QueueState::Parked(FIO_E_SOURCE_NEEDED));
            }
            Err(error) if is_shortage(&error) => return self.await_device(cx, id, error),
            Err(error) => return self.end(cx, id, Ending::Failed(error)),
        }
        self.backoffs.device.succeeded();
        if self.queue.get(id).is_some_and(Upload::may_be_spoilt) {
            return self.start_over(cx, id, Error::of(FIO_E_CHECKSUM));
        }
        let (mono, wall) = (cx.now.mono, cx.now.wall);
        if let Some(upload) = self.queue.get_mut(id) {
            // After a restart only the wall clock can tell.
            if upload.urls_expire != 0 && upload.urls_expire_at.is_none() && upload.recording.is_none() {
                let left = u64::try_from(upload.urls_expire.saturating_sub(wall)).unwrap_or(0);
                upload.urls_expire_at = Some(mono + Duration::from_secs(left));
            }
        }
        match self.url_records.load(cx, &mut self.queue, id) {
            Ok(()) => self.queue.move_to(id, QueueState::Active),
            Err(error) => self.retry_later(cx, id, error, Backoff::STORE, None),
        }
    }

    /// Whether an upload has its asset, or may ask for one: each that is not completed is left behind at the
    /// service.
    fn may_make_asset(&mut self, cx: &mut Context, id: UploadId) -> bool {
        let (now, speed) = (cx.now, self.links.link.measured());
        let Some(upload) = self.queue.get_mut(id) else { return false };
        if upload.asset_id.is_some() {
            return true;
        }
        match upload.budget.allows(now) {
            Allowance::Now => {}
            Allowance::At(at) => {
                self.queue.move_to(id, QueueState::Timed(at));
                return false;
            }
            Allowance::UsedUp => {
                let mut used_up = Error::of(FIO_E_TOO_MANY_ASSETS);
                if let Some(last) = &upload.last_error {
                    used_up.message = format!("{}; the last time: {}", used_up.message, last.message).into();
                    used_up.http_status = last.http_status;
                }
                log_line!(cx.log, Warn, "upload {id}: {used_up}");
                upload.last_error = Some(used_up);
                self.queue.move_to(id, QueueState::Parked(FIO_E_TOO_MANY_ASSETS));
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
    fn await_device(&mut self, cx: &mut Context, id: UploadId, error: Error) {
        // Without descriptors or memory it is the same for every other one.
        let shared = (error.status == FIO_E_NOMEM)
            .then(|| self.backoffs.device.failed(cx.now.mono, 1, &error, Backoff::SOURCE, &mut cx.random));
        self.retry_later(cx, id, error, Backoff::SOURCE, shared);
    }

    fn retry_later(
        &mut self,
        cx: &mut Context,
        id: UploadId,
        error: Error,
        backoff: Backoff,
        shared: Option<Duration>,
    ) {
        let Some(upload) = self.queue.get_mut(id) else { return };
        upload.failures = upload.failures.saturating_add(1);
        let wait = shared.unwrap_or_else(|| backoff.delay(upload.failures, None, &mut cx.random));
        log_line!(cx.log, Info, "upload {id}: {error}; again in {} ms", milliseconds(wait));
        upload.last_error = Some(error);
        // Also with a request still under way, as after a pause: what stayed ready would be looked at again at
        // once, for ever.
        self.queue.move_to(id, QueueState::Timed(cx.now.mono + wait));
    }

    /// Opens a source that is a path, and looks whether it is what it was.
    pub(crate) fn open_source(&mut self, cx: &mut Context, id: UploadId) -> Result<Opened, Error> {
        let Some(upload) = self.queue.get_mut(id) else { return Ok(Opened::Needed) };
        if upload.source.is_none() {
            let Origin::Path(path) = &upload.origin else { return Ok(Opened::Needed) };
            upload.source = Some(cx.sources.open(path)?);
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
            self.queue.needs_saving(id);
        }
        Ok(if is_another { Opened::Another } else { Opened::AsItWas })
    }

    pub(crate) fn do_work(&mut self, cx: &mut Context, id: UploadId, work: Work) {
        match work {
            Work::Create => {
                let Some(upload) = self.queue.get_mut(id) else { return };
                upload.has_call = true;
                upload.budget.spend(cx.now);
                let kind = upload.kind(self.links.link.parts(upload.condition.size));
                self.in_use += 1;
                // Written down before it leaves: commands go out after the step.
                self.queue.needs_saving(id);
                self.requests.push_back(Request::CreateAsset(id, kind));
            }
            Work::Announce(parts) => self.announce(cx.now.mono, id, &parts),
            Work::UrlsExpired => {
                let Some(upload) = self.queue.get(id) else { return };
                let next = upload.urls_expired(Error::of(FIO_E_URL_EXPIRED));
                self.carry_out(cx, id, next);
            }
            Work::Part(part) => match self.send_part(cx, id, part) {
                Ok(()) => {}
                Err(error) if is_shortage(&error) => {
                    // Noted, so that the next look finds something else to do.
                    if let Some(upload) = self.queue.get_mut(id) {
                        let known = upload.take_up(part);
                        let failures = known.failures.saturating_add(1);
                        upload.parts.to_retry.push(Attempts { failures, ..known });
                    }
                    self.await_source(cx, id, part, error);
                }
                Err(error) => self.end(cx, id, Ending::Failed(error)),
            },
        }
    }

    fn announce(&mut self, now: Instant, id: UploadId, parts: &[Announced]) {
        let Some(upload) = self.queue.get_mut(id) else { return };
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
        self.in_use += 1;
        self.requests.push_back(Request::AnnounceParts(id, request, parts.len()));
    }

    /// Sends one part on its way. An error is one of the source.
    fn send_part(&mut self, cx: &mut Context, id: UploadId, part: u32) -> Result<(), Error> {
        let request = cx.next_id;
        match self.open_source(cx, id)? {
            Opened::AsItWas => {}
            Opened::Another => {
                self.start_over(cx, id, Error::of(FIO_E_SOURCE_CHANGED));
                return Ok(());
            }
            Opened::Needed => return Err(Error::of(FIO_E_SOURCE_NEEDED)),
        }
        let Some(upload) = self.queue.get_mut(id) else { return Ok(()) };
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
            self.queue.needs_saving(id);
        }
        cx.next_id += 1;
        self.in_use += 1;
        self.links.link.part_begun(request, length, cx.now.mono);
        log_line!(cx.log, Debug, "request {request}: upload {id}, part {} of {length} bytes", part + 1);
        cx.requests.insert(request, Purpose::Part { upload: id });
        cx.commands.push_back(Command::Put(request, part_request));
        Ok(())
    }

    /// A request to the API on behalf of an upload is over.
    pub(crate) fn handle_response(&mut self, cx: &mut Context, id: UploadId, result: Result<Reply, Error>) {
        self.needs_step = true;
        let Some(upload) = self.queue.get_mut(id) else { return };
        if !core::mem::take(&mut upload.has_call) {
            return;
        }
        self.in_use -= 1;
        if self.links.note_call(cx.now.mono, result.as_ref().err()) {
            self.network_is_back(cx);
        }
        let Some(upload) = self.queue.get_mut(id) else { return };
        match result {
            Ok(reply) => {
                self.backoffs.api.succeeded();
                match reply {
                    Reply::Asset(asset) => self.handle_asset(cx, id, *asset),
                    Reply::Urls(urls) => upload.handle_urls(urls, cx.now),
                }
                self.queue.needs_saving(id);
            }
            Err(error) => {
                let next = upload.handle_call_failure(error, self.is_authorized);
                self.carry_out(cx, id, next);
            }
        }
    }

    fn handle_asset(&mut self, cx: &mut Context, id: UploadId, asset: Asset) {
        let Some(upload) = self.queue.get_mut(id) else { return };
        // The device was moved in this very moment: nothing has been sent yet.
        if is_another(upload.project_id.as_ref(), asset.project_id.as_ref()) {
            self.project.doubt();
            self.requests.push_back(Request::DeviceInfo);
            return self.queue.move_to(id, QueueState::Parked(FIO_E_OTHER_PROJECT));
        }
        if let Some(project_id) = &asset.project_id {
            upload.project_id.get_or_insert_with(|| project_id.clone());
            if self.project.id.is_none() && self.project.is_confirmed {
                self.project.id = Some(project_id.clone());
                self.requests.push_back(Request::KeepProject(project_id.clone()));
            }
        }
        log_line!(cx.log, Debug, "upload {id} is asset {}, {} parts", asset.id, asset.urls.len());
        upload.handle_asset(asset, cx.now);
    }

    /// The storage has answered for a part, or has not.
    pub(crate) fn handle_part(
        &mut self,
        cx: &mut Context,
        id: UploadId,
        request: RequestId,
        outcome: Outcome,
    ) {
        self.needs_step = true;
        let Some(upload) = self.queue.get_mut(id) else { return };
        let Some(at) = upload.in_flight.iter().position(|part| part.request == request) else { return };
        let mut part = upload.in_flight.remove(at);
        self.in_use -= 1;
        part.known.may_be_stored |= outcome.left_unanswered;
        if self.links.note_part(cx.now.mono, request, outcome.answer.as_ref()) {
            self.network_is_back(cx);
        }
        let Some(upload) = self.queue.get_mut(id) else { return };
        let has_etag = outcome.answer.as_ref().is_ok_and(|sent| sent.etag.is_some());
        let next = match outcome.answer.and_then(|sent| part::read(&sent, upload.has_etags)) {
            Ok(()) => {
                upload.has_etags |= has_etag;
                self.backoffs.storage.succeeded();
                self.speed.arrived(part.length);
                let next = upload.handle_part_stored(part, cx.now.mono);
                self.queue.recount(id);
                self.queue.needs_saving(id);
                next
            }
            Err(error) => {
                let is_damaged = error.status == FIO_E_CHECKSUM;
                let next = upload.handle_part_failure(part.known, error, cx.now.mono);
                let next = self.links.with_other_parts(upload, cx.now, next);
                // After a power cut nobody could tell it from a part that arrived as it was.
                if is_damaged {
                    self.queue.needs_saving(id);
                }
                next
            }
        };
        self.carry_out(cx, id, next);
    }
}
