//! What libcurl asks rustls while it reads, so that a whole answer counts however its connection ends.
//!
//! libcurl 8.22 (`cr_recv` in `lib/vtls/rustls.c`) reads from rustls until its buffer is full or nothing is left. If the
//! other end then closes without `close_notify`, or resets the connection, it reports that and drops what it has just
//! read. Many servers and proxies close that way right behind an answer. So the end is told one call later: libcurl
//! first gets what was read, and if that was not the whole answer, the end as an error. A body that is shorter than
//! announced, or that has no length, stays an error.
//!
//! `packaging/libcurl` makes libcurl call these functions; what may replace them is written there.

use super::constants::{RUSTLS_RESULT_OK, RUSTLS_RESULT_PLAINTEXT_EMPTY, RUSTLS_RESULT_UNEXPECTED_EOF};
use std::cell::Cell;
use std::ffi::{c_int, c_uint, c_void};
use std::ptr;

type Callback = Option<unsafe extern "C" fn(*mut c_void, *mut u8, usize, *mut usize) -> c_int>;

// Of rustls-ffi, which is linked in with libcurl; `Connection` is never looked into.
unsafe extern "C" {
    fn rustls_connection_read(of: *mut c_void, into: *mut u8, room: usize, read: *mut usize) -> c_uint;
    fn rustls_connection_read_tls(
        of: *mut c_void,
        callback: Callback,
        context: *mut c_void,
        read: *mut usize,
    ) -> c_int;
    fn rustls_connection_process_new_packets(of: *mut c_void) -> c_uint;
}

thread_local! {
    /// The connection libcurl is reading from right now, if it has got something from it and goes on reading: it does
    /// so on the same thread, and calls rustls for no other connection meanwhile.
    static GOES_ON: Cell<*mut c_void> = const { Cell::new(ptr::null_mut()) };
}

/// What to tell libcurl of a read, and whether it has got something and will go on.
fn told(result: c_uint, read: usize, room: usize, went_on: bool) -> (c_uint, bool) {
    match result {
        // With its buffer full it does not read on.
        RUSTLS_RESULT_OK => (result, read > 0 && read < room),
        // It looks for more in the socket.
        RUSTLS_RESULT_PLAINTEXT_EMPTY => (result, went_on),
        // It takes what it has. Its next call gets this result again, and is told.
        RUSTLS_RESULT_UNEXPECTED_EOF if went_on => (RUSTLS_RESULT_OK, false),
        _ => (result, false),
    }
}

/// As `rustls_connection_read`.
///
/// # Safety
/// As for `rustls_connection_read`.
#[unsafe(no_mangle)]
unsafe extern "C" fn fio_rustls_connection_read(
    connection: *mut c_void,
    buffer: *mut u8,
    room: usize,
    read: *mut usize,
) -> c_uint {
    let went_on = GOES_ON.get() == connection;
    // SAFETY: the arguments are the caller's, unchanged.
    let result = unsafe { rustls_connection_read(connection, buffer, room, read) };
    // SAFETY: it is written where the result says so, and libcurl passes a place for it.
    let count = if result == RUSTLS_RESULT_OK { unsafe { *read } } else { 0 };
    let (told, goes_on) = told(result, count, room, went_on);
    if told != result {
        // SAFETY: as above. No bytes.
        unsafe { *read = 0 };
    }
    GOES_ON.set(if goes_on { connection } else { ptr::null_mut() });
    told
}

/// As `rustls_connection_read_tls`.
///
/// # Safety
/// As for `rustls_connection_read_tls`.
#[unsafe(no_mangle)]
unsafe extern "C" fn fio_rustls_connection_read_tls(
    connection: *mut c_void,
    callback: Callback,
    context: *mut c_void,
    read: *mut usize,
) -> c_int {
    let went_on = GOES_ON.get() == connection;
    // SAFETY: the arguments are the caller's, unchanged.
    let result = unsafe { rustls_connection_read_tls(connection, callback, context, read) };
    if result == 0 {
        return result;
    }
    GOES_ON.set(ptr::null_mut());
    // Nothing to read for now: libcurl takes what it has, and finds the socket at its end the next time.
    if went_on { libc::EAGAIN } else { result }
}

/// As `rustls_connection_process_new_packets`.
///
/// # Safety
/// As for `rustls_connection_process_new_packets`.
#[unsafe(no_mangle)]
unsafe extern "C" fn fio_rustls_connection_process_new_packets(connection: *mut c_void) -> c_uint {
    // SAFETY: the argument is the caller's, unchanged.
    let result = unsafe { rustls_connection_process_new_packets(connection) };
    if result != RUSTLS_RESULT_OK {
        // libcurl gives up reading. What broke the rules of TLS is not made better.
        GOES_ON.set(ptr::null_mut());
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_behind_what_was_read() {
        const END: c_uint = RUSTLS_RESULT_UNEXPECTED_EOF;
        let (mut goes_on, mut result);
        (result, goes_on) = told(RUSTLS_RESULT_OK, 300, 4096, false);
        assert_eq!((result, goes_on), (RUSTLS_RESULT_OK, true));
        (result, goes_on) = told(RUSTLS_RESULT_PLAINTEXT_EMPTY, 0, 3796, goes_on);
        assert_eq!((result, goes_on), (RUSTLS_RESULT_PLAINTEXT_EMPTY, true));
        (result, goes_on) = told(END, 0, 3796, goes_on);
        assert_eq!((result, goes_on), (RUSTLS_RESULT_OK, false));
        assert_eq!(told(END, 0, 4096, goes_on), (END, false));
    }

    /// libcurl would take it for the proper end of a connection.
    #[test]
    fn an_end_with_nothing_before_it_is_told_at_once() {
        let (_, goes_on) = told(RUSTLS_RESULT_OK, 4096, 4096, false);
        assert_eq!(told(RUSTLS_RESULT_UNEXPECTED_EOF, 0, 4096, goes_on).0, RUSTLS_RESULT_UNEXPECTED_EOF);
        let (_, goes_on) = told(RUSTLS_RESULT_OK, 0, 4096, true);
        assert_eq!(told(RUSTLS_RESULT_UNEXPECTED_EOF, 0, 4096, goes_on).0, RUSTLS_RESULT_UNEXPECTED_EOF);
    }
}
