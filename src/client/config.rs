//! Everything known before the first byte is sent. Each setting is checked when it is given, so that a mistake
//! is told at once; what is not set has a default.

use super::ca;
use super::limits::{self, text, within};
use super::own::{ClockFunction, EntropyFunction};
use crate::api::EncodingPolicy;
use crate::engine::UploadSettings;
use crate::engine::effects::Event;
use crate::error::Error;
use crate::log::Sink;
use crate::net::curl::CaSource;
use crate::net::tls::KeyExchange;
use crate::secret::{Secret, SecretBytes};
use crate::status::*;
use crate::store::Store;
use crate::store::records::{SEAL_KEY_LENGTH, SealKey};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Hears of what nobody asked for. Called with nothing of the client in the middle of anything.
pub type Listener = Arc<dyn Fn(&Event) + Send + Sync>;

/// Where records are kept.
#[derive(Clone)]
pub enum Keeping {
    /// Forgotten with the client.
    Memory,
    Directory(PathBuf),
    /// Makes one for each client.
    Own(Arc<dyn Fn() -> Box<dyn Store> + Send + Sync>),
}

pub struct Config {
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<Secret>,
    pub(super) client_version: String,
    pub(super) origin: String,
    pub(super) ca: Option<CaSource>,
    pub key_exchange: KeyExchange,
    pub(super) store_key: Option<SealKey>,
    pub(super) connect_timeout: Duration,
    pub(super) request_timeout: Duration,
    pub(super) stall_timeout: Duration,
    pub(super) uploads: UploadSettings,
    pub(super) resolve: Vec<String>,
    pub(super) log_level: i32,
    pub keeping: Keeping,
    pub encoding: EncodingPolicy,
    /// Whether the device can show a link or a QR code.
    pub url_pairing: bool,
    pub portable_poller: bool,
    pub watches_network: bool,
    /// Seconds since 1970 before which the device's clock must be wrong.
    pub clock_floor: Option<i64>,
    /// In place of the system's.
    pub clock: Option<ClockFunction>,
    /// Mixed with the system's.
    pub entropy: Option<EntropyFunction>,
    pub log: Option<Sink>,
    pub listener: Option<Listener>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            client_id: None,
            client_secret: None,
            client_version: "0.0.0".to_owned(),
            origin: "https://api.frame.io".to_owned(),
            ca: None,
            key_exchange: KeyExchange::default(),
            store_key: None,
            connect_timeout: Duration::from_secs(10),
            // The service itself gives up after 30 s and says so; that answer is worth waiting for.
            request_timeout: Duration::from_secs(40),
            stall_timeout: Duration::from_secs(60),
            uploads: UploadSettings::default(),
            resolve: Vec::new(),
            log_level: 0,
            keeping: Keeping::Memory,
            encoding: EncodingPolicy::default(),
            url_pairing: true,
            portable_poller: false,
            watches_network: true,
            clock_floor: None,
            clock: None,
            entropy: None,
            log: None,
            listener: None,
        }
    }
}

impl Config {
    pub fn set_client_id(&mut self, id: &str) -> Result<(), Error> {
        self.client_id = Some(text(id, limits::CLIENT_ID, "the client id")?.to_owned());
        Ok(())
    }

    pub fn set_client_secret(&mut self, secret: &str) -> Result<(), Error> {
        self.client_secret = Some(Secret::new(text(secret, limits::CLIENT_SECRET, "the client secret")?));
        Ok(())
    }

    pub fn set_client_version(&mut self, version: &str) -> Result<(), Error> {
        let version = text(version, limits::CLIENT_VERSION, "the client version")?;
        if semver::Version::parse(version).is_err() {
            return Err(Error::of(FIO_E_VERSION));
        }
        self.client_version = version.to_owned();
        Ok(())
    }

    pub fn set_base_url(&mut self, url: &str) -> Result<(), Error> {
        let url = text(url, limits::BASE_URL, "the base URL")?;
        self.origin = origin(url).ok_or_else(|| Error::of(FIO_E_URL))?;
        Ok(())
    }

    pub fn set_ca_file(&mut self, path: &str) -> Result<(), Error> {
        self.ca = Some(ca::from_file(text(path, limits::PATH, "the CA path")?)?);
        Ok(())
    }

    pub fn set_ca_pem(&mut self, pem: &[u8]) -> Result<(), Error> {
        self.ca = Some(ca::from_pem(pem)?);
        Ok(())
    }

    pub fn set_store_dir(&mut self, path: &str) -> Result<(), Error> {
        self.keeping = Keeping::Directory(text(path, limits::PATH, "the store path")?.into());
        Ok(())
    }

    /// An empty key takes it away.
    pub fn set_store_key(&mut self, key: &[u8]) -> Result<(), Error> {
        self.store_key = match key.len() {
            0 => None,
            SEAL_KEY_LENGTH => Some(SecretBytes::new(key.to_vec())),
            _ => return Err(Error::new(FIO_E_ARGUMENT, "the store key must have 32 bytes")),
        };
        Ok(())
    }

    /// Until the connection stands, and for a whole request.
    pub fn set_timeouts(&mut self, connect_ms: i32, request_ms: i32) -> Result<(), Error> {
        let span =
            |ms| within(ms, limits::TIMEOUT_MS, "a time-out in milliseconds").map(Duration::from_millis);
        (self.connect_timeout, self.request_timeout) = (span(connect_ms)?, span(request_ms)?);
        Ok(())
    }

    /// How long a part may go without any progress.
    pub fn set_stall_timeout(&mut self, stall_ms: i32) -> Result<(), Error> {
        let span = within(stall_ms, limits::STALL_MS, "the time-out in milliseconds")?;
        self.stall_timeout = Duration::from_millis(span);
        Ok(())
    }

    /// The address of a host, in place of DNS.
    pub fn add_address(&mut self, host: &str, port: i32, address: &str) -> Result<(), Error> {
        let bad = |what: &'static str| Error::new(FIO_E_ARGUMENT, what);
        let host = text(host, limits::HOST, "the host")?;
        if !host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) {
            return Err(bad("the host is not a name"));
        }
        let port = within(port, limits::PORT, "the port")?;
        let address = text(address, limits::ADDRESS, "the address")?;
        self.resolve.push(match address.parse().map_err(|_| bad("not an IP address"))? {
            IpAddr::V4(_) => format!("{host}:{port}:{address}"),
            IpAddr::V6(_) => format!("{host}:{port}:[{address}]"),
        });
        Ok(())
    }

    /// 0 for no lines to 5 for libcurl's own trace as well.
    pub fn set_log_level(&mut self, level: i32) -> Result<(), Error> {
        within(level, limits::LOG_LEVEL, "the log level")?;
        self.log_level = level;
        Ok(())
    }

    /// How many parts travel side by side.
    pub fn set_parallel_parts(&mut self, parts: u32) -> Result<(), Error> {
        within(parts, limits::PARALLEL_PARTS, "the number of parts")?;
        self.uploads.parallel_parts = parts;
        Ok(())
    }

    /// 0 turns it off.
    pub fn set_progress_interval(&mut self, interval_ms: i32) -> Result<(), Error> {
        let interval = match interval_ms {
            0 => 0,
            _ => within(interval_ms, limits::PROGRESS_MS, "the interval in milliseconds")?,
        };
        self.uploads.progress_interval = Duration::from_millis(interval);
        Ok(())
    }

    /// How many uploads that are done or canceled are remembered.
    pub fn set_history(&mut self, uploads: u32) -> Result<(), Error> {
        within(uploads, limits::HISTORY, "the number of uploads")?;
        self.uploads.history = uploads;
        Ok(())
    }

    /// Of how many more the tags are remembered.
    pub fn set_tag_memory(&mut self, tags: u32) -> Result<(), Error> {
        within(tags, limits::TAG_MEMORY, "the number of tags")?;
        self.uploads.tags_remembered = tags;
        Ok(())
    }

    /// 0 for no limit.
    pub fn set_bandwidth(&mut self, bytes_per_second: u64) {
        self.uploads.limits.bytes_per_second = bytes_per_second;
    }

    /// What [`limits::interfaces`] has checked; none allows all.
    pub fn set_interfaces(&mut self, names: Vec<String>) {
        self.uploads.limits.interfaces = names;
    }
}

/// `https://host[:port]` in lower case, if that is what the URL is.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_at_checked("https://".len())?;
    if !scheme.eq_ignore_ascii_case("https://") {
        return None;
    }
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest.split_once(']')?;
            address.parse::<std::net::Ipv6Addr>().ok()?;
            (
                &authority[..address.len() + 2],
                after.strip_prefix(':').or(if after.is_empty() { Some("443") } else { None })?,
            )
        }
        None => authority.split_once(':').unwrap_or((authority, "443")),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    // One dot may end a name, but no part of it is empty.
    let is_label = |label: &str| !label.is_empty() && label.chars().all(is_name);
    let is_host = host.starts_with('[') || host.strip_suffix('.').unwrap_or(host).split('.').all(is_label);
    let is_port = port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port != 0);
    (is_host && is_port).then(|| format!("https://{}", authority.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_origins_are_taken() {
        for (url, expected) in [
            ("https://api.frame.io", Some("https://api.frame.io")),
            ("HTTPS://API.Frame.io/", Some("https://api.frame.io")),
            ("https://127.0.0.1:8443", Some("https://127.0.0.1:8443")),
            ("https://[::1]:8443/", Some("https://[::1]:8443")),
            ("https://[::1]", Some("https://[::1]")),
            ("http://localhost", None),
            ("https://", None),
            ("https://x/y", None),
            ("https://user@x", None),
            ("https://x:0", None),
            ("https://x:99999", None),
            ("https://x:", None),
            ("https://..", None),
            ("https://.", None),
            ("https://a..b", None),
            ("https://user:password@x", None),
            ("https://example.com.", Some("https://example.com.")),
            ("https://x?y", None),
            ("https://[::1]x", None),
            ("https://[zz]", None),
            ("ftp://x", None),
            ("", None),
            ("ä", None),
        ] {
            assert_eq!(origin(url).as_deref(), expected, "{url}");
        }
    }
}
