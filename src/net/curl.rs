//! The transport on libcurl's multi interface: takes requests on, waits, and collects answers.

use super::call::{self, Call, CallState};
use super::exchange::Exchange;
use super::failure;
#[cfg(all(feature = "uploads", target_os = "linux"))]
use super::network_watch::NetworkWatch;
#[cfg(not(feature = "uploads"))]
use super::no_parts::Parts;
use super::options;
#[cfg(feature = "uploads")]
use super::parts::Parts;
use super::waiting::{CurlTimer, Waiting, from_multi, from_os, waiting};
use crate::api::Request;
use crate::api::part::{Outcome, PartRequest};
use crate::clock::Instant;
use crate::engine::effects::RequestId;
use crate::engine::transport::{Answer, Transport, UploadLimits, Waited};
use crate::error::Error;
use crate::log::{Log, log_line};
use crate::small_map::SmallMap;
use crate::status::*;
use crate::sys::monotonic_ms;
use curl::multi::{Easy2Handle, Multi};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub use super::options::NetSettings;
pub use super::tls::CaSource;

/// Makes a waiting `drive` return, from any thread.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// Connections kept open: one for each handle that parts keep, and some for the API. libcurl's own number
/// follows the transfers under way, and would close most of them whenever there are few.
const MOST_CONNECTIONS: usize = Parts::MOST_IDLE + 8;

struct Active {
    easy: Easy2Handle<Exchange>,
    state: CallState,
}

pub struct CurlTransport {
    // Before `multi`, so that handles leave it before it goes.
    calls: SmallMap<RequestId, Active>,
    /// The last one, as it is configured: who repeats a request pays for what differs, and who rests for one
    /// handle only.
    idle_call: Option<Call>,
    multi: Multi,
    // After `multi`, whose connections tell it of their end.
    parts: Parts,
    waiting: Waiting,
    curl_timer: CurlTimer,
    /// Empty between calls: kept for its memory.
    finished: Vec<(RequestId, Result<(), curl::Error>)>,
    answers: VecDeque<(RequestId, Answer)>,
    #[cfg(all(feature = "uploads", target_os = "linux"))]
    watch: Option<NetworkWatch>,
    is_watch_wanted: bool,
    /// A thread may still look up the name of a request that was given up.
    may_look_up: bool,
    settings: NetSettings,
    log: Log,
}

impl CurlTransport {
    pub fn new(settings: NetSettings, log: Log) -> Result<CurlTransport, Error> {
        let mut multi = Multi::new();
        let curl_timer: CurlTimer = Arc::new(AtomicU64::new(u64::MAX));
        let waiting = waiting(&mut multi, &curl_timer, settings.portable_poller)?;
        multi.set_max_connects(MOST_CONNECTIONS).map_err(|error| from_multi(&error))?;
        Ok(CurlTransport {
            calls: SmallMap::default(),
            idle_call: None,
            multi,
            parts: Parts::new(&log),
            waiting,
            curl_timer,
            finished: Vec::new(),
            answers: VecDeque::new(),
            #[cfg(all(feature = "uploads", target_os = "linux"))]
            watch: None,
            is_watch_wanted: false,
            may_look_up: false,
            settings,
            log,
        })
    }

    /// The one descriptor to watch, where there is one.
    pub fn descriptor(&self) -> Option<i32> {
        match &self.waiting {
            #[cfg(target_os = "linux")]
            Waiting::Epoll(poller) => Some(poller.descriptor()),
            Waiting::Portable => None,
        }
    }

    pub fn waker(&self) -> Waker {
        match &self.waiting {
            #[cfg(target_os = "linux")]
            Waiting::Epoll(poller) => {
                let wakeup = poller.wakeup();
                Arc::new(move || wakeup.signal())
            }
            Waiting::Portable => {
                let waker = self.multi.waker();
                // It fails only when the client is gone already.
                Arc::new(move || drop(waker.wakeup()))
            }
        }
    }

    fn start_call(&mut self, id: RequestId, request: &Request) -> Result<(), Error> {
        let generation = self.settings.tls.generation();
        let fits = |idle: &mut Call| {
            idle.state.kind == call::kind_of(request) && idle.state.generation == generation
        };
        let idle = self.idle_call.take_if(fits);
        let call = Call::prepared(idle, request, &self.settings, &self.log);
        let call = call.map_err(|error| failure::of_setting(&error))?;
        let easy = self.multi.add2(call.easy).map_err(|error| from_multi(&error))?;
        self.calls.insert(id, Active { easy, state: call.state });
        Ok(())
    }

    /// Takes a handle out of the multi handle.
    fn retire_call(&self, active: Active) -> Option<Call> {
        let easy = self.multi.remove2(active.easy).ok()?;
        Some(Call { easy, state: active.state })
    }

    fn collect(&mut self) {
        let mut finished = std::mem::take(&mut self.finished);
        let (calls, parts) = (&self.calls, &self.parts);
        self.multi.messages(|message| {
            let of_calls =
                calls.iter().find_map(|(&id, active)| Some((id, message.result_for2(&active.easy)?)));
            finished.extend(of_calls.or_else(|| parts.result_in(&message)));
        });
        for (id, result) in finished.drain(..) {
            self.may_look_up |= result.as_ref().is_err_and(curl::Error::is_operation_timedout);
            if let Some(active) = self.calls.remove(&id) {
                self.finish_call(id, active, result);
            } else if let Some(outcome) = self.parts.finish(&self.multi, id, result, &self.settings) {
                self.part_answer(id, outcome);
            }
        }
        self.finished = finished;
    }

    fn finish_call(&mut self, id: RequestId, active: Active, result: Result<(), curl::Error>) {
        let Some(mut call) = self.retire_call(active) else {
            return self.answers.push_back((id, Answer::Api(Err(Error::of(FIO_E_NETWORK)))));
        };
        let is_begun = call.easy.get_mut().takes_handshake();
        self.settings.tls.learn_from(&mut call.easy, result.as_ref().copied(), is_begun);
        let answer = call.answer(result, &self.settings);
        self.log_answer(id, answer.as_ref().map(|response| response.status));
        self.answers.push_back((id, Answer::Api(answer)));
        self.idle_call = Some(call);
    }

    fn part_answer(&mut self, id: RequestId, outcome: Outcome) {
        self.log_answer(id, outcome.answer.as_ref().map(|sent| sent.response.status));
        self.answers.push_back((id, Answer::Part(outcome)));
    }

    fn log_answer(&self, id: RequestId, answer: Result<u16, &Error>) {
        match answer {
            Ok(status) => log_line!(self.log, Debug, "answer {id}: HTTP {status}"),
            Err(error) => log_line!(self.log, Debug, "answer {id}: none: {error}"),
        }
    }

    /// Does what libcurl's timer is due for. Returns whether it was.
    fn run_curl_timer(&self) -> Result<bool, Error> {
        let at = self.curl_timer.load(Ordering::Relaxed);
        let is_due = at != u64::MAX && monotonic_ms() >= at;
        if is_due {
            // libcurl sets it again if it wants another.
            self.curl_timer.store(u64::MAX, Ordering::Relaxed);
            self.multi.timeout().map_err(|error| from_multi(&error))?;
        }
        Ok(is_due)
    }

    /// Where it cannot be, the network is found to be there again when it is tried.
    #[cfg(all(feature = "uploads", target_os = "linux"))]
    fn begin_watch(&mut self) {
        let Waiting::Epoll(poller) = &mut self.waiting else { return };
        let watch = NetworkWatch::new().and_then(|watch| {
            poller.watch_other(Some(watch.descriptor()))?;
            Ok(watch)
        });
        match watch {
            Ok(watch) => self.watch = Some(watch),
            Err(error) => log_line!(self.log, Debug, "changes of the network cannot be watched: {error}"),
        }
    }

    #[cfg(all(feature = "uploads", target_os = "linux"))]
    fn end_watch(&mut self) {
        if let Waiting::Epoll(poller) = &mut self.waiting {
            // It is closed next, which takes it out as well.
            let _ = poller.watch_other(None);
        }
        self.watch = None;
    }

    /// When the transport has something to do by itself.
    fn own_timer(&self) -> Option<u64> {
        let curl_timer = Some(self.curl_timer.load(Ordering::Relaxed)).filter(|at| *at != u64::MAX);
        curl_timer.into_iter().chain(self.parts.timer()).min()
    }

    fn own_timer_in(&self) -> Option<Duration> {
        self.own_timer().map(|at| Duration::from_millis(at.saturating_sub(monotonic_ms())))
    }
}

impl Transport for CurlTransport {
    fn send(&mut self, id: RequestId, request: Request) {
        if let Err(error) = self.start_call(id, &request) {
            self.answers.push_back((id, Answer::Api(Err(error))));
        }
    }

    fn put(&mut self, id: RequestId, part: PartRequest) {
        if let Err(error) = self.parts.start(&self.multi, id, part, &self.settings) {
            self.part_answer(id, Outcome::unsent(error));
        }
    }

    fn sent(&self, id: RequestId) -> u64 {
        self.parts.sent(id)
    }

    fn limit_uploads(&mut self, limits: UploadLimits) {
        self.parts.limit(limits);
    }

    fn abort(&mut self, id: RequestId) {
        self.may_look_up = true;
        // Taking a handle out closes its connection, since something is still under way there.
        if let Some(active) = self.calls.remove(&id) {
            drop(self.retire_call(active));
        } else {
            self.parts.abort(&self.multi, id);
        }
    }

    fn watch_network(&mut self, is_wanted: bool) {
        let is_wanted = is_wanted && self.settings.watches_network;
        if is_wanted == self.is_watch_wanted {
            return;
        }
        self.is_watch_wanted = is_wanted;
        #[cfg(all(feature = "uploads", target_os = "linux"))]
        match is_wanted {
            true => self.begin_watch(),
            false => self.end_watch(),
        }
    }

    fn has_network_changed(&mut self) -> bool {
        #[cfg(all(feature = "uploads", target_os = "linux"))]
        if let (Waiting::Epoll(poller), Some(watch)) = (&mut self.waiting, &mut self.watch) {
            if poller.take_other() && watch.has_changed() {
                self.settings.tls.forget_network();
                return true;
            }
        }
        false
    }

    fn drive(&mut self, timeout: Option<Duration>) -> Result<Waited, Error> {
        let mut waited = Waited::Through;
        self.parts.resume(monotonic_ms());
        match self.waiting {
            #[cfg(target_os = "linux")]
            Waiting::Epoll(_) => {
                if self.run_curl_timer()? {
                    self.collect();
                }
                let timeout = if self.answers.is_empty() {
                    timeout.into_iter().chain(self.own_timer_in()).min()
                } else {
                    Some(Duration::ZERO)
                };
                let Waiting::Epoll(poller) = &mut self.waiting else { return Ok(waited) };
                match poller.wait(timeout) {
                    Ok(()) => {}
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {
                        waited = Waited::Interrupted;
                    }
                    Err(error) => return Err(from_os(&error)),
                }
                for ready in poller.sockets() {
                    let mut events = curl::multi::Events::new();
                    events.input(ready.readable).output(ready.writable).error(ready.broken);
                    self.multi.action(ready.socket, &events).map_err(|error| from_multi(&error))?;
                }
                self.parts.resume(monotonic_ms());
                self.run_curl_timer()?;
            }
            Waiting::Portable => {
                self.multi.perform().map_err(|error| from_multi(&error))?;
                self.collect();
                let timeout = if self.answers.is_empty() {
                    let turn =
                        self.parts.timer().map(|at| Duration::from_millis(at.saturating_sub(monotonic_ms())));
                    timeout.into_iter().chain(turn).min().unwrap_or(Duration::from_secs(3600))
                } else {
                    Duration::ZERO
                };
                if !timeout.is_zero() {
                    let timeout = timeout.as_micros().div_ceil(1000) as u64;
                    let until = monotonic_ms().saturating_add(timeout);
                    let span = Duration::from_millis(timeout);
                    let ready = self.multi.poll(&mut [], span).map_err(|error| from_multi(&error))?;
                    // libcurl does not say that a signal ended its wait, only that it was short.
                    if ready == 0 && monotonic_ms() < until {
                        waited = Waited::Interrupted;
                    }
                    self.multi.perform().map_err(|error| from_multi(&error))?;
                }
            }
        }
        self.collect();
        for (id, outcome) in self.parts.end_stalled(&self.multi, monotonic_ms(), &self.settings) {
            self.part_answer(id, outcome);
        }
        Ok(waited)
    }

    fn next_answer(&mut self) -> Option<(RequestId, Answer)> {
        self.answers.pop_front()
    }

    fn wants_drive_in(&self) -> Option<Duration> {
        if !self.answers.is_empty() {
            return Some(Duration::ZERO);
        }
        match self.waiting {
            #[cfg(target_os = "linux")]
            Waiting::Epoll(_) => self.own_timer_in(),
            // Without a descriptor to watch, the caller has to come back at a steady pace.
            Waiting::Portable if self.calls.is_empty() && self.parts.is_empty() => None,
            Waiting::Portable => {
                let most = Duration::from_millis(50);
                Some(self.multi.get_timeout().ok().flatten().map_or(most, |span| span.min(most)))
            }
        }
    }

    fn arm(&mut self, deadline_in: Option<Duration>) {
        #[cfg(target_os = "linux")]
        {
            let transports = self.own_timer().map(Instant);
            let answers = (!self.answers.is_empty()).then_some(Instant(0));
            let own = deadline_in
                .map(|span| if span.is_zero() { Instant(0) } else { Instant(monotonic_ms()) + span });
            if let Waiting::Epoll(poller) = &mut self.waiting {
                let at = own.into_iter().chain(transports).chain(answers).min();
                if let Err(error) = poller.arm(at) {
                    log_line!(self.log, Error, "the timer cannot be set: {error}");
                }
            }
        }
        #[cfg(not(target_os = "linux"))]
        let _ = deadline_in;
    }
}

impl Drop for CurlTransport {
    fn drop(&mut self) {
        // Otherwise libcurl ends its idle threads and waits for that, which takes no time.
        if self.may_look_up || !self.calls.is_empty() || !self.parts.is_empty() {
            options::leave_threads_behind(&self.multi);
        }
        for (_, active) in std::mem::take(&mut self.calls) {
            drop(self.retire_call(active));
        }
        self.parts.abort_all(&self.multi);
    }
}
