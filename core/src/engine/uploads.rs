//! Carries what uploads want to the other machines, and what those have for uploads back.

use super::Engine;
use super::calls::{Caller, Errand, Reply};
use crate::error::Error;
use crate::upload::UploadId;
use crate::upload::messages::{self, ProjectNews, Request};
#[cfg(feature = "uploads")]
use {
    super::context::Context, super::effects::RequestId, super::transport::UploadLimits, crate::clock::Now,
    crate::upload::UploadInfo, crate::upload::uploads::Uploads,
};

/// For applications.
#[cfg(feature = "uploads")]
impl Engine {
    pub fn uploads(&self) -> &Uploads {
        &self.uploads
    }

    /// Lets an application ask something of uploads, and does what follows from it.
    pub fn with_uploads<T>(
        &mut self,
        now: Now,
        ask: impl FnOnce(&mut Uploads, &mut Context) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.cx.set_now(now);
        self.tell_uploads();
        let answer = ask(&mut self.uploads, &mut self.cx)?;
        self.pass_upload_requests();
        self.step();
        Ok(answer)
    }

    /// Tells how many bytes of each part have left.
    pub fn note_progress(&mut self, sent: impl Fn(RequestId) -> u64) {
        self.uploads.note_progress(sent);
    }

    pub fn upload_info(&self, id: UploadId) -> Result<UploadInfo, Error> {
        self.uploads.info(&self.cx, id)
    }

    /// Changes what parts may use of the network.
    pub fn limit_uploads(&mut self, now: Now, change: impl FnOnce(&mut UploadLimits)) {
        self.cx.set_now(now);
        if self.uploads.limit(&mut self.cx, change) {
            self.step();
        }
    }
}

impl Engine {
    /// What the machine has to know of the others before it is asked anything.
    pub(super) fn tell_uploads(&mut self) {
        let is_authorized = self.session.tokens().is_some();
        let project = self.persistence.project_id.as_ref().filter(|_| !self.persistence.is_newly_paired);
        self.uploads.handle_authorization(is_authorized, project);
    }

    pub(super) fn step_uploads(&mut self) {
        self.tell_uploads();
        self.uploads.handle_timeout(&mut self.cx);
        self.pass_upload_requests();
        self.save_uploads();
        while let Some(event) = self.uploads.poll_event(&self.cx) {
            self.cx.tell(event);
        }
        self.uploads.forget_oldest(&self.cx);
        self.save_uploads();
    }

    fn save_uploads(&mut self) {
        while let Some(save) = self.uploads.poll_save(&mut self.cx) {
            let saved = self.cx.save(&save);
            self.uploads.handle_saved(&mut self.cx, saved);
        }
    }

    fn pass_upload_requests(&mut self) {
        while let Some(request) = self.uploads.poll_request() {
            match request {
                Request::CreateAsset(id, kind) => {
                    self.add_call(Caller::Upload(id), Errand::CreateAsset(id, kind));
                }
                Request::AnnounceParts(id, request, count) => {
                    self.add_call(Caller::Upload(id), Errand::AnnounceParts(request, count));
                }
                Request::Withdraw(id) => {
                    self.withdraw_call(Caller::Upload(id));
                }
                Request::DeviceInfo => {
                    if !self.has_call_of(Caller::FollowUp) {
                        self.fetch_project();
                    }
                }
                Request::KeepProject(project_id) => {
                    self.persistence.project_id = Some(project_id);
                    // A refusal to store is told as an event and repeated.
                    let _ = self.persist(self.session.is_refreshing());
                }
            }
        }
    }

    pub(super) fn upload_call_over(&mut self, id: UploadId, result: Result<Reply, Error>) {
        let reply = match result {
            Ok(Reply::Asset(asset)) => Ok(messages::Reply::Asset(asset)),
            Ok(Reply::Addresses(urls)) => Ok(messages::Reply::Urls(urls)),
            Ok(_) => return,
            Err(error) => Err(error),
        };
        self.tell_uploads();
        self.uploads.handle_response(&mut self.cx, id, reply);
        self.pass_upload_requests();
    }

    pub(super) fn is_still_wanted(&mut self, id: UploadId) -> bool {
        self.tell_uploads();
        let is_wanted = self.uploads.is_still_wanted(&self.cx, id);
        self.pass_upload_requests();
        is_wanted
    }

    pub(super) fn project_heard(&mut self, news: ProjectNews<'_>) {
        self.tell_uploads();
        self.uploads.handle_project(&mut self.cx, news);
    }
}
