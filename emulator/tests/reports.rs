//! What is left when the emulator has ended: reports and the request log.

mod client;

use std::fs;
use std::process::Command;

use client::device::Device;
use client::program::{ca_file, ends, port, spawn, terminate};
use client::scratch::Scratch;
use client::{Client, Outcome};
use serde_json::Value;

#[tokio::test]
async fn reports_and_the_log_are_written_when_it_is_terminated() -> Outcome {
    let scratch = Scratch::new("reports")?;
    let [text, json, xml, log] =
        ["report.txt", "report.json", "report.xml", "log.jsonl"].map(|name| scratch.path(name));
    let (child, ready) = spawn(&["--report", &text, "--report", &json, "--report", &xml, "--log", &log])?;
    assert!(fs::read_to_string(&text)?.contains("0 requests of devices"), "there is one from the start");
    let mut device = Device::paired_at(ca_file(&ready)?, port(&ready, "url")?).await?;
    let authorization = format!("Bearer {}", device.token);
    device.client.call("GET", "/v2/devices/me", &[("authorization", &authorization)], "").await?;
    terminate(&child)?;
    tokio::task::spawn_blocking(move || ends(child).map_err(|error| error.to_string())).await??;

    let report = fs::read_to_string(&text)?;
    assert!(report.contains("BROKEN: 1\n\n  version_header\n"), "{report}");
    assert!(report.contains("! CAM: It has no x-client-version header."), "{report}");
    assert!(report.contains("GET /v2/devices/me: 200\n"), "{report}");
    let parsed: Value = serde_json::from_str(&fs::read_to_string(&json)?)?;
    assert_eq!((&parsed["summary"]["broken"], &parsed["requests"]), (&1.into(), &3.into()));
    let junit = fs::read_to_string(&xml)?;
    assert!(
        junit.contains(r#"failures="1""#) && junit.contains(r#"name="version_header"><failure"#),
        "{junit}"
    );

    let lines = fs::read_to_string(&log)?;
    let entries: Vec<Value> = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    assert_eq!(entries.iter().map(|entry| &entry["endpoint"]).collect::<Vec<_>>(), ["code", "token", "me"]);
    assert_eq!(entries[2]["status"], 200);
    for written in [&report, &parsed.to_string(), &junit, &lines] {
        assert!(!written.contains(&device.token) && !written.contains("emulator-secret"));
    }
    assert_eq!(fs::read_dir(&scratch.0)?.count(), 4, "nothing unfinished is left");
    Ok(())
}

#[tokio::test]
async fn a_request_whose_client_has_gone_is_in_the_log_too() -> Outcome {
    let scratch = Scratch::new("gone")?;
    let (log, report) = (scratch.path("log.jsonl"), scratch.path("report.txt"));
    let (child, ready) = spawn(&["--log", &log, "--report", &report])?;
    let mut device = Device::paired_at(ca_file(&ready)?, port(&ready, "url")?).await?;
    let asset = device.create(7, r#","parts":1"#).await?;
    let storage = ready["storage_url"].as_str().ok_or("no storage_url")?;
    let mut upload = Client::connect_to(ca_file(&ready)?, port(&ready, "storage_url")?).await?.named(storage);
    upload.begin_put(&asset.urls[0], 7, &[]).await?;
    upload.send_body(b"123").await?;
    drop(upload);
    let ended = async {
        while !fs::read_to_string(&log).is_ok_and(|lines| lines.contains(r#""endpoint":"part""#)) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), ended).await?;
    drop(device);
    terminate(&child)?;
    tokio::task::spawn_blocking(move || ends(child).map_err(|error| error.to_string())).await??;
    assert!(fs::read_to_string(&report)?.contains("ASK THE ENGINEER"));
    Ok(())
}

#[test]
fn what_cannot_be_written_is_told_at_once() -> Outcome {
    let scratch = Scratch::new("unwritable")?;
    for option in ["--report", "--log"] {
        let path = scratch.path("absent/file");
        let program = Command::new(env!("CARGO_BIN_EXE_fio-emulator")).args([option, &path]).output()?;
        let said = String::from_utf8_lossy(&program.stderr).into_owned();
        assert!(!program.status.success() && program.stdout.is_empty(), "{said}");
        assert!(said.contains(&path) && said.contains("cannot be written"), "{said}");
    }
    Ok(())
}
