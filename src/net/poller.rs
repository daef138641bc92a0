//! One epoll set that holds libcurl's sockets, a timer, and an eventfd for wake-ups: the single
//! descriptor an application watches.

use crate::clock::Instant;
use crate::sys::linux::{self, Change};
use crate::sys::monotonic_ms;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

pub struct Poller {
    epoll: Arc<OwnedFd>,
    timer: OwnedFd,
    event: Arc<OwnedFd>,
    /// Something that is no socket of libcurl's, and whether it is readable.
    other: Option<RawFd>,
    is_other_ready: bool,
    armed_at: u64,
    sockets: Vec<Ready>,
}

/// Registers libcurl's sockets; shared with its socket callback.
#[derive(Clone)]
pub struct Registry(Arc<OwnedFd>);

/// Makes the poller return early, from any thread.
#[derive(Clone)]
pub struct Wakeup(Arc<OwnedFd>);

/// What one socket is ready for.
#[derive(Clone, Copy)]
pub struct Ready {
    pub socket: RawFd,
    pub readable: bool,
    pub writable: bool,
    pub broken: bool,
}

impl Poller {
    pub fn new() -> io::Result<Poller> {
        let epoll = linux::epoll_create()?;
        let timer = linux::timerfd_create()?;
        let event = linux::eventfd_create()?;
        for fd in [&timer, &event] {
            linux::epoll_change(&epoll, Change::Add, fd.as_raw_fd(), linux::READABLE)?;
        }
        let (epoll, event) = (Arc::new(epoll), Arc::new(event));
        Ok(Poller {
            epoll,
            timer,
            event,
            other: None,
            is_other_ready: false,
            armed_at: 0,
            sockets: Vec::new(),
        })
    }

    pub fn descriptor(&self) -> RawFd {
        self.epoll.as_raw_fd()
    }

    pub fn registry(&self) -> Registry {
        Registry(self.epoll.clone())
    }

    pub fn wakeup(&self) -> Wakeup {
        Wakeup(self.event.clone())
    }

    /// Watches one more descriptor until that is taken back, which is before it is closed.
    #[cfg(feature = "uploads")]
    pub fn watch_other(&mut self, descriptor: Option<RawFd>) -> io::Result<()> {
        self.is_other_ready = false;
        if let Some(before) = self.other.take() {
            linux::epoll_change(&self.epoll, Change::Delete, before, 0)?;
        }
        if let Some(next) = descriptor {
            linux::epoll_change(&self.epoll, Change::Add, next, linux::READABLE)?;
        }
        self.other = descriptor;
        Ok(())
    }

    /// Whether the other descriptor was readable since this was last asked.
    #[cfg(feature = "uploads")]
    pub fn take_other(&mut self) -> bool {
        std::mem::take(&mut self.is_other_ready)
    }

    /// Makes the descriptor readable at that moment; `None` never. Costs nothing if unchanged.
    pub fn arm(&mut self, at: Option<Instant>) -> io::Result<()> {
        // A moment of 0 would disarm; every past moment fires at once.
        let at = at.map_or(0, |at| at.0.max(1));
        if at != self.armed_at {
            linux::timerfd_set(&self.timer, at)?;
            self.armed_at = at;
        }
        Ok(())
    }

    /// Waits until a socket is ready; the timer and wake-ups end the wait, too.
    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.sockets.clear();
        linux::epoll_wait(&self.epoll, timeout, |fd, events| {
            if fd == self.event.as_raw_fd() {
                linux::drain_counter(&self.event);
            } else if fd == self.timer.as_raw_fd() {
                linux::drain_counter(&self.timer);
                // Fired: the same moment has to be armed again if it is wanted again.
                self.armed_at = 0;
            } else if self.other == Some(fd) {
                self.is_other_ready = true;
            } else {
                self.sockets.push(Ready {
                    socket: fd,
                    readable: events & linux::READABLE != 0,
                    writable: events & linux::WRITABLE != 0,
                    broken: events & linux::BROKEN != 0,
                });
            }
        })
    }

    /// The sockets the last wait found ready.
    pub fn sockets(&self) -> &[Ready] {
        &self.sockets
    }
}

impl Registry {
    /// Sets what a socket is watched for; neither means it is not watched.
    pub fn watch(&self, socket: RawFd, read: bool, write: bool) {
        let events = if read { linux::READABLE } else { 0 } | if write { linux::WRITABLE } else { 0 };
        let epoll = &self.0;
        if events == 0 {
            // It may never have been registered, or be closed already: either way it is gone.
            let _ = linux::epoll_change(epoll, Change::Delete, socket, 0);
        } else if linux::epoll_change(epoll, Change::Modify, socket, events).is_err() {
            // Not there yet. If this fails too, the transfer ends by its time-out.
            let _ = linux::epoll_change(epoll, Change::Add, socket, events);
        }
    }
}

impl Wakeup {
    pub fn signal(&self) {
        linux::eventfd_signal(&self.0);
    }
}

pub fn now() -> Instant {
    Instant(monotonic_ms())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wake_up_ends_the_wait_once() {
        let mut poller = Poller::new().unwrap();
        poller.wakeup().signal();
        poller.wait(None).unwrap();
        assert!(poller.sockets().is_empty());
        let start = monotonic_ms();
        poller.wait(Some(Duration::from_millis(20))).unwrap();
        assert!(monotonic_ms() - start >= 19);
    }

    #[test]
    fn the_timer_fires_even_for_a_moment_that_has_passed() {
        let mut poller = Poller::new().unwrap();
        for at in [0, monotonic_ms() + 5] {
            poller.arm(Some(Instant(at))).unwrap();
            poller.wait(None).unwrap();
            assert!(poller.sockets().is_empty());
        }
    }
}
