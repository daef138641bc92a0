//! What must hold of uploads at every step. The world calls this with everything that leaves, arrives
//! and is told; a rule that is broken ends the test there and then.

use super::tracked::Tracked;
use crate::ask::{Ask, NewAsset};
use crate::device::Device;
use crate::service::Effect;
use crate::service::assets::is_whole;
use crate::service::storage::read_url;
use crate::world::{SECOND, World};
use fio_c2c::api::Response;
use fio_c2c::api::part::{Outcome, PartRequest};
use fio_c2c::clock::Now;
use fio_c2c::engine::effects::RequestId;
use fio_c2c::engine::transport::Answer;
use fio_c2c::upload::{UploadId, UploadInfo, UploadState};
use fio_emulator_service::uploads::upload::Part;
use std::collections::{BTreeMap, BTreeSet};

/// So many answers that are not the storage's make the engine give an asset up.
const PATIENCE: u32 = 5;
/// And so many where the last of them is a 404.
const PATIENCE_WITH_404: u32 = 3;
/// More requests and parts than this do not leave in a minute towards a host that has not answered for
/// two: five parts, six seconds apart at the least, and half as many in the mean.
const MOST_ATTEMPTS_IN_A_MINUTE: u32 = 60;

#[derive(Default)]
pub struct Watch {
    pub tracked: BTreeMap<String, Tracked>,
    pub ids: BTreeMap<UploadId, String>,
    pub next_number: u64,
    pub life: u32,
    /// The project as the service has told it in this life and since the last pairing.
    pub believed: Option<String>,
    /// And as it was told last, ever since it was paired.
    pub known_project: Option<String>,
    /// The application has paused all uploads, or new ones.
    pub is_queue_paused: bool,
    pub is_auto_start_off: bool,
    /// The store may not have heard of the latter.
    pub is_auto_start_uncertain: bool,
    pub(super) is_pause_uncertain: bool,
    /// The life before began with a store that could not be read.
    pub(super) was_unread: bool,
    /// Nor of the project.
    pub is_project_uncertain: bool,
    /// The store has just been read, and may have had its word on it.
    pub(super) is_pause_unread: bool,
    /// The application has asked for it.
    pub were_tags_forgotten: bool,
    /// Parts whose arrival the engine has written down: asset, and number from 1.
    pub(super) confirmed: BTreeSet<(usize, u32)>,
    pub(super) flying: BTreeMap<RequestId, Flying>,
    /// All parts that ever left: asset, and number from 1.
    pub(super) left: BTreeSet<(usize, u32)>,
    /// Until when the service and the storage asked to be left alone.
    pub(super) api_wish: u64,
    pub(super) storage_wish: u64,
    foreign: BTreeMap<(usize, u32), u32>,
    refusals: BTreeMap<(usize, u32), u32>,
    /// Whose parts were refused or did not arrive as they were sent, again and again.
    pub often_refused: BTreeSet<String>,
    /// Addresses of whole files end within the time that an upload may take.
    pub has_short_urls: bool,
    /// Requests for an asset that have left, since a person last wanted a retry.
    pub creations: BTreeMap<String, u32>,
    /// Parts that left whole in this life, with no answer.
    unanswered: BTreeSet<(usize, u32)>,
    unanswered_in: u32,
    /// The same, of all lives.
    pub(super) ever_unanswered: BTreeSet<(usize, u32)>,
    pub(super) last_progress: Option<u64>,
    pub(super) has_begun: Vec<UploadId>,
    /// Since when a host is dead, and how often it was tried in the present minute.
    pub(super) dead_since: Option<u64>,
    attempts: (u64, u32),
    pub most_attempts: u32,
    pub(super) steps: u64,
    /// What happened, for the tests to know that their seeds get everywhere.
    pub tally: BTreeMap<&'static str, u64>,
}

#[derive(Clone, Debug)]
pub(super) enum Flying {
    Create,
    Announce(usize),
    Part { asset: usize, part: u32 },
}

impl Watch {
    pub fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_insert(0) += 1;
    }

    pub fn of(&self, id: UploadId) -> &Tracked {
        &self.tracked[&self.ids[&id]]
    }

    pub fn of_mut(&mut self, id: UploadId) -> &mut Tracked {
        self.tracked.get_mut(&self.ids[&id]).expect("ids and keys belong together")
    }

    fn note_attempt(&mut self, is_dead: bool, time: u64) {
        if !is_dead {
            self.dead_since = None;
            return;
        }
        let since = *self.dead_since.get_or_insert(time);
        let minute = time / 60_000;
        self.attempts = if self.attempts.0 == minute { (minute, self.attempts.1 + 1) } else { (minute, 1) };
        if time > since + 120 * SECOND {
            self.most_attempts = self.most_attempts.max(self.attempts.1);
            assert!(
                self.attempts.1 <= MOST_ATTEMPTS_IN_A_MINUTE,
                "{} attempts in a minute at a dead host",
                self.attempts.1
            );
        }
    }

    /// A person wants it to go on, whatever the hosts have asked for.
    pub fn forget_wishes(&mut self) {
        (self.api_wish, self.storage_wish) = (0, 0);
        self.dead_since = None;
    }

    fn note_wish(&mut self, is_storage: bool, response: &Response, time: u64) {
        let Some(wait) = response.retry_after.filter(|_| [429, 503].contains(&response.status)) else {
            return;
        };
        let until = time + (wait.as_millis() as u64).min(3_600 * SECOND);
        let wish = if is_storage { &mut self.storage_wish } else { &mut self.api_wish };
        *wish = until.max(*wish);
        self.count("wishes");
    }
}

impl World {
    // What leaves.

    pub fn watch_leaving(&mut self, device: &Device, id: RequestId, ask: &Ask) {
        if !ask.is_of_an_upload() {
            return;
        }
        let time = self.time;
        self.check_places();
        assert!(
            time >= self.watch.api_wish,
            "sent {} ms before the service's wish",
            self.watch.api_wish - time
        );
        let weather = &self.network.weather;
        self.watch.note_attempt(weather.outage || weather.api_is_down, time);
        match ask {
            Ask::Create { asset, .. } => {
                self.check_creation(device, asset);
                self.watch.count("creations");
                *self.watch.creations.entry(asset.key.clone()).or_insert(0) += 1;
                self.watch.flying.insert(id, Flying::Create);
            }
            Ask::Announce { id: asset, .. } => {
                let number = self.service.number_of(asset).expect("an asset of ours");
                self.check_wanted(&self.service.asset(number).filetype.clone());
                self.watch.flying.insert(id, Flying::Announce(number));
            }
            _ => {}
        }
    }

    fn check_places(&mut self) {
        let under_way = self.network.in_flight_for_uploads() + 1;
        let most = self.settings.uploads.parallel_parts as usize;
        assert!(under_way <= most, "{under_way} requests under way where {most} are allowed");
    }

    /// Nothing leaves for an upload that is paused, canceled or over.
    fn check_wanted(&mut self, key: &str) {
        assert!(!self.watch.is_queue_paused, "something left while all uploads were paused");
        let tracked = &self.watch.tracked[key];
        assert!(!tracked.is_paused && !tracked.was_canceled && !tracked.is_gone, "not wanted: {tracked:?}");
    }

    fn check_creation(&mut self, device: &Device, asset: &NewAsset) {
        self.check_wanted(&asset.key);
        let believed = self.watch.believed.clone().expect("an asset in a project that is not known");
        let (time, life) = (self.time, self.watch.life);
        let tracked = self.watch.tracked.get_mut(&asset.key).expect("an upload of ours");
        let project = tracked.project.get_or_insert_with(|| believed.clone());
        assert_eq!(*project, believed, "made for one project, and sent to another");
        // What left before a restart, or for URLs that ended, is not asked for.
        if life != tracked.life || self.watch.has_short_urls {
            tracked.excuses.insert("a restart, or URLs that ended");
        }
        // Where URLs end early, or are said to, a file may be sent as recordings are the next time.
        let is_again = self.service.uploads().any(|earlier| earlier.filetype == asset.key);
        let may_be_realtime = tracked.is_recording || is_again || self.watch.has_short_urls;
        assert!(asset.size.is_some() || may_be_realtime);
        let (made_by, queued_by) = tracked.wall_errors;
        let is_known =
            made_by == queued_by && (life == tracked.life || queued_by == device.clock.wall_error());
        if is_known {
            let age = (time - tracked.made) / SECOND;
            assert!(age.abs_diff(asset.offset) <= 1, "{age} s old, but said to be {}", asset.offset);
        } else {
            tracked.is_of_unknown_age = true;
        }
    }

    pub fn watch_leaving_part(&mut self, _device: &Device, id: RequestId, part: &PartRequest) {
        let time = self.time;
        let (asset, number, _) = read_url(part.url.expose());
        let key = self.service.asset(asset).filetype.clone();
        self.check_places();
        self.check_wanted(&key);
        assert_eq!(&*part.content_type, key);
        assert!(!part.url.expose().contains("token-"), "a token in a URL");
        let of_asset = &self.service.asset(asset);
        if self.service.assets.rules.names_project {
            let tracked = &self.watch.tracked[&key];
            assert_eq!(
                tracked.project.as_ref(),
                Some(&of_asset.project.name),
                "bytes for the wrong project: {tracked:?}"
            );
        }
        if let Some(part) = of_asset.part(number) {
            let is_final_again = of_asset.realtime && part.is_final && !part.is_stored();
            if is_final_again {
                self.watch.confirmed.remove(&(asset, number));
            }
        }
        assert!(
            !self.watch.confirmed.contains(&(asset, number)),
            "part {number} of asset {asset} had arrived"
        );
        let is_twice = self.watch.flying.values().any(
            |flying| matches!(flying, Flying::Part { asset: a, part: p } if (*a, *p) == (asset, number)),
        );
        assert!(!is_twice, "part {number} of asset {asset} is under way twice");
        let wish = self.watch.storage_wish;
        assert!(time >= wish, "a part left {} ms before the storage's wish", wish.saturating_sub(time));
        let weather = &self.network.weather;
        self.watch.note_attempt(weather.outage || weather.storage_is_down, time);
        self.watch.count("parts");
        self.watch.left.insert((asset, number));
        self.watch.flying.insert(id, Flying::Part { asset, part: number });
    }

    pub fn watch_abort(&mut self, id: RequestId) {
        self.watch.flying.remove(&id);
    }

    // What comes back.

    pub fn watch_answer(
        &mut self,
        device: &mut Device,
        id: RequestId,
        answer: Answer,
        effect: Option<Effect>,
        now: Now,
    ) {
        if let Some(Effect::Seen { project }) = effect {
            self.watch.believed = Some(project.clone());
            self.watch.is_project_uncertain = false;
            self.watch.known_project = Some(project);
        }
        let time = self.time;
        let Some(flying) = self.watch.flying.remove(&id) else {
            return device.engine.respond(id, answer, now);
        };
        if std::mem::replace(&mut self.watch.unanswered_in, self.watch.life) != self.watch.life {
            self.watch.unanswered.clear();
        }
        match (&flying, &answer) {
            (Flying::Create, Answer::Api(Ok(response))) => self.watch.note_wish(false, response, time),
            (Flying::Announce(asset), Answer::Api(Ok(response))) => {
                self.watch.note_wish(false, response, time);
                if response.status == 404 {
                    self.note_foreign(*asset, 0);
                }
            }
            (Flying::Part { asset, part }, Answer::Part(Outcome { answer: Ok(sent), .. })) => {
                self.watch.note_wish(true, &sent.response, time);
                self.note_part_answer(*asset, *part, &sent.response);
                // A 404 of the storage itself is about the upload; that of something on the way is counted.
                let body = String::from_utf8_lossy(sent.response.body.expose());
                let is_of_another = body.contains("<Code>") && !body.contains("NoSuchUpload");
                let is_replaced = sent.response.status != 404 || is_of_another;
                if fio_c2c::api::part::read(sent, false).is_err() && is_replaced {
                    self.excuse(*asset, *part, "the answer to a part that is there was replaced");
                }
                if sent.md5.is_some() && sent.etag.is_some() && sent.md5 != sent.etag {
                    let key = self.service.asset(*asset).filetype.clone();
                    let tracked = self.watch.tracked.get_mut(&key).expect("an upload of ours");
                    // Whether the file was made of the damage or of what was sent after it is not to be told.
                    tracked.excuses.insert("a part arrived damaged");
                    self.note_refusal(*asset, *part);
                }
            }
            _ => {}
        }
        let Flying::Part { asset, part } = flying else { return device.engine.respond(id, answer, now) };
        if matches!(&answer, Answer::Part(outcome) if outcome.left_unanswered) {
            self.watch.unanswered.insert((asset, part));
            self.watch.ever_unanswered.insert((asset, part));
        }
        let is_success =
            matches!(&answer, Answer::Part(Outcome { answer: Ok(sent), .. }) if sent.response.is_success());
        let upload = self.watch.tracked[&self.service.asset(asset).filetype].id;
        let confirmed = |device: &Device| {
            let info = device.engine.uploads().info(upload).ok();
            info.map_or((0, false), |info| (info.confirmed, info.state == UploadState::Done))
        };
        let before = confirmed(device);
        device.engine.respond(id, answer, now);
        let after = confirmed(device);
        if is_success && (after.0 > before.0 || after.1) {
            self.watch.confirmed.insert((asset, part));
        }
    }

    fn note_part_answer(&mut self, asset: usize, part: u32, response: &Response) {
        let body = String::from_utf8_lossy(response.body.expose());
        if response.status == 403 && body.contains("AccessDenied") {
            self.watch.count("expired URLs");
            self.note_refusal(asset, part);
            self.excuse(asset, part, "the URLs ended before an answer that was lost could be asked for");
        } else if [302, 403, 404].contains(&response.status) && !body.contains("<Code>")
            || response.status == 413
        {
            self.note_foreign(asset, part);
        } else if response.status == 404 {
            self.watch.count("uploads gone");
            let confirmed = &self.watch.confirmed;
            let is_known = |(part, _)| {
                confirmed.contains(&(asset, part)) || self.watch.unanswered.contains(&(asset, part))
            };
            let are_known = self.service.asset(asset).parts().all(is_known);
            if !are_known {
                self.excuse(asset, part, "what left before a restart or a pause may not be there");
            }
        }
    }

    fn note_refusal(&mut self, asset: usize, part: u32) {
        let times = self.watch.refusals.entry((asset, part)).or_insert(0);
        *times += 1;
        if *times >= PATIENCE {
            self.watch.often_refused.insert(self.service.asset(asset).filetype.clone());
        }
    }

    fn note_foreign(&mut self, asset: usize, part: u32) {
        self.note_refusal(asset, part);
        let times = self.watch.foreign.entry((asset, part)).or_insert(0);
        *times += 1;
        if *times >= PATIENCE_WITH_404 {
            self.excuse(asset, part, "something on the way said so again and again");
        }
    }

    /// If the part is there without the device's knowing, or even the whole file, it cannot know now.
    fn excuse(&mut self, asset: usize, part: u32, why: &'static str) {
        let asset = &self.service.asset(asset);
        let is_stored = asset.part(part).is_some_and(Part::is_stored);
        if is_whole(asset) || is_stored {
            let tracked = self.watch.tracked.get_mut(&asset.filetype).expect("an upload of ours");
            tracked.excuses.insert(why);
        }
    }
}

pub fn told(info: &UploadInfo) -> (UploadState, i32) {
    (info.state, info.reason.as_ref().map_or(0, |reason| reason.status))
}

/// Whether it may be forgotten without being asked for.
pub fn is_history(state: UploadState) -> bool {
    matches!(state, UploadState::Done | UploadState::Canceled)
}
