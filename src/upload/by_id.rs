//! What there is of each upload, by its id.

use super::UploadId;
use std::collections::VecDeque;

/// A list in the order of the ids. They grow, so that new ones come last, and mostly old ones are forgotten:
/// at both ends little has to be moved. A tree would be four times the code.
pub struct ById<V>(VecDeque<(UploadId, V)>);

impl<V> Default for ById<V> {
    fn default() -> ById<V> {
        ById(VecDeque::new())
    }
}

impl<V> ById<V> {
    /// Where an upload is, or belongs.
    fn place(&self, id: UploadId) -> Result<usize, usize> {
        self.0.binary_search_by(|(own, _)| own.cmp(&id))
    }

    pub fn insert(&mut self, id: UploadId, value: V) {
        match self.place(id) {
            Ok(place) => self.0[place].1 = value,
            Err(place) => self.0.insert(place, (id, value)),
        }
    }

    pub fn remove(&mut self, id: UploadId) -> Option<V> {
        let place = self.place(id).ok()?;
        self.0.remove(place).map(|(_, value)| value)
    }

    pub fn get(&self, id: UploadId) -> Option<&V> {
        self.place(id).ok().map(|place| &self.0[place].1)
    }

    pub fn get_mut(&mut self, id: UploadId) -> Option<&mut V> {
        self.place(id).ok().map(|place| &mut self.0[place].1)
    }

    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    pub fn highest_id(&self) -> Option<UploadId> {
        self.0.back().map(|(id, _)| *id)
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

    #[test]
    fn it_is_in_the_order_of_the_ids_however_they_come() {
        let mut map = ById::default();
        for id in [5, 9, 1, 7, 9] {
            map.insert(id, id * 10);
        }
        assert_eq!(map.values().copied().collect::<Vec<_>>(), [10, 50, 70, 90]);
        assert_eq!((map.highest_id(), map.len()), (Some(9), 4));
        assert_eq!((map.remove(5), map.remove(5), map.get(7)), (Some(50), None, Some(&70)));
        assert_eq!(map.get_mut(2), None);
    }
}
