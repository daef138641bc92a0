//! An emulator in memory with a paired device, and a client on a paused clock: limits of minutes pass in
//! no time.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fio_emulator::clock::Clock;
use fio_emulator::emulator::Emulator;
use fio_emulator::http::access::Access;
use fio_emulator::http::connection::exchange;
use fio_emulator::http::listener::Site;
use fio_emulator::http::wire::{Ending, Wire};
use fio_emulator::service::Service;
use fio_emulator::service::person::Person;
use fio_emulator::settings::Settings;
use fio_emulator::state::State;
use fio_emulator::storage::Storage;
use fio_emulator::storage::files::PartDir;
use fio_emulator::storage::presign::Signer;
use fio_emulator::tls::authority::Authority;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::runtime::Runtime;
use tokio::time::timeout;

pub const STORAGE_HOST: &str = "127.0.0.1:9";
/// Longer than every limit of the emulator.
pub const PATIENCE: Duration = Duration::from_secs(3_700);
/// What is read of an answer; a test may order endless ones.
pub const READ_AT_MOST: usize = 4 << 20;
const PIPE: usize = 64 << 10;

pub struct Bench {
    pub emulator: Arc<Emulator>,
    pub dir: PathBuf,
    pub known: Known,
}

/// What a client has been told.
pub struct Known {
    pub access_token: String,
    pub refresh_token: String,
    /// Of a pairing that nobody has decided about.
    pub device_code: String,
    pub user_code: String,
    pub form_token: String,
    /// Newest last: an asset and the addresses of its parts.
    pub assets: Vec<(String, Vec<String>)>,
}

/// Runs it to its end, with a directory that is gone afterwards.
pub fn with(test: impl AsyncFnOnce(&mut Bench)) {
    let runtime = runtime();
    runtime.block_on(async {
        let mut bench = Bench::new();
        bench
            .create(r#"{"name":"A.mov","filetype":"video/quicktime","filesize":7,"parts":1,"offset":0}"#)
            .await;
        bench
            .create(
                r#"{"extension":".mov","filetype":"video/quicktime","offset":0,"is_realtime_upload":true}"#,
            )
            .await;
        test(&mut bench).await;
        bench.emulator.shut_down();
    });
    runtime.shutdown_timeout(Duration::from_secs(10));
}

/// On a paused clock this is when nobody else has anything to do.
pub async fn let_others_run() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().start_paused(true).build().expect("a runtime")
}

/// In memory where there is such a place.
fn scratch() -> PathBuf {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let memory = PathBuf::from("/dev/shm");
    let dir = if memory.is_dir() { memory } else { std::env::temp_dir() };
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    dir.join(format!("fio-emulator-fuzz-{}-{number}", std::process::id()))
}

impl Bench {
    fn new() -> Self {
        let dir = scratch();
        let state = State::open(&dir).expect("a directory");
        let service = Service::new(Settings::default(), vec!["emulator-secret".into()], Person::default());
        let storage =
            Storage::new(format!("https://{STORAGE_HOST}"), PartDir::new(dir.join("parts")), Signer::new());
        let authority = Authority::new(&[]).expect("an authority");
        let mut emulator =
            Emulator::new(Clock::start(), service, authority, storage, "https://127.0.0.1:8/pair".into());
        emulator.state = Some(state);
        // As requests there call it.
        emulator.access = Access::new(["x".into(), "localhost".into()], None);
        let known = pair(&emulator);
        Self { emulator: Arc::new(emulator), dir, known }
    }

    /// A connection, answered until it ends.
    pub fn connect(&self, site: Site) -> DuplexStream {
        let (client, server) = duplex(PIPE);
        let emulator = Arc::clone(&self.emulator);
        tokio::spawn(async move {
            if let Some((mut stream, Ending::Close)) =
                exchange(&emulator, server, Wire::new(1, None), site).await
            {
                let _ = stream.shutdown().await;
            }
        });
        client
    }

    /// Sends the pieces one after another and reads, beside that, until the emulator has said enough or
    /// ends the connection.
    pub async fn talk(
        &self,
        connection: &mut DuplexStream,
        pieces: impl Iterator<Item = &[u8]>,
        enough: impl Fn(&[u8]) -> bool,
    ) -> Vec<u8> {
        let (mut reader, mut writer) = tokio::io::split(connection);
        let sending = async {
            for piece in pieces {
                if writer.write_all(piece).await.is_err() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            // What was said may be an answer to half of it already.
            std::future::pending::<()>().await;
        };
        let mut said = Vec::new();
        let reading = async {
            while said.len() < READ_AT_MOST && !enough(&said) {
                if !matches!(reader.read_buf(&mut said).await, Ok(1..)) {
                    break;
                }
            }
        };
        let both = async {
            tokio::select! {
                () = sending => {}
                () = reading => {}
            }
        };
        let _ = timeout(PATIENCE, both).await;
        said
    }

    /// Creates an asset as a device does.
    async fn create(&mut self, body: &str) {
        let request = format!(
            "POST /v2/devices/assets HTTP/1.1\r\nhost: x\r\nx-client-version: 1.2.3\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            self.known.access_token,
            body.len()
        );
        let mut connection = self.connect(Site::Service);
        let said = self.talk(&mut connection, std::iter::once(request.as_bytes()), |_| false).await;
        self.known.learn(&said);
        assert!(!self.known.assets.is_empty(), "{}", String::from_utf8_lossy(&said));
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

fn pair(emulator: &Emulator) -> Known {
    let now = emulator.clock.now();
    let service = &mut emulator.world().service;
    let mut code = || {
        let code = service.issue_code(now, "CAM", "asset_create offline", None).expect("a code");
        (code.device_code.clone(), code.user_code.clone())
    };
    let (paired, user_code) = code();
    let verdict = service.approval(None);
    service.decide(now, Some(&user_code), verdict);
    let tokens = service.poll(now, "CAM", &paired).outcome.expect("tokens");
    let code = service.issue_code(now, "CAM", "asset_create offline", None).expect("a code");
    Known {
        access_token: tokens.access_token,
        refresh_token: tokens.refresh_token.expect("a refresh token"),
        device_code: code.device_code.clone(),
        user_code: code.user_code.clone(),
        form_token: emulator.form_token.clone(),
        assets: Vec::new(),
    }
}

impl Known {
    /// Keeps what an answer tells.
    pub fn learn(&mut self, said: &[u8]) {
        let Some(at) = said.windows(4).position(|four| four == b"\r\n\r\n") else { return };
        let Ok(body) = serde_json::from_slice::<Value>(&said[at + 4..]) else { return };
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        if let (Some(device_code), Some(user_code)) = (text("device_code"), text("user_code")) {
            (self.device_code, self.user_code) = (device_code, user_code);
        }
        if let Some(token) = text("access_token") {
            self.access_token = token;
        }
        if let Some(token) = text("refresh_token") {
            self.refresh_token = token;
        }
        let urls: Vec<String> = body["upload_urls"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(path_of)
            .collect();
        match text("id") {
            Some(id) => self.assets.push((id, urls)),
            // Parts of the newest asset, announced in real time.
            None => self
                .assets
                .iter_mut()
                .next_back()
                .into_iter()
                .for_each(|(_, known)| known.extend(urls.clone())),
        }
    }
}

/// Path and query of an address.
fn path_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or(String::new(), |at| rest[at..].to_owned())
}
