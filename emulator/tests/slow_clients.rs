//! Clients that stop half-way, and those that only sit there. The clock is paused: minutes take no time.

// A failure here is a failed test, in helpers as well.
#![allow(clippy::expect_used, clippy::unwrap_used)]

#[path = "../fuzz/harness/mod.rs"]
mod harness;

use std::time::Duration;

use fio_emulator::http::listener::Site;
use harness::answers::first;
use harness::bench::{self, Bench};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep};

/// What the emulator says at the end, and after how many seconds.
async fn ended(connection: &mut DuplexStream) -> (String, u64) {
    let (began, mut said) = (Instant::now(), Vec::new());
    let reading = connection.read_to_end(&mut said);
    let _ = tokio::time::timeout(bench::PATIENCE, reading).await.expect("an end");
    (String::from_utf8_lossy(&said).into_owned(), began.elapsed().as_secs())
}

/// A request beside, which is answered at once.
async fn others_are_served(bench: &Bench) {
    let began = Instant::now();
    let mut connection = bench.connect(Site::Service);
    let request = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n";
    let said =
        bench.talk(&mut connection, std::iter::once(&request[..]), |said| first(said, false).is_some()).await;
    assert_eq!(first(&said, false).map(|answer| answer.status), Some(200));
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[test]
fn a_head_that_stops_ends_the_connection_after_30_s_and_holds_nobody() {
    bench::with(async |bench| {
        for begun in ["G", "GET /health HTTP/1.1\r\nhost: x\r\n", "\r\n"] {
            let mut connection = bench.connect(Site::Service);
            connection.write_all(begun.as_bytes()).await.expect("room");
            others_are_served(bench).await;
            let (said, seconds) = ended(&mut connection).await;
            assert_eq!(said, "");
            assert!((30..=40).contains(&seconds), "{seconds}");
        }
    });
}

#[test]
fn a_head_that_trickles_has_no_more_time() {
    bench::with(async |bench| {
        let mut connection = bench.connect(Site::Service);
        let began = Instant::now();
        while connection.write_all(b"G").await.is_ok() {
            sleep(Duration::from_secs(3)).await;
            assert!(began.elapsed() < bench::PATIENCE);
        }
        assert!(began.elapsed() < Duration::from_secs(45), "{:?}", began.elapsed());
    });
}

#[test]
fn a_body_that_stops_is_a_timeout_and_holds_nobody() {
    bench::with(async |bench| {
        for path in ["/v2/auth/device/code", "/v2/devices/assets", "/emulator/faults", "/pair", "/nowhere"] {
            for body in ["content-length: 7\r\n\r\n123", "transfer-encoding: chunked\r\n\r\n5\r\n123"] {
                let mut connection = bench.connect(Site::Service);
                let request = format!("POST {path} HTTP/1.1\r\nhost: x\r\n{body}");
                connection.write_all(request.as_bytes()).await.expect("room");
                others_are_served(bench).await;
                let (said, seconds) = ended(&mut connection).await;
                let answer = first(said.as_bytes(), false).expect("an answer");
                answer.check();
                assert_eq!(answer.status, 408, "{path}");
                assert!((29..=40).contains(&seconds), "{seconds}");
            }
        }
    });
}

#[test]
fn a_part_that_stops_is_the_timeout_of_the_storage_and_can_be_sent_again() {
    bench::with(async |bench| {
        let url = bench.known.assets[0].1[0].clone();
        let head = format!(
            "PUT {url} HTTP/1.1\r\nhost: {}\r\ncontent-type: video/quicktime\r\nx-amz-acl: private\r\n\
             content-length: 7\r\n\r\n",
            bench::STORAGE_HOST
        );
        let mut connection = bench.connect(Site::Storage);
        connection.write_all(format!("{head}123").as_bytes()).await.expect("room");
        others_are_served(bench).await;
        let (said, seconds) = ended(&mut connection).await;
        assert!(said.starts_with("HTTP/1.1 400") && said.contains("<Code>RequestTimeout</Code>"), "{said}");
        assert!((120..=300).contains(&seconds), "{seconds}");
        let mut connection = bench.connect(Site::Storage);
        let whole = format!("{head}1234567");
        let said = bench
            .talk(&mut connection, std::iter::once(whole.as_bytes()), |said| first(said, false).is_some())
            .await;
        assert_eq!(first(&said, false).map(|answer| answer.status), Some(200));
    });
}

#[test]
fn thousands_that_only_rest_are_let_be_for_a_while() {
    bench::with(async |bench| {
        let request = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n";
        let ask = async |connection: &mut DuplexStream| {
            let enough = |said: &[u8]| first(said, false).is_some();
            let said = bench.talk(connection, std::iter::once(&request[..]), enough).await;
            assert_eq!(first(&said, false).map(|answer| answer.status), Some(200));
        };
        let mut resting: Vec<_> = (0..2_000).map(|_| bench.connect(Site::Service)).collect();
        sleep(Duration::from_secs(25)).await;
        others_are_served(bench).await;
        let last = resting.last_mut().expect("a connection");
        ask(last).await;
        // Those that never asked for anything have 30 s from the start.
        let (said, seconds) = ended(&mut resting[0]).await;
        assert!(said.is_empty() && (5..=15).contains(&seconds), "{seconds}");
        sleep(Duration::from_secs(70 - seconds)).await;
        let last = resting.last_mut().expect("a connection");
        ask(last).await;
        let (said, seconds) = ended(last).await;
        assert!(said.is_empty() && (90..=100).contains(&seconds), "{seconds}");
    });
}
