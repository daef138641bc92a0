//! One backoff for each host, shared by all uploads: while one of them finds a
//! host failing, the others do not try it any harder.

use super::transfer::Upload;
use crate::api::realtime::Announced;
use crate::clock::Instant;
use crate::error::Error;
use crate::failure::{Backoff, least_wait};
use crate::prelude::*;
use core::time::Duration;

/// Parts of a recording that are announced in one request.
const MOST_ANNOUNCED: usize = 8;

/// How one host, the API or the storage, is doing.
#[derive(Debug, Default)]
pub struct SharedBackoff {
    failures: u32,
    not_before: Option<Instant>,
    /// Until when the server asked to be left alone: neither a success of what was on its way then nor
    /// another failure shortens that.
    asked_until: Option<Instant>,
    /// The last failure.
    why: Option<Error>,
}

impl SharedBackoff {
    pub fn is_open(&self, now: Instant) -> bool {
        self.not_before().is_none_or(|at| at <= now)
    }

    pub fn not_before(&self) -> Option<Instant> {
        self.not_before.max(self.asked_until)
    }

    /// Why it is not open.
    pub fn why(&self) -> Option<&Error> {
        self.why.as_ref()
    }

    pub fn succeeded(&mut self) {
        *self =
            SharedBackoff { asked_until: self.asked_until, why: self.why.take(), ..SharedBackoff::default() };
    }

    /// Requests that were under way together fail together: that counts once. Returns how long the one
    /// that failed has to wait, its own failures counted.
    pub fn failed(
        &mut self,
        now: Instant,
        own_failures: u32,
        error: &Error,
        backoff: Backoff,
        random: &mut fastrand::Rng,
    ) -> Duration {
        if self.is_open(now) {
            self.failures = self.failures.saturating_add(1);
        }
        let wait = backoff.delay(self.failures.max(own_failures), least_wait(error), random);
        // The shortest wait of those that fail together opens it again, unless the server asked for more.
        let at = now + wait;
        if error.retry_after.is_some() {
            self.asked_until = self.asked_until.max(Some(at));
        }
        let shared = self.not_before.filter(|earlier| *earlier > now);
        self.not_before = Some(shared.map_or(at, |earlier| earlier.min(at)));
        self.why = Some(error.clone());
        wait
    }

    /// The network is away, which says nothing about the host: no pause grows from that.
    pub fn lost(&mut self, now: Instant, error: &Error, pause: Duration) -> Duration {
        let at = now + pause;
        let shared = self.not_before.filter(|earlier| *earlier > now);
        self.not_before = Some(shared.map_or(at, |earlier| earlier.min(at)));
        self.why = Some(error.clone());
        pause
    }
}

/// Of the hosts, and of the device itself: whether it has descriptors and memory.
#[derive(Debug, Default)]
pub struct Backoffs {
    pub api: SharedBackoff,
    pub storage: SharedBackoff,
    pub device: SharedBackoff,
}

/// Whether an upload that is at work gets no further without the service.
pub fn needs_the_service(upload: &Upload, now: Instant) -> bool {
    let next = upload.next_part(now);
    upload.asset_id.is_none() || next.is_some_and(|part| upload.usable_url(part, now).is_none())
}

/// What an upload can do now.
pub enum Work {
    Create,
    Announce(Vec<Announced>),
    Part(u32),
    /// Those of a whole file.
    UrlsExpired,
}

impl Backoffs {
    fn all(&self) -> [&SharedBackoff; 3] {
        [&self.storage, &self.api, &self.device]
    }

    /// Why uploads that are ready cannot begin, and until when.
    pub fn closed(&self, now: Instant) -> Option<(Error, Instant)> {
        let closed = self.all().into_iter().filter(|backoff| !backoff.is_open(now));
        let last = closed.max_by_key(|backoff| backoff.not_before())?;
        Some((last.why()?.clone(), last.not_before()?))
    }

    /// When uploads that are ready can begin, if not now.
    pub fn opens_at(&self, now: Instant) -> Option<Instant> {
        self.all().into_iter().filter_map(|backoff| backoff.not_before().filter(|at| *at > now)).max()
    }

    /// What an upload that is at work can do at this moment, free connections aside. `gate` is why the service may
    /// not be asked: without an authorization nothing leaves, and trying would be over before it began, again and
    /// again.
    pub fn next_work(&self, upload: &Upload, gate: i32, now: Instant) -> Option<Work> {
        let may_ask = !upload.has_call && gate == 0 && self.api.is_open(now);
        if upload.asset_id.is_none() {
            return may_ask.then_some(Work::Create);
        }
        let part = upload.next_part(now)?;
        if upload.usable_url(part, now).is_some() {
            return self.storage.is_open(now).then_some(Work::Part(part));
        }
        let Some(recording) = upload.recording.as_ref() else {
            // Parts on their way were begun in time, and may end.
            let has_expired = upload.url(part).is_some() && upload.in_flight.is_empty();
            return has_expired.then_some(Work::UrlsExpired);
        };
        if !may_ask {
            return None;
        }
        let size = upload.size();
        let count = upload.part_count();
        let end = count.unwrap_or_else(|| recording.growth.complete(recording.stable));
        let announced = |part: u32| Announced {
            number: part + 1,
            size: recording.growth.range(part, size).1,
            is_final: count.is_some_and(|count| part + 1 == count),
        };
        // With the first that can go, those that come after it.
        let next = upload.parts.started.max(part + 1).max(1);
        let more = (next..end).filter(|&next| part != next && upload.usable_url(next, now).is_none());
        Some(Work::Announce(core::iter::once(part).chain(more).take(MOST_ANNOUNCED).map(announced).collect()))
    }

    /// When an upload that can do nothing now can do something again by itself.
    pub fn next_attempt(&self, upload: &Upload, now: Instant) -> Option<Instant> {
        let opens = |backoff: &SharedBackoff| backoff.not_before().filter(|at| *at > now);
        if upload.asset_id.is_none() {
            return opens(&self.api);
        }
        let host = match &upload.recording {
            Some(_) => opens(&self.api).into_iter().chain(opens(&self.storage)).max(),
            None => opens(&self.storage),
        };
        let has_fresh = upload.next_part(Instant(u64::MAX)).is_some();
        match (upload.parts.next_retry(), host) {
            (Some(retry), Some(host)) => Some(retry.max(host)),
            (Some(retry), None) => Some(retry),
            (None, host) => host.filter(|_| has_fresh),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::{FIO_E_CONNECT, FIO_E_RATE_LIMITED};

    #[test]
    fn failures_of_the_same_moment_count_once() {
        let mut random = fastrand::Rng::with_seed(1);
        let mut backoff = SharedBackoff::default();
        let mut now = Instant(0);
        let error = Error::of(FIO_E_CONNECT);
        assert!(backoff.is_open(now));
        for round in 1..20u32 {
            for _ in 0..5 {
                backoff.failed(now, 1, &error, Backoff::API, &mut random);
            }
            assert_eq!(backoff.failures, round);
            assert!(!backoff.is_open(now));
            now = backoff.not_before().unwrap();
            assert!(backoff.is_open(now));
        }
        backoff.succeeded();
        assert_eq!((backoff.failures, backoff.not_before()), (0, None));
    }

    #[test]
    fn the_servers_word_is_for_everybody() {
        let mut random = fastrand::Rng::with_seed(1);
        let mut backoff = SharedBackoff::default();
        backoff.failed(Instant(0), 1, &Error::of(FIO_E_CONNECT), Backoff::API, &mut random);
        let mut error = Error::of(FIO_E_RATE_LIMITED);
        error.retry_after = Some(Duration::from_secs(90));
        assert_eq!(backoff.failed(Instant(0), 1, &error, Backoff::API, &mut random), Duration::from_secs(90));
        assert_eq!(backoff.not_before(), Some(Instant(90_000)));
        // Whatever becomes of what was on its way by then.
        backoff.succeeded();
        backoff.failed(Instant(10), 1, &Error::of(FIO_E_CONNECT), Backoff::API, &mut random);
        assert_eq!(backoff.not_before(), Some(Instant(90_000)));
    }
}
