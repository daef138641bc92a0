//! What the application is told of uploads: changes of state as they happen, progress in its interval.

use super::super::Engine;
use super::super::effects::{Event, RequestId};
use crate::clock::{Instant, Now};
use crate::prelude::*;

impl Engine {
    pub(super) fn report_uploads(&mut self) {
        let mut has_changed = false;
        while let Some(id) = self.uploads.queue.next_change() {
            has_changed = true;
            if let Some(info) = self.uploads.queue.info(id, self.cx.now.mono) {
                self.cx.tell(Event::Upload(Box::new(info)));
            }
        }
        let interval = self.uploads.settings.progress_interval;
        if interval.is_zero() {
            return;
        }
        let now = self.cx.now.mono;
        if self.uploads.in_use == 0 {
            // The moment of the next word stays: many small files must not be told faster than wanted.
            self.uploads.speed.rest();
            // That everything is over is worth a word.
            if has_changed && self.uploads.queue.totals().files_left == 0 {
                self.tell_progress();
            }
            return;
        }
        let at = *self.uploads.next_progress.get_or_insert(now);
        if at <= now {
            self.uploads.next_progress = Some(now + interval);
            let in_flight = self.uploads.queue.bytes_in_flight();
            self.uploads.speed.sample(now, in_flight);
            self.tell_progress();
        }
    }

    fn tell_progress(&mut self) {
        let totals = self.totals();
        let current = totals.current.and_then(|id| self.uploads.queue.info(id, self.cx.now.mono));
        self.cx.tell(Event::Progress { totals: Box::new(totals), current: current.map(Box::new) });
    }

    pub(super) fn progress_deadline(&self) -> Option<Instant> {
        self.uploads.next_progress.filter(|_| self.uploads.in_use > 0)
    }

    /// Whether the next step is going to tell progress and should know how far the parts are.
    pub fn wants_progress(&self, now: Now) -> bool {
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now.mono);
        is_due(self.progress_deadline()) || is_due(self.link_deadline())
    }

    /// Tells how many bytes of each part have left.
    pub fn note_progress(&mut self, sent: impl Fn(RequestId) -> u64) {
        let ids: Vec<_> = self.uploads.queue.active().map(|(_, id)| id).collect();
        for id in ids {
            let Some(upload) = self.uploads.queue.get_mut(id) else { continue };
            for part in &mut upload.in_flight {
                part.sent = sent(part.request);
            }
        }
        self.uploads.links.link.note_progress(sent);
    }
}
