//! The program as a process: its one line, and how it ends.

mod client;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use client::device::Device;
use client::{Client, Outcome};
use serde_json::Value;

fn spawn() -> Result<(Child, Value), Box<dyn std::error::Error>> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_fio-emulator"))
        .arg("--exit-with-stdin")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    let stdout = child.stdout.as_mut().ok_or("no stdout")?;
    BufReader::new(stdout).read_line(&mut line)?;
    Ok((child, serde_json::from_str(&line)?))
}

fn ends_well(mut child: Child, ready: &Value) -> Outcome {
    let mut stdout = child.stdout.take().ok_or("no stdout")?;
    let (ended, ending) = mpsc::channel();
    // Its standard output ends with the process.
    std::thread::spawn(move || {
        let mut rest = String::new();
        let read = stdout.read_to_string(&mut rest).map(|_| rest);
        ended.send(read)
    });
    let Ok(rest) = ending.recv_timeout(Duration::from_secs(10)) else {
        child.kill()?;
        return Err("it did not end".into());
    };
    let rest = rest?;
    let status = child.wait()?;
    assert!(status.success(), "{status}");
    assert_eq!(rest, "", "one line only");
    let ca_file = Path::new(ready["ca_file"].as_str().ok_or("no ca_file")?);
    assert!(!ca_file.parent().is_some_and(Path::exists), "the temporary directory is gone");
    Ok(())
}

#[test]
fn it_ends_with_its_standard_input() -> Outcome {
    let (mut child, ready) = spawn()?;
    assert_eq!(ready["ready"], true);
    assert_eq!(ready["pid"].as_u64(), Some(u64::from(child.id())));
    assert_eq!(ready["pair_url"], format!("https://127.0.0.1:{}/pair", ready["port"]));
    drop(child.stdin.take());
    ends_well(child, &ready)
}

#[tokio::test]
async fn it_ends_when_a_test_says_so_even_with_a_request_stalled() -> Outcome {
    let (child, ready) = spawn()?;
    let port = ready["port"].as_u64().and_then(|port| u16::try_from(port).ok()).ok_or("no port")?;
    let ca_file = Path::new(ready["ca_file"].as_str().ok_or("no ca_file")?);
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
    let (child, ready) = spawn()?;
    let port = |url: &str| url.rsplit(':').next().and_then(|port| port.parse().ok());
    let ca_file = Path::new(ready["ca_file"].as_str().ok_or("no ca_file")?);
    let mut device =
        Device::paired_at(ca_file, port(ready["url"].as_str().unwrap_or_default()).ok_or("no port")?).await?;
    let asset = device.create(10_000_000, r#","parts":2"#).await?;
    let storage = ready["storage_url"].as_str().ok_or("no storage_url")?;
    let mut upload = Client::connect_to(ca_file, port(storage).ok_or("no port")?).await?.named(storage);
    upload.begin_put(&asset.urls[0], 5_000_000, &[]).await?;
    upload.send_body(&vec![7; 3_000_000]).await?;
    tokio::time::timeout(Duration::from_secs(20), async {
        while !device.upload(&asset).await.is_ok_and(|upload| upload["parts"][0]["bytes_received"] != 0) {}
    })
    .await?;
    assert!(Command::new("kill").arg(child.id().to_string()).status()?.success());
    tokio::task::spawn_blocking(move || ends_well(child, &ready).map_err(|error| error.to_string()))
        .await??;
    Ok(())
}
