//! Where the bytes of an upload come from: the [`Source`] trait, files, and data the application pushes.

pub mod file;
pub mod pushed;

use crate::error::Error;
use std::sync::Arc;

/// The bytes of one upload. Read at any offset, several times over: parts travel side by side and are
/// sent again after a failure. Used from one thread at a time.
pub trait Source: Send + Sync {
    /// What the bytes are now: compared before and after each part, so that a change is noticed.
    fn condition(&self) -> Result<Condition, Error>;

    /// Reads at most `buffer.len()` bytes from `offset` on; 0 means that there are no more.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Error>;
}

/// How a source stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Condition {
    pub size: u64,
    /// Nanoseconds since 1970 of the last change; 0 where there is no such thing.
    pub modified: i64,
    /// Seconds since 1970 when it was made, as far as the medium knows; 0 if it does not.
    pub created: i64,
}

impl Condition {
    /// Whether the bytes may be others than they were.
    pub fn differs_from(&self, earlier: &Condition) -> bool {
        self.size != earlier.size || self.modified != earlier.modified
    }
}

/// The way to files, for a core that knows none.
pub trait Files: Send {
    /// Opens a plain file for reading. The path is the operating system's, whatever its encoding.
    fn open(&self, path: &[u8]) -> Result<Arc<dyn Source>, Error>;
}
