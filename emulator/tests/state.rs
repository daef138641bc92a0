//! What survives a restart.

mod client;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command};

use client::device::{Asset, Device};
use client::program::{ca_file, ends, port, spawn, terminate};
use client::scratch::Scratch;
use client::{Client, Outcome};
use serde_json::Value;

type Started = Result<(Child, Value), Box<dyn std::error::Error>>;

/// The same emulator as before if there was one: at its addresses.
fn start(scratch: &Scratch, before: Option<&Value>) -> Started {
    let at = |name| before.map_or(Ok(0), |ready| port(ready, name));
    let listen = format!("127.0.0.1:{}", at("url")?);
    let storage_listen = format!("127.0.0.1:{}", at("storage_url")?);
    spawn(&["--state", &scratch.path("state"), "--listen", &listen, "--storage-listen", &storage_listen])
}

async fn stop(child: Child) -> Outcome {
    terminate(&child)?;
    tokio::task::spawn_blocking(move || ends(child).map_err(|error| error.to_string())).await??;
    Ok(())
}

async fn put(ready: &Value, asset: &Asset, part: usize, body: &[u8]) -> Outcome {
    let storage = ready["storage_url"].as_str().ok_or("no storage_url")?;
    let client = Client::connect_to(ca_file(ready)?, port(ready, "storage_url")?).await?;
    let answer = client.named(storage).put(&asset.urls[part], body).await?;
    if answer.status == 200 { Ok(()) } else { Err(answer.body.into()) }
}

#[tokio::test]
async fn a_device_goes_on_where_it_was() -> Outcome {
    let scratch = Scratch::new("state")?;
    let (child, ready) = start(&scratch, None)?;
    let mut client = Client::connect_to(ca_file(&ready)?, port(&ready, "url")?).await?;
    let tokens = client.pair().await?;
    let mut device = Device { client, token: tokens.text("access_token") };
    device.steer("POST", "/emulator/settings", r#"{"keep_content":true}"#).await?;
    device.steer("POST", "/emulator/clock", r#"{"advance_seconds":1000}"#).await?;
    device.steer("POST", "/emulator/devices/CAM/project", r#"{"project":"New one"}"#).await?;
    let whole = device.create(7, r#","parts":1"#).await?;
    put(&ready, &whole, 0, b"1234567").await?;
    let open = device.create(14, r#","parts":2"#).await?;
    put(&ready, &open, 0, b"1234567").await?;
    let before = device.upload(&whole).await?;
    let project = device.steer("GET", "/emulator/state", "").await?["devices"][0]["project"].clone();
    let authority = fs::read(ca_file(&ready)?)?;
    drop(device);
    stop(child).await?;

    let (child, ready) = start(&scratch, Some(&ready))?;
    assert_eq!(fs::read(ca_file(&ready)?)?, authority, "devices go on trusting it");
    let client = Client::connect_to(ca_file(&ready)?, port(&ready, "url")?).await?;
    let mut device = Device { client, token: tokens.text("access_token") };
    let me = device.client.bearer("GET", "/v2/devices/me", &device.token).await?;
    assert_eq!((me.status, &me.json()["project"]["id"]), (200, &project["id"]));
    let state = device.steer("GET", "/emulator/state", "").await?;
    assert!(state["now"].as_f64() >= Some(1_000.0) && state["clock_offset"] == 1_000.0, "{state}");
    assert_eq!(device.upload(&whole).await?, before);
    device.client.send("GET", &format!("/emulator/uploads/{}/content", whole.id), &[], "").await?;
    assert_eq!(device.client.receive_bytes().await?, b"1234567");
    assert_eq!(device.upload(&open).await?["parts_stored"], 1);
    put(&ready, &open, 1, b"abcdefg").await?;
    assert_eq!(
        device.upload(&open).await?["sha256"],
        "74b8a289aa5ffbca9584281f020cd49974a68756b03961da871843dcc8277dd1"
    );
    assert_eq!(device.client.refresh(&tokens.text("refresh_token")).await?.status, 200);
    drop(device);
    stop(child).await
}

#[tokio::test]
async fn a_spent_refresh_token_stays_spent_after_a_kill() -> Outcome {
    let scratch = Scratch::new("killed")?;
    let (mut child, ready) = start(&scratch, None)?;
    let mut client = Client::connect_to(ca_file(&ready)?, port(&ready, "url")?).await?;
    let tokens = client.pair().await?;
    let renewed = client.refresh(&tokens.text("refresh_token")).await?;
    let file = scratch.0.join("state/state.json");
    let saved = async {
        while !fs::read_to_string(&file).is_ok_and(|text| text.contains(r#""refreshes":1"#)) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), saved).await?;
    child.kill()?;
    child.wait()?;

    let text = fs::read_to_string(&file)?;
    for reply in [&tokens, &renewed] {
        for name in ["access_token", "refresh_token"] {
            assert!(!text.contains(&reply.text(name)), "tokens are hashes");
        }
    }
    for name in ["state.json", "ca.key"] {
        let mode = fs::metadata(scratch.0.join("state").join(name))?.permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name} is for the owner only");
    }
    let (child, ready) = start(&scratch, Some(&ready))?;
    let mut client = Client::connect_to(ca_file(&ready)?, port(&ready, "url")?).await?;
    assert_eq!(client.refresh(&tokens.text("refresh_token")).await?.text("error"), "invalid_request");
    assert_eq!(client.refresh(&renewed.text("refresh_token")).await?.status, 200);
    drop(client);
    stop(child).await
}

#[tokio::test]
async fn files_that_nobody_has_are_removed_and_parts_without_a_file_are_missing() -> Outcome {
    let scratch = Scratch::new("files")?;
    let (child, ready) = start(&scratch, None)?;
    let mut device = Device::paired_at(ca_file(&ready)?, port(&ready, "url")?).await?;
    let asset = device.create(14, r#","parts":2"#).await?;
    put(&ready, &asset, 0, b"1234567").await?;
    drop(device);
    stop(child).await?;
    let parts = scratch.0.join("state/parts");
    let kept: Vec<_> = fs::read_dir(&parts)?.collect::<Result<_, _>>()?;
    assert_eq!(kept.len(), 1);
    fs::write(kept[0].path(), b"123")?;
    fs::write(parts.join("unfinished"), b"123")?;

    let (child, ready) = start(&scratch, Some(&ready))?;
    assert_eq!(fs::read_dir(&parts)?.count(), 0);
    let mut client = Client::connect_to(ca_file(&ready)?, port(&ready, "url")?).await?;
    let list = client.call("GET", "/emulator/uploads", &[], "").await?.json();
    assert_eq!(list["uploads"][0]["parts_stored"], 0);
    drop(client);
    stop(child).await
}

#[test]
fn a_state_that_cannot_be_read_is_not_overwritten() -> Outcome {
    let scratch = Scratch::new("unreadable")?;
    fs::create_dir(scratch.0.join("state"))?;
    let file = scratch.0.join("state/state.json");
    for text in ["{", r#"{"version":1}"#] {
        fs::write(&file, text)?;
        let program = Command::new(env!("CARGO_BIN_EXE_fio-emulator"))
            .args(["--state", &scratch.path("state")])
            .output()?;
        let said = String::from_utf8_lossy(&program.stderr).into_owned();
        assert!(!program.status.success() && said.contains("state.json cannot be used"), "{said}");
        assert_eq!(fs::read_to_string(&file)?, text);
    }
    Ok(())
}
