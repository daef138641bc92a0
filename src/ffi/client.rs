//! `fio_client_new`, `fio_client_free`, and how every other function gets at a client.

use super::body::Body;
use super::config::{CONFIGS, fio_config};
use super::registry::Registry;
use super::views::{fio_totals, fio_upload_info};
use super::*;
use crate::client::{Completion, Config, Entered};
use crate::clock::Now;
use crate::engine::Engine;
use crate::engine::driver::Driver;
use crate::engine::effects::OpId;
use std::rc::Rc;
use std::sync::Mutex;

/// One physical device: its authorization, its operations, its connections. Opaque.
///
/// A client is used by one thread at a time; a call while another thread is inside one answers
/// `FIO_E_BUSY` and does nothing. `fio_cancel` and `fio_wakeup` are the exceptions: any thread, any
/// time. Different clients are independent. After `fork` the child may call only `fio_client_free`,
/// which then gives back memory and touches no connection of the parent; everything else answers
/// `FIO_E_FORKED`.
///
/// The library starts no thread of its own. libcurl, where it was built with its threaded resolver
/// (it usually is), runs one short-lived thread for each name it looks up; that thread calls nothing
/// of the application, and `fio_client_free` may have to wait for it.
pub struct fio_client {
    _opaque: [u8; 0],
}

static CLIENTS: Registry<Handle> = Registry::new();

/// What a client's pointer stands for.
pub(super) struct Handle {
    pub client: Client,
    pub shown: Mutex<Shown>,
}

/// What stays valid until something newer is shown.
#[derive(Default)]
pub(super) struct Shown {
    error: Option<View<fio_error>>,
    pub device: Option<View<fio_device>>,
    #[cfg_attr(not(feature = "uploads"), allow(dead_code))]
    pub upload: Option<View<fio_upload_info>>,
    #[cfg_attr(not(feature = "uploads"), allow(dead_code))]
    pub totals: Option<View<fio_totals>>,
}

fn give(client: Client) -> *mut fio_client {
    CLIENTS.give(Box::new(Handle { client, shown: Mutex::default() })).cast()
}

/// A client from its pointer, if it is alive.
///
/// # Safety
/// `client` is NULL or came from `fio_client_new` and was not freed.
pub(super) unsafe fn handle<'a>(client: *const fio_client) -> Result<&'a Handle, Error> {
    if client.is_null() {
        return Err(Error::new(FIO_E_NULL, "the client is NULL"));
    }
    if !CLIENTS.has(client.cast()) {
        return Err(Error::of(FIO_E_HANDLE));
    }
    // SAFETY: a live client, and the caller says that it stays one.
    Ok(unsafe { &*client.cast::<Handle>() })
}

/// Does something inside a client and keeps its error for `fio_client_error`.
///
/// # Safety
/// As for [`handle`].
pub(super) unsafe fn inside(
    client: *const fio_client,
    body: &mut dyn FnMut(&Handle, &Entered) -> Result<(), Error>,
) -> Result<(), Error> {
    // SAFETY: as the caller says.
    let handle = unsafe { handle(client) }?;
    let entered = handle.client.enter()?;
    let result = body(handle, &entered);
    if let Err(error) = &result {
        lock(&handle.shown).error = Some(views::error(error, FIO_OP_NONE));
    }
    // SAFETY: live, and not used afterwards.
    if unsafe { leave(client, entered) } { Err(Error::of(FIO_E_CLOSED)) } else { result }
}

/// Leaves a client. If it was freed in a callback and this is the outermost call, it goes away now.
///
/// # Safety
/// `client` is live, was entered as `entered`, and is not used after this if the result is true.
unsafe fn leave(client: *const fio_client, entered: Entered<'_>) -> bool {
    let is_gone = entered.leave();
    if is_gone {
        // SAFETY: this was the last use of the client.
        drop(unsafe { CLIENTS.take(client.cast::<Handle>().cast_mut()) });
    }
    is_gone
}

/// Does something with the engine of a client.
///
/// # Safety
/// As for [`handle`].
pub(super) unsafe fn guard_engine(
    client: *const fio_client,
    mut body: impl FnMut(&mut Engine, Now) -> Result<(), Error>,
) -> fio_status {
    let mut body = |driver: &mut Driver| {
        let now = driver.now();
        body(&mut driver.engine, now)
    };
    // SAFETY: as the caller says.
    unsafe { guard_driver(client, Body::new(&mut body)) }
}

/// # Safety
/// As for [`handle`].
#[inline(never)]
unsafe fn guard_driver(client: *const fio_client, mut body: Body<'_, Driver>) -> fio_status {
    // SAFETY: as the caller says.
    guard(|| unsafe { inside(client, &mut |_, entered| entered.driver(&mut |driver| body.call(driver))) })
}

/// Starts an operation that `begin` knows how to start.
///
/// # Safety
/// As for [`handle`]; `op` is NULL or writable.
pub(super) unsafe fn guard_start(
    client: *const fio_client,
    completion: Registered,
    op: *mut fio_op,
    begin: &mut dyn FnMut(&mut Engine, Now) -> Result<OpId, Error>,
) -> fio_status {
    let completion: Rc<dyn Completion> = Rc::new(completion);
    guard(|| {
        // SAFETY: as the caller says.
        unsafe {
            let mut id = FIO_OP_NONE;
            inside(client, &mut |_, entered| {
                id = entered.start_with(completion.clone(), begin)?;
                Ok(())
            })?;
            args::write_if_wanted(op, id);
        }
        Ok(())
    })
}

/// Makes a client from a configuration.
///
/// Reads the store and takes up the authorization and the queue it holds. Sends nothing: a refresh that is
/// due leaves with the first `fio_drive`, and so do uploads: each goes on where it was, files being
/// opened again by their path. Those whose source was a descriptor, a reader or pushed data wait until
/// the application attaches it (`fio_upload_attach`; find them with `fio_queue_list`), and recordings
/// until it goes on with them or finishes them.
///
/// A record that cannot be trusted is kept aside and reported with the first events; it does not prevent
/// the start. Nor does a directory that cannot be written now: the library goes on in memory, tells
/// (`FIO_EVENT_STORE_FAILED`), and keeps trying.
///
/// @param config  what to use; copied, may be freed or changed afterwards. On failure
///                `fio_config_error(config)` has the details.
/// @param client  [out] set to NULL first, to the client on `FIO_OK`; free it with `fio_client_free`
///
/// Returns:   `FIO_OK` | `FIO_E_INCOMPLETE` (no client id or secret) | `FIO_E_CA` (none given and none found)
///            | `FIO_E_STORE`, `FIO_E_STORE_FULL`, `FIO_E_STORE_READ_ONLY` (the directory is not there and
///            cannot be made, or cannot be read) | `FIO_E_STORE_LOCKED` (in use) | `FIO_E_STORE_UNSAFE`
///            (others can write to it: the message says who) | `FIO_E_NOMEM` (no descriptors) |
///            `FIO_E_ENTROPY`
/// Callbacks: store, clock, entropy and log callbacks, if set
/// Blocking:  reads the store, may write to it and open the files of uploads; no network
/// Threads:   the config must not be in use by another thread
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_client_new(config: *mut fio_config, client: *mut *mut fio_client) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a writable pointer, and NULL or a live config, as documented.
        unsafe {
            args::write(client, ptr::null_mut())?;
            let mut make = |config: &mut Config| args::write(client, give(Client::new(config)?));
            CONFIGS.set(config.cast(), &mut Body::new(&mut make))
        }
    })
}

/// Frees a client. Every operation that is still running completes with `FIO_E_CANCELED` before this
/// returns; no event comes any more. Uploads are broken off, not canceled: they are in the store, and the
/// next client on it goes on with them. (Without a store they are forgotten.)
///
/// Allowed inside every callback of the same client: the callback goes on undisturbed, the client goes
/// away when the outermost call ends, and that call returns `FIO_E_CLOSED`. Calls in between answer
/// `FIO_E_CLOSED` too.
///
/// @param client  NULL is allowed and does nothing
///
/// Returns:   `FIO_OK` | `FIO_E_HANDLE` | `FIO_E_BUSY` (another thread is inside a call: nothing was freed)
/// Callbacks: the completions of running operations; store, clock, entropy and log callbacks, if set; the
///            `destroy` callbacks (none of them in a forked child)
/// Blocking:  closes connections; may wait for a name lookup that libcurl has under way, and up to 3
///            seconds for the answer to a refresh, because without it the pairing could be over
/// Threads:   as every call; nobody may use the client afterwards, `fio_wakeup` included
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_client_free(client: *mut fio_client) -> fio_status {
    guard(|| {
        if client.is_null() {
            return Ok(());
        }
        // SAFETY: the caller passes a client that was not freed, as documented.
        let handle = unsafe { handle(client) }?;
        if !handle.client.is_of_this_process() {
            // SAFETY: nothing in this process uses it; the parent has a copy of its own.
            return unsafe { CLIENTS.take(client.cast()) }.map(drop).ok_or_else(|| Error::of(FIO_E_HANDLE));
        }
        let entered = handle.client.enter()?;
        entered.close();
        // SAFETY: live, and not used afterwards.
        unsafe { leave(client, entered) };
        Ok(())
    })
}

/// The error of the last call on this client that returned one, for calls that fail at once.
/// (Operations that fail later bring their error to their callback.)
///
/// @param client  NULL gives NULL
///
/// Returns:   the error, valid until the next call on this client fails or the client is freed; NULL
///            if there was none, or if the client cannot be used by this thread or process
/// Callbacks: none
/// Blocking:  never
/// Threads:   as every call
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_client_error(client: *const fio_client) -> *const fio_error {
    guard_value(ptr::null(), || {
        // SAFETY: the caller passes NULL or a live client.
        let Ok(handle) = (unsafe { handle(client) }) else { return ptr::null() };
        let entered = handle.client.enter();
        entered.map_or(ptr::null(), |_| View::pointer(&lock(&handle.shown).error))
    })
}

#[cfg(test)]
mod tests {
    use super::super::pairing::fio_request_code;
    use super::super::{drive::fio_drive, views::fio_code};
    use super::*;
    use crate::clock::Clock;
    use crate::net::clock::SystemClock;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Stands for any defect inside the library.
    fn now_unless(fails: &AtomicBool) -> Now {
        assert!(!fails.load(Ordering::Relaxed), "a defect");
        SystemClock.now()
    }

    fn client_that(fails: Arc<AtomicBool>) -> *mut fio_client {
        let mut config = Config::default();
        config.set_ca_pem(b"-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n").unwrap();
        config.set_client_id("cam").unwrap();
        config.set_client_secret("s").unwrap();
        config.clock = Some(Arc::new(move || now_unless(&fails)));
        give(Client::new(&config).unwrap())
    }

    unsafe extern "C" fn note_end(user: *mut c_void, error: *const fio_error, code: *const fio_code) {
        assert!(code.is_null());
        // SAFETY: the test passes its vector, and the error is valid during the callback.
        unsafe { (*user.cast::<Vec<i32>>()).push((*error).status) };
    }

    #[test]
    fn after_a_panic_only_free_works_and_every_operation_still_ends_once() {
        let fails = Arc::new(AtomicBool::new(false));
        let client = client_that(fails.clone());
        let mut ends: Vec<i32> = Vec::new();
        let user = (&raw mut ends).cast::<c_void>();
        // SAFETY: the client is live until it is freed, and `ends` outlives it.
        unsafe {
            assert_eq!(fio_request_code(client, Some(note_end), user, std::ptr::null_mut()), FIO_OK);
            fails.store(true, Ordering::Relaxed);
            assert_eq!(fio_drive(client, 0), FIO_E_PANIC);
            assert_eq!(fio_drive(client, 0), FIO_E_POISONED);
            assert_eq!(fio_request_code(client, Some(note_end), user, std::ptr::null_mut()), FIO_E_POISONED);
            assert_eq!(ends, [0i32; 0]);
            assert_eq!(fio_client_free(client), FIO_OK);
        }
        assert_eq!(ends, [FIO_E_CANCELED]);
    }
}
