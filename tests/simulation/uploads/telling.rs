//! What the application is told: states, order, totals, progress.

use super::tracked::Tracked;
use super::watch::told;
use crate::world::World;
use fio_c2c::engine::effects::{Event, Notice};
use fio_c2c::status::{FIO_E_NOT_AUTHORIZED, FIO_E_UPLOAD_PAUSED};
use fio_c2c::upload::{UploadId, UploadState, record};
use std::collections::BTreeMap;

impl World {
    pub fn watch_notice(&mut self, notice: &Notice) {
        let Notice::Event(event) = notice else { return };
        match event {
            Event::Authorized => {
                self.watch.believed = None;
                self.watch.known_project = None;
                self.watch.is_project_uncertain = false;
                self.watch.api_wish = 0;
            }
            Event::Upload(info) => {
                let told = told(info);
                if info.state == UploadState::Uploading {
                    self.watch.has_begun.push(info.id);
                }
                let tracked = self.watch.of_mut(info.id);
                let is_new = tracked.told != Some(told) || std::mem::take(&mut tracked.was_listed);
                // What holds all of them back is shown with each, but is no change of it.
                let is_held = [FIO_E_UPLOAD_PAUSED, FIO_E_NOT_AUTHORIZED].contains(&told.1);
                assert!(is_new || is_held, "told twice: {info:?}");
                tracked.told = Some(told);
                // The present project is that of what has none when its turn comes.
                if tracked.project.is_none() && info.state == UploadState::Uploading {
                    tracked.project.clone_from(&info.project_id);
                }
                if info.state.is_over() {
                    self.watch.count(match info.state {
                        UploadState::Done => "done",
                        UploadState::Failed => "failed",
                        UploadState::Skipped => "skipped",
                        _ => "canceled",
                    });
                }
            }
            Event::StoreRecovered => {
                self.watch.is_auto_start_uncertain = true;
                self.watch.is_pause_unread = true;
                for tracked in self.watch.tracked.values_mut() {
                    tracked.was_listed = true;
                }
            }
            Event::Progress { totals, .. } => {
                self.watch.count("progress");
                let interval = self.settings.uploads.progress_interval.as_millis() as u64;
                if totals.files_left > 0 {
                    assert!(
                        self.watch.last_progress.is_none_or(|last| self.time >= last + interval),
                        "progress is told too often"
                    );
                    // Or about to move, once there is a token again.
                    let is_moving = self.network.in_flight_for_uploads() > 0
                        || totals.uploading > 0
                        // Or what moved has been stopped in this very step.
                        || totals.waiting > 0;
                    assert!(is_moving && interval > 0, "progress is told while nothing moves: {totals:?}");
                    self.watch.last_progress = Some(self.time);
                }
            }
            _ => {}
        }
    }

    /// After each call, and everything that came of it.
    pub fn watch_step(&mut self) {
        if std::mem::take(&mut self.watch.is_pause_unread) {
            if let Some(device) = &self.device {
                self.watch.is_queue_paused = device.engine.uploads().totals().is_paused;
                for tracked in self.watch.tracked.values_mut() {
                    tracked.told =
                        device.engine.uploads().info(tracked.id).ok().as_ref().map(told).or(tracked.told);
                }
            }
        }
        if self.watch.tracked.is_empty() {
            return;
        }
        for tracked in self.watch.tracked.values_mut().filter(|tracked| !tracked.was_stored) {
            tracked.was_stored = self.disk.ever_held(&record::key(tracked.id));
        }
        let has_begun = std::mem::take(&mut self.watch.has_begun);
        self.watch.steps += 1;
        if !has_begun.is_empty() {
            self.check_order(&has_begun);
        }
        if self.watch.steps % 16 == 0 {
            self.check_totals();
            self.check_tags();
        }
    }

    /// Who began before others had the better right to.
    fn check_order(&mut self, begun: &[UploadId]) {
        let time = self.time;
        let Some(device) = &self.device else { return };
        let now = device.clock.now(time).mono;
        if device.engine.deadline().is_some_and(|at| at <= now) {
            // Something has changed after they were chosen.
            return;
        }
        let turn = |tracked: &Tracked| (-i64::from(tracked.priority), tracked.id);
        let last = begun.iter().map(|id| turn(self.watch.of(*id))).max();
        for tracked in self.watch.tracked.values().filter(|tracked| !tracked.is_gone) {
            let is_queued =
                device.engine.uploads().info(tracked.id).is_ok_and(|info| info.state == UploadState::Queued);
            assert!(!is_queued || Some(turn(tracked)) > last, "passed over: {tracked:?}");
        }
    }

    pub fn check_totals(&mut self) {
        let Some(device) = &self.device else { return };
        let totals = device.engine.uploads().totals();
        let mut counts = BTreeMap::<UploadState, u64>::new();
        let mut bytes = 0;
        for id in device.engine.uploads().queue().ids() {
            let info = device.engine.uploads().info(id).expect("it was listed");
            *counts.entry(info.state).or_insert(0) += 1;
            if !info.state.is_over() {
                bytes += info.size.saturating_sub(info.confirmed + info.in_flight);
            }
            assert!(info.confirmed + info.in_flight <= info.size, "{info:?}");
        }
        let count = |state| counts.get(&state).copied().unwrap_or(0);
        use UploadState::*;
        assert_eq!(
            [
                totals.queued,
                totals.uploading,
                totals.waiting,
                totals.done,
                totals.failed,
                totals.skipped,
                totals.canceled
            ],
            [Queued, Uploading, Waiting, Done, Failed, Skipped, Canceled].map(count),
            "{totals:?}"
        );
        assert_eq!(totals.files_left, count(Queued) + count(Uploading) + count(Waiting));
        assert_eq!(totals.bytes_left, bytes, "{totals:?}");
        // Nor is one let go of whose tag cannot be remembered before the store was read.
        if !self.disk.has_refused() && self.disk.is_writable() && !device.is_amnesic {
            let history = u64::from(self.settings.uploads.history);
            assert!(count(Done) + count(Canceled) <= history, "more is remembered than was asked for");
        }
    }
}
