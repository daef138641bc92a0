//! Any bytes on one connection. In them, `@TOKEN@` and the like stand for what a client knows, so that
//! the corpus can be read and leads somewhere.

use std::sync::Arc;

use fio_emulator::http::listener::Site;

use super::answers;
use super::bench::{self, Known, STORAGE_HOST};
use super::invariants;

/// The first byte says which site and in what pieces; the rest is sent.
pub fn run(input: &[u8]) {
    let Some((&how, bytes)) = input.split_first() else { return };
    let site = if how & 1 == 0 { Site::Service } else { Site::Storage };
    // `0` and `1` are digits, so that a corpus file is text: all of it at once.
    let piece = match how >> 1 & 3 {
        0 => bytes.len().max(1),
        1 => 1,
        2 => 7,
        _ => 100,
    };
    bench::with(async |bench| {
        let bytes = filled_in(bytes, &bench.known);
        let mut connection = bench.connect(site);
        let said = bench.talk(&mut connection, bytes.chunks(piece), |_| false).await;
        drop(connection);
        let is_faulty = bench.emulator.network.is_down()
            || bytes.windows(9).any(|word| word == b"/scenario")
            || bench.emulator.world().faults.remaining().next().is_some()
            || bench.emulator.world().journal.since(0).any(|entry| entry.fault.is_some());
        let has_head = bytes.windows(5).any(|word| word == b"HEAD ");
        if !is_faulty && !has_head {
            answers::check_all(&said);
        }
        invariants::check(bench).await;
        bench.emulator.shut_down();
        bench::let_others_run().await;
        // A stalled answer does not end, and a delayed one not yet.
        assert!(is_faulty || Arc::strong_count(&bench.emulator) == 1, "a connection is not forgotten");
    });
}

fn filled_in(bytes: &[u8], known: &Known) -> Vec<u8> {
    let (recorded, url) = known
        .assets
        .first()
        .map(|(id, urls)| (id.as_str(), urls.first().map_or("", String::as_str)))
        .unwrap_or_default();
    let realtime = known.assets.last().map_or("", |(id, _)| id.as_str());
    let places = [
        ("@TOKEN@", known.access_token.as_str()),
        ("@REFRESH@", &known.refresh_token),
        ("@CODE@", &known.device_code),
        ("@DIGITS@", &known.user_code),
        ("@FORM@", &known.form_token),
        ("@ASSET@", recorded),
        ("@REALTIME@", realtime),
        ("@PUT@", url),
        ("@STORAGE@", STORAGE_HOST),
    ];
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(&first) = rest.first() {
        match places.iter().find(|(name, _)| rest.starts_with(name.as_bytes())) {
            Some((name, value)) => {
                out.extend_from_slice(value.as_bytes());
                rest = &rest[name.len()..];
            }
            None => {
                out.push(first);
                rest = &rest[1..];
            }
        }
    }
    out
}
