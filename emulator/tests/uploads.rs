//! Finished files: created, sent in parts, assembled, listed.

mod client;

use std::time::Duration;

use client::device::{Device, FILETYPE, content};
use client::{Client, FORM, Outcome, VERSION, emulator};
use md5::{Digest, Md5};
use ring::digest::{SHA256, digest};
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(20);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn from_the_creation_to_the_checksum() -> Outcome {
    let running = emulator(&["--part-bytes", "100000", "--parts", "multipart"]).await?;
    let mut device = Device::paired(&running).await?;
    device.steer("POST", "/emulator/settings", r#"{"keep_content":true}"#).await?;
    let file = content(250_001);
    let asset = device.create(file.len(), "").await?;
    assert_eq!(asset.urls.len(), 3);
    let storage_url = running.ready_line()["storage_url"].as_str().ok_or("no storage_url")?.to_owned();
    assert_ne!(storage_url, running.url);
    assert!(asset.urls.iter().all(|url| url.starts_with(&format!("{storage_url}/parts/{}/", asset.id))));
    let mut storage = Client::connect_to_storage(&running).await?;
    let parts: Vec<_> = file.chunks(83_334).collect();
    for (url, part) in asset.urls.iter().zip(&parts).rev() {
        assert_eq!(device.upload(&asset).await?["state"], "open");
        let reply = storage.put(url, part).await?;
        assert_eq!((reply.status, reply.body.as_str()), (200, ""));
        assert!(reply.head.contains(&format!("etag: \"{}\"", hex(&Md5::digest(part)))), "{}", reply.head);
    }
    let upload = device.upload(&asset).await?;
    for (field, value) in [
        ("state", "complete"),
        ("name", "A001.mov"),
        ("client_id", "CAM"),
        ("project", "Feature A"),
        ("filetype", FILETYPE),
        ("sha256", &hex(digest(&SHA256, &file).as_ref())),
        ("md5", &hex(&Md5::digest(&file))),
    ] {
        assert_eq!(upload[field], value, "{field}");
    }
    assert_eq!((upload["size"].as_u64(), upload["filesize"].as_u64()), (Some(250_001), Some(250_001)));
    assert!(upload["completed"].as_f64() >= upload["created"].as_f64());
    let part = &upload["parts"][2];
    assert_eq!((part["number"].as_u64(), part["size"].as_u64()), (Some(3), Some(83_333)));
    for count in ["times_started", "times_received"] {
        assert_eq!(part[count], 1, "{count}");
    }
    assert_eq!(part["bytes_received"], 83_333);

    let late = storage.put(&asset.urls[0], parts[0]).await?;
    assert!(late.status == 404 && late.body.contains("<Code>NoSuchUpload</Code>"), "{}", late.body);
    let brief = device.steer("GET", "/emulator/uploads?brief=1", "").await?;
    assert_eq!(
        (&brief["uploads"][0]["after_completion"], brief["uploads"][0].get("parts")),
        (&1.into(), None)
    );

    let path = format!("/emulator/uploads/{}/content", asset.id);
    let mut reader = Client::connect(&running).await?;
    reader.send("GET", &path, &[], "").await?;
    assert_eq!(reader.receive_bytes().await?, file);
    assert_eq!(device.steer("DELETE", "/emulator/uploads", "").await?["forgotten"], 1);
    assert_eq!(device.client.call("GET", &path, &[], "").await?.status, 404);
    // The reader of a moment ago may hold them a little longer than its last byte.
    timeout(LONG, async {
        while std::fs::read_dir(&running.emulator.storage.dir).is_ok_and(|files| files.count() > 0) {
            device.steer("GET", "/emulator/uploads", "").await.map_err(|error| error.to_string())?;
        }
        Ok::<_, String>(())
    })
    .await??;
    Ok(())
}

#[tokio::test]
async fn parts_come_again_and_all_at_once() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    let file = content(400_000);
    let asset = device.create(file.len(), r#","parts":"4""#).await?;
    let mut storage = Client::connect_to_storage(&running).await?;
    assert_eq!(storage.put(&asset.urls[0], &content(50_000).repeat(2)).await?.status, 200);
    let tasks = asset.urls.iter().zip(file.chunks(100_000)).map(|(url, part)| {
        let running = &running;
        async move { Client::connect_to_storage(running).await?.put(url, part).await }
    });
    for reply in futures_util::future::join_all(tasks).await {
        assert_eq!(reply?.status, 200);
    }
    let upload = device.upload(&asset).await?;
    assert_eq!(upload["sha256"], hex(digest(&SHA256, &file).as_ref()));
    assert_eq!(
        (&upload["parts"][0]["times_received"], &upload["parts"][0]["bytes_received"]),
        (&2.into(), &200_000.into())
    );
    assert_eq!(std::fs::read_dir(&running.emulator.storage.dir)?.count(), 0, "nothing is kept without need");
    Ok(())
}

#[tokio::test]
async fn bytes_may_only_be_counted() -> Outcome {
    let running = emulator(&["--storage", "discard"]).await?;
    let mut device = Device::paired(&running).await?;
    let asset = device.create(70_000, "").await?;
    let reply = Client::connect_to_storage(&running).await?.put(&asset.urls[0], &content(70_000)).await?;
    assert!(reply.status == 200 && reply.head.contains("etag: "));
    let upload = device.upload(&asset).await?;
    assert_eq!((&upload["state"], &upload["size"]), (&"complete".into(), &70_000.into()));
    assert!(upload["sha256"].is_null());
    let content = format!("/emulator/uploads/{}/content", asset.id);
    assert_eq!(device.client.call("GET", &content, &[], "").await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn what_a_creation_is_told() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    for (body, status) in [
        ("{", 400),
        ("[]", 400),
        ("{}", 422),
        (r#"{"name":"A.mov","filetype":"a/b","filesize":0}"#, 422),
        (r#"{"name":"","filetype":"a/b","filesize":1}"#, 422),
        (r#"{"name":"A.mov","filetype":"a/b","filesize":"seven"}"#, 422),
        (r#"{"name":"A.mov","filetype":"a/b","filesize":7,"parts":10001}"#, 422),
        (r#"{"name":"A.mov","filetype":"a/b","filesize":7,"is_realtime_upload":1}"#, 422),
        (r#"{"name":"A.mov","filetype":"a/b","filesize":"7","parts":"3","offset":"1","channel":"0"}"#, 200),
    ] {
        let reply = device.post("/v2/devices/assets", body).await?;
        let code = reply.json()["code"].as_u64().unwrap_or(200);
        assert_eq!((reply.status, code), (status, u64::from(status)), "{body}");
    }
    let authorization = format!("Bearer {}", device.token);
    let bearer = ("authorization", authorization.as_str());
    for (content_type, body, status) in [
        (FORM, "name=A.mov&filetype=video%2Fquicktime&filesize=7&offset=0", 200),
        (FORM, "extension=.mov&filetype=video%2Fquicktime&is_realtime_upload=true", 400),
        (("content-type", "multipart/form-data; boundary=X"), "--X--\r\n", 400),
        (("content-type", "text/plain"), "{}", 400),
    ] {
        let headers = [VERSION, bearer, content_type];
        let reply = device.client.call("POST", "/v2/assets", &headers, body).await?;
        assert_eq!(reply.status, status, "{body}");
    }
    let wrong = [VERSION, ("authorization", "Bearer wrong"), ("content-type", "application/json")];
    for path in
        ["/v2/devices/assets", "/v2/devices/assets/x/comments", "/v2/devices/assets/x/realtime_upload/parts"]
    {
        let reply = device.client.call("POST", path, &wrong, "{}").await?;
        assert_eq!((reply.status, reply.json()["message"].as_str()), (401, Some("Not Authorized")), "{path}");
        assert_eq!(device.client.call("GET", path, &[VERSION], "").await?.status, 405, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn what_was_recorded_in_a_pause_is_refused_for_ever() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    let advance = |seconds: u64| format!(r#"{{"advance_seconds":{seconds}}}"#);
    device.steer("POST", "/emulator/clock", &advance(1_000)).await?;
    device.steer("POST", "/emulator/devices/CAM/pause", "").await?;
    device.steer("POST", "/emulator/clock", &advance(100)).await?;
    let body =
        |offset: u64| format!(r#"{{"name":"A.mov","filetype":"{FILETYPE}","filesize":7,"offset":{offset}}}"#);
    assert_eq!(device.post("/v2/devices/assets", &body(500)).await?.status, 200);
    device.steer("POST", "/emulator/devices/CAM/resume", "").await?;
    device.steer("POST", "/emulator/clock", &advance(1_000)).await?;
    let refused = device.post("/v2/devices/assets", &body(1_050)).await?;
    assert_eq!(refused.status, 409);
    let expected = serde_json::json!({
        "code": 409,
        "errors": [{
            "code": 409,
            "detail": "The channel you're uploading from is currently paused.",
            "status": 409,
            "title": "Channel Paused",
        }],
        "message": "Channel Paused",
    });
    assert_eq!(refused.json(), expected);
    assert_eq!(device.post("/v2/devices/assets", &body(10)).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn new_assets_go_to_the_project_of_the_moment() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    let before = device.create(7, "").await?;
    device.steer("POST", "/emulator/devices/CAM/project", r#"{"project":"Elsewhere"}"#).await?;
    let after = device.create(7, "").await?;
    assert_eq!(device.upload(&before).await?["project"], "Feature A");
    assert_eq!(device.upload(&after).await?["project"], "Elsewhere");
    Ok(())
}

#[tokio::test]
async fn comments() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    let asset = device.create(7, "").await?;
    let path = format!("/v2/devices/assets/{}/comments", asset.id);
    for (body, status) in [
        (r#"{"text":"slate clap","timestamp":120}"#, 200),
        (r#"{"text":"of all of it"}"#, 200),
        (r#"{"text":" "}"#, 422),
        (r#"{"timestamp":1}"#, 422),
        (r#"{"text":"a","timestamp":-1}"#, 422),
        (r#"{"text":"a","timestamp":"1"}"#, 422),
        ("nonsense", 400),
    ] {
        let reply = device.post(&path, body).await?;
        assert_eq!(reply.status, status, "{body}");
        if body.contains("clap") {
            assert_eq!((reply.text("_type"), reply.text("asset_id")), ("comment".into(), asset.id.clone()));
            assert_eq!(reply.json()["timestamp"].to_string(), "120");
        }
    }
    let comments = &device.upload(&asset).await?["comments"];
    assert_eq!((&comments[0]["text"], &comments[0]["timestamp"]), (&"slate clap".into(), &120.0.into()));
    assert!(comments[1]["timestamp"].is_null() && comments.as_array().is_some_and(|all| all.len() == 2));
    assert_eq!(device.post("/v2/devices/assets/unknown/comments", r#"{"text":"a"}"#).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn the_log_shows_fields_and_no_secret() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    let asset = device.create(7, r#","parts":1,"nested":{"a":[1]}"#).await?;
    let entry = device.logged().await?;
    assert_eq!((&entry["endpoint"], &entry["client_id"]), (&"asset".into(), &"CAM".into()));
    assert_eq!(entry["asset"], asset.id.as_str());
    let fields = entry["fields"].to_string();
    for field in [r#"["name","A001.mov"]"#, r#"["filesize","7"]"#, r#"["offset","0"]"#, r#"["parts","1"]"#] {
        assert!(fields.contains(field), "{field} {fields}");
    }
    Client::connect_to_storage(&running).await?.put(&asset.urls[0], b"1234567").await?;
    let entry = device.logged().await?;
    assert_eq!((&entry["endpoint"], &entry["part"]), (&"part".into(), &1.into()));
    assert_eq!((&entry["asset"], &entry["body_bytes"]), (&asset.id.as_str().into(), &7.into()));
    assert_eq!((&entry["status"], &entry["violations"]), (&200.into(), &serde_json::json!([])));
    let query = asset.urls[0].split_once('?').ok_or("no query")?.1;
    assert_eq!(entry["fields"][0][1], running.emulator.mask.secret(query));
    let log = device.client.call("GET", "/emulator/requests", &[], "").await?.body;
    // Which asset and which part it is, everybody may know.
    let parameters = query.split('&').filter(|parameter| !parameter.starts_with("x-amz-meta-"));
    for secret in parameters.filter_map(|parameter| parameter.split_once('=')).map(|(_, value)| value) {
        assert!(secret.len() < 6 || !log.contains(secret), "{secret}");
    }

    let body = format!(r#"{{"name":"A.mov","filetype":"{FILETYPE}","filesize":7}}"#);
    device.post("/v2/devices/assets", &body).await?;
    assert_eq!(device.logged().await?["violations"], serde_json::json!(["offset_missing"]));
    let body = format!(r#"{{"name":"A.mov","filetype":"{FILETYPE}","filesize":7,"offset":-10}}"#);
    assert_eq!(device.post("/v2/devices/assets", &body).await?.status, 200);
    assert_eq!(device.logged().await?["violations"], serde_json::json!(["offset_negative"]));
    Ok(())
}

#[tokio::test]
async fn bad_addresses_on_order() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    for (kind, count, start) in [
        ("none", 0, ""),
        ("http", 2, "http://127.0.0.1:"),
        ("relative", 2, "/parts/"),
        ("many", 10_001, "https://127.0.0.1:"),
        ("foreign_host", 2, "https://storage.invalid/parts/"),
        ("normal", 2, "https://127.0.0.1:"),
    ] {
        device.steer("POST", "/emulator/settings", &format!(r#"{{"asset_urls":"{kind}"}}"#)).await?;
        let asset = device.create(7, r#","parts":2"#).await?;
        assert_eq!(asset.urls.len(), count, "{kind}");
        assert!(asset.urls.iter().all(|url| url.starts_with(start)), "{kind}");
    }
    Ok(())
}

#[tokio::test]
async fn ten_thousand_parts_are_listed() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    let asset = device.create(20_000, r#","parts":10000"#).await?;
    assert_eq!(asset.urls.len(), 10_000);
    let upload = device.upload(&asset).await?;
    assert_eq!(upload["parts"].as_array().map(Vec::len), Some(10_000));
    assert_eq!(upload["part_count"], 10_000);
    assert!(device.client.call("GET", "/emulator/uploads?brief=1", &[], "").await?.body.len() < 2_000);
    for (method, path, status) in [
        ("GET", "/emulator/uploads?brief=2", 400),
        ("POST", "/emulator/uploads", 405),
        ("POST", "/emulator/uploads/x/content", 405),
        ("GET", "/emulator/uploads/x", 404),
    ] {
        assert_eq!(device.client.call(method, path, &[], "").await?.status, status, "{path}");
    }
    Ok(())
}
