//! What the engine asks of the world, and what it tells the application.

use super::transport::UploadLimits;
use crate::api::Request;
use crate::api::device::Device;
use crate::api::part::PartRequest;
use crate::clock::Instant;
use crate::error::Error;
use crate::prelude::*;
use crate::upload::{Totals, UploadInfo};
use core::time::Duration;

/// One started operation. Ids are never reused; 0 is none.
pub type OpId = u64;

/// One request on its way.
pub type RequestId = u64;

/// For the transport.
#[derive(Debug)]
pub enum Command {
    Send(RequestId, Request),
    Put(RequestId, PartRequest),
    LimitUploads(UploadLimits),
    /// The answer is not wanted any more.
    Abort(RequestId),
}

/// For the application, in the order in which things happened.
#[derive(Debug)]
pub enum Notice {
    /// The operation is over. Exactly one of these for each operation started.
    Complete(OpId, Result<Outcome, Error>),
    /// A whole pairing has a code to show; the operation goes on.
    ShowCode(OpId, ShownCode),
    Event(Event),
}

#[derive(Debug)]
pub enum Outcome {
    Done,
    Code(ShownCode),
    Device(Box<Device>),
}

/// A code as a person may see it: the device code stays inside.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownCode {
    pub user_code: String,
    pub verification_uri: Option<String>,
    pub verification_uri_complete: Option<String>,
    pub name: Option<String>,
    pub expires: Instant,
    pub life: Duration,
    pub interval: Duration,
    /// 1 for the first code of an operation.
    pub number: u32,
}

/// Device information and how old it is.
#[derive(Clone, Debug, PartialEq)]
pub struct AgedDevice {
    pub device: Box<Device>,
    /// `None` where a clock that cannot be right told or tells the time.
    pub age: Option<Duration>,
}

/// What nobody asked for but somebody should know.
#[derive(Debug)]
pub enum Event {
    /// A new pairing is stored.
    Authorized,
    /// A new token pair is stored.
    Refreshed,
    AuthorizationLost(Error),
    /// The service refuses this device's client secret: the pairing is kept, but nothing is renewed
    /// until the application asks or starts over.
    RefreshRefused(Error),
    /// Device information came in, asked for or not.
    Device(Box<Device>),
    /// Device information of an earlier life, told at the start.
    DeviceCached(AgedDevice),
    /// Device information could not be had after a refresh; the authorization itself is good.
    DeviceUnknown(Error),
    ProjectChanged {
        previous: String,
        device: Box<Device>,
    },
    StoreFailed(Error),
    StoreRecovered,
    /// A record could not be trusted and was kept aside.
    StoreDamaged(Error),
    /// An upload changed its state.
    Upload(Box<UploadInfo>),
    /// How far uploads are, at the pace that was asked for, and once more when the last one is over.
    Progress {
        totals: Box<Totals>,
        /// The one that is furthest ahead in the queue and under way.
        current: Option<Box<UploadInfo>>,
    },
    /// Something failed and is tried again by itself.
    Retrying {
        error: Error,
        wait: Duration,
    },
}
