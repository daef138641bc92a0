//! Which key exchange a connection begins with. A ClientHello with the share of a post-quantum one needs two packets of
//! full size; some networks swallow one of them, and such a handshake ends in silence.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

/// What a client is told to begin with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyExchange {
    /// Hybrid, and without the post-quantum share where that ends in silence.
    #[default]
    Automatic,
    /// Always X25519MLKEM768 first.
    Hybrid,
    /// Elliptic curves alone.
    Classical,
}

/// What the next handshake begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    Hybrid,
    Classical,
}

/// How a connection came out that a transfer made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handshake {
    Done,
    /// The other end took the connection, and nothing came any more.
    Silent,
}

impl Handshake {
    /// `None` if it cannot be told: no connection was made, or it failed in another way.
    pub(crate) fn of(
        result: Result<(), &curl::Error>,
        connections: libc::c_long,
        is_silent: bool,
    ) -> Option<Handshake> {
        match result {
            Ok(()) if connections > 0 => Some(Handshake::Done),
            Err(error) if error.is_operation_timedout() && is_silent => Some(Handshake::Silent),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Learned {
    Nothing,
    /// Hybrid ended in silence; classical has not been seen to work.
    Suspected,
    /// Hybrid ended in silence, classical did not.
    Swallowed,
}

/// What a client has learned of the network it is in.
pub(crate) struct Exchange {
    told: KeyExchange,
    learned: Mutex<Learned>,
    changes: AtomicU32,
}

impl Exchange {
    pub(crate) fn new(told: KeyExchange) -> Exchange {
        Exchange { told, learned: Mutex::new(Learned::Nothing), changes: AtomicU32::new(0) }
    }

    pub(crate) fn share(&self) -> Share {
        match (self.told, self.learned()) {
            (KeyExchange::Classical, _) => Share::Classical,
            (KeyExchange::Automatic, Learned::Suspected | Learned::Swallowed) => Share::Classical,
            _ => Share::Hybrid,
        }
    }

    /// How often the share has become another one.
    #[cfg_attr(feature = "bundled", expect(dead_code, reason = "each connection asks for the share"))]
    pub(crate) fn changes(&self) -> u32 {
        self.changes.load(Ordering::Relaxed)
    }

    pub(crate) fn learn(&self, handshake: Handshake) {
        self.set(match (self.learned(), handshake) {
            (Learned::Nothing, Handshake::Silent) => Learned::Suspected,
            // It was not the share: silence without it too.
            (Learned::Suspected, Handshake::Silent) => Learned::Nothing,
            (Learned::Suspected, Handshake::Done) => Learned::Swallowed,
            (learned, _) => learned,
        });
    }

    /// The network is another one.
    pub(crate) fn forget(&self) {
        self.set(Learned::Nothing);
    }

    fn learned(&self) -> Learned {
        *self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, learned: Learned) {
        let before = self.share();
        *self.learned.lock().unwrap_or_else(PoisonError::into_inner) = learned;
        if self.share() != before {
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(told: KeyExchange, handshakes: &[Handshake]) -> Exchange {
        let exchange = Exchange::new(told);
        for &handshake in handshakes {
            exchange.learn(handshake);
        }
        exchange
    }

    #[test]
    fn after_silence_it_goes_without_and_stays_so_if_that_works() {
        use Handshake::{Done, Silent};
        let share = |handshakes: &[Handshake]| after(KeyExchange::Automatic, handshakes).share();
        assert_eq!(share(&[]), Share::Hybrid);
        assert_eq!(share(&[Done]), Share::Hybrid);
        assert_eq!(share(&[Silent]), Share::Classical);
        assert_eq!(share(&[Silent, Done]), Share::Classical);
        assert_eq!(share(&[Silent, Done, Silent]), Share::Classical);
        // A server that is silent either way says nothing of the network.
        assert_eq!(share(&[Silent, Silent]), Share::Hybrid);
        assert_eq!(share(&[Silent, Silent, Silent, Done]), Share::Classical);
    }

    #[test]
    fn another_network_is_tried_again() {
        let exchange = after(KeyExchange::Automatic, &[Handshake::Silent, Handshake::Done]);
        assert_eq!(exchange.changes.load(Ordering::Relaxed), 1);
        exchange.forget();
        exchange.forget();
        assert_eq!((exchange.share(), exchange.changes.load(Ordering::Relaxed)), (Share::Hybrid, 2));
    }

    #[test]
    fn what_was_told_stands() {
        for (told, share) in
            [(KeyExchange::Hybrid, Share::Hybrid), (KeyExchange::Classical, Share::Classical)]
        {
            for handshakes in [&[][..], &[Handshake::Silent], &[Handshake::Silent, Handshake::Done]] {
                assert_eq!(after(told, handshakes).share(), share);
            }
        }
    }
}
