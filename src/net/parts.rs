//! The parts under way on one multi handle: started, held to the limit, and ended where they stand still.

use super::bandwidth::Bandwidth;
use super::failure;
use super::interface::usable_interface;
use super::options::NetSettings;
use super::part::{Part, PartState};
use super::part_options::local_port;
use super::stall::{Sockets, UNANSWERED, is_silent};
use super::upload::Upload;
use super::waiting::from_multi;
use crate::api::part::{Outcome, PartRequest};
use crate::clock::milliseconds;
use crate::engine::effects::RequestId;
use crate::engine::transport::UploadLimits;
use crate::error::Error;
use crate::log::{Log, log_line};
use crate::small_map::SmallMap;
use crate::status::*;
use crate::sys::monotonic_ms;
use curl::multi::{Easy2Handle, Message, Multi};
use std::sync::Arc;

/// For so many milliseconds handles are kept after the last part, for the next one.
const KEPT: u64 = 5_000;

struct Active {
    easy: Easy2Handle<Upload>,
    state: PartState,
}

pub(crate) struct Parts {
    active: SmallMap<RequestId, Active>,
    idle: Vec<Part>,
    bandwidth: Arc<Bandwidth>,
    /// The connections of the multi handle tell them of their end.
    sockets: Arc<Sockets>,
    /// When to look for parts that stand still, if there are any; else when the kept handles go.
    next_check: u64,
    /// Those parts may use; empty allows all.
    interfaces: Vec<String>,
    log: Log,
}

impl Parts {
    /// Handles kept for parts to come.
    pub(crate) const MOST_IDLE: usize = 32;

    pub(crate) fn new(log: &Log) -> Parts {
        Parts {
            active: SmallMap::default(),
            idle: Vec::new(),
            bandwidth: Arc::default(),
            sockets: Arc::default(),
            next_check: 0,
            interfaces: Vec::new(),
            log: log.clone(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.active.is_empty()
    }

    pub(crate) fn start(
        &mut self,
        multi: &Multi,
        id: RequestId,
        request: PartRequest,
        settings: &NetSettings,
    ) -> Result<(), Error> {
        let interface = match self.interfaces.as_slice() {
            [] => None,
            names => {
                let usable = usable_interface(names).and_then(|index| names.get(index));
                Some(usable.ok_or_else(|| Error::of(FIO_E_NO_INTERFACE))?.as_str())
            }
        };
        let generation = settings.tls.generation();
        self.idle.retain(|idle| idle.state.generation == generation);
        let mut part = match self.idle.pop() {
            Some(part) => part,
            None => Part::new(settings, &self.bandwidth, &self.sockets, &self.log)
                .map_err(|error| failure::of_setting(&error))?,
        };
        log_line!(self.log, Debug, "part {id}: {} bytes from {}", request.length, request.offset);
        part.prepare(request, interface)?;
        let easy = multi.add2(part.easy).map_err(|error| from_multi(&error))?;
        if self.active.is_empty() {
            self.check_later(monotonic_ms(), settings);
        }
        self.active.insert(id, Active { easy, state: part.state });
        self.share_bandwidth();
        Ok(())
    }

    /// The part that a message of libcurl's says is over.
    pub(crate) fn result_in(&self, message: &Message<'_>) -> Option<(RequestId, Result<(), curl::Error>)> {
        self.active.iter().find_map(|(&id, active)| Some((id, message.result_for2(&active.easy)?)))
    }

    /// `None` if there is no such part.
    pub(crate) fn finish(
        &mut self,
        multi: &Multi,
        id: RequestId,
        result: Result<(), curl::Error>,
        settings: &NetSettings,
    ) -> Option<Outcome> {
        let active = self.active.remove(&id)?;
        self.one_fewer();
        let Some(mut part) = retire(multi, active) else {
            return Some(Outcome::unsent(Error::of(FIO_E_NETWORK)));
        };
        let is_begun = part.easy.get_mut().takes_handshake();
        settings.tls.learn_from(&mut part.easy, result.as_ref().copied(), is_begun);
        let outcome = part.outcome(result, &self.sockets, settings);
        if part.clear().is_ok() && self.idle.len() < Parts::MOST_IDLE {
            self.idle.push(part);
        }
        Some(outcome)
    }

    pub(crate) fn abort(&mut self, multi: &Multi, id: RequestId) {
        if let Some(active) = self.active.remove(&id) {
            drop(retire(multi, active));
            self.one_fewer();
        }
    }

    pub(crate) fn abort_all(&mut self, multi: &Multi) {
        for (_, active) in std::mem::take(&mut self.active) {
            drop(retire(multi, active));
        }
    }

    /// How many bytes of a part the other end has confirmed, as far as that can be told.
    pub(crate) fn sent(&self, id: RequestId) -> u64 {
        self.active.get(&id).map_or(0, |active| {
            let (sent, port) = (active.easy.get_ref().sent(), local_port(&active.easy));
            let arrived = self.sockets.arrived(port);
            arrived.map_or_else(
                || sent.saturating_sub(self.sockets.unconfirmed(port)),
                |arrived| arrived.min(sent),
            )
        })
    }

    pub(crate) fn limit(&mut self, limits: UploadLimits) {
        self.bandwidth.limit(limits.bytes_per_second);
        self.interfaces = limits.interfaces;
        // Their turns may be other ones now: they ask again.
        self.resume(u64::MAX);
    }

    /// Lets those parts go on that wait because of the limit and whose turn has come.
    pub(crate) fn resume(&mut self, now: u64) {
        for active in self.active.values_mut() {
            if active.easy.get_ref().paused_until().is_some_and(|until| until <= now) {
                active.easy.get_mut().go_on();
                // If it fails, the transfer has come to its end already.
                let _ = active.easy.unpause_write();
            }
        }
    }

    /// Ends parts that stand still for too long.
    pub(crate) fn end_stalled(
        &mut self,
        multi: &Multi,
        now: u64,
        settings: &NetSettings,
    ) -> Vec<(RequestId, Outcome)> {
        if now < self.next_check {
            return Vec::new();
        }
        if self.active.is_empty() {
            // Each has a buffer of the largest read; their connections stay.
            self.idle = Vec::new();
            return Vec::new();
        }
        self.check_later(now, settings);
        let stalled = self.stalled(now, settings);
        let outcomes = stalled.into_iter().filter_map(|(id, code)| {
            Some((id, self.finish(multi, id, Err(curl::Error::new(code)), settings)?))
        });
        outcomes.collect()
    }

    fn stalled(&mut self, now: u64, settings: &NetSettings) -> Vec<(RequestId, curl_sys::CURLcode)> {
        let most = milliseconds(settings.stall_timeout);
        let connecting = milliseconds(settings.connect_timeout);
        let mut stalled = Vec::new();
        for (&id, active) in self.active.iter_mut() {
            let port = local_port(&active.easy);
            let unconfirmed = self.sockets.unconfirmed(port);
            let upload = active.easy.get_mut();
            let still_for = upload.stands_still_for(unconfirmed, connecting, now);
            let is_silent = || self.sockets.state(port).is_some_and(|tcp| is_silent(tcp, still_for));
            let waiting = upload.waits_for_connection(UNANSWERED, now);
            if waiting.is_some_and(|socket| self.sockets.is_unanswered(socket)) {
                stalled.push((id, curl_sys::CURLE_COULDNT_CONNECT));
            } else if still_for >= most || is_silent() {
                stalled.push((id, curl_sys::CURLE_OPERATION_TIMEDOUT));
            }
        }
        stalled
    }

    fn check_later(&mut self, now: u64, settings: &NetSettings) {
        self.next_check = now.saturating_add(milliseconds(settings.stall_timeout).clamp(100, 1_000));
    }

    /// When a part wants something done, in milliseconds: one has its turn, or they are to be looked at.
    pub(crate) fn timer(&self) -> Option<u64> {
        let turns = self.active.values().filter_map(|active| active.easy.get_ref().paused_until());
        let check = (!self.active.is_empty() || !self.idle.is_empty()).then_some(self.next_check);
        turns.chain(check).min()
    }

    /// One has left.
    fn one_fewer(&mut self) {
        if self.active.is_empty() {
            self.next_check = monotonic_ms().saturating_add(KEPT);
        }
        self.share_bandwidth();
    }

    fn share_bandwidth(&self) {
        self.bandwidth.share_among(self.active.values().count());
    }
}

/// Takes a handle out of the multi handle.
fn retire(multi: &Multi, active: Active) -> Option<Part> {
    let easy = multi.remove2(active.easy).ok()?;
    Some(Part { easy, state: active.state })
}
