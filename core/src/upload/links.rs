//! The uploads and what is known of their link: each part and each request tells of it, and it is kept in the store.

use super::budget::Allowance;
use super::queue::Queue;
use super::schedule::Work;
use super::transfer::Upload;
use super::verdict::Next;
use crate::api::part::Sent;
use crate::clock::{Instant, Now, milliseconds};
use crate::context::Context;
use crate::context::effects::{Event, RequestId};
use crate::error::Error;
use crate::link::memory::{self, Memory, key_of};
use crate::link::{Link, is_loss};
use crate::log::log_line;
use crate::prelude::*;
use crate::secret::SecretBytes;
use crate::status::FIO_E_STORE_DAMAGED;
use core::time::Duration;

/// What is learned is written down after so long, and then so often, while parts are on their way.
const SAVE_FIRST: Duration = Duration::from_secs(5);
const SAVE_EVERY: Duration = Duration::from_secs(15);
/// Assets that may be given up for the sake of smaller parts.
const MOST_FOR_SHAPE: u32 = 3;

#[derive(Default)]
pub(super) struct Links {
    pub link: Link,
    /// Of this link and of others.
    memory: Memory,
    key: u64,
    /// Since when parts have been on their way without a pause.
    busy_since: Option<Instant>,
    saved_at: Option<Instant>,
}

impl Links {
    pub(crate) fn restore(&mut self, cx: &mut Context) {
        self.link = Link::new(cx.settings.uploads.parallel_parts);
        self.key = key_of(&cx.settings.uploads.limits.interfaces);
        let value = match cx.records.load(memory::KEY) {
            Ok(value) => value,
            Err(error) => {
                // It is started over. That a store cannot be read is told of what matters.
                if error.status == FIO_E_STORE_DAMAGED {
                    cx.tell(Event::StoreDamaged(error));
                }
                None
            }
        };
        let Some(value) = value else { return };
        let Some(mut memory) = Memory::decode(value.expose()) else {
            let error =
                cx.records.set_aside(memory::KEY, "was not written by this library, or by a newer one");
            return cx.tell(Event::StoreDamaged(error));
        };
        if !memory.is_fresh(cx.now.wall) {
            return;
        }
        memory.note_power_cut();
        self.memory = memory;
        self.link.change(self.memory.of(self.key));
    }

    /// Parts use other interfaces from now on.
    pub(crate) fn change(&mut self, interfaces: &[String]) {
        self.memory.set(self.key, self.link.known());
        self.key = key_of(interfaces);
        self.link.change(self.memory.of(self.key));
    }

    /// Whether no more parts may be begun for now.
    pub(crate) fn is_full(&self) -> bool {
        self.link.is_full()
    }

    /// Whether more is known than was written down, or something else.
    fn has_learned(&self) -> bool {
        let (now, then) = (self.link.known(), self.memory.of(self.key));
        let is_like = now.goodput.abs_diff(then.goodput) <= then.goodput / 4;
        now.goodput > 0 && !(is_like && now.hold == then.hold)
    }

    /// The application frees its client: no power cut.
    pub(crate) fn keep(&mut self, cx: &mut Context) {
        if self.memory.busy_for.is_some() || self.has_learned() {
            self.write(cx, None);
        }
    }

    /// Losing it costs time and nothing else.
    fn write(&mut self, cx: &mut Context, busy_since: Option<Instant>) {
        let now = cx.now;
        self.saved_at = Some(now.mono);
        self.memory.wall = now.wall;
        self.memory.busy_for = busy_since.map(|since| milliseconds(now.mono - since));
        self.memory.set(self.key, self.link.known());
        let value = SecretBytes::new(self.memory.encode());
        if let Err(error) = cx.records.save(memory::KEY, &value) {
            log_line!(cx.log, Debug, "what is known of the link could not be written: {error}");
        }
    }

    /// A part was answered, or failed. Returns whether the network is back.
    pub(crate) fn note_part(
        &mut self,
        now: Instant,
        request: RequestId,
        answer: Result<&Sent, &Error>,
    ) -> bool {
        match answer {
            Ok(sent) => return self.link.part_answered(request, sent.response.is_success(), now),
            Err(error) if is_loss(error) => self.link.part_lost(request, now),
            Err(_) => self.link.part_dropped(request),
        }
        false
    }

    /// A request to the API was answered, or failed. Returns whether the network is back.
    pub(crate) fn note_call(&mut self, now: Instant, error: Option<&Error>) -> bool {
        let is_answer = error.is_none_or(|error| error.http_status != 0);
        if error.is_some_and(is_loss) {
            self.link.call_lost(now);
            return false;
        }
        is_answer && self.link.call_answered(now)
    }

    /// What follows from a part that was lost with the network: where its file goes in parts that the link cannot carry,
    /// a new asset with smaller ones may cost less than what would be lost.
    pub(crate) fn with_other_parts(&self, upload: &mut Upload, now: Now, next: Next) -> Next {
        match next {
            Next::RetryPart(_, error, _) if is_loss(&error) && self.wants_smaller_parts(upload, now) => {
                Next::StartOver(error)
            }
            next => next,
        }
    }

    fn wants_smaller_parts(&self, upload: &mut Upload, now: Now) -> bool {
        if upload.recording.is_some() || upload.parts_wanted > 0 || upload.pushed.is_some() {
            return false;
        }
        let (size, part, stored) = (upload.condition.size, upload.range(0).1, upload.parts.confirmed);
        self.link.wants_smaller(size, part, stored)
            && upload.budget.made < MOST_FOR_SHAPE
            && upload.budget.allows(now) == Allowance::Now
    }

    /// Whether work can be done although as many parts are on their way as the link carries: what is no part, and a part
    /// that was on its way with others when an earlier life ended.
    pub(crate) fn has_room_for(&self, upload: &Upload, work: &Work) -> bool {
        let Work::Part(part) = work else { return true };
        let is_meant =
            || upload.parts.to_retry.iter().any(|known| known.part == *part && known.was_under_way);
        !self.is_full() || is_meant() && self.link.may_join(upload.range(*part).1)
    }

    /// Whether no more parts may be begun, and an upload stands by: others need no asset yet.
    pub(crate) fn has_next(&self, queue: &Queue) -> bool {
        let stands_by = |upload: &Upload| upload.in_flight.is_empty() && upload.recording.is_none();
        self.is_full() && queue.active().any(|(_, id)| queue.get(id).is_some_and(stands_by))
    }

    /// Writes down what was learned, now and then.
    pub(crate) fn save(&mut self, cx: &mut Context, is_busy: bool) {
        let now = cx.now.mono;
        if !is_busy {
            self.busy_since = None;
        }
        let busy_since = is_busy.then(|| *self.busy_since.get_or_insert(now));
        let is_due = match busy_since {
            // What is over soon is written down once.
            Some(since) => match self.saved_at.filter(|at| *at >= since) {
                Some(at) => now - at >= SAVE_EVERY,
                None => now - since >= SAVE_FIRST,
            },
            None => self.memory.busy_for.is_some() || self.has_learned(),
        };
        if is_due {
            self.write(cx, busy_since);
        }
    }
}
