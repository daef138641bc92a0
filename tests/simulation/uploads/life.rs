//! Random lives of a device that has something to upload.

use super::app::New;
use super::tracked::Origin;
use crate::faults::Weather;
use crate::files::Fault;
use crate::service::Rules;
use crate::service::assets::AssetRules;
use crate::store::{Cut, WRITE_FAULTS};
use crate::world::{DAY, HOUR, MINUTE, SECOND, World, seal_key};
use fio_c2c::engine::UploadSettings;
use fio_c2c::status::{FIO_E_SOURCE_CHANGED, FIO_E_STORE};
use fio_c2c::upload::{RecordingSpec, UploadId};
use std::time::Duration;

/// A world of its own kind for every seed.
pub fn world(seed: u64) -> World {
    let mut random = fastrand::Rng::with_seed(seed ^ 0x0b10ad);
    let rules = Rules {
        interval: 1,
        access_life: pick(&[8 * HOUR, 8 * HOUR, HOUR, 3 * MINUTE], &mut random),
        ..Rules::default()
    };
    let mut world = World::switched_off(seed, rules);
    world.seal_key = (random.u8(0..60) == 0).then(|| seal_key(7));
    if random.u8(0..4) == 0 {
        world.log = super::log_lines::suspicious();
    }
    world.settings.uploads = UploadSettings {
        parallel_parts: pick(&[5, 5, 1, 2, 8], &mut random),
        progress_interval: Duration::from_millis(pick(&[1000, 1000, 0, 100, 5000], &mut random)),
        history: pick(&[100, 100, 3, 0], &mut random),
        ..UploadSettings::default()
    };
    world.service.assets.rules = AssetRules {
        bytes_in_a_part: pick(&[100, 100, 30, 700], &mut random),
        spare_urls: pick(&[0, 0, 7], &mut random),
        url_life: pick(&[DAY, DAY, DAY, HOUR, 40 * SECOND], &mut random),
        urls_say_when: random.bool(),
        parts_are_objects: random.bool(),
        assembly: pick(&[0, 0, 2 * SECOND], &mut random),
        names_project: random.u8(0..4) > 0,
        is_strict_on_announcements: random.bool(),
        bad_url_percent: pick(&[0, 0, 0, 10, 50], &mut random),
    };
    world.watch.has_short_urls = world.service.assets.rules.url_life < DAY;
    world.network.weather = weather(&mut random);
    world
}

fn weather(random: &mut fastrand::Rng) -> Weather {
    Weather {
        fault_percent: pick(&[0, 0, 10, 30, 70], random),
        loses_answers: random.u8(0..4) > 0,
        outage: random.u8(0..14) == 0,
        checks_dates: random.bool(),
        longest_wish: pick(&[20, 60, 900], random),
        storage_is_down: random.u8(0..20) == 0,
        api_is_down: random.u8(0..20) == 0,
    }
}

fn pick<T: Copy>(choices: &[T], random: &mut fastrand::Rng) -> T {
    choices[random.usize(0..choices.len())]
}

/// One thing that happens.
pub fn step(world: &mut World) {
    let mut random = world.random.fork();
    if world.device.is_none() {
        world.run_for(pick(&[0, 100, MINUTE, HOUR], &mut random));
        world.boots_in_1970 = (random.u8(0..12) == 0).then(|| random.i64(0..100));
        return world.boot();
    }
    match random.u8(0..100) {
        0..16 => add(world, &mut random),
        16..42 => pass_time(world, &mut random),
        42..60 => handle_one(world, &mut random),
        60..66 => record(world, &mut random),
        66..74 => harm_a_file(world, &mut random),
        74..78 => world.cut_power(),
        78..81 => world.disk.cut_power_at_write(Some(if random.bool() { Cut::Before } else { Cut::After })),
        81 => world.restart(),
        82 => world.card.lack_descriptors(random.bool()),
        83..86 => fail_the_store(world, &mut random),
        86..90 => world.network.weather = weather(&mut random),
        90 | 91 => steer_the_queue(world, &mut random),
        92 | 93 => {
            let time = world.time;
            world.service.set_paused(random.u8(0..3) == 0, time);
        }
        94 => world.service.put_in(format!("project-{}", random.u8(1..3))),
        95 => lose_the_authorization(world, &mut random),
        96 => forget_at_the_service(world, &mut random),
        97 => world.on().clock.shift_wall(pick(&[-3_600, 1, 90_000], &mut random)),
        _ => world.tick(),
    }
}

fn some_upload(world: &World, random: &mut fastrand::Rng) -> Option<UploadId> {
    let tracked: Vec<UploadId> =
        world.watch.tracked.values().filter(|tracked| !tracked.is_gone).map(|tracked| tracked.id).collect();
    (!tracked.is_empty()).then(|| pick(&tracked, random))
}

fn add(world: &mut World, random: &mut fastrand::Rng) {
    // Few at a time, so that a seed stays a story one can read.
    if world.watch.tracked.len() >= 9 {
        return;
    }
    let origin = pick(&[Origin::Path, Origin::Path, Origin::Attached], random);
    let mut new = New {
        origin,
        priority: pick(&[0, 0, 0, 1, -1], random),
        verify: random.bool(),
        age: pick(&[0, 0, 30 * SECOND, 10 * MINUTE], random),
        says_when: random.bool(),
        ..New::file(random.u64(1..400))
    };
    match random.u8(0..20) {
        0..=2 => {
            let spec = RecordingSpec {
                bytes_per_second: pick(&[0, 3 << 20], random),
                held_head: pick(&[0, 0, 4096, 6 << 20], random),
            };
            new.recording = Some(spec);
            new.size = pick(&[0, 0, 1000, 6 << 20], random);
            new.is_nameless = random.bool();
        }
        // Large ones, and costly: the bytes of what is pushed have to be there.
        3 if random.u8(0..8) == 0 => {
            new = New { is_nameless: random.bool(), ..New::pushed(pick(&[0, 0, 4096], random)) };
        }
        4 => new.size = random.u64(400..6_000),
        5 => new.size = 0,
        _ => {}
    }
    let added = world.add(new);
    if let Ok(id) = added {
        if random.u8(0..30) == 0 && world.watch.ids.contains_key(&id) {
            let key = world.watch.of(id).key.clone();
            world.service.assets.refused.insert(key);
        }
    }
}

/// Refusals of what is not possible at the moment are as good as any answer.
fn handle_one(world: &mut World, random: &mut fastrand::Rng) {
    let Some(id) = some_upload(world, random) else { return };
    let _ = match random.u8(0..20) {
        0 | 1 => world.pause_upload(id),
        2..=5 => world.resume_upload(id),
        6 => world.cancel_upload(id),
        7..=10 => world.retry(id),
        11 | 12 => world.prioritize(id, random.i32(-2..3)),
        13 | 14 => world.move_to_project(id),
        15 => world.remove(id),
        _ => attach_if_needed(world, id),
    };
}

fn attach_if_needed(world: &mut World, id: UploadId) -> Result<(), fio_c2c::error::Error> {
    let tracked = world.watch.of(id);
    let is_pushed_already = tracked.sourced_in == world.watch.life && tracked.origin == Origin::Pushed;
    // Who attaches a source vouches for its bytes.
    let has_changed = world.card.woes(&tracked.path).contains(&FIO_E_SOURCE_CHANGED);
    if is_pushed_already || has_changed {
        return Ok(());
    }
    world.attach(id)
}

fn record(world: &mut World, random: &mut fastrand::Rng) {
    let running: Vec<UploadId> = world
        .watch
        .tracked
        .values()
        .filter(|tracked| tracked.is_recording && !tracked.is_finished && !tracked.is_gone)
        .map(|tracked| tracked.id)
        .collect();
    if running.is_empty() {
        return;
    }
    let id = pick(&running, random);
    let is_pushed = world.watch.of(id).origin == Origin::Pushed;
    if random.u8(0..4) > 0 {
        let bytes = if is_pushed { random.u64(1..3 << 20) } else { random.u64(1..9 << 20) };
        let _ = world.record(id, bytes);
        return;
    }
    let Ok(info) = world.ask(|engine, _| engine.uploads().info(id)) else { return };
    // The camera writes its head again before it says so.
    let held_head = world.watch.of(id).held_head.min(info.size);
    if random.bool()
        && info.is_recording
        && held_head > 0
        && world.watch.of(id).sourced_in == world.watch.life
    {
        world.rewrite_head(id, held_head);
    }
    let size = (random.u8(0..6) == 0).then(|| random.u64(0..=info.size));
    let _ = world.finish_recording(id, size);
}

fn harm_a_file(world: &mut World, random: &mut fastrand::Rng) {
    let Some(id) = some_upload(world, random) else { return };
    let tracked = world.watch.of(id).clone();
    if tracked.origin == Origin::Pushed {
        return;
    }
    let card = world.card.clone();
    let what = random.u8(0..10);
    world.tell(|| format!("the file of {id} suffers {what}"));
    match what {
        // Bytes of a recording that are there stay as they are; nothing could notice it.
        0 | 1 if !tracked.is_recording => card.change(&tracked.path, true, |contents| contents.version += 1),
        2 if !tracked.is_recording => card.change(&tracked.path, true, |contents| {
            // Never again what it was.
            (contents.size, contents.version) = (contents.size + 5, contents.version + 1);
        }),
        3 => card.change(&tracked.path, true, |contents| contents.size /= 2),
        4 => card.fail(&tracked.path, Some(Fault::Missing)),
        5 if random.bool() => card.fail(&tracked.path, Some(Fault::Busy)),
        5 => card.fail(&tracked.path, Some(Fault::Reads)),
        6 => card.fail(&tracked.path, Some(Fault::All)),
        _ => card.fail(&tracked.path, None),
    }
}

fn pass_time(world: &mut World, random: &mut fastrand::Rng) {
    match random.u8(0..20) {
        0..=8 => world.run_for(random.u64(0..500)),
        9..=13 => world.run_for(random.u64(0..8 * SECOND)),
        14..=16 => world.run_for(random.u64(0..2 * MINUTE)),
        17 => world.run_for(random.u64(0..HOUR)),
        18 => world.sleep_for(random.u64(0..2 * HOUR)),
        _ => world.sleep_for(random.u64(0..10 * SECOND)),
    }
}

fn fail_the_store(world: &mut World, random: &mut fastrand::Rng) {
    match random.u8(0..10) {
        0..=5 => {
            world.disk.refuse_writes(None);
            world.disk.refuse_reads(None);
        }
        6 => world.disk.refuse_reads(Some(FIO_E_STORE)),
        _ => world.disk.refuse_writes(Some(pick(&WRITE_FAULTS, random))),
    }
}

fn steer_the_queue(world: &mut World, random: &mut fastrand::Rng) {
    match random.u8(0..6) {
        0 => world.pause_queue(true),
        1..=3 => world.pause_queue(false),
        4 => world.set_auto_start(false),
        _ => world.set_auto_start(true),
    }
}

fn lose_the_authorization(world: &mut World, random: &mut fastrand::Rng) {
    match random.u8(0..4) {
        0 => world.service.revoke_all(),
        1 => world.service.expire_access(),
        _ => pair_if_needed(world),
    }
}

/// A person pairs the device, in clear weather.
pub fn pair_if_needed(world: &mut World) {
    if world.device.is_none() || world.is_paired() {
        return;
    }
    let weather = std::mem::replace(&mut world.network.weather, Weather::clear());
    world.disk.cut_power_at_write(None);
    world.set_clock_right();
    world.pair();
    if world.device.is_some() {
        world.network.weather = weather;
    }
}

fn forget_at_the_service(world: &mut World, random: &mut fastrand::Rng) {
    let count = world.service.uploads().len();
    if count > 0 {
        let number = random.usize(0..count);
        world.tell(|| format!("the storage forgets the upload of asset {number}"));
        world.service.forget(number);
    }
}

/// Everything is well again, and the application does what it can.
pub fn clear_up(world: &mut World) {
    world.tell(|| "everything is well again".into());
    world.network.weather = Weather::clear();
    world.disk.refuse_writes(None);
    world.disk.refuse_reads(None);
    world.disk.cut_power_at_write(None);
    world.service.assets.rules.bad_url_percent = 0;
    world.service.assets.rules.url_life = DAY;
    world.card.end_shortages();
    world.boots_in_1970 = None;
    while world.device.is_none() {
        world.boot();
    }
    world.set_clock_right();
    world.run_for(MINUTE);
    if world.random.u8(0..8) > 0 {
        pair_if_needed(world);
    }
}
