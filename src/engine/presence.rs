//! Staying visible as online: a heartbeat when nothing else was said to the service for a while.

use super::Engine;
use super::calls::{Caller, Errand};
use super::effects::Event;
use crate::clock::Instant;
use crate::error::Error;
use crate::status::FIO_E_CANCELED;
use std::time::Duration;

/// The service recommends one every 120 s, allows one every 60 s, and shows the device as offline after
/// 300 s. Every successful call to the API counts as one.
const SILENCE: Duration = Duration::from_secs(120);
const SHORTEST_PAUSE: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct Presence {
    wanted: bool,
    is_beating: bool,
    last_contact: Option<Instant>,
    last_heartbeat: Option<Instant>,
    /// The service asked for more patience than the pause above.
    not_before: Option<Instant>,
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
}

impl Engine {
    pub(super) fn presence_deadline(&self) -> Option<Instant> {
        // Without an authorization there is nobody to be seen as, nor with one that has ended and that
        // the service refuses to renew.
        let is_over = self.session.is_expired(self.now.mono) && self.session.is_suspended();
        self.session.tokens().filter(|_| !is_over).and_then(|_| self.presence.due())
    }

    pub(super) fn step_presence(&mut self) {
        if self.presence_deadline().is_some_and(|at| self.now.mono >= at) {
            self.presence.is_beating = true;
            self.presence.last_heartbeat = Some(self.now.mono);
            self.add_call(Caller::Presence, Errand::Heartbeat);
        }
    }

    pub(super) fn heartbeat_over(&mut self, error: Option<Error>) {
        self.presence.is_beating = false;
        let Some(error) = error else { return };
        self.presence.not_before = error.retry_after.map(|wait| self.now.mono + wait);
        if let Some(next) = self.presence_deadline().filter(|_| error.status != FIO_E_CANCELED) {
            let wait = next - self.now.mono;
            self.tell(Event::Retrying { error, wait });
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
    use crate::source::{Files, Source};
    use crate::status::{FIO_E_CONNECT, FIO_E_RATE_LIMITED, FIO_E_SOURCE_MISSING};
    use crate::store::memory::MemoryStore;
    use crate::store::records::Records;

    struct NoFiles;

    impl Files for NoFiles {
        fn open(&self, _: &[u8]) -> Result<std::sync::Arc<dyn Source>, Error> {
            Err(Error::of(FIO_E_SOURCE_MISSING))
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
        let mut engine = Engine::new(
            settings,
            Records::new(Box::new(MemoryStore::default()), None),
            Box::new(NoFiles),
            Log::off(),
            at(0),
        );
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
