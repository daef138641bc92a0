//! What the service and the storage say to an upload, and what follows from it: the verdicts are
//! [`crate::failure`]'s.

use super::parts::Attempts;
use super::plan::SMALLEST_PART;
use super::presigned_url::lifetime;
use super::record;
use super::transfer::{Ending, OVERTAKEN, PartInFlight, Upload};
use crate::api::asset::Asset;
use crate::clock::{Instant, Now};
use crate::error::Error;
use crate::failure::{Backoff, Verdict, api_verdict, is_shortage, may_have_made_an_asset, part_verdict};
use crate::link::is_loss;
use crate::prelude::*;
use crate::secret::Secret;
use crate::status::*;
use core::time::Duration;

/// So often the same part may be refused by something on the way, or arrive damaged, before more is done
/// about it than trying again.
const PATIENCE: u32 = 5;

/// And so often in words that may be the storage's: trying again rarely helps then.
const PATIENCE_WITH_STORAGE: u32 = 3;

/// What may be the fault of the URLs as well as of something on the way.
const IN_THE_WAY: &[i32] =
    &[FIO_E_FORBIDDEN, FIO_E_NOT_FOUND, FIO_E_PROTOCOL, FIO_E_REDIRECT, FIO_E_HTTP, FIO_E_PART_TOO_LARGE];

/// What is to be done with an upload.
pub(super) enum Next {
    GoOn,
    End(Ending),
    /// A new asset for the same media.
    StartOver(Error),
    /// The same, sent as recordings are.
    SendAsRecording(Error),
    RetryPart(u32, Error, Backoff),
    /// The same, without blaming the network.
    AwaitSource(u32, Error),
    RetryCall(Error, Backoff),
    /// Nothing can be done without an authorization.
    Requeue,
}

impl Upload {
    fn succeeded(&mut self) {
        (self.failures, self.refusals) = (0, 0);
    }

    pub(super) fn handle_asset(&mut self, asset: Asset, now: Now) {
        self.succeeded();
        self.asset_id = Some(asset.id);
        self.asset_made_at = Some(now.mono);
        // All were signed in the same moment, so the first speaks for all. Counted from the answer on, since the
        // device's clock may not be the service's.
        if let Some(life) = asset.urls.first().and_then(|url| lifetime(url.expose())) {
            self.urls_expire = now.wall.saturating_add(i64::try_from(life).unwrap_or(i64::MAX));
            self.urls_expire_at = Some(now.mono + Duration::from_secs(life));
        }
        self.has_url_record = record::needs_url_record(&asset.urls);
        self.urls_unsaved = self.has_url_record;
        self.urls = asset.urls.into();
    }

    /// The parts of a recording that were announced have got URLs.
    pub(super) fn handle_urls(&mut self, urls: Vec<Secret>, now: Now) {
        self.succeeded();
        let life = urls.first().and_then(|url| lifetime(url.expose()));
        let end = life.map(|life| now.mono + Duration::from_secs(life));
        // Those that end first decide when all are asked for again: that is rare, and costs one request.
        let earlier = self.urls_expire_at.filter(|_| !self.part_urls.is_empty());
        self.urls_expire_at = earlier.into_iter().chain(end).min();
        let announced = core::mem::take(&mut self.announced).into_iter().zip(urls);
        for (part, url) in announced.filter(|(part, _)| *part != OVERTAKEN) {
            self.part_urls.insert(part, url);
        }
    }

    pub(super) fn handle_call_failure(&mut self, error: Error, is_authorized: bool) -> Next {
        let announced = core::mem::take(&mut self.announced);
        let is_again = announced.iter().any(|part| *part != OVERTAKEN && !self.is_untried(*part));
        // That the network was away is no reason to be more patient with anybody.
        let is_lost = is_loss(&error);
        self.failures = self.failures.saturating_add((!is_lost).into());
        self.refusals = self.refusals.saturating_add((error.status == FIO_E_NOT_FOUND).into());
        let has_asset = self.asset_id.is_some();
        if !has_asset && !may_have_made_an_asset(&error) {
            self.budget.give_back();
        }
        match api_verdict(&error) {
            Verdict::Skip => Next::End(Ending::Skipped(error)),
            // A part that is there already, so that there are no URLs for it any more; or one that goes
            // beyond what an earlier life has announced and could not write down.
            Verdict::Fail if is_again || has_asset && self.recreations == 0 => Next::StartOver(error),
            Verdict::Fail => Next::End(Ending::Failed(error)),
            // The asset of a recording has vanished.
            _ if error.status == FIO_E_NOT_FOUND && has_asset && self.refusals >= PATIENCE => {
                Next::StartOver(error)
            }
            Verdict::AwaitAuthorization if !is_authorized => Next::Requeue,
            Verdict::RetrySlowly => Next::RetryCall(error, Backoff::SLOW),
            _ => Next::RetryCall(error, Backoff::API),
        }
    }

    /// The storage has confirmed a part.
    pub(super) fn handle_part_stored(&mut self, part: PartInFlight, now: Instant) -> Next {
        // What was read while it changed is not the media any more.
        let failure = match self.source.as_ref().map(|source| source.condition()) {
            Some(Ok(now)) if self.has_changed(&now) => Some(Error::of(FIO_E_SOURCE_CHANGED)),
            Some(Err(error)) => Some(error),
            _ => None,
        };
        if let Some(error) = failure {
            if is_shortage(&error) {
                // Whether it is still the media cannot be told: the part is sent once more.
                return self.handle_part_failure(part.known, error, now);
            }
            self.parts.to_retry.push(part.known.taken_back());
            return Next::End(Ending::Failed(error));
        }
        self.parts.set_done(part.known.part, part.length);
        self.part_urls.remove(&part.known.part);
        self.succeeded();
        self.recreations = 0;
        // What other parts wait for stays the reason.
        if self.parts.to_retry.is_empty() {
            self.last_error = None;
        }
        // What has arrived of pushed data needs no memory any more.
        if let Some(pushed) = &self.pushed {
            pushed.release(self.first_missing_byte());
        }
        if self.is_complete() || self.was_assembled() {
            Next::End(Ending::Done)
        } else if self.is_too_slow(now) {
            Next::SendAsRecording(Error::of(FIO_E_URL_EXPIRED))
        } else {
            Next::GoOn
        }
    }

    pub(super) fn handle_part_failure(&mut self, known: Attempts, error: Error, now: Instant) -> Next {
        // That the network was away is no reason to be more patient with anybody.
        let is_lost = is_loss(&error);
        self.failures = self.failures.saturating_add((!is_lost).into());
        let part = known.part;
        let length = self.range(part).1;
        let is_recording = self.recording.is_some();
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
        self.parts.to_retry.push(Attempts {
            failures: known.failures.saturating_add((!is_lost).into()),
            refusals,
            not_before: now,
            // What is stored of it now is the damage: a file that is made of it is not this one.
            may_be_stored: !is_damaged && had_left,
            was_under_way: false,
            ..known
        });
        if is_damaged && !self.parts.damaged.contains(&part) {
            self.parts.damaged.push(part);
        }
        match verdict {
            Verdict::Fail => Next::End(Ending::Failed(error)),
            // The URLs of a recording are asked for again one by one.
            Verdict::StartOver if is_recording && !is_impatient => {
                self.part_urls.remove(&part);
                Next::RetryPart(part, error, Backoff::API)
            }
            Verdict::StartOver if error.status == FIO_E_URL_EXPIRED && !is_recording => {
                self.urls_expired(error)
            }
            Verdict::StartOver => Next::StartOver(error),
            // It can have been assembled only if an earlier attempt of this part has left whole.
            Verdict::Ask if had_left && !self.parts.damaged.contains(&part) => {
                if let Some(attempts) = self.parts.attempts_of(part) {
                    attempts.is_gone = true;
                }
                self.last_error = Some(error);
                if self.was_assembled() { Next::End(Ending::Done) } else { Next::GoOn }
            }
            Verdict::Ask if error.status == FIO_E_UPLOAD_GONE || is_impatient => Next::StartOver(error),
            Verdict::Ask => Next::RetryPart(part, error, Backoff::API),
            Verdict::StartOverSmaller if !is_recording && length > SMALLEST_PART => {
                self.part_limit = (length / 2).max(SMALLEST_PART);
                Next::StartOver(error)
            }
            // Sent again it would come too late: the storage puts together what it has.
            _ if is_damaged && self.may_be_spoilt() => Next::StartOver(error),
            Verdict::AwaitSource => Next::AwaitSource(part, error),
            _ if is_impatient && is_refusal => Next::StartOver(error),
            Verdict::RetrySlowly | Verdict::StartOverSmaller => Next::RetryPart(part, error, Backoff::SLOW),
            _ => Next::RetryPart(part, error, Backoff::API),
        }
    }

    /// The URLs of a whole file have expired. When that happens again, the file takes longer than they live.
    pub(super) fn urls_expired(&self, why: Error) -> Next {
        if self.budget.made >= 2 { Next::SendAsRecording(why) } else { Next::StartOver(why) }
    }
}
