//! What is known of the network that parts go over: how fast it is, for how long it holds, and whether it is there.
//! From that follow how large parts are ([`shape`]), how many travel at once (`parallel`), and how soon a network
//! that is away is tried again. It is told of every part; it decides nothing else.

pub mod memory;
mod meter;
mod parallel;
pub mod shape;

use crate::clock::{Instant, milliseconds};
use crate::error::Error;
use crate::prelude::*;
use crate::status::*;
use core::time::Duration;
use meter::Meter;
pub use meter::per_second;
use parallel::{Load, Parallel};

/// What the other end has confirmed of an attempt for it to count as a sign of the network: more than a handshake.
const SIGN: u64 = 16 << 10;
/// What fewer bytes took says more of the round trips than of the link.
const ENOUGH: u64 = 4 << 20;
/// How often it is looked how far parts are, at first and then.
const LOOK_FIRST: Duration = Duration::from_millis(100);
const LOOK: Duration = Duration::from_secs(1);
/// And while it is measured what one more brings.
const LOOK_TRIAL: Duration = Duration::from_millis(500);
/// For so long the first.
const FIRST: Duration = Duration::from_secs(2);
/// Where nothing moved for so long when the network changed, nothing may ever.
const STALE: Duration = Duration::from_secs(2);
/// A part of which nothing was confirmed for so long waits for the kernel to send something once more, later and later
/// each time. The link may be there again long before.
const QUIET: Duration = Duration::from_secs(4);
/// A network that is away is tried again after about that.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1_500);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Or after that part of the time for which it has been away.
const PAUSE_IN_OUTAGE: u32 = 30;
/// Of a link that has not broken: parts that all arrive within so many milliseconds may go together.
const JOIN_WITHIN: u64 = 10_000;
/// A link that has held for so many times what it used to hold is another one.
const HELD_TIMES: u64 = 10;
const HELD_LEAST: u64 = 300_000;

/// What is learned of a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Bytes a second that arrived; 0 if that is not known.
    pub goodput: u64,
    /// For how many milliseconds it carries something from one break to the next; 0 if none was seen.
    pub hold: u64,
    /// How many parts at once have proved their worth; 0 if that is not known.
    pub at_once: u32,
}

impl Known {
    /// It broke after so many milliseconds.
    fn broke(&mut self, after: u64) {
        let after = after.max(1);
        self.hold = match self.hold {
            0 => after,
            // The shorter ones are those that cost.
            hold if after < hold => (hold + after) / 2,
            hold => (3 * hold + after) / 4,
        };
    }

    /// It has carried something for so many milliseconds.
    fn held(&mut self, span: u64) {
        if self.hold > 0 && span >= HELD_LEAST && span / HELD_TIMES >= self.hold {
            self.hold = 0;
        }
    }
}

/// The transport's number for a part.
pub type RequestId = u64;

/// A part on its way.
#[derive(Clone, Copy, Debug)]
struct Under {
    request: RequestId,
    length: u64,
    since: Instant,
    /// As far as the other end has confirmed it, and as was told since.
    arrived: u64,
    told: u64,
    /// When something of it was last confirmed.
    moved: Instant,
}

#[derive(Debug)]
pub struct Link {
    known: Known,
    under: Vec<Under>,
    meter: Meter,
    parallel: Parallel,
    /// Since when it has carried something without a break.
    up_since: Option<Instant>,
    /// The last sign of it.
    last_sign: Instant,
    lost_since: Option<Instant>,
    /// Breaks since a part last arrived.
    barren: u32,
    busy_since: Option<Instant>,
    looked_at: Instant,
    next_look: Option<Instant>,
    is_told: bool,
}

/// What a look at the parts has shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Noticed {
    /// The network was away, and is back.
    pub is_back: bool,
    /// So many of the parts begun last only take from the others: they are better begun later.
    pub too_many: u32,
}

/// Whether a failure says that the network is away, not that the service or the device is in trouble.
pub fn is_loss(error: &Error) -> bool {
    error.http_status == 0
        && matches!(
            error.status,
            FIO_E_DNS | FIO_E_CONNECT | FIO_E_RESET | FIO_E_TIMEOUT | FIO_E_NETWORK | FIO_E_NO_INTERFACE
        )
}

impl Default for Link {
    fn default() -> Link {
        Link::new(1)
    }
}

impl Link {
    /// `most`: parts on their way at once, whatever the link is like.
    pub fn new(most: u32) -> Link {
        Link {
            known: Known::default(),
            under: Vec::new(),
            meter: Meter::default(),
            parallel: Parallel::new(most),
            up_since: None,
            last_sign: Instant::default(),
            lost_since: None,
            barren: 0,
            busy_since: None,
            looked_at: Instant::default(),
            next_look: None,
            is_told: false,
        }
    }

    pub fn known(&self) -> Known {
        self.known
    }

    /// Another link, of which that much is known.
    pub fn change(&mut self, known: Known) {
        self.known = known;
        self.meter = Meter::default();
        self.parallel.restart(known);
        (self.up_since, self.lost_since, self.barren) = (None, None, 0);
    }

    /// How many parts may be on their way.
    pub fn at_once(&self) -> u32 {
        self.parallel.at_once()
    }

    pub fn parts_under_way(&self) -> u32 {
        self.under.len() as u32
    }

    /// Whether there are as many as there should be. Those that are quiet take nothing from others: one more each may find
    /// that the network is there again.
    pub fn is_full(&self) -> bool {
        let quiet = self.parts_under_way() - self.parts_moving();
        self.parts_under_way() - quiet.min(self.at_once()) >= self.at_once()
    }

    fn parts_moving(&self) -> u32 {
        self.under.iter().filter(|under| self.looked_at - under.moved < QUIET).count() as u32
    }

    /// For how long the network has been away.
    pub fn is_lost(&self) -> bool {
        self.lost_since.is_some()
    }

    /// Whether one more part of that length may join those under way, although there are as many as there should be.
    pub fn may_join(&self, length: u64) -> bool {
        if self.known.goodput == 0 {
            return true;
        }
        let bytes: u64 = self.under.iter().map(|under| under.length).sum::<u64>().saturating_add(length);
        let takes = u128::from(bytes) * 1_000 / u128::from(self.known.goodput);
        takes <= u128::from(if self.known.hold > 0 { self.known.hold / 4 } else { JOIN_WITHIN })
    }

    /// How many times it broke since a part last arrived.
    pub fn barren_breaks(&self) -> u32 {
        self.barren
    }

    /// Bytes a second that arrive at present, or did lately; 0 if that is not known.
    pub fn goodput(&self) -> u64 {
        self.known.goodput
    }

    /// The same, as far as enough was seen of the link in this life to tell; 0 if not.
    pub fn measured(&self) -> u64 {
        if self.meter.total() >= ENOUGH { self.known.goodput } else { 0 }
    }

    /// How long it will take until the first of the parts that are meant has arrived, as all share the link.
    pub fn part_safe_in(&self, is_meant: impl Fn(RequestId) -> bool) -> Option<Duration> {
        let meant = self.under.iter().filter(|under| is_meant(under.request));
        let left = meant.map(|under| under.length - under.arrived).min()?;
        let shared = u128::from(left) * self.under.len() as u128 * 1_000;
        let takes = shared.checked_div(self.known.goodput.into())?;
        Some(Duration::from_millis(u64::try_from(takes).unwrap_or(u64::MAX)))
    }

    pub fn part_begun(&mut self, request: RequestId, length: u64, now: Instant) {
        // From one part to the next there is no pause that counts.
        let was_idle = self.under.is_empty() && now - self.last_sign >= LOOK;
        if was_idle || self.next_look.is_none() {
            self.meter.restart(now);
            self.next_look = Some(now + LOOK_FIRST);
            self.busy_since = Some(now);
        }
        self.under.push(Under { request, length, since: now, arrived: 0, told: 0, moved: now });
    }

    /// Whether it is time to say how far parts are.
    pub fn wants_progress(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|at| at <= now)
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.next_look.filter(|_| !self.under.is_empty())
    }

    /// How far each part is; to be looked at in [`Link::look`].
    pub fn note_progress(&mut self, arrived: impl Fn(RequestId) -> u64) {
        for under in &mut self.under {
            under.told = arrived(under.request).min(under.length);
        }
        self.is_told = true;
    }

    /// What was told of the parts since the last look.
    pub fn look(&mut self, now: Instant) -> Noticed {
        if !core::mem::take(&mut self.is_told) || self.under.is_empty() {
            return Noticed::default();
        }
        self.looked_at = now;
        let is_first = self.busy_since.is_some_and(|since| now - since < FIRST);
        let is_trial = self.parallel.is_trial();
        self.next_look = Some(
            now + if is_first {
                LOOK_FIRST
            } else if is_trial {
                LOOK_TRIAL
            } else {
                LOOK
            },
        );
        let (mut sign, mut has_woken) = (None, false);
        for under in &mut self.under {
            let arrived = under.told;
            self.meter.add(arrived.saturating_sub(under.arrived));
            if arrived > under.arrived && arrived >= SIGN {
                sign = sign.max(Some(under.since));
            }
            if arrived > under.arrived {
                has_woken |= now - under.moved >= QUIET;
                under.moved = now;
            }
            under.arrived = arrived;
        }
        let is_back = sign.is_some_and(|since| self.carries(since, now));
        self.measure(now);
        let load = Load {
            begun: self.under.len() as u32,
            moving: self.under.iter().filter(|under| under.arrived >= SIGN).count() as u32,
            largest: self.under.iter().map(|under| under.length).max().unwrap_or(0),
            hold: self.known.hold,
        };
        let mut too_many = self.parallel.adjust(load, &self.meter, now);
        if has_woken && too_many == 0 {
            // What was begun in place of a quiet one takes from it now.
            too_many = self.parts_moving().saturating_sub(self.at_once());
        }
        self.known.at_once = self.parallel.proven();
        Noticed { is_back, too_many }
    }

    /// The part begun last, unless most of it has arrived.
    pub fn youngest(&self) -> Option<RequestId> {
        self.under.last().filter(|last| last.arrived < last.length / 2).map(|last| last.request)
    }

    /// The storage has answered for a part, whatever it said.
    pub fn part_answered(&mut self, request: RequestId, is_stored: bool, now: Instant) -> bool {
        let Some(under) = self.take(request) else { return false };
        let is_back = self.carries(under.since, now);
        if is_stored {
            self.meter.add(under.length.saturating_sub(under.arrived));
            self.barren = 0;
            self.measure(now);
        }
        is_back
    }

    /// A part was given up, for whatever reason but the network.
    pub fn part_dropped(&mut self, request: RequestId) {
        self.take(request);
    }

    /// A part failed with the network.
    pub fn part_lost(&mut self, request: RequestId, now: Instant) {
        let Some(under) = self.take(request) else { return };
        // Those that were on their way together break together.
        let is_same = self.lost_since.is_some_and(|lost| under.since <= lost);
        let has_moved = under.arrived >= SIGN;
        if self.lost_since.is_none() || has_moved && !is_same {
            self.lost_since = Some(now);
            if has_moved || self.up_since.is_some() {
                self.barren = self.barren.saturating_add(1);
            }
            if let Some(since) = self.up_since.take() {
                self.known.broke(milliseconds(self.last_sign.since(since)));
            }
            self.parallel.broke(self.barren > 1, self.known.hold);
        }
        self.meter.restart(now);
    }

    /// Something else failed with the network.
    pub fn call_lost(&mut self, now: Instant) {
        // Where parts move, the network is there.
        if self.under.iter().all(|under| under.arrived < SIGN) {
            self.lost_since.get_or_insert(now);
        }
    }

    /// Something else was answered. Returns whether the network is back.
    pub fn call_answered(&mut self, now: Instant) -> bool {
        self.carries(now, now)
    }

    /// Something that was begun then got through.
    fn carries(&mut self, since: Instant, now: Instant) -> bool {
        let is_back = self.lost_since.is_some_and(|lost| since > lost);
        if self.lost_since.is_some() && !is_back {
            return false;
        }
        if is_back {
            self.lost_since = None;
        }
        let up_since = *self.up_since.get_or_insert(since);
        self.last_sign = self.last_sign.max(now);
        self.known.held(milliseconds(now.since(up_since)));
        is_back
    }

    fn take(&mut self, request: RequestId) -> Option<Under> {
        let at = self.under.iter().position(|under| under.request == request)?;
        Some(self.under.remove(at))
    }

    fn measure(&mut self, now: Instant) {
        if self.meter.tick(now) {
            self.known.goodput = self.meter.smooth();
        }
    }

    /// Before a lost network is tried again: a second or two, then the longer the longer it has been away.
    pub fn pause(&self, now: Instant, random: &mut fastrand::Rng) -> Duration {
        let away = self.lost_since.map_or(Duration::ZERO, |lost| now - lost);
        let usual = (away / PAUSE_IN_OUTAGE).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
        let usual = milliseconds(usual);
        Duration::from_millis(random.u64(usual * 2 / 3..=usual * 4 / 3))
    }

    /// The network is another one now, or there again: nothing that was seen of its absence counts.
    pub fn network_changed(&mut self) {
        (self.up_since, self.lost_since, self.barren) = (None, None, 0);
        self.parallel.restart(self.known);
    }

    /// A part of which nothing has been confirmed lately: its connection may belong to a network that is gone.
    pub fn stale(&self, now: Instant) -> Option<RequestId> {
        self.under.iter().find(|under| now - under.moved >= STALE).map(|under| under.request)
    }
}

#[cfg(test)]
mod tests;
