//! Listening sockets.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use super::connection;
use crate::emulator::Emulator;
use crate::tls::authority::CertificateKind;

/// Connections served at once on one listener; further ones wait in the socket's backlog.
const MOST_CONNECTIONS: usize = 1_024;
const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(50);

/// What a listener serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Site {
    /// The device API, the test API and the pages.
    Service,
    Storage,
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
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    while let Ok(permit) = Arc::clone(&room).acquire_owned().await {
        match listener.accept().await {
            Ok((tcp, _)) => {
                let serving = connection::serve(Arc::clone(emulator), acceptor.clone(), tcp, site);
                tokio::spawn(async move {
                    serving.await;
                    drop(permit);
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
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    spawn(emulator, listener, acceptor, Site::Service);
    Ok(address)
}
