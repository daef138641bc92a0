//! Uploads, whole or while they are recorded, as a machine of its own ([`uploads`]): which bytes make a part
//! ([`plan`], [`recording`]), where one upload stands ([`transfer`]), all of them in their order ([`queue`],
//! [`index`]), what they can do next ([`schedule`]), what of it outlives a power cut ([`record`]), and what is
//! known of it when it is forgotten otherwise ([`tags`]).

pub mod budget;
#[cfg(feature = "uploads")]
mod control;
pub mod index;
#[cfg(feature = "uploads")]
mod known_tags;
#[cfg(feature = "uploads")]
mod links;
pub mod media_type;
#[cfg_attr(not(feature = "uploads"), allow(dead_code))]
pub(crate) mod messages;
pub mod parts;
pub mod plan;
pub mod presigned_url;
#[cfg(feature = "uploads")]
mod progress;
#[cfg(feature = "uploads")]
mod project;
pub mod queue;
pub mod record;
pub mod recording;
#[cfg(feature = "uploads")]
mod recordings;
#[cfg(feature = "uploads")]
mod saving;
pub mod schedule;
#[cfg(feature = "uploads")]
mod sending;
pub mod speed;
pub mod tags;
pub mod transfer;
#[cfg(feature = "uploads")]
mod transfers;
#[cfg(feature = "uploads")]
pub mod uploads;
#[cfg(feature = "uploads")]
mod url_records;
#[cfg(feature = "uploads")]
mod verdict;

use crate::error::Error;
use crate::prelude::*;
use crate::source::Source;
use crate::status::{FIO_E_ARGUMENT, FIO_E_UTF8};
use alloc::sync::Arc;

/// One upload, for ever: ids are never reused on one store, also across restarts.
pub type UploadId = u64;

/// What an application says about an upload. Everything has a sensible default but the source.
#[derive(Clone, Default)]
pub struct UploadSpec {
    pub source: SourceSpec,
    /// The service's name for it; by default the file's.
    pub name: Option<String>,
    /// With its dot, for recordings whose name comes at the end.
    pub extension: Option<String>,
    /// By default told from the extension.
    pub media_type: Option<String>,
    pub channel: Option<u32>,
    /// Seconds since 1970 when the media was made (its recording began); by default what the file says.
    pub created: Option<i64>,
    /// The application's own, up to [`LONGEST_TAG`] bytes.
    pub tag: Vec<u8>,
    /// Also if an upload with this tag is known.
    pub again: bool,
    /// Higher goes first; 0 by default.
    pub priority: i32,
    /// How many parts to ask for; 0: what the link is known to carry decides.
    pub parts: u32,
    /// Compare each part's MD5 with the storage's ETag.
    pub verify: bool,
    pub recording: Option<RecordingSpec>,
}

/// Where the bytes come from.
#[derive(Clone, Default)]
pub enum SourceSpec {
    #[default]
    None,
    /// A path of the operating system, opened again after a restart.
    Path(Vec<u8>),
    /// A descriptor or callbacks: after a restart the application attaches it again.
    Attached(Arc<dyn Source>),
    /// The application pushes the bytes of a recording.
    Pushed,
}

/// An upload whose size is not known yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordingSpec {
    /// What is expected; 0 if unknown.
    pub bytes_per_second: u64,
    /// So many bytes at the beginning are sent last, because the camera rewrites them when it stops.
    pub held_head: u64,
}

/// Where an upload stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UploadState {
    /// It is sent when the ones before it are.
    Queued,
    Uploading,
    /// Something has to happen first: the reason says what.
    Waiting,
    Done,
    /// The reason says why; it can be retried.
    Failed,
    /// It was made while the device was paused, and must not be sent.
    Skipped,
    Canceled,
}

impl UploadState {
    /// Whether nothing more will happen by itself.
    pub fn is_over(self) -> bool {
        matches!(self, UploadState::Done | UploadState::Failed | UploadState::Skipped | UploadState::Canceled)
    }
}

/// The upload of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub id: UploadId,
    pub state: UploadState,
}

/// One upload as the application sees it.
#[derive(Clone, Debug)]
pub struct UploadInfo {
    pub id: UploadId,
    pub state: UploadState,
    /// Why it waits, failed or was skipped.
    pub reason: Option<Error>,
    /// The service's name for it; empty for a recording that has none yet.
    pub name: String,
    pub media_type: String,
    /// Empty if the source is no path.
    pub path: Vec<u8>,
    pub tag: Vec<u8>,
    pub priority: i32,
    /// Bytes in all; for a running recording those known so far.
    pub size: u64,
    /// Bytes the storage has confirmed.
    pub confirmed: u64,
    /// Bytes on their way beyond those.
    pub in_flight: u64,
    /// The asset's id at the service, once it is there.
    pub asset_id: Option<String>,
    /// The project it was queued for, once known.
    pub project_id: Option<String>,
    pub is_recording: bool,
    /// Milliseconds until the next attempt, while it waits for one.
    pub retry_in: Option<core::time::Duration>,
    /// Bytes a second over the last minute, less what was lost; 0 if nothing of it was on its way.
    pub last_minute: u64,
    /// Until the next of its parts has arrived, if one is on its way and the link is known.
    pub part_safe_in: Option<core::time::Duration>,
    pub parts_in_flight: usize,
    /// Attempts that failed since something last went well.
    pub failed_attempts: u32,
    /// The link breaks again and again before one of its parts is through.
    pub is_link_too_weak: bool,
}

/// What is left to do, for the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Queued, uploading or waiting.
    pub files_left: u64,
    pub bytes_left: u64,
    pub queued: u64,
    pub uploading: u64,
    pub waiting: u64,
    /// As far as they are still remembered.
    pub done: u64,
    pub failed: u64,
    pub skipped: u64,
    pub canceled: u64,
    /// Smoothed over some seconds; 0 while nothing moves.
    pub bytes_per_second: u64,
    /// Bytes a second over the last minute, less what was lost.
    pub last_minute: u64,
    /// At the rate at which parts arrive; `None` while nothing moves, or where none does.
    pub seconds_left: Option<u64>,
    /// Until the next part has arrived, if one is on its way and the link is known.
    pub part_safe_in: Option<core::time::Duration>,
    pub parts_in_flight: u32,
    /// The link breaks again and again before a part is through, even one of the smallest.
    pub is_link_too_weak: bool,
    /// The upload that is furthest ahead in the queue and under way.
    pub current: Option<UploadId>,
    pub is_paused: bool,
}

pub const LONGEST_NAME: usize = 255;
pub const LONGEST_TAG: usize = 1024;
pub const LONGEST_PATH: usize = 4096;
pub const LONGEST_MEDIA_TYPE: usize = 127;
pub const LONGEST_EXTENSION: usize = 32;
/// The first part of a recording is never larger.
pub const LARGEST_HEAD: u64 = 256 << 20;

/// The name of a file, for the asset that is made of it.
pub fn name_in_path(path: &[u8]) -> Result<&str, Error> {
    checked_name(path.rsplit(|&byte| byte == b'/').next().unwrap_or_default())
}

/// Checks a name for an asset: not empty, not too long, UTF-8, without control characters.
pub fn checked_name(name: &[u8]) -> Result<&str, Error> {
    let text =
        core::str::from_utf8(name).map_err(|_| Error::new(FIO_E_UTF8, "the name is not valid UTF-8"))?;
    let wrong = if text.trim().is_empty() {
        "the name is empty"
    } else if text.len() > LONGEST_NAME {
        "the name is longer than 255 bytes"
    } else if text.chars().any(char::is_control) {
        "the name contains control characters"
    } else {
        return Ok(text);
    };
    Err(Error::new(FIO_E_ARGUMENT, wrong))
}

/// Checks a tag, which may be empty.
pub fn checked_tag(tag: &[u8]) -> Result<&[u8], Error> {
    match tag.len() <= LONGEST_TAG {
        true => Ok(tag),
        false => Err(Error::new(FIO_E_ARGUMENT, "the tag is longer than 1024 bytes")),
    }
}

/// Checks a path, in whatever encoding the system's paths have.
pub fn checked_path(path: &[u8]) -> Result<&[u8], Error> {
    match (1..=LONGEST_PATH).contains(&path.len()) {
        true => Ok(path),
        false => Err(Error::new(FIO_E_ARGUMENT, "the path does not have 1 to 4096 bytes")),
    }
}

/// Checks the extension of a recording that has no name yet.
pub fn checked_extension(extension: &str) -> Result<&str, Error> {
    match is_extension(extension) {
        true => Ok(extension),
        false => Err(Error::new(FIO_E_ARGUMENT, "the extension is not like .mp4")),
    }
}

/// Whether a text is an extension with its dot, such as `.mp4`.
pub fn is_extension(text: &str) -> bool {
    let letters = text.strip_prefix('.').unwrap_or_default();
    text.len() <= LONGEST_EXTENSION
        && !letters.trim().is_empty()
        && !letters.contains(['.', '/'])
        && !letters.chars().any(char::is_control)
}

/// Whether a text is a type and a subtype, both tokens as in RFC 9110 section 5.6.2.
pub fn is_media_type(text: &str) -> bool {
    let is_token = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
    };
    text.len() <= LONGEST_MEDIA_TYPE
        && text.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}

impl core::fmt::Debug for SourceSpec {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            SourceSpec::None => "none",
            SourceSpec::Path(_) => "path",
            SourceSpec::Attached(_) => "attached",
            SourceSpec::Pushed => "pushed",
        })
    }
}
