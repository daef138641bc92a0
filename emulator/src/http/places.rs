//! Who has a connection. Nobody is kept out as long as there is room; when there is none, anybody who has the most of it
//! gives way, so that one address cannot shut the others out. There is no fixed number for each address: a thousand
//! devices may be behind one.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::wire::Wire;

/// Half of an IPv6 address is the network's, and the rest whatever a host likes.
pub fn owner(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let network = u128::from(v6) >> 64 << 64;
            if v6.is_loopback() { v6.into() } else { Ipv6Addr::from(network).into() }
        }
        v4 => v4,
    }
}

#[derive(Debug)]
pub struct Places {
    room: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    count: usize,
    next: u64,
    by_owner: HashMap<IpAddr, BTreeMap<u64, Arc<Seat>>>,
}

/// What is known of one connection while it lasts.
#[derive(Debug, Default)]
pub struct Seat {
    /// Once requests can be sent over it.
    wire: OnceLock<Arc<Wire>>,
    leave: Notify,
}

/// Held as long as a connection lasts.
#[derive(Debug)]
pub struct Place {
    places: Arc<Places>,
    owner: IpAddr,
    number: u64,
    pub seat: Arc<Seat>,
}

impl Places {
    pub fn new(room: usize) -> Arc<Self> {
        Arc::new(Self { room, taken: Mutex::default() })
    }

    /// A place for a connection from there; `None` when it would be the one to give way.
    pub fn take(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let owner = owner(address);
        let mut taken = self.taken();
        if taken.count >= self.room && !taken.make_room(owner) {
            return None;
        }
        let (number, seat) = (taken.next, Arc::<Seat>::default());
        taken.next += 1;
        taken.count += 1;
        taken.by_owner.entry(owner).or_default().insert(number, Arc::clone(&seat));
        Some(Place { places: Arc::clone(self), owner, number, seat })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn make_room(&mut self, newcomer: IpAddr) -> bool {
        let own = self.by_owner.get(&newcomer).map_or(0, BTreeMap::len);
        let Some((&crowd, seats)) = self.by_owner.iter().max_by_key(|(_, seats)| seats.len()) else {
            return false;
        };
        let resting = seats.iter().filter_map(|(number, seat)| Some((seat.resting_since()?, *number)));
        // Of those at work, only for somebody who has clearly less.
        let oldest = seats.keys().next().filter(|_| own + 1 < seats.len()).copied();
        match resting.min().map(|(_, number)| number).or(oldest) {
            Some(number) => {
                self.remove(crowd, number).into_iter().for_each(|seat| seat.leave.notify_one());
                true
            }
            None => false,
        }
    }

    fn remove(&mut self, owner: IpAddr, number: u64) -> Option<Arc<Seat>> {
        let seats = self.by_owner.get_mut(&owner)?;
        let seat = seats.remove(&number)?;
        if seats.is_empty() {
            self.by_owner.remove(&owner);
        }
        self.count -= 1;
        Some(seat)
    }
}

impl Seat {
    pub fn serves(&self, wire: &Arc<Wire>) {
        let _ = self.wire.set(Arc::clone(wire));
    }

    /// Waits until the place is wanted for somebody else.
    pub async fn wanted(&self) {
        self.leave.notified().await;
    }

    fn resting_since(&self) -> Option<Instant> {
        self.wire.get().and_then(|wire| wire.resting_since())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // It may have been taken away already.
        self.places.taken().remove(self.owner, self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(last: u8) -> IpAddr {
        IpAddr::from([192, 168, 0, last])
    }

    async fn is_wanted(place: &Place) -> bool {
        tokio::time::timeout(std::time::Duration::from_millis(1), place.seat.wanted()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn the_crowd_gives_way() {
        let places = Places::new(4);
        let crowd: Vec<_> = (0..4).filter_map(|_| places.take(at(1))).collect();
        assert_eq!(crowd.len(), 4, "all of it, as long as nobody else wants any");
        assert!(places.take(at(1)).is_none(), "all are at work, and it would be its own");
        let other = places.take(at(2)).expect("a place");
        assert!(is_wanted(&crowd[0]).await && !is_wanted(&crowd[1]).await, "the oldest goes");
        let another = places.take(at(2)).expect("a place");
        assert!(is_wanted(&crowd[1]).await);
        assert!(places.take(at(2)).is_none() && places.take(at(1)).is_none(), "two and two");
        drop((other, crowd));
        assert!(places.take(at(1)).is_some());
        drop(another);
        assert!(places.taken().by_owner.is_empty() && places.taken().count == 0);
    }

    #[tokio::test(start_paused = true)]
    async fn who_only_rests_goes_first() {
        let places = Places::new(3);
        let crowd: Vec<_> = (0..3).filter_map(|_| places.take(at(1))).collect();
        let wires: Vec<_> = (0..3).map(|number| Wire::new(number, None)).collect();
        crowd.iter().zip(&wires).for_each(|(place, wire)| place.seat.serves(wire));
        tokio::time::advance(std::time::Duration::from_secs(2)).await;
        wires[0].request_began();
        let own = places.take(at(1)).expect("instead of one that rests");
        assert!(is_wanted(&crowd[1]).await && !is_wanted(&crowd[0]).await);
        drop(own);
    }

    #[test]
    fn addresses_of_one_owner() {
        let v6 = |text: &str| owner(text.parse().expect("an address"));
        assert_eq!(v6("2001:db8::1"), v6("2001:db8::ffff:1"));
        assert_ne!(v6("2001:db8::1"), v6("2001:db8:0:1::1"));
        assert_eq!(v6("::ffff:10.0.0.1"), v6("10.0.0.1"));
        assert_ne!(v6("127.0.0.1"), v6("127.0.0.2"));
    }
}
