//! Uploads of files that are still being recorded.

use super::queue::Queue;
use super::recording::LARGEST_FILE;
use super::sending::Opened;
use super::transfer::{Ending, OVERTAKEN, Origin};
use super::transfers::Transfers;
use super::{UploadId, checked_name, name_in_path};
use crate::clock::Instant;
use crate::context::Context;
use crate::error::Error;
use crate::failure::is_shortage;
use crate::log::log_line;
use crate::prelude::*;
use crate::status::*;
use core::time::Duration;

/// A file that a power cut left behind is complete when it has not grown for so long.
const STILLNESS: Duration = Duration::from_secs(10);
/// The least that may be pushed before anything of it has arrived.
const LEAST_ROOM: u64 = 64 << 20;

/// The recording will not change any more up to there, the held head excepted.
pub(super) fn advance(queue: &mut Queue, id: UploadId, stable: u64) -> Result<(), Error> {
    if queue.living(id)?.pushed.is_some() {
        return Err(Error::new(FIO_E_STATE, "a recording that is pushed advances by itself"));
    }
    queue.living(id)?.running()?;
    check_end(stable)?;
    note_stable(queue, id, stable);
    Ok(())
}

fn note_stable(queue: &mut Queue, id: UploadId, stable: u64) {
    let Some(Ok(recording)) = queue.get_mut(id).map(|upload| upload.running()) else { return };
    recording.stable = recording.stable.max(stable);
    recording.watch = None;
    queue.recount(id);
}

/// Takes bytes of a recording that is pushed.
pub(super) fn push(queue: &mut Queue, id: UploadId, offset: u64, data: &[u8]) -> Result<(), Error> {
    let upload = queue.living(id)?;
    let pushed = upload.pushed.clone().ok_or_else(|| {
        Error::new(FIO_E_STATE, "the upload is not pushed, or has to be attached again first")
    })?;
    let recording = upload.running()?;
    let next = recording.growth.part_of(recording.stable);
    let part = recording.growth.start(next + 1) - recording.growth.start(next);
    let room = LEAST_ROOM.max(3 * part) + recording.held_bytes();
    if pushed.held_bytes() + data.len() as u64 > room {
        return Err(Error::of(FIO_E_WOULD_BLOCK));
    }
    check_end(offset.saturating_add(data.len() as u64))?;
    pushed.push(offset, data)?;
    note_stable(queue, id, pushed.end());
    Ok(())
}

/// The recording is over. Without a size it is what there is.
pub(super) fn finish(
    transfers: &mut Transfers,
    cx: &mut Context,
    id: UploadId,
    size: Option<u64>,
    name: Option<String>,
) -> Result<(), Error> {
    if let Some(name) = &name {
        checked_name(name.as_bytes())?;
    }
    let upload = transfers.queue.living(id)?;
    upload.running()?;
    if upload.name.is_empty() && name.is_none() {
        return Err(Error::new(FIO_E_ARGUMENT, "the recording has no name yet"));
    }
    let there = match (&upload.source, &upload.origin) {
        (Some(source), _) => source.condition()?.size,
        (None, Origin::Path(path)) => cx.sources.open(path)?.condition()?.size,
        (None, _) => return Err(Error::of(FIO_E_SOURCE_NEEDED)),
    };
    let size = size.unwrap_or(there);
    if size > there || size > LARGEST_FILE {
        return Err(Error::new(FIO_E_ARGUMENT, "the recording is not that long"));
    }
    if upload.pushed.as_ref().is_some_and(|pushed| !pushed.has_head()) {
        return Err(Error::new(FIO_E_STATE, "the head of the recording has to be pushed again first"));
    }
    if let Some(name) = name {
        upload.name = name;
    }
    settle(transfers, cx, id, size);
    Ok(())
}

/// The size of the whole is known.
fn settle(transfers: &mut Transfers, cx: &mut Context, id: UploadId, size: u64) {
    if size == 0 {
        return transfers.end(cx, id, Ending::Failed(Error::of(FIO_E_SOURCE_EMPTY)));
    }
    let Some(upload) = transfers.queue.get_mut(id) else { return };
    let Some(recording) = &mut upload.recording else { return };
    let growth = recording.growth;
    (recording.size, recording.stable, recording.watch) = (Some(size), size, None);
    upload.condition.size = size;
    let last = growth.count(size) - 1;
    // Usually the last part has been held back. One that was sent as something else than the last, or
    // one after it that the service waits for, is there to stay.
    let is_announced_beyond = upload.part_urls.keys().chain(&upload.announced).any(|part| *part > last);
    let is_cut = upload.parts.started > last || is_announced_beyond;
    if is_cut && upload.asset_id.is_some() {
        // It lost bytes that have been sent or promised: it starts over, as the file it is now.
        if upload.pushed.is_some() {
            return transfers.end(cx, id, Ending::Failed(Error::of(FIO_E_SOURCE_CHANGED)));
        }
        transfers.suspend(cx, id);
        transfers.withdraw(id);
        if let Some(upload) = transfers.queue.get_mut(id) {
            upload.forget_asset();
            upload.become_whole();
        }
    } else {
        // If it was announced, then not as the last one: that has to be said yet. An announcement on its
        // way is waited for, since one that arrived after the next would undo that.
        upload.part_urls.remove(&last);
        for announced in upload.announced.iter_mut().filter(|announced| **announced == last) {
            *announced = OVERTAKEN;
        }
    }
    transfers.queue.recount(id);
    transfers.queue.needs_saving(id);
    transfers.needs_step = true;
}

pub(super) fn poll_timeout(queue: &Queue) -> Option<Instant> {
    let watches = queue.watched.iter().filter_map(|id| queue.get(*id)?.watch());
    watches.map(|(_, at)| at).min()
}

/// Looks at the recordings that an earlier life of this device left behind, until they grow no more.
pub(super) fn handle_timeout(transfers: &mut Transfers, cx: &mut Context) {
    let now = cx.now.mono;
    if poll_timeout(&transfers.queue).is_none_or(|at| now < at) {
        return;
    }
    let watched = core::mem::take(&mut transfers.queue.watched);
    for &id in &watched {
        let watch = transfers.queue.get(id).and_then(|upload| upload.watch());
        let Some((before, at)) = watch.filter(|(_, at)| now >= *at) else { continue };
        match size_of(transfers, cx, id) {
            Ok(None) => {}
            Ok(Some(size)) if size == before && at > Instant::default() => {
                log_line!(cx.log, Info, "upload {id}: the recording ended with the power, at {size} bytes");
                name_nameless(&mut transfers.queue, id);
                settle(transfers, cx, id, size);
            }
            Ok(Some(size)) => {
                let upload = transfers.queue.get_mut(id);
                if let Some(Ok(recording)) = upload.map(|upload| upload.running()) {
                    recording.stable = recording.stable.max(size);
                    recording.watch = Some((size, now + STILLNESS));
                }
                transfers.queue.recount(id);
            }
            // It cannot be looked at: later, or never.
            Err(error) if !is_shortage(&error) => transfers.end(cx, id, Ending::Failed(error)),
            Err(error) => {
                log_line!(cx.log, Info, "upload {id}: {error}; again in {} s", STILLNESS.as_secs());
                let Some(upload) = transfers.queue.get_mut(id) else { continue };
                if let Ok(recording) = upload.running() {
                    recording.watch = Some((before, now + STILLNESS));
                }
                upload.close_path();
                upload.last_error = Some(error);
            }
        }
    }
    let queue = &mut transfers.queue;
    let is_watched = |id: &UploadId| queue.get(*id).is_some_and(|upload| upload.watch().is_some());
    queue.watched = watched.into_iter().filter(is_watched).collect();
}

/// How large the file of a recording is now; `None` if it has to be attached first.
fn size_of(transfers: &mut Transfers, cx: &mut Context, id: UploadId) -> Result<Option<u64>, Error> {
    match transfers.open_source(cx, id)? {
        Opened::AsItWas => {}
        Opened::Another => transfers.start_over(cx, id, Error::of(FIO_E_SOURCE_CHANGED)),
        Opened::Needed => return Ok(None),
    }
    let source = transfers.queue.get(id).and_then(|upload| upload.source.clone());
    source.map(|source| source.condition().map(|condition| condition.size)).transpose()
}

/// A recording that was never given a name gets that of its file.
fn name_nameless(queue: &mut Queue, id: UploadId) {
    let Ok(upload) = queue.living(id) else { return };
    if let (true, Origin::Path(path)) = (upload.name.is_empty(), &upload.origin) {
        if let Ok(name) = name_in_path(path) {
            upload.name = name.to_owned();
        }
    }
}

/// Whether a recording may reach up to there.
fn check_end(end: u64) -> Result<(), Error> {
    if end > LARGEST_FILE {
        return Err(Error::new(FIO_E_ARGUMENT, "a file cannot be larger than 5 TiB"));
    }
    Ok(())
}
