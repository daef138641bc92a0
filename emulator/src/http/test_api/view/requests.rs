//! What devices asked, the newest first. Requests that came one after the other and are alike, as polls and
//! parts are, share a line.

use serde::Serialize;

use super::{Part, Wanted};
use crate::emulator::World;
use crate::endpoint::{Endpoint, GrantType};
use crate::journal::Entry;

const LINES_SHOWN: usize = 60;

#[derive(Serialize)]
pub(crate) struct Shown<'a> {
    /// Of the first of them.
    seq: u64,
    time: f64,
    /// How many there are, and when the last of them came.
    count: u64,
    until: f64,
    device: Option<&'a str>,
    endpoint: Endpoint,
    grant: Option<GrantType>,
    method: &'a str,
    path: &'a str,
    /// What the file is called that it is about.
    file: Option<&'a str>,
    /// The lowest and the highest of them.
    part: Option<u32>,
    last_part: Option<u32>,
    status: Option<u16>,
    oauth_error: Option<&'static str>,
    fault: Option<&'static str>,
    violations: &'a [&'static str],
}

pub(crate) fn shown<'a>(world: &'a World, wanted: &Wanted) -> Part<Shown<'a>> {
    let journal = &world.journal;
    let own = || journal.since(0).filter(|entry| wanted.is_of(device(entry)));
    let mut lines: Vec<Shown<'a>> = Vec::new();
    let mut latest: Option<&Entry> = None;
    for entry in own().rev() {
        let is_full = lines.len() == LINES_SHOWN;
        match (latest, lines.last_mut()) {
            (Some(later), Some(line)) if are_alike(later, entry) => {
                (line.seq, line.time) = (entry.seq, entry.time);
                line.count += 1;
                line.part = line.part.min(entry.part);
                line.last_part = line.last_part.max(entry.part);
            }
            _ if is_full => break,
            _ => lines.push(line(world, entry)),
        }
        latest = Some(entry);
    }
    Part { total: own().count(), shown: lines }
}

fn device(entry: &Entry) -> Option<&str> {
    entry.client_id.as_deref().or(entry.device.as_deref())
}

fn line<'a>(world: &'a World, entry: &'a Entry) -> Shown<'a> {
    let upload = entry.asset.as_deref().and_then(|id| world.service.uploads.get(id));
    let named = entry.fields.iter().find(|(name, _)| entry.endpoint == Endpoint::Asset && name == "name");
    Shown {
        seq: entry.seq,
        time: entry.time,
        count: 1,
        until: entry.time,
        device: device(entry),
        endpoint: entry.endpoint,
        grant: entry.grant,
        method: &entry.method,
        path: &entry.path,
        file: upload.map(|upload| upload.name.as_str()).or(named.map(|(_, name)| name.as_str())),
        part: entry.part,
        last_part: entry.part,
        status: entry.status,
        oauth_error: entry.oauth_error,
        fault: entry.fault,
        violations: &entry.violations,
    }
}

/// Nothing about one is worth a line that has the other already.
fn are_alike(one: &Entry, other: &Entry) -> bool {
    let is_ordinary = |entry: &Entry| {
        entry.status.is_some()
            && entry.fault.is_none()
            && entry.violations.is_empty()
            && entry.endpoint != Endpoint::Asset
    };
    let about = |entry: &Entry| (entry.endpoint, entry.grant, entry.status, entry.oauth_error);
    is_ordinary(one)
        && is_ordinary(other)
        && about(one) == about(other)
        && one.asset == other.asset
        && (one.part.is_some() || one.path == other.path)
        && device(one) == device(other)
}
