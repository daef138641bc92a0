//! The application's read callback behind the library's trait.

use crate::error::Error;
use crate::ffi::callbacks::UserData;
use crate::source::{Condition, Source};
use crate::status::*;
use std::ffi::c_void;
use std::sync::Arc;

/// The application's bytes of one upload.
pub struct CallbackReader {
    pub size: u64,
    pub read: unsafe extern "C" fn(*mut c_void, u64, *mut u8, usize) -> i64,
    pub user: Arc<UserData>,
}

impl Source for CallbackReader {
    fn condition(&self) -> Result<Condition, Error> {
        Ok(Condition { size: self.size, ..Condition::default() })
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Error> {
        // SAFETY: the function was registered for this; the buffer is writable for its length.
        let count = unsafe { (self.read)(self.user.pointer, offset, buffer.as_mut_ptr(), buffer.len()) };
        match usize::try_from(count) {
            Ok(count) if count <= buffer.len() => Ok(count),
            Ok(_) => Err(Error::new(
                FIO_E_SOURCE_READ,
                "the application's read callback gave more than was asked for",
            )),
            Err(_) => Err(Error::new(FIO_E_SOURCE_READ, "the application's read callback failed")),
        }
    }
}
