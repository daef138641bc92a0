//! Staying visible as online: a heartbeat when nothing else was said to the service for a while.
//!
//! The service wants no two heartbeats within a minute, over restarts too. What is written for that is two small
//! records for each life with heartbeats: one before the first, and one at an orderly end, which says when the last
//! one was. Where the power was cut instead, the last one may have been just now.

use super::Engine;
use super::calls::{Caller, Errand};
use super::effects::Event;
use crate::auth::session::is_plausible;
use crate::clock::{Instant, Now};
use crate::error::Error;
use crate::log::log_line;
use crate::prelude::*;
use crate::retry::Backoff;
use crate::secret::SecretBytes;
use crate::status::{FIO_E_CANCELED, FIO_E_STORE_DAMAGED};
use core::time::Duration;

/// The service recommends one every 120 s, allows one every 60 s, and shows the device as offline after
/// 300 s. Every successful call to the API counts as one.
const SILENCE: Duration = Duration::from_secs(120);
const SHORTEST_PAUSE: Duration = Duration::from_secs(60);

const KEY: &str = "presence";
/// A life with heartbeats has begun, and its end is not known.
const BEATING: &str = "beating";
/// The wall time of a life's last heartbeat follows.
const LAST: &str = "last-heartbeat=";

#[derive(Debug, Default)]
pub(super) struct Presence {
    wanted: bool,
    is_beating: bool,
    last_contact: Option<Instant>,
    last_heartbeat: Option<Instant>,
    /// The service asked for more patience than the pause above, or the last heartbeat of an earlier life is
    /// not long ago.
    not_before: Option<Instant>,
    /// The store says that there are heartbeats.
    is_marked: bool,
    /// Something else was asked in place of a heartbeat that would come too soon after a restart.
    has_asked: bool,
}

impl Presence {
    pub fn set_wanted(&mut self, wanted: bool) {
        self.wanted = wanted;
    }

    pub fn note_contact(&mut self, now: Instant) {
        self.last_contact = Some(now);
    }

    fn due(&self) -> Option<Instant> {
        if !self.wanted || self.is_beating {
            return None;
        }
        let after = |since: Option<Instant>, pause| since.map_or(Instant::default(), |since| since + pause);
        let silence = after(self.last_contact, SILENCE);
        let pause = after(self.last_heartbeat, SHORTEST_PAUSE);
        Some(silence.max(pause).max(self.not_before.unwrap_or_default()))
    }

    /// Whether the service has not been spoken to in this life, and a heartbeat would come too soon.
    fn must_ask_otherwise(&self, now: Instant) -> bool {
        let is_silent = self.last_contact.is_none() && self.last_heartbeat.is_none() && !self.has_asked;
        self.wanted && is_silent && self.not_before.is_some_and(|at| now < at)
    }
}

/// How long after a start the last heartbeat of an earlier life is a minute ago, as its record tells.
fn pause_after_restart(record: &[u8], now: Now) -> Duration {
    let last =
        core::str::from_utf8(record).ok().and_then(|record| record.strip_prefix(LAST)?.parse::<i64>().ok());
    let age = last.filter(|_| is_plausible(now.wall)).and_then(|last| now.wall.checked_sub(last));
    // A clock that was set back, or that cannot be right, tells nothing.
    let age = age.and_then(|age| u64::try_from(age).ok()).unwrap_or(0);
    SHORTEST_PAUSE.saturating_sub(Duration::from_secs(age))
}

impl Engine {
    pub(super) fn presence_deadline(&self) -> Option<Instant> {
        // Without an authorization there is nobody to be seen as, nor with one that has ended and that
        // the service refuses to renew.
        let is_over = self.session.is_expired(self.cx.now.mono) && self.session.is_suspended();
        let due = self.session.tokens().filter(|_| !is_over).and_then(|_| self.presence.due())?;
        Some(if self.presence.must_ask_otherwise(self.cx.now.mono) { self.cx.now.mono } else { due })
    }

    pub(super) fn step_presence(&mut self) {
        if self.presence_deadline().is_none_or(|at| self.cx.now.mono < at) {
            return;
        }
        if self.presence.must_ask_otherwise(self.cx.now.mono) {
            // Every call counts, and what the device is shown as may have changed meanwhile.
            self.presence.has_asked = true;
            if !self.has_call_of(Caller::FollowUp) {
                self.fetch_project();
            }
            return;
        }
        self.presence.is_beating = true;
        self.presence.last_heartbeat = Some(self.cx.now.mono);
        self.add_call(Caller::Presence, Errand::Heartbeat);
    }

    /// A heartbeat leaves, the application's own included.
    pub(super) fn note_heartbeat(&mut self) {
        self.presence.last_heartbeat = Some(self.cx.now.mono);
        if !self.presence.is_marked {
            self.presence.is_marked = self.save_presence(BEATING);
        }
    }

    /// The end of a life: for the next one.
    pub(super) fn keep_last_heartbeat(&mut self) {
        let Some(last) = self.presence.last_heartbeat.filter(|_| self.presence.is_marked) else { return };
        let age = i64::try_from((self.cx.now.mono - last).as_secs()).unwrap_or(i64::MAX);
        let wall = self.cx.now.wall.saturating_sub(age);
        self.save_presence(&format!("{LAST}{wall}"));
    }

    /// A store that fails costs a heartbeat that may come too soon after the next start, and is told elsewhere.
    fn save_presence(&mut self, record: &str) -> bool {
        let saved = self.cx.records.save(KEY, &SecretBytes::new(record.as_bytes().to_vec()));
        if let Err(error) = &saved {
            log_line!(self.cx.log, Warn, "{error}");
        }
        saved.is_ok()
    }

    pub(super) fn restore_presence(&mut self) {
        let pause = match self.cx.records.load(KEY) {
            Ok(None) => return,
            Ok(Some(record)) => pause_after_restart(record.expose(), self.cx.now),
            Err(error) => {
                if error.status == FIO_E_STORE_DAMAGED {
                    self.store_complaint(error);
                }
                SHORTEST_PAUSE
            }
        };
        if !pause.is_zero() {
            self.presence.not_before = Some(self.cx.now.mono + pause);
        }
    }

    pub(super) fn heartbeat_over(&mut self, error: Option<Error>) {
        self.presence.is_beating = false;
        let Some(error) = error else { return };
        let asked = error.retry_after.map(|wait| wait.min(Backoff::API.longest_asked));
        self.presence.not_before = asked.map(|wait| self.cx.now.mono + wait);
        if let Some(next) = self.presence_deadline().filter(|_| error.status != FIO_E_CANCELED) {
            let wait = next - self.cx.now.mono;
            self.cx.tell(Event::Retrying { error, wait });
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::effects::{Command, Notice};
    use super::*;
    use crate::api::{EncodingPolicy, Endpoint, Response};
    use crate::clock::Now;
    use crate::engine::Settings;
    use crate::engine::transport::Answer;
    use crate::log::Log;
    use crate::secret::{Secret, SecretBytes};
    use crate::source::{PushedSource, Source, Sources};
    use crate::status::{FIO_E_CONNECT, FIO_E_RATE_LIMITED, FIO_E_SOURCE_MISSING, FIO_E_STORE_DAMAGED};
    use crate::store::RecordStore;
    use alloc::collections::BTreeMap;
    use alloc::sync::Arc;

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

    fn at(seconds: u64) -> Now {
        Now { mono: Instant(seconds * 1000), wall: 1_800_000_000 + seconds as i64 }
    }

    /// An engine that is paired, as a restart would find it.
    pub fn paired() -> Engine {
        let settings = Settings {
            origin: "https://x".into(),
            client_id: "cam".into(),
            client_secret: Secret::new("s"),
            encoding: EncodingPolicy::default(),
            url_pairing: true,
            clock_floor: None,
            seed: 1,
            uploads: Default::default(),
        };
        let mut engine =
            Engine::new(settings, Box::new(InMemory::default()), Box::new(NoSources), Log::off(), at(0));
        let pair = crate::api::token::TokenPair {
            access: Secret::new("a"),
            refresh: Some(Secret::new("r")),
            life: Duration::from_secs(28_800),
        };
        engine.session.install(pair, at(0), false);
        engine
    }

    /// Runs to the given second, answering each request with the status; the seconds of the heartbeats.
    fn heartbeats(
        engine: &mut Engine,
        from: u64,
        to: u64,
        mut answer: impl FnMut() -> Result<u16, Error>,
    ) -> Vec<u64> {
        let mut beats = Vec::new();
        for second in from..=to {
            engine.tick(at(second));
            while let Some(command) = engine.next_command() {
                if let Command::Send(id, request) = command {
                    assert_eq!(request.endpoint, Endpoint::Heartbeat);
                    assert!(request.bearer.is_some());
                    beats.push(second);
                    let body = SecretBytes::default();
                    let response = answer().map(|status| Response { status, body, retry_after: None });
                    engine.respond(id, Answer::Api(response), at(second));
                }
            }
        }
        beats
    }

    #[test]
    fn beats_every_two_minutes_while_nothing_else_is_said() {
        let mut engine = paired();
        engine.set_online(true, at(10));
        assert_eq!(heartbeats(&mut engine, 10, 500, || Ok(204)), [10, 130, 250, 370, 490]);
        engine.set_online(false, at(501));
        assert_eq!(heartbeats(&mut engine, 501, 2000, || Ok(204)), [0u64; 0]);
        // Another call counts as one.
        engine.set_online(true, at(2000));
        assert_eq!(heartbeats(&mut engine, 2000, 2099, || Ok(204)), [2000]);
        engine.presence.note_contact(Instant(2_100_000));
        assert_eq!(heartbeats(&mut engine, 2100, 2230, || Ok(204)), [2220]);
    }

    #[test]
    fn a_failing_network_is_tried_once_a_minute() {
        let mut engine = paired();
        engine.set_online(true, at(0));
        let fail = || Err(Error::of(FIO_E_CONNECT));
        assert_eq!(heartbeats(&mut engine, 0, 200, fail), [0, 60, 120, 180]);
        let mut retries = 0;
        while let Some(notice) = engine.next_notice() {
            retries += u32::from(matches!(notice, Notice::Event(Event::Retrying { .. })));
        }
        assert_eq!(retries, 4);
    }

    #[test]
    fn the_services_wish_to_wait_is_obeyed() {
        let mut engine = paired();
        engine.set_online(true, at(0));
        let mut error = Error::of(FIO_E_RATE_LIMITED);
        error.retry_after = Some(Duration::from_secs(200));
        let mut answers = vec![Ok(204), Err(error)];
        assert_eq!(heartbeats(&mut engine, 0, 310, || answers.pop().unwrap_or(Ok(204))), [0, 200]);
    }

    #[test]
    fn nobody_is_online_without_an_authorization() {
        let mut engine = paired();
        engine.session.clear();
        engine.set_online(true, at(0));
        assert_eq!(engine.presence_deadline(), None);
        assert_eq!(heartbeats(&mut engine, 0, 400, || Ok(204)), [0u64; 0]);
    }
}
