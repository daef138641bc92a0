//! The storage as the service was seen to use it: parts are objects, with addresses of their own kind.

mod client;

use client::device::{Device, content, path_of};
use client::{Client, Outcome, emulator};
use fio_emulator::service::s3_errors;
use serde_json::{Value, json};

#[tokio::test]
async fn addresses_have_the_names_that_were_seen_and_live_a_day() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    device.steer("POST", "/emulator/clock", r#"{"advance_seconds":1000000}"#).await?;
    device.token = device.client.pair().await?.text("access_token");
    let asset = device.create(6, r#","parts":2"#).await?;
    let now = running.emulator.clock.compact_date(running.emulator.clock.now());
    for (number, url) in (1..).zip(&asset.urls) {
        let (_, query) = url.split_once('?').ok_or("no query")?;
        let pairs: Vec<_> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let names: Vec<_> = pairs.iter().map(|(name, _)| *name).collect();
        assert_eq!(
            names,
            [
                "X-Amz-Algorithm",
                "X-Amz-Credential",
                "X-Amz-Date",
                "X-Amz-Expires",
                "X-Amz-SignedHeaders",
                "X-Amz-Signature",
                "x-amz-meta-part_number",
                "x-amz-meta-part_count",
                "x-amz-meta-asset_id"
            ]
        );
        let value = |wanted| pairs.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
        assert_eq!(value("X-Amz-Date").map(|date| &date[..13]), now.get(..13), "by the clock that was moved");
        assert_eq!(value("X-Amz-Expires"), Some("86400"));
        assert_eq!(value("X-Amz-SignedHeaders"), Some("content-type%3Bhost%3Bx-amz-acl"));
        assert_eq!(value("x-amz-meta-part_number"), Some(number.to_string().as_str()));
        assert_eq!(value("x-amz-meta-part_count"), Some("2"));
        assert_eq!(value("x-amz-meta-asset_id"), Some(asset.id.as_str()));
    }
    let mut storage = Client::connect_to_storage(&running).await?;
    assert_eq!(storage.put(&asset.urls[0], b"abc").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_part_comes_again_at_any_time() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    let file = content(6);
    let asset = device.create(file.len(), r#","parts":2"#).await?;
    let mut storage = Client::connect_to_storage(&running).await?;
    for (url, part) in asset.urls.iter().zip(file.chunks(3)) {
        assert_eq!(storage.put(url, part).await?.status, 200);
    }
    let whole = device.upload(&asset).await?;
    assert_eq!(whole["state"], "complete");
    let again = storage.put(&asset.urls[1], &file[3..]).await?;
    assert!(again.status == 200 && again.head.contains("etag: \""), "{}", again.head);
    let after = device.upload(&asset).await?;
    assert_eq!((&after["state"], &after["sha256"]), (&json!("complete"), &whole["sha256"]));
    assert_eq!((&after["after_completion"], &after["parts"][1]["times_received"]), (&json!(1), &json!(2)));
    assert_eq!(std::fs::read_dir(&running.emulator.storage.dir)?.count(), 0, "it is not kept");

    // Without the asset its addresses are no good, and the storage has no word for what is gone.
    device.steer("DELETE", "/emulator/uploads", "").await?;
    let gone = storage.put(&asset.urls[0], b"abc").await?;
    assert!(gone.status == 403 && gone.body.contains("<Code>AccessDenied</Code>"), "{}", gone.body);
    let elsewhere = storage.put("https://127.0.0.1/other/1", b"abc").await?;
    assert!(elsewhere.status == 404 && elsewhere.body.contains("NoSuchBucket"), "{}", elsewhere.body);
    Ok(())
}

#[tokio::test]
async fn a_multipart_upload_is_gone_when_it_is_complete() -> Outcome {
    let running = emulator(&["--parts", "multipart"]).await?;
    let mut device = Device::paired(&running).await?;
    let asset = device.create(3, "").await?;
    assert!(asset.urls[0].contains("?partNumber=1&uploadId="), "{}", asset.urls[0]);
    let mut storage = Client::connect_to_storage(&running).await?;
    assert_eq!(storage.put(&asset.urls[0], b"abc").await?.status, 200);
    let late = storage.put(&asset.urls[0], b"abc").await?;
    assert!(late.status == 404 && late.body.contains("<Code>NoSuchUpload</Code>"), "{}", late.body);
    // What an asset is stays as it was when it was created.
    device.steer("POST", "/emulator/settings", r#"{"parts":"objects"}"#).await?;
    assert_eq!(storage.put(&asset.urls[0], b"abc").await?.status, 404);
    device.steer("DELETE", "/emulator/uploads", "").await?;
    assert!(storage.put(&asset.urls[0], b"abc").await?.body.contains("<Code>NoSuchUpload</Code>"));
    let other = device.create(3, "").await?;
    assert!(!other.urls[0].contains("uploadId"));
    Ok(())
}

#[tokio::test]
async fn entity_tags_follow_the_encryption_of_the_bucket() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    let mut storage = Client::connect_to_storage(&running).await?;
    let md5_of_abc = "900150983cd24fb0d6963f7d28e17f72";
    for (encryption, header, is_md5) in
        [("aes256", Some("aes256"), true), ("kms", Some("aws:kms"), false), ("none", None, true)]
    {
        let settings = json!({ "encryption": encryption }).to_string();
        device.steer("POST", "/emulator/settings", &settings).await?;
        let asset = device.create(3, "").await?;
        let reply = storage.put(&asset.urls[0], b"abc").await?;
        let value = |name: &str| {
            let line = reply.head.lines().find(|line| line.starts_with(&format!("{name}: ")));
            line.and_then(|line| line.split_once(": ")).map(|(_, value)| value.trim().to_owned())
        };
        assert_eq!(value("x-amz-server-side-encryption").as_deref(), header, "{encryption}");
        let tag = value("etag").ok_or("no ETag")?;
        let digits = tag.trim_matches('"');
        assert!(digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()), "{tag}");
        assert_eq!(digits == md5_of_abc, is_md5, "{encryption}");
        assert!(value("x-amz-request-id").is_some() && value("x-amz-id-2").is_some());
    }
    Ok(())
}

#[tokio::test]
async fn every_error_of_s3_can_be_ordered() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    let asset = device.create(3, "").await?;
    let mut storage = Client::connect_to_storage(&running).await?;
    for row in s3_errors::ALL {
        let fault = json!({ "endpoint": "part", "fault": { "kind": "s3", "code": row.code } }).to_string();
        device.steer("POST", "/emulator/faults", &fault).await?;
        let reply = storage.put(&asset.urls[0], b"abc").await?;
        assert_eq!(reply.status, row.status, "{}", row.code);
        assert!(reply.head.contains("x-amz-request-id: ") && reply.head.contains("x-amz-id-2: "));
        if row.status == 304 {
            continue;
        }
        assert!(reply.head.contains("content-type: application/xml"), "{}", reply.head);
        let document = roxmltree::Document::parse(&reply.body)?;
        let names: Vec<_> = document.root_element().children().map(|node| node.tag_name().name()).collect();
        assert_eq!(names, ["Code", "Message", "RequestId", "HostId"], "{}", row.code);
        assert_eq!(
            document.descendants().find(|node| node.has_tag_name("Code")).and_then(|node| node.text()),
            Some(row.code)
        );
    }
    let other = json!({ "endpoint": "part",
        "fault": { "kind": "s3", "code": "SlowDown", "status": 403, "headers": { "Retry-After": "2" } } });
    device.steer("POST", "/emulator/faults", &other.to_string()).await?;
    let reply = storage.put(&asset.urls[0], b"abc").await?;
    assert_eq!(reply.status, 403);
    assert!(
        reply.head.contains("retry-after: 2") && reply.body.contains("<Code>SlowDown</Code>"),
        "{}",
        reply.head
    );
    let unknown = r#"{"endpoint":"part","fault":{"kind":"s3","code":"Nonsense"}}"#;
    assert_eq!(device.client.call("POST", "/emulator/faults", &[], unknown).await?.status, 400);
    assert_eq!(storage.put(path_of(&asset.urls[0]), b"abc").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_device_is_offline_until_its_first_heartbeat() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    let status = |me: &Value| (me["status"].clone(), me["channels"][0]["status"].clone());
    let me = device.get("/v2/devices/me").await?;
    assert_eq!(status(&me.json()), (json!("offline"), json!("offline")));
    device.post("/v2/devices/heartbeat", "").await?;
    let me = device.get("/v2/devices/me").await?;
    assert_eq!(status(&me.json()), (json!("online"), json!("online")));
    Ok(())
}

#[tokio::test]
async fn a_connection_ends_when_a_person_wants_it_to() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    let expires = |me: &Value| me["authorization"]["expires_at"].clone();
    assert_eq!(expires(&device.get("/v2/devices/me").await?.json()), Value::Null);
    let path = "/emulator/devices/CAM/expiry";
    for (body, status) in [
        (r#"{"expires_at":"tomorrow"}"#, 400),
        (r#"{"in_seconds":-1}"#, 400),
        (r#"{"in_seconds":60,"expires_at":"2999-01-01T00:00:00Z"}"#, 400),
        (r#"{"expires_at":"2999-01-01T00:00:00Z"}"#, 200),
    ] {
        assert_eq!(device.client.call("POST", path, &[], body).await?.status, status, "{body}");
    }
    assert_eq!(device.client.call("GET", path, &[], "").await?.status, 405);
    assert_eq!(expires(&device.get("/v2/devices/me").await?.json()), "2999-01-01T00:00:00Z");
    device.steer("POST", path, r#"{"expires_at":null}"#).await?;
    assert_eq!(expires(&device.get("/v2/devices/me").await?.json()), Value::Null);
    device.steer("POST", path, r#"{"in_seconds":3600}"#).await?;
    let end = running.emulator.clock.now() + std::time::Duration::from_secs(3600);
    let told = expires(&device.get("/v2/devices/me").await?.json());
    let told = running.emulator.clock.moment_of_date_time(told.as_str().unwrap_or_default());
    assert!(
        told.is_some_and(|told| end.saturating_sub(told) < std::time::Duration::from_secs(60)),
        "{told:?}"
    );
    device.steer("POST", "/emulator/clock", r#"{"advance_seconds":3500}"#).await?;
    assert_eq!(device.get("/v2/devices/me").await?.status, 200);
    device.steer("POST", "/emulator/clock", r#"{"advance_seconds":101}"#).await?;
    let state = device.steer("GET", "/emulator/state", "").await?;
    assert_eq!(state["devices"][0]["authorized"], false, "also before it asks");
    assert_eq!(device.get("/v2/devices/me").await?.status, 401);
    // Another authorization has no end.
    device.token = device.client.pair().await?.text("access_token");
    assert_eq!(expires(&device.get("/v2/devices/me").await?.json()), Value::Null);
    Ok(())
}
