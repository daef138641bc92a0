//! What the request handlers and the connection's own task tell each other about one connection.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::Instant;

/// A request whose head stops half-way is given this long.
const HEAD_LIMIT: Duration = Duration::from_secs(30);
/// The same for the first request after the handshake.
const FIRST_REQUEST_LIMIT: Duration = Duration::from_secs(30);
/// As long as servers usually keep a connection. A device whose heartbeats come less often opens another.
const IDLE_LIMIT: Duration = Duration::from_secs(90);
/// A client that was heard of so lately is not at rest.
const AT_WORK: Duration = Duration::from_secs(1);

/// How a fault ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Properly: a TLS close_notify and a FIN.
    Close,
    /// With a TCP RST.
    Reset,
}

#[derive(Debug)]
pub struct Wire {
    pub connection: u64,
    pub peer: Option<IpAddr>,
    state: Mutex<State>,
    ended: Notify,
    /// Something of a device goes over it, and not only of a rig or a browser.
    of_device: AtomicBool,
}

#[derive(Debug)]
struct State {
    handling: bool,
    /// Until the first request has come.
    new_since: Option<Instant>,
    head_began: Option<Instant>,
    progressed: Instant,
    ending: Option<Ending>,
}

impl Wire {
    pub fn new(connection: u64, peer: Option<IpAddr>) -> Arc<Self> {
        let now = Instant::now();
        let state =
            State { handling: false, new_since: Some(now), head_began: None, progressed: now, ending: None };
        let of_device = AtomicBool::new(false);
        Arc::new(Self { connection, peer, state: Mutex::new(state), ended: Notify::new(), of_device })
    }

    /// Asks the connection's task to end it.
    pub fn end(&self, ending: Ending) {
        self.state().ending = Some(ending);
        self.ended.notify_one();
    }

    pub async fn ended(&self) -> Ending {
        loop {
            if let Some(ending) = self.state().ending {
                return ending;
            }
            self.ended.notified().await;
        }
    }

    pub fn serves_device(&self) {
        self.of_device.store(true, Ordering::Relaxed);
    }

    pub fn is_of_device(&self) -> bool {
        self.of_device.load(Ordering::Relaxed)
    }

    pub fn request_began(&self) {
        let mut state = self.state();
        state.handling = true;
        state.new_since = None;
        state.head_began = None;
    }

    pub fn request_done(&self) {
        let mut state = self.state();
        state.handling = false;
        state.progressed = Instant::now();
    }

    /// Whether the client has kept the connection without a whole request for too long.
    pub fn is_overdue(&self) -> bool {
        let state = self.state();
        let head = state.head_began.is_some_and(|began| began.elapsed() > HEAD_LIMIT);
        let first = state.new_since.is_some_and(|began| began.elapsed() > FIRST_REQUEST_LIMIT);
        !state.handling && (head || first || state.progressed.elapsed() > IDLE_LIMIT)
    }

    /// Since when nothing has been said on it, if nothing is to be answered.
    pub fn resting_since(&self) -> Option<Instant> {
        let state = self.state();
        let rests = !state.handling && state.progressed.elapsed() > AT_WORK;
        rests.then_some(state.progressed)
    }

    fn progressed(&self, read: bool) {
        let now = Instant::now();
        let mut state = self.state();
        state.progressed = now;
        if read && !state.handling {
            state.head_began.get_or_insert(now);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connection's bytes, watched for progress.
pub struct Watched<S> {
    pub stream: S,
    wire: Arc<Wire>,
}

impl<S> Watched<S> {
    pub fn new(stream: S, wire: Arc<Wire>) -> Self {
        Self { stream, wire }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        if buf.filled().len() > before {
            self.wire.progressed(true);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, buf))?;
        self.wire.progressed(false);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
