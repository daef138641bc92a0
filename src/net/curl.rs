//! The transport on libcurl's multi interface. Every request is https, verified, without redirects,
//! proxies, cookies, or anything else from the environment.

use super::exchange::{Exchange, HeldHeader};
use super::failure;
use super::url::ParsedUrl;
use crate::api::{Body, Endpoint, FORM, Method, Request, Response};
use crate::clock::Instant;
use crate::engine::effects::RequestId;
use crate::engine::transport::{Transport, Waited};
use crate::error::Error;
use crate::log::{Level, Log, log_line};
use crate::secret::Secret;
use crate::small_map::SmallMap;
use crate::status::*;
use crate::sys::monotonic_ms;
use curl::easy::{Easy2, HttpVersion, List, SslVersion};
use curl::multi::{Easy2Handle, Multi};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

#[cfg(target_os = "linux")]
use super::poller::Poller;

/// Where the trusted certificates come from. There is no hidden store: one of these is always set.
#[derive(Clone)]
pub enum CaSource {
    File(PathBuf),
    Pem(Arc<[u8]>),
}

#[derive(Clone)]
pub struct NetSettings {
    /// `https://host[:port]`
    pub origin: String,
    pub client_version: String,
    pub ca: CaSource,
    pub connect_timeout: Duration,
    pub request_timeout: Duration,
    /// `host:port:address` entries that replace name resolution.
    pub resolve: Vec<String>,
    /// Use libcurl's own waiting instead of epoll, as platforms without epoll do.
    pub portable_poller: bool,
}

/// Makes a waiting `drive` return, from any thread.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// Handles are kept configured per kind of request, so that a repeated one changes only its body.
type Kind = (Endpoint, Option<&'static str>, bool);

struct Handle {
    easy: Easy2<Exchange>,
    bearer: Option<Secret>,
}

struct Active {
    kind: Kind,
    easy: Easy2Handle<Exchange>,
    bearer: Option<Secret>,
}

enum Waiting {
    #[cfg(target_os = "linux")]
    Epoll(Poller),
    Portable,
}

/// The moment libcurl's own timer is due, set by its callback. `u64::MAX` is never.
type CurlTimer = Arc<AtomicU64>;

pub struct CurlTransport {
    // Before `multi`, so that handles leave it before it goes.
    active: SmallMap<RequestId, Active>,
    idle: SmallMap<Kind, Handle>,
    multi: Multi,
    waiting: Waiting,
    curl_timer: CurlTimer,
    /// Empty between calls: kept for its memory.
    finished: Vec<(RequestId, Result<(), curl::Error>)>,
    answers: VecDeque<(RequestId, Result<Response, Error>)>,
    settings: NetSettings,
    log: Log,
}

impl CurlTransport {
    pub fn new(settings: NetSettings, log: Log) -> Result<CurlTransport, Error> {
        let mut multi = Multi::new();
        let curl_timer: CurlTimer = Arc::new(AtomicU64::new(u64::MAX));
        let waiting = waiting(&mut multi, &curl_timer, settings.portable_poller)?;
        Ok(CurlTransport {
            active: SmallMap::default(),
            idle: SmallMap::default(),
            multi,
            waiting,
            curl_timer,
            finished: Vec::new(),
            answers: VecDeque::new(),
            settings,
            log,
        })
    }

    /// The one descriptor to watch, where there is one.
    pub fn descriptor(&self) -> Option<i32> {
        match &self.waiting {
            #[cfg(target_os = "linux")]
            Waiting::Epoll(poller) => Some(poller.descriptor()),
            Waiting::Portable => None,
        }
    }

    pub fn waker(&self) -> Waker {
        match &self.waiting {
            #[cfg(target_os = "linux")]
            Waiting::Epoll(poller) => {
                let wakeup = poller.wakeup();
                Arc::new(move || wakeup.signal())
            }
            Waiting::Portable => {
                let waker = self.multi.waker();
                // It fails only when the client is gone already.
                Arc::new(move || drop(waker.wakeup()))
            }
        }
    }

    fn configured(&self, kind: Kind) -> Result<Easy2<Exchange>, curl::Error> {
        let (endpoint, ..) = kind;
        let settings = &self.settings;
        let url = ParsedUrl::new(&format!("{}{}", settings.origin, endpoint.path()))?;
        let mut easy = Easy2::new(Exchange::new(url, self.log.clone()));
        point_at_url(&easy)?;
        match endpoint.method() {
            Method::Get => easy.get(true)?,
            Method::Post => easy.post(true)?,
        }
        only_https(&easy)?;
        easy.http_version(HttpVersion::V11)?;
        easy.ssl_min_max_version(SslVersion::Tlsv12, SslVersion::Default)?;
        easy.connect_timeout(settings.connect_timeout)?;
        easy.timeout(settings.request_timeout)?;
        // Neither proxies nor anything else is taken from the host's environment.
        easy.proxy("")?;
        easy.noproxy("*")?;
        // Requests and answers are small, and libcurl's buffers for them are wiped after each.
        easy.upload_buffer_size(16 << 10)?;
        easy.buffer_size(4 << 10)?;
        easy.useragent(concat!("fio-c2c/", env!("CARGO_PKG_VERSION")))?;
        no_other_certificates(&easy)?;
        match &settings.ca {
            CaSource::File(path) => easy.cainfo(path)?,
            CaSource::Pem(pem) => easy.ssl_cainfo_blob(pem)?,
        }
        if !settings.resolve.is_empty() {
            let mut list = List::new();
            for entry in &settings.resolve {
                list.append(entry)?;
            }
            easy.resolve(list)?;
        }
        easy.verbose(self.log.wants(Level::Trace))?;
        Ok(easy)
    }

    /// Sets what changes from request to request, and only that.
    fn prepare(&self, kind: Kind, request: &Request, handle: Option<Handle>) -> Result<Handle, curl::Error> {
        let is_new = handle.is_none();
        let mut handle = match handle {
            Some(handle) => handle,
            None => Handle { easy: self.configured(kind)?, bearer: None },
        };
        handle.easy.get_mut().prepare();
        if is_new || handle.bearer != request.bearer {
            self.set_headers(kind, request, &mut handle)?;
        }
        let same_body = match (&handle.easy.get_ref().body, &request.body) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new),
            (None, None) => !is_new,
            _ => false,
        };
        if !same_body {
            set_body(&mut handle.easy, request)?;
        }
        Ok(handle)
    }

    fn set_headers(&self, kind: Kind, request: &Request, handle: &mut Handle) -> Result<(), curl::Error> {
        let (_, content_type, url_pairing) = kind;
        let mut list = List::new();
        list.append(&format!("x-client-version: {}", self.settings.client_version))?;
        // libcurl says form by itself, at a fraction of the work.
        if let Some(content_type) = content_type.filter(|content_type| *content_type != FORM) {
            list.append(&format!("Content-Type: {content_type}"))?;
        }
        if url_pairing {
            list.append("x-client-platypus-enabled: true")?;
        }
        if let Some(bearer) = &request.bearer {
            let line = zeroize::Zeroizing::new(format!("Authorization: Bearer {}", bearer.expose()));
            list.append(&line)?;
        }
        wipe_authorization(&mut handle.easy);
        handle.easy.get_mut().authorization =
            request.bearer.as_ref().and_then(|_| HeldHeader::last_of(&list));
        handle.bearer = request.bearer.clone();
        handle.easy.http_headers(list)
    }

    fn start(&mut self, id: RequestId, request: Request) -> Result<(), Error> {
        let kind = (request.endpoint, request.content_type, request.url_pairing);
        let idle = self.idle.remove(&kind);
        let handle = self.prepare(kind, &request, idle).map_err(|error| from_easy(&error))?;
        let easy = self.multi.add2(handle.easy).map_err(|error| from_multi(&error))?;
        self.active.insert(id, Active { kind, easy, bearer: handle.bearer });
        Ok(())
    }

    /// Takes a handle out of the multi handle.
    fn retire(&self, active: Active) -> Option<Handle> {
        let easy = self.multi.remove2(active.easy).ok()?;
        Some(Handle { easy, bearer: active.bearer })
    }

    fn collect(&mut self) {
        let mut finished = std::mem::take(&mut self.finished);
        let active = &self.active;
        self.multi.messages(|message| {
            let result = |(&id, active): (&RequestId, &Active)| {
                message.result_for2(&active.easy).map(|result| (id, result))
            };
            finished.extend(active.iter().find_map(result));
        });
        for (id, result) in finished.drain(..) {
            let Some(active) = self.active.remove(&id) else { continue };
            let kind = active.kind;
            let Some(mut handle) = self.retire(active) else {
                self.answers.push_back((id, Err(Error::of(FIO_E_NETWORK))));
                continue;
            };
            let answer = answer(&mut handle.easy, result);
            match &answer {
                Ok(response) => log_line!(self.log, Debug, "answer {id}: HTTP {}", response.status),
                Err(error) => log_line!(self.log, Debug, "answer {id}: none: {error}"),
            }
            self.answers.push_back((id, answer));
            if let Some(displaced) = self.idle.insert(kind, handle) {
                discard(displaced);
            }
        }
        self.finished = finished;
    }

    /// Does what libcurl's timer is due for. Returns whether it was.
    fn run_curl_timer(&self) -> Result<bool, Error> {
        let at = self.curl_timer.load(Ordering::Relaxed);
        let is_due = at != u64::MAX && monotonic_ms() >= at;
        if is_due {
            // libcurl sets it anew if it wants another.
            self.curl_timer.store(u64::MAX, Ordering::Relaxed);
            self.multi.timeout().map_err(|error| from_multi(&error))?;
        }
        Ok(is_due)
    }

    fn curl_timer_in(&self) -> Option<Duration> {
        let at = self.curl_timer.load(Ordering::Relaxed);
        (at != u64::MAX).then(|| Duration::from_millis(at.saturating_sub(monotonic_ms())))
    }
}

impl Transport for CurlTransport {
    fn send(&mut self, id: RequestId, request: Request) {
        if let Err(error) = self.start(id, request) {
            self.answers.push_back((id, Err(error)));
        }
    }

    fn abort(&mut self, id: RequestId) {
        if let Some(active) = self.active.remove(&id) {
            // Removing it closes the connection, since its answer is still under way.
            if let Some(handle) = self.retire(active) {
                discard(handle);
            }
        }
    }

    fn drive(&mut self, timeout: Option<Duration>) -> Result<Waited, Error> {
        let mut waited = Waited::Through;
        match self.waiting {
            #[cfg(target_os = "linux")]
            Waiting::Epoll(_) => {
                if self.run_curl_timer()? {
                    self.collect();
                }
                let timeout = if self.answers.is_empty() {
                    timeout.into_iter().chain(self.curl_timer_in()).min()
                } else {
                    Some(Duration::ZERO)
                };
                let Waiting::Epoll(poller) = &mut self.waiting else { return Ok(waited) };
                match poller.wait(timeout) {
                    Ok(()) => {}
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {
                        waited = Waited::Interrupted;
                    }
                    Err(error) => return Err(from_os(&error)),
                }
                for ready in poller.sockets() {
                    let mut events = curl::multi::Events::new();
                    events.input(ready.readable).output(ready.writable).error(ready.broken);
                    self.multi.action(ready.socket, &events).map_err(|error| from_multi(&error))?;
                }
                self.run_curl_timer()?;
            }
            Waiting::Portable => {
                self.multi.perform().map_err(|error| from_multi(&error))?;
                self.collect();
                let timeout = if self.answers.is_empty() {
                    timeout.unwrap_or(Duration::from_secs(3600))
                } else {
                    Duration::ZERO
                };
                if !timeout.is_zero() {
                    let timeout = timeout.as_micros().div_ceil(1000) as u64;
                    let until = monotonic_ms().saturating_add(timeout);
                    let span = Duration::from_millis(timeout);
                    let ready = self.multi.poll(&mut [], span).map_err(|error| from_multi(&error))?;
                    // libcurl does not say that a signal ended its wait, only that it was short.
                    if ready == 0 && monotonic_ms() < until {
                        waited = Waited::Interrupted;
                    }
                    self.multi.perform().map_err(|error| from_multi(&error))?;
                }
            }
        }
        self.collect();
        Ok(waited)
    }

    fn next_answer(&mut self) -> Option<(RequestId, Result<Response, Error>)> {
        self.answers.pop_front()
    }

    fn wants_drive_in(&self) -> Option<Duration> {
        if !self.answers.is_empty() {
            return Some(Duration::ZERO);
        }
        match self.waiting {
            #[cfg(target_os = "linux")]
            Waiting::Epoll(_) => self.curl_timer_in(),
            // Without a descriptor to watch, the caller has to come back at a steady pace.
            Waiting::Portable if self.active.is_empty() => None,
            Waiting::Portable => {
                let most = Duration::from_millis(50);
                Some(self.multi.get_timeout().ok().flatten().map_or(most, |span| span.min(most)))
            }
        }
    }

    fn arm(&mut self, deadline_in: Option<Duration>) {
        #[cfg(target_os = "linux")]
        {
            let curl_timer = self.curl_timer.load(Ordering::Relaxed);
            let curl_timer = (curl_timer != u64::MAX).then_some(Instant(curl_timer));
            let answers = (!self.answers.is_empty()).then_some(Instant(0));
            let own = deadline_in
                .map(|span| if span.is_zero() { Instant(0) } else { Instant(monotonic_ms()) + span });
            if let Waiting::Epoll(poller) = &mut self.waiting {
                let at = own.into_iter().chain(curl_timer).chain(answers).min();
                if let Err(error) = poller.arm(at) {
                    log_line!(self.log, Error, "the timer cannot be set: {error}");
                }
            }
        }
        #[cfg(not(target_os = "linux"))]
        let _ = deadline_in;
    }
}

impl Drop for CurlTransport {
    fn drop(&mut self) {
        for (_, active) in std::mem::take(&mut self.active) {
            if let Some(handle) = self.retire(active) {
                discard(handle);
            }
        }
        for (_, handle) in std::mem::take(&mut self.idle) {
            discard(handle);
        }
    }
}

fn waiting(multi: &mut Multi, curl_timer: &CurlTimer, portable: bool) -> Result<Waiting, Error> {
    #[cfg(target_os = "linux")]
    if !portable {
        let poller = Poller::new().map_err(|error| from_os(&error))?;
        let registry = poller.registry();
        multi
            .socket_function(move |socket, events, _| {
                let (read, write) =
                    if events.remove() { (false, false) } else { (events.input(), events.output()) };
                registry.watch(socket, read || events.input_and_output(), write || events.input_and_output());
            })
            .map_err(|error| from_multi(&error))?;
        let timer = curl_timer.clone();
        multi
            .timer_function(move |wait| {
                let at = wait.map_or(u64::MAX, |wait| monotonic_ms() + wait.as_millis() as u64);
                timer.store(at, Ordering::Relaxed);
                true
            })
            .map_err(|error| from_multi(&error))?;
        return Ok(Waiting::Epoll(poller));
    }
    let _ = (multi, curl_timer, portable);
    Ok(Waiting::Portable)
}

fn point_at_url(easy: &Easy2<Exchange>) -> Result<(), curl::Error> {
    // SAFETY: the handle is alive and the option takes a URL handle. That one is the handler's, which
    // goes after the handle.
    let code = unsafe { curl_sys::curl_easy_setopt(easy.raw(), CURLOPT_CURLU, easy.get_ref().url.as_ptr()) };
    checked(code)
}

fn only_https(easy: &Easy2<Exchange>) -> Result<(), curl::Error> {
    // SAFETY: the handle is alive and the option takes a long.
    let code = unsafe { curl_sys::curl_easy_setopt(easy.raw(), CURLOPT_PROTOCOLS, CURLPROTO_HTTPS) };
    checked(code)
}

/// Takes away the directory of certificates that a libcurl may have been built with, which would be
/// trusted besides the ones that were given.
fn no_other_certificates(easy: &Easy2<Exchange>) -> Result<(), curl::Error> {
    // SAFETY: the handle is alive and the option takes a string or NULL.
    let code = unsafe {
        curl_sys::curl_easy_setopt(easy.raw(), curl_sys::CURLOPT_CAPATH, std::ptr::null::<libc::c_char>())
    };
    // A TLS library without such a thing says so.
    if code == 4 /* CURLE_NOT_BUILT_IN */ { Ok(()) } else { checked(code) }
}

/// Not in the bindings: a parsed URL, the protocols a handle may use, and the bit for https.
const CURLOPT_CURLU: curl_sys::CURLoption = curl_sys::CURLOPTTYPE_OBJECTPOINT + 282;
const CURLOPT_PROTOCOLS: curl_sys::CURLoption = 181;
const CURLPROTO_HTTPS: libc::c_long = 1 << 1;

/// Points libcurl at the body instead of letting it copy: no second copy of a secret, and a poll that
/// repeats costs nothing here.
fn set_body(easy: &mut Easy2<Exchange>, request: &Request) -> Result<(), curl::Error> {
    if request.endpoint.method() == Method::Get {
        return Ok(());
    }
    let body: Body = request.body.clone().unwrap_or_default();
    let bytes = body.expose();
    let (start, length) = (bytes.as_ptr(), bytes.len() as curl_sys::curl_off_t);
    // SAFETY: the handle is alive and idle, the options take a curl_off_t and a pointer. The bytes
    // stay where they are for as long as the `Arc` kept in the handler, which lives as long as the
    // handle and is replaced only together with the pointer.
    unsafe {
        checked(curl_sys::curl_easy_setopt(easy.raw(), curl_sys::CURLOPT_POSTFIELDSIZE_LARGE, length))?;
        checked(curl_sys::curl_easy_setopt(easy.raw(), curl_sys::CURLOPT_POSTFIELDS, start))?;
    }
    easy.get_mut().body = Some(body);
    Ok(())
}

fn checked(code: curl_sys::CURLcode) -> Result<(), curl::Error> {
    if code == curl_sys::CURLE_OK { Ok(()) } else { Err(curl::Error::new(code)) }
}

fn wipe_authorization(easy: &mut Easy2<Exchange>) {
    if let Some(header) = easy.get_mut().authorization.take() {
        // SAFETY: the list belongs to this handle, which still holds it and is not in a transfer.
        unsafe { header.wipe() };
    }
}

fn discard(mut handle: Handle) {
    wipe_authorization(&mut handle.easy);
}

fn answer(easy: &mut Easy2<Exchange>, result: Result<(), curl::Error>) -> Result<Response, Error> {
    if let Err(error) = result {
        if easy.get_ref().is_too_large {
            return Err(Error::of(FIO_E_TOO_LARGE));
        }
        let detail = easy.take_error_buf().unwrap_or_default();
        return Err(failure::from_curl(
            error.code(),
            error.extra_description().unwrap_or(&detail),
            verify_result(easy),
        ));
    }
    let status = easy.response_code().ok().and_then(|status| u16::try_from(status).ok()).unwrap_or(0);
    Ok(easy.get_mut().take_response(status))
}

/// What OpenSSL said of the server's certificate; 0 for nothing.
fn verify_result(easy: &Easy2<Exchange>) -> libc::c_long {
    let mut result: libc::c_long = 0;
    // SAFETY: the handle is alive and the answer is a long.
    let code = unsafe {
        curl_sys::curl_easy_getinfo(easy.raw(), curl_sys::CURLINFO_SSL_VERIFYRESULT, &raw mut result)
    };
    if code == curl_sys::CURLE_OK { result } else { 0 }
}

fn from_easy(error: &curl::Error) -> Error {
    failure::from_curl(error.code(), error.extra_description().unwrap_or_default(), 0)
}

fn from_multi(error: &curl::MultiError) -> Error {
    Error::new(FIO_E_NETWORK, format!("libcurl's multi interface failed with code {}", error.code()))
}

fn from_os(error: &std::io::Error) -> Error {
    Error::new(FIO_E_NOMEM, format!("the operating system refused a descriptor: {error}"))
}
