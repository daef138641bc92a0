//! What libcurl asks rustls for a connection, so that all of a client have one configuration (`tls::context`), and while it
//! reads, so that a whole answer counts however its connection ends.
//!
//! libcurl 8.22 (`cr_init_backend`) makes a configuration for each connection: it reads the file of certificates, builds a
//! verifier with them, and builds a configuration with that. Here the file's name is that of a client; no verifier is
//! built, and the configuration is the client's. Whatever went wrong, libcurl gets none rather than another one's.
//!
//! libcurl 8.22 (`cr_recv` in `lib/vtls/rustls.c`) reads from rustls until its buffer is full or nothing is left. If the
//! other end then closes without `close_notify`, or resets the connection, it reports that and drops what it has just
//! read. Many servers and proxies close that way right behind an answer. So the end is told one call later: libcurl
//! first gets what was read, and if that was not the whole answer, the end as an error. A body that is shorter than
//! announced, or that has no length, stays an error.
//!
//! `packaging/libcurl` makes libcurl call these functions; what may replace them is written there.

use super::constants::*;
use super::tls::{self, Chosen, Failure};
use std::cell::{Cell, RefCell};
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::ptr;
use std::sync::Arc;

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
    fn rustls_client_config_builder_free(builder: *mut c_void);
    fn rustls_client_connection_new(
        config: *const c_void,
        host: *const c_char,
        connection: *mut *mut c_void,
    ) -> c_uint;
    fn rustls_connection_free(connection: *mut c_void);
}

thread_local! {
    /// The connection libcurl is reading from right now, if it has got something from it and goes on reading: it does
    /// so on the same thread, and calls rustls for no other connection meanwhile.
    static GOES_ON: Cell<*mut c_void> = const { Cell::new(ptr::null_mut()) };

    /// The configuration of the client whose connection libcurl is making right now: between two calls of one function of
    /// its.
    static CHOSEN: RefCell<Option<Chosen>> = const { RefCell::new(None) };
}

/// As `rustls_root_cert_store_builder_load_roots_from_file`, with a client's name in place of a file's.
///
/// # Safety
/// The name is terminated.
#[unsafe(no_mangle)]
unsafe extern "C" fn fio_rustls_root_cert_store_builder_load_roots_from_file(
    _builder: *mut c_void,
    name: *const c_char,
    _strict: bool,
) -> c_uint {
    CHOSEN.set(None);
    if name.is_null() {
        return RUSTLS_RESULT_NULL_PARAMETER;
    }
    // SAFETY: libcurl passes the text of an option.
    match unsafe { CStr::from_ptr(name) }.to_str().ok().and_then(tls::chosen) {
        Some(Ok(chosen)) => {
            CHOSEN.set(Some(chosen));
            RUSTLS_RESULT_OK
        }
        Some(Err(Failure::Unusable)) => RUSTLS_RESULT_CERTIFICATE_PARSE_ERROR,
        Some(Err(Failure::Unreadable)) | None => RUSTLS_RESULT_IO,
    }
}

/// As `rustls_web_pki_server_cert_verifier_builder_build`, but gives none: the configuration has its own.
///
/// # Safety
/// `verifier` is a place for a pointer.
#[unsafe(no_mangle)]
unsafe extern "C" fn fio_rustls_web_pki_server_cert_verifier_builder_build(
    _builder: *mut c_void,
    verifier: *mut *mut c_void,
) -> c_uint {
    // SAFETY: libcurl passes the address of a variable. It gives nothing back if that is NULL.
    unsafe { *verifier = ptr::null_mut() };
    RUSTLS_RESULT_OK
}

/// As `rustls_client_config_builder_build`, with the client's configuration in place of what was built.
///
/// # Safety
/// As for `rustls_client_config_builder_build`.
#[unsafe(no_mangle)]
unsafe extern "C" fn fio_rustls_client_config_builder_build(
    builder: *mut c_void,
    config: *mut *const c_void,
) -> c_uint {
    // SAFETY: libcurl gives it away here.
    unsafe { rustls_client_config_builder_free(builder) };
    let chosen = CHOSEN.with_borrow(|chosen| chosen.as_ref().map(|chosen| chosen.config.clone()));
    let Some(chosen) = chosen else { return RUSTLS_RESULT_NULL_PARAMETER };
    // SAFETY: libcurl passes a place for the pointer. For rustls-ffi a `rustls_client_config` is what `Arc::into_raw`
    // gives, as its header says; it takes the reference back in `rustls_client_config_free`.
    unsafe { *config = Arc::into_raw(chosen).cast() };
    RUSTLS_RESULT_OK
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

/// As `rustls_client_connection_new`.
///
/// # Safety
/// As for `rustls_client_connection_new`.
#[unsafe(no_mangle)]
unsafe extern "C" fn fio_rustls_client_connection_new(
    config: *const c_void,
    host: *const c_char,
    connection: *mut *mut c_void,
) -> c_uint {
    // SAFETY: the arguments are the caller's, unchanged.
    let result = unsafe { rustls_client_connection_new(config, host, connection) };
    if let Some(chosen) = CHOSEN.take().filter(|_| result == RUSTLS_RESULT_OK) {
        // SAFETY: it was written just now.
        tls::begun(unsafe { *connection }.addr(), chosen);
    }
    result
}

/// As `rustls_connection_free`.
///
/// # Safety
/// As for `rustls_connection_free`.
#[unsafe(no_mangle)]
unsafe extern "C" fn fio_rustls_connection_free(connection: *mut c_void) {
    tls::ended(connection.addr());
    // SAFETY: the argument is the caller's, unchanged.
    unsafe { rustls_connection_free(connection) };
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
        // SAFETY: it is written where the result says so, and libcurl passes a place for it.
        if unsafe { *read } > 0 {
            tls::answered(connection.addr());
        }
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
