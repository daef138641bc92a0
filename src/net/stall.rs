//! Whether a part stands still. libcurl cannot tell: it counts as sent what the kernel has taken, and on
//! a slow network the kernel's buffer alone may last for a minute. So what counts is what the other end
//! has confirmed.

use crate::sys::{TcpState, local_port, tcp_state, unconfirmed};
use std::collections::VecDeque;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most that counts between two looks: a device that slept, or an application that was busy
/// elsewhere, says nothing about the network.
const MOST_BETWEEN_LOOKS: u64 = 2_000;

/// A connection that nobody has answered after so many milliseconds is tried again: the kernel says its first word again
/// after 1, 3, 7 and 15 seconds, and a network that came back meanwhile would wait for that.
pub(crate) const UNANSWERED: u64 = 4_000;
/// A connection is silent after so many round trips, and not before so many milliseconds: the kernel sends again after 1, 3,
/// 7 and 15 seconds, and most of the part is there already. Meanwhile another part may go (`QUIET` in `link`).
const SILENT_ROUND_TRIPS: u64 = 12;
const SILENT_LEAST: u64 = 20_000;

/// Whether something that was sent is unconfirmed although the other end has had time for it many times over. One that
/// takes nothing at the moment confirms what was sent nevertheless, so that a slow storage is not silent.
pub(crate) fn is_silent(tcp: TcpState, still_for: u64) -> bool {
    let most = SILENT_LEAST.max(SILENT_ROUND_TRIPS.saturating_mul(tcp.round_trip));
    tcp.unconfirmed > 0 && tcp.silent_for >= most && still_for >= most
}

/// For how long nothing has moved, in milliseconds.
#[derive(Default)]
pub(crate) struct Stall {
    arrived: u64,
    looked_at: u64,
    lasts: u64,
}

impl Stall {
    /// To be asked again and again, with what has arrived and the time.
    pub(crate) fn lasts(&mut self, arrived: u64, now: u64) -> u64 {
        let since = now.saturating_sub(self.looked_at).min(MOST_BETWEEN_LOOKS);
        let moved = self.looked_at == 0 || self.arrived != arrived;
        *self = Stall { arrived, looked_at: now, lasts: if moved { 0 } else { self.lasts + since } };
        self.lasts
    }

    /// It moves, or is not meant to.
    pub(crate) fn clear(&mut self) {
        *self = Stall::default();
    }
}

/// The ports on this side that a part went out from lately: the one before, and the last.
#[derive(Default)]
pub(crate) struct Ports(AtomicU32);

impl Ports {
    pub(crate) fn note(&self, port: u16) {
        let last = self.0.load(Ordering::Relaxed) & 0xffff;
        self.0.store(last << 16 | u32::from(port), Ordering::Relaxed);
    }

    pub(crate) fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    fn list(&self) -> [u16; 2] {
        let both = self.0.load(Ordering::Relaxed);
        [(both >> 16) as u16, both as u16]
    }
}

/// Of so many connections that were closed it is known how much of them had been confirmed.
const MOST_CLOSED: usize = 64;

/// A socket, and how many bytes the other end had confirmed on it when the last part over it was answered.
struct Open {
    socket: RawFd,
    before: u64,
}

/// The sockets that were opened for parts.
#[derive(Default)]
pub(crate) struct Sockets {
    open: Mutex<Vec<Open>>,
    /// Those that were closed lastly: the port on this side, and what the other end had not confirmed.
    closed: Mutex<VecDeque<(u16, u64)>>,
}

impl Sockets {
    fn list(&self) -> MutexGuard<'_, Vec<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn closed(&self) -> MutexGuard<'_, VecDeque<(u16, u64)>> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A socket is about to be closed, and what is known of it goes with it.
    pub(crate) fn forget(&self, socket: RawFd) {
        self.list().retain(|open| open.socket != socket);
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
    pub(crate) fn is_confirmed(&self, local_port: u16) -> bool {
        let open = self.list().iter().find_map(|open| unconfirmed(open.socket, local_port));
        let left = open
            .or_else(|| self.closed().iter().find(|(port, _)| *port == local_port).map(|(_, left)| *left));
        left == Some(0)
    }

    /// Whether one of the connections from these ports was closed after the other end had confirmed all that was sent.
    pub(crate) fn was_confirmed(&self, ports: &Ports) -> bool {
        let closed = self.closed();
        ports.list().iter().any(|port| *port != 0 && closed.contains(&(*port, 0)))
    }

    pub(crate) fn remember(&self, socket: RawFd) {
        let mut list = self.list();
        list.retain(|open| open.socket != socket);
        list.push(Open { socket, before: 0 });
    }

    /// What the kernel knows of the connection from this port.
    pub(crate) fn state(&self, port: u16) -> Option<TcpState> {
        self.list()
            .iter()
            .find(|open| local_port(open.socket) == Some(port))
            .and_then(|open| tcp_state(open.socket))
    }

    /// How many bytes of the part on the connection from this port have arrived; `None` if the system does not say. What
    /// libcurl and the TLS library hold back is left out, their own words before a first part are in it.
    pub(crate) fn arrived(&self, port: u16) -> Option<u64> {
        let list = self.list();
        let open = list.iter().find(|open| local_port(open.socket) == Some(port))?;
        Some(tcp_state(open.socket)?.confirmed?.saturating_sub(open.before))
    }

    /// A part was answered: what was confirmed until now belongs to it.
    pub(crate) fn part_over(&self, port: u16) {
        if let Some(open) = self.list().iter_mut().find(|open| local_port(open.socket) == Some(port)) {
            open.before = tcp_state(open.socket).and_then(|tcp| tcp.confirmed).unwrap_or(0);
        }
    }

    /// Whether a socket is open that nobody has answered yet.
    pub(crate) fn is_unanswered(&self, socket: RawFd) -> bool {
        self.list().iter().any(|open| open.socket == socket)
            && tcp_state(socket).is_some_and(|tcp| tcp.is_unanswered)
    }

    /// How many bytes sent from this port have not been confirmed; 0 if nobody knows.
    pub(crate) fn unconfirmed(&self, local_port: u16) -> u64 {
        self.list().iter().find_map(|open| unconfirmed(open.socket, local_port)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd;

    fn opened<const N: usize>(sockets: [RawFd; N]) -> Sockets {
        let all = Sockets::default();
        let _ = sockets.map(|socket| all.remember(socket));
        all
    }

    /// A connection of this process with itself, and the port it goes out from.
    fn connected() -> (TcpListener, TcpStream, TcpStream, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let out = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (other, _) = listener.accept().unwrap();
        let port = out.local_addr().unwrap().port();
        (listener, out, other, port)
    }

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
    fn what_a_closed_connection_had_confirmed_is_known_by_the_ports_of_the_part() {
        let sockets = Sockets { closed: Mutex::new([(40_000, 0), (40_001, 7)].into()), ..Sockets::default() };
        let ports = Ports::default();
        let mut was_confirmed = |port| {
            ports.note(port);
            sockets.was_confirmed(&ports)
        };
        assert_eq!(
            [40_001, 40_002, 40_000, 40_003, 40_004].map(&mut was_confirmed),
            [false, false, true, true, false]
        );
        ports.clear();
        assert!(!sockets.was_confirmed(&ports));
    }

    #[test]
    fn silence_follows_from_the_round_trips_that_were_measured() {
        let tcp = TcpState { unconfirmed: 3, silent_for: 19_999, round_trip: 100, ..TcpState::default() };
        assert!(!is_silent(tcp, 60_000));
        let silent = TcpState { silent_for: 20_000, ..tcp };
        assert!(is_silent(silent, 20_000));
        // It was idle before: that is no silence of this part.
        assert!(!is_silent(silent, 19_000));
        // All is confirmed: the storage takes its time with the answer, or takes nothing for now.
        assert!(!is_silent(TcpState { unconfirmed: 0, ..silent }, 60_000));
        // A satellite, or a queue of seconds on the way.
        let slow = TcpState { round_trip: 3_000, silent_for: 35_000, ..tcp };
        assert!(!is_silent(slow, 60_000));
        assert!(is_silent(TcpState { silent_for: 36_000, ..slow }, 36_000));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernel_tells_of_a_connection() {
        let (_listener, out, _other, port) = connected();
        let sockets = opened([-1, out.as_raw_fd()]);
        let tcp = sockets.state(port).unwrap();
        assert!(!tcp.is_unanswered && tcp.unconfirmed == 0 && tcp.round_trip < 10_000);
        assert!(!sockets.is_unanswered(out.as_raw_fd()));
        assert_eq!(sockets.state(1), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_arrived_of_a_part_is_what_was_confirmed_since_the_one_before() {
        let (_, mut out, mut other, port) = connected();
        let sockets = opened([out.as_raw_fd()]);
        let mut send = |bytes: usize| {
            out.write_all(&vec![7; bytes]).unwrap();
            other.read_exact(&mut vec![0; bytes]).unwrap();
            // The confirmation follows what was read, and an answer brings it along.
            other.write_all(b"stored").unwrap();
            out.read_exact(&mut [0; 6]).unwrap();
            sockets.arrived(port)
        };
        // An old kernel does not say.
        let Some(first) = send(5_000) else { return };
        assert!((5_000..5_002).contains(&first), "{first}");
        assert_eq!(send(100), Some(first + 100));
        sockets.part_over(port);
        assert_eq!(sockets.arrived(port), Some(0));
        assert_eq!(send(3_000), Some(3_000));
        assert_eq!(sockets.arrived(port ^ 1), None);
    }

    #[test]
    fn a_socket_is_found_by_its_port() {
        let (listener, mut out, mut other, port) = connected();
        let sockets = opened([-1, listener.as_raw_fd(), out.as_raw_fd()]);
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
