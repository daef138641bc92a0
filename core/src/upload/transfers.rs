//! Which upload gets the next free connection, and how uploads are taken off the network: for a pause, for good, or
//! to start over with a new asset.

use super::index::QueueState;
use super::links::Links;
use super::messages::{ProjectNews, Request};
use super::project::{Project, is_another};
use super::queue::Queue;
use super::schedule::{Backoffs, needs_the_service};
use super::speed::Speed;
use super::transfer::{Ending, Upload};
use super::url_records::UrlRecords;
use super::verdict::Next;
use super::{Totals, UploadId, UploadInfo};
use crate::clock::{Instant, milliseconds};
use crate::context::Context;
use crate::context::effects::RequestId;
use crate::error::Error;
use crate::failure::Backoff;
use crate::link::is_loss;
use crate::log::log_line;
use crate::prelude::*;
use crate::status::*;
use alloc::collections::VecDeque;
use core::time::Duration;

/// For what should not happen: no round follows the other at once.
const SHORTEST_WAIT: Duration = Duration::from_millis(100);

#[derive(Default)]
pub(super) struct Transfers {
    pub queue: Queue,
    pub project: Project,
    pub backoffs: Backoffs,
    pub links: Links,
    pub speed: Speed,
    pub url_records: UrlRecords,
    pub is_authorized: bool,
    /// Parts and requests under way.
    pub in_use: u32,
    /// Something was changed that a step has not seen.
    pub needs_step: bool,
    pub requests: VecDeque<Request>,
}

impl Transfers {
    pub(crate) fn handle_timeout(&mut self, cx: &mut Context) {
        if !self.queue.is_paused {
            self.queue.wake(cx.now.mono);
            self.settle_active(cx);
            self.fill(cx);
        }
        self.queue.hold = self.backoffs.closed(cx.now.mono);
    }

    pub(crate) fn poll_timeout(&self, cx: &Context) -> Option<Instant> {
        let now = cx.now.mono;
        if self.needs_step {
            return Some(now);
        }
        if self.queue.is_paused {
            return None;
        }
        let mut soonest = self.queue.next_timer();
        let mut consider = |at: Option<Instant>| soonest = soonest.into_iter().chain(at).min();
        if self.in_use < cx.settings.uploads.parallel_parts {
            for upload in self.queue.active().filter_map(|(_, id)| self.queue.get(id)) {
                // What could be done by now has been: the rest waits for an answer that is on its way.
                consider(self.backoffs.next_attempt(upload, now).filter(|at| *at > now));
            }
            if self.has_more() && self.is_authorized {
                consider(self.backoffs.opens_at(now));
            }
        }
        soonest
    }

    pub(crate) fn info(&self, id: UploadId, now: Instant) -> Option<UploadInfo> {
        let mut info = self.queue.info(id, now)?;
        if let Some(upload) = self.queue.get(id).filter(|_| !info.state.is_over()) {
            let link = &self.links.link;
            let is_its = |request| upload.in_flight.iter().any(|part| part.request == request);
            info.part_safe_in = link.part_safe_in(is_its);
            info.is_link_too_weak = upload.asset_id.is_some() && link.is_too_weak_for(upload.range(0).1);
        }
        Some(info)
    }

    pub(crate) fn totals(&self, now: Instant) -> Totals {
        self.speed.complete(self.queue.totals(), self.queue.bytes_in_flight(), &self.links.link, now)
    }

    /// Whether something is on its way, or would be if the network were there.
    pub(crate) fn is_busy(&self) -> bool {
        self.in_use > 0 || self.links.link.is_lost() && !self.queue.is_paused && self.queue.has_some_left()
    }

    /// Whether an upload waits to be begun.
    fn has_more(&self) -> bool {
        self.queue.first_ready().is_some() || self.project.is_doubted
    }

    /// Gives every free connection to the upload that is next.
    fn fill(&mut self, cx: &mut Context) {
        let now = cx.now.mono;
        while self.in_use < cx.settings.uploads.parallel_parts {
            let at_work = self.queue.active().find_map(|key| {
                let upload = self.queue.get(key.1)?;
                self.backoffs.next_work(upload, self.queue.gate, now).map(|work| (key, work))
            });
            let fresh =
                self.queue.first_ready().filter(|_| self.may_begin(now) && !self.links.has_next(&self.queue));
            // All parts share the line: more of them than it carries are all unfinished when it breaks.
            let is_full = at_work.as_ref().is_some_and(|(key, work)| {
                self.queue.get(key.1).is_some_and(|upload| !self.links.has_room_for(upload, work))
            });
            match (at_work, fresh) {
                (Some((key, _)), fresh) if is_full && fresh.is_none_or(|fresh| key < fresh) => break,
                (Some((key, work)), fresh) if fresh.is_none_or(|fresh| key < fresh) => {
                    self.do_work(cx, key.1, work);
                }
                (_, Some((_, id))) => {
                    self.activate(cx, id);
                    let is_stuck = self.queue.state(id) == Some(QueueState::Ready);
                    debug_assert!(!is_stuck, "an upload stays the first of those that are ready");
                    // A loop without an end would be worse than a late upload.
                    if is_stuck {
                        break;
                    }
                }
                _ => break,
            }
        }
        let is_wanted = self.has_more() && !self.project.is_confirmed;
        if is_wanted && self.is_authorized && self.backoffs.api.is_open(now) {
            self.requests.push_back(Request::DeviceInfo);
        }
    }

    /// Whether an upload may be begun: with a token, in a project that is known for certain, while neither
    /// the API nor the storage is in trouble.
    fn may_begin(&self, now: Instant) -> bool {
        self.queue.gate == 0 && self.project.is_confirmed && self.backoffs.closed(now).is_none()
    }

    /// Moves those that are at work and can do nothing to where they belong, so that only few are at work.
    fn settle_active(&mut self, cx: &mut Context) {
        let (now, gate) = (cx.now.mono, self.queue.gate);
        let ids: Vec<UploadId> = self.queue.active().map(|(_, id)| id).collect();
        for id in ids {
            let Some(upload) = self.queue.get_mut(id) else { continue };
            let is_busy = upload.has_call || !upload.in_flight.is_empty();
            if is_busy || self.backoffs.next_work(upload, gate, now).is_some() {
                continue;
            }
            if upload.is_complete() || upload.was_assembled() {
                self.end(cx, id, Ending::Done);
            } else if gate != 0 && needs_the_service(upload, now) {
                // It is queued for the next authorization.
                self.queue.move_to(id, QueueState::Ready);
            } else if let Some(at) = self.backoffs.next_attempt(upload, now) {
                // What met with no trouble itself waits for the host that failed another upload.
                if upload.last_error.is_none() {
                    upload.last_error = self.backoffs.closed(now).map(|(why, _)| why);
                }
                self.queue.move_to(id, QueueState::Timed(at.max(now + SHORTEST_WAIT)));
            } else if upload.parts.to_retry.iter().any(|attempts| attempts.is_gone) {
                // Some parts are gone and not all the others were ever sent.
                self.start_over(cx, id, Error::of(FIO_E_UPLOAD_GONE));
            }
            // What remains is a recording that has nothing to send yet.
        }
    }

    pub(crate) fn handle_project(&mut self, cx: &mut Context, news: ProjectNews<'_>) {
        self.needs_step = true;
        match news {
            ProjectNews::Confirmed => self.project.confirmed(&mut self.queue),
            ProjectNews::Unknown => {
                self.project.is_confirmed = false;
                self.backoffs.api.succeeded();
            }
            ProjectNews::Unconfirmed(error) => {
                let now = cx.now.mono;
                if is_loss(error) {
                    self.links.link.call_lost(now);
                    self.backoffs.api.lost(now, error, self.links.link.pause(now, &mut cx.random));
                } else {
                    self.backoffs.api.failed(now, 0, error, Backoff::API, &mut cx.random);
                }
            }
        }
    }

    /// What the transport has told of the parts, if it has.
    pub(crate) fn look_at_link(&mut self, cx: &mut Context) {
        let noticed = self.links.link.look(cx.now.mono);
        if noticed.is_back {
            self.network_is_back(cx);
        }
        for _ in 0..noticed.too_many {
            let Some(request) = self.links.link.youngest() else { break };
            self.take_part_back(cx, request);
        }
    }

    /// The application says that the network is another one, or there again. What waits for the network goes on at once;
    /// what a server has asked for is another matter.
    pub(crate) fn network_changed(&mut self, cx: &mut Context) {
        log_line!(cx.log, Info, "the network has changed");
        while let Some(request) = self.links.link.stale(cx.now.mono) {
            self.take_part_back(cx, request);
        }
        self.links.link.network_changed();
        self.network_is_back(cx);
    }

    /// Takes one part off the network; its turn comes again.
    fn take_part_back(&mut self, cx: &mut Context, request: RequestId) {
        self.links.link.part_dropped(request);
        let is_its = |upload: &Upload| upload.in_flight.iter().any(|part| part.request == request);
        let id = self.queue.active().map(|(_, id)| id).find(|id| self.queue.get(*id).is_some_and(is_its));
        let Some(upload) = id.and_then(|id| self.queue.get_mut(id)) else { return };
        let Some(at) = upload.in_flight.iter().position(|part| part.request == request) else { return };
        let part = upload.in_flight.remove(at);
        log_line!(cx.log, Debug, "request {request}: part {} waits for the others", part.known.part + 1);
        upload.parts.to_retry.push(part.known.taken_back());
        self.in_use -= 1;
        cx.abort(request);
    }

    /// What waits for the network goes on.
    pub(crate) fn network_is_back(&mut self, cx: &Context) {
        log_line!(cx.log, Debug, "the network is there again");
        let waits = |state: &QueueState| matches!(state, QueueState::Timed(_) | QueueState::Active);
        let waiting: Vec<UploadId> = self
            .queue
            .uploads()
            .filter(|(upload, state)| waits(state) && upload.last_error.as_ref().is_some_and(is_loss))
            .map(|(upload, _)| upload.id)
            .collect();
        for id in waiting {
            if let Some(upload) = self.queue.get_mut(id) {
                upload.parts.retry_now();
            }
            if matches!(self.queue.state(id), Some(QueueState::Timed(_))) {
                self.queue.move_to(id, QueueState::Ready);
            }
        }
        for host in [&mut self.backoffs.storage, &mut self.backoffs.api] {
            if host.why().is_some_and(is_loss) {
                host.succeeded();
            }
        }
        self.needs_step = true;
    }

    /// Takes everything of an upload back from the network. What was on its way may have arrived.
    pub(crate) fn suspend(&mut self, cx: &mut Context, id: UploadId) {
        let Some(upload) = self.queue.get_mut(id) else { return };
        for part in core::mem::take(&mut upload.in_flight) {
            upload.parts.to_retry.push(part.known.taken_back());
            self.in_use -= 1;
            self.links.link.part_dropped(part.request);
            cx.abort(part.request);
        }
    }

    /// Gives up the request to the API for an upload, if there is one. A request that has left may come back: what
    /// the service has done is worth knowing, so for a pause only [`Transfers::withdraw_unwanted`] gives it up.
    pub(crate) fn withdraw(&mut self, id: UploadId) -> bool {
        let had_call = self.queue.get_mut(id).is_some_and(|upload| core::mem::take(&mut upload.has_call));
        if had_call {
            self.requests.push_back(Request::Withdraw(id));
        }
        had_call
    }

    /// Gives up the request of an upload if it may not leave any more: since it was made, the upload may have been
    /// paused, the device moved to another project, or the service have asked to be left alone.
    pub(crate) fn withdraw_unwanted(&mut self, cx: &Context, id: UploadId) {
        let is_at_work = !self.queue.is_paused && self.queue.state(id) == Some(QueueState::Active);
        let upload = self.queue.get(id);
        let is_new = upload.is_some_and(|upload| upload.asset_id.is_none());
        let is_elsewhere =
            upload.is_none_or(|upload| is_another(upload.project_id.as_ref(), self.project.id.as_ref()));
        let is_placed = !is_new || !is_elsewhere && self.project.is_confirmed;
        if is_at_work && is_placed && self.backoffs.api.is_open(cx.now.mono) {
            return;
        }
        self.needs_step = true;
        if self.withdraw(id) && is_new {
            if let Some(upload) = self.queue.get_mut(id) {
                upload.budget.give_back();
            }
        }
        if is_at_work && is_new {
            // Where it belongs, and when, is looked at when it is begun.
            self.queue.move_to(id, QueueState::Ready);
        }
    }

    pub(crate) fn end(&mut self, cx: &mut Context, id: UploadId, ending: Ending) {
        self.suspend(cx, id);
        self.withdraw(id);
        match &ending {
            Ending::Failed(error) => log_line!(cx.log, Warn, "upload {id} failed: {error}"),
            Ending::Skipped(error) => log_line!(cx.log, Info, "upload {id} skipped: {error}"),
            Ending::Done => log_line!(cx.log, Info, "upload {id} done"),
            Ending::Canceled => log_line!(cx.log, Info, "upload {id} canceled"),
        }
        self.queue.end(id, ending);
        self.queue.needs_saving(id);
        self.needs_step = true;
    }

    /// A new asset for the same media.
    pub(crate) fn start_over(&mut self, cx: &mut Context, id: UploadId, why: Error) {
        self.suspend(cx, id);
        self.withdraw(id);
        let Some(upload) = self.queue.get_mut(id) else { return };
        log_line!(cx.log, Info, "upload {id} starts over with a new asset: {why}");
        if upload.pushed.is_some() && upload.parts.done_count() > 0 {
            return self.end(cx, id, Ending::Failed(why));
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
            _ => Backoff::API.delay(times, None, &mut cx.random),
        };
        // Whether one more asset is allowed is looked at when it is begun.
        let state = if upload.is_paused {
            QueueState::Parked(FIO_E_UPLOAD_PAUSED)
        } else {
            QueueState::Timed(cx.now.mono + wait)
        };
        self.queue.needs_saving(id);
        self.queue.move_to(id, state);
        self.needs_step = true;
    }

    /// A new asset that is sent as recordings are: their parts get presigned URLs when they are needed.
    fn send_as_recording(&mut self, cx: &mut Context, id: UploadId, why: Error) {
        if let Some(upload) = self.queue.get_mut(id) {
            log_line!(
                cx.log,
                Info,
                "upload {id} takes longer than its presigned URLs live: it goes on as a recording"
            );
            upload.send_as_recording();
        }
        self.start_over(cx, id, why);
    }

    /// What follows from what was heard of an upload.
    pub(crate) fn carry_out(&mut self, cx: &mut Context, id: UploadId, next: Next) {
        match next {
            Next::GoOn => {}
            Next::End(ending) => self.end(cx, id, ending),
            Next::StartOver(why) => self.start_over(cx, id, why),
            Next::SendAsRecording(why) => self.send_as_recording(cx, id, why),
            Next::RetryPart(part, error, backoff) => self.retry_part(cx, id, part, error, backoff),
            Next::AwaitSource(part, error) => self.await_source(cx, id, part, error),
            Next::RetryCall(error, backoff) => self.retry_call(cx, id, error, backoff),
            Next::Requeue => self.move_if_idle(id, QueueState::Ready),
        }
    }

    fn move_if_idle(&mut self, id: UploadId, state: QueueState) {
        let is_idle = self.queue.get(id).is_some_and(|upload| upload.in_flight.is_empty());
        if is_idle && self.queue.state(id) == Some(QueueState::Active) {
            self.queue.move_to(id, state);
        }
    }

    fn retry_call(&mut self, cx: &mut Context, id: UploadId, error: Error, backoff: Backoff) {
        let Some(upload) = self.queue.get_mut(id) else { return };
        let now = cx.now.mono;
        let wait = if is_loss(&error) {
            self.backoffs.api.lost(now, &error, self.links.link.pause(now, &mut cx.random))
        } else {
            self.backoffs.api.failed(now, upload.failures, &error, backoff, &mut cx.random)
        };
        log_line!(cx.log, Info, "upload {id}: {error}; next attempt in {} ms", milliseconds(wait));
        upload.last_error = Some(error);
        self.move_if_idle(id, QueueState::Timed(now + wait));
    }

    /// The source cannot be read at the moment: that says nothing about the storage.
    pub(crate) fn await_source(&mut self, cx: &mut Context, id: UploadId, part: u32, error: Error) {
        let Some(upload) = self.queue.get_mut(id) else { return };
        let Some(attempts) = upload.parts.attempts_of(part) else { return };
        let wait = Backoff::SOURCE.delay(attempts.failures, None, &mut cx.random);
        attempts.not_before = cx.now.mono + wait;
        log_line!(cx.log, Info, "upload {id}: {error}; again in {} ms", milliseconds(wait));
        upload.close_path();
        upload.last_error = Some(error);
    }

    fn retry_part(&mut self, cx: &mut Context, id: UploadId, part: u32, error: Error, backoff: Backoff) {
        let now = cx.now.mono;
        let Some(upload) = self.queue.get_mut(id) else { return };
        let Some(attempts) = upload.parts.attempts_of(part) else { return };
        let failures = attempts.failures;
        // Damage on the way says nothing about the host.
        let wait = if error.status == FIO_E_CHECKSUM {
            backoff.delay(failures, None, &mut cx.random)
        } else if is_loss(&error) {
            self.backoffs.storage.lost(now, &error, self.links.link.pause(now, &mut cx.random))
        } else {
            self.backoffs.storage.failed(now, failures, &error, backoff, &mut cx.random)
        };
        let (number, milliseconds) = (part + 1, milliseconds(wait));
        log_line!(cx.log, Info, "upload {id}, part {number}: {error}; again in {milliseconds} ms");
        attempts.not_before = now + wait;
        upload.last_error = Some(error);
    }

    /// Hosts are tried now, for whatever time they have asked or however long they have failed.
    pub(crate) fn open_hosts(&mut self) {
        self.backoffs = Backoffs::default();
        self.needs_step = true;
    }

    /// A person does not want to wait any longer.
    pub(crate) fn retry(&mut self, id: UploadId) -> Result<(), Error> {
        let state = self.queue.state(id);
        let waits_by_itself = matches!(
            state,
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
        if let Some(upload) = self.queue.get_mut(id) {
            upload.forget_failures();
        }
        if !matches!(state, Some(QueueState::Active)) {
            self.queue.move_to(id, QueueState::Ready);
        }
        self.queue.needs_saving(id);
        self.open_hosts();
        Ok(())
    }

    /// Those that wait for their next attempt are tried now. Their assets stay counted.
    pub(crate) fn retry_all(&mut self) {
        let waits = |state: &QueueState| matches!(state, QueueState::Timed(_) | QueueState::Active);
        let waiting = self.queue.uploads().filter(|(_, state)| waits(state));
        let waiting: Vec<UploadId> = waiting.map(|(upload, _)| upload.id).collect();
        for id in waiting {
            if let Some(upload) = self.queue.get_mut(id) {
                upload.parts.retry_now();
            }
            if matches!(self.queue.state(id), Some(QueueState::Timed(_))) {
                self.queue.move_to(id, QueueState::Ready);
            }
        }
        self.open_hosts();
    }
}
