//! Random lives of a device: what the application does, what people do, and what goes wrong, in any
//! order.

use crate::device::EPOCH;
use crate::faults::Weather;
use crate::service::Rules;
use crate::store::{Cut, WRITE_FAULTS};
use crate::world::{HOUR, MINUTE, SECOND, World, seal_key};
use fio_c2c::api::Endpoint;
use fio_c2c::engine::Operation;
use fio_c2c::status::FIO_E_STORE;

/// A world of its own kind for every seed.
pub fn world(seed: u64) -> World {
    let mut random = fastrand::Rng::with_seed(seed ^ 0x5EED);
    let newer_code_path = random.u8(0..10) > 0;
    let rules = Rules {
        newer_code_path,
        older_code_path: !newer_code_path || random.u8(0..4) == 0,
        code_life: pick(&[120, 120, 30, 900], &mut random),
        interval: pick(&[5, 5, 1, 12], &mut random),
        access_life: pick(&[8 * HOUR, 8 * HOUR, 8 * HOUR, HOUR, 2 * MINUTE, 20 * SECOND], &mut random),
        slow_down_percent: pick(&[0, 0, 10, 50], &mut random),
        refuses_client: false,
        other_encoding: Vec::new(),
        names_no_project: random.u8(0..20) == 0,
    };
    let code_life = rules.code_life;
    let mut world = World::switched_off(seed, rules);
    let endpoints = [Endpoint::DeviceCode, Endpoint::Token, Endpoint::Revoke];
    world.service.rules.other_encoding =
        endpoints.into_iter().filter(|_| random.u8(0..10) == 0 && code_life > 30).collect();
    world.seal_key = (random.u8(0..50) == 0).then(|| seal_key(7));
    world.settings.clock_floor = random.bool().then_some(EPOCH - 86_400);
    world.settings.url_pairing = random.bool();
    world.network.weather = weather(&mut random);
    world
}

fn weather(random: &mut fastrand::Rng) -> Weather {
    let base = if random.bool() { Weather::clear() } else { Weather::stormy() };
    Weather {
        fault_percent: if base.fault_percent > 0 { random.u8(5..90) } else { 0 },
        outage: random.u8(0..12) == 0,
        checks_dates: random.bool(),
        longest_wish: pick(&[20, 60, 3_600], random),
        ..base
    }
}

fn pick<T: Copy>(choices: &[T], random: &mut fastrand::Rng) -> T {
    choices[random.usize(0..choices.len())]
}

/// Most of what can go wrong goes wrong with a device that is paired.
pub fn pair_in_clear_weather(world: &mut World) {
    let (weather, slow_down) = (world.network.weather.clone(), world.service.rules.slow_down_percent);
    world.network.weather = Weather::clear();
    world.service.rules.slow_down_percent = 0;
    world.pair();
    world.network.weather = weather;
    world.service.rules.slow_down_percent = slow_down;
}

/// One thing that happens.
pub fn step(world: &mut World) {
    let mut random = world.random.fork();
    if world.device.is_none() {
        world.run_for(random.u64(0..MINUTE));
        world.boots_in_1970 = (random.u8(0..5) == 0).then(|| random.i64(0..100));
        return world.boot();
    }
    match random.u8(0..100) {
        0..34 => start(world, &mut random),
        34..42 => cancel(world, &mut random),
        42..62 => pass_time(world, &mut random),
        62..74 | 75 => world.decide(random.u8(0..4) > 0),
        74 => world.service.revoke_all(),
        76..78 => world.cut_power(),
        78..82 => world.disk.cut_power_at_write(Some(if random.bool() { Cut::Before } else { Cut::After })),
        82..84 => world.restart(),
        84..86 => world.on().clock.shift_wall(pick(&[-EPOCH, -3_600, 1, 90_000, 400_000_000], &mut random)),
        86..88 => world.set_clock_right(),
        88..91 => fail_the_store(world, &mut random),
        91..95 => world.network.weather = weather(&mut random),
        95 => world.service.rules.refuses_client = random.u8(0..4) == 0,
        96 => world.service.put_in(format!("project-{}", random.u8(0..3))),
        97 => world.set_online(random.u8(0..3) == 0),
        _ => world.tick(),
    }
}

fn start(world: &mut World, random: &mut fastrand::Rng) {
    let operation = match random.u8(0..20) {
        0 | 1 => Operation::RequestCode,
        2..=5 => Operation::Poll,
        6 | 7 => Operation::Pair { codes: random.u32(0..4) },
        8..=11 => Operation::Refresh,
        12 => Operation::Revoke,
        13..=16 => Operation::DeviceInfo,
        _ => Operation::Heartbeat,
    };
    let started = world.start(operation).is_ok();
    if started && operation == Operation::Revoke && world.device.is_some() && world.disk.is_writable() {
        assert!(!world.disk.holds("auth"), "a revoked token stays in the store");
    }
}

fn cancel(world: &mut World, random: &mut fastrand::Rng) {
    let live: Vec<_> = world.on().live().keys().copied().collect();
    let op = match live.as_slice() {
        [] => random.u64(0..50),
        // Sometimes one that is over, or never was.
        _ if random.u8(0..4) == 0 => random.u64(0..200),
        live => pick(live, random),
    };
    // The outcome is checked against what is live.
    let _ = world.cancel(op);
}

fn pass_time(world: &mut World, random: &mut fastrand::Rng) {
    let renews_often = world.service.rules.access_life < HOUR;
    match random.u8(0..20) {
        0..=8 => world.run_for(random.u64(0..500)),
        9..=14 => world.run_for(random.u64(0..8 * SECOND)),
        15 | 16 => world.run_for(random.u64(0..2 * MINUTE)),
        17 if !renews_often => world.run_for(random.u64(0..10 * HOUR)),
        18 => world.sleep_for(random.u64(0..20 * HOUR)),
        19 if random.u8(0..8) == 0 => world.sleep_for(random.u64(0..400 * HOUR)),
        _ => world.sleep_for(random.u64(0..10 * SECOND)),
    }
}

fn fail_the_store(world: &mut World, random: &mut fastrand::Rng) {
    match random.u8(0..10) {
        0..=4 => world.disk.refuse_writes(None),
        5 => world.disk.refuse_reads(Some(FIO_E_STORE)),
        6 => world.disk.refuse_reads(None),
        _ => world.disk.refuse_writes(Some(pick(&WRITE_FAULTS, random))),
    }
}

/// Everything is well again, for as long as it takes.
pub fn clear_up(world: &mut World) {
    world.tell(|| "everything is well again".into());
    world.network.weather = Weather::clear();
    world.disk.refuse_writes(None);
    world.disk.refuse_reads(None);
    world.disk.cut_power_at_write(None);
    world.service.rules.refuses_client = false;
    world.service.rules.slow_down_percent = 0;
    world.boots_in_1970 = None;
    while world.device.is_none() {
        world.boot();
    }
    world.set_clock_right();
    world.set_online(false);
}
