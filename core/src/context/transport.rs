//! The world outside as the engine's driver sees it.

use super::effects::RequestId;
use crate::api::part::{Outcome, PartRequest};
use crate::api::{Request, Response};
use crate::error::Error;
use crate::prelude::*;
use core::time::Duration;

/// How a wait ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Waited {
    /// Something happened, or the time was up.
    Through,
    /// A signal was delivered: the application may want to look at what its handler did.
    Interrupted,
}

/// What came back for a request.
#[derive(Debug)]
pub enum Answer {
    Api(Result<Response, Error>),
    Part(Outcome),
}

/// What parts may use of the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UploadLimits {
    /// Bytes a second for all parts together; 0 is no limit.
    pub bytes_per_second: u64,
    /// Names of the network interfaces parts may use; empty allows all.
    pub interfaces: Vec<String>,
}

/// Carries requests and brings answers. Used from one thread at a time.
pub trait Transport {
    /// Takes a request on. A failure to do so comes back as its answer.
    fn send(&mut self, id: RequestId, request: Request);
    /// As [`Transport::send`], for bytes to a storage host. A failure of the source comes back as the
    /// answer, with the source's status; so does `FIO_E_NO_INTERFACE`.
    fn put(&mut self, id: RequestId, part: PartRequest);
    /// How many bytes of a part the other end has confirmed so far, as far as that can be told; else those that were handed to the network.
    fn sent(&self, id: RequestId) -> u64;
    /// For parts from now on, those under way included as far as possible.
    fn limit_uploads(&mut self, limits: UploadLimits);
    fn abort(&mut self, id: RequestId);
    /// Whether it is to notice by itself that the network is another one, where it can and may.
    fn watch_network(&mut self, is_wanted: bool);
    /// Whether it has noticed that since it was last asked.
    fn has_network_changed(&mut self) -> bool;
    /// Waits at most `timeout` (`None`: for ever) for something to happen, unless answers are there
    /// already, and does what can be done without waiting. The timeout is the engine's; the
    /// transport's own timers shorten it.
    fn drive(&mut self, timeout: Option<Duration>) -> Result<Waited, Error>;
    fn next_answer(&mut self) -> Option<(RequestId, Answer)>;
    /// How soon [`Transport::drive`] wants to be called, as far as the transport is concerned.
    fn wants_drive_in(&self) -> Option<Duration>;
    /// Makes the descriptor readable, if there is one, when the engine's next deadline is due.
    fn arm(&mut self, deadline_in: Option<Duration>);
}
