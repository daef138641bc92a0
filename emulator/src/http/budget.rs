//! The memory that bodies of requests take while they arrive: so much for all of them together. Anybody who has some of it
//! gets at most half of what the others have left, so that a body of ordinary size always finds room.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A thousand devices that create an asset at once need a few MiB.
const IN_ALL: usize = 32 << 20;

#[derive(Debug, Default)]
pub struct Budget {
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    in_all: usize,
    by_owner: HashMap<Option<IpAddr>, usize>,
}

/// What one body has of it.
#[derive(Debug)]
pub struct Share<'a> {
    budget: &'a Budget,
    owner: Option<IpAddr>,
    bytes: usize,
}

/// There is no room for it now.
#[derive(Debug, PartialEq, Eq)]
pub struct Full;

impl Budget {
    pub fn share(&self, owner: Option<IpAddr>) -> Share<'_> {
        Share { budget: self, owner, bytes: 0 }
    }

    /// For all bodies together.
    #[cfg(test)]
    fn in_all(&self) -> usize {
        self.used().in_all
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share<'_> {
    pub fn grow(&mut self, bytes: usize) -> Result<(), Full> {
        let mut used = self.budget.used();
        let own = used.by_owner.get(&self.owner).copied().unwrap_or(0);
        let left_by_others = IN_ALL.saturating_sub(used.in_all - own);
        if own + bytes > left_by_others / 2 {
            return Err(Full);
        }
        *used.by_owner.entry(self.owner).or_default() += bytes;
        used.in_all += bytes;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        let mut used = self.budget.used();
        used.in_all -= self.bytes;
        if let Some(own) = used.by_owner.get_mut(&self.owner) {
            *own -= self.bytes;
            if *own == 0 {
                used.by_owner.remove(&self.owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    #[test]
    fn nobody_gets_all_of_it() {
        let budget = Budget::default();
        let one = Some(IpAddr::from([10, 0, 0, 1]));
        let mut held = Vec::new();
        loop {
            let mut share = budget.share(one);
            if share.grow(MIB).is_err() {
                break;
            }
            held.push(share);
        }
        assert_eq!(held.len(), 16, "half");
        for last in 2..8 {
            let mut share = budget.share(Some(IpAddr::from([10, 0, 0, last])));
            assert_eq!(share.grow(64 << 10), Ok(()), "{last}");
            held.push(share);
        }
        assert!(budget.in_all() <= IN_ALL);
        drop(held);
        assert!(budget.in_all() == 0 && budget.used().by_owner.is_empty());
        assert_eq!(budget.share(one).grow(MIB), Ok(()));
    }
}
