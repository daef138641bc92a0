//! Whether a part stands still. libcurl cannot tell: it counts as sent what the kernel has taken, and on
//! a slow network the kernel's buffer alone may last for a minute. So what counts is what the other end
//! has confirmed.

use crate::sys::{local_port, unconfirmed};
use std::collections::VecDeque;
use std::os::fd::RawFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most that counts between two looks: a device that slept, or an application that was busy
/// elsewhere, says nothing about the network.
const MOST_BETWEEN_LOOKS: u64 = 2_000;

/// For how long nothing has moved, in milliseconds.
#[derive(Default)]
pub struct Stall {
    arrived: u64,
    looked_at: u64,
    lasts: u64,
}

impl Stall {
    /// To be asked again and again, with what has arrived and the time.
    pub fn lasts(&mut self, arrived: u64, now: u64) -> u64 {
        let since = now.saturating_sub(self.looked_at).min(MOST_BETWEEN_LOOKS);
        let moved = self.looked_at == 0 || self.arrived != arrived;
        *self = Stall { arrived, looked_at: now, lasts: if moved { 0 } else { self.lasts + since } };
        self.lasts
    }

    /// It moves, or is not meant to.
    pub fn clear(&mut self) {
        *self = Stall::default();
    }
}

/// Of so many connections that were closed it is known how much of them had been confirmed.
const MOST_CLOSED: usize = 64;

/// The sockets that were opened for parts.
#[derive(Default)]
pub struct Sockets {
    open: Mutex<Vec<RawFd>>,
    /// Those that were closed lastly: the port on this side, and what the other end had not confirmed.
    closed: Mutex<VecDeque<(u16, u64)>>,
}

impl Sockets {
    fn list(&self) -> MutexGuard<'_, Vec<RawFd>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn closed(&self) -> MutexGuard<'_, VecDeque<(u16, u64)>> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A socket is about to be closed, and what is known of it goes with it.
    pub fn forget(&self, socket: RawFd) {
        self.list().retain(|open| *open != socket);
        let Some(port) = local_port(socket) else { return };
        let Some(left) = unconfirmed(socket, port) else { return };
        let mut closed = self.closed();
        closed.retain(|(other, _)| *other != port);
        if closed.len() >= MOST_CLOSED {
            closed.pop_front();
        }
        closed.push_back((port, left));
    }

    /// Whether the other end has confirmed all that was sent from this port; `false` if nobody knows.
    pub fn is_confirmed(&self, local_port: u16) -> bool {
        let open = self.list().iter().find_map(|&socket| unconfirmed(socket, local_port));
        let left = open
            .or_else(|| self.closed().iter().find(|(port, _)| *port == local_port).map(|(_, left)| *left));
        left == Some(0)
    }

    pub fn remember(&self, socket: RawFd) {
        let mut list = self.list();
        if !list.contains(&socket) {
            list.push(socket);
        }
    }

    /// How many bytes sent from this port have not been confirmed; 0 if nobody knows.
    pub fn unconfirmed(&self, local_port: u16) -> u64 {
        self.list().iter().find_map(|&socket| unconfirmed(socket, local_port)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standing_still_is_timed_from_the_last_move() {
        let mut stall = Stall::default();
        assert_eq!((stall.lasts(5, 1_000), stall.lasts(5, 2_000), stall.lasts(5, 3_000)), (0, 1_000, 2_000));
        assert_eq!((stall.lasts(6, 4_000), stall.lasts(6, 4_500)), (0, 500));
        // An hour of sleep.
        assert_eq!(stall.lasts(6, 3_604_500), 2_500);
        stall.clear();
        assert_eq!(stall.lasts(6, 3_700_000), 0);
    }

    #[test]
    fn a_socket_is_found_by_its_port() {
        use std::io::{Read, Write};
        use std::net::{TcpListener, TcpStream};
        use std::os::fd::AsRawFd;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut out = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut other, _) = listener.accept().unwrap();
        let port = out.local_addr().unwrap().port();
        let sockets = Sockets {
            open: Mutex::new(vec![-1, listener.as_raw_fd(), out.as_raw_fd()]),
            ..Sockets::default()
        };
        assert_eq!(sockets.unconfirmed(port), 0);
        if cfg!(target_os = "linux") {
            assert!(sockets.is_confirmed(port) && !sockets.is_confirmed(port ^ 1));
        }
        out.set_nonblocking(true).unwrap();
        while out.write(&[0; 65536]).is_ok() {}
        if cfg!(target_os = "linux") {
            assert!(sockets.unconfirmed(port) > 0);
        }
        assert_eq!(sockets.unconfirmed(port ^ 1), 0);
        assert!(!sockets.is_confirmed(port));
        sockets.forget(out.as_raw_fd());
        assert!(sockets.list().len() == 2 && !sockets.is_confirmed(port));
        other.read_exact(&mut [0; 10]).unwrap();
    }
}
