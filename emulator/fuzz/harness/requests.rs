//! Many requests that are nearly right, one after another, to one emulator.

use arbitrary::Unstructured;
use tokio::io::DuplexStream;

use super::answers::{self, shown};
use super::bench::{self, Bench, READ_AT_MOST};
use super::call::Call;
use super::{invariants, templates};

const MOST_CALLS: usize = 40;

pub fn run(input: &[u8]) {
    bench::with(async |bench| {
        let mut u = Unstructured::new(input);
        // Clients that do not go away.
        let mut hanging = Vec::new();
        let mut has_scenario = false;
        for _ in 0..MOST_CALLS {
            if u.is_empty() {
                break;
            }
            let Ok(call) = templates::call(&mut u, &bench.known) else { break };
            let mut connection = bench.connect(call.site);
            // From then on it may take the network away, or order faults.
            has_scenario |= call.target.starts_with(b"/emulator/scenario");
            ask(bench, &mut connection, &call, has_scenario).await;
            if u.ratio(1, 8).unwrap_or(false) {
                hanging.push(connection);
            }
        }
        invariants::check(bench).await;
    });
}

async fn ask(bench: &mut Bench, connection: &mut DuplexStream, call: &Call, has_scenario: bool) {
    let seq = bench.emulator.world().journal.last_seq();
    let is_ordered = has_scenario
        || bench.emulator.world().faults.remaining().next().is_some()
        || bench.emulator.network.is_down();
    let to_head = call.method == "HEAD";
    let request = call.bytes();
    let enough = |said: &[u8]| !said.starts_with(b"HTTP/1.1 100") && answers::first(said, to_head).is_some();
    let said = bench.talk(connection, std::iter::once(&request[..]), enough).await;
    let is_faulty =
        is_ordered || bench.emulator.world().journal.since(seq).any(|entry| entry.fault.is_some());
    if is_faulty || !call.is_whole || said.len() >= READ_AT_MOST {
        return;
    }
    let answer = answers::first(&said, to_head);
    let answer = answer.unwrap_or_else(|| panic!("no answer to {}: {}", shown(&request), shown(&said)));
    answer.check();
    assert!(answer.status < 500 || answer.status == 501, "{}: {}", shown(&request), shown(&said));
    bench.known.learn(&said);
}
