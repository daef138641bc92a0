//! What fuzzing has found worth keeping, again: the corpus of each target, without libFuzzer, and inputs made
//! from it by chance, the same ones in every run. `FIO_FUZZ_SECONDS` makes it go on with others for so long.

// A failure here is a failed test, in helpers as well.
#![allow(clippy::expect_used, clippy::unwrap_used)]

#[path = "../fuzz/harness/mod.rs"]
mod harness;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;

const MUTATIONS: usize = 150;
const LONGEST: usize = 3_000;

static PANICKED: AtomicBool = AtomicBool::new(false);

/// A panic in a task of its own is one as well.
fn replay(target: &str, run: fn(&[u8])) {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICKED.store(true, Ordering::Relaxed);
        report(panic);
    }));
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<_> =
        fs::read_dir(dir).expect("a corpus").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    assert!(files.len() >= 10, "{files:?}");
    let inputs: Vec<_> = files.iter().map(|file| fs::read(file).expect("an input")).collect();
    let try_one = |input: &[u8], name: &str| {
        run(input);
        assert!(!PANICKED.load(Ordering::Relaxed), "{name}: {}", input.escape_ascii());
    };
    for (input, file) in inputs.iter().zip(&files) {
        try_one(input, &file.display().to_string());
    }
    let mut dice = Rng::with_seed(7);
    for _ in 0..MUTATIONS {
        try_one(&mutated(&inputs, &mut dice), "by chance");
    }
    let seconds = std::env::var("FIO_FUZZ_SECONDS").map_or(0, |seconds| seconds.parse().expect("a number"));
    let (end, mut dice) = (Instant::now() + Duration::from_secs(seconds), Rng::new());
    while Instant::now() < end {
        try_one(&mutated(&inputs, &mut dice), "by chance");
    }
}

/// The beginning of one input and the end of another, with a few bytes changed.
fn mutated(inputs: &[Vec<u8>], dice: &mut Rng) -> Vec<u8> {
    let mut piece = || {
        let input = &inputs[dice.usize(..inputs.len())];
        let at = dice.usize(..=input.len());
        input.split_at(at)
    };
    let mut bytes = [piece().0, piece().1].concat();
    bytes.truncate(LONGEST);
    for _ in 0..dice.usize(..8) {
        if !bytes.is_empty() {
            let at = dice.usize(..bytes.len());
            bytes[at] = dice.u8(..);
        }
    }
    bytes
}

#[test]
fn any_bytes_on_a_connection() {
    replay("connection", harness::connection::run);
}

#[test]
fn requests_that_are_nearly_right() {
    replay("requests", harness::requests::run);
}
