//! What the service and the storage say to uploads, and what follows from it: the verdicts are
//! [`crate::failure`]'s.

use super::super::Engine;
use super::super::calls::Reply;
use super::projects::is_another;
use crate::api::asset::Asset;
use crate::api::part::{self, Outcome};
use crate::clock::milliseconds;
use crate::error::Error;
use crate::failure::{Backoff, Verdict, api_verdict, is_shortage, may_have_made_an_asset, part_verdict};
use crate::link::is_loss;
use crate::log::log_line;
use crate::prelude::*;
use crate::secret::Secret;
use crate::status::*;
use crate::upload::index::QueueState;
use crate::upload::parts::Attempts;
use crate::upload::plan::SMALLEST_PART;
use crate::upload::presigned_url::lifetime;
use crate::upload::transfer::{Ending, OVERTAKEN, PartInFlight};
use crate::upload::{UploadId, record};
use core::time::Duration;

/// So often the same part may be refused by something on the way, or arrive damaged, before more is done
/// about it than trying again.
const PATIENCE: u32 = 5;

/// And so often in words that may be the storage's: trying again rarely helps then.
const PATIENCE_WITH_STORAGE: u32 = 3;

/// What may be the fault of the URLs as well as of something on the way.
const IN_THE_WAY: &[i32] =
    &[FIO_E_FORBIDDEN, FIO_E_NOT_FOUND, FIO_E_PROTOCOL, FIO_E_REDIRECT, FIO_E_HTTP, FIO_E_PART_TOO_LARGE];

impl Engine {
    /// A request to the API on behalf of an upload is over.
    pub(in crate::engine) fn upload_call_over(&mut self, id: UploadId, result: Result<Reply, Error>) {
        self.uploads.needs_step = true;
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        if !core::mem::take(&mut upload.has_call) {
            return;
        }
        self.uploads.in_use -= 1;
        self.note_call_on_link(result.as_ref().err());
        match result {
            Ok(Reply::Asset(asset)) => self.asset_created(id, *asset),
            Ok(Reply::Addresses(addresses)) => self.parts_announced(id, addresses),
            Ok(_) => {}
            Err(error) => self.upload_call_failed(id, error),
        }
    }

    fn asset_created(&mut self, id: UploadId, asset: Asset) {
        self.uploads.api.succeeded();
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        upload.failures = 0;
        upload.refusals = 0;
        // The device was moved in this very moment: nothing has been sent yet.
        let is_elsewhere = is_another(upload.project_id.as_ref(), asset.project_id.as_ref());
        if is_elsewhere {
            self.uploads.is_project_confirmed = false;
            self.uploads.is_project_doubted = true;
            self.uploads.sorted_for = None;
            self.uploads.queue.move_to(id, QueueState::Parked(FIO_E_OTHER_PROJECT));
            return self.ask_for_project();
        }
        self.learn_project(id, asset.project_id.as_ref());
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        log_line!(self.cx.log, Debug, "upload {id} is asset {}, {} parts", asset.id, asset.addresses.len());
        upload.asset_id = Some(asset.id);
        upload.asset_made_at = Some(self.cx.now.mono);
        // All were signed in the same moment, so the first speaks for all. Counted from the answer on, since the
        // device's clock may not be the service's.
        if let Some(life) = asset.addresses.first().and_then(|address| lifetime(address.expose())) {
            upload.urls_expire = self.cx.now.wall.saturating_add(i64::try_from(life).unwrap_or(i64::MAX));
            upload.urls_expire_at = Some(self.cx.now.mono + Duration::from_secs(life));
        }
        upload.has_url_record = record::needs_url_record(&asset.addresses);
        upload.urls_unsaved = upload.has_url_record;
        upload.urls = asset.addresses.into();
        self.uploads.queue.needs_saving(id);
    }

    fn parts_announced(&mut self, id: UploadId, urls: Vec<Secret>) {
        self.uploads.api.succeeded();
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        upload.failures = 0;
        upload.refusals = 0;
        let life = urls.first().and_then(|url| lifetime(url.expose()));
        let ends = life.map(|life| self.cx.now.mono + Duration::from_secs(life));
        // Those that end first decide when all are asked for again: that is rare, and costs one request.
        let earlier = upload.urls_expire_at.filter(|_| !upload.part_urls.is_empty());
        upload.urls_expire_at = earlier.into_iter().chain(ends).min();
        let announced = core::mem::take(&mut upload.announced).into_iter().zip(urls);
        for (part, url) in announced.filter(|(part, _)| *part != OVERTAKEN) {
            upload.part_urls.insert(part, url);
        }
        self.uploads.queue.needs_saving(id);
    }

    fn upload_call_failed(&mut self, id: UploadId, error: Error) {
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        let announced = core::mem::take(&mut upload.announced);
        let is_again = announced.iter().any(|part| *part != OVERTAKEN && !upload.is_untried(*part));
        // That the network was away is no reason to be more patient with the service.
        upload.failures = upload.failures.saturating_add((!is_loss(&error)).into());
        let failures = upload.failures;
        upload.refusals = upload.refusals.saturating_add((error.status == FIO_E_NOT_FOUND).into());
        let is_impatient = upload.refusals >= PATIENCE;
        let has_asset = upload.asset_id.is_some();
        let has_started_over = upload.recreations > 0;
        if !has_asset && !may_have_made_an_asset(&error) {
            upload.budget.give_back();
        }
        match api_verdict(&error) {
            Verdict::Skip => self.end_upload(id, Ending::Skipped(error)),
            // A part that is there already, so that there are no URLs for it any more; or one that goes
            // beyond what an earlier life has announced and could not write down.
            Verdict::Fail if is_again || has_asset && !has_started_over => self.start_over(id, error),
            Verdict::Fail => self.end_upload(id, Ending::Failed(error)),
            // The asset of a recording has vanished.
            _ if error.status == FIO_E_NOT_FOUND && has_asset && is_impatient => self.start_over(id, error),
            Verdict::AwaitAuthorization if self.token.tokens().is_none() => self.await_turn(id),
            Verdict::RetrySlowly => self.pause_after(id, error, Backoff::SLOW, failures),
            _ => self.pause_after(id, error, Backoff::API, failures),
        }
    }

    /// Nothing can be done for now: it is queued again.
    fn await_turn(&mut self, id: UploadId) {
        let is_idle = self.uploads.queue.get(id).is_some_and(|upload| upload.in_flight.is_empty());
        if is_idle && self.uploads.queue.state(id) == Some(QueueState::Active) {
            self.uploads.queue.move_to(id, QueueState::Ready);
        }
    }

    fn pause_after(&mut self, id: UploadId, error: Error, backoff: Backoff, failures: u32) {
        let now = self.cx.now.mono;
        let wait = if is_loss(&error) {
            let pause = self.uploads.links.link.pause(now, &mut self.cx.random);
            self.uploads.api.lost(now, &error, pause)
        } else {
            self.uploads.api.failed(now, failures, &error, backoff, &mut self.cx.random)
        };
        log_line!(self.cx.log, Info, "upload {id}: {error}; next attempt in {} ms", milliseconds(wait));
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        upload.last_error = Some(error);
        let is_idle = upload.in_flight.is_empty();
        if is_idle && self.uploads.queue.state(id) == Some(QueueState::Active) {
            self.uploads.queue.move_to(id, QueueState::Timed(now + wait));
        }
    }

    /// The storage has answered for a part, or has not.
    pub(in crate::engine) fn part_answered(&mut self, id: UploadId, request: u64, outcome: Outcome) {
        self.uploads.needs_step = true;
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        let Some(at) = upload.in_flight.iter().position(|part| part.request == request) else { return };
        let mut part = upload.in_flight.remove(at);
        self.uploads.in_use -= 1;
        part.known.may_be_stored |= outcome.left_unanswered;
        self.note_part_on_link(request, outcome.answer.as_ref());
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        let has_etag = outcome.answer.as_ref().is_ok_and(|sent| sent.etag.is_some());
        match outcome.answer.and_then(|sent| part::read(&sent, upload.has_etags)) {
            Ok(()) => {
                upload.has_etags |= has_etag;
                self.part_arrived(id, part);
            }
            Err(error) => self.part_failed(id, part.known, error),
        }
    }

    fn part_arrived(&mut self, id: UploadId, part: PartInFlight) {
        self.uploads.storage.succeeded();
        self.uploads.speed.arrived(part.length);
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        // What was read while it changed is not the media any more.
        let failure = match upload.source.as_ref().map(|source| source.condition()) {
            Some(Ok(now)) if upload.has_changed(&now) => Some(Error::of(FIO_E_SOURCE_CHANGED)),
            Some(Err(error)) => Some(error),
            _ => None,
        };
        if let Some(error) = failure {
            if is_shortage(&error) {
                // Whether it is still the media cannot be told: the part is sent once more.
                return self.part_failed(id, part.known, error);
            }
            upload.parts.to_retry.push(part.known.taken_back());
            return self.end_upload(id, Ending::Failed(error));
        }
        upload.parts.set_done(part.known.part, part.length);
        upload.part_urls.remove(&part.known.part);
        upload.failures = 0;
        upload.refusals = 0;
        upload.recreations = 0;
        // What other parts wait for stays the reason.
        if upload.parts.to_retry.is_empty() {
            upload.last_error = None;
        }
        self.release_pushed(id);
        let Some(upload) = self.uploads.queue.get(id) else { return };
        let is_over = upload.is_complete() || upload.was_assembled();
        let is_too_slow = upload.is_too_slow(self.cx.now.mono);
        self.uploads.queue.recount(id);
        self.uploads.queue.needs_saving(id);
        if is_over {
            self.end_upload(id, Ending::Done);
        } else if is_too_slow {
            self.send_as_recording(id, Error::of(FIO_E_URL_EXPIRED));
        }
    }

    fn part_failed(&mut self, id: UploadId, known: Attempts, error: Error) {
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        let is_lost = is_loss(&error);
        upload.failures = upload.failures.saturating_add((!is_lost).into());
        let part = known.part;
        let length = upload.range(part).1;
        let is_recording = upload.recording.is_some();
        let is_damaged = error.status == FIO_E_CHECKSUM;
        let verdict = part_verdict(&error);
        // A weak network is no reason to give anything up, however often it fails.
        let is_of_storage =
            verdict == Verdict::StartOver || [FIO_E_STORAGE, FIO_E_NOT_FOUND].contains(&error.status);
        let is_refusal = is_damaged || is_of_storage || IN_THE_WAY.contains(&error.status);
        let refusals = known.refusals.saturating_add(is_refusal.into());
        let is_impatient = refusals >= if is_of_storage { PATIENCE_WITH_STORAGE } else { PATIENCE };
        let had_left = known.may_be_stored;
        // Whatever becomes of the upload: this part is missing, also after a retry.
        upload.parts.to_retry.push(Attempts {
            failures: known.failures.saturating_add((!is_lost).into()),
            refusals,
            not_before: self.cx.now.mono,
            // What is stored of it now is the damage: a file that is made of it is not this one.
            may_be_stored: !is_damaged && had_left,
            was_under_way: false,
            ..known
        });
        if is_damaged && !upload.parts.damaged.contains(&part) {
            // Written down: after a power cut nobody could tell it from a part that arrived as it was.
            upload.parts.damaged.push(part);
            self.uploads.queue.needs_saving(id);
        }
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        match verdict {
            Verdict::Fail => self.end_upload(id, Ending::Failed(error)),
            // The URLs of a recording are asked for again one by one.
            Verdict::StartOver if is_recording && !is_impatient => {
                upload.part_urls.remove(&part);
                self.try_later(id, part, error, Backoff::API);
            }
            Verdict::StartOver if error.status == FIO_E_URL_EXPIRED && !is_recording => {
                self.urls_expired(id, error);
            }
            Verdict::StartOver => self.start_over(id, error),
            // It can have been assembled only if an earlier attempt of this part has left whole.
            Verdict::Ask if had_left && !upload.parts.damaged.contains(&part) => {
                if let Some(attempts) = upload.parts.attempts_of(part) {
                    attempts.is_gone = true;
                }
                upload.last_error = Some(error);
                if upload.was_assembled() {
                    self.end_upload(id, Ending::Done);
                }
            }
            Verdict::Ask if error.status == FIO_E_UPLOAD_GONE || is_impatient => self.start_over(id, error),
            Verdict::Ask => self.try_later(id, part, error, Backoff::API),
            Verdict::StartOverSmaller if !is_recording && length > SMALLEST_PART => {
                upload.part_limit = (length / 2).max(SMALLEST_PART);
                self.start_over(id, error);
            }
            // Sent again it would come too late: the storage puts together what it has.
            _ if is_damaged && upload.may_be_spoilt() => self.start_over(id, error),
            Verdict::AwaitSource => self.await_source(id, part, error),
            _ if is_impatient && (is_damaged || is_of_storage || IN_THE_WAY.contains(&error.status)) => {
                self.start_over(id, error);
            }
            Verdict::RetrySlowly | Verdict::StartOverSmaller => {
                self.try_later(id, part, error, Backoff::SLOW)
            }
            _ if is_lost && self.wants_smaller_parts(id) => self.start_over(id, error),
            _ => self.try_later(id, part, error, Backoff::API),
        }
    }

    /// The source cannot be read at the moment: that says nothing about the storage.
    pub(super) fn await_source(&mut self, id: UploadId, part: u32, error: Error) {
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        let Some(attempts) = upload.parts.attempts_of(part) else { return };
        let wait = Backoff::SOURCE.delay(attempts.failures, None, &mut self.cx.random);
        attempts.not_before = self.cx.now.mono + wait;
        log_line!(self.cx.log, Info, "upload {id}: {error}; again in {} ms", milliseconds(wait));
        // A card that was pulled and put back is another file to the system.
        if upload.is_path() && upload.in_flight.is_empty() {
            upload.source = None;
        }
        upload.last_error = Some(error);
    }

    fn try_later(&mut self, id: UploadId, part: u32, error: Error, backoff: Backoff) {
        let now = self.cx.now.mono;
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        let Some(attempts) = upload.parts.attempts_of(part) else { return };
        let failures = attempts.failures;
        // Damage on the way says nothing about the host.
        let wait = if error.status == FIO_E_CHECKSUM {
            backoff.delay(failures, None, &mut self.cx.random)
        } else if is_loss(&error) {
            let pause = self.uploads.links.link.pause(now, &mut self.cx.random);
            self.uploads.storage.lost(now, &error, pause)
        } else {
            self.uploads.storage.failed(now, failures, &error, backoff, &mut self.cx.random)
        };
        log_line!(
            self.cx.log,
            Info,
            "upload {id}, part {}: {error}; again in {} ms",
            part + 1,
            milliseconds(wait)
        );
        attempts.not_before = now + wait;
        upload.last_error = Some(error);
    }
}
