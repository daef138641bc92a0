//! In place of [`crate::upload::uploads`] in a library that is built without uploads (`make lib UPLOADS=no`): for
//! devices that only pair and send by other means, with the token that `fio_access_token` hands out.

use crate::api;
use crate::api::asset::Kind;
use crate::api::part::Outcome;
use crate::clock::{Instant, Now};
use crate::context::effects::{Event, RequestId};
use crate::context::{Context, Save};
use crate::error::Error;
use crate::prelude::*;
use crate::upload::UploadId;
use crate::upload::messages::{ProjectNews, Reply, Request};
use crate::upload::tags::TagKey;

/// Nothing is queued and nothing ever will be.
pub(super) struct NoUploads;

impl NoUploads {
    pub(crate) fn new(_: TagKey) -> NoUploads {
        NoUploads
    }

    pub(crate) fn restore(&mut self, _: &mut Context) {}

    pub(crate) fn handle_authorization(&mut self, _: bool, _: Option<&String>) {}

    pub(crate) fn handle_project(&mut self, _: &mut Context, _: ProjectNews<'_>) {}

    pub(crate) fn handle_response(&mut self, _: &mut Context, _: UploadId, _: Result<Reply, Error>) {}

    pub(crate) fn handle_part(&mut self, _: &mut Context, _: UploadId, _: RequestId, _: Outcome) {}

    pub(crate) fn handle_timeout(&mut self, _: &mut Context) {}

    pub(crate) fn poll_save(&mut self, _: &mut Context) -> Option<Save> {
        None
    }

    pub(crate) fn handle_saved(&mut self, _: &mut Context, _: Result<(), Error>) {}

    pub(crate) fn poll_request(&mut self) -> Option<Request> {
        None
    }

    pub(crate) fn poll_event(&mut self, _: &Context) -> Option<Event> {
        None
    }

    pub(crate) fn poll_timeout(&self, _: &Context) -> Option<Instant> {
        None
    }

    pub(crate) fn asset_request(&self, _: UploadId, _: Kind, _: Now) -> Option<api::Request> {
        None
    }

    pub(crate) fn withdraw_unwanted(&mut self, _: &Context, _: &[UploadId]) {}

    pub(crate) fn wants_progress(&self, _: Now) -> bool {
        false
    }

    /// Of which nothing is in it.
    pub(crate) fn queue(&self) -> &NoUploads {
        self
    }

    pub(crate) fn has_some_left(&self) -> bool {
        false
    }

    pub(crate) fn note_progress(&mut self, _: impl Fn(RequestId) -> u64) {}

    pub(crate) fn shut_down(&mut self, _: &mut Context) {}

    pub(crate) fn network_changed(&mut self, _: &mut Context) {}
}
