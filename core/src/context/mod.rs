//! What all machines use: the time, random numbers, the log, what is known of the service, and the ways out.

pub mod effects;
mod secrets;
pub(crate) mod service;
mod settings;
pub(crate) mod store_retry;
pub mod transport;

use crate::api::Request;
use crate::clock::{Now, milliseconds};
use crate::error::Error;
use crate::log::{Log, log_line};
use crate::prelude::*;
use crate::secret::SecretBytes;
use crate::shown::Secrets;
use crate::small_map::SmallMap;
use crate::source::Sources;
use crate::status::*;
use crate::store::RecordStore;
use crate::upload::UploadId;
use alloc::borrow::Cow;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use effects::{Command, Event, Notice, OpId, Outcome, RequestId};
use service::Service;
pub use settings::{Operation, Settings, UploadSettings};

/// Why a request was sent, so that its answer finds its way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Purpose {
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

/// A record to be written, or to be erased.
pub(crate) struct Save {
    pub key: Cow<'static, str>,
    pub value: Option<SecretBytes>,
}

pub struct Context {
    pub(crate) settings: Settings,
    pub(crate) records: Box<dyn RecordStore>,
    pub(crate) sources: Box<dyn Sources>,
    pub(crate) log: Log,
    pub(crate) random: fastrand::Rng,
    pub(crate) now: Now,
    pub(crate) operations: SmallMap<OpId, Operation>,
    pub(crate) requests: SmallMap<RequestId, Purpose>,
    pub(crate) next_id: u64,
    pub(crate) commands: VecDeque<Command>,
    pub(crate) notices: VecDeque<Notice>,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) service: Service,
}

impl Context {
    pub(crate) fn new(
        settings: Settings,
        records: Box<dyn RecordStore>,
        sources: Box<dyn Sources>,
        log: Log,
        now: Now,
    ) -> Context {
        Context {
            service: Service::new(settings.encoding),
            random: fastrand::Rng::with_seed(settings.seed),
            settings,
            records,
            sources,
            log,
            now,
            operations: SmallMap::default(),
            requests: SmallMap::default(),
            next_id: 1,
            commands: VecDeque::new(),
            notices: VecDeque::new(),
            secrets: Arc::default(),
        }
    }

    pub(crate) fn set_now(&mut self, now: Now) {
        self.now = now;
        self.log.set_now(now.mono);
    }

    /// Operations, requests and what the machines number are never given a number twice.
    pub(crate) fn new_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    pub(crate) fn note_operation(&mut self, op: OpId, operation: Operation) {
        self.operations.insert(op, operation);
        log_line!(self.log, Debug, "operation {op} started: {operation:?}");
    }

    pub(crate) fn send(&mut self, request: Request, purpose: Purpose) -> RequestId {
        let id = self.new_id();
        log_line!(self.log, Debug, "request {id}: {:?} {}", request.endpoint.method(), request.path());
        self.requests.insert(id, purpose);
        self.commands.push_back(Command::Send(id, request));
        id
    }

    pub(crate) fn abort(&mut self, id: RequestId) {
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

    /// The request that was sent for this and has no answer yet.
    pub(crate) fn in_flight(&self, purpose: Purpose) -> Option<RequestId> {
        self.requests.iter().find(|(_, own)| **own == purpose).map(|(&id, _)| id)
    }

    pub(crate) fn abort_for(&mut self, purpose: Purpose) {
        if let Some(id) = self.in_flight(purpose) {
            self.abort(id);
        }
    }

    #[inline(never)]
    pub(crate) fn save(&mut self, save: Save) -> Result<(), Error> {
        match &save.value {
            Some(value) => self.records.save(&save.key, value),
            None => self.records.erase(&save.key),
        }
    }

    pub(crate) fn store_complaint(&mut self, error: Error) {
        self.tell(if error.status == FIO_E_STORE_DAMAGED {
            Event::StoreDamaged(error)
        } else {
            Event::StoreFailed(error)
        });
    }

    pub(crate) fn complete(&mut self, op: OpId, result: Result<Outcome, Error>) {
        // An operation that is not running any more has had its completion.
        if self.operations.remove(&op).is_some() {
            match &result {
                Ok(_) => log_line!(self.log, Debug, "operation {op} done"),
                Err(error) => log_line!(self.log, Info, "operation {op} ended: {error}"),
            }
            self.notices.push_back(Notice::Complete(op, result));
        }
    }

    pub(crate) fn tell(&mut self, mut event: Event) {
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

    pub(crate) fn is_clock_wrong(&self) -> bool {
        self.settings.clock_floor.is_some_and(|floor| self.now.wall < floor)
    }

    /// A certificate that seems out of date, seen by a clock that cannot be right, is the clock's
    /// fault.
    pub(crate) fn blame_clock(&self, error: Error) -> Error {
        let about_time = [FIO_E_TLS_EXPIRED, FIO_E_TLS_NOT_YET_VALID].contains(&error.status);
        if about_time && self.is_clock_wrong() {
            let mut blamed = Error::of(FIO_E_CLOCK);
            blamed.curl_code = error.curl_code;
            return blamed;
        }
        error
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::clock::Instant;
    use crate::secret::Secret;
    use crate::source::{PushedSource, Source};
    use crate::status::Retry;
    use alloc::collections::BTreeMap;
    use core::time::Duration;

    struct NoSources;

    impl Sources for NoSources {
        fn open(&self, _: &[u8]) -> Result<Arc<dyn Source>, Error> {
            Err(Error::of(FIO_E_SOURCE_MISSING))
        }

        #[cfg(feature = "uploads")]
        fn pushed(&self, _: u64, _: u64) -> Arc<dyn PushedSource> {
            panic!("nothing is recorded here")
        }
    }

    #[derive(Default)]
    struct InMemory(BTreeMap<String, SecretBytes>);

    impl RecordStore for InMemory {
        fn load(&mut self, key: &str) -> Result<Option<SecretBytes>, Error> {
            Ok(self.0.get(key).cloned())
        }

        fn save(&mut self, key: &str, value: &SecretBytes) -> Result<(), Error> {
            self.0.insert(key.to_owned(), value.clone());
            Ok(())
        }

        fn erase(&mut self, key: &str) -> Result<(), Error> {
            self.0.remove(key);
            Ok(())
        }

        fn list(&mut self) -> Result<Vec<String>, Error> {
            Ok(self.0.keys().cloned().collect())
        }

        fn set_aside(&mut self, key: &str, _: &str) -> Error {
            self.0.remove(key);
            Error::of(FIO_E_STORE_DAMAGED)
        }
    }

    pub(crate) fn at(seconds: u64) -> Now {
        Now { mono: Instant(seconds * 1000), wall: 1_800_000_000 + seconds as i64 }
    }

    /// What a machine needs to be tested alone.
    pub(crate) fn context() -> Context {
        let settings = Settings {
            origin: "https://x".into(),
            client_id: "cam".into(),
            client_secret: Secret::new("s"),
            encoding: Default::default(),
            url_pairing: true,
            clock_floor: None,
            seed: 1,
            uploads: Default::default(),
        };
        Context::new(settings, Box::new(InMemory::default()), Box::new(NoSources), Log::off(), at(0))
    }

    #[test]
    fn what_is_tried_again_is_never_called_hopeless() {
        let mut cx = context();
        for row in DESCRIPTIONS {
            cx.tell(Event::Retrying { error: Error::of(row.status), wait: Duration::ZERO });
            let Some(Notice::Event(Event::Retrying { error, .. })) = cx.notices.pop_front() else { panic!() };
            assert!(matches!(error.retry(), Retry::Later | Retry::Slowly), "{}", row.name);
        }
    }
}
