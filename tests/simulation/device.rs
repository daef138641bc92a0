//! One life of the device, from power-on to power-off: its engine, its clock, and the operations that
//! the application has started and not yet seen completed.

use fio_c2c::clock::{Instant, Now};
use fio_c2c::engine::effects::{Event, Notice, OpId, RequestId};
use fio_c2c::engine::{Engine, Operation};
use fio_c2c::status::Retry;
use std::collections::BTreeMap;

pub struct Device {
    pub engine: Engine,
    pub clock: DeviceClock,
    live: BTreeMap<OpId, Operation>,
    /// The store could not be read at power-on, so this life may know less than the store.
    pub is_amnesic: bool,
    last_tick: u64,
    ticks_at_once: u32,
    /// The minute that is counted, and the ticks in it.
    minute: (u64, u32),
}

/// More ticks than this in one minute are a busy loop, if a slow one.
/// Progress may be wanted ten times a second.
const MOST_TICKS_IN_A_MINUTE: u32 = 1_000;
const MOST_TURNS: u32 = 2;
/// More ticks than this at one and the same moment are a busy loop.
const MOST_TICKS_AT_ONCE: u32 = 100;

impl Device {
    pub fn new(engine: Engine, clock: DeviceClock, is_amnesic: bool) -> Device {
        Device {
            engine,
            clock,
            live: BTreeMap::new(),
            is_amnesic,
            last_tick: 0,
            ticks_at_once: 0,
            minute: (0, 0),
        }
    }

    pub fn started(&mut self, op: OpId, operation: Operation) {
        assert!(op != 0 && self.live.insert(op, operation).is_none(), "the id {op} was given twice");
    }

    /// Holds the promise of exactly one completion for each operation started; returns the one that
    /// this notice completes.
    pub fn hear(&mut self, notice: &Notice) -> Option<Operation> {
        match notice {
            Notice::Complete(op, _) => {
                let operation = self.live.remove(op);
                assert!(operation.is_some(), "{op} completed twice, or was never started: {notice:?}");
                return operation;
            }
            Notice::ShowCode(op, _) => {
                let shows =
                    self.live.get(op).is_some_and(|operation| matches!(operation, Operation::Pair { .. }));
                assert!(shows, "a code was shown for {op}, which is not a pairing under way");
            }
            Notice::Event(Event::Retrying { error, .. }) => {
                let is_hopeful = matches!(error.retry(), Retry::Later | Retry::Slowly);
                assert!(is_hopeful, "tried again, and called hopeless: {error}");
            }
            Notice::Event(_) => {}
        }
        None
    }

    pub fn live(&self) -> &BTreeMap<OpId, Operation> {
        &self.live
    }

    /// When the engine wants to be called, as the world counts time.
    pub fn deadline(&self) -> Option<u64> {
        self.engine.deadline().map(|at| self.clock.to_world(at))
    }

    /// Calls the engine at its deadline, and holds that this gets it anywhere. `sent` is how much of a
    /// part has left.
    pub fn tick_at_deadline(&mut self, time: u64, sent: impl Fn(RequestId) -> u64) {
        let minute = time / 60_000;
        self.minute = if self.minute.0 == minute { (minute, self.minute.1 + 1) } else { (minute, 1) };
        assert!(self.minute.1 < MOST_TICKS_IN_A_MINUTE, "{} ticks in a minute", self.minute.1);
        self.ticks_at_once = if self.last_tick == time { self.ticks_at_once + 1 } else { 0 };
        self.last_tick = time;
        assert!(self.ticks_at_once < MOST_TICKS_AT_ONCE, "the engine wants to be called again and again");
        let now = self.clock.now(time);
        self.tick(now, sent);
        // What one part of the engine does may concern another, which then has its turn at once.
        for _ in 0..MOST_TURNS {
            if self.has_rest(now) {
                return;
            }
            self.engine.tick(now);
        }
        assert!(self.has_rest(now), "the deadline stays in the past and nothing comes of it");
    }

    fn has_rest(&self, now: Now) -> bool {
        self.engine.has_output() || self.engine.deadline().is_none_or(|at| at > now.mono)
    }
}

impl Device {
    /// As the driver does it.
    pub fn tick(&mut self, now: Now, sent: impl Fn(RequestId) -> u64) {
        if self.engine.uploads().wants_progress(now) {
            self.engine.note_progress(sent);
        }
        self.engine.tick(now);
    }
}

/// The device's two clocks as functions of the world's time, which is milliseconds since [`EPOCH`].
#[derive(Clone, Copy, Debug)]
pub struct DeviceClock {
    booted: u64,
    /// What the monotonic clock said then.
    start: u64,
    /// Seconds by which the wall clock is off.
    wall_error: i64,
}

/// The world begins at this wall time.
pub const EPOCH: i64 = 1_800_000_000;

impl DeviceClock {
    pub fn at_boot(time: u64, start: u64) -> DeviceClock {
        DeviceClock { booted: time, start, wall_error: 0 }
    }

    pub fn now(&self, time: u64) -> Now {
        Now {
            mono: Instant(time - self.booted + self.start),
            wall: EPOCH + (time / 1000) as i64 + self.wall_error,
        }
    }

    fn to_world(self, mono: Instant) -> u64 {
        (mono.0 + self.booted).saturating_sub(self.start)
    }

    pub fn set_right(&mut self) {
        self.wall_error = 0;
    }

    /// Like a device without a battery for its clock: this many seconds after 1970 began.
    pub fn reset_to_1970(&mut self, time: u64, seconds: i64) {
        self.wall_error = seconds - EPOCH - (time / 1000) as i64;
    }

    pub fn shift_wall(&mut self, seconds: i64) {
        self.wall_error += seconds;
    }

    /// Seconds by which the wall clock is off.
    pub fn wall_error(&self) -> i64 {
        self.wall_error
    }

    pub fn is_plausible(&self, time: u64) -> bool {
        self.now(time).wall > EPOCH - 86_400
    }
}
