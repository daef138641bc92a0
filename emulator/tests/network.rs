//! A network that is taken away: dead for devices, and not for rigs and browsers.

mod client;

use std::time::Duration;

use client::device::Device;
use client::{Client, Outcome, emulator};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

const LIMIT: Duration = Duration::from_secs(20);

#[tokio::test]
async fn devices_find_nothing_and_rigs_find_all() -> Outcome {
    let running = emulator(&[]).await?;
    let mut rig = Client::connect(&running).await?;
    let mut device = Device::paired(&running).await?;
    let asset = device.create(7, r#","parts":1"#).await?;
    let mut upload = Client::connect_to_storage(&running).await?;
    upload.begin_put(&asset.urls[0], 7, &[]).await?;
    upload.send_body(b"123").await?;
    let mut resting = Client::connect_to_storage(&running).await?;
    tokio::time::timeout(LIMIT, async {
        while !device.upload(&asset).await.is_ok_and(|upload| upload["parts"][0]["times_started"] == 1) {}
    })
    .await?;

    let down = rig.call("POST", "/emulator/network", &[], r#"{"state":"down"}"#).await?;
    assert_eq!(down.json(), serde_json::json!({ "state": "down", "refused_connections": 0 }));
    // At once, in the middle of whatever they do, and without a word of HTTP.
    for client in [&mut device.client, &mut upload, &mut resting] {
        let mut rest = Vec::new();
        let end = tokio::time::timeout(LIMIT, client.stream.read_to_end(&mut rest)).await?;
        assert!(end.is_err() && rest.is_empty(), "{end:?} {rest:?}");
    }
    let before = rig.call("GET", "/emulator/state", &[], "").await?.json()["last_seq"].clone();
    let mut again = Client::connect(&running).await?;
    assert!(again.code().await.is_err());
    assert!(Client::connect_to_storage(&running).await.is_err());
    let mut plain = TcpStream::connect(running.address).await?;
    tokio::io::AsyncWriteExt::write_all(&mut plain, b"GET /health HTTP/1.1\r\n\r\n").await?;
    assert!(plain.read(&mut [0; 64]).await.is_err());
    assert_eq!(Client::connect(&running).await?.call("GET", "/", &[], "").await?.status, 200);
    let state = rig.call("GET", "/emulator/state", &[], "").await?.json();
    assert_eq!(state["network"], serde_json::json!({ "state": "down", "refused_connections": 3 }));
    assert_eq!(state["last_seq"], before, "nothing that never arrived is judged");

    rig.call("POST", "/emulator/network", &[], r#"{"state":"up"}"#).await?;
    Client::connect_to_storage(&running).await?.put(&asset.urls[0], b"1234567").await?;
    assert_eq!(Client::connect(&running).await?.code().await?.status, 200);
    assert_eq!(client::checklist::broken(&running).await?, [""; 0]);
    assert_eq!(client::checklist::row(&running, "retry_network").await?["status"], "fulfilled");
    for (method, body, status) in [("POST", r#"{"state":"slow"}"#, 400), ("DELETE", "", 405)] {
        assert_eq!(rig.call(method, "/emulator/network", &[], body).await?.status, status);
    }
    Ok(())
}
