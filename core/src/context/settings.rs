//! What an application chooses before the first byte is sent, and what it can start.

use super::transport::UploadLimits;
use crate::api::EncodingPolicy;
use crate::prelude::*;
use crate::secret::Secret;
use crate::upload::tags::TagKey;
use core::time::Duration;

/// What the engine must know before the first byte is sent.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `https://host[:port]`, the only place the bearer token goes.
    pub origin: String,
    pub client_id: String,
    pub client_secret: Secret,
    pub encoding: EncodingPolicy,
    pub url_pairing: bool,
    /// Wall time (seconds since 1970) before which the device's clock must be wrong.
    pub clock_floor: Option<i64>,
    pub seed: u64,
    pub uploads: UploadSettings,
}

/// How uploads are done.
#[derive(Clone, Debug)]
pub struct UploadSettings {
    /// Parts on their way at once, of all uploads together.
    pub parallel_parts: u32,
    /// How often progress is told; zero is never.
    pub progress_interval: Duration,
    /// How many uploads that are done or canceled are remembered.
    pub history: u32,
    /// Of how many more the tags are remembered at least; 0 is none.
    pub tags_remembered: u32,
    /// For a store that remembers none yet: random.
    pub tag_key: TagKey,
    pub limits: UploadLimits,
}

impl Default for UploadSettings {
    fn default() -> UploadSettings {
        UploadSettings {
            parallel_parts: 5,
            progress_interval: Duration::from_secs(1),
            history: 100,
            tags_remembered: 100_000,
            tag_key: TagKey::default(),
            limits: UploadLimits::default(),
        }
    }
}

/// What an application can start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    RequestCode,
    Poll,
    /// The whole pairing, with at most this many codes.
    Pair {
        codes: u32,
    },
    Refresh,
    Revoke,
    DeviceInfo,
    Heartbeat,
    Comment,
}
