//! A map that holds the newest of what was put into it, so that rules need no more memory after a
//! million requests than after a thousand.

use std::borrow::Borrow;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

#[derive(Debug)]
pub struct Recent<K, V> {
    values: HashMap<K, V>,
    /// Oldest first. Keys that were removed meanwhile are passed over.
    order: VecDeque<K>,
    most: usize,
}

impl<K: Hash + Eq + Clone, V> Recent<K, V> {
    pub fn new(most: usize) -> Self {
        Self { values: HashMap::new(), order: VecDeque::new(), most }
    }

    pub fn insert(&mut self, key: K, value: V) {
        if self.values.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
            self.shrink();
        }
    }

    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.values.get(key)
    }

    pub fn get_mut<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.values.get_mut(key)
    }

    /// What is under that key, put there if there is nothing yet.
    pub fn entry(&mut self, key: &K, new: impl FnOnce() -> V) -> &mut V {
        if !self.values.contains_key(key) {
            self.order.push_back(key.clone());
            // Room first, so that what is new is not what goes.
            self.shrink();
        }
        self.values.entry(key.clone()).or_insert_with(new)
    }

    pub fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.values.remove(key)
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.values.iter()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.values.iter_mut()
    }

    pub fn retain(&mut self, keep: impl FnMut(&K, &mut V) -> bool) {
        self.values.retain(keep);
    }

    fn shrink(&mut self) {
        // Twice as many keys as values: most of them were removed, and may have come again since.
        if self.order.len() > 2 * self.most {
            let values = &self.values;
            let mut seen = std::collections::HashSet::new();
            let mut newest: VecDeque<K> = VecDeque::new();
            for key in self.order.drain(..).rev() {
                if values.contains_key(&key) && seen.insert(key.clone()) {
                    newest.push_front(key);
                }
            }
            self.order = newest;
        }
        while self.values.len() > self.most {
            match self.order.pop_front() {
                Some(oldest) => drop(self.values.remove(&oldest)),
                None => break,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_first() {
        let mut recent = Recent::new(3);
        for key in 0..10 {
            recent.insert(key, key);
            *recent.entry(&key, || 0) += 1;
        }
        assert_eq!(recent.iter().count(), 3);
        assert_eq!((recent.get(&9), recent.get(&6)), (Some(&10), None));
    }

    #[test]
    fn what_comes_and_goes_leaves_nothing_behind() {
        let mut recent = Recent::new(10);
        for key in 0..10_000 {
            recent.insert(key, ());
            recent.remove(&key);
        }
        assert!(recent.order.len() <= 21, "{}", recent.order.len());
        recent.insert(1, ());
        for key in 0..9 {
            recent.insert(20_000 + key, ());
        }
        assert!(recent.get(&1).is_some());
    }
}
