//! What the page is made of: its files, the view it shows, the stream that tells it to look again, and the
//! pictures among the uploads.

mod client;

use std::time::Duration;

use client::device::Device;
use client::{Client, Outcome, emulator};
use serde_json::Value;
use tokio::time::timeout;

const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n, or so it begins";

async fn view(client: &mut Client, query: &str) -> std::io::Result<Value> {
    Ok(client.call("GET", &format!("/emulator/view{query}"), &[], "").await?.json())
}

#[tokio::test]
async fn everything_the_page_loads_is_here_and_nothing_is_inline() -> Outcome {
    let running = emulator(&[]).await?;
    let mut client = Client::connect(&running).await?;
    let page = client.call("GET", "/", &[], "").await?;
    assert!(page.head.contains("script-src 'self'") && !page.head.contains("unsafe-inline"), "{}", page.head);
    assert!(!page.body.contains("style=") && !page.body.contains("<script>"), "{}", page.body);
    let mut wanted: Vec<String> =
        page.body.split('"').filter(|text| text.starts_with("/page/")).map(str::to_owned).collect();
    assert!(wanted.len() >= 3, "{wanted:?}");
    let mut at = 0;
    while let Some(path) = wanted.get(at).cloned() {
        let file = client.call("GET", &path, &[], "").await?;
        assert_eq!(file.status, 200, "{path}");
        assert!(file.head.contains("x-content-type-options: nosniff"), "{path}");
        let imports = file
            .body
            .split('"')
            .filter_map(|text| text.strip_prefix("./"))
            .map(|name| format!("/page/{name}"));
        let new: Vec<_> = imports.filter(|path| !wanted.contains(path)).collect();
        wanted.extend(new);
        at += 1;
    }
    assert!(wanted.len() > 8, "{wanted:?}");
    assert_eq!(client.call("GET", "/page/nothing.js", &[], "").await?.status, 404);
    assert_eq!(client.call("GET", "/page/../page/page.js", &[], "").await?.status, 404);
    assert_eq!(client.call("POST", "/page/page.js", &[], "").await?.status, 405);
    Ok(())
}

#[tokio::test]
async fn a_view_has_everything_and_stays_small() -> Outcome {
    let running = emulator(&["--interval", "0"]).await?;
    let mut device = Device::paired(&running).await?;
    let asset = device.create(20, r#","parts":2"#).await?;
    let mut client = Client::connect(&running).await?;
    let mut storage = Client::connect_to_storage(&running).await?;
    assert_eq!(storage.put(&asset.urls[0], &[7; 10]).await?.status, 200);
    let seen = view(&mut client, "").await?;
    assert_eq!(
        (&seen["devices"]["total"], &seen["devices"]["shown"][0]["status"]),
        (&1.into(), &"offline".into()),
        "until the first heartbeat"
    );
    let upload = &seen["uploads"]["shown"][0];
    assert_eq!(
        (&upload["strip"], &upload["state"], &upload["stored"]),
        (&"#.".into(), &"open".into(), &10.into())
    );
    assert_eq!(seen["requests"]["shown"][0]["device"], "CAM", "the storage is not told who sends a part");
    assert!(seen["checklist"].as_array().is_some_and(|rows| rows.len() > 40));

    for _ in 0..3_000 {
        device.create(20, "").await?;
    }
    let text = client.call("GET", "/emulator/view", &[], "").await?.body;
    let many: Value = serde_json::from_str(&text)?;
    assert_eq!(many["uploads"]["total"], 3_001);
    assert!(many["uploads"]["shown"].as_array().is_some_and(|shown| shown.len() < 100));
    assert!(text.len() < 200_000, "{}", text.len());

    let none = view(&mut client, "?device=OTHER&find=nobody").await?;
    for part in ["devices", "uploads", "requests"] {
        assert_eq!(none[part]["total"], 0, "{part}");
    }
    assert_eq!(view(&mut client, "?device=CAM&find=EMULATED").await?["devices"]["total"], 1);
    assert_eq!(client.call("GET", "/emulator/view?x=1", &[], "").await?.status, 400);
    Ok(())
}

#[tokio::test]
async fn requests_that_are_alike_share_a_line() -> Outcome {
    let running = emulator(&["--interval", "0"]).await?;
    let mut client = Client::connect(&running).await?;
    let code = client.code().await?.text("device_code");
    for _ in 0..5 {
        client.poll(&code).await?;
    }
    client.call("GET", "/health", &[client::VERSION], "").await?;
    client.call("GET", "/nonsense", &[], "").await?;
    let seen = view(&mut client, "").await?;
    let lines = seen["requests"]["shown"].as_array().ok_or("no lines")?;
    let counts: Vec<_> =
        lines.iter().map(|line| (line["endpoint"].as_str(), line["count"].as_u64())).collect();
    assert_eq!(
        counts,
        [
            (Some("unknown"), Some(1)),
            (Some("health"), Some(1)),
            (Some("token"), Some(5)),
            (Some("code"), Some(1))
        ]
    );
    assert_eq!(seen["requests"]["total"], 8);
    assert_eq!(seen["codes"]["total"], 1);
    assert!(!seen.to_string().contains(&code), "codes are for the device");
    Ok(())
}

#[tokio::test]
async fn a_picture_is_shown_and_what_only_claims_to_be_one_is_not() -> Outcome {
    let running = emulator(&["--interval", "0"]).await?;
    let mut device = Device::paired(&running).await?;
    let mut client = Client::connect(&running).await?;
    let mut storage = Client::connect_to_storage(&running).await?;
    for (content, is_picture) in [(PICTURE, true), (b"<svg onload='alert(1)'></svg>".as_slice(), false)] {
        let asset = device.create(content.len(), r#","parts":1"#).await?;
        assert_eq!(storage.put(&asset.urls[0], content).await?.status, 200);
        // The list waits for the file to be put together.
        client.call("GET", "/emulator/uploads", &[], "").await?;
        let shown = &view(&mut client, "").await?["uploads"]["shown"][0];
        assert_eq!((&shown["state"], &shown["has_picture"]), (&"complete".into(), &is_picture.into()));
        let path = format!("/emulator/uploads/{}/picture", asset.id);
        client.send("GET", &path, &[], "").await?;
        let picture = client.receive().await?;
        assert_eq!(picture.status, if is_picture { 200 } else { 404 });
        for header in ["nosniff", "cross-origin-resource-policy: same-origin", "default-src 'none'; "] {
            assert!(picture.head.contains(header), "{}", picture.head);
        }
        assert_eq!(picture.head.contains("content-type: image/png"), is_picture);
        let elsewhere = [("sec-fetch-site", "cross-site")];
        assert_eq!(client.call("GET", &path, &elsewhere, "").await?.status, 403);
    }
    Ok(())
}

#[tokio::test]
async fn other_sites_learn_nothing() -> Outcome {
    let running = emulator(&[]).await?;
    let mut client = Client::connect(&running).await?;
    for path in ["view", "state", "events", "requests", "uploads", "checklist", "report"] {
        for header in [
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let refused = client.call("GET", &format!("/emulator/{path}"), &[header], "").await?;
            assert_eq!(refused.status, 403, "{path} {header:?}");
            assert!(!refused.head.contains("access-control-"), "{}", refused.head);
        }
    }
    for path in ["/", "/pair", "/page/page.js", "/emulator/view"] {
        let mine = client.call("GET", path, &[("sec-fetch-site", "same-origin")], "").await?;
        assert_eq!(mine.status, 200, "{path}");
        assert!(mine.head.contains("cross-origin-resource-policy: same-origin"), "{path} {}", mine.head);
        assert!(!mine.head.contains("access-control-"), "{path} {}", mine.head);
    }
    Ok(())
}

#[tokio::test]
async fn the_stream_tells_when_to_look_again_and_of_the_end() -> Outcome {
    let running = emulator(&[]).await?;
    let mut page = Client::connect(&running).await?;
    page.send("GET", "/emulator/events", &[], "").await?;
    assert!(next(&mut page, "data:\n\n").await?.contains("text/event-stream"));
    let mut client = Client::connect(&running).await?;
    for (method, path) in [("POST", "/emulator/clock"), ("GET", "/health")] {
        client.call(method, path, &[], r#"{"advance_seconds":1}"#).await?;
        assert!(next(&mut page, "data:\n\n").await?.contains("event: happened"), "{path}");
    }
    running.emulator.shut_down();
    assert!(next(&mut page, "data:\n\n").await?.contains("event: ended"));
    Ok(())
}

/// What comes until an event is whole, which is soon.
async fn next(page: &mut Client, ending: &str) -> Result<String, Box<dyn std::error::Error>> {
    use tokio::io::AsyncReadExt;
    let mut text = Vec::new();
    timeout(Duration::from_secs(10), async {
        while !text.ends_with(ending.as_bytes()) {
            text.push(page.stream.read_u8().await?);
        }
        Ok::<_, std::io::Error>(())
    })
    .await??;
    Ok(String::from_utf8(text)?.to_ascii_lowercase())
}
