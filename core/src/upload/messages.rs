//! What goes in and out of [`super::uploads::Uploads`].

use super::UploadId;
use crate::api;
use crate::api::asset::{Asset, Kind};
use crate::error::Error;
use crate::prelude::*;
use crate::secret::Secret;

/// What is asked of the service, or of the engine.
pub(crate) enum Request {
    /// Built when it leaves: see [`super::transfer::Upload::asset_request`].
    CreateAsset(UploadId, Kind),
    /// So many parts of a recording.
    AnnounceParts(UploadId, api::Request, usize),
    /// The request of an upload is not wanted any more.
    Withdraw(UploadId),
    /// Which project the device is in.
    DeviceInfo,
    /// An asset has told of the project where the device information has not.
    KeepProject(String),
}

/// What the service said.
#[derive(Debug)]
pub(crate) enum Reply {
    Asset(Box<Asset>),
    Urls(Vec<Secret>),
}

/// What is heard of the project the device is in.
pub(crate) enum ProjectNews<'a> {
    /// The service has said which one it is, or has named none: then nothing is held back but what is known to be for
    /// another than this pairing's, if that was ever named.
    Confirmed,
    /// A new pairing: which project it leads to is not known yet.
    Unknown,
    /// The service could not be asked.
    Unconfirmed(&'a Error),
}
