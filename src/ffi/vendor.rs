//! The vendor's store, clock and random numbers behind the library's traits.

use super::callbacks::*;
use crate::clock::{Clock, Instant, Now};
use crate::entropy::Entropy;
use crate::error::Error;
use crate::net::clock::SystemClock;
use crate::secret::SecretBytes;
use crate::status::*;
use crate::store::{Store, is_valid_key};
use std::ffi::{CStr, CString, c_char, c_void};
use std::sync::Arc;
use zeroize::Zeroizing;

/// More than any record; a longer one is not ours.
const LARGEST_RECORD: usize = 16 << 20;
const FIRST_BUFFER: usize = 8 << 10;

/// The four functions, all set.
#[derive(Clone)]
pub struct StoreFunctions {
    pub load: unsafe extern "C" fn(*mut c_void, *const c_char, *mut u8, usize, *mut usize) -> i32,
    pub save: unsafe extern "C" fn(*mut c_void, *const c_char, *const u8, usize) -> i32,
    pub erase: unsafe extern "C" fn(*mut c_void, *const c_char) -> i32,
    pub list: unsafe extern "C" fn(*mut c_void, fio_store_key_cb, *mut c_void) -> i32,
    pub user: Arc<UserData>,
}

fn c_key(key: &str) -> Result<CString, Error> {
    CString::new(key).map_err(|_| Error::new(FIO_E_STORE, "invalid record key"))
}

fn failed(what: &'static str) -> Error {
    Error::new(FIO_E_STORE, what)
}

impl Store for StoreFunctions {
    fn load(&mut self, key: &str) -> Result<Option<SecretBytes>, Error> {
        let key = c_key(key)?;
        let mut capacity = FIRST_BUFFER;
        // The record may grow between two calls, but not for ever.
        for _ in 0..4 {
            let mut buffer = Zeroizing::new(vec![0u8; capacity]);
            let mut length = 0;
            // SAFETY: the function was registered for this; the buffer has `capacity` bytes, the key
            // is terminated, and all of it outlives the call.
            let result = unsafe {
                (self.load)(self.user.pointer, key.as_ptr(), buffer.as_mut_ptr(), capacity, &mut length)
            };
            match result {
                FIO_STORE_NOT_FOUND => return Ok(None),
                0 if length <= capacity => {
                    buffer.truncate(length);
                    return Ok(Some(SecretBytes::new(std::mem::take(&mut *buffer))));
                }
                0 if length <= LARGEST_RECORD => capacity = length,
                _ => break,
            }
        }
        Err(failed("the application's load callback failed"))
    }

    fn save(&mut self, key: &str, value: &[u8]) -> Result<(), Error> {
        let key = c_key(key)?;
        // SAFETY: as in `load`; the value is readable for its length.
        match unsafe { (self.save)(self.user.pointer, key.as_ptr(), value.as_ptr(), value.len()) } {
            0 => Ok(()),
            _ => Err(failed("the application's save callback failed")),
        }
    }

    fn erase(&mut self, key: &str) -> Result<(), Error> {
        let key = c_key(key)?;
        // SAFETY: as in `load`.
        match unsafe { (self.erase)(self.user.pointer, key.as_ptr()) } {
            0 => Ok(()),
            _ => Err(failed("the application's erase callback failed")),
        }
    }

    fn list(&mut self) -> Result<Vec<String>, Error> {
        unsafe extern "C" fn each(context: *mut c_void, key: *const c_char) {
            // Called back by the application, so it has a guard of its own.
            super::guard::guard_value((), || {
                if context.is_null() || key.is_null() {
                    return;
                }
                // SAFETY: the context is the vector below, which nothing else uses during the call;
                // the key is terminated, as the contract of the callback says.
                let (keys, key) = unsafe { (&mut *context.cast::<Vec<String>>(), CStr::from_ptr(key)) };
                keys.extend(key.to_str().ok().filter(|key| is_valid_key(key)).map(str::to_owned));
            })
        }
        let mut keys: Vec<String> = Vec::new();
        // SAFETY: as in `load`; `each` uses the context as what it is.
        match unsafe { (self.list)(self.user.pointer, Some(each), (&raw mut keys).cast()) } {
            0 => Ok(keys),
            _ => Err(failed("the application's list callback failed")),
        }
    }
}

/// The vendor's clocks; each is optional.
#[derive(Clone)]
pub struct ClockFunctions {
    pub monotonic: fio_monotonic_cb,
    pub wall: fio_wall_clock_cb,
    pub user: Arc<UserData>,
}

impl Clock for ClockFunctions {
    fn now(&self) -> Now {
        let system = SystemClock.now();
        let user = self.user.pointer;
        // SAFETY: both functions were registered to be called like this.
        unsafe {
            Now {
                mono: self.monotonic.map_or(system.mono, |clock| Instant(clock(user))),
                wall: self.wall.map_or(system.wall, |clock| clock(user)),
            }
        }
    }
}

/// The vendor's random numbers.
#[derive(Clone)]
pub struct EntropyFunction {
    pub fill: unsafe extern "C" fn(*mut c_void, *mut u8, usize) -> i32,
    pub user: Arc<UserData>,
}

impl Entropy for EntropyFunction {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Error> {
        // SAFETY: the function was registered for this; the buffer is writable for its length.
        match unsafe { (self.fill)(self.user.pointer, buffer.as_mut_ptr(), buffer.len()) } {
            0 => Ok(()),
            _ => Err(Error::new(FIO_E_ENTROPY, "the application's entropy callback failed")),
        }
    }
}
