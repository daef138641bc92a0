//! What must hold over restarts and power cuts.

use super::tracked::Tracked;
use super::watch::{is_history, told};
use crate::service::Service;
use crate::world::World;
use fio_c2c::upload::transfer::{Ending, Upload};
use fio_c2c::upload::{UploadId, UploadState, record};
use std::collections::BTreeSet;

impl World {
    pub fn watch_boot(&mut self) {
        let watch = &mut self.watch;
        watch.life += 1;
        watch.believed = None;
        watch.flying.clear();
        (watch.api_wish, watch.storage_wish) = (0, 0);
        watch.last_progress = None;
        watch.dead_since = None;
        let Some(device) = &self.device else { return };
        let is_paused = device.engine.uploads().totals().is_paused;
        let was_unread = std::mem::replace(&mut self.watch.was_unread, !self.disk.is_readable());
        if was_unread {
            (self.watch.is_pause_uncertain, self.watch.is_auto_start_uncertain) = (true, true);
        }
        if !self.disk.is_readable() {
            // Nothing is known of what was chosen, until the store can be read.
            (self.watch.is_pause_uncertain, self.watch.is_auto_start_uncertain) = (true, true);
        } else if !std::mem::take(&mut self.watch.is_pause_uncertain) {
            assert_eq!(is_paused, self.watch.is_queue_paused, "whether the queue is paused");
        }
        self.watch.is_queue_paused = is_paused;
        let is_complete = self.disk.is_readable() && !device.is_amnesic && !self.disk.power_is_gone();
        for id in device.engine.uploads().queue().ids() {
            let info = device.engine.uploads().info(id).expect("it was listed");
            let Some(key) = self.watch.ids.get(&id) else { panic!("upload {id} came from nowhere") };
            let tracked = self.watch.tracked.get_mut(key).expect("ids and keys belong together");
            assert!(!tracked.is_gone, "an upload that was forgotten is back: {info:?}");
            tracked.was_removed = false;
            assert_eq!((&info.tag, info.priority), (&tracked.tag, tracked.priority), "{info:?}");
            assert!(tracked.is_paused <= (info.state != UploadState::Queued), "{info:?} was paused");
            // What was told last may be more than was written.
            if !std::mem::take(&mut tracked.was_behind) {
                if let Some((state, reason)) = tracked.told.filter(|(state, _)| state.is_over()) {
                    let now = (info.state, info.reason.as_ref().map_or(0, |reason| reason.status));
                    assert_eq!(now, (state, reason), "another state than before the restart: {info:?}");
                }
            }
            (tracked.told, tracked.was_listed) = (Some(told(&info)), true);
        }
        if is_complete {
            let ids: BTreeSet<UploadId> = device.engine.uploads().queue().ids().into_iter().collect();
            for tracked in self.watch.tracked.values_mut().filter(|tracked| !tracked.is_gone) {
                if !ids.contains(&tracked.id) {
                    // One that is over may be forgotten before the word of it is out.
                    let may_be_over = tracked.was_behind
                        && (tracked.was_canceled || self.service.may_be_done(&tracked.key));
                    let may_be_lost = tracked.was_unknown
                        || may_be_over
                        || tracked.was_removed
                        || tracked.told.is_some_and(|(state, _)| is_history(state));
                    assert!(may_be_lost, "an upload was lost over a restart: {tracked:?}");
                    tracked.is_gone = true;
                }
            }
        }
        self.check_tags();
    }

    /// What was started, and what was sent or canceled once that is written down, is known by its tag for ever;
    /// and nothing else is.
    pub fn check_tags(&mut self) {
        let Some(device) = &self.device else { return };
        if device.is_amnesic || !self.disk.is_readable() || self.disk.power_is_gone() {
            return;
        }
        if self.watch.were_tags_forgotten || self.settings.uploads.tags_remembered == 0 {
            return;
        }
        let is_written = !self.disk.has_refused() && self.disk.is_writable();
        for tracked in self.watch.tracked.values_mut().filter(|tracked| !tracked.tag.is_empty()) {
            let Some(known) = device.engine.uploads().find_tag(&tracked.tag) else {
                let is_listed = device.engine.uploads().info(tracked.id).is_ok();
                assert!(!is_listed || tracked.is_gone, "in the list, and not found by its tag: {tracked:?}");
                assert!(!tracked.must_be_known, "over, and forgotten: {tracked:?}");
                continue;
            };
            assert_eq!(known.id, tracked.id, "{tracked:?}");
            if !known.state.is_over() {
                continue;
            }
            match known.state {
                UploadState::Done => {
                    let is_told = matches!(tracked.told, Some((UploadState::Done, _)));
                    let is_true = is_told || self.service.may_be_done(&tracked.key);
                    assert!(is_true, "known as sent, and was not: {tracked:?}");
                }
                UploadState::Canceled => assert!(tracked.was_canceled, "nobody canceled it: {tracked:?}"),
                _ => continue,
            }
            if device.engine.uploads().info(tracked.id).is_err() {
                self.watch
                    .tally
                    .entry("known by their tags alone")
                    .and_modify(|count| *count += 1)
                    .or_insert(1);
            }
            tracked.must_be_known |= is_written;
        }
    }

    /// From here on the device knows what its store knows.
    pub fn watch_power_off(&mut self) {
        // A write was refused, or lost with the power: what came after it may be behind.
        let is_behind = self.disk.has_refused() || self.disk.power_is_gone();
        self.watch.is_auto_start_uncertain |= is_behind;
        self.watch.is_project_uncertain |= is_behind;
        self.watch.is_pause_uncertain |= is_behind;
        let mut confirmed = BTreeSet::new();
        for tracked in self.watch.tracked.values_mut().filter(|tracked| !tracked.was_stored) {
            tracked.was_stored = self.disk.ever_held(&record::key(tracked.id));
        }
        let left = &self.watch.left;
        let service = &self.service;
        let mut records = self.disk.stored_uploads(self.seal_key.as_ref());
        for tracked in self.watch.tracked.values_mut().filter(|tracked| !tracked.is_gone) {
            let stored = records(tracked.id);
            tracked.was_behind |= is_behind;
            tracked.was_ever_behind |= is_behind;
            if is_behind && is_ahead_of_the_store(service, left, tracked, stored.as_ref()) {
                tracked.excuses.insert("the store was behind");
            }
            if is_behind && tracked.excuses.contains("a part arrived damaged") {
                tracked.excuses.insert("damage was not written down");
            }
            let Some(stored) = stored else {
                // One that is over may be forgotten in a life that could not read of it at its start.
                let was_whole = self.service.may_be_done(&tracked.key);
                let is_forgotten = tracked.told.is_some_and(|(state, _)| is_history(state))
                    || tracked.was_behind && (tracked.was_canceled || was_whole);
                assert!(
                    is_behind || is_forgotten || tracked.was_removed || tracked.was_unknown,
                    "never stored: {tracked:?}"
                );
                tracked.was_unknown = true;
                continue;
            };
            tracked.was_unknown = false;
            if is_behind {
                tracked.follow(&stored);
            }
            let Some(asset) = stored.asset_id.as_deref().and_then(|id| service.number_of(id)) else {
                continue;
            };
            let of_this = self.watch.confirmed.iter().filter(|(own, _)| *own == asset);
            for &(asset, part) in of_this {
                if stored.parts.is_done(part - 1)
                    || stored.ending.as_ref().is_some_and(|ending| *ending == Ending::Done)
                {
                    confirmed.insert((asset, part));
                } else {
                    assert!(is_behind, "part {part} of asset {asset} had arrived, but was not written down");
                }
            }
        }
        self.watch.confirmed = confirmed;
    }
}

/// Whether bytes are, or may get, to the service of which the store does not know that they were sent: a
/// device that knows only the store starts over, and rightly so.
fn is_ahead_of_the_store(
    service: &Service,
    left: &BTreeSet<(usize, u32)>,
    tracked: &Tracked,
    stored: Option<&Upload>,
) -> bool {
    let of_this = service.uploads().enumerate().filter(|(_, asset)| asset.filetype == tracked.key);
    of_this.into_iter().any(|(number, asset)| {
        let known = stored.filter(|stored| stored.asset_id.as_deref() == Some(&*asset.id));
        let is_known = |part: u32| match known {
            Some(stored) => {
                stored.ending == Some(Ending::Done)
                    || stored.parts.is_done(part - 1)
                    || !stored.is_untried(part - 1)
            }
            None => false,
        };
        let mut parts = asset.parts();
        parts.any(|(number_of_part, part)| {
            (part.is_stored() || left.contains(&(number, number_of_part))) && !is_known(number_of_part)
        })
    })
}
