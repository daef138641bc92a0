//! How many assets may be made for one file. Each one that is not completed stays behind at the service, where
//! a person sees it and it counts towards the quota.

use crate::clock::{Instant, Now};
use core::time::Duration;

/// Assets for one file; then a person has to say that it is to go on.
pub const MOST_ASSETS: u32 = 10;

const HOUR: u64 = 3_600;

/// What was spent, and when.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Budget {
    /// Assets that were, or may have been, made.
    pub made: u32,
    /// Seconds since 1970 by the device's clock when the last one was asked for.
    pub last_wall: i64,
    /// When the next one may be asked for; not known yet after a restart.
    not_before: Option<Instant>,
    /// What that was before the last one was asked for.
    earlier: Option<Instant>,
}

/// Whether one more asset may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowance {
    Now,
    /// Not before that moment.
    At(Instant),
    /// Not before a person allows more.
    UsedUp,
}

impl Budget {
    /// As a record has it.
    pub fn restored(made: u32, last_wall: i64) -> Budget {
        Budget { made, last_wall, ..Budget::default() }
    }

    /// One is asked for: it counts until the service says that there is none.
    pub fn spend(&mut self, now: Now) {
        self.made = self.made.saturating_add(1);
        self.last_wall = now.wall;
        self.earlier = self.not_before.replace(now.mono + self.distance());
    }

    /// The service has said that it made none, or was never asked.
    pub fn give_back(&mut self) {
        self.made = self.made.saturating_sub(1);
        self.not_before = self.earlier.take().or(Some(Instant::default()));
    }

    /// From the last one to the next: three in the first hour, so that a fault that passes costs no time; then
    /// ever longer.
    fn distance(&self) -> Duration {
        Duration::from_secs(match self.made {
            0..=2 => 0,
            3 => HOUR,
            4 => 2 * HOUR,
            5 => 4 * HOUR,
            _ => 8 * HOUR,
        })
    }

    pub fn allows(&mut self, now: Now) -> Allowance {
        if self.made >= MOST_ASSETS {
            return Allowance::UsedUp;
        }
        // After a restart there is only the wall clock; it is looked at once, so that setting it back later
        // does not prolong the wait.
        let distance = self.distance();
        let since = u64::try_from(now.wall.saturating_sub(self.last_wall)).unwrap_or(0);
        let left = || distance.saturating_sub(Duration::from_secs(since));
        let at = *self.not_before.get_or_insert_with(|| now.mono + left());
        if at <= now.mono { Allowance::Now } else { Allowance::At(at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    fn at(seconds: u64) -> Now {
        Now { mono: Instant(seconds * 1_000), wall: 1_700_000_000 + seconds as i64 }
    }

    #[test]
    fn three_in_the_first_hour_and_ten_in_all() {
        let mut budget = Budget::default();
        let mut spent = Vec::new();
        for minute in 0..60 * 24 * 7 {
            let now = at(minute * 60);
            while budget.allows(now) == Allowance::Now {
                budget.spend(now);
                spent.push(minute);
            }
        }
        assert_eq!(spent, [0, 0, 0, 60, 180, 420, 900, 1380, 1860, 2340]);
        assert_eq!(budget.allows(at(86_400 * 30)), Allowance::UsedUp);
    }

    #[test]
    fn what_was_not_made_is_not_counted() {
        let mut budget = Budget::default();
        for second in 0..100 {
            assert_eq!(budget.allows(at(second)), Allowance::Now);
            budget.spend(at(second));
            budget.give_back();
        }
        assert_eq!(budget.made, 0);
    }

    #[test]
    fn a_restart_does_not_shorten_the_wait() {
        let mut budget = Budget::default();
        (0..3).for_each(|_| budget.spend(at(1_000)));
        let mut restored = Budget::restored(budget.made, budget.last_wall);
        // This life's monotonic clock starts at another value.
        let early = Now { mono: Instant(5_000), wall: at(1_000 + HOUR / 2).wall };
        assert_eq!(restored.allows(early), Allowance::At(Instant(5_000) + Duration::from_secs(HOUR / 2)));
        let set_back = Now { mono: Instant(5_000) + Duration::from_secs(HOUR / 2), wall: 0 };
        assert_eq!(restored.allows(set_back), Allowance::Now);
        let late = Now { mono: Instant(0), wall: at(1_000 + HOUR).wall };
        assert_eq!(Budget::restored(budget.made, budget.last_wall).allows(late), Allowance::Now);
    }
}
