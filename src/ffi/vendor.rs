//! The vendor's store behind the library's trait.

use super::callbacks::*;
use crate::client::own::load_record;
use crate::error::Error;
use crate::secret::SecretBytes;
use crate::status::*;
use crate::store::{Store, is_valid_key};
use std::ffi::{CStr, CString, c_char, c_void};
use std::sync::Arc;

/// The four functions, all set.
#[derive(Clone)]
pub(crate) struct StoreFunctions {
    pub load: unsafe extern "C" fn(*mut c_void, *const c_char, *mut u8, usize, *mut usize) -> i32,
    pub save: unsafe extern "C" fn(*mut c_void, *const c_char, *const u8, usize) -> i32,
    pub erase: unsafe extern "C" fn(*mut c_void, *const c_char) -> i32,
    pub list: unsafe extern "C" fn(*mut c_void, fio_store_key_cb, *mut c_void) -> i32,
    pub user: Arc<UserData>,
}

fn c_key(key: &str) -> Result<CString, Error> {
    CString::new(key).map_err(|_| Error::new(FIO_E_STORE, "invalid record key"))
}

/// What a callback answers: 0 or a failure.
pub(crate) fn answered(result: i32, status: i32, failure: &'static str) -> Result<(), Error> {
    if result == 0 { Ok(()) } else { Err(Error::new(status, failure)) }
}

impl Store for StoreFunctions {
    fn load(&mut self, key: &str) -> Result<Option<SecretBytes>, Error> {
        let key = c_key(key)?;
        load_record(&mut |buffer| {
            let (start, capacity, mut length) = (buffer.as_mut_ptr(), buffer.len(), 0);
            // SAFETY: the function was registered for this; the buffer has `capacity` bytes, the key is
            // terminated, and all of it outlives the call.
            let result =
                unsafe { (self.load)(self.user.pointer, key.as_ptr(), start, capacity, &mut length) };
            if result == FIO_STORE_NOT_FOUND {
                return Ok(None);
            }
            answered(result, FIO_E_STORE, "the application's load callback failed").map(|()| Some(length))
        })
    }

    fn save(&mut self, key: &str, value: &[u8]) -> Result<(), Error> {
        let key = c_key(key)?;
        // SAFETY: as in `load`; the value is readable for its length.
        let result = unsafe { (self.save)(self.user.pointer, key.as_ptr(), value.as_ptr(), value.len()) };
        answered(result, FIO_E_STORE, "the application's save callback failed")
    }

    fn erase(&mut self, key: &str) -> Result<(), Error> {
        let key = c_key(key)?;
        // SAFETY: as in `load`.
        let result = unsafe { (self.erase)(self.user.pointer, key.as_ptr()) };
        answered(result, FIO_E_STORE, "the application's erase callback failed")
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
        let result = unsafe { (self.list)(self.user.pointer, Some(each), (&raw mut keys).cast()) };
        answered(result, FIO_E_STORE, "the application's list callback failed").map(|()| keys)
    }
}
