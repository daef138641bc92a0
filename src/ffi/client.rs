//! `fio_client_new`, `fio_client_free`, and how every other function gets at a client.

use super::body::Body;
use super::config::{Config, config_mut, fio_config};
use super::core::{Client, Completion, Core, Delivery, Entered, lock};
use super::registry::Registry;
use super::views::fio_error;
use super::{args, ca, fio_op, fio_status, guard::guard, guard::guard_value};
use crate::clock::{Clock, Now, milliseconds};
#[cfg(feature = "uploads")]
use crate::context::Context;
use crate::engine::driver::Driver;
use crate::engine::effects::OpId;
use crate::engine::{Engine, Operation, Settings, UploadSettings};
use crate::error::Error;
use crate::log::log_to;
use crate::net::clock::SystemClock;
use crate::net::curl::{CurlTransport, NetSettings};
use crate::source::file::SystemSources;
use crate::status::*;
use crate::store::Store;
use crate::store::dir::DirStore;
use crate::store::memory::MemoryStore;
use crate::store::records::Records;
use crate::sys::{SigpipeGuard, monotonic_ms};
#[cfg(feature = "uploads")]
use crate::upload::uploads::Uploads;
use std::path::Path;
use std::time::Duration;

/// How long `fio_client_free` waits for the answer to a refresh.
const LONGEST_WAIT_FOR_REFRESH: Duration = Duration::from_secs(3);

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

static CLIENTS: Registry<Client> = Registry::new();

/// A client from its pointer, alive and of this process.
///
/// # Safety
/// `client` is NULL or came from `fio_client_new` and was not freed.
pub(super) unsafe fn client_ref<'a>(client: *const fio_client) -> Result<&'a Client, Error> {
    // SAFETY: as the caller says.
    let client = unsafe { client_even_if_forked(client) }?;
    if client.is_of_this_process() { Ok(client) } else { Err(Error::of(FIO_E_FORKED)) }
}

/// # Safety
/// As for [`client_ref`].
unsafe fn client_even_if_forked<'a>(client: *const fio_client) -> Result<&'a Client, Error> {
    if client.is_null() {
        return Err(Error::new(FIO_E_NULL, "the client is NULL"));
    }
    if !CLIENTS.has(client.cast()) {
        return Err(Error::of(FIO_E_HANDLE));
    }
    // SAFETY: a live client, and the caller says that it stays one.
    Ok(unsafe { &*client.cast::<Client>() })
}

/// Runs `body` inside a client and keeps its error for `fio_client_error`. Afterwards the descriptor
/// is armed for whatever became due.
///
/// # Safety
/// As for [`client_ref`].
pub(super) unsafe fn with_core<T>(
    client: *const fio_client,
    mut body: impl FnMut(&mut Core) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut made = None;
    let mut body = |core: &mut Core| {
        made = Some(body(core)?);
        Ok(())
    };
    // SAFETY: as the caller says.
    unsafe { with_core_body(client, Body::new(&mut body)) }?;
    // It is there, since the body went well.
    made.ok_or_else(|| Error::of(FIO_E_STATE))
}

/// # Safety
/// As for [`with_core`].
#[inline(never)]
unsafe fn with_core_body(client: *const fio_client, body: Body<'_, Core>) -> Result<(), Error> {
    // SAFETY: as the caller says.
    let client_ref = unsafe { client_ref(client) }?;
    let entered = client_ref.enter()?;
    let result = client_ref.core().and_then(|mut core| {
        let result = body.call(&mut core);
        core.driver()?.arm();
        match core.started.take() {
            // Freed by a data callback meanwhile: the call answers that, so what it started has no other end.
            Some(op) if client_ref.is_closing() => {
                core.completions.remove(&op);
                Err(Error::of(FIO_E_CLOSED))
            }
            _ => result,
        }
    });
    if let Err(error) = &result {
        client_ref.remember(error);
    }
    // A data callback may have freed the client meanwhile.
    // SAFETY: `client` is live, and `entered` is the only use of it left.
    unsafe { leave(client, entered) }?;
    result
}

/// As [`with_core`], for what needs the engine and the time.
///
/// # Safety
/// As for [`client_ref`].
pub(super) unsafe fn with_engine<T>(
    client: *const fio_client,
    mut body: impl FnMut(&mut Engine, Now) -> Result<T, Error>,
) -> Result<T, Error> {
    // SAFETY: as the caller says.
    unsafe {
        with_core(client, |core| {
            let driver = core.driver()?;
            let now = driver.now();
            body(&mut driver.engine, now)
        })
    }
}

/// As [`with_engine`], for what is asked of uploads.
///
/// # Safety
/// As for [`client_ref`].
#[cfg(feature = "uploads")]
pub(super) unsafe fn with_uploads<T>(
    client: *const fio_client,
    mut body: impl FnMut(&mut Uploads, &mut Context) -> Result<T, Error>,
) -> Result<T, Error> {
    // SAFETY: as the caller says.
    unsafe { with_engine(client, |engine, now| engine.with_uploads(now, &mut body)) }
}

/// Leaves a client. If it was freed in a callback and this is the outermost call, it goes away now.
///
/// # Safety
/// `client` is live, was entered as `entered`, and is not used after this if the result is an error.
pub(super) unsafe fn leave(client: *const fio_client, entered: Entered<'_>) -> Result<(), Error> {
    // SAFETY: as the caller says.
    let client_ref = unsafe { client_even_if_forked(client) }?;
    if entered.is_outermost() && client_ref.is_closing() {
        // SAFETY: closing is set once, by `fio_client_free`, which left the freeing to this place.
        unsafe { bury(client) };
        drop(entered);
        // SAFETY: this was the last use of the client.
        drop(unsafe { CLIENTS.take(client.cast::<Client>().cast_mut()) });
        return Err(Error::of(FIO_E_CLOSED));
    }
    drop(entered);
    Ok(())
}

/// Starts an operation for a callback.
///
/// # Safety
/// As for [`client_ref`]; `op` is NULL or writable.
pub(super) unsafe fn start(
    client: *const fio_client,
    operation: Operation,
    completion: Completion,
    op: *mut fio_op,
) -> Result<(), Error> {
    // SAFETY: as the caller says.
    unsafe { start_with(client, completion, op, |engine, now| engine.start(operation, now)) }
}

/// Starts an operation that `begin` knows how to start.
///
/// # Safety
/// As for [`start`].
pub(super) unsafe fn start_with(
    client: *const fio_client,
    completion: Completion,
    op: *mut fio_op,
    mut begin: impl FnMut(&mut Engine, Now) -> Result<OpId, Error>,
) -> Result<(), Error> {
    // SAFETY: as the caller says.
    let id = unsafe {
        let client_ref = client_ref(client)?;
        with_core(client, |core| {
            let driver = core.driver()?;
            let now = driver.now();
            let id = begin(&mut driver.engine, now)?;
            core.completions.insert(id, completion);
            core.started = Some(id);
            lock(&client_ref.remote.running).push(id);
            Ok(id)
        })
    }?;
    // SAFETY: as the caller says.
    unsafe { args::write_if_wanted(op, id) };
    Ok(())
}

/// Takes a client apart: every operation completes with `FIO_E_CANCELED`, connections close, secrets
/// are wiped.
///
/// # Safety
/// `client` is live and entered by this thread.
unsafe fn bury(client: *const fio_client) {
    // SAFETY: as the caller says.
    let Ok(client) = (unsafe { client_even_if_forked(client) }) else { return };
    client.close_later();
    let mut owed: Vec<Delivery> = Vec::new();
    let mut remains = None;
    let is_poisoned = client.is_poisoned();
    if let Some(mut core) = client.core_for_burial() {
        owed = if is_poisoned {
            core.cancel_everything()
        } else {
            if let Some(driver) = core.driver.as_mut() {
                await_refresh(driver);
                driver.shut_down();
            }
            core.take_deliveries(&client.remote)
        };
        remains = core.driver.take();
    }
    // libcurl may write to connections while it closes them.
    let no_sigpipe = SigpipeGuard::new();
    drop(remains);
    drop(no_sigpipe);
    for delivery in owed.into_iter().filter(Delivery::is_owed) {
        delivery.make();
    }
}

/// Gives a refresh that is under way some time to come back: the service may have used up the refresh
/// token already, and without the answer the pairing would be over.
fn await_refresh(driver: &mut Driver) {
    let until = monotonic_ms() + milliseconds(LONGEST_WAIT_FOR_REFRESH);
    let no_sigpipe = SigpipeGuard::new();
    while driver.engine.is_refreshing() {
        let left = until.saturating_sub(monotonic_ms());
        if left == 0 || driver.round(Some(Duration::from_millis(left))).is_err() {
            break;
        }
    }
    drop(no_sigpipe);
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
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_INCOMPLETE` (no client id or secret) |
///            `FIO_E_CA` (none given and none found) | `FIO_E_STORE`, `FIO_E_STORE_FULL`,
///            `FIO_E_STORE_READ_ONLY` (the directory is not there and cannot be made, or cannot be read) |
///            `FIO_E_STORE_LOCKED` (in use) | `FIO_E_STORE_UNSAFE` (others can write to it: the message
///            says who) | `FIO_E_NOMEM` (no descriptors) | `FIO_E_ENTROPY` | `FIO_E_PANIC`
/// Callbacks: store, clock, entropy and log callbacks, if set
/// Blocking:  reads the store, may write to it and open the files of uploads; no network
/// Threads:   the config must not be in use by another thread
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_client_new(config: *mut fio_config, client: *mut *mut fio_client) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a writable pointer, as documented.
        unsafe { args::write(client, std::ptr::null_mut()) }?;
        // SAFETY: the caller passes NULL or a live config.
        let config = unsafe { config_mut(config) }?;
        let clock: Box<dyn Clock> = match config.vendor_clock() {
            Some(clock) => Box::new(clock),
            None => Box::new(SystemClock),
        };
        let built = build(config, clock).inspect_err(|error| config.remember(error))?;
        let pointer = CLIENTS.give(Box::new(built)).cast::<fio_client>();
        // SAFETY: checked above.
        unsafe { args::write(client, pointer) }
    })
}

fn build(config: &Config, clock: Box<dyn Clock>) -> Result<Client, Error> {
    let incomplete = |what: &'static str| Error::new(FIO_E_INCOMPLETE, what);
    let client_id = config.client_id.clone().ok_or_else(|| incomplete("no client id was set"))?;
    let client_secret = config.client_secret.clone().ok_or_else(|| incomplete("no client secret was set"))?;
    let ca = match &config.ca {
        Some(ca) => ca.clone(),
        None => ca::from_system()?,
    };
    let log = log_to(config.log_level, config.log_sink());
    let net = NetSettings {
        origin: config.origin.clone(),
        client_version: config.client_version.clone(),
        ca,
        connect_timeout: config.connect_timeout,
        request_timeout: config.request_timeout,
        stall_timeout: config.stall_timeout,
        resolve: config.resolve.clone(),
        portable_poller: config.portable_poller,
    };
    let transport = CurlTransport::new(net, log.clone())?;
    let store: Box<dyn Store> = match (&config.store_dir, config.vendor_store()) {
        (_, Some(vendor)) => Box::new(vendor),
        (Some(path), None) => Box::new(DirStore::open(Path::new(path), log.clone())?),
        (None, None) => Box::new(MemoryStore::default()),
    };
    let mut entropy = config.entropy();
    let mut random = [0; 24];
    entropy.fill(&mut random)?;
    let (mut seed, mut tag_key) = ([0; 8], [0; 16]);
    seed.copy_from_slice(&random[..8]);
    tag_key.copy_from_slice(&random[8..]);
    let settings = Settings {
        origin: config.origin.clone(),
        client_id,
        client_secret,
        encoding: config.encoding,
        url_pairing: config.url_pairing,
        clock_floor: config.clock_floor,
        seed: u64::from_ne_bytes(seed),
        uploads: UploadSettings { tag_key, ..config.uploads.clone() },
    };
    let engine = Engine::new(
        settings,
        Box::new(Records::new(store, config.store_key.clone()).with_entropy(entropy)),
        Box::new(SystemSources),
        log,
        clock.now(),
    );
    let (waker, descriptor) = (transport.waker(), transport.descriptor());
    let mut driver = Driver::new(engine, Box::new(transport), clock);
    driver.arm();
    Ok(Client::new(driver, waker, descriptor, config.event.clone()))
}

/// Frees a client. Every operation that is still running completes with `FIO_E_CANCELED` before this
/// returns; no event comes any more. Uploads are broken off, not cancelled: they are in the store, and the
/// next client on it goes on with them. (Without a store they are forgotten.)
///
/// Allowed inside every callback of the same client: the callback goes on undisturbed, the client goes
/// away when the outermost call ends, and that call returns `FIO_E_CLOSED`. Calls in between answer
/// `FIO_E_CLOSED` too.
///
/// @param client  NULL is allowed and does nothing
///
/// Returns:   `FIO_OK` | `FIO_E_HANDLE` | `FIO_E_BUSY` (another thread is inside a call: nothing was
///            freed) | `FIO_E_PANIC`
/// Callbacks: the completions of running operations; store, clock and log callbacks, if set; the
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
        let client_ref = unsafe { client_even_if_forked(client) }?;
        if !client_ref.is_of_this_process() {
            // SAFETY: nothing in this process uses it; the parent has a copy of its own.
            let client = unsafe { CLIENTS.take(client.cast()) };
            return client.map(abandon).ok_or_else(|| Error::of(FIO_E_HANDLE));
        }
        let entered = client_ref.enter()?;
        client_ref.close_later();
        if !entered.is_outermost() {
            return Ok(());
        }
        // SAFETY: entered by this thread, outermost, and not used afterwards.
        match unsafe { leave(client, entered) } {
            Err(error) if error.status != FIO_E_CLOSED => Err(error),
            _ => Ok(()),
        }
    })
}

/// In a forked child: gives back what memory can be given back without touching what is shared with
/// the parent (connections, the poller).
fn abandon(client: Box<Client>) {
    let driver = client.core_for_burial().and_then(|mut core| core.driver.take());
    if let Some(driver) = driver {
        driver.abandon();
    }
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
    guard_value(std::ptr::null(), || {
        // SAFETY: the caller passes NULL or a live client.
        let Ok(client) = (unsafe { client_ref(client) }) else { return std::ptr::null() };
        match client.enter() {
            Ok(_entered) => client.last_error(),
            Err(_) => std::ptr::null(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::pairing::fio_request_code;
    use super::super::{drive::fio_drive, views::fio_code};
    use super::*;
    use crate::clock::Now;
    use crate::secret::Secret;
    use std::ffi::c_void;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Stands for any defect inside the library.
    struct FailingClock(Arc<AtomicBool>);

    impl Clock for FailingClock {
        fn now(&self) -> Now {
            assert!(!self.0.load(Ordering::Relaxed), "a defect");
            SystemClock.now()
        }
    }

    fn client_with(clock: FailingClock) -> *mut fio_client {
        let mut config = Config::default();
        config.ca = ca::from_pem(b"-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n").ok();
        config.client_id = Some("cam".into());
        config.client_secret = Some(Secret::new("s"));
        build(&config, Box::new(clock)).map(|client| CLIENTS.give(Box::new(client)).cast()).unwrap()
    }

    unsafe extern "C" fn note_end(user: *mut c_void, error: *const fio_error, code: *const fio_code) {
        assert!(code.is_null());
        // SAFETY: the test passes its vector, and the error is valid during the callback.
        unsafe { (*user.cast::<Vec<i32>>()).push((*error).status) };
    }

    #[test]
    fn after_a_panic_only_free_works_and_every_operation_still_ends_once() {
        let fails = Arc::new(AtomicBool::new(false));
        let client = client_with(FailingClock(fails.clone()));
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
