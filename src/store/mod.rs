//! Where records live: the [`Store`] trait, the directory store, and [`records::Records`], which
//! seals and checks what any store holds.

pub mod dir;
mod lock;
pub mod memory;
pub mod records;

pub use fio_c2c_core::store::RecordStore;

use crate::error::Error;
use crate::secret::SecretBytes;

/// A key-value store. Keys are [`is_valid_key`]. `save` must be atomic: after a power cut at any
/// instant, `load` yields either the old or the new value, whole.
pub trait Store: Send {
    /// `FIO_E_STORE_DAMAGED`: what is there is no record at all, and the message says why not.
    fn load(&mut self, key: &str) -> Result<Option<SecretBytes>, Error>;
    fn save(&mut self, key: &str, value: &[u8]) -> Result<(), Error>;
    /// Erasing what is not there is a success.
    fn erase(&mut self, key: &str) -> Result<(), Error>;
    fn list(&mut self) -> Result<Vec<String>, Error>;
    /// Moves a record to another key, over what is there.
    fn set_aside(&mut self, key: &str, aside: &str) -> Result<(), Error> {
        let Some(value) = self.load(key)? else { return Ok(()) };
        self.save(aside, value.expose())?;
        self.erase(key)
    }
}

/// Keys are file names everywhere: 1 to 64 of `a-z 0-9 . _ -`, not beginning with a dot.
pub fn is_valid_key(key: &str) -> bool {
    (1..=64).contains(&key.len())
        && !key.starts_with('.')
        && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_safe_file_names() {
        assert!(is_valid_key("auth") && is_valid_key("upload.000a-1_x"));
        for bad in ["", ".", "..", ".hidden", "a/b", "A", "ä", "a b", &"x".repeat(65)] {
            assert!(!is_valid_key(bad), "{bad}");
        }
    }
}
