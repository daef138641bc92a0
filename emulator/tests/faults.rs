//! Faults, hostile input and bad certificates, over real sockets.

mod client;

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use client::{Client, Outcome, emulator};
use fio_emulator::run::Running;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const SOON: Duration = Duration::from_millis(200);

async fn order(running: &Running, rule: &str) -> Outcome {
    let reply = Client::connect(running).await?.call("POST", "/emulator/faults", &[], rule).await?;
    assert_eq!(reply.status, 200, "{}", reply.body);
    Ok(())
}

#[tokio::test]
async fn the_reply_to_a_refresh_is_lost() -> Outcome {
    let running = emulator(&[]).await?;
    let mut client = Client::connect(&running).await?;
    let tokens = client.pair().await?;
    order(
        &running,
        r#"{"endpoint":"token","grant":"refresh_token","processed":true,"fault":{"kind":"reset"}}"#,
    )
    .await?;
    let lost = client.refresh(&tokens.text("refresh_token")).await.err();
    assert_eq!(lost.map(|error| error.kind()), Some(ErrorKind::ConnectionReset));
    let mut client = Client::connect(&running).await?;
    assert_eq!(client.refresh(&tokens.text("refresh_token")).await?.text("error"), "invalid_request");
    Ok(())
}

#[tokio::test]
async fn a_fault_instead_of_processing_leaves_the_token_alone() -> Outcome {
    let running = emulator(&[]).await?;
    let mut client = Client::connect(&running).await?;
    let tokens = client.pair().await?;
    let rule = r#"{"endpoint":"token","times":2,"fault":{"kind":"status","status":503,"headers":{"Retry-After":"2"}}}"#;
    order(&running, rule).await?;
    for _ in 0..2 {
        let reply = client.refresh(&tokens.text("refresh_token")).await?;
        assert_eq!((reply.status, reply.text("error").as_str()), (503, "temporarily_unavailable"));
        assert!(reply.head.contains("retry-after: 2"));
    }
    assert_eq!(client.refresh(&tokens.text("refresh_token")).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn every_kind_on_the_wire() -> Outcome {
    let running = emulator(&[]).await?;
    let ends = |kind| (kind, false);
    let holds = |kind| (kind, true);
    for (fault, holds) in [
        ends(r#"{"kind":"reset"}"#),
        ends(r#"{"kind":"reset","after_bytes":4}"#),
        ends(r#"{"kind":"close"}"#),
        ends(r#"{"kind":"truncate"}"#),
        holds(r#"{"kind":"stall"}"#),
        holds(r#"{"kind":"stall","after_bytes":4}"#),
    ] {
        for processed in [true, false] {
            order(&running, &format!(r#"{{"endpoint":"health","processed":{processed},"fault":{fault}}}"#))
                .await?;
            let mut client = Client::connect(&running).await?;
            let reply = timeout(SOON, client.call("GET", "/health", &[], "")).await;
            assert_eq!(reply.is_err(), holds, "{fault}");
            assert!(reply.is_err() || reply.is_ok_and(|reply| reply.is_err()), "{fault}");
        }
    }
    let mut client = Client::connect(&running).await?;
    order(&running, r#"{"endpoint":"health","fault":{"kind":"big","bytes":3000000}}"#).await?;
    assert_eq!(client.call("GET", "/health", &[], "").await?.body.len(), 3_000_000);
    order(
        &running,
        r#"{"endpoint":"any","fault":{"kind":"redirect","location":"https://elsewhere.invalid/"}}"#,
    )
    .await?;
    let reply = client.call("GET", "/health", &[], "").await?;
    assert!(reply.status == 302 && reply.head.contains("location: https://elsewhere.invalid/"));
    order(&running, r#"{"endpoint":"health","fault":{"kind":"delay","ms":150}}"#).await?;
    let asked = Instant::now();
    assert_eq!(client.call("GET", "/health", &[], "").await?.text("status"), "ok");
    assert!(asked.elapsed() >= Duration::from_millis(150));
    Ok(())
}

#[tokio::test]
async fn certificates_of_every_quality() -> Outcome {
    let running = emulator(&[]).await?;
    let mut client = Client::connect(&running).await?;
    for (kind, trusted) in [
        ("valid", true),
        ("expired", false),
        ("not_yet_valid", false),
        ("wrong_host", false),
        ("self_signed", false),
        ("other_ca", false),
    ] {
        let order = format!(r#"{{"certificate":"{kind}"}}"#);
        let reply = client.call("POST", "/emulator/listeners", &[], &order).await?;
        let port =
            reply.json()["port"].as_u64().and_then(|port| u16::try_from(port).ok()).ok_or("no port")?;
        assert_eq!(Client::connect_to(&running.ca_file, port).await.is_ok(), trusted, "{kind}");
    }
    Ok(())
}

#[tokio::test]
async fn hostile_input_harms_nobody_else() -> Outcome {
    let running = emulator(&[]).await?;
    let port = running.address.port();
    let mut plain = TcpStream::connect(("127.0.0.1", port)).await?;
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await?;
    assert_eq!(plain.read(&mut [0; 64]).await.unwrap_or(0), 0, "plain HTTP gets nothing");
    let _silent = TcpStream::connect(("127.0.0.1", port)).await?;
    let mut half = Client::connect(&running).await?;
    half.stream.write_all(b"POST /v2/auth/token HTTP/1.1\r\ncontent-length: 100\r\n\r\nclient").await?;
    for garbage in
        ["\0\u{1}\u{2}\r\n\r\n", "GET  HTTP/9\r\n\r\n", "POST /health HTTP/1.1\r\ncontent-length: -1\r\n\r\n"]
    {
        let mut client = Client::connect(&running).await?;
        client.stream.write_all(garbage.as_bytes()).await?;
        let _ = timeout(SOON, client.receive()).await;
    }
    let mut client = Client::connect(&running).await?;
    let huge = client.call("POST", "/v2/auth/token", &[client::FORM], &"a".repeat(3 << 20)).await?;
    assert_eq!((huge.status, huge.json()["code"].as_u64()), (413, Some(413)));
    for path in
        ["/../../etc/passwd", "/pair/%3Cscript%3E", "/emulator/devices/%ff/pause", "/emulator/devices//pause"]
    {
        let mut client = Client::connect(&running).await?;
        assert!(client.call("GET", path, &[], "").await?.status < 500, "{path}");
        assert!(client.call("POST", path, &[], "{").await?.status < 500, "{path}");
    }
    let mut client = Client::connect(&running).await?;
    assert_eq!(client.call("GET", "/health", &[], "").await?.status, 200);
    let state = client.call("GET", "/emulator/state", &[], "").await?.json();
    assert_eq!(state["connections"]["not_tls"], 1);
    Ok(())
}
