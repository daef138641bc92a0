//! What holds after whatever clients have sent.

use std::path::PathBuf;

use fio_emulator::checklist::report_files;
use fio_emulator::http::listener::Site;
use fio_emulator::network::Link;
use fio_emulator::scenario::stage;
use fio_emulator::state::{self, State};
use fio_emulator::storage::files::PartDir;

use super::answers::{self, shown};
use super::bench::Bench;

const READABLE: [&str; 11] = [
    "/health",
    "/",
    "/pair",
    "/emulator/state",
    "/emulator/requests",
    "/emulator/uploads",
    "/emulator/checklist",
    "/emulator/answers",
    "/emulator/view",
    "/emulator/report",
    "/emulator/scenario",
];

pub async fn check(bench: &mut Bench) {
    stage::end(&bench.emulator, "all of it is over");
    bench.emulator.network.set(Link::Up);
    bench.emulator.world().faults.clear();
    for path in READABLE {
        serves(bench, path).await;
    }
    reports(bench);
    bench.emulator.storage.all_assembled().await;
    state(bench);
}

/// Others are served as before.
async fn serves(bench: &Bench, path: &str) {
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: x\r\nx-client-version: 1.2.3\r\nconnection: close\r\n\r\n");
    let mut connection = bench.connect(Site::Service);
    let said = bench.talk(&mut connection, std::iter::once(request.as_bytes()), |_| false).await;
    let answer = answers::first(&said, false).unwrap_or_else(|| panic!("{path}: {}", shown(&said)));
    answer.check();
    assert_eq!(answer.status, 200, "{path}: {}", shown(&said));
}

/// They can be written, and read by a program.
fn reports(bench: &Bench) {
    let paths: Vec<PathBuf> = ["r.txt", "r.json", "r.xml"].map(|name| bench.dir.join(name)).into();
    report_files::write(&paths, &bench.emulator.checklist()).expect("reports");
    let read = |path: &PathBuf| std::fs::read_to_string(path).expect("a report");
    assert!(!read(&paths[0]).contains(|c: char| c.is_control() && c != '\n'), "it moves the cursor");
    serde_json::from_str::<serde_json::Value>(&read(&paths[1])).expect("JSON");
    let junit = read(&paths[2]);
    let document = roxmltree::Document::parse(&junit).unwrap_or_else(|error| panic!("{error}: {junit}"));
    assert_eq!(document.root_element().tag_name().name(), "testsuites");
}

/// What is saved is what is loaded.
fn state(bench: &Bench) {
    state::leave(&bench.emulator).expect("a state");
    let before = serde_json::to_value(&bench.emulator.world().service).expect("JSON");
    let parts = PartDir::new(bench.dir.join("parts"));
    let past = State::open(&bench.dir).and_then(|state| state.load(&parts)).expect("a state");
    let after = serde_json::to_value(&past.service).expect("JSON");
    assert!(after == before, "saved {before}\nloaded {after}");
    assert_eq!(past.clock.offset(), bench.emulator.clock.offset());
}
