//! Every operation that was started completes exactly once, whatever happens. (That none completes
//! twice, that no request is sent or aborted out of turn, that polls keep the pace and that refreshes
//! are alone is held by the world itself, at every step.)

use crate::schedule;
use crate::seeds;
use crate::world::{HOUR, MINUTE, SECOND, World};
use fio_c2c::engine::{AuthState, Operation};
use fio_c2c::status::{FIO_E_CANCELED, FIO_OK};
use std::collections::BTreeMap;
use std::sync::Mutex;

const SCHEDULES: u64 = 120_000;
const MOST_STEPS: usize = 160;

#[test]
fn every_started_operation_completes_exactly_once() {
    let ends = Mutex::new(BTreeMap::new());
    let lives =
        seeds::for_each("every_started_operation_completes_exactly_once", SCHEDULES, |seed, trace| {
            let mut world = schedule::world(seed);
            world.trace = trace;
            world.boot();
            if world.random.u8(0..3) > 0 {
                schedule::pair_in_clear_weather(&mut world);
            }
            for _ in 0..world.random.usize(10..MOST_STEPS) {
                schedule::step(&mut world);
            }
            // Half of the lives end in the middle of it all, the other half after the weather has cleared.
            if world.random.bool() {
                schedule::clear_up(&mut world);
                comes_to_rest(&mut world);
            }
            world.shut_down();
            let mut ends = ends.lock().expect("no check has failed");
            for (operation, status) in world.completed {
                *ends.entry((kind(operation), status)).or_insert(0) += 1;
            }
        });
    let ends = ends.into_inner().expect("no check has failed");
    println!("{lives} schedules, {} operations completed", ends.values().sum::<u64>());
    if lives >= SCHEDULES {
        reaches_every_end(&ends);
    }
}

/// With everything well, what is under way ends by itself, the store holds what the engine holds, and
/// nothing is left to do.
fn comes_to_rest(world: &mut World) {
    let limit = world.time + 12 * HOUR;
    while !world.on().live().is_empty() {
        assert!(world.time < limit, "still under way: {:?}", world.on().live());
        world.run_for(10 * SECOND);
    }
    // Longer than the longest pause between two attempts at writing.
    world.run_for(2 * MINUTE);
    let stored = world.stored_refresh_token();
    match world.state() {
        AuthState::Unpaired | AuthState::Pending => {
            // Background revocations are the last to end.
            while world.network.in_flight() > 0 || world.on().deadline().is_some() {
                assert!(world.time < limit, "an idle engine wants to be called");
                world.run_for(MINUTE);
            }
            assert!(stored.is_none() || world.on().is_amnesic, "the store still holds {stored:?}");
        }
        AuthState::Authorized | AuthState::Expired => {
            let time = world.time;
            let now = world.on().clock.now(time);
            let stored = stored.expect("a paired device has its tokens in the store");
            let access = world.on().engine.access_token(now).map(|access| access.expose().to_owned());
            if let Ok(access) = access {
                assert_eq!(world.service.pair_of(&access), world.service.pair_of(&stored));
            }
        }
    }
}

fn kind(operation: Operation) -> &'static str {
    match operation {
        Operation::RequestCode => "request code",
        Operation::Poll => "poll",
        Operation::Pair { .. } => "pair",
        Operation::Refresh => "refresh",
        Operation::Revoke => "revoke",
        Operation::DeviceInfo => "device information",
        Operation::Heartbeat => "heartbeat",
        Operation::Comment => "comment",
    }
}

/// The schedules are worth something only if they get everywhere.
fn reaches_every_end(ends: &BTreeMap<(&'static str, i32), u64>) {
    for name in ["request code", "poll", "pair", "refresh", "revoke", "device information", "heartbeat"] {
        for status in [FIO_OK, FIO_E_CANCELED] {
            let seen = ends.get(&(name, status)).copied().unwrap_or(0);
            assert!(seen > SCHEDULES / 1000, "{name} ended with {status} only {seen} times");
        }
    }
}
