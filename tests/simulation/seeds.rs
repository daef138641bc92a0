//! Running a property over many seeds, shared out to two threads. `FIO_SEED` runs one of them alone
//! and prints all that happens in it; `FIO_SEEDS` runs another number of them, for a long night.

use std::sync::atomic::{AtomicU64, Ordering};

/// Runs `property(seed, trace)` for the seeds below `count`, and returns how many that were.
pub fn for_each(name: &str, count: u64, property: impl Fn(u64, bool) + Sync) -> u64 {
    if let Some(seed) = number("FIO_SEED") {
        property(seed, true);
        return 1;
    }
    let count = number("FIO_SEEDS").unwrap_or(count);
    let next = AtomicU64::new(0);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= count {
                break;
            }
            let _told = Witness { name, seed, next: &next };
            property(seed, false);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        work();
    });
    count
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} should be a number")))
}

/// Says which seed it was when a check fails.
struct Witness<'a> {
    name: &'a str,
    seed: u64,
    next: &'a AtomicU64,
}

impl Drop for Witness<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Witness { name, seed, next } = self;
            // The other thread may stop, too.
            next.store(u64::MAX / 2, Ordering::Relaxed);
            eprintln!(
                "\nseed {seed} failed; to see it again: FIO_SEED={seed} cargo test --test simulation {name} -- --nocapture\n"
            );
        }
    }
}
