//! A store that forgets at power-off: for applications that gave none, and for tests.

use super::Store;
use crate::error::Error;
use crate::secret::SecretBytes;
use crate::sorted_map::SortedMap;

#[derive(Default)]
pub struct MemoryStore {
    /// By key.
    records: SortedMap<String, SecretBytes>,
}

impl Store for MemoryStore {
    fn load(&mut self, key: &str) -> Result<Option<SecretBytes>, Error> {
        Ok(self.records.get(key).cloned())
    }

    fn save(&mut self, key: &str, value: &[u8]) -> Result<(), Error> {
        self.records.insert(key.to_owned(), SecretBytes::new(value.to_vec()));
        Ok(())
    }

    fn erase(&mut self, key: &str) -> Result<(), Error> {
        self.records.remove(key);
        Ok(())
    }

    fn list(&mut self) -> Result<Vec<String>, Error> {
        Ok(self.records.keys().cloned().collect())
    }
}
