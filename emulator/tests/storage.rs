//! What the storage checks about a presigned address and the request to it.

mod client;

use std::time::Duration;

use client::device::{Asset, Device, FILETYPE, content, path_of};
use client::{Client, Outcome, emulator};
use fio_emulator::run::Running;
use serde_json::json;
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(20);

/// A device, and an asset of three bytes in one part.
async fn with_asset(running: &Running) -> Result<(Device, Asset), Box<dyn std::error::Error>> {
    let mut device = Device::paired(running).await?;
    let asset = device.create(3, "").await?;
    Ok((device, asset))
}

#[tokio::test]
async fn every_part_of_the_address_is_signed() -> Outcome {
    let running = emulator(&[]).await?;
    let (mut device, asset) = with_asset(&running).await?;
    let other = device.create(3, "").await?;
    let url = &asset.urls[0];
    let mut storage = Client::connect_to_storage(&running).await?;
    for (from, to, code) in [
        ("/1?", "/2?", "SignatureDoesNotMatch"),
        ("part_number=1", "part_number=2", "SignatureDoesNotMatch"),
        ("part_count=1", "part_count=2", "SignatureDoesNotMatch"),
        ("X-Amz-Expires=86400", "X-Amz-Expires=86401", "SignatureDoesNotMatch"),
        (asset.id.as_str(), other.id.as_str(), "SignatureDoesNotMatch"),
        ("X-Amz-Signature=", "X-Amz-Signature=00", "SignatureDoesNotMatch"),
        ("X-Amz-Signature=", "Signature=", "AccessDenied"),
        ("?", "?x&", "AccessDenied"),
    ] {
        let reply = storage.put(&url.replacen(from, to, 1), b"abc").await?;
        assert!(
            reply.status == 403 && reply.body.contains(&format!("<Code>{code}</Code>")),
            "{from} {}",
            reply.body
        );
        assert!(reply.head.contains("content-type: application/xml"));
        assert_eq!(device.logged().await?["violations"], json!([]), "{from}");
    }
    let mut elsewhere = Client::connect(&running).await?;
    assert_eq!(elsewhere.put(url, b"abc").await?.status, 404, "it is not at the API");
    assert_eq!(storage.put("/v2/devices/me", b"").await?.status, 404);
    assert_eq!(device.logged().await?["violations"], json!(["unknown_path"]));
    assert_eq!(storage.call("GET", path_of(url), &[], "").await?.status, 405);
    assert_eq!(device.logged().await?["violations"], json!(["wrong_method"]));
    assert_eq!(storage.put(url, b"abc").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn headers_are_signed_too() -> Outcome {
    let running = emulator(&[]).await?;
    let (mut device, asset) = with_asset(&running).await?;
    let path = path_of(&asset.urls[0]);
    let mut storage = Client::connect_to_storage(&running).await?;
    let (filetype, acl, length) =
        (("content-type", FILETYPE), ("x-amz-acl", "private"), ("content-length", "3"));
    let mismatch = (403, "SignatureDoesNotMatch", "storage_header_mismatch");
    for (headers, (status, code, violation)) in [
        (vec![acl, length], mismatch),
        (vec![("content-type", "video/mp4"), acl, length], mismatch),
        (vec![filetype, length], mismatch),
        (vec![filetype, ("x-amz-acl", "public-read"), length], mismatch),
        (
            vec![filetype, acl, length, ("authorization", "Bearer x")],
            (400, "InvalidArgument", "token_to_storage"),
        ),
        (vec![filetype, acl, ("content-length", "2")], (400, "EntityTooSmall", "part_length_wrong")),
        (vec![filetype, acl, ("content-length", "4")], (400, "EntityTooLarge", "part_length_wrong")),
    ] {
        storage.send_head("PUT", path, &headers).await?;
        let length =
            headers.iter().find(|(name, _)| *name == "content-length").map_or("0", |(_, value)| value);
        storage.send_body(&b"abcd"[..length.parse()?]).await?;
        let reply = storage.receive().await?;
        assert!(reply.body.contains(&format!("<Code>{code}</Code>")), "{headers:?} {}", reply.body);
        assert_eq!(reply.status, status, "{headers:?}");
        assert_eq!(device.logged().await?["violations"], json!([violation]), "{headers:?}");
    }
    storage.send_head("PUT", path, &[filetype, acl, ("transfer-encoding", "chunked")]).await?;
    storage.send_body(b"3\r\nabc\r\n0\r\n\r\n").await?;
    let reply = storage.receive().await?;
    assert!(reply.status == 411 && reply.body.contains("MissingContentLength"), "{}", reply.body);
    assert_eq!(device.upload(&asset).await?["state"], "open");
    let part = &device.upload(&asset).await?["parts"][0];
    assert_eq!((&part["times_started"], &part["times_received"]), (&8.into(), &0.into()));
    assert_eq!(storage.put(&asset.urls[0], b"abc").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn addresses_expire_by_the_clock_of_the_emulator() -> Outcome {
    let running = emulator(&[]).await?;
    let (mut device, asset) = with_asset(&running).await?;
    let more = device.create(4, r#","parts":2"#).await?;
    let mut storage = Client::connect_to_storage(&running).await?;
    device.steer("POST", "/emulator/clock", r#"{"advance_seconds":86390}"#).await?;
    assert_eq!(storage.put(&asset.urls[0], b"abc").await?.status, 200);
    device.steer("POST", "/emulator/clock", r#"{"advance_seconds":10}"#).await?;
    let reply = storage.put(&more.urls[0], b"ab").await?;
    assert_eq!(reply.status, 403);
    for element in ["<Code>AccessDenied</Code>", "<Message>Request has expired</Message>", "<ServerTime>"] {
        assert!(reply.body.contains(element), "{}", reply.body);
    }
    device.steer("POST", "/emulator/settings", r#"{"url_seconds":60}"#).await?;
    device.token = device.client.pair().await?.text("access_token");
    let asset = device.create(3, "").await?;
    assert!(asset.urls[0].contains("X-Amz-Expires=60&"));
    assert_eq!(storage.put(&asset.urls[0], b"abc").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn entity_tags() -> Outcome {
    let running = emulator(&[]).await?;
    let (mut device, asset) = with_asset(&running).await?;
    let more = device.create(6, r#","parts":2"#).await?;
    let mut storage = Client::connect_to_storage(&running).await?;
    let md5_of_abc = "900150983cd24fb0d6963f7d28e17f72";
    assert!(storage.put(&more.urls[0], b"abc").await?.head.contains(&format!("etag: \"{md5_of_abc}\"")));
    device.steer("POST", "/emulator/settings", r#"{"etag":"opaque"}"#).await?;
    let head = storage.put(&more.urls[0], b"abc").await?.head;
    assert!(head.contains("etag: \"") && !head.contains(md5_of_abc));
    device.steer("POST", "/emulator/settings", r#"{"etag":"absent"}"#).await?;
    assert!(!storage.put(&asset.urls[0], b"abc").await?.head.contains("etag"));
    Ok(())
}

#[tokio::test]
async fn a_client_may_wait_before_it_sends_the_body() -> Outcome {
    let running = emulator(&["--parts", "multipart"]).await?;
    let (mut device, asset) = with_asset(&running).await?;
    let expect = [("expect", "100-continue")];
    let mut storage = Client::connect_to_storage(&running).await?;
    storage.begin_put(&asset.urls[0], 3, &expect).await?;
    assert_eq!(timeout(LONG, storage.receive()).await??.status, 100);
    storage.send_body(b"abc").await?;
    assert_eq!(timeout(LONG, storage.receive()).await??.status, 200);
    storage.begin_put(&asset.urls[0], 3, &expect).await?;
    assert_eq!(timeout(LONG, storage.receive()).await??.status, 404, "it never gets to send");
    assert_eq!(device.logged().await?["body_bytes"], 0);
    Ok(())
}

#[tokio::test]
async fn a_refusal_is_read_while_the_body_is_on_its_way() -> Outcome {
    let running = emulator(&[]).await?;
    let (_, asset) = with_asset(&running).await?;
    let mut storage = Client::connect_to_storage(&running).await?;
    let body = content(3 << 20);
    storage.begin_put(&asset.urls[0], body.len(), &[]).await?;
    assert_eq!(timeout(LONG, storage.receive()).await??.status, 400, "before a byte of the body");
    storage.send_body(&body).await?;
    assert_eq!(
        timeout(LONG, storage.put(&asset.urls[0], b"abc")).await??.status,
        200,
        "on the same connection"
    );
    Ok(())
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing_behind() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    let file = content(2 << 20);
    let asset = device.create(file.len(), r#","parts":1"#).await?;
    let mut storage = Client::connect_to_storage(&running).await?;
    storage.begin_put(&asset.urls[0], file.len(), &[]).await?;
    storage.send_body(&file[..1_500_000]).await?;
    let files = || std::fs::read_dir(&running.emulator.storage.dir).map(Iterator::count);
    timeout(LONG, async {
        while files().is_ok_and(|count| count == 0) {
            device.upload(&asset).await.map_err(|error| error.to_string())?;
        }
        Ok::<_, String>(())
    })
    .await??;
    drop(storage);
    timeout(LONG, async {
        while files().is_ok_and(|count| count > 0) {
            device.upload(&asset).await.map_err(|error| error.to_string())?;
        }
        Ok::<_, String>(())
    })
    .await??;
    let part = device.upload(&asset).await?["parts"][0].clone();
    assert_eq!((&part["times_started"], &part["times_received"]), (&1.into(), &0.into()));
    assert!(part["bytes_received"].as_u64().is_some_and(|bytes| (1..=1_500_000).contains(&bytes)), "{part}");
    let mut storage = Client::connect_to_storage(&running).await?;
    assert_eq!(storage.put(&asset.urls[0], &file).await?.status, 200);
    assert_eq!(device.upload(&asset).await?["state"], "complete");
    Ok(())
}
