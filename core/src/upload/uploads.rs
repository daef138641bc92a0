//! Uploads as one machine: what comes in, what goes out, and when it wants to be called next. It opens and looks
//! at sources itself, through [`crate::source::Sources`]; everything else of the world goes through the engine.

use super::known_tags::KnownTags;
use super::messages::{ProjectNews, Reply, Request};
use super::progress::Progress;
use super::queue::Queue;
use super::saving::Saving;
use super::transfers::Transfers;
use super::{UploadId, UploadInfo, recordings};
use crate::api;
use crate::api::asset::Kind;
use crate::api::part::Outcome;
use crate::clock::{Instant, Now};

use crate::context::effects::{Command, Event, RequestId};
use crate::context::{Context, Save};
use crate::error::Error;
use crate::prelude::*;
use crate::status::*;

pub struct Uploads {
    pub(super) transfers: Transfers,
    pub(super) saving: Saving,
    pub(super) tags: KnownTags,
    progress: Progress,
    /// Of the last step.
    pub(super) now: Instant,
}

impl Uploads {
    pub(crate) fn new(tag_key: super::tags::TagKey) -> Uploads {
        Uploads {
            transfers: Transfers { needs_step: true, ..Transfers::default() },
            saving: Saving::default(),
            tags: KnownTags::new(tag_key),
            progress: Progress::default(),
            now: Instant::default(),
        }
    }

    pub fn queue(&self) -> &Queue {
        &self.transfers.queue
    }

    pub fn info(&self, id: UploadId) -> Result<UploadInfo, Error> {
        self.transfers.info(id, self.now).ok_or_else(|| Error::of(FIO_E_UNKNOWN_UPLOAD))
    }

    /// Takes up what an earlier life of this device has left to do.
    pub(crate) fn restore(&mut self, cx: &mut Context) {
        let limits = &cx.settings.uploads.limits;
        if *limits != Default::default() {
            cx.commands.push_back(Command::LimitUploads(limits.clone()));
        }
        self.transfers.links.restore(cx);
        self.saving.restore(cx, &mut self.transfers, &mut self.tags);
    }

    /// Whether there is an authorization, and for which project, as far as the service has told it.
    pub(crate) fn handle_authorization(&mut self, is_authorized: bool, project: Option<&String>) {
        let transfers = &mut self.transfers;
        transfers.needs_step |= transfers.is_authorized != is_authorized;
        transfers.is_authorized = is_authorized;
        if transfers.project.id.as_ref() != project {
            transfers.project.id = project.cloned();
        }
    }

    pub(crate) fn handle_project(&mut self, cx: &mut Context, news: ProjectNews<'_>) {
        self.transfers.handle_project(cx, news);
    }

    /// A request to the API on behalf of an upload is over.
    pub(crate) fn handle_response(&mut self, cx: &mut Context, id: UploadId, result: Result<Reply, Error>) {
        self.transfers.handle_response(cx, id, result);
    }

    /// The storage has answered for a part, or has not.
    pub(crate) fn handle_part(
        &mut self,
        cx: &mut Context,
        id: UploadId,
        request: RequestId,
        outcome: Outcome,
    ) {
        self.transfers.handle_part(cx, id, request, outcome);
    }

    /// Does what has become due.
    pub(crate) fn handle_timeout(&mut self, cx: &mut Context) {
        self.now = cx.now.mono;
        self.transfers.needs_step = false;
        self.saving.retry_reading(cx, &mut self.transfers, &mut self.tags);
        self.tags.retry_reading(cx, &mut self.transfers.queue);
        self.transfers.queue.gate = match () {
            () if !self.transfers.is_authorized => FIO_E_NOT_AUTHORIZED,
            () if self.saving.is_pause_unknown() => FIO_E_STORE,
            () => 0,
        };
        recordings::handle_timeout(&mut self.transfers, cx);
        self.transfers.look_at_link(cx);
        self.transfers.handle_timeout(cx);
    }

    /// What is to be written down, before anything that depends on it is told or leaves.
    pub(crate) fn poll_save(&mut self, cx: &mut Context) -> Option<Save> {
        let save = self.saving.poll_save(cx, &mut self.transfers.queue, &mut self.tags);
        if save.is_none() {
            // Last, so that a power cut in it costs nothing of the queue.
            let is_busy = self.transfers.in_use > 0 && !self.transfers.queue.is_paused;
            self.transfers.links.save(cx, is_busy);
        }
        save
    }

    pub(crate) fn handle_saved(&mut self, cx: &mut Context, saved: Result<(), Error>) {
        self.saving.handle_saved(cx, &mut self.transfers.queue, &mut self.tags, saved);
    }

    pub(crate) fn poll_request(&mut self) -> Option<Request> {
        let request = self.transfers.requests.pop_front();
        // From now on its connection is free.
        if let Some(Request::Withdraw(_)) = request {
            self.transfers.in_use -= 1;
            self.transfers.needs_step = true;
        }
        request
    }

    /// What the application is told. Once it was told, those that are over are forgotten.
    pub(crate) fn poll_event(&mut self, cx: &Context) -> Option<Event> {
        let event = self.progress.poll_event(cx, &mut self.transfers);
        if event.is_none() {
            self.saving.forget_oldest(cx, &mut self.transfers.queue, &mut self.tags);
        }
        event
    }

    pub(crate) fn poll_timeout(&self, cx: &Context) -> Option<Instant> {
        let transfers = &self.transfers;
        [
            self.saving.poll_timeout(&transfers.queue, &self.tags),
            self.tags.poll_timeout(),
            self.progress.poll_timeout(transfers),
            recordings::poll_timeout(&transfers.queue),
            transfers.poll_timeout(cx),
            transfers.links.link.deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// What is known of the link is kept, before the engine goes away.
    pub(crate) fn shut_down(&mut self, cx: &mut Context) {
        self.transfers.links.keep(cx);
    }

    /// The network is another one now, or there again.
    pub(crate) fn network_changed(&mut self, cx: &mut Context) {
        self.transfers.network_changed(cx);
    }

    /// The request that creates the asset of an upload, with its age as it is now.
    pub(crate) fn asset_request(&mut self, id: UploadId, kind: Kind, now: Now) -> Option<api::Request> {
        Some(self.transfers.queue.get_mut(id)?.asset_request(kind, now))
    }

    /// Gives up those requests of uploads that may not leave any more, be it with a new token.
    pub(crate) fn withdraw_unwanted(&mut self, cx: &Context, waiting: &[UploadId]) {
        for id in waiting {
            self.transfers.withdraw_unwanted(cx, *id);
        }
    }

    /// Whether the next step is going to tell progress and should know how far the parts are.
    pub fn wants_progress(&self, now: Now) -> bool {
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now.mono);
        is_due(self.progress.poll_timeout(&self.transfers)) || is_due(self.transfers.links.link.deadline())
    }

    /// Tells how many bytes of each part have left.
    pub(crate) fn note_progress(&mut self, sent: impl Fn(RequestId) -> u64) {
        let queue = &mut self.transfers.queue;
        let ids: Vec<_> = queue.active().map(|(_, id)| id).collect();
        for id in ids {
            let Some(upload) = queue.get_mut(id) else { continue };
            for part in &mut upload.in_flight {
                part.sent = sent(part.request);
            }
        }
        self.transfers.links.link.note_progress(sent);
    }
}
