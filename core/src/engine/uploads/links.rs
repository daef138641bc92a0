//! The uploads and what is known of their link: each part and each request tells of it, and it is kept in the store.

use super::super::Engine;
use super::super::effects::RequestId;
use crate::api::part::Sent;
use crate::clock::{Instant, milliseconds};
use crate::error::Error;
use crate::link::memory::{self, Memory, key_of};
use crate::link::{Link, is_loss};
use crate::log::log_line;
use crate::prelude::*;
use crate::secret::SecretBytes;
use crate::status::FIO_E_STORE_DAMAGED;
use crate::upload::UploadId;
use crate::upload::budget::Allowance;
use crate::upload::index::QueueState;
use crate::upload::transfer::Upload;
use core::time::Duration;

/// What is learned is written down after so long, and then so often, while parts are on their way.
const SAVE_FIRST: Duration = Duration::from_secs(5);
const SAVE_EVERY: Duration = Duration::from_secs(15);
/// Assets that may be given up for the sake of smaller parts.
const MOST_FOR_SHAPE: u32 = 3;

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
    pub fn new(most: u32) -> Links {
        Links {
            link: Link::new(most),
            memory: Memory::default(),
            key: key_of(&[]),
            busy_since: None,
            saved_at: None,
        }
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
}

impl Engine {
    pub(super) fn restore_link(&mut self) {
        let links = &mut self.uploads.links;
        links.key = key_of(&self.uploads.settings.limits.interfaces);
        let loaded = match self.cx.records.load(memory::KEY) {
            Ok(value) => value,
            Err(error) => {
                // It is begun anew. That a store cannot be read is told of what matters.
                if error.status == FIO_E_STORE_DAMAGED {
                    self.cx.store_complaint(error);
                }
                None
            }
        };
        let Some(value) = loaded else { return };
        let Some(mut memory) = Memory::decode(value.expose()) else {
            let error = self.cx.records.set_aside(memory::KEY, "was not written by this library, or by a newer one");
            return self.cx.store_complaint(error);
        };
        if !memory.is_fresh(self.cx.now.wall) {
            return;
        }
        memory.note_power_cut();
        let links = &mut self.uploads.links;
        links.memory = memory;
        links.link.change(links.memory.of(links.key));
    }

    /// Parts use other interfaces from now on.
    pub(super) fn change_link(&mut self) {
        let links = &mut self.uploads.links;
        links.memory.set(links.key, links.link.known());
        links.key = key_of(&self.uploads.settings.limits.interfaces);
        links.link.change(links.memory.of(links.key));
    }

    pub(super) fn link_deadline(&self) -> Option<Instant> {
        self.uploads.links.link.deadline()
    }

    /// What the transport has told of the parts, if it has.
    pub(super) fn look_at_link(&mut self) {
        let noticed = self.uploads.links.link.look(self.cx.now.mono);
        if noticed.is_back {
            self.network_is_back();
        }
        for _ in 0..noticed.too_many {
            let Some(request) = self.uploads.links.link.youngest() else { break };
            self.take_part_back(request);
        }
    }

    /// Takes one part off the network; its turn comes again.
    fn take_part_back(&mut self, request: RequestId) {
        let is_its = |upload: &Upload| upload.in_flight.iter().any(|part| part.request == request);
        let queue = &self.uploads.queue;
        let id = queue.active().map(|(_, id)| id).find(|id| queue.get(*id).is_some_and(is_its));
        let Some(upload) = id.and_then(|id| self.uploads.queue.get_mut(id)) else { return };
        let Some(at) = upload.in_flight.iter().position(|part| part.request == request) else { return };
        let part = upload.in_flight.remove(at);
        log_line!(self.cx.log, Debug, "request {request}: part {} waits for the others", part.known.part + 1);
        upload.parts.to_retry.push(part.known.taken_back());
        self.uploads.in_use -= 1;
        self.uploads.links.link.part_dropped(request);
        self.cx.abort(request);
    }

    pub(super) fn note_part_on_link(&mut self, request: RequestId, answer: Result<&Sent, &Error>) {
        let now = self.cx.now.mono;
        let link = &mut self.uploads.links.link;
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
            self.network_is_back();
        }
    }

    /// A request to the API was answered, or failed.
    pub(in crate::engine) fn note_call_on_link(&mut self, error: Option<&Error>) {
        let now = self.cx.now.mono;
        let is_answer = error.is_none_or(|error| error.http_status != 0);
        if error.is_some_and(is_loss) {
            self.uploads.links.link.call_lost(now);
        } else if is_answer && self.uploads.links.link.call_answered(now) {
            self.network_is_back();
        }
    }

    /// What waits for the network goes on.
    fn network_is_back(&mut self) {
        log_line!(self.cx.log, Debug, "the network is back");
        let queue = &self.uploads.queue;
        let waiting: Vec<UploadId> = queue
            .uploads()
            .filter(|(upload, _)| upload.last_error.as_ref().is_some_and(is_loss))
            .filter(|(_, state)| matches!(state, QueueState::Timed(_) | QueueState::Active))
            .map(|(upload, _)| upload.id)
            .collect();
        for id in waiting {
            if let Some(upload) = self.uploads.queue.get_mut(id) {
                upload.parts.retry_now();
            }
            if matches!(self.uploads.queue.state(id), Some(QueueState::Timed(_))) {
                self.uploads.queue.move_to(id, QueueState::Ready);
            }
        }
        for host in [&mut self.uploads.storage, &mut self.uploads.api] {
            if host.why().is_some_and(is_loss) {
                host.succeeded();
            }
        }
        self.uploads.needs_step = true;
    }

    /// A part was lost with the network. Whether its file goes on with a new asset, in parts that the link carries.
    pub(super) fn wants_smaller_parts(&mut self, id: UploadId) -> bool {
        let now = self.cx.now;
        let Some(upload) = self.uploads.queue.get_mut(id) else { return false };
        if upload.recording.is_some() || upload.parts_wanted > 0 || upload.pushed.is_some() {
            return false;
        }
        let (size, part, stored) = (upload.condition.size, upload.range(0).1, upload.parts.confirmed);
        self.uploads.links.link.wants_smaller(size, part, stored)
            && upload.budget.made < MOST_FOR_SHAPE
            && upload.budget.allows(now) == Allowance::Now
    }

    /// Writes down what was learned, now and then. Losing it costs time and nothing else.
    pub(super) fn save_link(&mut self) {
        let now = self.cx.now;
        let is_busy = self.uploads.in_use > 0 && !self.uploads.queue.is_paused;
        let links = &mut self.uploads.links;
        if !is_busy {
            links.busy_since = None;
        }
        let busy_since = is_busy.then(|| *links.busy_since.get_or_insert(now.mono));
        let is_due = match busy_since {
            // What is over soon is written down once.
            Some(since) => match links.saved_at.filter(|at| *at >= since) {
                Some(at) => now.mono - at >= SAVE_EVERY,
                None => now.mono - since >= SAVE_FIRST,
            },
            None => links.memory.busy_for.is_some() || links.has_learned(),
        };
        if is_due {
            self.write_link(busy_since);
        }
    }

    /// The application frees its client: no power cut.
    pub(in crate::engine) fn keep_link(&mut self) {
        if self.uploads.links.memory.busy_for.is_some() || self.uploads.links.has_learned() {
            self.write_link(None);
        }
    }

    fn write_link(&mut self, busy_since: Option<Instant>) {
        let now = self.cx.now;
        let links = &mut self.uploads.links;
        links.saved_at = Some(now.mono);
        links.memory.wall = now.wall;
        links.memory.busy_for = busy_since.map(|since| milliseconds(now.mono - since));
        links.memory.set(links.key, links.link.known());
        let value = SecretBytes::new(links.memory.encode());
        if let Err(error) = self.cx.records.save(memory::KEY, &value) {
            log_line!(self.cx.log, Debug, "what is known of the link could not be written: {error}");
        }
    }
}
