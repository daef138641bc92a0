//! The shapes of the callbacks. `user` is always the first argument and is what the application gave
//! with the function.
//!
//! Two kinds. *Completions and events* run from `fio_drive`, `fio_wait` or `fio_client_free` on the
//! caller's thread, with nothing of the library in the middle of anything: they may call every
//! function except `fio_drive` and `fio_wait` on the same client (those answer `FIO_E_REENTRANT`), and
//! may free the client. *Data callbacks* (log, store, clock, reader) run in the middle of a call: on the
//! same client they may call only `fio_wakeup`, `fio_cancel` and `fio_client_free`; everything else
//! answers `FIO_E_REENTRANT`.
//!
//! A callback must return normally: no exception may leave it, no `longjmp` may cross it.

use super::views::{fio_code, fio_device, fio_error, fio_event, fio_upload_info};
use std::ffi::{c_char, c_void};
use std::sync::Arc;

/// An operation without a result is over: `error` is NULL if it went well. Runs exactly once for
/// each started operation. `error` is valid during the callback.
pub type fio_done_cb = Option<unsafe extern "C" fn(user: *mut c_void, error: *const fio_error)>;

/// A code has been granted, or not: exactly one of `error` and `code` is non-NULL. Both are valid
/// during the callback.
pub type fio_code_cb =
    Option<unsafe extern "C" fn(user: *mut c_void, error: *const fio_error, code: *const fio_code)>;

/// Device information has arrived, or not: exactly one of `error` and `device` is non-NULL. Both are
/// valid during the callback.
pub type fio_device_cb =
    Option<unsafe extern "C" fn(user: *mut c_void, error: *const fio_error, device: *const fio_device)>;

/// `fio_pair` has a code for the person: show it, and its QR where `verification_uri_complete` is not
/// NULL. Runs once for each code; `code` is valid during the callback.
pub type fio_show_code_cb = Option<unsafe extern "C" fn(user: *mut c_void, code: *const fio_code)>;

/// Something nobody asked for: see `fio_event`, which is valid during the callback. Ignore kinds you
/// do not know.
pub type fio_event_cb = Option<unsafe extern "C" fn(user: *mut c_void, event: *const fio_event)>;

/// One upload of the list that `fio_queue_list` shows, from inside that call. `info` is valid during the
/// callback. It may call what a completion may call.
pub type fio_upload_cb = Option<unsafe extern "C" fn(user: *mut c_void, info: *const fio_upload_info)>;

/// Reads at most `length` bytes of an upload from `offset` on into `buffer`. Return how many it were
/// (fewer than asked for is no failure: the library asks again), 0 if there are none at this offset, or a
/// negative value for a failure (`FIO_E_SOURCE_READ`). Bytes may be asked for several times, in any
/// order: answer the same each time. A data callback, and a quick one: the network waits for it.
pub type fio_read_cb =
    Option<unsafe extern "C" fn(user: *mut c_void, offset: u64, buffer: *mut u8, length: usize) -> i64>;

/// One log line of `length` bytes, NUL-terminated, without a line break. A data callback.
pub type fio_log_cb =
    Option<unsafe extern "C" fn(user: *mut c_void, level: i32, line: *const c_char, length: usize)>;

/// Runs once when the library will not use `user` any more. A data callback, but without a client of its
/// own to name it may run inside any call.
pub type fio_destroy_cb = Option<unsafe extern "C" fn(user: *mut c_void)>;

/// Reads a record into `buffer`: write at most `capacity` bytes, and the record's whole length to
/// `length`. If that is more than `capacity`, the library calls again with a larger buffer. Return 0,
/// `FIO_STORE_NOT_FOUND` (1), or a negative value for a failure. A data callback.
pub type fio_store_load_cb = Option<
    unsafe extern "C" fn(
        user: *mut c_void,
        key: *const c_char,
        buffer: *mut u8,
        capacity: usize,
        length: *mut usize,
    ) -> i32,
>;

/// Replaces a record, atomically: after a power cut at any instant the old or the new one must be
/// there, whole, and after a return of 0 the new one. Keys are 1 to 64 characters of
/// `a-z 0-9 . _ -`. Return 0, or a negative value for a failure. A data callback.
pub type fio_store_save_cb = Option<
    unsafe extern "C" fn(user: *mut c_void, key: *const c_char, value: *const u8, length: usize) -> i32,
>;

/// Erases a record; one that is not there is a success. Return 0, or a negative value for a failure.
/// A data callback.
pub type fio_store_erase_cb = Option<unsafe extern "C" fn(user: *mut c_void, key: *const c_char) -> i32>;

/// Call it once for each key, with the `context` that came with it.
pub type fio_store_key_cb = Option<unsafe extern "C" fn(context: *mut c_void, key: *const c_char)>;

/// Lists all keys by calling `each` for every one. Return 0, or a negative value for a failure. A
/// data callback.
pub type fio_store_list_cb =
    Option<unsafe extern "C" fn(user: *mut c_void, each: fio_store_key_cb, context: *mut c_void) -> i32>;

/// Milliseconds on a clock that never goes back and goes on while the device sleeps. A data callback.
pub type fio_monotonic_cb = Option<unsafe extern "C" fn(user: *mut c_void) -> u64>;

/// Seconds since 1970-01-01 UTC, as the device believes. A data callback.
pub type fio_wall_clock_cb = Option<unsafe extern "C" fn(user: *mut c_void) -> i64>;

/// Fills all of `buffer` with `length` random bytes that nobody can predict. Return 0, or a negative value for
/// a failure; 0 with a buffer that was not filled is `FIO_E_ENTROPY`. A data callback.
pub type fio_entropy_cb =
    Option<unsafe extern "C" fn(user: *mut c_void, buffer: *mut u8, length: usize) -> i32>;

/// A load callback's answer: there is no such record.
pub const FIO_STORE_NOT_FOUND: i32 = 1;

/// What any data callback returns to report a failure; every negative value does.
pub const FIO_CB_ABORT: i32 = -1;

/// An application's pointer with what to do when it is not needed any more.
pub(super) struct UserData {
    pub pointer: *mut c_void,
    destroy: fio_destroy_cb,
    process: u32,
}

// The application says with the registration that its pointer may be used on whichever one thread
// drives the client.
// SAFETY: the library itself only passes the pointer on.
unsafe impl Send for UserData {}
// SAFETY: as above; it is never used from two threads at once, because a client is not.
unsafe impl Sync for UserData {}

impl UserData {
    pub(crate) fn new(pointer: *mut c_void, destroy: fio_destroy_cb) -> Arc<UserData> {
        Arc::new(UserData { pointer, destroy, process: crate::sys::process_id() })
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        // After a fork the child gives back memory of the library only.
        if let Some(destroy) = self.destroy.filter(|_| self.process == crate::sys::process_id()) {
            // SAFETY: the function and its argument were registered together for this call.
            unsafe { destroy(self.pointer) };
        }
    }
}
