//! What fuzzing has found worth keeping, again: the corpus of each target, without libFuzzer.

#[path = "../fuzz/harness/mod.rs"]
mod harness;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

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
    for file in files {
        run(&fs::read(&file).expect("an input"));
        assert!(!PANICKED.load(Ordering::Relaxed), "{}", file.display());
    }
}

#[test]
fn any_bytes_on_a_connection() {
    replay("connection", harness::connection::run);
}

#[test]
fn requests_that_are_nearly_right() {
    replay("requests", harness::requests::run);
}
