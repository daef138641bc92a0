//! The world outside as the engine's driver sees it.

use super::effects::RequestId;
use crate::api::{Request, Response};
use crate::error::Error;
use std::time::Duration;

/// How a wait ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Waited {
    /// Something happened, or the time was up.
    Through,
    /// A signal was delivered: the application may want to look at what its handler did.
    Interrupted,
}

/// Carries requests and brings answers. Used from one thread at a time.
pub trait Transport {
    /// Takes a request on. A failure to do so comes back as its answer.
    fn send(&mut self, id: RequestId, request: Request);
    fn abort(&mut self, id: RequestId);
    /// Waits at most `timeout` (`None`: for ever) for something to happen, unless answers are there
    /// already, and does what can be done without waiting. The timeout is the engine's; the
    /// transport's own timers shorten it.
    fn drive(&mut self, timeout: Option<Duration>) -> Result<Waited, Error>;
    fn next_answer(&mut self) -> Option<(RequestId, Result<Response, Error>)>;
    /// How soon [`Transport::drive`] wants to be called, as far as the transport is concerned.
    fn wants_drive_in(&self) -> Option<Duration>;
    /// Makes the descriptor readable, if there is one, when the engine's next deadline is due.
    fn arm(&mut self, deadline_in: Option<Duration>);
}
