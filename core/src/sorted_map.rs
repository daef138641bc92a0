//! A map for what may be many: a list in the order of the keys, searched by halves.
//!
//! The keys of new things are higher than those of old ones, and mostly old ones are forgotten: at both ends
//! little has to be moved.
//!
//! alloc's `BTreeMap` has the same functions, and was measured in its place (x86_64): 8,192 bytes more in the library that
//! only pairs, which is more than it may have, and 16,384 in the whole one.

use alloc::borrow::Borrow;
use alloc::collections::VecDeque;

pub struct SortedMap<K, V>(VecDeque<(K, V)>);

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> SortedMap<K, V> {
        SortedMap(VecDeque::new())
    }
}

impl<K: Ord, V> SortedMap<K, V> {
    /// Where a key is, or belongs.
    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.0.binary_search_by(|(own, _)| own.borrow().cmp(key))
    }

    pub fn insert(&mut self, key: K, value: V) {
        match self.place(&key) {
            Ok(place) => self.0[place].1 = value,
            Err(place) => self.0.insert(place, (key, value)),
        }
    }

    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let place = self.place(key).ok()?;
        self.0.remove(place).map(|(_, value)| value)
    }

    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.place(key).ok().map(|place| &self.0[place].1)
    }

    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.place(key).ok().map(|place| &mut self.0[place].1)
    }

    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.0.iter().map(|(key, _)| key)
    }

    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    #[test]
    fn it_is_in_the_order_of_the_keys_however_they_come() {
        let mut map = SortedMap::default();
        for key in [5, 9, 1, 7, 9] {
            map.insert(key, key * 10);
        }
        assert_eq!(map.values().copied().collect::<Vec<_>>(), [10, 50, 70, 90]);
        assert_eq!((map.keys().next_back(), map.len()), (Some(&9), 4));
        assert_eq!((map.remove(&5), map.remove(&5), map.get(&7)), (Some(50), None, Some(&70)));
        assert_eq!(map.get_mut(&2), None);
    }
}
