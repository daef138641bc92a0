//! How many parts are on their way at once: it begins with one, tries one more and keeps it while that costs nothing or
//! the total grows, and takes it back when it does not. All parts share the line, and a break takes all that are
//! unfinished, so what counts is the rate less what breaks will cost of it.

use super::Known;
use super::meter::{Meter, per_second};
use crate::clock::{Instant, milliseconds};
use core::time::Duration;

/// Where all that are on their way arrive within so many milliseconds, one more costs nothing when the link breaks.
const FREE: u64 = 3_000;
/// What takes so many milliseconds is not taken back: what was sent of it would be sent twice.
const SOON: u64 = 10_000;
/// For so long the total is measured with and without one more.
const MEASURE: u64 = 2_000;
/// What was no gain is not tried again for so long, then for twice that, and so on.
const SHORTEST_REST: Duration = Duration::from_secs(30);
const LONGEST_REST: Duration = Duration::from_secs(240);
/// In percent: one more must bring so much, and one fewer may cost so much.
const GAIN: u64 = 108;
const LOSS: u64 = 95;
/// In percent: the line has changed.
const CHANGED_UP: u128 = 130;
const CHANGED_DOWN: u128 = 45;
/// In percent of what more would bring at most: that much shows that the line has room for many.
const PROPORTIONAL: u128 = 85;
/// Of a link whose usual parts are unknown.
const USUAL_PART: u64 = 16 << 20;

/// More, or one fewer, are tried.
#[derive(Clone, Copy, Debug)]
struct Trial {
    is_more: bool,
    step: u32,
    /// Bytes a second with the number before, and what that was worth.
    rate: u64,
    before: u64,
}

#[derive(Debug)]
pub struct Parallel {
    most: u32,
    at_once: u32,
    /// Since when, and from which total, the present number is measured.
    mark: Option<(Instant, u64)>,
    trial: Option<Trial>,
    /// One more was no gain: next it is seen whether one fewer is no loss.
    is_less_next: bool,
    not_before: Instant,
    rest: Duration,
    /// How many more are tried next.
    step: u32,
}

/// What is under way.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Parts that were begun, and those of them of which something has arrived.
    pub begun: u32,
    pub moving: u32,
    /// Bytes of the largest.
    pub largest: u64,
    /// As [`Known::hold`].
    pub hold: u64,
}

impl Parallel {
    pub fn new(most: u32) -> Parallel {
        Parallel {
            most: most.max(1),
            at_once: 1,
            mark: None,
            trial: None,
            is_less_next: false,
            not_before: Instant::default(),
            rest: SHORTEST_REST,
            step: 1,
        }
    }

    pub fn at_once(&self) -> u32 {
        self.at_once
    }

    pub fn is_trial(&self) -> bool {
        self.trial.is_some()
    }

    /// How many have proved their worth.
    pub fn proven(&self) -> u32 {
        match self.trial {
            Some(Trial { is_more: true, step, .. }) => self.at_once - step,
            Some(Trial { is_more: false, step, .. }) => self.at_once + step,
            None => self.at_once,
        }
    }

    /// Nothing is known of the present but what was seen earlier.
    pub fn restart(&mut self, known: Known) {
        let free = if known.hold > 0 { 0 } else { FREE * known.goodput / 1_000 / USUAL_PART };
        let free = u32::try_from(free).unwrap_or(u32::MAX);
        *self = Parallel { at_once: known.at_once.max(free).clamp(1, self.most), ..Parallel::new(self.most) };
    }

    /// The link broke. `is_barren`: so it did before, and no part arrived between.
    pub fn broke(&mut self, is_barren: bool) {
        let proven = self.proven();
        self.set(if is_barren { proven / 2 } else { proven });
    }

    /// Looks at how it goes. Returns how many of the parts begun last are better taken back.
    pub fn adjust(&mut self, load: Load, meter: &Meter, now: Instant) -> u32 {
        let free = match load.hold {
            0 => FREE,
            hold => FREE.min(hold / 8),
        };
        let within = u128::from(meter.best()) * u128::from(free) / 1_000 / u128::from(load.largest.max(1));
        let free = u32::try_from(within).unwrap_or(u32::MAX).min(self.most);
        if free > self.at_once {
            self.set(free);
            return 0;
        }
        if load.begun != self.at_once || load.moving < load.begun && self.mark.is_none() {
            // There is nothing more to send, the new one has yet to be connected, or the old one to end.
            self.mark = None;
            return 0;
        }
        let (since, total) = *self.mark.get_or_insert((now, meter.total()));
        let span = milliseconds(now - since);
        if span < MEASURE {
            return 0;
        }
        let rate = per_second(meter.total() - total, span);
        let value = worth(rate, self.at_once, load);
        self.mark = Some((now, meter.total()));
        match self.trial.take() {
            Some(trial) => {
                let too_many = self.judge(trial, rate, value, now);
                if arrive_soon(load, rate) { 0 } else { too_many }
            }
            None => {
                self.begin_trial(rate, value, free, now);
                0
            }
        }
    }

    fn judge(&mut self, trial: Trial, rate: u64, value: u64, now: Instant) -> u32 {
        let (rate, before) = (u128::from(rate), u128::from(trial.rate));
        let (less, more) = (self.at_once.saturating_sub(trial.step).max(1), self.at_once);
        // More than that many can bring, or less than they can cost, comes from the line itself: nothing was shown.
        let most = before * u128::from(more) / u128::from(less);
        let has_changed = rate * 100 > most.max(before) * CHANGED_UP || rate * 100 < before * CHANGED_DOWN;
        let least = if trial.is_more { GAIN } else { LOSS };
        let is_better = u128::from(value) * 100 >= u128::from(trial.before) * u128::from(least);
        if is_better && !has_changed {
            // What was right once may be so again; and where each has a share of its own, many more are.
            self.is_less_next = !trial.is_more;
            self.step = if trial.is_more && rate * 100 >= most * PROPORTIONAL { self.at_once } else { 1 };
            self.rest = SHORTEST_REST;
            return 0;
        }
        self.mark = None;
        self.step = 1;
        if !has_changed {
            self.is_less_next = trial.is_more;
            self.not_before = now + self.rest;
            self.rest = (self.rest * 2).min(LONGEST_REST);
        }
        if trial.is_more {
            self.at_once = less;
            return trial.step;
        }
        self.at_once += trial.step;
        0
    }

    fn begin_trial(&mut self, rate: u64, value: u64, free: u32, now: Instant) {
        if value == 0 {
            // So many hardly arrive before the link breaks, and more of them never would.
            return self.set(1);
        }
        if now < self.not_before {
            return;
        }
        let may_be_less = self.at_once > free.max(1);
        let is_more = self.at_once < self.most && !(self.is_less_next && may_be_less);
        if !is_more && !may_be_less {
            return;
        }
        let step = if is_more { self.step.min(self.most - self.at_once) } else { 1 };
        self.trial = Some(Trial { is_more, step, rate, before: value });
        if is_more {
            self.at_once += step
        } else {
            self.at_once -= step
        }
        self.mark = None;
    }

    fn set(&mut self, at_once: u32) {
        self.at_once = at_once.max(1);
        (self.mark, self.trial) = (None, None);
    }
}

/// Whether parts that are too many may as well arrive: the link has not been seen to break, and they take no time in
/// which it is likely to.
fn arrive_soon(load: Load, rate: u64) -> bool {
    let bytes = u128::from(load.largest) * u128::from(load.begun);
    load.hold == 0 && bytes * 1_000 <= u128::from(rate) * u128::from(SOON)
}

/// The rate less what breaks will cost of it: each takes half of a part, on average, of all that are under way.
fn worth(rate: u64, at_once: u32, load: Load) -> u64 {
    if load.hold == 0 || rate == 0 {
        return rate;
    }
    let takes = u128::from(load.largest) * u128::from(at_once) * 1_000 / u128::from(rate);
    let lost = u128::from(rate) * takes / (2 * u128::from(load.hold));
    rate.saturating_sub(u64::try_from(lost).unwrap_or(u64::MAX))
}
