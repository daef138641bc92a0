//! What an application may give in place of the system's own, as functions: clock, random numbers, a reader.
//! And how the records of its store are read.

use crate::clock::{Clock, Now};
use crate::entropy::Entropy;
use crate::error::Error;
use crate::secret::SecretBytes;
use crate::source::{Condition, Source};
use crate::status::*;
use std::sync::Arc;
use zeroize::Zeroizing;

pub type ClockFunction = Arc<dyn Fn() -> Now + Send + Sync>;

/// Fills the buffer with numbers nobody can predict.
pub type EntropyFunction = Arc<dyn Fn(&mut [u8]) -> Result<(), Error> + Send + Sync>;

/// Reads from an offset on: how many bytes it were.
pub type ReadFunction = Box<dyn Fn(u64, &mut [u8]) -> Option<usize> + Send + Sync>;

pub(super) struct OwnClock(pub ClockFunction);

impl Clock for OwnClock {
    fn now(&self) -> Now {
        (self.0)()
    }
}

pub(super) struct OwnEntropy(pub EntropyFunction);

impl Entropy for OwnEntropy {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Error> {
        (self.0)(buffer)
    }
}

/// The bytes of one upload.
#[cfg_attr(not(feature = "uploads"), allow(dead_code))]
pub(super) struct OwnReader {
    pub size: u64,
    pub read: ReadFunction,
}

impl Source for OwnReader {
    fn condition(&self) -> Result<Condition, Error> {
        Ok(Condition { size: self.size, ..Condition::default() })
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Error> {
        let failed = |what| Error::new(FIO_E_SOURCE_READ, what);
        match (self.read)(offset, buffer) {
            Some(count) if count <= buffer.len() => Ok(count),
            Some(_) => Err(failed("the application's read callback gave more than was asked for")),
            None => Err(failed("the application's read callback failed")),
        }
    }
}

/// More than any record; a longer one is not ours.
const LARGEST_RECORD: usize = 16 << 20;
const FIRST_BUFFER: usize = 8 << 10;

/// Writes of a record what fits into the buffer and says how long it is; `None` if there is none.
pub type LoadFunction<'a> = dyn FnMut(&mut [u8]) -> Result<Option<usize>, Error> + 'a;

/// Reads a record of a length that only the store knows.
pub fn load_record(load: &mut LoadFunction<'_>) -> Result<Option<SecretBytes>, Error> {
    let mut capacity = FIRST_BUFFER;
    // The record may grow between two calls, but not for ever.
    for _ in 0..4 {
        let mut buffer = Zeroizing::new(vec![0u8; capacity]);
        match load(&mut buffer)? {
            None => return Ok(None),
            Some(length) if length <= capacity => {
                buffer.truncate(length);
                return Ok(Some(SecretBytes::new(std::mem::take(&mut *buffer))));
            }
            Some(length) if length <= LARGEST_RECORD => capacity = length,
            Some(_) => break,
        }
    }
    Err(Error::new(FIO_E_STORE, "the application's load callback gives no whole record"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_grows_is_read_whole_but_not_for_ever() {
        let mut lengths = vec![FIRST_BUFFER + 1, FIRST_BUFFER + 2, 5];
        let mut asked = Vec::new();
        let mut load = |buffer: &mut [u8]| {
            asked.push(buffer.len());
            buffer[..5].copy_from_slice(b"bytes");
            Ok(Some(lengths.remove(0)))
        };
        assert_eq!(load_record(&mut load).unwrap().unwrap().expose(), b"bytes");
        assert_eq!(asked, [FIRST_BUFFER, FIRST_BUFFER + 1, FIRST_BUFFER + 2]);

        let mut calls = 0;
        let mut grows = |buffer: &mut [u8]| {
            calls += 1;
            Ok(Some(buffer.len() + 1))
        };
        assert_eq!(load_record(&mut grows).unwrap_err().status, FIO_E_STORE);
        assert_eq!(calls, 4);
        assert!(load_record(&mut |_| Ok(Some(LARGEST_RECORD + 1))).is_err());
        assert_eq!(load_record(&mut |_| Ok(None)), Ok(None));
    }

    #[test]
    fn a_reader_is_not_believed_to_have_given_more_than_fits() {
        let reader = |count| OwnReader { size: 9, read: Box::new(move |_, _| count) };
        assert_eq!(reader(Some(3)).read_at(5, &mut [0; 3]), Ok(3));
        for bad in [Some(4), None] {
            assert_eq!(reader(bad).read_at(5, &mut [0; 3]).unwrap_err().status, FIO_E_SOURCE_READ);
        }
    }
}
