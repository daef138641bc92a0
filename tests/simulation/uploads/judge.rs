//! How uploads must have ended, once everything is well again and time has passed.

use super::tracked::{Origin, Tracked};
use super::watch::{is_history, told};
use crate::content::Contents;
use crate::service::assets::Asset;
use crate::service::storage::equals;
use crate::world::{HOUR, MINUTE, World};
use fio_c2c::status::*;
use fio_c2c::upload::UploadState;
use std::collections::BTreeSet;

/// As long as ten assets of one file may take, and then some.
const LONGEST: u64 = 72 * HOUR;

impl World {
    /// Lets time pass until nothing moves any more, and judges every upload.
    pub fn judge_uploads(&mut self) {
        let end = self.time + LONGEST;
        loop {
            self.run_for(10 * MINUTE);
            let unsettled = self.unsettled();
            if unsettled.is_empty() && self.network.in_flight_for_uploads() == 0 {
                break;
            }
            if self.time >= end {
                let mut stored = self.disk.stored_uploads(self.seal_key.as_ref());
                for id in self.watch.ids.keys() {
                    if let Some(upload) = stored(*id) {
                        println!(
                            "stored {id}: {:?} {:?} {:?}, {} URLs",
                            upload.recording,
                            upload.parts,
                            upload.asset_id,
                            upload.urls.len()
                        );
                    }
                }
                panic!("stuck: {unsettled:#?}");
            }
        }
        self.check_totals();
        self.check_tags();
        for tracked in self.watch.tracked.values().cloned().collect::<Vec<_>>() {
            self.judge(&tracked);
        }
    }

    /// Those of which more is to come.
    fn unsettled(&mut self) -> Vec<String> {
        let device = self.device.as_ref().expect("the device is on");
        let mut list = Vec::new();
        for tracked in self.watch.tracked.values().filter(|tracked| !tracked.is_gone) {
            let Ok(info) = device.engine.uploads().info(tracked.id) else { continue };
            let is_recording = tracked.is_recording && info.is_recording && !tracked.is_finished;
            let has_settled = match info.state {
                UploadState::Waiting => info.retry_in.is_none(),
                UploadState::Queued => false,
                // One that nobody speaks of any more ends by itself, if there is a file to look at.
                UploadState::Uploading => {
                    let is_spoken_of = tracked.sourced_in == self.watch.life;
                    is_recording && (is_spoken_of || tracked.origin != Origin::Path)
                }
                _ => true,
            };
            if !has_settled {
                list.push(format!("{info:?} {tracked:?}"));
            }
        }
        list
    }

    fn judge(&mut self, tracked: &Tracked) {
        self.judge_copies(tracked);
        self.judge_litter(tracked);
        if tracked.is_gone {
            return;
        }
        let device = self.device.as_ref().expect("the device is on");
        let Ok(info) = device.engine.uploads().info(tracked.id) else {
            let may_be_over =
                tracked.was_behind && (tracked.was_canceled || self.service.may_be_done(&tracked.key));
            let is_history = tracked.told.is_some_and(|(state, _)| is_history(state));
            assert!(
                is_history || tracked.was_unknown || tracked.was_removed || may_be_over,
                "forgotten: {tracked:?}"
            );
            return;
        };
        let (state, reason) = told(&info);
        let is_held = self.watch.is_queue_paused || reason == FIO_E_NOT_AUTHORIZED;
        if !is_held && tracked.told.is_some_and(|(told, _)| told != UploadState::Waiting) {
            assert_eq!(tracked.told, Some((state, reason)), "told another state than is true: {tracked:?}");
        }
        match state {
            UploadState::Done => self.judge_done(tracked),
            UploadState::Failed => self.judge_failure(tracked, reason),
            UploadState::Skipped => self.judge_skip(tracked),
            UploadState::Canceled => assert!(tracked.was_canceled, "nobody canceled {tracked:?}"),
            UploadState::Waiting => {
                let project = tracked.project.clone().or(info.project_id);
                self.judge_wait(&Tracked { project, ..tracked.clone() }, reason);
            }
            UploadState::Queued | UploadState::Uploading => {}
        }
        if self.service.pauses().any(|(from, to)| {
            let margin = 10_000;
            from + margin < tracked.made && to.is_none_or(|to| tracked.made + margin < to)
        }) && !tracked.is_of_unknown_age
        {
            let has_leaked = self.service.complete(&tracked.key).next().is_some();
            assert!(!has_leaked, "media of a pause was stored: {tracked:?}");
        }
    }

    /// All its file ever was.
    fn past(&self, tracked: &Tracked) -> Vec<Contents> {
        let mut past = match tracked.origin {
            Origin::Pushed => vec![tracked.pushed],
            _ => self.card.past(&tracked.path),
        };
        past.extend(&tracked.cut);
        past
    }

    /// The same bytes are whole at the service once, unless nobody could know.
    fn judge_copies(&mut self, tracked: &Tracked) {
        let past = self.past(tracked);
        let mut seen = Vec::new();
        for asset in self.service.complete(&tracked.key) {
            let Some(which) = past.iter().position(|contents| equals(asset, contents)) else { continue };
            let is_again = seen.contains(&which);
            assert!(!is_again || !tracked.excuses.is_empty(), "whole twice: {tracked:?}");
            seen.push(which);
        }
        if seen.len() > 1 {
            self.watch.count("whole twice");
        }
    }

    /// At most ten assets for a file, and ten more each time a person says so.
    fn judge_litter(&mut self, tracked: &Tracked) {
        let made = self.service.uploads().filter(|asset| asset.filetype == tracked.key).count();
        let denied = self.service.assets.denied.get(&tracked.key).copied().unwrap_or(0);
        let most = 10 * (1 + tracked.retries) + denied;
        // What a store that failed could not write down is not known after a power cut.
        assert!(made <= most || tracked.was_ever_behind, "{made} assets, and not {most}: {tracked:?}");
    }

    fn judge_done(&mut self, tracked: &Tracked) {
        let past = self.past(tracked);
        let is_there = self.service.complete(&tracked.key).any(|asset| {
            // Where the service does not say it, a move in the very moment of the creation goes unnoticed.
            let is_in_place = Some(&asset.project.name) == tracked.project.as_ref()
                || !self.service.assets.rules.names_project;
            is_in_place && past.iter().any(|contents| equals(asset, contents))
        });
        // The storage was sent other bytes in the moment in which the power went: nobody was told.
        let is_damage_forgotten = self.service.assets.unseen_damage.contains(&tracked.key)
            || tracked.excuses.contains("damage was not written down");
        if is_damage_forgotten && !is_there {
            return self.watch.count("damaged in the moment the power went");
        }
        // A person deleted it at the service in the very time in which the answer to the last part was lost: all
        // that was missing had left, and that is how a file looks that was put together.
        let has_evidence = |(number, asset): (usize, &Asset)| {
            let had_left = |(part, _)| {
                let key = (number, part);
                self.watch.confirmed.contains(&key) || self.watch.ever_unanswered.contains(&key)
            };
            asset.filetype == tracked.key && self.service.is_gone(asset) && asset.parts().all(had_left)
        };
        if !is_there && self.service.uploads().enumerate().any(has_evidence) {
            return self.watch.count("deleted while the last answer was lost");
        }
        assert!(is_there, "done, but not at the service: {tracked:?}");
    }

    fn judge_failure(&mut self, tracked: &Tracked, reason: i32) {
        let mut reasons: BTreeSet<i32> = BTreeSet::new();
        if tracked.origin != Origin::Pushed {
            reasons.extend(self.card.woes(&tracked.path));
        }
        for (key, status) in &self.service.assets.refusals {
            if *key == tracked.key && *status == 422 {
                reasons.insert(FIO_E_UNPROCESSABLE);
            }
        }
        if self.service.assets.refusals.contains(&(tracked.key.clone(), 409)) {
            // The answer was spoilt, and with it the word that it was a pause.
            reasons.insert(FIO_E_CONFLICT);
        }
        let is_refused_again = self.service.assets.refused_again.contains(&tracked.key);
        if is_refused_again && tracked.was_ever_behind {
            // It was announced in a life that could not write it down.
            reasons.insert(FIO_E_UNPROCESSABLE);
        }
        if tracked.excuses.contains("nothing was recorded") {
            reasons.insert(FIO_E_SOURCE_EMPTY);
        }
        if tracked.origin == Origin::Pushed {
            // What has been let go of cannot be sent again.
            // And what was pushed before a restart is gone.
            reasons.insert(FIO_E_SOURCE_EMPTY);
            let is_cut = tracked.cut.iter().any(|cut| cut.size < tracked.pushed.size);
            reasons.extend(is_cut.then_some(FIO_E_SOURCE_CHANGED));
            reasons.extend([FIO_E_URL_EXPIRED, FIO_E_UPLOAD_GONE, FIO_E_FORBIDDEN, FIO_E_NOT_FOUND]);
        }
        assert!(reasons.contains(&reason), "failed with {} for no reason: {tracked:?}", status_name(reason));
    }

    fn judge_skip(&mut self, tracked: &Tracked) {
        assert!(self.service.assets.refusals.contains(&(tracked.key.clone(), 409)), "skipped: {tracked:?}");
        if tracked.is_of_unknown_age {
            return;
        }
        let margin = 10_000;
        let was_paused = self.service.pauses().any(|(from, to)| {
            tracked.made + margin >= from && to.is_none_or(|to| tracked.made <= to + margin)
        });
        assert!(was_paused, "skipped, though made in no pause: {tracked:?}");
    }

    fn judge_wait(&mut self, tracked: &Tracked, reason: i32) {
        let is_true = match reason {
            FIO_E_UPLOAD_PAUSED => tracked.is_paused || self.watch.is_queue_paused,
            FIO_E_OTHER_PROJECT => {
                // The answer to a creation may have said so before the device information does.
                let is_elsewhere = tracked.project.as_deref() != Some(self.service.project());
                tracked.project.is_some() && (is_elsewhere || tracked.project != self.watch.known_project)
            }
            FIO_E_SOURCE_NEEDED => tracked.origin != Origin::Path && tracked.sourced_in != self.watch.life,
            FIO_E_NOT_AUTHORIZED => !self.is_paired(),
            FIO_E_TOO_MANY_ASSETS => self.watch.creations.get(&tracked.key).copied().unwrap_or(0) >= 10,
            _ => false,
        };
        assert!(is_true, "waits for {} without a reason: {tracked:?}", status_name(reason));
    }
}

fn status_name(status: i32) -> &'static str {
    fio_c2c::status::describe(status).map_or("nothing", |row| row.name)
}
