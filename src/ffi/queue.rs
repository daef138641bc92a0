//! The queue as a whole.

use super::callbacks::fio_upload_cb;
use super::client::{client_ref, fio_client, leave, with_core, with_engine};
use super::core::Client;
use super::views::{self, View, fio_totals};
use super::{args, fio_status, guard::guard};
use crate::error::Error;
use crate::status::*;
use std::ffi::{c_char, c_void};

/// Shows every upload: first those that are not over, in the order in which they are sent, then those
/// that are, as far as they are remembered, oldest first.
///
/// The callback is called from inside this call, with nothing of the library in the middle of anything:
/// it may call every function except `fio_drive` and `fio_wait`. It may cancel and remove uploads: those
/// that are gone when their turn comes are left out. New ones are not shown.
///
/// @param client  the client
/// @param each    called once for each upload; must not be NULL
/// @param user    passed to `each`; may be NULL
///
/// Returns:   `FIO_OK` (none is no error) | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_REENTRANT` (inside a
///            data callback) | `FIO_E_BUSY` | `FIO_E_FORKED` | `FIO_E_CLOSED` (freed by the callback: do
///            not use the pointer any more) | `FIO_E_POISONED` | `FIO_E_PANIC`
/// Callbacks: `each`
/// Blocking:  never, apart from the callback
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_queue_list(
    client: *mut fio_client,
    each: fio_upload_cb,
    user: *mut c_void,
) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live client.
        let client_ref = unsafe { client_ref(client) }?;
        let entered = client_ref.enter()?;
        let result = list(client_ref, each, user);
        if let Err(error) = &result {
            client_ref.remember(error);
        }
        // SAFETY: live, entered above, and not used afterwards.
        unsafe { leave(client, entered) }?;
        result
    })
}

fn list(client: &Client, each: fio_upload_cb, user: *mut c_void) -> Result<(), Error> {
    let each = each.ok_or_else(|| Error::new(FIO_E_NULL, "without a callback nobody would see the list"))?;
    // Each lock ends with its statement.
    let ids = client.core()?.driver()?.engine.upload_ids();
    for id in ids {
        let info = match client.core()?.driver()?.engine.upload_info(id) {
            Ok(info) => info,
            // Removed meanwhile.
            Err(_) => continue,
        };
        let view = views::upload::info(&info);
        // SAFETY: given for this; the view outlives the call, and nothing is held.
        unsafe { each(user, view.as_ptr()) };
    }
    // Refused if the last callback freed it.
    client.core().map(drop)
}

/// Shows what is left to do.
///
/// @param client  the client
/// @param totals  [out] set to NULL first, to the totals on `FIO_OK`; valid until the next
///                `fio_queue_totals` on this client, or until it is freed
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_REENTRANT` (inside a data callback) |
///            `FIO_E_BUSY` | `FIO_E_FORKED` | `FIO_E_CLOSED` | `FIO_E_POISONED` | `FIO_E_PANIC`
/// Callbacks: none
/// Blocking:  never
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_queue_totals(
    client: *mut fio_client,
    totals: *mut *const fio_totals,
) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live client, and NULL or a writable pointer.
        unsafe {
            args::write(totals, std::ptr::null())?;
            let shown = with_core(client, |core| {
                let view = views::upload::totals(&core.driver()?.engine.totals());
                Ok(View::as_ptr(core.shown_totals.insert(view)))
            })?;
            args::write(totals, shown)
        }
    })
}

/// Pauses all uploads, until `fio_queue_resume`, also across restarts: for a shoot that needs the network
/// or the battery itself. Parts under way are broken off and sent again later. New uploads can be
/// started and recordings go on taking bytes; they wait. Everything else (refresh, heartbeat, comments)
/// goes on.
///
/// @param client  the client
///
/// Returns:   as `fio_queue_totals`
/// Callbacks: store, clock and log callbacks, if set; events later, from `fio_drive`
/// Blocking:  writes to the store
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_queue_pause(client: *mut fio_client) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live client.
        unsafe {
            with_engine(client, |engine, now| {
                engine.pause_queue(now);
                Ok(())
            })
        }
    })
}

/// Ends the pause of the queue. Uploads that were paused one by one stay paused.
///
/// @param client  the client
///
/// Returns:   as `fio_queue_totals`
/// Callbacks: store, clock and log callbacks, if set; events later, from `fio_drive`
/// Blocking:  writes to the store
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_queue_resume(client: *mut fio_client) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live client.
        unsafe {
            with_engine(client, |engine, now| {
                engine.resume_queue(now);
                Ok(())
            })
        }
    })
}

/// Cancels every upload that is not over, recordings included; see `fio_upload_cancel`.
///
/// @param client  the client
///
/// Returns:   as `fio_queue_totals`
/// Callbacks: store, clock and log callbacks, if set; `destroy` of readers that are not used any more;
///            events later, from `fio_drive`
/// Blocking:  writes to the store
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_queue_cancel_all(client: *mut fio_client) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live client.
        unsafe {
            with_engine(client, |engine, now| {
                engine.cancel_all_uploads(now);
                Ok(())
            })
        }
    })
}

/// Says whether new uploads are sent by themselves. Kept in the store, so that it is the person's setting
/// and holds after a restart. Uploads that are in the queue already are not affected.
///
/// @param client   the client
/// @param enabled  1 (the default): they are. 0: they begin paused (`FIO_E_UPLOAD_PAUSED`) until a person
///                 picks them (`fio_upload_resume`).
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (neither 0 nor 1) |
///            `FIO_E_REENTRANT` (inside a data callback) | `FIO_E_BUSY` | `FIO_E_FORKED` |
///            `FIO_E_CLOSED` | `FIO_E_POISONED` | `FIO_E_PANIC`
/// Callbacks: store, clock and log callbacks, if set
/// Blocking:  writes to the store
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_queue_set_auto_start(client: *mut fio_client, enabled: i32) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live client.
        unsafe {
            with_engine(client, |engine, now| {
                engine.set_auto_start(args::switch(enabled)?, now);
                Ok(())
            })
        }
    })
}

/// Limits what all uploads together send, to leave some of the network to others. At once, also for what
/// is under way. Not kept: the next client begins with `fio_config_set_bandwidth`.
///
/// @param client            the client
/// @param bytes_per_second  0 means no limit. Calls to the service itself are small and not counted.
///
/// Returns:   as `fio_queue_totals`
/// Callbacks: clock and log callbacks, if set
/// Blocking:  never
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_queue_set_bandwidth(
    client: *mut fio_client,
    bytes_per_second: u64,
) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live client.
        unsafe {
            with_engine(client, |engine, now| {
                let mut limits = engine.upload_limits().clone();
                limits.bytes_per_second = bytes_per_second;
                engine.limit_uploads(limits, now);
                Ok(())
            })
        }
    })
}

/// Says which network interfaces uploads may use, to keep them off a mobile connection, for example. Each
/// part takes the first one named that is up and has an address. While there is none, uploads wait with
/// `FIO_E_NO_INTERFACE`. Calls to the service itself (pairing, refresh, heartbeat) are small and use
/// whatever the system routes them through. Not kept: the next client begins with
/// `fio_config_set_interfaces`.
///
/// @param client  the client
/// @param names   such as `wlan0`, the preferred first: up to 16, each 1 to 15 visible ASCII characters
///                without `/` and `!`; copied. NULL with count 0 allows all.
/// @param count   how many
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` (also one of the names) | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (no such
///            name, or more than 16) | `FIO_E_UTF8` | `FIO_E_REENTRANT` (inside a data callback) |
///            `FIO_E_BUSY` | `FIO_E_FORKED` | `FIO_E_CLOSED` | `FIO_E_POISONED` | `FIO_E_PANIC`
/// Callbacks: clock and log callbacks, if set
/// Blocking:  never
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_queue_set_interfaces(
    client: *mut fio_client,
    names: *const *const c_char,
    count: usize,
) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live client, and NULL or `count` pointers to terminated
        // strings.
        unsafe {
            with_engine(client, |engine, now| {
                let mut limits = engine.upload_limits().clone();
                limits.interfaces = args::interfaces(names, count)?;
                engine.limit_uploads(limits, now);
                Ok(())
            })
        }
    })
}
