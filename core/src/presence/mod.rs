//! Staying visible as online: a heartbeat when nothing else was said to the service for a while.
//!
//! The service wants no two heartbeats within a minute, over restarts too. What is written for that is two small
//! records for each life with heartbeats: one before the first, and one at an orderly end, which says when the last
//! one was. Where the power was cut instead, the last one may have been just now.

use crate::clock::{Instant, Now, is_plausible};
use crate::context::{Context, Save, effects};
use crate::error::Error;
use crate::failure::Backoff;
use crate::log::log_line;
use crate::prelude::*;
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
pub(crate) struct Presence {
    wanted: bool,
    is_beating: bool,
    last_contact: Option<Instant>,
    last_heartbeat: Option<Instant>,
    /// The service asked for more patience than the pause above, or the last heartbeat of an earlier life is
    /// not long ago.
    not_before: Option<Instant>,
    /// The store says that there are heartbeats.
    is_marked: bool,
    is_unsaved: bool,
    /// Something else was asked in place of a heartbeat that would come too soon after a restart.
    has_asked: bool,
    event: Option<Event>,
}

/// What is to be asked of the service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Event {
    Heartbeat,
    /// Every call counts, and what the device is shown as may have changed meanwhile.
    DeviceInfo,
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

impl Presence {
    pub(crate) fn set_wanted(&mut self, wanted: bool) {
        self.wanted = wanted;
    }

    /// The service has answered.
    pub(crate) fn note_contact(&mut self, now: Instant) {
        self.last_contact = Some(now);
    }

    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        self.event.take()
    }

    pub(crate) fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        if !self.wanted || self.is_beating {
            return None;
        }
        if self.must_ask_otherwise(now) {
            return Some(now);
        }
        let after = |since: Option<Instant>, pause| since.map_or(Instant::default(), |since| since + pause);
        let silence = after(self.last_contact, SILENCE);
        let pause = after(self.last_heartbeat, SHORTEST_PAUSE);
        Some(silence.max(pause).max(self.not_before.unwrap_or_default()))
    }

    /// Whether the service has not been spoken to in this life, and a heartbeat would come too soon.
    fn must_ask_otherwise(&self, now: Instant) -> bool {
        let is_silent = self.last_contact.is_none() && self.last_heartbeat.is_none() && !self.has_asked;
        is_silent && self.not_before.is_some_and(|at| now < at)
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout(now).is_none_or(|at| now < at) {
            return;
        }
        if self.must_ask_otherwise(now) {
            self.has_asked = true;
            self.event = Some(Event::DeviceInfo);
            return;
        }
        self.is_beating = true;
        self.last_heartbeat = Some(now);
        self.event = Some(Event::Heartbeat);
    }

    /// A heartbeat leaves, the application's own included.
    pub(crate) fn heartbeat_sent(&mut self, now: Instant) {
        self.last_heartbeat = Some(now);
        self.is_unsaved = !self.is_marked;
    }

    pub(crate) fn poll_save(&mut self) -> Option<Save> {
        core::mem::take(&mut self.is_unsaved).then(|| save(BEATING))
    }

    /// A store that fails costs a heartbeat that may come too soon after the next start, and is told elsewhere.
    pub(crate) fn handle_saved(&mut self, cx: &Context, result: Result<(), Error>) {
        self.is_marked = result.is_ok();
        if let Err(error) = result {
            log_line!(cx.log, Warn, "{error}");
        }
    }

    /// The end of a life, for the next one: when the last heartbeat was.
    pub(crate) fn last_save(&self, now: Now) -> Option<Save> {
        let last = self.last_heartbeat.filter(|_| self.is_marked)?;
        let age = i64::try_from((now.mono - last).as_secs()).unwrap_or(i64::MAX);
        Some(save(&format!("{LAST}{}", now.wall.saturating_sub(age))))
    }

    pub(crate) fn restore(&mut self, cx: &mut Context) {
        let pause = match cx.records.load(KEY) {
            Ok(None) => return,
            Ok(Some(record)) => pause_after_restart(record.expose(), cx.now),
            Err(error) => {
                if error.status == FIO_E_STORE_DAMAGED {
                    cx.store_complaint(error);
                }
                SHORTEST_PAUSE
            }
        };
        if !pause.is_zero() {
            self.not_before = Some(cx.now.mono + pause);
        }
    }

    /// The heartbeat is over. `is_alive`: there will be others.
    pub(crate) fn handle_response(&mut self, cx: &mut Context, error: Option<Error>, is_alive: bool) {
        self.is_beating = false;
        let Some(error) = error else { return };
        let now = cx.now.mono;
        let asked = error.retry_after.map(|wait| wait.min(Backoff::API.longest_asked));
        self.not_before = asked.map(|wait| now + wait);
        let next = self.poll_timeout(now).filter(|_| is_alive && error.status != FIO_E_CANCELED);
        if let Some(next) = next {
            cx.tell(effects::Event::Retrying { error, wait: next - now });
        }
    }
}

fn save(record: &str) -> Save {
    Save { key: KEY.into(), value: Some(SecretBytes::new(record.as_bytes().to_vec())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::effects::Notice;
    use crate::context::tests::{at, context};
    use crate::status::{FIO_E_CONNECT, FIO_E_RATE_LIMITED};

    /// Runs to the given second, answering each heartbeat; the seconds of the heartbeats.
    fn heartbeats(
        presence: &mut Presence,
        cx: &mut Context,
        seconds: core::ops::RangeInclusive<u64>,
        mut answer: impl FnMut() -> Result<(), Error>,
    ) -> Vec<u64> {
        let mut beats = Vec::new();
        for second in seconds {
            cx.set_now(at(second));
            presence.handle_timeout(cx.now.mono);
            if let Some(event) = presence.poll_event() {
                assert_eq!(event, Event::Heartbeat);
                beats.push(second);
                presence.heartbeat_sent(cx.now.mono);
                let answer = answer();
                if answer.is_ok() {
                    presence.note_contact(cx.now.mono);
                }
                presence.handle_response(cx, answer.err(), true);
            }
        }
        beats
    }

    #[test]
    fn beats_every_two_minutes_while_nothing_else_is_said() {
        let (mut presence, mut cx) = (Presence::default(), context());
        presence.set_wanted(true);
        let beats = heartbeats(&mut presence, &mut cx, 10..=500, || Ok(()));
        assert_eq!(beats, [10, 130, 250, 370, 490]);
        presence.set_wanted(false);
        assert_eq!(heartbeats(&mut presence, &mut cx, 501..=2000, || Ok(())), [0u64; 0]);
        // Another call counts as one.
        presence.set_wanted(true);
        assert_eq!(heartbeats(&mut presence, &mut cx, 2000..=2099, || Ok(())), [2000]);
        presence.note_contact(Instant(2_100_000));
        assert_eq!(heartbeats(&mut presence, &mut cx, 2100..=2230, || Ok(())), [2220]);
    }

    #[test]
    fn a_failing_network_is_tried_once_a_minute() {
        let (mut presence, mut cx) = (Presence::default(), context());
        presence.set_wanted(true);
        let fail = || Err(Error::of(FIO_E_CONNECT));
        assert_eq!(heartbeats(&mut presence, &mut cx, 0..=200, fail), [0, 60, 120, 180]);
        let is_retry = |notice: &Notice| matches!(notice, Notice::Event(effects::Event::Retrying { .. }));
        assert_eq!(cx.notices.iter().filter(|notice| is_retry(notice)).count(), 4);
    }

    #[test]
    fn the_services_wish_to_wait_is_obeyed() {
        let (mut presence, mut cx) = (Presence::default(), context());
        presence.set_wanted(true);
        let mut error = Error::of(FIO_E_RATE_LIMITED);
        error.retry_after = Some(Duration::from_secs(200));
        let mut answers = vec![Ok(()), Err(error)];
        let beats = heartbeats(&mut presence, &mut cx, 0..=310, || answers.pop().unwrap_or(Ok(())));
        assert_eq!(beats, [0, 200]);
    }

    #[test]
    fn the_store_says_that_there_are_heartbeats_and_when_the_last_one_was() {
        let (mut presence, mut cx) = (Presence::default(), context());
        assert!(presence.last_save(at(0)).is_none());
        presence.heartbeat_sent(at(5).mono);
        let save = presence.poll_save().unwrap();
        assert_eq!(save.value.as_ref().unwrap().expose(), BEATING.as_bytes());
        let saved = cx.save(save);
        presence.handle_saved(&cx, saved);
        presence.heartbeat_sent(at(65).mono);
        assert!(presence.poll_save().is_none());
        let last = presence.last_save(at(70)).unwrap();
        assert_eq!(last.value.unwrap().expose(), b"last-heartbeat=1800000065");
        // Cut off before the end: the last one may have been just now.
        let mut next = Presence::default();
        next.restore(&mut cx);
        assert_eq!(next.not_before, Some(cx.now.mono + SHORTEST_PAUSE));
    }
}
