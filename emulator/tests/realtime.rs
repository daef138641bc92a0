//! Files that are sent while they are recorded.

mod client;

use client::device::{Device, content, urls};
use client::{Client, Outcome, emulator};
use ring::digest::{SHA256, digest};
use serde_json::json;

const SMALL: &str = r#"{"minimum_part_bytes":1000}"#;

#[tokio::test]
async fn a_recording_with_its_head_held_back() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    device.steer("POST", "/emulator/settings", SMALL).await?;
    let asset = device.create_realtime().await?;
    assert_eq!(device.upload(&asset).await?["name"], "[new file].mov");
    let file = content(3_500);
    let body =
        r#"{"parts":[{"number":3,"size":1000,"is_final":false},{"number":2,"size":1000,"is_final":false}]}"#;
    let middle = device.announce(&asset, body).await?;
    assert_eq!((middle.status, urls(&middle).len()), (200, 2));
    assert!(urls(&middle)[0].contains("&x-amz-meta-part_number=3&"), "in the order of the request");
    let body = r#"{"parts":[{"number":4,"size":500,"is_final":true}],"asset_filesize":3500,"asset_name":"B004.mov"}"#;
    let end = device.announce(&asset, body).await?;
    let mut storage = Client::connect_to_storage(&running).await?;
    for (url, range) in
        [(&urls(&end)[0], 3_000..3_500), (&urls(&middle)[0], 2_000..3_000), (&urls(&middle)[1], 1_000..2_000)]
    {
        assert_eq!(storage.put(url, &file[range]).await?.status, 200);
    }
    assert_eq!(device.upload(&asset).await?["state"], "open");
    let head = device.announce(&asset, r#"{"parts":[{"number":1,"size":1000,"is_final":false}]}"#).await?;
    assert_eq!(storage.put(&urls(&head)[0], &file[..1_000]).await?.status, 200);
    let upload = device.upload(&asset).await?;
    assert_eq!((&upload["state"], &upload["name"]), (&"complete".into(), &"B004.mov".into()));
    assert_eq!((&upload["realtime"], &upload["size"]), (&true.into(), &3_500.into()));
    let sum: String = digest(&SHA256, &file).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(upload["sha256"], sum);
    assert_eq!(storage.put(&urls(&head)[0], &file[..1_000]).await?.status, 200, "an object, again");
    Ok(())
}

#[tokio::test]
async fn what_an_announcement_is_told() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    let asset = device.create_realtime().await?;
    for body in [
        "{}",
        r#"{"parts":[]}"#,
        r#"{"parts":[{"number":1,"size":5242880}]}"#,
        r#"{"parts":[{"number":-1,"size":5242880,"is_final":false}]}"#,
        r#"{"parts":[{"number":1,"size":5242879,"is_final":false}]}"#,
        r#"{"parts":[{"number":1,"size":7,"is_final":true}]}"#,
        r#"{"parts":[{"number":10001,"size":7,"is_final":true}],"asset_filesize":7}"#,
        r#"{"parts":[{"number":1,"size":7,"is_final":true}],"asset_filesize":7,"asset_name":"x"}"#,
    ] {
        let reply = device.announce(&asset, body).await?;
        assert_eq!((reply.status, reply.json()["code"].as_u64()), (400, Some(400)), "{body}");
    }
    let good = r#"{"parts":[{"number":1,"size":7,"is_final":true}],"asset_filesize":7}"#;
    let normal = device.create(7, "").await?;
    assert_eq!(device.announce(&normal, good).await?.status, 404);
    let hyphens = format!("/v2/devices/assets/{}/realtime-upload-parts", asset.id);
    assert_eq!(device.post(&hyphens, good).await?.status, 404);
    assert_eq!(device.announce(&asset, good).await?.status, 200);
    assert_eq!(device.announce(&asset, good).await?.status, 200, "again, for a new address");
    Ok(())
}

#[tokio::test]
async fn a_wrong_total_breaks_the_file() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    let asset = device.create_realtime().await?;
    let body = r#"{"parts":[{"number":1,"size":7,"is_final":true}],"asset_filesize":8}"#;
    let url = urls(&device.announce(&asset, body).await?).remove(0);
    let mut storage = Client::connect_to_storage(&running).await?;
    assert_eq!(storage.put(&url, b"1234567").await?.status, 200);
    assert_eq!(device.logged().await?["violations"], json!(["realtime_size_mismatch"]));
    let upload = device.upload(&asset).await?;
    assert_eq!((&upload["state"], &upload["size"]), (&"broken".into(), &7.into()));
    assert!(upload["sha256"].is_null());
    assert_eq!(storage.put(&url, b"1234567").await?.status, 200, "an object, again");
    assert_eq!(device.upload(&asset).await?["state"], "broken");
    Ok(())
}
