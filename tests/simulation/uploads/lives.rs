//! Random lives with uploads, each judged at its end.

use super::life;
use crate::seeds;
use std::collections::BTreeMap;
use std::sync::Mutex;

const LIVES: u64 = 10_000;
const MOST_STEPS: usize = 120;

#[test]
fn every_upload_ends_as_it_must() {
    let tally = Mutex::new(BTreeMap::new());
    let lives = seeds::for_each("every_upload_ends_as_it_must", LIVES, |seed, trace| {
        let mut world = life::world(seed);
        world.trace = trace;
        if trace {
            world.log = super::log_lines::printed();
        }
        world.boot();
        if world.random.u8(0..8) > 0 {
            life::pair_if_needed(&mut world);
        }
        for _ in 0..world.random.usize(10..MOST_STEPS) {
            life::step(&mut world);
        }
        life::clear_up(&mut world);
        world.judge_uploads();
        world.shut_down();
        let mut tally = tally.lock().expect("no check has failed");
        for (what, count) in &world.watch.tally {
            *tally.entry(*what).or_insert(0) += count;
        }
        let most = tally.entry("most attempts at a dead host in a minute").or_insert(0);
        *most = u64::from(world.watch.most_attempts).max(*most);
    });
    let tally = tally.into_inner().expect("no check has failed");
    println!("{lives} lives: {tally:#?}");
    if lives >= LIVES {
        // The lives are worth something only if they get everywhere.
        for what in [
            "done",
            "failed",
            "skipped",
            "canceled",
            "expired URLs",
            "uploads gone",
            "wishes",
            "progress",
            "known by their tags alone",
        ] {
            let seen = tally.get(what).copied().unwrap_or(0);
            assert!(seen > LIVES / 20, "{what} was seen only {seen} times");
        }
    }
}
