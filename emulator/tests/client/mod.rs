//! A small HTTP client over TLS, and an emulator in this process for it to talk to.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part of it")]

pub mod checklist;
pub mod device;
pub mod program;
pub mod scratch;

use std::error::Error;
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use clap::Parser;
use fio_emulator::cli::Options;
use fio_emulator::run::{self, Running};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

pub type Outcome = Result<(), Box<dyn Error>>;

pub const VERSION: (&str, &str) = ("x-client-version", "1.2.3");
pub const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

pub async fn emulator(arguments: &[&str]) -> io::Result<Running> {
    let options = Options::parse_from(["fio-emulator"].iter().chain(arguments));
    run::start(&options).await
}

pub struct Client {
    pub stream: TlsStream<TcpStream>,
    host: String,
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    pub fn text(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_default().to_owned()
    }
}

impl Client {
    pub async fn connect(running: &Running) -> io::Result<Self> {
        Self::connect_to(&running.ca_file, running.address.port()).await
    }

    pub async fn connect_to(ca_file: &Path, port: u16) -> io::Result<Self> {
        Self::connect_from("127.0.0.1", ca_file, port).await
    }

    /// From another address of this computer.
    pub async fn connect_from(source: &str, ca_file: &Path, port: u16) -> io::Result<Self> {
        let authority = CertificateDer::from(std::fs::read(ca_file.with_extension("crt"))?);
        let mut roots = RootCertStore::empty();
        roots.add(authority).map_err(io::Error::other)?;
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let socket = TcpSocket::new_v4()?;
        socket.bind((source.parse::<Ipv4Addr>().map_err(io::Error::other)?, 0).into())?;
        let tcp = socket.connect((Ipv4Addr::LOCALHOST, port).into()).await?;
        // A head and the body after it are two writes.
        tcp.set_nodelay(true)?;
        let name = ServerName::try_from("127.0.0.1").map_err(io::Error::other)?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await?;
        Ok(Self { stream, host: "127.0.0.1".to_owned() })
    }

    /// To the storage, which wants to be called by its name.
    pub async fn connect_to_storage(running: &Running) -> io::Result<Self> {
        let url = &running.emulator.storage.url;
        let port = url.rsplit(':').next().and_then(|port| port.parse().ok());
        let port = port.ok_or_else(|| io::Error::other("no port"))?;
        Ok(Self::connect_to(&running.ca_file, port).await?.named(url))
    }

    /// Calls the server what `url` calls it.
    pub fn named(self, url: &str) -> Self {
        Self { host: url.trim_start_matches("https://").to_owned(), ..self }
    }

    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> io::Result<()> {
        let length = body.len().to_string();
        let mut request = self.head(method, path, &[headers, &[("content-length", &length)]].concat());
        request.push_str(body);
        self.send_body(request.as_bytes()).await
    }

    pub async fn send_head(&mut self, method: &str, path: &str, headers: &[(&str, &str)]) -> io::Result<()> {
        let head = self.head(method, path, headers);
        self.send_body(head.as_bytes()).await
    }

    pub async fn send_body(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    fn head(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> String {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.host);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        head
    }

    /// The head of a PUT of a part of a QuickTime file.
    pub async fn begin_put(&mut self, url: &str, length: usize, more: &[(&str, &str)]) -> io::Result<()> {
        let length = length.to_string();
        let usual =
            [("content-type", device::FILETYPE), ("x-amz-acl", "private"), ("content-length", &length)];
        self.send_head("PUT", device::path_of(url), &[&usual, more].concat()).await
    }

    pub async fn put(&mut self, url: &str, body: &[u8]) -> io::Result<Reply> {
        self.begin_put(url, body.len(), &[]).await?;
        self.send_body(body).await?;
        self.receive().await
    }

    pub async fn receive(&mut self) -> io::Result<Reply> {
        let (head, body) = self.receive_whole().await?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Ok(Reply { status, head, body: String::from_utf8_lossy(&body).into_owned() })
    }

    /// The body of an answer that is no text.
    pub async fn receive_bytes(&mut self) -> io::Result<Vec<u8>> {
        Ok(self.receive_whole().await?.1)
    }

    async fn receive_whole(&mut self) -> io::Result<(String, Vec<u8>)> {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            bytes.push(self.stream.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.and_then(|length| length.trim().parse().ok()).unwrap_or(0)];
        self.stream.read_exact(&mut body).await?;
        Ok((head, body))
    }

    pub async fn call(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> io::Result<Reply> {
        self.send(method, path, headers, body).await?;
        self.receive().await
    }

    /// A call of an auth endpoint by the device `CAM`.
    pub async fn auth(&mut self, path: &str, fields: &str) -> io::Result<Reply> {
        let body = format!("client_id=CAM&client_secret=emulator-secret&{fields}");
        self.call("POST", path, &[VERSION, FORM], &body).await
    }

    pub async fn code(&mut self) -> io::Result<Reply> {
        self.auth("/v2/auth/device/code", "scope=asset_create%20offline").await
    }

    pub async fn poll(&mut self, device_code: &str) -> io::Result<Reply> {
        let grant = "grant_type=urn:ietf:params:oauth:grant-type:device_code";
        self.auth("/v2/auth/token", &format!("{grant}&device_code={device_code}")).await
    }

    pub async fn refresh(&mut self, refresh_token: &str) -> io::Result<Reply> {
        self.auth("/v2/auth/token", &format!("grant_type=refresh_token&refresh_token={refresh_token}")).await
    }

    pub async fn bearer(&mut self, method: &str, path: &str, access_token: &str) -> io::Result<Reply> {
        let authorization = format!("Bearer {access_token}");
        self.call(method, path, &[VERSION, ("authorization", &authorization)], "").await
    }

    /// Requests a code, approves it and fetches the tokens.
    pub async fn pair(&mut self) -> io::Result<Reply> {
        let code = self.code().await?.text("device_code");
        self.call("POST", "/emulator/approve", &[], "").await?;
        self.poll(&code).await
    }
}
