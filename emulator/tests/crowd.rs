//! Somebody on the network takes all the connections and all the memory there is. Others do not notice.

mod client;

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use client::device::{Device, content};
use client::program::{ca_file, port};
use client::{Client, Outcome};
use futures_util::future::join_all;
use serde_json::Value;

/// Loopback has more addresses than one.
const CROWD: &str = "127.0.0.2";
const IDLE: usize = 1_000;
const HALF: usize = 1_000;
/// Heads that stop before their end, and how long they are: somewhat less than may be read of one.
const HEADS: usize = 1_500;
const HEAD: usize = 60_000;
/// Of half a body.
const SENT: usize = 100_000;
const AT_ONCE: usize = 50;
/// What the emulator may need more than at rest: all bodies, and buffers of some hundred connections.
const MEMORY: u64 = 96 << 20;

/// An emulator that may have so many files and connections. 1,024 is what systems allow by default.
fn spawn(descriptors: usize) -> Result<(Child, Value), Box<dyn Error>> {
    let mut child = Command::new("sh")
        .args(["-c", &format!("ulimit -n {descriptors}; exec \"$0\" \"$@\"")])
        .arg(env!("CARGO_BIN_EXE_fio-emulator"))
        .args(["--exit-with-stdin", "--interval", "0", "--person", "approve"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().ok_or("no stdout")?).read_line(&mut line)?;
    Ok((child, serde_json::from_str(&line)?))
}

fn memory(child: &Child) -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? << 10)
}

/// How long it takes a device to pair and to upload a clip.
async fn session(ready: &Value, authority: &Path) -> Result<Duration, Box<dyn Error>> {
    let began = Instant::now();
    let mut device = Device::paired_at(authority, port(ready, "url")?).await?;
    let clip = content(2 << 20);
    let asset = device.create(clip.len(), r#","parts":2"#).await?;
    for (url, part) in asset.urls.iter().zip(clip.chunks(1 << 20)) {
        let storage = Client::connect_to(authority, port(ready, "storage_url")?).await?;
        let url_of_storage = ready["storage_url"].as_str().ok_or("no storage")?;
        assert_eq!(storage.named(url_of_storage).put(url, part).await?.status, 200);
    }
    assert_eq!(device.upload(&asset).await?["state"], "complete");
    Ok(began.elapsed())
}

/// So many at once, until all have tried.
async fn try_all<T>(count: usize, one: impl AsyncFn() -> Option<T>) -> Vec<T> {
    let mut all = Vec::new();
    for _ in 0..count.div_ceil(AT_ONCE) {
        all.extend(join_all((0..AT_ONCE).map(|_| one())).await.into_iter().flatten());
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_from_one_address_holds_up_nobody_else() -> Outcome {
    rlimit::increase_nofile_limit(8_192)?;
    let (mut child, ready) = spawn(1_024)?;
    let authority = ca_file(&ready)?.to_owned();
    let (service, storage) = (port(&ready, "url")?, port(&ready, "storage_url")?);
    let alone = session(&ready, &authority).await?;
    let at_rest = memory(&child)?;

    let idle = |port| {
        let authority = &authority;
        async move || Client::connect_from(CROWD, authority, port).await.ok()
    };
    let mut crowd = try_all(IDLE, idle(service)).await;
    crowd.extend(try_all(IDLE / 2, idle(storage)).await);
    assert!(crowd.len() >= 200, "{} have come in", crowd.len());
    let half = async || {
        let mut client = Client::connect_from(CROWD, &authority, service).await.ok()?;
        let head = [("content-type", "application/json"), ("content-length", "1000000")];
        client.send_head("POST", "/v2/devices/assets", &head).await.ok()?;
        client.send_body(&vec![b' '; SENT]).await.ok()?;
        Some(client)
    };
    crowd.extend(try_all(HALF, half).await);

    let beside = session(&ready, &authority).await?;
    assert!(beside < 3 * alone + Duration::from_secs(2), "{beside:?}, and {alone:?} alone");
    let grown = memory(&child)? - at_rest;
    assert!(grown < MEMORY, "{grown} bytes");
    drop(crowd);
    drop(child.stdin.take());
    child.wait()?;
    Ok(())
}

/// What the emulator needs more than at rest while a crowd has sent half of this, where the system allows thousands of
/// connections; others pair and upload meanwhile.
async fn grown_by(count: usize, half: &[u8]) -> Result<u64, Box<dyn Error>> {
    rlimit::increase_nofile_limit(8_192)?;
    let (mut child, ready) = spawn(8_192)?;
    let authority = ca_file(&ready)?.to_owned();
    let service = port(&ready, "url")?;
    session(&ready, &authority).await?;
    let at_rest = memory(&child)?;
    let one = async || {
        let mut client = Client::connect_from(CROWD, &authority, service).await.ok()?;
        // It may be refused before it has been sent.
        let _ = client.send_body(half).await;
        Some(client)
    };
    let crowd = try_all(count, one).await;
    assert!(crowd.len() >= count - 100, "{} have come in", crowd.len());
    session(&ready, &authority).await?;
    let grown = memory(&child)? - at_rest;
    drop(crowd);
    drop(child.stdin.take());
    child.wait()?;
    Ok(grown)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_that_do_not_end_take_little_however_many_there_are() -> Outcome {
    let head = format!("GET /health HTTP/1.1\r\nhost: localhost\r\nx: {}", "x".repeat(HEAD));
    let grown = grown_by(HEADS, head.as_bytes()).await?;
    assert!(grown < MEMORY, "{grown} bytes");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_do_not_end_take_little_however_many_there_are() -> Outcome {
    let head = "POST /v2/devices/assets HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n";
    let grown = grown_by(HALF, format!("{head}{}", " ".repeat(2 * SENT)).as_bytes()).await?;
    assert!(grown < MEMORY, "{grown} bytes");
    Ok(())
}
