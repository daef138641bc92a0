//! Starting and stopping.

use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};

use crate::checklist::answers_file;
use crate::checklist::report_files;
use crate::cli::Options;
use crate::emulator::Emulator;
use crate::http::access::{Access, host_of};
use crate::http::listener::{self, Site};
use crate::random;
use crate::request_log::RequestLog;
use crate::service::person::Person;
use crate::service::projects::clean_name;
use crate::settings::{Settings, SettingsChange};
use crate::state::{self, State};
use crate::storage::files::PartDir;
use crate::storage::{Storage, assembly};
use crate::tls::authority::{Authority, CertificateKind, Scope};

/// How long connections may take to end once the emulator stops.
const STOPPING_LIMIT: Duration = Duration::from_millis(500);

/// How often the removal of the temporary directory is tried.
const REMOVALS: usize = 5;

/// A running emulator.
pub struct Running {
    pub emulator: Arc<Emulator>,
    pub address: SocketAddr,
    pub url: String,
    pub ca_file: PathBuf,
    /// Dropped after the emulator has stopped.
    _temporary: Temporary,
    reports: Vec<PathBuf>,
}

/// Must be called inside a Tokio runtime, which then serves.
pub async fn start(options: &Options) -> io::Result<Running> {
    let settings = settings(options)?;
    let person = person(options)?;
    let state = options.state.as_deref().map(State::open).transpose()?;
    let scope = if options.unconstrained_ca { Scope::Everything } else { Scope::Private };
    let authority = match &options.state {
        Some(dir) => Authority::kept(dir, &options.hosts, scope)?,
        None => Authority::with(&options.hosts, scope).map_err(io::Error::other)?,
    };
    let acceptor = authority.acceptor(CertificateKind::Valid)?;
    let listener = listener::bind(options.listen)?;
    let address = listener.local_addr()?;
    let url = format!("https://{}", reachable(address));
    let pair_url = format!("{}/pair", options.public_url.as_deref().unwrap_or(&url).trim_end_matches('/'));
    let storage_acceptor = authority.acceptor(CertificateKind::Valid)?;
    let storage_address = options.storage_listen.unwrap_or((options.listen.ip(), 0).into());
    let storage_listener = listener::bind(storage_address)?;
    let storage_url = match &options.storage_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("https://{}", reachable(storage_listener.local_addr()?)),
    };
    let temporary = Temporary::new();
    let parts = options.state.as_ref().unwrap_or(&temporary.0).join("parts");
    std::fs::create_dir_all(&parts)?;
    let parts = PartDir::new(parts);
    let ca_dir = options.ca_dir.as_ref().or(options.state.as_ref()).unwrap_or(&temporary.0);
    let ca_file = authority.write(ca_dir)?;
    let past = state.as_ref().map(|state| state.load(&parts)).transpose()?.unwrap_or_default();
    let service = past.service.with(settings, options.client_secrets.clone(), person);
    let storage = Storage::new(storage_url, parts, past.signer);
    let mut emulator = Emulator::new(past.clock, service, authority, storage, pair_url);
    emulator.log_file = options.log.as_deref().map(RequestLog::open).transpose()?;
    emulator.state = state;
    emulator.warning = options.warning();
    let hosts = [&emulator.pair_url, &emulator.storage.url].map(|url| url_host(url));
    let names = emulator.authority.names().iter().cloned().chain(hosts);
    let token = emulator.warning.map(|_| random::opaque::<32>());
    emulator.access = Access::new(names.collect::<Vec<_>>(), token);
    emulator.world().checklist.answers = past.answers;
    if let Some(path) = &options.answers {
        let now = emulator.clock.date_time(emulator.clock.now());
        answers_file::read(path, &mut emulator.world().checklist, &now)?;
    }
    let emulator = Arc::new(emulator);
    // Now rather than at the end: anybody who wants a report is told at once that it cannot be written.
    report_files::write(&options.reports, &emulator.checklist())?;
    assembly::resume(&emulator);
    state::keep(&emulator);
    listener::spawn(&emulator, listener, acceptor, Site::Service);
    listener::spawn(&emulator, storage_listener, storage_acceptor, Site::Storage);
    let reports = options.reports.clone();
    Ok(Running { emulator, address, url, ca_file, _temporary: temporary, reports })
}

impl Running {
    pub fn ready_line(&self) -> Value {
        let mut line = json!({
            "ready": true,
            "url": self.url,
            "port": self.address.port(),
            "ca_file": self.ca_file,
            "pair_url": self.emulator.pair_url,
            "storage_url": self.emulator.storage.url,
            "pid": std::process::id(),
        });
        if let (Some(token), Some(page)) = (self.emulator.access.token(), self.page()) {
            line["token"] = token.into();
            line["page_url"] = page.into();
        }
        line
    }

    /// Where the page is for those who are to use it, if not everybody may.
    pub fn page(&self) -> Option<String> {
        let site = self.emulator.pair_url.strip_suffix("pair")?;
        self.emulator.access.token().map(|token| format!("{site}?token={token}"))
    }

    /// Waits until somebody has asked for the end, then lets connections finish for a moment.
    pub async fn stopped(&self) {
        self.emulator.stopping().await;
        let open = || self.emulator.connections.open.load(Ordering::Relaxed);
        let all_closed = async {
            while open() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let _ = tokio::time::timeout(STOPPING_LIMIT, all_closed).await;
    }
}

impl Running {
    /// What is to be there when it has ended: reports and, for the next run, the state.
    pub fn leave(&self) -> io::Result<()> {
        let reports = report_files::write(&self.reports, &self.emulator.checklist());
        // One is no reason to be without the other.
        let state = state::leave(&self.emulator);
        reports.and(state)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.emulator.shut_down();
    }
}

/// A directory of our own making, with the files of parts in it unless there is a better place for them.
struct Temporary(PathBuf);

impl Temporary {
    fn new() -> Self {
        let name = format!("fio-emulator-{}-{}", std::process::id(), random::opaque::<8>());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Temporary {
    /// A part that is still arriving may add a file just while the directory is emptied.
    fn drop(&mut self) {
        for _ in 0..REMOVALS {
            if !self.0.exists() || std::fs::remove_dir_all(&self.0).is_ok() {
                return;
            }
        }
    }
}

/// Ends the emulator when the process that started it closes our standard input, by dying for
/// instance.
pub fn stop_with_stdin(emulator: &Arc<Emulator>) {
    let emulator = Arc::clone(emulator);
    // A thread of its own: reads of standard input cannot be canceled.
    std::thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        let mut ignored = [0; 256];
        loop {
            match stdin.read(&mut ignored) {
                Ok(0) => break,
                Err(error) if error.kind() != io::ErrorKind::Interrupted => break,
                _ => {}
            }
        }
        emulator.shut_down();
    });
}

fn settings(options: &Options) -> io::Result<Settings> {
    let mut settings = Settings::default();
    let change = SettingsChange {
        interval: options.interval,
        expires_in: options.expires_in,
        storage: Some(options.storage),
        parts: Some(options.parts),
        part_bytes: options.part_bytes,
        url_seconds: options.url_seconds,
        strict: Some(options.strict),
        ..SettingsChange::default()
    };
    settings.change(&change).map_err(|name| io::Error::other(format!("{name} is out of range")))?;
    Ok(settings)
}

fn person(options: &Options) -> io::Result<Person> {
    let project = match &options.person_project {
        Some(name) => {
            Some(clean_name(name).ok_or_else(|| io::Error::other("that is not a name for a project"))?)
        }
        None => None,
    };
    Ok(Person { decision: options.person.into(), after_polls: options.person_after_polls, project })
}

/// The name or address in a URL.
fn url_host(url: &str) -> String {
    let authority = url.split("://").nth(1).unwrap_or(url).split('/').next().unwrap_or_default();
    host_of(authority).to_owned()
}

/// An address to connect to: listening everywhere includes the loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, address.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (std::net::Ipv6Addr::LOCALHOST, address.port()).into(),
        _ => address,
    }
}
