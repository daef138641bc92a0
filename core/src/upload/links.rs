//! The uploads and what is known of their link: each part and each request tells of it, and it is kept in the store.

use super::UploadId;
use super::budget::Allowance;
use super::index::QueueState;
use super::plan::SMALLEST_PART;
use super::schedule::Work;
use super::transfer::Upload;
use super::transfers::Transfers;
use super::verdict::Next;
use crate::api::part::Sent;
use crate::clock::{Instant, milliseconds};
use crate::context::Context;
use crate::context::effects::{Event, RequestId};
use crate::error::Error;
use crate::link::memory::{self, Memory, key_of};
use crate::link::{Link, is_loss, shape};
use crate::log::log_line;
use crate::prelude::*;
use crate::secret::SecretBytes;
use crate::status::FIO_E_STORE_DAMAGED;
use core::time::Duration;

const _: () = assert!(shape::SMALLEST_PART == SMALLEST_PART);

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
    pub fn restore(&mut self, cx: &mut Context) {
        self.link = Link::new(cx.settings.uploads.parallel_parts);
        self.key = key_of(&cx.settings.uploads.limits.interfaces);
        let value = match cx.records.load(memory::KEY) {
            Ok(value) => value,
            Err(error) => {
                // It is begun anew. That a store cannot be read is told of what matters.
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
    pub fn change(&mut self, interfaces: &[String]) {
        self.memory.set(self.key, self.link.known());
        self.key = key_of(interfaces);
        self.link.change(self.memory.of(self.key));
    }

    /// Whether no more parts may be begun for now.
    pub fn is_full(&self) -> bool {
        self.link.parts_under_way() >= self.link.at_once()
    }

    /// Whether more is known than was written down, or something else.
    fn has_learned(&self) -> bool {
        let (now, then) = (self.link.known(), self.memory.of(self.key));
        let is_like = now.goodput.abs_diff(then.goodput) <= then.goodput / 4;
        now.goodput > 0 && !(is_like && now.hold == then.hold)
    }

    /// The application frees its client: no power cut.
    pub fn keep(&mut self, cx: &mut Context) {
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
}

impl Transfers {
    /// What the transport has told of the parts, if it has.
    pub fn look_at_link(&mut self, cx: &mut Context) {
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
    pub fn network_changed(&mut self, cx: &mut Context) {
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

    pub fn note_part_on_link(&mut self, cx: &Context, request: RequestId, answer: Result<&Sent, &Error>) {
        let now = cx.now.mono;
        let link = &mut self.links.link;
        let is_back = match answer {
            Ok(sent) => link.part_answered(request, sent.response.is_success(), now),
            Err(error) if is_loss(error) => {
                link.part_lost(request, now);
                false
            }
            Err(_) => {
                link.part_dropped(request);
                false
            }
        };
        if is_back {
            self.network_is_back(cx);
        }
    }

    /// A request to the API was answered, or failed.
    pub fn note_call_on_link(&mut self, cx: &Context, error: Option<&Error>) {
        let now = cx.now.mono;
        let is_answer = error.is_none_or(|error| error.http_status != 0);
        if error.is_some_and(is_loss) {
            self.links.link.call_lost(now);
        } else if is_answer && self.links.link.call_answered(now) {
            self.network_is_back(cx);
        }
    }

    /// What waits for the network goes on.
    fn network_is_back(&mut self, cx: &Context) {
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

    /// What follows from a part that was lost with the network: where its file goes in parts that the link cannot carry,
    /// a new asset with smaller ones may cost less than what would be lost.
    pub fn with_other_parts(&mut self, cx: &Context, id: UploadId, next: Next) -> Next {
        match next {
            Next::RetryPart(_, error, _) if is_loss(&error) && self.wants_smaller_parts(cx, id) => {
                Next::StartOver(error)
            }
            next => next,
        }
    }

    fn wants_smaller_parts(&mut self, cx: &Context, id: UploadId) -> bool {
        let Some(upload) = self.queue.get_mut(id) else { return false };
        if upload.recording.is_some() || upload.parts_wanted > 0 || upload.pushed.is_some() {
            return false;
        }
        let (size, part, stored) = (upload.condition.size, upload.range(0).1, upload.parts.confirmed);
        self.links.link.wants_smaller(size, part, stored)
            && upload.budget.made < MOST_FOR_SHAPE
            && upload.budget.allows(cx.now) == Allowance::Now
    }

    /// Whether work can be done although as many parts are on their way as the link carries: what is no part, and a part
    /// that was on its way with others when an earlier life ended.
    pub fn has_room_for(&self, id: UploadId, work: &Work) -> bool {
        let Work::Part(part) = work else { return true };
        !self.links.is_full() || self.was_under_way(id, *part)
    }

    fn was_under_way(&self, id: UploadId, part: u32) -> bool {
        let Some(upload) = self.queue.get(id) else { return false };
        let is_meant = upload.parts.to_retry.iter().any(|known| known.part == part && known.was_under_way);
        is_meant && self.links.link.may_join(upload.range(part).1)
    }

    /// Whether no more parts may be begun, and an upload stands by: others need no asset yet.
    pub fn has_next(&self) -> bool {
        let stands_by = |upload: &Upload| upload.in_flight.is_empty() && upload.recording.is_none();
        self.links.is_full() && self.queue.active().any(|(_, id)| self.queue.get(id).is_some_and(stands_by))
    }

    /// Writes down what was learned, now and then.
    pub fn save_link(&mut self, cx: &mut Context) {
        let now = cx.now.mono;
        let is_busy = self.in_use > 0 && !self.queue.is_paused;
        let links = &mut self.links;
        if !is_busy {
            links.busy_since = None;
        }
        let busy_since = is_busy.then(|| *links.busy_since.get_or_insert(now));
        let is_due = match busy_since {
            // What is over soon is written down once.
            Some(since) => match links.saved_at.filter(|at| *at >= since) {
                Some(at) => now - at >= SAVE_EVERY,
                None => now - since >= SAVE_FIRST,
            },
            None => links.memory.busy_for.is_some() || links.has_learned(),
        };
        if is_due {
            links.write(cx, busy_since);
        }
    }
}
