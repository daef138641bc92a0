//! What an application asks of uploads.

use super::tracked::{Origin, Tracked};
use crate::content::Contents;
use crate::service::Rules;
use crate::world::{SECOND, World};
use fio_c2c::clock::Now;
use fio_c2c::context::Context;
use fio_c2c::engine::Engine;
use fio_c2c::error::Error;
use fio_c2c::status::{FIO_E_SOURCE_CHANGED, FIO_E_STATE, FIO_E_UPLOAD_PAUSED};
use fio_c2c::upload::uploads::Uploads;
use fio_c2c::upload::{RecordingSpec, SourceSpec, UploadId, UploadInfo, UploadSpec, UploadState};
use std::collections::BTreeSet;

/// A new upload.
#[derive(Clone, Debug)]
pub struct New {
    pub size: u64,
    pub origin: Origin,
    pub priority: i32,
    pub verify: bool,
    pub recording: Option<RecordingSpec>,
    /// Without a name of its own until it is over.
    pub is_nameless: bool,
    /// How old the media is, in milliseconds.
    pub age: u64,
    /// Says when the media was made, and does not leave it to the file.
    pub says_when: bool,
}

impl New {
    pub fn file(size: u64) -> New {
        New {
            size,
            origin: Origin::Path,
            priority: 0,
            verify: false,
            recording: None,
            is_nameless: false,
            age: 0,
            says_when: false,
        }
    }

    pub fn recording() -> New {
        New { recording: Some(RecordingSpec::default()), ..New::file(0) }
    }

    pub fn pushed(held_head: u64) -> New {
        let spec = RecordingSpec { held_head, ..RecordingSpec::default() };
        New { recording: Some(spec), origin: Origin::Pushed, ..New::file(0) }
    }
}

/// A paired world in clear weather.
pub fn paired(seed: u64) -> World {
    let mut world = World::new(seed, Rules::default());
    world.log = super::log_lines::suspicious();
    world.pair();
    world
}

impl World {
    pub fn ask<T>(&mut self, call: impl FnOnce(&mut Engine, Now) -> T) -> T {
        let time = self.time;
        let device = self.on();
        let now = device.clock.now(time);
        call(&mut device.engine, now)
    }

    pub fn ask_uploads<T>(
        &mut self,
        call: impl FnOnce(&mut Uploads, &mut Context) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.ask(|engine, now| engine.with_uploads(now, call))
    }

    /// As an application calls; what comes of it is passed on.
    pub fn call_uploads<T>(
        &mut self,
        call: impl FnOnce(&mut Uploads, &mut Context) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let result = self.ask_uploads(call);
        self.after_call();
        result
    }

    pub fn add(&mut self, new: New) -> Result<UploadId, Error> {
        let (number, time) = (self.watch.next_number, self.time);
        self.watch.next_number += 1;
        let key = format!("video/x-{number}");
        let path = format!("/card/clip-{number}.mov").into_bytes();
        // A recording begins now, unless it is said when it did.
        let age = if new.recording.is_some() && !new.says_when { 0 } else { new.age };
        let made = time.saturating_sub(age);
        let wall_error = self.on().clock.wall_error();
        let wall_made = self.on().clock.now(time).wall - ((time - made) / SECOND) as i64;
        let made = time - (time - made) / SECOND * SECOND;
        let contents = Contents::new(number << 8 | 0x5a, new.size);
        self.card.create(&path, contents, wall_made);
        let source = match new.origin {
            Origin::Path => SourceSpec::Path(path.clone()),
            Origin::Attached => SourceSpec::Attached(self.card.source(&path)),
            Origin::Pushed => SourceSpec::Pushed,
        };
        // Some have none; no other one has the same.
        let tag = if number % 5 == 0 { Vec::new() } else { format!("clip {number}").into_bytes() };
        let is_named = !new.is_nameless && (new.origin != Origin::Path || number % 2 == 0);
        let spec = UploadSpec {
            source,
            name: is_named.then(|| format!("clip {number}.mov")),
            extension: new.is_nameless.then(|| ".mov".to_owned()),
            media_type: Some(key.clone()),
            channel: (number % 3 == 0).then_some(0),
            created: (new.says_when || new.origin != Origin::Path).then_some(wall_made),
            tag: tag.clone(),
            again: false,
            priority: new.priority,
            parts: 0,
            verify: new.verify,
            recording: new.recording,
        };
        let paired = self.is_paired();
        // Tracked before the call, which tells of it.
        let added = self.ask_uploads(|uploads, cx| uploads.add(cx, spec));
        let result = added.clone();
        self.tell(|| format!("add {key}, {new:?}: {result:?}"));
        let id = match added {
            Ok(id) => id,
            Err(error) => {
                self.after_call();
                return Err(error);
            }
        };
        let is_paused = self.begins_paused(id);
        let project = if self.watch.is_project_uncertain {
            self.ask(|engine, _| engine.uploads().info(id)).ok().and_then(|info| info.project_id)
        } else {
            self.watch.known_project.clone().filter(|_| paired)
        };
        let tracked = Tracked {
            key: key.clone(),
            id,
            origin: new.origin,
            path,
            pushed: contents,
            cut: Vec::new(),
            is_recording: new.recording.is_some(),
            held_head: new.recording.map_or(0, |recording| recording.held_head),
            is_finished: false,
            priority: new.priority,
            tag,
            project,
            made,
            // The second in which 1970 began says that it is not known when a file was made.
            wall_errors: (wall_error + i64::from(wall_made == 0), wall_error),
            life: self.watch.life,
            is_of_unknown_age: false,
            is_paused,
            was_canceled: false,
            retries: 0,
            is_gone: false,
            was_removed: false,
            was_stored: false,
            was_behind: false,
            was_ever_behind: false,
            was_unknown: false,
            told: None,
            was_listed: false,
            must_be_known: false,
            excuses: BTreeSet::new(),
            sourced_in: self.watch.life,
        };
        let before = self.watch.ids.insert(id, key.clone());
        if let Some(before) = before.and_then(|before| self.watch.tracked.get_mut(&before)) {
            // The store never heard of the first one.
            assert!(!before.was_stored, "an id was given twice: {before:?}");
            before.is_gone = true;
        }
        self.watch.tracked.insert(key, tracked);
        self.after_call();
        Ok(id)
    }

    /// Starts an upload for a clip that had one before: as one who looks at the card again and does not remember.
    pub fn start_again(&mut self, key: &str, again: bool) -> Result<UploadId, Error> {
        let tracked = self.watch.tracked[key].clone();
        let spec = UploadSpec {
            source: SourceSpec::Path(tracked.path),
            media_type: Some(key.to_owned()),
            tag: tracked.tag,
            again,
            ..UploadSpec::default()
        };
        let added = self.ask_uploads(|uploads, cx| uploads.add(cx, spec));
        self.tell(|| format!("start {key} again: {added:?}"));
        if let Ok(id) = added {
            self.watch.ids.insert(id, key.to_owned());
            let tracked = self.watch.tracked.get_mut(key).expect("it is tracked");
            tracked.id = id;
            tracked.told = None;
            (tracked.was_canceled, tracked.is_gone, tracked.was_removed) = (false, false, false);
            (tracked.was_stored, tracked.was_unknown, tracked.must_be_known) = (false, false, false);
        }
        self.after_call();
        added
    }

    /// Whether a new upload waits to be resumed, and holds that this is as the application has chosen.
    fn begins_paused(&mut self, id: UploadId) -> bool {
        if self.watch.is_auto_start_uncertain && self.watch.is_queue_paused {
            // What was chosen may be lost, and nothing shows it: an application would choose anew.
            let paused = self.ask_uploads(|uploads, cx| uploads.pause(cx, id));
            assert!(paused.is_ok(), "{paused:?}");
            return true;
        }
        let info = self.ask(|engine, _| engine.uploads().info(id)).ok();
        let reason = info.and_then(|info| info.reason).map_or(0, |reason| reason.status);
        let is_paused = reason == FIO_E_UPLOAD_PAUSED;
        if !self.watch.is_auto_start_uncertain {
            let is_expected = self.watch.is_auto_start_off || self.watch.is_queue_paused;
            assert_eq!(is_paused, is_expected, "whether new uploads begin by themselves");
            return self.watch.is_auto_start_off;
        }
        is_paused
    }

    /// Adds one that is taken.
    pub fn upload(&mut self, new: New) -> UploadId {
        self.add(new).expect("the upload is taken")
    }

    pub fn info(&mut self, id: UploadId) -> UploadInfo {
        self.ask(|engine, _| engine.uploads().info(id)).expect("the upload is known")
    }

    pub fn upload_state(&mut self, id: UploadId) -> UploadState {
        self.info(id).state
    }

    /// Why it waits, failed or was skipped.
    pub fn reason(&mut self, id: UploadId) -> i32 {
        self.info(id).reason.map_or(0, |reason| reason.status)
    }

    pub fn pause_upload(&mut self, id: UploadId) -> Result<(), Error> {
        let result = self.ask_uploads(|uploads, cx| uploads.pause(cx, id));
        self.tell(|| format!("pause {id}: {result:?}"));
        if result.is_ok() {
            self.watch.of_mut(id).is_paused = true;
        }
        self.after_call();
        result
    }

    pub fn resume_upload(&mut self, id: UploadId) -> Result<(), Error> {
        let result = self.ask_uploads(|uploads, _| uploads.resume(id));
        self.tell(|| format!("resume {id}: {result:?}"));
        if result.is_ok() {
            self.watch.of_mut(id).is_paused = false;
            self.watch.forget_wishes();
        }
        self.after_call();
        result
    }

    pub fn pause_queue(&mut self, is_paused: bool) {
        self.tell(|| format!("pause the queue: {is_paused}"));
        self.ask_uploads(|uploads, cx| {
            if is_paused {
                uploads.pause_all(cx, true)
            } else {
                uploads.pause_all(cx, false)
            }
            Ok(())
        })
        .expect("there is always a queue");
        self.watch.is_queue_paused = is_paused;
        if !is_paused {
            self.watch.forget_wishes();
        }
        self.after_call();
    }

    pub fn set_auto_start(&mut self, is_on: bool) {
        self.tell(|| format!("auto start: {is_on}"));
        self.ask_uploads(|uploads, _| {
            uploads.set_auto_start(is_on);
            Ok(())
        })
        .expect("there is always a queue");
        self.watch.is_auto_start_off = !is_on;
        self.watch.is_auto_start_uncertain = false;
        self.after_call();
    }

    pub fn cancel_upload(&mut self, id: UploadId) -> Result<(), Error> {
        let result = self.ask_uploads(|uploads, cx| uploads.cancel(cx, id));
        self.tell(|| format!("cancel {id}: {result:?}"));
        if result.is_ok() {
            self.watch.of_mut(id).was_canceled = true;
        }
        self.after_call();
        result
    }

    pub fn retry(&mut self, id: UploadId) -> Result<(), Error> {
        let was_over = self.ask(|engine, _| engine.uploads().info(id)).is_ok_and(|info| info.state.is_over());
        let was_changed = self.watch.of(id).told == Some((UploadState::Failed, FIO_E_SOURCE_CHANGED));
        let result = self.ask_uploads(|uploads, cx| uploads.retry(cx, id));
        self.tell(|| format!("retry {id}: {result:?}"));
        if result.is_ok() {
            let key = self.watch.ids[&id].clone();
            self.watch.creations.remove(&key);
            self.watch.forget_wishes();
            let is_running = self.info(id).is_recording;
            let life = self.watch.life;
            let tracked = self.watch.of_mut(id);
            // What ends lets go of its source; only a path leads back to it. A recording of this life goes
            // on until the application says that it is over.
            let goes_on = is_running && tracked.origin == Origin::Path && tracked.life == life;
            if was_over {
                tracked.sourced_in = if goes_on { life } else { 0 };
                tracked.is_finished &= !is_running;
            }
            tracked.retries += 1;
            if was_changed {
                // What was sent then may have been what it is now.
                tracked.excuses.insert("it was changed, and is sent again as it is");
            }
        }
        self.after_call();
        result
    }

    pub fn prioritize(&mut self, id: UploadId, priority: i32) -> Result<(), Error> {
        let result = self.ask_uploads(|uploads, _| uploads.prioritize(id, priority));
        self.tell(|| format!("prioritize {id} to {priority}: {result:?}"));
        if result.is_ok() {
            self.watch.of_mut(id).priority = priority;
        }
        self.after_call();
        result
    }

    pub fn move_to_project(&mut self, id: UploadId) -> Result<(), Error> {
        let result = self.ask_uploads(|uploads, _| uploads.move_to_project(id));
        self.tell(|| format!("move {id}: {result:?}"));
        if result.is_ok() {
            self.watch.of_mut(id).project = None;
        }
        self.after_call();
        result
    }

    pub fn remove(&mut self, id: UploadId) -> Result<(), Error> {
        let result = self.ask_uploads(|uploads, cx| uploads.remove(cx, id));
        self.tell(|| format!("remove {id}: {result:?}"));
        if result.is_ok() {
            let is_gone = !self.disk.holds(&fio_c2c::upload::record::key(id));
            let tracked = self.watch.of_mut(id);
            (tracked.is_gone, tracked.was_removed) = (is_gone, !is_gone);
        }
        self.after_call();
        result
    }

    /// Gives the source again.
    pub fn attach(&mut self, id: UploadId) -> Result<(), Error> {
        let tracked = self.watch.of(id).clone();
        let spec = match tracked.origin {
            Origin::Path => SourceSpec::Path(tracked.path),
            Origin::Attached => SourceSpec::Attached(self.card.source(&tracked.path)),
            Origin::Pushed => SourceSpec::Pushed,
        };
        let result = self.ask_uploads(|uploads, cx| uploads.attach(cx, id, spec));
        self.tell(|| format!("attach {id}: {result:?}"));
        if result.is_ok() {
            self.watch.of_mut(id).sourced_in = self.watch.life;
        }
        self.after_call();
        result
    }

    /// A recording grows on the card, or by what is pushed, and the device is told.
    pub fn record(&mut self, id: UploadId, bytes: u64) -> Result<(), Error> {
        let tracked = self.watch.of(id).clone();
        let result = match tracked.origin {
            Origin::Pushed => {
                let from = self.ask(|engine, _| engine.uploads().info(id))?.size;
                let data = Contents { size: u64::MAX, ..tracked.pushed }.bytes(from, bytes as usize);
                let result = self.ask_uploads(|uploads, _| uploads.push_data(id, from, &data));
                if result.is_ok() {
                    let tracked = self.watch.of_mut(id);
                    tracked.pushed.size = tracked.pushed.size.max(from + bytes);
                }
                result
            }
            _ => {
                let info = self.ask(|engine, _| engine.uploads().info(id))?;
                if !info.is_recording {
                    // It has been ended where its file ended: the camera begins another one.
                    return Err(Error::of(FIO_E_STATE));
                }
                self.card.change(&tracked.path, false, |contents| contents.size += bytes);
                let size = self.card.contents(&tracked.path).size;
                self.ask_uploads(|uploads, _| uploads.advance_recording(id, size))
            }
        };
        self.tell(|| format!("{id} goes on by {bytes}: {result:?}"));
        if result.is_ok() && tracked.origin == Origin::Path {
            // Who speaks of it sees to its end.
            self.watch.of_mut(id).sourced_in = self.watch.life;
        }
        self.after_call();
        result
    }

    /// The camera stops, and writes the head anew.
    pub fn rewrite_head(&mut self, id: UploadId, held_head: u64) {
        let tracked = self.watch.of_mut(id);
        let rewrite = |contents: &mut Contents| {
            (contents.head, contents.head_version) = (held_head, contents.head_version + 1);
        };
        if tracked.origin == Origin::Pushed {
            rewrite(&mut tracked.pushed);
            let data = tracked.pushed.bytes(0, held_head as usize);
            let _ = self.call_uploads(|uploads, _| uploads.push_data(id, 0, &data));
        } else {
            let path = tracked.path.clone();
            self.card.change(&path, false, rewrite);
        }
    }

    pub fn finish_recording(&mut self, id: UploadId, size: Option<u64>) -> Result<(), Error> {
        let info = self.ask(|engine, _| engine.uploads().info(id))?;
        let name = info.name.is_empty().then(|| format!("take {id}.mov"));
        let result = self.ask_uploads(|uploads, cx| uploads.finish_recording(cx, id, size, name));
        self.tell(|| format!("finish {id} at {size:?}: {result:?}"));
        if result.is_ok() {
            let tracked = self.watch.of_mut(id);
            tracked.is_finished = true;
            let path = tracked.path.clone();
            let pushed = tracked.pushed;
            let whole = if tracked.origin == Origin::Pushed { pushed } else { self.card.contents(&path) };
            // What was pushed before a restart, and not again since, is no part of it.
            let size = size.unwrap_or(if tracked.origin == Origin::Pushed { info.size } else { whole.size });
            let tracked = self.watch.of_mut(id);
            tracked.cut.push(Contents { size, ..whole });
            if size == 0 {
                tracked.excuses.insert("nothing was recorded");
            }
        }
        self.after_call();
        result
    }
}
