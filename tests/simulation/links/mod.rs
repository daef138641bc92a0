//! The engine on links of every kind, against the best of all fixed settings: so many parts at once, of that size.
//! Nobody sets anything for the engine. Each cell is played with several seeds: the best setting is the one that is fastest
//! in the mean. `FIO_CELLS` plays another number of cells than a short run does, `FIO_CELL_SEEDS` each more often, and
//! `FIO_CELL` one of them alone, second by second.

mod cells;
mod fixed;
mod line;
mod outage;
mod player;

use crate::device::EPOCH;
use crate::world::World;
use cells::{Cell, How};
use fio_c2c::link::Known;
use fio_c2c::link::memory::{self, Memory, key_of};
use fio_c2c::secret::SecretBytes;
use fio_c2c::store::RecordStore;
use fio_c2c::store::records::Records;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// How a run went.
#[derive(Clone, Debug, Default)]
pub struct Played {
    /// When everything had arrived.
    time: Option<u64>,
    sent: f64,
    assets: u32,
    breaks: u32,
    booted: u64,
    last_contact: u64,
    longest_silence: u64,
}

impl Played {
    fn note_contact(&mut self, now: u64, _is_heartbeat: bool) {
        self.longest_silence = self.longest_silence.max(now - self.last_contact);
        self.last_contact = now;
    }
}

/// The means of several runs.
#[derive(Clone, Copy)]
struct Mean {
    time: f64,
    sent: f64,
}

/// The fastest of all fixed settings.
struct Best {
    at_once: usize,
    mebibytes: u64,
    mean: Mean,
}

struct Compared {
    number: u64,
    cell: Cell,
    /// With the last seed.
    engine: Played,
    best: Best,
    time: f64,
    bytes: f64,
}

impl World {
    /// As an application calls that has heard of another network.
    pub fn network_changed(&mut self) {
        let time = self.time;
        let device = self.on();
        let now = device.clock.now(time);
        device.engine.network_changed(now);
        self.after_call();
    }

    /// The device starts over with a memory of its link.
    pub fn know_link(&mut self, known: Known) {
        self.shut_down();
        let links = vec![(key_of(&[]), known)];
        let memory = Memory { wall: EPOCH + (self.time / 1_000) as i64, busy_for: None, links };
        let mut records = Records::new(Box::new(self.disk.clone()), self.seal_key.clone());
        records.save(memory::KEY, &SecretBytes::new(memory.encode())).expect("the disk takes it");
        self.boot();
    }
}

const USUAL_CELLS: u64 = 100;
const SEEDS: u64 = 2;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Over all seeds; `None` if one of the runs does not come to its end in time.
fn mean(seeds: u64, play: impl Fn(u64) -> Played) -> Option<Mean> {
    let mut sum = Mean { time: 0.0, sent: 0.0 };
    for seed in 0..seeds {
        let played = play(seed);
        sum.time += played.time? as f64 / seeds as f64;
        sum.sent += played.sent / seeds as f64;
    }
    Some(sum)
}

fn best_fixed(cell: &Cell, seeds: u64) -> Option<Best> {
    let mut best: Option<Best> = None;
    for mebibytes in fixed::SIZES {
        for at_once in 1..=fixed::MOST_AT_ONCE {
            // One that is slower than the best in all runs together is not the best.
            let limit = best.as_ref().map_or(20 * 3_600_000, |best| (best.mean.time * seeds as f64) as u64);
            let Some(mean) = mean(seeds, |seed| fixed::play(cell, seed, at_once, mebibytes, limit)) else {
                continue;
            };
            if best.as_ref().is_none_or(|best| mean.time < best.mean.time) {
                best = Some(Best { at_once, mebibytes, mean });
            }
        }
    }
    best
}

fn compare(number: u64, seeds: u64, trace: bool) -> Option<Compared> {
    let cell = Cell::new(number);
    let best = best_fixed(&cell, seeds)?;
    let limit = (best.mean.time * 4.0) as u64 + 60_000;
    let last = std::cell::RefCell::new(Played::default());
    let engine = mean(seeds, |seed| {
        let played = player::play(&cell, seed, limit, trace);
        last.replace(played.clone());
        played
    });
    let time = engine.map_or(f64::INFINITY, |engine| engine.time / best.mean.time);
    let bytes = engine.map_or(f64::INFINITY, |engine| engine.sent / best.mean.sent);
    Some(Compared { number, cell, engine: last.into_inner(), best, time, bytes })
}

#[test]
fn every_clip_arrives_in_nearly_the_time_of_the_best_fixed_setting() {
    let seeds = number("FIO_CELL_SEEDS").unwrap_or(SEEDS);
    if let Some(one) = number("FIO_CELL") {
        report(&compare(one, seeds, true).expect("some fixed setting arrives"));
        return;
    }
    let count = number("FIO_CELLS").unwrap_or(USUAL_CELLS);
    let (next, all) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                break;
            }
            if let Some(compared) = compare(at, seeds, false) {
                all.lock().unwrap_or_else(PoisonError::into_inner).push(compared);
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        work();
    });
    let mut all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    all.sort_by(|one, other| one.time.total_cmp(&other.time));
    all.iter().for_each(report);
    let part = |percent: usize| (all.len() * percent / 100).min(all.len() - 1);
    let mut bytes: Vec<f64> = all.iter().map(|compared| compared.bytes).collect();
    bytes.sort_by(f64::total_cmp);
    let (median, most, worst) = (all[part(50)].time, all[part(95)].time, all[part(100)].time);
    println!(
        "{} cells: time {median:.2} in the median, {most:.2} in 95 of 100, {worst:.2} in the worst; bytes {:.2}, {:.2}, {:.2}",
        all.len(),
        bytes[part(50)],
        bytes[part(95)],
        bytes[part(100)]
    );
    assert!(all.len() as u64 > count / 2, "the cells are such that clips can arrive");
    assert!(worst.is_finite(), "every clip arrives where any setting does");
    assert!(median <= 1.1 && most <= 1.3 && worst <= 1.4, "in nearly the best time");
    // Where breaks come by the clock, one of the fixed sizes may just fit between them, which is seen when the file has its
    // parts already.
    let most_bytes = bytes[part(100)];
    assert!(
        bytes[part(50)] <= 1.05 && bytes[part(95)] <= 1.2 && most_bytes <= 1.4,
        "with nearly as few bytes"
    );
}

fn report(compared: &Compared) {
    let Compared { number, cell, engine, best, time, bytes } = compared;
    println!(
        "cell {number:>3}: {:>5.1} Mbit/s{}, {:?}{} up {} s down {} s, {} ms, {:.1} a connection, {} clips {} MB: \
         {time:.2} of {:.0} s ({} x {} MiB), bytes {bytes:.2} of {:.2}, {} breaks, {} assets, {:.0} s without contact",
        cell.rate * 8.0 / 1e3,
        if cell.shift > 0 { format!(" or a tenth every {} s", cell.shift / 1_000) } else { String::new() },
        cell.how,
        if cell.is_regular { "" } else { " about" },
        cell.up / 1_000,
        cell.down / 1_000,
        cell.round_trip,
        (cell.most_per_connection / cell.rate).min(1.0),
        cell.clips.len(),
        cell.total() / 1_000_000,
        best.mean.time / 1e3,
        best.at_once,
        best.mebibytes,
        best.mean.sent / cell.total() as f64,
        engine.breaks,
        engine.assets,
        engine.longest_silence as f64 / 1e3,
    );
    let _ = How::Never;
}
