//! Garbage instead of TLS, and handshakes that stop half-way.

mod client;

use std::io;

use client::{Client, Outcome, emulator};
use fio_emulator::run::Running;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// The beginning of a ClientHello of 512 bytes.
const HALF: [u8; 9] = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc];

async fn send(running: &Running, bytes: &[u8]) -> io::Result<TcpStream> {
    let mut tcp = TcpStream::connect(running.address).await?;
    tcp.write_all(bytes).await?;
    Ok(tcp)
}

async fn is_served(running: &Running) -> Outcome {
    let mut client = Client::connect(running).await?;
    assert_eq!(client.call("GET", "/health", &[], "").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn garbage_ends_its_own_connection_only() -> Outcome {
    let running = emulator(&[]).await?;
    let record = |length: u16, content: &[u8]| [&[0x16, 3, 1][..], &length.to_be_bytes(), content].concat();
    for garbage in [
        record(4, b"\x01\xff\xff\xff"),
        record(0, b""),
        record(u16::MAX, &[0xff; 70_000]),
        record(5, b"hello"),
        [record(4, &[2, 0, 0, 0]), vec![0x17; 1_000]].concat(),
        vec![0x16; 100],
        vec![0x80; 100],
        b"\0".to_vec(),
        b"SSH-2.0-x\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\n\xff: \0\r\n\r\n".to_vec(),
    ] {
        let mut tcp = send(&running, &garbage).await?;
        let _ = tcp.shutdown().await;
        // An alert, or nothing, and the end.
        let mut said = Vec::new();
        let reading = tokio::time::timeout(std::time::Duration::from_secs(20), tcp.read_to_end(&mut said));
        let _ = reading.await?;
        assert!(said.len() <= 7 && !said.starts_with(b"HTTP"), "{said:?}");
        is_served(&running).await?;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn half_a_handshake_is_given_ten_seconds_and_holds_nobody() -> Outcome {
    let running = emulator(&[]).await?;
    for half in [&HALF[..], &HALF[..1], b""] {
        let mut hanging = Vec::new();
        for _ in 0..50 {
            hanging.push(send(&running, half).await?);
        }
        is_served(&running).await?;
        let began = Instant::now();
        let mut said = Vec::new();
        let _ = hanging[0].read_to_end(&mut said).await;
        assert!(began.elapsed().as_secs() <= 20, "{:?}", began.elapsed());
        assert!(said.len() <= 7, "{said:?}");
    }
    Ok(())
}
