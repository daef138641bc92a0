//! Which project the device is in: media that was queued for another is held, never sent to this one.

use super::super::Engine;
use super::control::idle_state;
use crate::error::Error;
use crate::failure::Backoff;
use crate::prelude::*;
use crate::status::*;
use crate::upload::UploadId;
use crate::upload::index::QueueState;

/// Whether media that was queued for one project must not reach the other. Where either is not known, nothing
/// speaks against it: the token is bound to one.
pub(super) fn is_another(queued_for: Option<&String>, present: Option<&String>) -> bool {
    queued_for.zip(present).is_some_and(|(queued_for, present)| queued_for != present)
}

impl Engine {
    /// An asset has told of its project where the device information has not.
    pub(super) fn learn_project(&mut self, id: UploadId, project_id: Option<&String>) {
        let Some(project_id) = project_id else { return };
        if let Some(upload) = self.uploads.queue.get_mut(id) {
            upload.project_id.get_or_insert_with(|| project_id.clone());
        }
        if self.uploads.is_project_confirmed {
            self.token.learn_project(project_id);
        }
    }

    /// The service has said which project the device is in, or has named none: then nothing is held back but
    /// what is known to be for another than this pairing's, if that was ever named.
    pub(in crate::engine) fn project_confirmed(&mut self) {
        self.uploads.is_project_confirmed = true;
        self.uploads.is_project_doubted = false;
        self.uploads.needs_step = true;
        let Some(current) = self.token.project().cloned() else { return };
        if self.uploads.sorted_for.as_ref() == Some(&current) {
            return;
        }
        // Footage must not reach the wrong production.
        let queue = &self.uploads.queue;
        let moves: Vec<(UploadId, QueueState)> = queue
            .uploads()
            .filter(|(upload, _)| upload.asset_id.is_none())
            .filter_map(|(upload, queue_state)| {
                let is_other = is_another(upload.project_id.as_ref(), Some(&current));
                match queue_state {
                    QueueState::Ready | QueueState::Timed(_) if is_other => {
                        Some((upload.id, QueueState::Parked(FIO_E_OTHER_PROJECT)))
                    }
                    QueueState::Parked(FIO_E_OTHER_PROJECT) if !is_other => {
                        Some((upload.id, idle_state(upload)))
                    }
                    _ => None,
                }
            })
            .collect();
        for (id, queue_state) in moves {
            self.uploads.queue.move_to(id, queue_state);
        }
        self.uploads.sorted_for = Some(current);
    }

    /// The store has told of a pairing, perhaps long after the start.
    pub(in crate::engine) fn authorization_found(&mut self) {
        self.uploads.needs_step = true;
    }

    /// A new pairing: which project it leads to is not known yet.
    pub(in crate::engine) fn project_unknown(&mut self) {
        self.uploads.is_project_confirmed = false;
        self.uploads.api.succeeded();
        self.uploads.needs_step = true;
    }

    /// The service could not be asked.
    pub(in crate::engine) fn project_unconfirmed(&mut self, error: &Error) {
        self.uploads.api.failed(self.cx.now.mono, 0, error, Backoff::API, &mut self.cx.random);
        self.uploads.needs_step = true;
    }
}
