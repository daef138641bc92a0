//! A device that does by itself what cameras do: it pairs, renews its tokens, tries again, and uploads what was
//! recorded; and somebody who presses its buttons, as a scenario says.

#![allow(unreachable_pub, reason = "for the test that includes it")]

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fio_emulator::emulator::Emulator;
use fio_emulator::run::Running;
use fio_emulator::scenario::script::Operate;
use fio_emulator::scenario::stage;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::client::device::{FILETYPE, content, urls};
use crate::client::{Client, Reply, VERSION};

const ATTEMPTS: u32 = 12;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

enum Button {
    Power,
    Pair,
    Record(usize),
}

struct Scripted {
    ca_file: PathBuf,
    port: u16,
    storage_url: String,
    /// Access and refresh token.
    tokens: Option<(String, String)>,
    queue: VecDeque<usize>,
    recorded: usize,
}

/// Switched off, and at the hand of whatever scenario is played.
pub fn attend(running: &Running) {
    let (operator, mut calls) = unbounded_channel();
    running.emulator.world().scenarios.operator = Some(operator);
    let device = Scripted {
        ca_file: running.ca_file.clone(),
        port: running.address.port(),
        storage_url: running.emulator.storage.url.clone(),
        tokens: None,
        queue: VecDeque::new(),
        recorded: 0,
    };
    let (finger, buttons) = unbounded_channel();
    // In a thread of its own, where nothing of it needs to move between threads.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if let Err(error) = runtime.and_then(|runtime| runtime.block_on(device.live(buttons))) {
            eprintln!("the scripted device: {error}");
        }
    });
    let emulator: Arc<Emulator> = Arc::clone(&running.emulator);
    tokio::spawn(async move {
        while let Some(call) = calls.recv().await {
            let pressed = match call.operation.operate {
                Operate::SwitchOn => finger.send(Button::Power).is_ok(),
                Operate::Pair => finger.send(Button::Pair).is_ok(),
                Operate::Record => {
                    let bytes = call.operation.bytes.unwrap_or(1_000);
                    finger.send(Button::Record(bytes as usize)).is_ok()
                }
                Operate::SwitchOff => true,
                _ => false,
            };
            let result = if pressed { Ok(()) } else { Err("it has no such button".to_owned()) };
            let _ = stage::operated(&emulator, call.id, result);
        }
    });
}

impl Scripted {
    async fn live(mut self, mut buttons: UnboundedReceiver<Button>) -> io::Result<()> {
        while let Some(button) = buttons.recv().await {
            match button {
                Button::Pair => self.pair().await?,
                Button::Power if self.tokens.is_none() => self.pair().await?,
                Button::Power => {
                    self.call("GET", "/v2/devices/me", "").await?;
                }
                Button::Record(bytes) => self.queue.push_back(bytes),
            }
            while let Some(bytes) = self.queue.front().copied() {
                if !self.upload(bytes).await? {
                    break;
                }
                self.queue.pop_front();
            }
        }
        Ok(())
    }

    async fn connect(&self) -> io::Result<Client> {
        Client::connect_to(&self.ca_file, self.port).await
    }

    async fn pair(&mut self) -> io::Result<()> {
        let code = patiently(async || self.connect().await?.code().await).await?;
        let code = code.text("device_code");
        let reply = patiently(async || self.connect().await?.poll(&code).await).await?;
        self.take(&reply).await
    }

    /// Tokens, and what they are for.
    async fn take(&mut self, reply: &Reply) -> io::Result<()> {
        self.tokens =
            (reply.status == 200).then(|| (reply.text("access_token"), reply.text("refresh_token")));
        if self.tokens.is_some() {
            Box::pin(self.call("GET", "/v2/devices/me", "")).await?;
        }
        Ok(())
    }

    /// `None` when it needs a new pairing.
    async fn call(&mut self, method: &str, path: &str, body: &str) -> io::Result<Option<Reply>> {
        while let Some((access, refresh)) = self.tokens.clone() {
            let authorization = format!("Bearer {access}");
            let headers = [VERSION, ("authorization", &authorization), ("content-type", "application/json")];
            let reply =
                patiently(async || self.connect().await?.call(method, path, &headers, body).await).await?;
            if reply.status != 401 {
                return Ok(Some(reply));
            }
            let renewed = patiently(async || self.connect().await?.refresh(&refresh).await).await?;
            self.take(&renewed).await?;
        }
        Ok(None)
    }

    /// Whether it is done.
    async fn upload(&mut self, bytes: usize) -> io::Result<bool> {
        let name = format!("S{:03}.mov", self.recorded);
        let body = format!(
            r#"{{"name":"{name}","filetype":"{FILETYPE}","filesize":{bytes},"offset":0,"channel":0,"parts":1}}"#
        );
        let Some(reply) = self.call("POST", "/v2/devices/assets", &body).await? else { return Ok(false) };
        let content = content(bytes);
        for url in urls(&reply) {
            patiently(async || {
                let port = self.storage_url.rsplit(':').next().and_then(|port| port.parse().ok());
                let port = port.ok_or_else(|| io::Error::other("no port"))?;
                let storage = Client::connect_to(&self.ca_file, port).await?;
                storage.named(&self.storage_url).put(&url, &content).await
            })
            .await?;
        }
        self.recorded += 1;
        Ok(true)
    }
}

/// Again after what passes, and each time later.
async fn patiently(mut attempt: impl AsyncFnMut() -> io::Result<Reply>) -> io::Result<Reply> {
    let mut wait = FIRST_WAIT;
    for _ in 1..ATTEMPTS {
        match attempt().await {
            Ok(reply) if reply.status < 500 => return Ok(reply),
            Ok(_) | Err(_) => tokio::time::sleep(wait).await,
        }
        wait = (2 * wait).min(LONGEST_WAIT);
    }
    attempt().await
}
