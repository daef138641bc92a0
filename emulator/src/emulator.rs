//! Everything that connections share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::checklist::Checklist;
use crate::checklist::event::{Deed, Event, Moment};
use crate::checklist::report::Report;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::http::access::Access;
use crate::http::budget::Budget;
use crate::journal::{Entry, Journal};
use crate::mask::Mask;
use crate::network::Network;
use crate::random;
use crate::request_log::RequestLog;
use crate::scenario::playing::Scenarios;
use crate::service::Service;
use crate::state::State;
use crate::storage::Storage;
use crate::storage::pictures::Pictures;
use crate::tls::authority::Authority;

pub struct Emulator {
    pub clock: Clock,
    pub authority: Authority,
    pub mask: Mask,
    pub storage: Storage,
    pub connections: Connections,
    pub bodies: Budget,
    pub access: Access,
    pub network: Network,
    /// Where people and devices reach the pairing page.
    pub pair_url: String,
    pub log_file: Option<RequestLog>,
    pub state: Option<State>,
    /// What people are to know about this run.
    pub warning: Option<&'static str>,
    /// Carried by every form of the pages, so that no other site's form is taken for one.
    pub form_token: String,
    world: Mutex<World>,
    /// Turns true once, when everything is to end.
    stop: watch::Sender<bool>,
    /// Counts what happens, for those who wait for it.
    changes: watch::Sender<u64>,
}

/// What requests change. One lock for all of it: calls are short and never wait inside.
pub struct World {
    pub service: Service,
    pub faults: Faults,
    pub journal: Journal,
    pub checklist: Checklist,
    pub pictures: Pictures,
    pub scenarios: Scenarios,
    pub rate: RateWindow,
    pub extra_listeners: usize,
}

#[derive(Debug, Default)]
pub struct Connections {
    pub accepted: AtomicU64,
    pub open: AtomicU64,
    pub not_tls: AtomicU64,
    pub handshake_failures: AtomicU64,
}

impl Emulator {
    pub fn new(
        clock: Clock,
        service: Service,
        authority: Authority,
        storage: Storage,
        pair_url: String,
    ) -> Self {
        let world = World {
            service,
            faults: Faults::default(),
            journal: Journal::default(),
            checklist: Checklist::default(),
            pictures: Pictures::default(),
            scenarios: Scenarios::default(),
            rate: RateWindow::default(),
            extra_listeners: 0,
        };
        let access = Access::new(authority.names().iter().cloned(), None);
        Self {
            clock,
            authority,
            mask: Mask::default(),
            storage,
            connections: Connections::default(),
            bodies: Budget::default(),
            access,
            network: Network::default(),
            stop: watch::Sender::new(false),
            changes: watch::Sender::new(0),
            pair_url,
            log_file: None,
            state: None,
            warning: None,
            form_token: random::opaque::<32>(),
            world: Mutex::new(world),
        }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The checklist as it stands.
    pub fn checklist(&self) -> Report {
        let date = self.clock.date_time(self.clock.now());
        let world = self.world();
        let report = world.checklist.report(date, world.journal.last_seq(), world.service.settings.strict);
        Report { scenarios: world.scenarios.played.clone(), ..report }
    }

    /// A device was refused, because there is no network.
    pub fn refused_connection(&self) {
        self.network.count_refused();
        self.happened();
    }

    /// Something may have changed that is to survive a restart, or that somebody waits for.
    pub fn changed(&self) {
        if let Some(state) = &self.state {
            state.changed();
        }
        self.happened();
    }

    /// The same for what only those are told who wait, because the next run begins without it.
    pub fn happened(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// How often something has changed.
    pub fn changes(&self) -> u64 {
        *self.changes.borrow()
    }

    /// Waits until it is another number than the one seen.
    pub async fn changes_beyond(&self, seen: Option<u64>) {
        // The sender lives as long as `self`, so this cannot fail.
        let _ = self.changes.subscribe().wait_for(|changes| Some(*changes) != seen).await;
    }

    /// Writes an entry of the request log to the file, if there is one, with no lock held.
    pub fn log(&self, world: MutexGuard<'_, World>, seq: u64) {
        let Some(file) = &self.log_file else { return };
        let line = world.journal.get(seq).and_then(|entry| serde_json::to_vec(entry).ok());
        drop(world);
        line.into_iter().for_each(|line| file.line(line));
    }

    /// Tells the checklist what somebody did to a device.
    pub fn deed(&self, device: &str, deed: &Deed) {
        let at = self.clock.moment();
        self.world().deed(at, device, deed);
    }

    pub fn shut_down(&self) {
        self.stop.send_replace(true);
    }

    pub fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Waits for [`Self::shut_down`].
    pub async fn stopping(&self) {
        // The sender lives as long as `self`, so this cannot fail.
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }
}

impl World {
    pub fn deed(&mut self, at: Moment, device: &str, deed: &Deed) {
        let journal = &self.journal;
        let look_up = |seq| journal.get(seq).map(Entry::quote);
        self.checklist.see(&Event::Deed { at, device, deed }, look_up);
    }
}

impl Connections {
    pub fn report(&self) -> Value {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        json!({
            "accepted": read(&self.accepted),
            "open": read(&self.open),
            "not_tls": read(&self.not_tls),
            "handshake_failures": read(&self.handshake_failures),
        })
    }
}

/// The rate-limit figures that answers carry. They inform; nothing is refused because of them.
#[derive(Debug, Default)]
pub struct RateWindow {
    began: Duration,
    used: u64,
}

impl RateWindow {
    pub const LIMIT: u64 = 6_000;
    pub const WINDOW: Duration = Duration::from_secs(60);

    /// Counts a call and tells how many are left in its window.
    pub fn count(&mut self, now: Duration) -> u64 {
        if now.saturating_sub(self.began) >= Self::WINDOW {
            *self = Self { began: now, used: 0 };
        }
        self.used += 1;
        Self::LIMIT.saturating_sub(self.used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_window_starts_over() {
        let mut rate = RateWindow::default();
        assert_eq!(rate.count(Duration::from_secs(1)), RateWindow::LIMIT - 1);
        assert_eq!(rate.count(Duration::from_secs(59)), RateWindow::LIMIT - 2);
        assert_eq!(rate.count(Duration::from_secs(60)), RateWindow::LIMIT - 1);
    }
}
