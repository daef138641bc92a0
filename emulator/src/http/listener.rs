//! Listening sockets.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rlimit::Resource;
use tokio::net::{TcpListener, TcpSocket};
use tokio_rustls::TlsAcceptor;

use super::connection;
use super::places::Places;
use crate::emulator::Emulator;
use crate::tls::authority::CertificateKind;

/// Connections served at once on one listener; for further ones others give way, see [`Places`]. A thousand
/// devices have a connection to the service each, and several to the storage.
const MOST_CONNECTIONS: usize = 8_192;
/// Of the descriptors the process may have, one in so many is for the connections of one listener: parts that
/// arrive have their files besides.
const SHARE_OF_DESCRIPTORS: u64 = 4;
/// A thousand devices may come in the same moment. The system may allow fewer.
const BACKLOG: u32 = 4_096;
const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(50);

/// What a listener serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Site {
    /// The device API, the test API and the pages.
    Service,
    Storage,
}

pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// How many connections a listener serves at once.
fn room() -> usize {
    let descriptors = Resource::NOFILE.get_soft().unwrap_or(1_024);
    usize::try_from(descriptors / SHARE_OF_DESCRIPTORS).unwrap_or(MOST_CONNECTIONS).clamp(1, MOST_CONNECTIONS)
}

/// Accepts connections until the emulator stops.
pub fn spawn(emulator: &Arc<Emulator>, listener: TcpListener, acceptor: TlsAcceptor, site: Site) {
    let emulator = Arc::clone(emulator);
    tokio::spawn(async move {
        tokio::select! {
            () = emulator.stopping() => {}
            () = accept(&emulator, listener, acceptor, site) => {}
        }
    });
}

async fn accept(emulator: &Arc<Emulator>, listener: TcpListener, acceptor: TlsAcceptor, site: Site) {
    let places = Places::new(room());
    loop {
        match listener.accept().await {
            Ok((tcp, peer)) => {
                let Some(place) = places.take(peer.ip()) else { continue };
                let seat = Arc::clone(&place.seat);
                let serving = connection::serve(Arc::clone(emulator), acceptor.clone(), tcp, site, seat);
                tokio::spawn(async move {
                    tokio::select! {
                        () = place.seat.wanted() => {}
                        () = serving => {}
                    }
                });
            }
            // Out of descriptors, most likely: some are freed soon.
            Err(_) => tokio::time::sleep(AFTER_FAILED_ACCEPT).await,
        }
    }
}

/// Opens one more listener, on an ephemeral loopback port.
pub async fn open(emulator: &Arc<Emulator>, kind: CertificateKind) -> io::Result<SocketAddr> {
    let acceptor = emulator.authority.acceptor(kind)?;
    let listener = bind((Ipv4Addr::LOCALHOST, 0).into())?;
    let address = listener.local_addr()?;
    spawn(emulator, listener, acceptor, Site::Service);
    Ok(address)
}
