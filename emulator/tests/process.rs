//! The program as a process: its one line, and how it ends.

mod client;

use std::time::Duration;

use client::device::Device;
use client::program::{ca_file, ends_well, port, spawn, terminate};
use client::{Client, Outcome};

#[test]
fn it_ends_with_its_standard_input() -> Outcome {
    let (mut child, ready) = spawn(&[])?;
    assert_eq!(ready["ready"], true);
    assert_eq!(ready["pid"].as_u64(), Some(u64::from(child.id())));
    assert_eq!(ready["pair_url"], format!("https://127.0.0.1:{}/pair", ready["port"]));
    drop(child.stdin.take());
    ends_well(child, &ready)
}

#[tokio::test]
async fn it_ends_when_a_test_says_so_even_with_a_request_stalled() -> Outcome {
    let (child, ready) = spawn(&[])?;
    let (ca_file, port) = (ca_file(&ready)?, port(&ready, "url")?);
    let mut client = Client::connect_to(ca_file, port).await?;
    client.call("POST", "/emulator/faults", &[], r#"{"endpoint":"health","fault":{"kind":"stall"}}"#).await?;
    let mut stalled = Client::connect_to(ca_file, port).await?;
    stalled.send("GET", "/health", &[], "").await?;
    assert_eq!(client.call("POST", "/emulator/shutdown", &[], "").await?.status, 200);
    tokio::task::spawn_blocking(move || ends_well(child, &ready).map_err(|error| error.to_string()))
        .await??;
    Ok(())
}

#[tokio::test]
async fn it_ends_when_it_is_terminated_in_the_middle_of_an_upload() -> Outcome {
    let (child, ready) = spawn(&[])?;
    let mut device = Device::paired_at(ca_file(&ready)?, port(&ready, "url")?).await?;
    let asset = device.create(10_000_000, r#","parts":2"#).await?;
    let storage = ready["storage_url"].as_str().ok_or("no storage_url")?;
    let mut upload = Client::connect_to(ca_file(&ready)?, port(&ready, "storage_url")?).await?.named(storage);
    upload.begin_put(&asset.urls[0], 5_000_000, &[]).await?;
    upload.send_body(&vec![7; 3_000_000]).await?;
    tokio::time::timeout(Duration::from_secs(20), async {
        while !device.upload(&asset).await.is_ok_and(|upload| upload["parts"][0]["bytes_received"] != 0) {}
    })
    .await?;
    terminate(&child)?;
    tokio::task::spawn_blocking(move || ends_well(child, &ready).map_err(|error| error.to_string()))
        .await??;
    Ok(())
}
