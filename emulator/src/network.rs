//! The network between devices and the emulator, which a test can take away. Rigs and pages still reach
//! it: only what devices ask for is dead.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    #[default]
    Up,
    /// Every connection of a device is reset, and so is every new one.
    Down,
}

#[derive(Debug, Default)]
pub struct Network {
    link: watch::Sender<Link>,
    refused: AtomicU64,
}

impl Network {
    /// What is refused is counted again each time the network goes down.
    pub fn set(&self, link: Link) {
        self.link.send_if_modified(|now| {
            if *now == link {
                return false;
            }
            if link == Link::Down {
                self.refused.store(0, Ordering::Relaxed);
            }
            *now = link;
            true
        });
    }

    pub fn is_down(&self) -> bool {
        *self.link.borrow() == Link::Down
    }

    /// Tells when it changes.
    pub fn watch(&self) -> watch::Receiver<Link> {
        self.link.subscribe()
    }

    pub fn count_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    pub fn report(&self) -> Value {
        json!({ "state": *self.link.borrow(), "refused_connections": self.refused() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_counted_from_the_moment_it_goes_down() {
        let network = Network::default();
        assert!(!network.is_down());
        network.set(Link::Down);
        network.count_refused();
        network.set(Link::Down);
        assert_eq!(network.refused(), 1, "it was down already");
        network.set(Link::Up);
        assert_eq!(network.refused(), 1, "and can still be read");
        network.set(Link::Down);
        assert!(network.is_down() && network.refused() == 0);
    }
}
