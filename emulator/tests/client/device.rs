//! A paired device, and what the test API says about its uploads.

use std::error::Error;
use std::io;
use std::path::Path;

use fio_emulator::run::Running;
use serde_json::Value;

use super::{Client, Reply, VERSION};

pub const FILETYPE: &str = "video/quicktime";

pub struct Device {
    pub client: Client,
    pub token: String,
}

pub struct Asset {
    pub id: String,
    pub urls: Vec<String>,
}

impl Device {
    pub async fn paired(running: &Running) -> io::Result<Self> {
        Self::paired_at(&running.ca_file, running.address.port()).await
    }

    pub async fn paired_at(ca_file: &Path, port: u16) -> io::Result<Self> {
        let mut client = Client::connect_to(ca_file, port).await?;
        let token = client.pair().await?.text("access_token");
        Ok(Self { client, token })
    }

    pub async fn post(&mut self, path: &str, body: &str) -> io::Result<Reply> {
        let authorization = format!("Bearer {}", self.token);
        let headers = [VERSION, ("authorization", &authorization), ("content-type", "application/json")];
        self.client.call("POST", path, &headers, body).await
    }

    pub async fn get(&mut self, path: &str) -> io::Result<Reply> {
        self.client.bearer("GET", path, &self.token).await
    }

    /// Creates an asset; `more` are further fields of the request, each with a comma before it.
    pub async fn create(&mut self, filesize: usize, more: &str) -> Result<Asset, Box<dyn Error>> {
        let body = format!(
            r#"{{"name":"A001.mov","filetype":"{FILETYPE}","filesize":{filesize},"offset":0,"channel":0{more}}}"#
        );
        asset(&self.post("/v2/devices/assets", &body).await?)
    }

    pub async fn create_realtime(&mut self) -> Result<Asset, Box<dyn Error>> {
        let body = format!(
            r#"{{"extension":".mov","filetype":"{FILETYPE}","offset":0,"is_realtime_upload":true,"filesize":null}}"#
        );
        asset(&self.post("/v2/devices/assets", &body).await?)
    }

    pub async fn announce(&mut self, asset: &Asset, body: &str) -> io::Result<Reply> {
        self.post(&format!("/v2/devices/assets/{}/realtime_upload/parts", asset.id), body).await
    }

    /// A call of the test API.
    pub async fn steer(&mut self, method: &str, path: &str, body: &str) -> Result<Value, Box<dyn Error>> {
        let reply = self.client.call(method, path, &[], body).await?;
        if reply.status == 200 { Ok(reply.json()) } else { Err(reply.body.into()) }
    }

    pub async fn upload(&mut self, asset: &Asset) -> Result<Value, Box<dyn Error>> {
        let list = self.steer("GET", "/emulator/uploads", "").await?;
        let found =
            list["uploads"].as_array().and_then(|list| list.iter().find(|upload| upload["id"] == *asset.id));
        found.cloned().ok_or_else(|| "no such upload".into())
    }

    /// The newest entry of the request log.
    pub async fn logged(&mut self) -> Result<Value, Box<dyn Error>> {
        let log = self.steer("GET", "/emulator/requests", "").await?;
        log["requests"]
            .as_array()
            .and_then(|list| list.last())
            .cloned()
            .ok_or_else(|| "nothing logged".into())
    }
}

fn asset(reply: &Reply) -> Result<Asset, Box<dyn Error>> {
    if reply.status != 200 {
        return Err(reply.body.clone().into());
    }
    Ok(Asset { id: reply.text("id"), urls: urls(reply) })
}

pub fn urls(reply: &Reply) -> Vec<String> {
    let urls = reply.json()["upload_urls"].as_array().cloned().unwrap_or_default();
    urls.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Path and query of an address of the storage.
pub fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or(rest, |at| &rest[at..])
}

/// Bytes that look like no others.
pub fn content(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}
