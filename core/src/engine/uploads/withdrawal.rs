//! Taking uploads off the network: for a pause, for good, or to start over with a new asset.

use super::super::Engine;
use super::super::calls::{Caller, Withdrawal};
use super::projects::is_another;
use crate::error::Error;
use crate::failure::Backoff;
use crate::log::log_line;
use crate::prelude::*;
use crate::status::*;
use crate::upload::UploadId;
use crate::upload::index::QueueState;
use crate::upload::transfer::Ending;
use core::time::Duration;

impl Engine {
    /// Takes everything of an upload back from the network. What was on its way may have arrived.
    pub(super) fn suspend(&mut self, id: UploadId) {
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        let mut requests = Vec::with_capacity(upload.in_flight.len());
        for part in core::mem::take(&mut upload.in_flight) {
            requests.push(part.request);
            upload.parts.to_retry.push(part.known.taken_back());
        }
        for request in requests {
            self.uploads.in_use -= 1;
            self.uploads.links.link.part_dropped(request);
            self.cx.abort(request);
        }
    }

    /// Takes an upload off the network for a pause. A request that has left may come back: what the service
    /// has done is worth knowing. One that waits for a token must not leave any more.
    pub(super) fn hold(&mut self, id: UploadId) {
        self.suspend(id);
        self.withdraw(id, Withdrawal::IfUnsent);
    }

    /// Whether a request of an upload may leave, perhaps once more with a new token: since it was made, the
    /// upload may have been paused, the device moved to another project, or the service have asked to be
    /// left alone. If it may not, it is given up.
    pub(in crate::engine) fn is_still_wanted(&mut self, id: UploadId) -> bool {
        let queue = &self.uploads.queue;
        let is_at_work = !queue.is_paused && queue.state(id) == Some(QueueState::Active);
        let is_new = queue.get(id).is_some_and(|upload| upload.asset_id.is_none());
        let is_in_place =
            queue.get(id).is_some_and(|upload| !is_another(upload.project_id.as_ref(), self.token.project()));
        let is_placed = !is_new || is_in_place && self.uploads.is_project_confirmed;
        if is_at_work && is_placed && self.uploads.api.is_open(self.cx.now.mono) {
            return true;
        }
        self.withdraw(id, Withdrawal::IfUnsent);
        self.uploads.needs_step = true;
        if is_at_work && is_new {
            // Where it belongs, and when, is looked at when it is begun.
            self.uploads.queue.move_to(id, QueueState::Ready);
        }
        false
    }

    /// Gives up the request to the API for an upload, if there is one.
    pub(super) fn withdraw(&mut self, id: UploadId, withdrawal: Withdrawal) {
        let is_unsent = withdrawal == Withdrawal::IfUnsent;
        if self.calls.withdraw(&mut self.cx, Caller::Upload(id), withdrawal) {
            self.uploads.in_use -= 1;
            if let Some(upload) = self.uploads.queue.get_mut(id) {
                upload.has_call = false;
                if is_unsent && upload.asset_id.is_none() {
                    upload.budget.give_back();
                }
            }
        }
    }

    pub(super) fn end_upload(&mut self, id: UploadId, ending: Ending) {
        self.suspend(id);
        self.withdraw(id, Withdrawal::Always);
        match &ending {
            Ending::Failed(error) => log_line!(self.cx.log, Warn, "upload {id} failed: {error}"),
            Ending::Skipped(error) => log_line!(self.cx.log, Info, "upload {id} skipped: {error}"),
            Ending::Done => log_line!(self.cx.log, Info, "upload {id} done"),
            Ending::Canceled => log_line!(self.cx.log, Info, "upload {id} canceled"),
        }
        self.uploads.watched.retain(|watched| *watched != id);
        self.uploads.queue.end(id, ending);
        self.uploads.queue.needs_saving(id);
        self.uploads.needs_step = true;
    }

    /// The URLs of a whole file have ended. When that happens again, the file takes longer than they live.
    pub(super) fn urls_expired(&mut self, id: UploadId, why: Error) {
        let is_repeated = self.uploads.queue.get(id).is_some_and(|upload| upload.budget.made >= 2);
        if is_repeated { self.send_as_recording(id, why) } else { self.start_over(id, why) }
    }

    /// A new asset that is sent as recordings are: their parts get URLs when they are needed.
    pub(super) fn send_as_recording(&mut self, id: UploadId, why: Error) {
        if let Some(upload) = self.uploads.queue.get_mut(id) {
            log_line!(
                self.cx.log,
                Info,
                "upload {id} takes longer than its presigned URLs live: it goes on as a recording"
            );
            upload.send_as_recording();
        }
        self.start_over(id, why);
    }

    /// A new asset for the same media.
    pub(super) fn start_over(&mut self, id: UploadId, why: Error) {
        self.suspend(id);
        self.withdraw(id, Withdrawal::Always);
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        log_line!(self.cx.log, Info, "upload {id} begins anew: {why}");
        if upload.pushed.is_some() && upload.parts.done_count() > 0 {
            return self.end_upload(id, Ending::Failed(why));
        }
        upload.recreations = upload.recreations.saturating_add(1);
        let times = upload.recreations;
        upload.forget_asset();
        if times > 1 {
            upload.become_whole();
        }
        upload.last_error = Some(why);
        let wait = match times {
            1 => Duration::ZERO,
            _ => Backoff::API.delay(times, None, &mut self.cx.random),
        };
        // Whether one more asset is allowed is looked at when it is begun.
        let queue_state = if upload.is_paused {
            QueueState::Parked(FIO_E_UPLOAD_PAUSED)
        } else {
            QueueState::Timed(self.cx.now.mono + wait)
        };
        self.uploads.queue.needs_saving(id);
        self.uploads.queue.move_to(id, queue_state);
        self.uploads.needs_step = true;
    }
}
