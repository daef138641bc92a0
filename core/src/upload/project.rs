//! Which project the device is in: media that was queued for another is held, never sent to this one.

use super::UploadId;
use super::index::QueueState;
use super::queue::Queue;
use crate::prelude::*;
use crate::status::*;

/// Whether media that was queued for one project must not reach the other. Where either is not known, nothing
/// speaks against it: the token is bound to one.
pub(super) fn is_another(queued_for: Option<&String>, present: Option<&String>) -> bool {
    queued_for.zip(present).is_some_and(|(queued_for, present)| queued_for != present)
}

#[derive(Default)]
pub(super) struct Project {
    /// That of this pairing, as far as the service has told it.
    pub id: Option<String>,
    /// It has been heard from the service since the last pairing and start.
    pub is_confirmed: bool,
    /// The answer to a creation named another one: whether the device was moved is still to be asked.
    pub is_doubted: bool,
    /// Which one the queue was last sorted for.
    pub sorted_for: Option<String>,
}

impl Project {
    pub(crate) fn confirmed(&mut self, queue: &mut Queue) {
        self.is_confirmed = true;
        self.is_doubted = false;
        if self.id.is_some() && self.sorted_for != self.id {
            self.sort(queue);
            self.sorted_for = self.id.clone();
        }
    }

    /// Footage must not reach the wrong production.
    fn sort(&self, queue: &mut Queue) {
        let moves: Vec<(UploadId, QueueState)> = queue
            .uploads()
            .filter(|(upload, _)| upload.asset_id.is_none())
            .filter_map(|(upload, state)| {
                let is_other = is_another(upload.project_id.as_ref(), self.id.as_ref());
                match state {
                    QueueState::Ready | QueueState::Timed(_) if is_other => {
                        Some((upload.id, QueueState::Parked(FIO_E_OTHER_PROJECT)))
                    }
                    QueueState::Parked(FIO_E_OTHER_PROJECT) if !is_other => {
                        Some((upload.id, QueueState::idle(upload)))
                    }
                    _ => None,
                }
            })
            .collect();
        for (id, state) in moves {
            queue.move_to(id, state);
        }
    }

    /// Another one than was thought.
    pub(crate) fn doubt(&mut self) {
        self.is_confirmed = false;
        self.is_doubted = true;
        self.sorted_for = None;
    }
}
