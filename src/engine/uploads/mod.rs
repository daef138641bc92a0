//! Uploads at work: which one gets the next free place on the network, and what comes of it. The queue
//! keeps them in order ([`crate::upload`]); here they meet the network, the store, and the application.

mod answers;
mod control;
mod recordings;
mod reports;
mod saving;

use super::calls::{Caller, Errand};
use super::effects::Command;
use super::{Engine, Purpose, UploadSettings};
use crate::api::asset::{self, Kind, NewAsset};
use crate::api::part::PartRequest;
use crate::api::realtime::Announced;
use crate::api::{Request, realtime};
use crate::clock::{Instant, Now};
use crate::error::Error;
use crate::log::log_line;
use crate::retry::Backoff;
use crate::source::Source;
use crate::status::*;
use crate::upload::plan::parts_to_ask_for;
use crate::upload::queue::{Place, Queue};
use crate::upload::schedule::Pace;
use crate::upload::totals::Speed;
use crate::upload::transfer::{Ending, Flying, Origin, Troubled, Upload};
use crate::upload::{UploadId, record};
use control::place_of;
use saving::Saving;
use std::sync::Arc;
use std::time::Duration;

/// An upload with more parts than this in trouble begins no others.
const MOST_TROUBLED: usize = 8;
/// Parts of a recording that are announced in one request.
const MOST_ANNOUNCED: usize = 8;
/// For what should not happen: no round follows the other at once.
const SHORTEST_WAIT: Duration = Duration::from_millis(100);

pub(super) struct Uploads {
    queue: Queue,
    settings: UploadSettings,
    saving: Saving,
    next_id: UploadId,
    is_auto_start: bool,
    /// The API and the storage, as far as uploads have found them.
    api: Pace,
    storage: Pace,
    /// The project the device is in has been heard from the service since the last pairing and start.
    is_project_confirmed: bool,
    /// The project that is remembered is that of an earlier pairing.
    is_newly_paired: bool,
    /// Which project the queue was last sorted for.
    sorted_for: Option<String>,
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
}

impl Uploads {
    pub fn new(settings: UploadSettings) -> Uploads {
        Uploads {
            queue: Queue::default(),
            settings,
            saving: Saving::default(),
            next_id: 1,
            is_auto_start: true,
            api: Pace::default(),
            storage: Pace::default(),
            is_project_confirmed: false,
            is_newly_paired: false,
            sorted_for: None,
            speed: Speed::default(),
            next_progress: None,
            in_use: 0,
            needs_step: true,
            watched: Vec::new(),
        }
    }

    pub fn is_newly_paired(&self) -> bool {
        self.is_newly_paired
    }

    pub fn has_limits(&self) -> bool {
        self.settings.limits != Default::default()
    }

    /// The request that creates the asset of an upload, with its age as it is now.
    pub fn asset_request(&self, id: UploadId, kind: Kind, now: Now) -> Option<Request> {
        let upload = self.queue.get(id)?;
        Some(asset::request(&NewAsset {
            name: Some(upload.name.as_str()).filter(|name| !name.is_empty()),
            extension: upload.extension.as_deref().filter(|_| upload.name.is_empty()),
            media_type: &upload.media_type,
            offset: upload.age.seconds(now),
            channel: upload.channel,
            kind,
        }))
    }

    fn kind_of(upload: &Upload) -> Kind {
        match upload.recording {
            Some(_) => Kind::Realtime,
            None => {
                let size = upload.condition.size;
                Kind::Whole { size, parts: parts_to_ask_for(upload.parts_wanted, size) }
            }
        }
    }

    /// What an upload that is at work can do at this moment, places on the network aside.
    fn work_of(&self, upload: &Upload, now: Instant) -> Option<Work> {
        if upload.asset_id.is_none() {
            return (!upload.has_call && self.api.is_open(now)).then_some(Work::Create);
        }
        let part = upload.next_part(now, MOST_TROUBLED)?;
        if upload.address(part).is_some() {
            return self.storage.is_open(now).then_some(Work::Part(part));
        }
        let recording = upload.recording.as_ref()?;
        if upload.has_call || !self.api.is_open(now) {
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
        let more = (next..end).filter(|&next| part != next && upload.address(next).is_none());
        Some(Work::Announce(std::iter::once(part).chain(more).take(MOST_ANNOUNCED).map(announced).collect()))
    }

    /// When an upload that can do nothing now can do something again by itself.
    fn moment_of(&self, upload: &Upload, now: Instant) -> Option<Instant> {
        let open = |pace: &Pace| pace.not_before().filter(|at| *at > now);
        if upload.asset_id.is_none() {
            return open(&self.api);
        }
        let gate = match &upload.recording {
            Some(_) => open(&self.api).into_iter().chain(open(&self.storage)).max(),
            None => open(&self.storage),
        };
        let has_fresh = upload.next_part(Instant(u64::MAX), MOST_TROUBLED).is_some();
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
        let is_paired = self.session.tokens().is_some();
        self.uploads.queue.gate = if is_paired { 0 } else { FIO_E_NOT_AUTHORIZED };
        self.watch_recordings();
        if !self.uploads.queue.is_paused {
            self.uploads.queue.wake(self.now.mono);
            self.settle_active();
            self.fill();
        }
        self.save_uploads();
        self.report_uploads();
        self.forget_oldest();
    }

    pub(super) fn uploads_deadline(&self) -> Option<Instant> {
        let uploads = &self.uploads;
        let now = self.now.mono;
        if uploads.needs_step {
            return Some(now);
        }
        let queue = &uploads.queue;
        let mut soonest = [self.saving_deadline(), self.progress_deadline(), self.watch_deadline()]
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
            if queue.first_ready().is_some() && self.session.tokens().is_some() {
                let gates = [uploads.api.not_before(), uploads.storage.not_before()];
                consider(gates.into_iter().flatten().filter(|at| *at > now).max());
            }
        }
        soonest
    }

    /// Gives every free place on the network to the upload whose turn it is.
    fn fill(&mut self) {
        while self.uploads.in_use < self.uploads.settings.parallel_parts {
            let now = self.now.mono;
            let uploads = &self.uploads;
            let at_work = uploads.queue.active().find_map(|turn| {
                let upload = uploads.queue.get(turn.1)?;
                uploads.work_of(upload, now).map(|work| (turn, work))
            });
            let fresh = uploads.queue.first_ready().filter(|_| self.may_begin());
            match (at_work, fresh) {
                (Some((turn, work)), fresh) if fresh.is_none_or(|fresh| turn < fresh) => {
                    self.do_work(turn.1, work);
                }
                (_, Some((_, id))) => self.activate(id),
                _ => break,
            }
        }
        let is_wanted = self.uploads.queue.first_ready().is_some() && !self.uploads.is_project_confirmed;
        if is_wanted && self.session.tokens().is_some() && self.uploads.api.is_open(self.now.mono) {
            self.ask_for_project();
        }
    }

    /// Whether an upload may be begun: with a token, in a project that is known for certain, while neither
    /// the API nor the storage is in trouble.
    fn may_begin(&self) -> bool {
        let now = self.now.mono;
        self.session.tokens().is_some()
            && self.uploads.is_project_confirmed
            && self.uploads.api.is_open(now)
            && self.uploads.storage.is_open(now)
    }

    fn ask_for_project(&mut self) {
        if !self.has_call_of(Caller::FollowUp) {
            self.fetch_project();
        }
    }

    /// The service has said which project the device is in.
    pub(super) fn project_confirmed(&mut self) {
        self.uploads.is_project_confirmed = true;
        self.uploads.is_newly_paired = false;
        self.uploads.needs_step = true;
        let Some(current) = self.persistence.project_id.clone() else { return };
        if self.uploads.sorted_for.as_ref() == Some(&current) {
            return;
        }
        // Footage must not reach the wrong production.
        let queue = &self.uploads.queue;
        let moves: Vec<(UploadId, Place)> = queue
            .uploads()
            .filter(|(upload, _)| upload.asset_id.is_none())
            .filter_map(|(upload, place)| {
                let is_other = upload.project_id.as_ref().is_some_and(|project| *project != current);
                match place {
                    Place::Ready | Place::Timed(_) if is_other => {
                        Some((upload.id, Place::Parked(FIO_E_OTHER_PROJECT)))
                    }
                    Place::Parked(FIO_E_OTHER_PROJECT) if !is_other => Some((upload.id, place_of(upload))),
                    _ => None,
                }
            })
            .collect();
        for (id, place) in moves {
            self.uploads.queue.move_to(id, place);
        }
        self.uploads.sorted_for = Some(current);
    }

    /// The store has told of a pairing, perhaps long after the start.
    pub(super) fn authorization_found(&mut self) {
        self.uploads.needs_step = true;
    }

    /// A new pairing: which project it leads to is not known yet.
    pub(super) fn project_unknown(&mut self) {
        self.uploads.is_project_confirmed = false;
        self.uploads.is_newly_paired = true;
        self.uploads.api.succeeded();
        self.uploads.needs_step = true;
    }

    /// The service could not be asked.
    pub(super) fn project_unconfirmed(&mut self, error: &Error) {
        self.uploads.api.failed(self.now.mono, 0, error, Backoff::API, &mut self.random);
        self.uploads.needs_step = true;
    }

    /// Makes one ready to be worked on: its source is opened and compared with what it was.
    fn activate(&mut self, id: UploadId) {
        let current = self.persistence.project_id.clone();
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        if upload.asset_id.is_none() {
            if upload.project_id.is_none() {
                upload.project_id = current.clone();
                self.uploads.queue.needs_saving(id);
            } else if upload.project_id != current {
                return self.uploads.queue.move_to(id, Place::Parked(FIO_E_OTHER_PROJECT));
            }
        }
        match self.open_source(id) {
            Ok(true) => {}
            Ok(false) => return self.uploads.queue.move_to(id, Place::Parked(FIO_E_SOURCE_NEEDED)),
            Err(error) => return self.end_upload(id, Ending::Failed(error)),
        }
        self.load_addresses(id);
        self.uploads.queue.move_to(id, Place::Active);
    }

    /// Opens a source that is a path. `false` if it is none and the application has to attach it.
    fn open_source(&mut self, id: UploadId) -> Result<bool, Error> {
        let Some(upload) = self.uploads.queue.get_mut(id) else { return Ok(false) };
        if upload.source.is_none() {
            let Origin::Path(path) = &upload.origin else { return Ok(false) };
            upload.source = Some(self.files.open(path)?);
        }
        let Some(source) = upload.source.clone() else { return Ok(false) };
        let condition = source.condition()?;
        let is_recorded = upload.recording.as_ref().is_some_and(|recording| recording.size.is_none());
        if is_recorded && upload.recording.as_ref().is_some_and(|recording| recording.watch.is_some()) {
            return Ok(true);
        }
        if upload.has_changed(&condition) {
            return Err(Error::of(FIO_E_SOURCE_CHANGED));
        }
        Ok(true)
    }

    fn do_work(&mut self, id: UploadId, work: Work) {
        match work {
            Work::Create => {
                let Some(upload) = self.uploads.queue.get_mut(id) else { return };
                upload.has_call = true;
                let kind = Uploads::kind_of(upload);
                self.uploads.in_use += 1;
                self.add_call(Caller::Upload(id), Errand::CreateAsset(id, kind));
            }
            Work::Announce(parts) => self.announce(id, &parts),
            Work::Part(part) => {
                if let Err(error) = self.send_part(id, part) {
                    self.end_upload(id, Ending::Failed(error));
                }
            }
        }
    }

    fn announce(&mut self, id: UploadId, parts: &[Announced]) {
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        let Some(asset_id) = upload.asset_id.clone() else { return };
        let is_nameless = upload.recording.as_ref().is_some_and(|recording| recording.is_nameless);
        let name = Some(upload.name.as_str()).filter(|name| is_nameless && !name.is_empty());
        let whole = parts.iter().any(|part| part.is_final).then(|| (upload.size(), name));
        let request = realtime::request(&asset_id, parts, whole);
        upload.announced = parts.iter().map(|part| part.number - 1).collect();
        upload.has_call = true;
        self.uploads.in_use += 1;
        self.add_call(Caller::Upload(id), Errand::AnnounceParts(request, parts.len()));
    }

    /// Sends one part on its way. An error is one of the source.
    fn send_part(&mut self, id: UploadId, part: u32) -> Result<(), Error> {
        let request = self.next_id;
        let Some(upload) = self.uploads.queue.get_mut(id) else { return Ok(()) };
        let source: Arc<dyn Source> = upload.source.clone().ok_or_else(|| Error::of(FIO_E_SOURCE_NEEDED))?;
        if upload.has_changed(&source.condition()?) {
            return Err(Error::of(FIO_E_SOURCE_CHANGED));
        }
        let Some(url) = upload.address(part).cloned() else { return Ok(()) };
        let (offset, length) = upload.range(part);
        let is_first_attempt = upload.is_untried(part);
        let known = upload.take_up(part);
        upload.flying.push(Flying {
            request,
            part,
            length,
            sent: 0,
            failures: known.as_ref().map_or(0, |known| known.failures),
            refusals: known.as_ref().map_or(0, |known| known.refusals),
            may_be_stored: known.is_some_and(|known| known.may_be_stored),
        });
        let part_request = PartRequest {
            url,
            content_type: upload.media_type.clone(),
            source,
            offset,
            length,
            verify: upload.verify,
        };
        // What has been begun is written down before it leaves: commands go out after the step.
        if is_first_attempt {
            self.uploads.queue.needs_saving(id);
        }
        self.next_id += 1;
        self.uploads.in_use += 1;
        log_line!(self.log, Debug, "request {request}: upload {id}, part {} of {length} bytes", part + 1);
        self.requests.insert(request, Purpose::Part { upload: id });
        self.commands.push_back(Command::Put(request, part_request));
        Ok(())
    }

    /// Files those that are at work and can do nothing where they belong, so that only few are at work.
    fn settle_active(&mut self) {
        let now = self.now.mono;
        let ids: Vec<UploadId> = self.uploads.queue.active().map(|(_, id)| id).collect();
        for id in ids {
            let Some(upload) = self.uploads.queue.get(id) else { continue };
            if upload.has_call || !upload.flying.is_empty() || self.uploads.work_of(upload, now).is_some() {
                continue;
            }
            if upload.is_complete() || upload.was_assembled() {
                self.end_upload(id, Ending::Done);
            } else if let Some(at) = self.uploads.moment_of(upload, now) {
                self.note_trouble_of_others(id);
                self.uploads.queue.move_to(id, Place::Timed(at.max(now + SHORTEST_WAIT)));
            } else if upload.parts.troubled.iter().any(|troubled| troubled.is_gone) {
                // Some parts are gone and not all the others were ever sent.
                self.begin_anew(id, Error::of(FIO_E_UPLOAD_GONE));
            }
            // What remains is a recording that has nothing to send yet.
        }
    }

    /// What met with no trouble itself waits for the host that failed another upload.
    fn note_trouble_of_others(&mut self, id: UploadId) {
        let now = self.now.mono;
        let hosts = [&self.uploads.storage, &self.uploads.api];
        let why = hosts.into_iter().filter(|host| !host.is_open(now)).find_map(Pace::why).cloned();
        if let Some(upload) = self.uploads.queue.get_mut(id).filter(|upload| upload.trouble.is_none()) {
            upload.trouble = why;
        }
    }

    /// Takes everything of an upload back from the network. What was on its way may have arrived.
    fn suspend(&mut self, id: UploadId) {
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        let flying = std::mem::take(&mut upload.flying);
        for one in &flying {
            upload.parts.troubled.push(Troubled {
                part: one.part,
                failures: one.failures,
                refusals: one.refusals,
                not_before: Instant::default(),
                may_be_stored: true,
                is_gone: false,
            });
        }
        for one in flying {
            self.uploads.in_use -= 1;
            self.abort(one.request);
        }
    }

    /// Takes an upload off the network for a pause. A request that has left may come back: what the service
    /// has done is worth knowing. One that waits for a token must not leave any more.
    fn hold(&mut self, id: UploadId) {
        self.suspend(id);
        if self.withdraw_unsent_call(Caller::Upload(id)) {
            self.uploads.in_use -= 1;
            if let Some(upload) = self.uploads.queue.get_mut(id) {
                upload.has_call = false;
            }
        }
    }

    /// Whether a request of an upload may leave, perhaps once more with a new token: since it was made, the
    /// upload may have been paused, or the device moved to another project. If it may not, it is given up.
    pub(super) fn is_still_wanted(&mut self, id: UploadId) -> bool {
        let queue = &self.uploads.queue;
        let is_at_work = !queue.is_paused && queue.place(id) == Some(Place::Active);
        let is_new = queue.get(id).is_some_and(|upload| upload.asset_id.is_none());
        let is_in_place =
            queue.get(id).is_some_and(|upload| upload.project_id == self.persistence.project_id);
        let is_placed = !is_new || is_in_place && self.uploads.is_project_confirmed;
        if !is_at_work || !is_placed {
            self.hold(id);
            if is_at_work {
                // Where it belongs is looked at when its turn comes.
                self.uploads.queue.move_to(id, Place::Ready);
                self.uploads.needs_step = true;
            }
        }
        is_at_work && is_placed
    }

    /// Gives up a request to the API that is under way for an upload.
    fn withdraw(&mut self, id: UploadId) {
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        if std::mem::take(&mut upload.has_call) {
            self.uploads.in_use -= 1;
            self.withdraw_call(Caller::Upload(id));
        }
    }

    fn end_upload(&mut self, id: UploadId, ending: Ending) {
        self.suspend(id);
        self.withdraw(id);
        match &ending {
            Ending::Failed(error) => log_line!(self.log, Warn, "upload {id} failed: {error}"),
            Ending::Skipped(error) => log_line!(self.log, Info, "upload {id} skipped: {error}"),
            Ending::Done => log_line!(self.log, Info, "upload {id} done"),
            Ending::Canceled => log_line!(self.log, Info, "upload {id} canceled"),
        }
        self.uploads.watched.retain(|watched| *watched != id);
        self.uploads.queue.end(id, ending);
        self.uploads.queue.needs_saving(id);
        self.uploads.needs_step = true;
    }

    /// A new asset for the same media.
    fn begin_anew(&mut self, id: UploadId, why: Error) {
        self.suspend(id);
        self.withdraw(id);
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        log_line!(self.log, Info, "upload {id} begins anew: {why}");
        if upload.pushed.is_some() && upload.parts.done_count() > 0 {
            return self.end_upload(id, Ending::Failed(why));
        }
        upload.recreations = upload.recreations.saturating_add(1);
        let times = upload.recreations;
        upload.forget_asset();
        if times > 1 {
            upload.become_whole();
        }
        upload.trouble = Some(why);
        let wait = match times {
            1 => Duration::ZERO,
            _ => Backoff::API.delay(times, None, &mut self.random),
        };
        let place = if upload.is_paused {
            Place::Parked(FIO_E_UPLOAD_PAUSED)
        } else {
            Place::Timed(self.now.mono + wait)
        };
        self.uploads.queue.needs_saving(id);
        self.uploads.queue.move_to(id, place);
        self.uploads.needs_step = true;
    }

    /// The addresses of one with many parts are read when they are needed.
    fn load_addresses(&mut self, id: UploadId) {
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        let is_missing = upload.has_address_record
            && upload.recording.is_none()
            && upload.address_list.is_empty()
            && upload.asset_id.is_some();
        if !is_missing {
            return;
        }
        let loaded = self.records.load(&record::address_key(id));
        let loaded = loaded.map(|bytes| bytes.as_ref().and_then(record::decode_addresses));
        let Some(upload) = self.uploads.queue.get_mut(id) else { return };
        match loaded {
            Ok(Some((asset_id, addresses))) if upload.asset_id.as_ref() == Some(&asset_id) => {
                upload.address_list = addresses;
            }
            // Without them the asset is of no use.
            _ => {
                upload.forget_asset();
                upload.has_address_record = false;
                self.uploads.queue.recount(id);
                self.uploads.queue.needs_saving(id);
            }
        }
    }
}
