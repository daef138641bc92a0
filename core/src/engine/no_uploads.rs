//! In place of [`super::uploads`] in a library that is built without uploads (`make lib UPLOADS=no`): for
//! devices that only pair and send by other means, with the token that `fio_access_token` hands out.

use super::calls::Reply;
use super::effects::RequestId;
use super::transport::UploadLimits;
use super::{Engine, UploadSettings};
use crate::api::Request;
use crate::api::asset::Kind;
use crate::api::part::Outcome;
use crate::clock::{Instant, Now};
use crate::error::Error;
use crate::upload::UploadId;

/// Nothing is queued and nothing ever will be.
pub(super) struct Uploads(UploadLimits);

impl Uploads {
    pub fn new(settings: UploadSettings) -> Uploads {
        Uploads(settings.limits)
    }

    pub fn has_limits(&self) -> bool {
        false
    }

    pub fn asset_request(&self, _: UploadId, _: Kind, _: Now) -> Option<Request> {
        None
    }
}

impl Engine {
    pub fn limit_uploads(&mut self, _: UploadLimits, _: Now) {}

    pub fn upload_limits(&self) -> &UploadLimits {
        &self.uploads.0
    }

    pub fn wants_progress(&self, _: Now) -> bool {
        false
    }

    pub fn note_progress(&mut self, _: impl Fn(RequestId) -> u64) {}

    pub(super) fn restore_uploads(&mut self) {}

    pub(super) fn keep_link(&mut self) {}

    pub(super) fn step_uploads(&mut self) {}

    pub(super) fn uploads_deadline(&self) -> Option<Instant> {
        None
    }

    pub(super) fn part_answered(&mut self, _: UploadId, _: u64, _: Outcome) {}

    pub(super) fn upload_call_over(&mut self, _: UploadId, _: Result<Reply, Error>) {}

    pub(super) fn is_still_wanted(&mut self, _: UploadId) -> bool {
        false
    }

    pub(super) fn authorization_found(&mut self) {}

    pub(super) fn project_confirmed(&mut self) {}

    pub(super) fn project_unknown(&mut self) {}

    pub(super) fn project_unconfirmed(&mut self, _: &Error) {}
}
