//! A year of refreshes. The pairing lasts unless the device was without network or power for fourteen
//! days, a person disconnected it, or the answer to a refresh that the service had acted on never got
//! into the store. (That no refresh leaves with a token the device had already exchanged is held by
//! the world at every step.)

use crate::device::EPOCH;
use crate::faults::Weather;
use crate::seeds;
use crate::service::{REFRESH_TOKEN_LIFE, Refusal, Rules};
use crate::store::Cut;
use crate::world::{DAY, HOUR, MINUTE, SECOND, World};
use fio_c2c::engine::Operation;
use std::sync::atomic::{AtomicU64, Ordering};

const YEARS: u64 = 250;
const YEAR: u64 = 365 * DAY;

/// How long before the end of eight hours the engine renews the access token.
const MARGIN: u64 = 30 * MINUTE;

#[test]
fn an_undisturbed_year_is_one_refresh_every_seven_and_a_half_hours() {
    let mut world = World::new(1, Rules::default());
    world.pair();
    for day in 0..365 {
        let before = world.service.visits.refreshes;
        world.run_for(DAY);
        world.notices.clear();
        let refreshes = world.service.visits.refreshes - before;
        assert!((3..=4).contains(&refreshes), "{refreshes} refreshes on day {day}");
    }
    let expected = (YEAR / (8 * HOUR - MARGIN)) as u32;
    assert!(world.service.visits.refreshes.abs_diff(expected) <= 2, "{}", world.service.visits.refreshes);
    assert_eq!(
        world.service.visits.device,
        world.service.visits.refreshes + 1,
        "one look at the device each"
    );
    assert!(world.is_paired() && world.losses.is_empty());
}

#[derive(Default)]
struct Figures {
    refreshes: AtomicU64,
    power_cuts: AtomicU64,
    by_age: AtomicU64,
    by_person: AtomicU64,
    by_lost_answer: AtomicU64,
}

#[test]
fn a_year_with_faults_needs_no_new_pairing_without_a_reason() {
    let figures = Figures::default();
    let years =
        seeds::for_each("a_year_with_faults_needs_no_new_pairing_without_a_reason", YEARS, |seed, trace| {
            let mut year = Year::new(seed);
            year.world.trace = trace;
            year.live();
            figures.refreshes.fetch_add(u64::from(year.world.service.visits.refreshes), Ordering::Relaxed);
            figures.power_cuts.fetch_add(year.power_cuts, Ordering::Relaxed);
            for loss in &year.reasons {
                let count = match loss {
                    Refusal::TooOld { .. } => &figures.by_age,
                    Refusal::Revoked { .. } => &figures.by_person,
                    Refusal::Replaced { .. } => &figures.by_lost_answer,
                };
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
    let count = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
    println!(
        "{years} years: {} refreshes, {} power cuts; new pairings after {} long absences, {} disconnections, {} lost answers",
        count(&figures.refreshes),
        count(&figures.power_cuts),
        count(&figures.by_age),
        count(&figures.by_person),
        count(&figures.by_lost_answer),
    );
    if years >= YEARS {
        for figure in [&figures.by_age, &figures.by_person, &figures.by_lost_answer] {
            assert!(count(figure) > 0, "every reason for a new pairing should occur somewhere");
        }
    }
}

/// How a device is used.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Habit {
    AlwaysOn,
    Daily,
    NowAndThen,
}

struct Year {
    world: World,
    random: fastrand::Rng,
    habit: Habit,
    /// Power may go, and answers may be lost, between the service's act and the store.
    is_rough: bool,
    /// The clock starts in 1970 each time, and nothing ever sets it right.
    has_no_clock: bool,
    takes_long_breaks: bool,
    is_disconnected_at_times: bool,
    /// When the service could be reached: from, to.
    good_times: Vec<(u64, u64)>,
    good_since: Option<u64>,
    outage_ends: u64,
    clock_set_at: u64,
    time_on: u64,
    boots: u64,
    asked: u64,
    power_cuts: u64,
    reasons: Vec<Refusal>,
}

impl Year {
    fn new(seed: u64) -> Year {
        let mut random = fastrand::Rng::with_seed(seed ^ 0xA11);
        let mut world = World::switched_off(seed, Rules::default());
        let is_rough = random.bool();
        let has_no_clock = random.u8(0..4) == 0;
        world.network.weather = Weather {
            fault_percent: random.u8(0..30),
            loses_answers: is_rough,
            checks_dates: !has_no_clock && random.bool(),
            ..Weather::clear()
        };
        world.settings.clock_floor = (!has_no_clock && random.bool()).then_some(EPOCH - 86_400);
        let mut year = Year {
            habit: [Habit::AlwaysOn, Habit::Daily, Habit::NowAndThen][random.usize(0..3)],
            is_rough,
            has_no_clock,
            takes_long_breaks: random.u8(0..3) == 0,
            is_disconnected_at_times: random.u8(0..4) == 0,
            good_times: Vec::new(),
            good_since: None,
            outage_ends: 0,
            clock_set_at: 0,
            time_on: 0,
            boots: 0,
            asked: 0,
            power_cuts: 0,
            reasons: Vec::new(),
            world,
            random,
        };
        year.power_on();
        year.pair();
        year
    }

    fn live(&mut self) {
        while self.world.time < YEAR {
            let minutes = match self.habit {
                Habit::AlwaysOn => self.random.u64(60..20 * 24 * 60),
                Habit::Daily => self.random.u64(15..10 * 60),
                Habit::NowAndThen => self.random.u64(15..8 * 60),
            };
            self.stay_on_until(self.world.time + minutes * MINUTE);
            self.power_off();
            self.stay_off();
            self.power_on();
            if !self.world.is_paired() {
                self.pair();
            }
        }
        let is_regular = self.habit != Habit::NowAndThen && !self.takes_long_breaks;
        if is_regular && !self.is_rough && !self.is_disconnected_at_times {
            assert!(self.reasons.is_empty(), "{:?}", self.reasons);
        }
        let most = 30 * (self.time_on / HOUR) + 15 * self.boots + 4 * self.asked;
        let sent = self.world.network.sent_refreshes;
        assert!(sent <= most, "{sent} refreshes left the device, which is hammering (more than {most})");
    }

    fn stay_on_until(&mut self, end: u64) {
        let began = self.world.time;
        while self.world.time < end {
            let step = if self.world.time < began + HOUR { 2 * MINUTE } else { 6 * HOUR };
            let until = end.min(self.world.time + self.random.u64(SECOND..step));
            self.run_until(until);
            self.something_happens();
        }
        self.time_on += self.world.time - began;
    }

    /// Runs, and pairs again whenever the authorization was lost for a good reason.
    fn run_until(&mut self, end: u64) {
        while self.world.time < end {
            let turns = [self.outage_ends, self.clock_set_at].into_iter().filter(|&at| at > self.world.time);
            self.world.run_until(turns.chain([end]).min().unwrap_or(end));
            self.note_good_times();
            self.world.notices.clear();
            self.world.completed.clear();
            self.judge_losses();
        }
    }

    fn something_happens(&mut self) {
        match self.random.u32(0..1000) {
            0..300 => self.ask(Operation::Heartbeat),
            300..350 => self.ask(Operation::Refresh),
            350..380 => self.begin_outage(),
            380..385 if self.is_disconnected_at_times => self.world.service.revoke_all(),
            385..390 => self.world.service.put_in(format!("project-{}", self.random.u8(..))),
            390..400 => self.sleep(),
            _ => {}
        }
        self.note_good_times();
    }

    fn ask(&mut self, operation: Operation) {
        self.asked += 1;
        // Refused while the clock is wrong or the pairing is lost; both are looked at elsewhere.
        let _ = self.world.start(operation);
    }

    /// Asleep, the device reaches nobody.
    fn sleep(&mut self) {
        if let Some(since) = self.good_since.take() {
            self.good_times.push((since, self.world.time));
        }
        self.world.sleep_for(self.random.u64(0..5 * HOUR));
    }

    fn begin_outage(&mut self) {
        let minutes = match self.random.u8(0..20) {
            0 => self.random.u64(24 * 60..5 * 24 * 60),
            1 if self.takes_long_breaks => self.random.u64(15 * 24 * 60..20 * 24 * 60),
            _ => self.random.u64(1..300),
        };
        self.outage_ends = self.world.time + minutes * MINUTE;
    }

    // Power.

    fn power_on(&mut self) {
        let loses_its_clock = self.has_no_clock || self.random.u8(0..3) == 0;
        self.world.boots_in_1970 = loses_its_clock.then(|| self.random.i64(0..120));
        // The network sets the clock a while after the start.
        self.clock_set_at = self.world.time + self.random.u64(SECOND..20 * MINUTE);
        while self.world.device.is_none() {
            self.boots += 1;
            self.world.boot();
        }
        self.note_good_times();
        self.judge_losses();
    }

    fn power_off(&mut self) {
        if self.random.u8(0..3) == 0 {
            self.ask(Operation::Refresh);
            self.world.run_for(self.random.u64(0..400));
        }
        if !self.is_rough {
            while self.world.network.refresh_is_in_flight() {
                self.run_until(self.world.time + SECOND);
            }
        }
        match self.random.u8(0..4) {
            0 => self.world.shut_down(),
            1 => {
                // With the next write: the mark of a refresh, or the pair that it brings.
                self.world.disk.cut_power_at_write(Some(if self.random.bool() {
                    Cut::Before
                } else {
                    Cut::After
                }));
                let limit = self.world.time + 9 * HOUR;
                while self.world.device.is_some() && self.world.time < limit {
                    self.world.run_for(MINUTE);
                }
                self.world.disk.cut_power_at_write(None);
            }
            _ => self.world.cut_power(),
        }
        if self.world.device.is_some() {
            self.world.shut_down();
        }
        self.power_cuts += 1;
        self.note_good_times();
        self.judge_losses();
    }

    fn stay_off(&mut self) {
        let minutes = match self.habit {
            Habit::AlwaysOn => self.random.u64(0..30),
            Habit::Daily => self.random.u64(10 * 60..20 * 60),
            Habit::NowAndThen => self.random.u64(60..9 * 24 * 60),
        };
        let is_a_break = self.takes_long_breaks && self.random.u8(0..30) == 0;
        let minutes = if is_a_break { self.random.u64(14 * 24 * 60..25 * 24 * 60) } else { minutes };
        self.world.run_for(minutes * MINUTE);
    }

    // What the service could know.

    /// Keeps the network's weather up to date, and the record of when a refresh could have succeeded.
    fn note_good_times(&mut self) {
        let time = self.world.time;
        self.world.network.weather.outage = time < self.outage_ends;
        let checks_dates = self.world.network.weather.checks_dates;
        let can_set_clock = !self.has_no_clock && time >= self.outage_ends && time >= self.clock_set_at;
        let is_good = match self.world.device.as_mut() {
            None => false,
            Some(device) => {
                if can_set_clock {
                    device.clock.set_right();
                }
                time >= self.outage_ends && (!checks_dates || device.clock.is_plausible(time))
            }
        };
        match (self.good_since, is_good) {
            (None, true) => self.good_since = Some(time),
            (Some(since), false) => {
                self.good_since = None;
                self.good_times.push((since, time));
            }
            _ => {}
        }
    }

    fn judge_losses(&mut self) {
        for loss in std::mem::take(&mut self.world.losses) {
            match loss {
                Refusal::TooOld { issued } => self.was_away(issued),
                Refusal::Replaced { grant } => {
                    assert!(self.is_rough && self.world.service.is_broken(grant), "{loss:?}");
                }
                Refusal::Revoked { .. } => assert!(self.is_disconnected_at_times),
            }
            self.reasons.push(loss);
            if self.world.device.is_some() {
                self.pair();
            }
        }
    }

    /// Between the end of the access token and that of the refresh token there was never an hour in
    /// which the service could be reached.
    fn was_away(&self, issued: u64) {
        let open = self.good_since.map(|since| (since, self.world.time));
        for (from, to) in self.good_times.iter().copied().chain(open) {
            let from = from.max(issued + 8 * HOUR);
            let to = to.min(issued + REFRESH_TOKEN_LIFE);
            assert!(
                from + HOUR > to,
                "not renewed in 14 days, although the service could be reached for {} min from {} h after",
                (to - from) / MINUTE,
                (from - issued) / HOUR
            );
        }
    }

    fn pair(&mut self) {
        let weather = std::mem::replace(&mut self.world.network.weather, Weather::clear());
        self.world.set_clock_right();
        self.world.pair();
        self.world.network.weather = weather;
        if self.has_no_clock {
            let time = self.world.time;
            self.world.on().clock.reset_to_1970(time, 300);
        }
    }
}
