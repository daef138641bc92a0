//! What all machines of the engine use: the time, random numbers, the log, and the ways out.

use super::effects::{Command, Event, Notice, OpId, Outcome, RequestId};
use super::{Operation, Settings, secrets};
use crate::api::Request;
use crate::clock::{Now, milliseconds};
use crate::error::Error;
use crate::log::{Log, log_line};
use crate::prelude::*;
use crate::shown::Secrets;
use crate::small_map::SmallMap;
use crate::source::Sources;
use crate::status::*;
use crate::store::RecordStore;
use crate::upload::UploadId;
use alloc::collections::VecDeque;
use alloc::sync::Arc;

/// Why a request was sent, so that its answer finds its way.
#[derive(Debug)]
pub(super) enum Purpose {
    Code,
    Poll {
        code: u64,
    },
    Refresh,
    /// A refresh that was overtaken by a revocation: its outcome is revoked.
    RefreshToRevoke {
        revocation: u64,
    },
    Revoke {
        revocation: u64,
    },
    Call {
        call: u64,
    },
    Part {
        upload: UploadId,
    },
}

pub(super) struct Context {
    pub settings: Settings,
    pub records: Box<dyn RecordStore>,
    pub sources: Box<dyn Sources>,
    pub log: Log,
    pub random: fastrand::Rng,
    pub now: Now,
    pub operations: SmallMap<OpId, Operation>,
    pub requests: SmallMap<RequestId, Purpose>,
    pub next_id: u64,
    pub commands: VecDeque<Command>,
    pub notices: VecDeque<Notice>,
    pub secrets: Arc<Secrets>,
    pub secrets_version: Option<secrets::Version>,
}

impl Context {
    pub fn set_now(&mut self, now: Now) {
        self.now = now;
        self.log.set_now(now.mono);
    }

    pub fn new_operation(&mut self, operation: Operation) -> OpId {
        let op = self.next_id;
        self.next_id += 1;
        self.note_operation(op, operation);
        op
    }

    pub fn note_operation(&mut self, op: OpId, operation: Operation) {
        self.operations.insert(op, operation);
        log_line!(self.log, Debug, "operation {op} started: {operation:?}");
    }

    pub fn send(&mut self, request: Request, purpose: Purpose) -> RequestId {
        let id = self.next_id;
        self.next_id += 1;
        log_line!(self.log, Debug, "request {id}: {:?} {}", request.endpoint.method(), request.path());
        self.requests.insert(id, purpose);
        self.commands.push_back(Command::Send(id, request));
        id
    }

    pub fn abort(&mut self, id: RequestId) {
        if self.requests.remove(&id).is_none() {
            return;
        }
        // One that has not left yet never does.
        let unsent = |command: &Command| matches!(command, Command::Send(queued, _) | Command::Put(queued, _) if *queued == id);
        match self.commands.iter().position(unsent) {
            Some(at) => drop(self.commands.remove(at)),
            None => self.commands.push_back(Command::Abort(id)),
        }
    }

    pub fn complete(&mut self, op: OpId, result: Result<Outcome, Error>) {
        // An operation that is not running any more has had its completion.
        if self.operations.remove(&op).is_some() {
            match &result {
                Ok(_) => log_line!(self.log, Debug, "operation {op} done"),
                Err(error) => log_line!(self.log, Info, "operation {op} ended: {error}"),
            }
            self.notices.push_back(Notice::Complete(op, result));
        }
    }

    pub fn tell(&mut self, mut event: Event) {
        match &mut event {
            Event::AuthorizationLost(error) | Event::StoreFailed(error) | Event::StoreDamaged(error) => {
                log_line!(self.log, Warn, "{error}")
            }
            Event::Retrying { error, wait } => {
                error.is_tried_again = true;
                log_line!(self.log, Info, "{error}; next attempt in {} ms", milliseconds(*wait))
            }
            _ => {}
        }
        self.notices.push_back(Notice::Event(event));
    }

    /// A certificate that seems out of date, seen by a clock that cannot be right, is the clock's
    /// fault.
    pub fn blame_clock(&self, error: Error) -> Error {
        let about_time = [FIO_E_TLS_EXPIRED, FIO_E_TLS_NOT_YET_VALID].contains(&error.status);
        if about_time && self.settings.clock_floor.is_some_and(|floor| self.now.wall < floor) {
            let mut blamed = Error::of(FIO_E_CLOCK);
            blamed.curl_code = error.curl_code;
            return blamed;
        }
        error
    }
}
