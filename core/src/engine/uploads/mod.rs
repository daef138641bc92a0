//! Uploads at work: which one gets the next free place on the network, and what comes of it. The queue
//! keeps them in order ([`crate::upload`]); here they meet the network, the store, and the application.

mod answers;
mod control;
mod links;
mod projects;
mod recordings;
mod reports;
mod saving;
mod sending;
mod tags;
mod withdrawal;

use super::{Engine, UploadSettings};
use crate::api::Request;
use crate::api::asset::{self, Kind, NewAsset};
use crate::api::realtime::Announced;
use crate::clock::{Instant, Now};
use crate::error::Error;
use crate::prelude::*;
use crate::status::*;
use crate::upload::UploadId;
use crate::upload::index::QueueState;
use crate::upload::plan::parts_to_ask_for;
use crate::upload::queue::Queue;
use crate::upload::schedule::SharedBackoff;
use crate::upload::totals::Speed;
use crate::upload::transfer::{Ending, Upload};
use core::time::Duration;
use links::Links;
use saving::Saving;
use tags::Tags;

/// An upload with more parts than this in trouble begins no others.
const MOST_TO_RETRY: usize = 8;
/// Parts of a recording that are announced in one request.
const MOST_ANNOUNCED: usize = 8;
/// For what should not happen: no round follows the other at once.
const SHORTEST_WAIT: Duration = Duration::from_millis(100);

pub(super) struct Uploads {
    queue: Queue,
    settings: UploadSettings,
    saving: Saving,
    tags: Tags,
    next_id: UploadId,
    is_auto_start: bool,
    /// The API and the storage, as far as uploads have found them.
    api: SharedBackoff,
    storage: SharedBackoff,
    /// The device itself: whether it has descriptors and memory.
    device: SharedBackoff,
    /// The project the device is in has been heard from the service since the last pairing and start.
    is_project_confirmed: bool,
    /// The answer to a creation named another one: whether the device was moved is still to be asked.
    is_project_doubted: bool,
    /// Which project the queue was last sorted for.
    sorted_for: Option<String>,
    links: Links,
    speed: Speed,
    next_progress: Option<Instant>,
    /// Parts and requests under way.
    in_use: u32,
    /// Something was changed that a step has not seen.
    needs_step: bool,
    /// Recordings of an earlier life whose files may still grow.
    watched: Vec<UploadId>,
}

/// What an upload can do now.
enum Work {
    Create,
    Announce(Vec<Announced>),
    Part(u32),
    /// Those of a whole file.
    UrlsExpired,
}

impl Uploads {
    pub fn new(settings: UploadSettings) -> Uploads {
        Uploads {
            queue: Queue::default(),
            saving: Saving::default(),
            tags: Tags::new(settings.tag_key),
            links: Links::new(settings.parallel_parts),
            settings,
            next_id: 1,
            is_auto_start: true,
            api: SharedBackoff::default(),
            storage: SharedBackoff::default(),
            device: SharedBackoff::default(),
            is_project_confirmed: false,
            is_project_doubted: false,
            sorted_for: None,
            speed: Speed::default(),
            next_progress: None,
            in_use: 0,
            needs_step: true,
            watched: Vec::new(),
        }
    }

    pub fn has_limits(&self) -> bool {
        self.settings.limits != Default::default()
    }

    /// The request that creates the asset of an upload, with its age as it is now.
    pub fn asset_request(&mut self, id: UploadId, kind: Kind, now: Now) -> Option<Request> {
        let upload = self.queue.get_mut(id)?;
        if let Some(recording) = &mut upload.recording {
            // Now, not when the answer is there: it may be given its name meanwhile, which the service then
            // learns with the last part.
            recording.is_nameless = upload.name.is_empty();
        }
        Some(asset::request(&NewAsset {
            name: Some(upload.name.as_str()).filter(|name| !name.is_empty()),
            extension: upload.extension.as_deref().filter(|_| upload.name.is_empty()),
            media_type: &upload.media_type,
            offset: upload.age.seconds(now),
            channel: upload.channel,
            kind,
        }))
    }

    fn kind_of(&self, upload: &Upload) -> Kind {
        match upload.recording {
            Some(_) => Kind::Realtime,
            None => {
                let size = upload.condition.size;
                let wanted = match upload.parts_wanted {
                    0 => self.links.link.parts(size),
                    wanted => wanted,
                };
                Kind::Whole { size, parts: parts_to_ask_for(wanted, upload.part_limit, size) }
            }
        }
    }

    /// What an upload that is at work can do at this moment, places on the network aside.
    fn work_of(&self, upload: &Upload, now: Instant) -> Option<Work> {
        if upload.asset_id.is_none() {
            return self.may_ask(upload, now).then_some(Work::Create);
        }
        let part = upload.next_part(now, MOST_TO_RETRY)?;
        if upload.usable_url(part, now).is_some() {
            return self.storage.is_open(now).then_some(Work::Part(part));
        }
        let Some(recording) = upload.recording.as_ref() else {
            // Parts on their way were begun in time, and may end.
            let has_ended = upload.url(part).is_some() && upload.in_flight.is_empty();
            return has_ended.then_some(Work::UrlsExpired);
        };
        if !self.may_ask(upload, now) {
            return None;
        }
        let size = upload.size();
        let count = upload.part_count();
        let end = count.unwrap_or_else(|| recording.growth.complete(recording.stable));
        let announced = |part: u32| Announced {
            number: part + 1,
            size: recording.growth.range(part, size).1,
            is_final: count.is_some_and(|count| part + 1 == count),
        };
        // With the first that can go, those that come after it.
        let next = upload.parts.started.max(part + 1).max(1);
        let more = (next..end).filter(|&next| part != next && upload.usable_url(next, now).is_none());
        Some(Work::Announce(core::iter::once(part).chain(more).take(MOST_ANNOUNCED).map(announced).collect()))
    }

    /// Whether no more parts may be begun, and an upload stands by: others need no asset yet.
    fn has_next(&self) -> bool {
        let stands_by = |upload: &Upload| upload.in_flight.is_empty() && upload.recording.is_none();
        self.links.is_full() && self.queue.active().any(|(_, id)| self.queue.get(id).is_some_and(stands_by))
    }

    /// Whether a part was on its way when an earlier life ended, and may go with the others that were.
    fn was_under_way(&self, id: UploadId, part: u32) -> bool {
        let Some(upload) = self.queue.get(id) else { return false };
        let is_meant = upload.parts.to_retry.iter().any(|known| known.part == part && known.was_under_way);
        is_meant && self.links.link.may_join(upload.range(part).1)
    }

    /// Whether the service may be asked on behalf of an upload: without an authorization nothing leaves, and
    /// trying would be over before it began, again and again.
    fn may_ask(&self, upload: &Upload, now: Instant) -> bool {
        !upload.has_call && self.queue.gate == 0 && self.api.is_open(now)
    }

    /// Whether an upload that is at work gets no further without the service.
    fn needs_the_service(&self, upload: &Upload, now: Instant) -> bool {
        let next = upload.next_part(now, MOST_TO_RETRY);
        upload.asset_id.is_none() || next.is_some_and(|part| upload.usable_url(part, now).is_none())
    }

    /// Why uploads that wait for their turn cannot begin, and until when.
    fn hold(&self, now: Instant) -> Option<(Error, Instant)> {
        let closed =
            [&self.storage, &self.api, &self.device].into_iter().filter(|backoff| !backoff.is_open(now));
        let last = closed.max_by_key(|backoff| backoff.not_before())?;
        Some((last.why()?.clone(), last.not_before()?))
    }

    /// When an upload that can do nothing now can do something again by itself.
    fn moment_of(&self, upload: &Upload, now: Instant) -> Option<Instant> {
        let open = |backoff: &SharedBackoff| backoff.not_before().filter(|at| *at > now);
        if upload.asset_id.is_none() {
            return open(&self.api);
        }
        let gate = match &upload.recording {
            Some(_) => open(&self.api).into_iter().chain(open(&self.storage)).max(),
            None => open(&self.storage),
        };
        let has_fresh = upload.next_part(Instant(u64::MAX), MOST_TO_RETRY).is_some();
        let retry = upload.parts.next_retry();
        match (retry, gate) {
            (Some(retry), Some(gate)) => Some(retry.max(gate)),
            (Some(retry), None) => Some(retry),
            (None, gate) => gate.filter(|_| has_fresh),
        }
    }
}

impl Engine {
    pub(super) fn step_uploads(&mut self) {
        self.uploads.needs_step = false;
        self.retry_reading_uploads();
        self.retry_reading_tags();
        self.look_at_link();
        let is_paired = self.token.tokens().is_some();
        self.uploads.queue.gate = match () {
            () if !is_paired => FIO_E_NOT_AUTHORIZED,
            () if self.uploads.saving.is_pause_unknown() => FIO_E_STORE,
            () => 0,
        };
        self.watch_recordings();
        if !self.uploads.queue.is_paused {
            self.uploads.queue.wake(self.cx.now.mono);
            self.settle_active();
            self.fill();
        }
        self.uploads.queue.hold = self.uploads.hold(self.cx.now.mono);
        self.save_uploads();
        self.report_uploads();
        self.forget_oldest();
        self.save_link();
    }

    pub(super) fn uploads_deadline(&self) -> Option<Instant> {
        let uploads = &self.uploads;
        let now = self.cx.now.mono;
        if uploads.needs_step {
            return Some(now);
        }
        let queue = &uploads.queue;
        let mut soonest = [self.saving_deadline(), self.progress_deadline(), self.watch_deadline(), self.link_deadline()]
            .into_iter()
            .flatten()
            .min();
        if queue.is_paused {
            return soonest;
        }
        let mut consider = |at: Option<Instant>| soonest = soonest.into_iter().chain(at).min();
        consider(queue.next_timer());
        if uploads.in_use < uploads.settings.parallel_parts {
            for upload in queue.active().filter_map(|(_, id)| queue.get(id)) {
                // What could be done by now has been: the rest waits for an answer that is on its way.
                consider(uploads.moment_of(upload, now).filter(|at| *at > now));
            }
            let has_more = queue.first_ready().is_some() || uploads.is_project_doubted;
            if has_more && self.token.tokens().is_some() {
                let gates = [&uploads.api, &uploads.storage, &uploads.device].map(SharedBackoff::not_before);
                consider(gates.into_iter().flatten().filter(|at| *at > now).max());
            }
        }
        soonest
    }

    /// Gives every free place on the network to the upload whose turn it is.
    fn fill(&mut self) {
        while self.uploads.in_use < self.uploads.settings.parallel_parts {
            let now = self.cx.now.mono;
            let uploads = &self.uploads;
            let at_work = uploads.queue.active().find_map(|key| {
                let upload = uploads.queue.get(key.1)?;
                uploads.work_of(upload, now).map(|work| (key, work))
            });
            let fresh = uploads.queue.first_ready().filter(|_| self.may_begin() && !uploads.has_next());
            // All parts share the line: more of them than it carries are all unfinished when it breaks.
            let has_room = |(turn, work): &((i64, UploadId), Work)| match work {
                Work::Part(part) => !uploads.links.is_full() || uploads.was_under_way(turn.1, *part),
                _ => true,
            };
            let is_full = at_work.as_ref().is_some_and(|work| !has_room(work));
            match (at_work, fresh) {
                (Some((key, _)), fresh) if is_full && fresh.is_none_or(|fresh| key < fresh) => break,
                (Some((key, work)), fresh) if fresh.is_none_or(|fresh| key < fresh) => {
                    self.do_work(key.1, work);
                }
                (_, Some((_, id))) => {
                    self.activate(id);
                    let is_stuck = self.uploads.queue.state(id) == Some(QueueState::Ready);
                    debug_assert!(!is_stuck, "an upload stays first in line");
                    // A loop without an end would be worse than a late upload.
                    if is_stuck {
                        break;
                    }
                }
                _ => break,
            }
        }
        let is_waited_for = self.uploads.queue.first_ready().is_some() || self.uploads.is_project_doubted;
        let is_wanted = is_waited_for && !self.uploads.is_project_confirmed;
        if is_wanted && self.token.tokens().is_some() && self.uploads.api.is_open(self.cx.now.mono) {
            self.ask_for_project();
        }
    }

    /// Whether an upload may be begun: with a token, in a project that is known for certain, while neither
    /// the API nor the storage is in trouble.
    fn may_begin(&self) -> bool {
        let now = self.cx.now.mono;
        self.uploads.queue.gate == 0
            && self.uploads.is_project_confirmed
            && self.uploads.api.is_open(now)
            && self.uploads.storage.is_open(now)
            && self.uploads.device.is_open(now)
    }

    /// Files those that are at work and can do nothing where they belong, so that only few are at work.
    fn settle_active(&mut self) {
        let now = self.cx.now.mono;
        let ids: Vec<UploadId> = self.uploads.queue.active().map(|(_, id)| id).collect();
        for id in ids {
            let Some(upload) = self.uploads.queue.get(id) else { continue };
            if upload.has_call || !upload.in_flight.is_empty() || self.uploads.work_of(upload, now).is_some()
            {
                continue;
            }
            if upload.is_complete() || upload.was_assembled() {
                self.end_upload(id, Ending::Done);
            } else if self.uploads.queue.gate != 0 && self.uploads.needs_the_service(upload, now) {
                // It is queued for the next authorization.
                self.uploads.queue.move_to(id, QueueState::Ready);
            } else if let Some(at) = self.uploads.moment_of(upload, now) {
                self.note_last_error_of_others(id);
                self.uploads.queue.move_to(id, QueueState::Timed(at.max(now + SHORTEST_WAIT)));
            } else if upload.parts.to_retry.iter().any(|attempts| attempts.is_gone) {
                // Some parts are gone and not all the others were ever sent.
                self.start_over(id, Error::of(FIO_E_UPLOAD_GONE));
            }
            // What remains is a recording that has nothing to send yet.
        }
    }

    /// What met with no trouble itself waits for the host that failed another upload.
    fn note_last_error_of_others(&mut self, id: UploadId) {
        let now = self.cx.now.mono;
        let hosts = [&self.uploads.storage, &self.uploads.api, &self.uploads.device];
        let why = hosts.into_iter().filter(|host| !host.is_open(now)).find_map(SharedBackoff::why).cloned();
        if let Some(upload) = self.uploads.queue.get_mut(id).filter(|upload| upload.last_error.is_none()) {
            upload.last_error = why;
        }
    }
}
