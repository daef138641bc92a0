//! A state that cannot be written is written later, also if nothing changes any more. The clock is paused.

#[path = "../fuzz/harness/mod.rs"]
mod harness;

use std::fs;
use std::time::Duration;

use fio_emulator::state;
use harness::bench;
use tokio::time::sleep;

#[test]
fn the_last_change_is_not_lost() {
    bench::with(async |bench| {
        state::keep(&bench.emulator);
        let file = bench.dir.join("state.json");
        // No file can take the place of a directory.
        fs::create_dir(&file).expect("a directory");
        bench.emulator.changed();
        sleep(Duration::from_secs(10)).await;
        fs::remove_dir(&file).expect("still a directory");
        sleep(Duration::from_secs(10)).await;
        assert!(file.is_file(), "it was not tried again");
    });
}
