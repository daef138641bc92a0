//! Driving: the calls in which everything happens, and the two that other threads may make.

use super::*;
use std::time::Duration;

/// Does all work of the client: network, timers, callbacks, on the calling thread.
///
/// @param client      the client
/// @param timeout_ms  0: do what can be done without waiting. Positive: wait at most so long for
///                    something to happen. Negative: wait until something happens. Waiting ends as
///                    soon as a callback was made, or would have been made for an event if one were
///                    set; as `fio_wakeup` or `fio_cancel` was called; or a signal handler ran.
///
/// Returns:   `FIO_OK` | `FIO_E_REENTRANT` (inside a callback) | `FIO_E_CLOSED` (freed by one of its
///            callbacks: do not use the pointer any more) | `FIO_E_NOMEM` | `FIO_E_NETWORK`
/// Callbacks: all kinds
/// Blocking:  up to timeout_ms, plus the callbacks, plus writes of the store
/// Signals:   SIGPIPE is blocked for the calling thread during the call; no handler is changed
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_drive(client: *mut fio_client, timeout_ms: i32) -> fio_status {
    // SAFETY: the caller passes NULL or a live client, as documented.
    guard(|| unsafe {
        let timeout = u64::try_from(timeout_ms).ok().map(Duration::from_millis);
        inside(client, &mut |_, entered| entered.drive(timeout))
    })
}

/// Drives the client until an operation is over: the blocking way, over the same engine.
///
/// @param client  the client
/// @param op      an operation of this client that is running, or one of the last 64 that ended
///
/// Returns:   the status the operation ended with (`FIO_OK` or any status its starting function
///            names), or, if the wait itself failed: `FIO_E_UNKNOWN_OP` | `FIO_E_REENTRANT` (inside a callback)
/// Callbacks: all kinds, the operation's own among them
/// Blocking:  until the operation is over; cancel it from another thread or a callback to end it
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_wait(client: *mut fio_client, op: fio_op) -> fio_status {
    let mut ended_with = FIO_OK;
    // SAFETY: the caller passes NULL or a live client, as documented.
    let waited = guard(|| unsafe {
        inside(client, &mut |_, entered| {
            ended_with = entered.wait(op)?;
            Ok(())
        })
    });
    if waited == FIO_OK { ended_with } else { waited }
}

/// The one descriptor to watch for reading (`epoll`, `poll`, `select`, any event loop): when it is
/// readable, call `fio_drive(client, 0)`. It is an epoll set that holds the connections, a timer and
/// an eventfd; it stays the same for the life of the client and belongs to the library: do not read,
/// write or close it. An idle client makes it readable for nothing.
///
/// @param client  the client
///
/// Returns:   the descriptor, 0 or more | `FIO_E_UNSUPPORTED` (no epoll: use `fio_timeout_ms` and
///            `fio_drive`)
/// Callbacks: none
/// Blocking:  never
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_fd(client: *mut fio_client) -> i32 {
    let mut descriptor = FIO_E_PANIC;
    // SAFETY: the caller passes NULL or a live client, as documented.
    let status = guard(|| unsafe {
        inside(client, &mut |_, entered| {
            descriptor = entered.descriptor()?;
            Ok(())
        })
    });
    if status == FIO_OK { descriptor } else { status }
}

/// How long a loop of the application's own may sleep before it calls `fio_drive`, if it watches no
/// descriptor. With the default poller this speaks of timers only, and `fio_fd` (which has the timer in it)
/// says what arrives: a loop that only sleeps sets `FIO_POLLER_PORTABLE`, with which the time is short while
/// answers are awaited.
///
/// @param client      the client
/// @param timeout_ms  [out] milliseconds, 0 for now, -1 for no need at all
///
/// Returns:   `FIO_OK`
/// Callbacks: the clock callback, if set
/// Blocking:  never
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_timeout_ms(client: *mut fio_client, timeout_ms: *mut i64) -> fio_status {
    // SAFETY: the caller passes NULL or a live client, and NULL or a writable pointer.
    guard(|| unsafe {
        let mut milliseconds = -1;
        inside(client, &mut |_, entered| {
            if let Some(span) = entered.wants_round_in()? {
                // Rounded up, so that it is due when the sleep ends.
                milliseconds = i64::try_from(span.as_micros().div_ceil(1000)).unwrap_or(i64::MAX);
            }
            Ok(())
        })?;
        args::write(timeout_ms, milliseconds)
    })
}

/// Asks an operation to end. It completes with `FIO_E_CANCELED` from the next `fio_drive` (a waiting
/// one is woken), unless it ends by itself before that. Canceling `fio_poll` keeps its code: a new
/// `fio_poll` goes on at the server's pace. Canceling `fio_pair` abandons its code; if the user
/// approves it all the same, the tokens are given back to the service.
///
/// @param client  the client
/// @param op      the operation
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_FORKED` | `FIO_E_UNKNOWN_OP` (not running)
/// Callbacks: none before it returns
/// Blocking:  never
/// Threads:   any, at any time, also inside every callback
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_cancel(client: *mut fio_client, op: fio_op) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live client, as documented.
        unsafe { handle(client) }?.client.remote()?.cancel(op)
    })
}

/// Makes a waiting `fio_drive` return, or the next one if none is waiting.
///
/// @param client  the client
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_FORKED`
/// Callbacks: none
/// Blocking:  never
/// Threads:   any, at any time, also inside every callback; not from a signal handler
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_wakeup(client: *mut fio_client) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live client, as documented.
        unsafe { handle(client) }?.client.remote()?.wake_up();
        Ok(())
    })
}

/// Says that the network is another one now, or there again: parts of uploads that stand still are started over, and
/// what waits for the network is tried at once. What a server has asked for is kept. Without this call the library
/// tries a lost network every second or two, and less often the longer it has been away; on Linux it notices most changes
/// itself (`fio_config_set_network_watch`). Whether a large ClientHello gets
/// through (`fio_config_set_key_exchange`) is found out again.
///
/// @param client  the client
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_FORKED` | `FIO_E_PANIC`
/// Callbacks: none before it returns
/// Blocking:  never
/// Threads:   any, at any time, also inside every callback; not from a signal handler
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_network_changed(client: *mut fio_client) -> fio_status {
    guard(&mut || {
        // SAFETY: the caller passes NULL or a live client, as documented.
        unsafe { handle(client) }?.client.remote()?.network_changed();
        Ok(())
    })
}
