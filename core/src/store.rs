//! Where records are kept, for a core that knows no disk.

use crate::error::Error;
use crate::prelude::*;
use crate::secret::SecretBytes;

/// Values by key: whole, checked and, where there is a key for it, sealed. Keys are file names everywhere: 1 to
/// 64 of `a-z 0-9 . _ -`, not beginning with a dot.
pub trait RecordStore {
    /// One that cannot be trusted is moved aside and reported as `FIO_E_STORE_DAMAGED`; the next load finds
    /// nothing.
    fn load(&mut self, key: &str) -> Result<Option<SecretBytes>, Error>;
    fn save(&mut self, key: &str, value: &SecretBytes) -> Result<(), Error>;
    /// Erasing what is not there is a success.
    fn erase(&mut self, key: &str) -> Result<(), Error>;
    fn list(&mut self) -> Result<Vec<String>, Error>;
    /// Keeps a record for inspection under another name, and says so. For records that were intact but not
    /// usable, too.
    fn set_aside(&mut self, key: &str, reason: &str) -> Error;
}
