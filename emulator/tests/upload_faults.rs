//! Faults on the way of a file.

mod client;

use std::io;
use std::time::{Duration, Instant};

use client::device::{Asset, Device, content};
use client::{Client, Outcome, emulator};
use fio_emulator::run::Running;
use tokio::time::timeout;

const SOON: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(20);

/// A device with an asset of one part, and the bytes of it.
async fn with_part(running: &Running) -> Result<(Device, Asset, Vec<u8>), Box<dyn std::error::Error>> {
    let mut device = Device::paired(running).await?;
    let file = content(400_000);
    let asset = device.create(file.len(), r#","parts":1"#).await?;
    Ok((device, asset, file))
}

async fn put(running: &Running, asset: &Asset, body: &[u8]) -> io::Result<client::Reply> {
    Client::connect_to_storage(running).await?.put(&asset.urls[0], body).await
}

#[tokio::test]
async fn the_reply_to_a_creation_is_lost() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    let rule = r#"{"endpoint":"asset","name":"A001.mov","processed":true,"fault":{"kind":"reset"}}"#;
    device.steer("POST", "/emulator/faults", rule).await?;
    assert!(device.create(7, "").await.is_err());
    device.client = Client::connect(&running).await?;
    let list = device.steer("GET", "/emulator/uploads", "").await?;
    assert_eq!(list["uploads"].as_array().map(Vec::len), Some(1));
    for (endpoint, path) in [("comment", "comments"), ("realtime_parts", "realtime_upload/parts")] {
        let rule = format!(r#"{{"endpoint":"{endpoint}","fault":{{"kind":"status","status":429}}}}"#);
        device.steer("POST", "/emulator/faults", &rule).await?;
        let reply = device.post(&format!("/v2/devices/assets/x/{path}"), "{}").await?;
        assert_eq!((reply.status, reply.json()["code"].as_u64()), (429, Some(429)));
    }
    Ok(())
}

#[tokio::test]
async fn in_the_middle_of_the_body() -> Outcome {
    let running = emulator(&[]).await?;
    let (mut device, asset, file) = with_part(&running).await?;
    for (count, kind) in [(1_u64, "reset"), (2, "close")] {
        let rule =
            format!(r#"{{"endpoint":"part","fault":{{"kind":"{kind}","after_request_bytes":100000}}}}"#);
        device.steer("POST", "/emulator/faults", &rule).await?;
        assert!(put(&running, &asset, &file).await.is_err(), "{kind}");
        let part = device.upload(&asset).await?["parts"][0].clone();
        assert_eq!((&part["times_started"], &part["times_received"]), (&count.into(), &0.into()));
        let bytes = part["bytes_received"].as_u64().unwrap_or(0);
        assert!((count * 100_000..count * 400_000).contains(&bytes), "{kind} {bytes}");
        let entry = device.logged().await?;
        assert_eq!((&entry["fault"], entry["status"].is_null()), (&kind.into(), true));
    }
    let rule = r#"{"endpoint":"part","fault":{"kind":"stall","after_request_bytes":100000}}"#;
    device.steer("POST", "/emulator/faults", rule).await?;
    assert!(timeout(SOON, put(&running, &asset, &file)).await.is_err());
    assert_eq!(put(&running, &asset, &file).await?.status, 200);
    assert_eq!(device.upload(&asset).await?["state"], "complete");
    Ok(())
}

#[tokio::test]
async fn a_stored_part_whose_answer_is_lost() -> Outcome {
    let kinds = ["reset", "close", "stall"].map(|kind| (kind, "objects"));
    for (kind, parts) in kinds.into_iter().chain([("reset", "multipart")]) {
        let running = emulator(&["--parts", parts]).await?;
        let (mut device, asset, file) = with_part(&running).await?;
        let rule = format!(
            r#"{{"endpoint":"part","processed":true,"fault":{{"kind":"{kind}","after_request_bytes":1000}}}}"#
        );
        device.steer("POST", "/emulator/faults", &rule).await?;
        let mut storage = Client::connect_to_storage(&running).await?;
        storage.begin_put(&asset.urls[0], file.len(), &[]).await?;
        storage.send_body(&file).await?;
        let stored = timeout(LONG, async {
            loop {
                let upload = device.upload(&asset).await.map_err(|error| error.to_string())?;
                if upload["state"] != "open" {
                    return Ok::<_, String>(upload);
                }
            }
        });
        let upload = stored.await??;
        assert_eq!(
            (&upload["state"], &upload["parts"][0]["times_received"]),
            (&"complete".into(), &1.into())
        );
        let lost = timeout(SOON, storage.receive()).await;
        assert_eq!(lost.is_err(), kind == "stall", "{kind}");
        assert!(lost.is_err() || lost.is_ok_and(|reply| reply.is_err()), "{kind}");
        let again = put(&running, &asset, &file).await?.status;
        assert_eq!(again, if parts == "multipart" { 404 } else { 200 }, "{kind} {parts}");
    }
    Ok(())
}

#[tokio::test]
async fn answers_instead_of_storing() -> Outcome {
    let running = emulator(&[]).await?;
    let (mut device, asset, file) = with_part(&running).await?;
    for (fault, status, text) in [
        (r#"{"kind":"status","status":503,"headers":{"Retry-After":"2"}}"#, 503, "<Code>SlowDown</Code>"),
        (r#"{"kind":"status","status":500}"#, 500, "<Code>InternalError</Code>"),
        (r#"{"kind":"status","status":400}"#, 400, "<Code>RequestTimeout</Code>"),
        (r#"{"kind":"status","status":403,"body":"<html>"}"#, 403, "<html>"),
        (r#"{"kind":"body","body":"portal"}"#, 200, "portal"),
        (r#"{"kind":"redirect","location":"https://elsewhere.invalid/"}"#, 302, ""),
    ] {
        device
            .steer("POST", "/emulator/faults", &format!(r#"{{"endpoint":"part","fault":{fault}}}"#))
            .await?;
        let reply = put(&running, &asset, &file).await?;
        assert_eq!(reply.status, status, "{fault}");
        assert!(reply.body.contains(text), "{fault} {}", reply.body);
        assert_eq!(device.upload(&asset).await?["parts_stored"], 0, "{fault}");
    }
    assert_eq!(put(&running, &asset, &file).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn only_the_part_and_the_name_that_are_meant() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    let asset = device.create(9, r#","parts":3"#).await?;
    let rule =
        r#"{"endpoint":"part","name":"A001.mov","part":2,"times":9,"fault":{"kind":"status","status":503}}"#;
    device.steer("POST", "/emulator/faults", rule).await?;
    let mut storage = Client::connect_to_storage(&running).await?;
    for (url, status) in asset.urls.iter().zip([200, 503, 200]) {
        assert_eq!(storage.put(url, b"abc").await?.status, status);
    }
    device.steer("DELETE", "/emulator/faults", "").await?;
    let rule =
        r#"{"endpoint":"part","chance":0.5,"seed":1,"times":1000,"fault":{"kind":"status","status":503}}"#;
    device.steer("POST", "/emulator/faults", rule).await?;
    let mut hits = 0;
    for _ in 0..100 {
        hits += usize::from(storage.put(&asset.urls[0], b"abc").await?.status == 503);
    }
    assert!((30..70).contains(&hits), "{hits}");
    for bad in [
        r#"{"endpoint":"part","chance":2,"fault":{"kind":"close"}}"#,
        r#"{"endpoint":"asset","fault":{"kind":"throttle","bytes_per_second":5}}"#,
        r#"{"endpoint":"part","fault":{"kind":"throttle","bytes_per_second":0}}"#,
    ] {
        assert_eq!(device.client.call("POST", "/emulator/faults", &[], bad).await?.status, 400, "{bad}");
    }
    Ok(())
}

#[tokio::test]
async fn slow_storage() -> Outcome {
    let running = emulator(&[]).await?;
    let (mut device, asset, file) = with_part(&running).await?;
    for fault in [r#"{"kind":"throttle","bytes_per_second":2000000}"#, r#"{"kind":"delay","ms":200}"#] {
        device
            .steer("POST", "/emulator/faults", &format!(r#"{{"endpoint":"part","fault":{fault}}}"#))
            .await?;
        let began = Instant::now();
        let status = put(&running, &asset, &file).await?.status;
        assert!(matches!(status, 200 | 404), "{status}");
        assert!(began.elapsed() >= Duration::from_millis(200), "{fault}");
    }
    Ok(())
}
