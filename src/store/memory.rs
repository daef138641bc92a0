//! A store that forgets at power-off: for applications that gave none, and for tests.

use super::Store;
use crate::error::Error;
use crate::secret::SecretBytes;
#[derive(Default)]
pub struct MemoryStore {
    /// By key. The keys of new uploads come last, so that they are mostly appended.
    records: Vec<(String, SecretBytes)>,
}

impl MemoryStore {
    /// Where a key is, or belongs.
    fn place(&self, key: &str) -> Result<usize, usize> {
        self.records.binary_search_by(|(own, _)| own.as_str().cmp(key))
    }
}

impl Store for MemoryStore {
    fn load(&mut self, key: &str) -> Result<Option<SecretBytes>, Error> {
        Ok(self.place(key).ok().map(|place| self.records[place].1.clone()))
    }

    fn save(&mut self, key: &str, value: &[u8]) -> Result<(), Error> {
        let value = SecretBytes::new(value.to_vec());
        match self.place(key) {
            Ok(place) => self.records[place].1 = value,
            Err(place) => self.records.insert(place, (key.to_owned(), value)),
        }
        Ok(())
    }

    fn erase(&mut self, key: &str) -> Result<(), Error> {
        if let Ok(place) = self.place(key) {
            self.records.remove(place);
        }
        Ok(())
    }

    fn list(&mut self) -> Result<Vec<String>, Error> {
        Ok(self.records.iter().map(|(key, _)| key.clone()).collect())
    }
}
