//! A map for the handful of things that are there at once: a short list in the order of the keys.
//!
//! alloc's `BTreeMap` has the same functions, and was measured in its place (x86_64, the library that only pairs): 57,344
//! bytes more, of 446,000, because each of the kinds of map is code of its own; and a poll of the token costs 1.041
//! times what one by hand in C does, instead of 1.031.

use crate::prelude::*;
use alloc::borrow::Borrow;

#[derive(Clone, Debug)]
pub struct SmallMap<K, V> {
    entries: Vec<(K, V)>,
}

impl<K, V> Default for SmallMap<K, V> {
    fn default() -> SmallMap<K, V> {
        SmallMap { entries: Vec::new() }
    }
}

impl<K: Ord, V> SmallMap<K, V> {
    fn position<Q: Eq + ?Sized>(&self, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        self.entries.iter().position(|(own, _)| own.borrow() == key)
    }

    /// Returns what was there before.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.entries.iter().position(|(own, _)| *own >= key) {
            Some(at) if self.entries[at].0 == key => Some(core::mem::replace(&mut self.entries[at].1, value)),
            Some(at) => {
                self.entries.insert(at, (key, value));
                None
            }
            None => {
                self.entries.push((key, value));
                None
            }
        }
    }

    pub fn remove<Q: Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.position(key).map(|at| self.entries.remove(at).1)
    }

    pub fn get<Q: Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.position(key).map(|at| &self.entries[at].1)
    }

    pub fn get_mut<Q: Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.position(key).map(|at| &mut self.entries[at].1)
    }

    pub fn contains_key<Q: Eq + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.position(key).is_some()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.entries.iter_mut().map(|(key, value)| (&*key, value))
    }

    pub fn first_key_value(&self) -> Option<(&K, &V)> {
        self.entries.first().map(|(key, value)| (key, value))
    }

    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.iter().map(|(key, _)| key)
    }

    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.iter().map(|(_, value)| value)
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.iter_mut().map(|(_, value)| value)
    }
}

impl<K, V> IntoIterator for SmallMap<K, V> {
    type Item = (K, V);
    type IntoIter = alloc::vec::IntoIter<(K, V)>;
    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_map_in_the_order_of_its_keys() {
        let mut map = SmallMap::default();
        for key in ["b", "c", "a"] {
            assert_eq!(map.insert(key.to_owned(), 0), None);
        }
        assert_eq!(map.insert("c".to_owned(), 3), Some(0));
        *map.get_mut("a").unwrap() += 1;
        assert_eq!(map.get("a"), Some(&1));
        assert_eq!((map.remove("b"), map.remove("b")), (Some(0), None));
        assert!(map.contains_key("c") && !map.contains_key("b"));
        assert_eq!(map.into_iter().collect::<Vec<_>>(), [("a".to_owned(), 1), ("c".to_owned(), 3)]);
    }
}
