//! One connection from its acceptance to its end. What is said on it needs no socket: [`exchange`] goes
//! over any stream of bytes.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::header::{DATE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::listener::Site;
use super::places::Seat;
use super::wire::{Ending, Watched, Wire};
use super::{plain, route, storage_api};
use crate::emulator::Emulator;
use crate::network::Link;

const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
const CLOSING_LIMIT: Duration = Duration::from_secs(2);
const CHECK_EVERY: Duration = Duration::from_secs(5);
/// Room for a request's head and for the chunk of its body being read.
const BUFFER: usize = 64 << 10;
/// TLS asks for no more than 4 KiB at a time: fewer system calls fetch more at once.
const READ_AHEAD: usize = 8 << 10;
/// Parts are long.
const PART_READ_AHEAD: usize = 256 << 10;
/// What each connection may have at least, and all of them together, of buffers.
const SMALLEST_BUFFER: usize = 16 << 10;
const BUFFERS_IN_ALL: usize = 16 << 20;

/// What a connection reads ahead, and its buffer. Very many connections are to find room.
fn buffers(emulator: &Emulator, site: Site) -> (usize, usize) {
    let open = usize::try_from(emulator.connections.open.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
    let share = (BUFFERS_IN_ALL / open.max(1)).max(SMALLEST_BUFFER);
    let ahead = match site {
        Site::Service => READ_AHEAD,
        Site::Storage => share.min(PART_READ_AHEAD),
    };
    (ahead, share.min(BUFFER))
}

/// The first byte of every TLS record that can begin a connection.
const TLS_HANDSHAKE: u8 = 0x16;

/// Counts a connection while it is open, however it ends.
struct Open<'a>(&'a AtomicU64);

impl<'a> Open<'a> {
    fn new(count: &'a AtomicU64) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

pub async fn serve(
    emulator: Arc<Emulator>,
    acceptor: TlsAcceptor,
    tcp: TcpStream,
    site: Site,
    seat: Arc<Seat>,
) {
    let count = &emulator.connections;
    let number = count.accepted.fetch_add(1, Ordering::Relaxed) + 1;
    // Answers are one small write each: waiting to fill a packet only delays them.
    let _ = tcp.set_nodelay(true);
    if site == Site::Storage && emulator.network.is_down() {
        emulator.refused_connection();
        return reset(&tcp);
    }
    let peer = tcp.peer_addr().ok().map(|address| address.ip());
    let mut first = [0];
    match timeout(HANDSHAKE_LIMIT, tcp.peek(&mut first)).await {
        Ok(Ok(1)) if first[0] == TLS_HANDSHAKE => {}
        Ok(Ok(1)) => {
            count.not_tls.fetch_add(1, Ordering::Relaxed);
            if emulator.network.is_down() {
                emulator.refused_connection();
                return reset(&tcp);
            }
            return plain::record(&emulator, tcp, number).await;
        }
        _ => return,
    }
    let tcp = BufReader::with_capacity(buffers(&emulator, site).0, tcp);
    match timeout(HANDSHAKE_LIMIT, acceptor.accept(tcp)).await {
        Ok(Ok(tls)) => {
            let _open = Open::new(&count.open);
            let wire = Wire::new(number, peer);
            seat.serves(&wire);
            if let Some((tls, ending)) = exchange(&emulator, tls, wire, site).await {
                finish(tls, ending).await;
            }
        }
        _ => {
            count.handshake_failures.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Answers requests until the client goes, rests for too long, or a fault ends the connection: then the
/// stream comes back, to be ended that way.
pub async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    emulator: &Arc<Emulator>,
    stream: S,
    wire: Arc<Wire>,
    site: Site,
) -> Option<(S, Ending)> {
    let service = service_fn(|request| {
        let (emulator, wire) = (Arc::clone(emulator), Arc::clone(&wire));
        Box::pin(async move {
            wire.request_began();
            let is_for_device = site == Site::Storage || route::is_for_device(request.uri().path());
            if is_for_device {
                wire.serves_device();
                if emulator.network.is_down() {
                    emulator.refused_connection();
                    wire.end(Ending::Reset);
                    return pending().await;
                }
            }
            let mut response = match site {
                Site::Service => route::answer(&emulator, &wire, request).await,
                Site::Storage => storage_api::answer(&emulator, &wire, request).await,
            };
            // Else it would be this machine's, whose clock nobody has moved.
            let date = emulator.clock.http_date(emulator.clock.now());
            if let Ok(date) = HeaderValue::from_str(&date) {
                response.headers_mut().entry(DATE).or_insert(date);
            }
            wire.request_done();
            Ok::<_, Infallible>(response)
        })
    });
    let io = TokioIo::new(Watched::new(stream, Arc::clone(&wire)));
    let mut connection = http1::Builder::new()
        // Head and body leave in one write.
        .writev(false)
        .max_buf_size(buffers(emulator, site).1)
        // `Wire` watches slow heads, without closing connections that merely rest.
        .header_read_timeout(None)
        .serve_connection(io, service);
    let mut check = interval(CHECK_EVERY);
    check.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut asked_to_stop = false;
    let mut network = emulator.network.watch();
    loop {
        tokio::select! {
            biased;
            Ok(()) = network.changed() => {
                let is_down = *network.borrow_and_update() == Link::Down;
                if is_down && (site == Site::Storage || wire.is_of_device()) {
                    return Some((connection.into_parts().io.into_inner().stream, Ending::Reset));
                }
            }
            ending = wire.ended() => {
                return Some((connection.into_parts().io.into_inner().stream, ending));
            }
            _ = &mut connection => return None,
            () = emulator.stopping(), if !asked_to_stop => {
                asked_to_stop = true;
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
            _ = check.tick() => {
                if wire.is_overdue() {
                    return None;
                }
            }
        }
    }
}

async fn finish(mut tls: TlsStream<BufReader<TcpStream>>, ending: Ending) {
    match ending {
        Ending::Close => {
            let _ = timeout(CLOSING_LIMIT, tls.shutdown()).await;
        }
        Ending::Reset => reset(tls.get_ref().0.get_ref()),
    }
}

/// With no time to linger, closing the socket sends a RST at once. What was received is confirmed before that: a
/// server far away has done so by the time it has acted on a request, and here it would be faster.
fn reset(tcp: &TcpStream) {
    #[cfg(target_os = "linux")]
    let _ = tcp.set_quickack(true);
    let _ = SockRef::from(tcp).set_linger(Some(Duration::ZERO));
}
