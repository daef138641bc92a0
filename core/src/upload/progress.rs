//! What the application is told of uploads: changes of state as they happen, progress in its interval.

use super::transfers::Transfers;
use crate::clock::Instant;
use crate::context::Context;
use crate::context::effects::Event;
use crate::prelude::*;

#[derive(Default)]
pub(super) struct Progress {
    next: Option<Instant>,
    /// A change was told: if it was the last one, progress is told too.
    has_changed: bool,
}

impl Progress {
    pub(crate) fn poll_event(&mut self, cx: &Context, transfers: &mut Transfers) -> Option<Event> {
        let now = cx.now.mono;
        let is_busy = transfers.is_busy();
        if is_busy && transfers.speed.is_due(now) {
            transfers.speed.sample(now, transfers.queue.bytes_in_flight());
            transfers.queue.sample(now);
        } else if !is_busy {
            match transfers.queue.has_some_left() {
                true => transfers.speed.rest(),
                false => transfers.speed.end(),
            }
        }
        while let Some(id) = transfers.queue.next_change() {
            self.has_changed = true;
            if let Some(info) = transfers.info(id, now) {
                return Some(Event::Upload(Box::new(info)));
            }
        }
        let has_changed = core::mem::take(&mut self.has_changed);
        let interval = cx.settings.uploads.progress_interval;
        if interval.is_zero() {
            return None;
        }
        if transfers.in_use == 0 {
            // The next moment stays: many small files must not be told faster than wanted. That everything is over is told
            // at once.
            let is_over = has_changed && !transfers.queue.has_some_left();
            return is_over.then(|| progress(transfers, now));
        }
        let at = *self.next.get_or_insert(now);
        (at <= now).then(|| {
            self.next = Some(now + interval);
            transfers.speed.sample(now, transfers.queue.bytes_in_flight());
            progress(transfers, now)
        })
    }

    pub(crate) fn poll_timeout(&self, transfers: &Transfers) -> Option<Instant> {
        self.next.filter(|_| transfers.in_use > 0)
    }
}

fn progress(transfers: &Transfers, now: Instant) -> Event {
    let totals = transfers.totals(now);
    let current = totals.current.and_then(|id| transfers.info(id, now));
    Event::Progress { totals: Box::new(totals), current: current.map(Box::new) }
}
