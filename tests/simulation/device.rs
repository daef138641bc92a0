//! One life of the device, from power-on to power-off: its engine, its clock, and the operations that
//! the application has started and not yet seen completed.

use fio_c2c::clock::{Instant, Now};
use fio_c2c::engine::effects::{Notice, OpId};
use fio_c2c::engine::{Engine, Operation};
use std::collections::BTreeMap;

pub struct Device {
    pub engine: Engine,
    pub clock: DeviceClock,
    live: BTreeMap<OpId, Operation>,
    /// The store could not be read at power-on, so this life may know less than the store.
    pub is_amnesic: bool,
    last_tick: u64,
    ticks_at_once: u32,
}

/// More ticks than this at one and the same moment are a busy loop.
const MOST_TICKS_AT_ONCE: u32 = 100;

impl Device {
    pub fn new(engine: Engine, clock: DeviceClock, is_amnesic: bool) -> Device {
        Device { engine, clock, live: BTreeMap::new(), is_amnesic, last_tick: 0, ticks_at_once: 0 }
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

    /// Calls the engine at its deadline, and holds that this gets it anywhere.
    pub fn tick_at_deadline(&mut self, time: u64) {
        self.ticks_at_once = if self.last_tick == time { self.ticks_at_once + 1 } else { 0 };
        self.last_tick = time;
        assert!(self.ticks_at_once < MOST_TICKS_AT_ONCE, "the engine wants to be called again and again");
        let now = self.clock.now(time);
        self.engine.tick(now);
        let later = self.engine.deadline().is_none_or(|at| at > now.mono);
        assert!(later || self.engine.has_output(), "the deadline stays in the past and nothing comes of it");
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

    pub fn is_plausible(&self, time: u64) -> bool {
        self.now(time).wall > EPOCH - 86_400
    }
}
