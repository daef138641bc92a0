//! How many parts are on their way at once: it begins with one, tries one more and keeps it while that costs nothing or
//! the total grows, and takes it back when it does not. All parts share the line, and a break takes all that are
//! unfinished, so what counts is the rate less what breaks will cost of it.

use super::Known;
use super::meter::{Meter, per_second};
use crate::clock::{Instant, milliseconds};
use crate::prelude::*;
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
/// And one more so many bytes in that time at least: less comes from queues on the way that fill.
const GAINED_BYTES: u64 = 40 << 10;
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
pub(crate) struct Parallel {
    most: u32,
    at_once: u32,
    /// Since when, from which total, and for which number of parts it is measured.
    mark: Option<(Instant, u64, u32)>,
    /// What the present number brings, smoothed: one stretch has the ends of parts in it, and another has none.
    usual: u64,
    /// Stretches in a row that brought far less than usual.
    low: u32,
    trial: Option<Trial>,
    /// One more was no gain: next it is seen whether one fewer is no loss.
    is_less_next: bool,
    not_before: Instant,
    rest: Duration,
    /// How many more are tried next.
    step: u32,
    /// What each number has brought, as it was last seen.
    seen: Vec<(u32, u64)>,
    /// What was last under way.
    load: Load,
}

/// What is under way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Load {
    /// Parts that were begun, and those of them of which something has arrived.
    pub begun: u32,
    pub moving: u32,
    /// Bytes of the largest.
    pub largest: u64,
    /// As [`Known::hold`].
    pub hold: u64,
}

impl Parallel {
    pub(crate) fn new(most: u32) -> Parallel {
        Parallel {
            most: most.max(1),
            at_once: 1,
            mark: None,
            usual: 0,
            low: 0,
            trial: None,
            is_less_next: false,
            not_before: Instant::default(),
            rest: SHORTEST_REST,
            step: 1,
            seen: Vec::new(),
            load: Load::default(),
        }
    }

    pub(crate) fn at_once(&self) -> u32 {
        self.at_once
    }

    pub(crate) fn is_trial(&self) -> bool {
        self.trial.is_some()
    }

    /// How many have proved their worth.
    pub(crate) fn proven(&self) -> u32 {
        match self.trial {
            Some(Trial { is_more: true, step, .. }) => self.at_once - step,
            Some(Trial { is_more: false, step, .. }) => self.at_once + step,
            None => self.at_once,
        }
    }

    /// Nothing is known of the present but what was seen earlier.
    pub(crate) fn restart(&mut self, known: Known) {
        let free = if known.hold > 0 { 0 } else { FREE * known.goodput / 1_000 / USUAL_PART };
        let free = u32::try_from(free).unwrap_or(u32::MAX);
        *self = Parallel { at_once: known.at_once.max(free).clamp(1, self.most), ..Parallel::new(self.most) };
    }

    /// The link broke, which holds for so many milliseconds. `is_barren`: so it did before, and no part arrived between.
    pub(crate) fn broke(&mut self, is_barren: bool, hold: u64) {
        self.load.hold = hold;
        let proven = self.proven();
        let best = self.best_up_to(proven);
        self.set(if is_barren { best / 2 } else { best });
    }

    /// The number that has the most worth, of those that were seen.
    fn best_up_to(&self, most: u32) -> u32 {
        let worth_of = |rate, at_once| worth(rate, at_once, self.load);
        let Some(&(_, rate)) = self.seen.iter().find(|(at_once, _)| *at_once == most) else { return most };
        let takes = u128::from(self.load.largest) * u128::from(most) * 2_000;
        let is_one_known = self.seen.iter().any(|(at_once, _)| *at_once == 1);
        if !is_one_known && self.load.hold > 0 && takes > u128::from(rate) * u128::from(self.load.hold) {
            // That many hardly arrive between two breaks, and what one alone would bring is not known.
            return 1;
        }
        let best = self
            .seen
            .iter()
            .filter(|(at_once, _)| *at_once < most)
            .max_by_key(|(at_once, rate)| worth_of(*rate, *at_once));
        match best {
            Some(&(fewer, less)) if worth_of(less, fewer) * LOSS >= worth_of(rate, most) * 100 => fewer,
            _ => most,
        }
    }

    fn note(&mut self, rate: u64) {
        self.seen.retain(|(at_once, _)| *at_once != self.at_once);
        self.seen.push((self.at_once, rate));
    }

    /// Looks at how it goes. Returns how many of the parts begun last are better taken back.
    pub(crate) fn adjust(&mut self, load: Load, meter: &Meter, now: Instant) -> u32 {
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
        // One fewer is to be tried, and the part that is too many has yet to end: the number before is measured on, since
        // what the line carries may be another matter by then.
        let waits_for_less = self.trial.is_some_and(|trial| !trial.is_more) && load.begun == self.proven();
        let is_number = load.begun == self.at_once || waits_for_less;
        if !is_number || load.moving < load.begun && self.mark.is_none() {
            // There is nothing more to send, the new one has yet to be connected, or the old one to end.
            self.mark = None;
            return 0;
        }
        self.load = load;
        let mark = self.mark.filter(|(.., number)| *number == load.begun);
        let (since, total, _) = *self.mark.insert(mark.unwrap_or((now, meter.total(), load.begun)));
        let span = milliseconds(now - since);
        if span < MEASURE {
            return 0;
        }
        let rate = per_second(meter.total() - total, span);
        self.mark = Some((now, meter.total(), load.begun));
        if waits_for_less {
            if !self.is_standstill(rate) {
                self.mix(rate);
                let before = worth(self.usual, load.begun, load);
                self.trial = self.trial.map(|trial| Trial { rate: self.usual, before, ..trial });
            }
            return 0;
        }
        let Some(trial) = self.trial.take() else {
            if self.is_standstill(rate) {
                return 0;
            }
            self.mix(rate);
            self.note(self.usual);
            let best = self.best_up_to(self.at_once);
            if best < self.at_once {
                self.set(best);
            } else {
                self.begin_trial(self.usual, worth(self.usual, self.at_once, load), free, now);
            }
            return 0;
        };
        let value = worth(rate, self.at_once, load);
        let too_many = self.judge(trial, rate, value, now);
        if trial.is_more && too_many == 0 {
            // It goes on at once: until the line is full, each stretch is lost time.
            self.begin_trial(rate, value, free, now);
        }
        if arrive_soon(load, rate) { 0 } else { too_many }
    }

    fn mix(&mut self, rate: u64) {
        let is_faster = u128::from(rate) * 100 > u128::from(self.usual) * CHANGED_UP;
        self.usual = if is_faster { rate } else { (2 * self.usual + rate) / 3 };
    }

    /// Whether a stretch says nothing of how many there should be, since the link itself breaks off, or is another one now.
    fn is_standstill(&mut self, rate: u64) -> bool {
        if u128::from(rate) * 100 >= u128::from(self.usual) * CHANGED_DOWN {
            self.low = 0;
            return false;
        }
        self.low += 1;
        if rate > 0 && self.low > 1 {
            // It goes on, more slowly.
            self.seen.clear();
            (self.usual, self.low) = (0, 0);
            return false;
        }
        true
    }

    fn judge(&mut self, trial: Trial, rate: u64, value: u64, now: Instant) -> u32 {
        let (usual, rate, before) = (rate, u128::from(rate), u128::from(trial.rate));
        let (less, more) = (self.at_once.saturating_sub(trial.step).max(1), self.at_once);
        // More than that many can bring, or less than they can cost, comes from the line itself: nothing was shown.
        let most = before * u128::from(more) / u128::from(less);
        let has_changed = rate * 100 > most.max(before) * CHANGED_UP || rate * 100 < before * CHANGED_DOWN;
        let least = if trial.is_more { GAIN } else { LOSS };
        let is_noise = trial.is_more && usual.saturating_sub(trial.rate) * MEASURE / 1_000 < GAINED_BYTES;
        let is_better = !is_noise && u128::from(value) * 100 >= u128::from(trial.before) * u128::from(least);
        if is_better && !has_changed {
            self.note(usual);
            // What was right once may be so again; and where each has a share of its own, many more are.
            self.is_less_next = !trial.is_more;
            self.step = if trial.is_more && rate * 100 >= most * PROPORTIONAL { self.at_once } else { 1 };
            self.rest = SHORTEST_REST;
            self.usual = usual;
            return 0;
        }
        self.mark = None;
        self.step = 1;
        if has_changed {
            self.seen.clear();
        } else {
            self.note(usual);
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
        (self.mark, self.trial, self.usual) = (None, None, 0);
        self.low = 0;
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

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1_000_000;

    /// A line on which so many parts at once bring what `rate` says.
    struct Line {
        parallel: Parallel,
        meter: Meter,
        now: Instant,
        hold: u64,
    }

    impl Line {
        fn new(at_once: u32) -> Line {
            let mut parallel = Parallel::new(8);
            parallel.restart(Known { goodput: 0, hold: 0, at_once });
            Line { parallel, meter: Meter::default(), now: Instant(1_000), hold: 0 }
        }

        fn carry(&mut self, seconds: u64, rate: impl Fn(u64) -> u64) {
            for _ in 0..seconds {
                self.carry_so_many(1, self.parallel.at_once(), &rate);
            }
        }

        /// As many parts are on their way, however many there should be.
        fn carry_so_many(&mut self, seconds: u64, begun: u32, rate: impl Fn(u64) -> u64) {
            for _ in 0..seconds {
                self.now = self.now + Duration::from_secs(1);
                self.meter.add(rate(begun.into()));
                self.meter.tick(self.now);
                let load = Load { begun, moving: begun, largest: 6 * MB, hold: self.hold };
                self.parallel.adjust(load, &self.meter, self.now);
            }
        }
    }

    #[test]
    fn a_standstill_says_nothing_of_how_many_there_should_be() {
        let mut line = Line::new(1);
        line.carry(30, |parts| parts.min(4) * MB / 2);
        assert_eq!(line.parallel.proven(), 4);
        // Silence, until it is noticed and the connections are given up.
        line.carry(20, |_| 0);
        line.parallel.broke(false, 30_000);
        assert_eq!(line.parallel.at_once(), 4);
    }

    #[test]
    fn a_line_that_goes_on_more_slowly_is_another_one() {
        let mut line = Line::new(1);
        line.carry(30, |parts| parts.min(4) * MB / 2);
        // All share a tenth of it now: one is as good as four, and breaks cost less.
        line.hold = 120_000;
        line.carry(240, |_| MB / 5);
        assert_eq!(line.parallel.proven(), 1);
    }

    #[test]
    fn one_fewer_is_compared_with_what_the_line_carries_when_it_is_tried() {
        let mut line = Line::new(1);
        line.carry(30, |parts| parts.min(4) * MB / 2);
        // It slows down until one fewer is to be tried; parts take long then, and the line is fast again before one ends.
        let mut seconds = 0;
        while line.parallel.at_once() >= 4 {
            line.carry(1, |_| 13 * MB / 10);
            seconds += 1;
            assert!(seconds < 600, "one fewer is tried some time");
        }
        assert!(line.parallel.is_trial());
        line.carry_so_many(60, 4, |parts| parts.min(4) * MB / 2);
        line.carry(20, |parts| parts.min(4) * MB / 2);
        assert_eq!(line.parallel.proven(), 4, "three bring less");
    }

    #[test]
    fn after_a_break_as_many_go_together_as_arrive_between_two() {
        let mut line = Line::new(3);
        line.carry(11, |_| MB);
        assert!(line.parallel.proven() >= 3);
        // Three take 18 seconds, and what one brings is not known yet.
        line.parallel.broke(false, 12_000);
        assert_eq!(line.parallel.at_once(), 1);
        line.hold = 12_000;
        line.carry(10, |_| MB);
        line.parallel.broke(false, 12_000);
        assert_eq!(line.parallel.at_once(), 1, "one is as fast as any number, and loses less");
    }

    #[test]
    fn a_break_takes_nothing_back_that_is_worth_it() {
        let mut line = Line::new(1);
        line.carry(30, |parts| parts.min(4) * MB / 2);
        line.parallel.broke(false, 60_000);
        assert_eq!(line.parallel.at_once(), 4);
    }
}
