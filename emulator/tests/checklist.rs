//! The checklist as devices fill it, over real sockets.

mod client;

use client::checklist::{broken, checklist, culprit, row};
use client::device::Device;
use client::{Client, FORM, Outcome, VERSION, emulator};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_good_device_breaks_nothing() -> Outcome {
    let running = emulator(&[]).await?;
    let mut client = Client::connect(&running).await?;
    let tokens = client.pair().await?;
    client.bearer("GET", "/v2/devices/me", &tokens.text("access_token")).await?;
    let renewed = client.refresh(&tokens.text("refresh_token")).await?;
    let token = renewed.text("access_token");
    client.bearer("GET", "/v2/devices/me", &token).await?;
    client.bearer("POST", "/v2/devices/heartbeat", &token).await?;
    let mut device = Device { client, token };
    let asset = device.create(7, r#","parts":1"#).await?;
    Client::connect_to_storage(&running).await?.put(&asset.urls[0], b"1234567").await?;
    device.steer("POST", "/emulator/clock", r#"{"advance_seconds":120}"#).await?;
    device.post("/v2/devices/heartbeat", "").await?;

    assert_eq!(broken(&running).await?, [""; 0]);
    for name in [
        "polling_ends",
        "version_header",
        "version_is_semantic",
        "https_only",
        "token_not_to_storage",
        "refresh_in_time",
        "refresh_once",
        "device_information",
        "heartbeat_not_too_often",
        "heartbeat_not_too_rarely",
        "offset_present",
        "offset_plausible",
        "part_sizes",
        "part_headers",
    ] {
        assert_eq!(row(&running, name).await?["status"], "fulfilled", "{name}");
    }
    assert_eq!(row(&running, "shows_user_code").await?["status"], "ask_the_engineer");
    assert_eq!(row(&running, "pause_honoured").await?["status"], "not_exercised");
    let checklist = checklist(&running).await?;
    assert_eq!(checklist["devices"]["CAM"]["version_header"], "fulfilled");
    assert_eq!(checklist["summary"]["broken"], 0);
    Ok(())
}

#[tokio::test]
async fn plain_http_is_recorded_with_its_secrets_masked() -> Outcome {
    let running = emulator(&[]).await?;
    let mut plain = TcpStream::connect(running.address).await?;
    let request = "GET /v2/devices/me?access_token=t0psecret HTTP/1.1\r\nHost: api.frame.io\r\n\
                   Authorization: Bearer t0psecret\r\n\r\n";
    plain.write_all(request.as_bytes()).await?;
    assert_eq!(plain.read(&mut [0; 64]).await?, 0, "nothing is answered");
    let row = row(&running, "https_only").await?;
    assert_eq!(row["status"], "broken");
    assert_eq!(culprit(&row)["path"], "/v2/devices/me");
    assert!(!row.to_string().contains("t0psecret"), "{row}");
    assert!(row.to_string().contains("Bearer #"), "{row}");

    let mut garbage = TcpStream::connect(running.address).await?;
    garbage.write_all(b"SSH-2.0-OpenSSH_9.2\r\n\r\n").await?;
    assert_eq!(garbage.read(&mut [0; 64]).await?, 0);
    assert_eq!(self::row(&running, "https_only").await?["broken"], 1, "what is no HTTP is no breach");
    Ok(())
}

#[tokio::test]
async fn breaches_quote_what_was_sent_and_answered() -> Outcome {
    let running = emulator(&[]).await?;
    let mut client = Client::connect(&running).await?;
    let body = "client_id=CAM&client_secret=emulator-secret&scope=asset_create%20offline";
    client.call("POST", "/v2/auth/device/code", &[FORM], body).await?;
    let row = row(&running, "version_header").await?;
    assert_eq!(row["breaches"][0]["device"], "CAM");
    let quote = culprit(&row);
    assert_eq!((&quote["seq"], &quote["status"]), (&1.into(), &200.into()), "its answer came later");
    assert_eq!((&quote["method"], &quote["path"]), (&"POST".into(), &"/v2/auth/device/code".into()));
    assert!(!row.to_string().contains("emulator-secret"));
    Ok(())
}

#[tokio::test]
async fn the_emulator_is_told_what_it_cannot_see() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    let asset = device.create(7, r#","parts":1"#).await?;
    for what in ["power_cut", "network_changed"] {
        device.steer("POST", "/emulator/told", &format!(r#"{{"client_id":"CAM","what":"{what}"}}"#)).await?;
    }
    Client::connect_to_storage(&running).await?.put(&asset.urls[0], b"1234567").await?;
    device.post("/v2/devices/heartbeat", "").await?;
    let told = r#"{"client_id":"CAM","what":"upload_canceled","name":"A001.mov"}"#;
    device.create(7, "").await?;
    device.steer("POST", "/emulator/told", told).await?;
    for name in ["queue_survives_power_cycle", "network_change", "upload_can_be_canceled"] {
        assert_eq!(row(&running, name).await?["status"], "fulfilled", "{name}");
    }
    for bad in [
        r#"{"client_id":"CAM","what":"nonsense"}"#,
        r#"{"what":"power_cut"}"#,
        r#"{"client_id":"CAM","what":"power_cut","name":"A001.mov"}"#,
    ] {
        assert_eq!(device.client.call("POST", "/emulator/told", &[], bad).await?.status, 400, "{bad}");
    }
    assert_eq!(device.client.call("DELETE", "/emulator/checklist", &[VERSION], "").await?.status, 405);
    Ok(())
}
