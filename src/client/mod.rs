//! One device, from a configuration to its last completion: the engine with a transport, a store and a clock
//! attached, entered by one thread at a time, never through a callback into the middle of something, never
//! after a fork.
//!
//! Anybody who uses it enters it ([`Client::enter`]), starts operations, and drives. What it has to tell is told
//! from within [`Entered::drive`], with nothing of it borrowed or locked: a callback may enter the client
//! again, and may close it.

pub mod ca;
pub mod config;
mod delivery;
mod driving;
pub mod limits;
pub mod own;
pub mod qr;
#[cfg(feature = "uploads")]
pub mod upload;

pub use config::Config;
pub use delivery::{Completion, Told, What};

use crate::clock::Clock;
use crate::engine::driver::Driver;
use crate::engine::effects::AgedDevice;
use crate::engine::effects::OpId;
use crate::engine::transport::Transport;
use crate::engine::{Engine, Settings, UploadSettings};
use crate::entropy::{Entropy, MixedEntropy, SystemEntropy};
use crate::error::Error;
use crate::log::{Log, log_to};
use crate::net::clock::SystemClock;
use crate::net::curl::{CurlTransport, NetSettings, Waker};
use crate::net::tls;
use crate::secret::Secret;
use crate::small_map::SmallMap;
use crate::source::file::SystemSources;
use crate::status::*;
use crate::store::Store;
use crate::store::dir::DirStore;
use crate::store::memory::MemoryStore;
use crate::store::records::Records;
#[cfg(feature = "uploads")]
use crate::upload::{Totals, UploadId, UploadInfo};
use config::{Keeping, Listener};
use delivery::Delivery;
use own::{OwnClock, OwnEntropy};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

pub struct Client {
    process: u32,
    /// The thread inside a call, as its token; 0 for none.
    owner: AtomicUsize,
    /// Closed in a callback: taken apart when the outermost call ends.
    is_closing: AtomicBool,
    remote: Remote,
    core: Mutex<Core>,
}

/// The part other threads may touch.
pub struct Remote {
    waker: Waker,
    /// [`Remote::wake_up`] was called and no drive has returned for it yet.
    is_woken: AtomicBool,
    has_network_changed: AtomicBool,
    /// What the connections of the transport have in common, if it is the library's own.
    tls: tls::Context,
    cancels: Mutex<Vec<OpId>>,
    running: Mutex<Vec<OpId>>,
}

struct Core {
    /// Absent only once the client has been taken apart.
    driver: Option<Driver>,
    descriptor: Option<i32>,
    completions: SmallMap<OpId, Rc<dyn Completion>>,
    results: VecDeque<(OpId, i32)>,
    listener: Option<Listener>,
}

/// Being inside a call.
pub struct Entered<'a> {
    client: &'a Client,
    is_outermost: bool,
}

/// A lock that a panic elsewhere does not close: for data that is whole at every moment.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A value that differs between threads that live at the same time, and is never 0.
fn thread_token() -> usize {
    thread_local!(static PLACE: u8 = const { 0 });
    PLACE.with(|place| std::ptr::from_ref(place) as usize)
}

impl Config {
    fn identity(&self) -> Result<(&str, &Secret), Error> {
        let incomplete = |what: &'static str| Error::new(FIO_E_INCOMPLETE, what);
        let id = self.client_id.as_deref().ok_or_else(|| incomplete("no client id was set"))?;
        let secret = self.client_secret.as_ref().ok_or_else(|| incomplete("no client secret was set"))?;
        Ok((id, secret))
    }

    fn net_settings(&self) -> Result<NetSettings, Error> {
        Ok(NetSettings {
            origin: self.origin.clone(),
            client_version: self.client_version.clone(),
            tls: tls::Context::new(self.ca.clone().map_or_else(ca::from_system, Ok)?, self.key_exchange),
            connect_timeout: self.connect_timeout,
            request_timeout: self.request_timeout,
            stall_timeout: self.stall_timeout,
            resolve: self.resolve.clone(),
            portable_poller: self.portable_poller,
            watches_network: self.watches_network,
        })
    }

    fn open_store(&self, log: &Log) -> Result<Box<dyn Store>, Error> {
        Ok(match &self.keeping {
            Keeping::Own(maker) => maker(),
            Keeping::Directory(path) => Box::new(DirStore::open(path, log.clone())?),
            Keeping::Memory => Box::new(MemoryStore::default()),
        })
    }

    fn entropy(&self) -> Box<dyn Entropy> {
        match &self.entropy {
            Some(fill) => Box::new(MixedEntropy(Box::new(OwnEntropy(fill.clone())))),
            None => Box::new(SystemEntropy),
        }
    }

    fn clock(&self) -> Box<dyn Clock> {
        match &self.clock {
            Some(clock) => Box::new(OwnClock(clock.clone())),
            None => Box::new(SystemClock),
        }
    }
}

impl Client {
    /// A client on libcurl. Takes up what the store holds and sends nothing.
    pub fn new(config: &Config) -> Result<Client, Error> {
        config.identity()?;
        let log = log_to(config.log_level, config.log.clone());
        let settings = config.net_settings()?;
        let tls = settings.tls.clone();
        let transport = CurlTransport::new(settings, log.clone())?;
        let (waker, descriptor) = (transport.waker(), transport.descriptor());
        Client::build(config, log, Box::new(transport), waker, descriptor, tls)
    }

    fn build(
        config: &Config,
        log: Log,
        transport: Box<dyn Transport>,
        waker: Waker,
        descriptor: Option<i32>,
        tls: tls::Context,
    ) -> Result<Client, Error> {
        let (client_id, client_secret) = config.identity()?;
        let clock = config.clock();
        let store = config.open_store(&log)?;
        let mut entropy = config.entropy();
        let mut random = [0; 24];
        entropy.fill(&mut random)?;
        let (mut seed, mut tag_key) = ([0; 8], [0; 16]);
        seed.copy_from_slice(&random[..8]);
        tag_key.copy_from_slice(&random[8..]);
        let settings = Settings {
            origin: config.origin.clone(),
            client_id: client_id.to_owned(),
            client_secret: client_secret.clone(),
            encoding: config.encoding,
            url_pairing: config.url_pairing,
            clock_floor: config.clock_floor,
            seed: u64::from_ne_bytes(seed),
            uploads: UploadSettings { tag_key, ..config.uploads.clone() },
        };
        let records = Records::new(store, config.store_key.clone()).with_entropy(entropy);
        let engine = Engine::new(settings, Box::new(records), Box::new(SystemSources), log, clock.now());
        let mut driver = Driver::new(engine, transport, clock);
        driver.arm();
        Ok(Client {
            process: crate::sys::process_id(),
            owner: AtomicUsize::new(0),
            is_closing: AtomicBool::new(false),
            remote: Remote {
                waker,
                is_woken: AtomicBool::new(false),
                has_network_changed: AtomicBool::new(false),
                tls,
                cancels: Mutex::default(),
                running: Mutex::default(),
            },
            core: Mutex::new(Core {
                driver: Some(driver),
                descriptor,
                completions: SmallMap::default(),
                results: VecDeque::new(),
                listener: config.listener.clone(),
            }),
        })
    }

    /// Whether it was made by this process, and not by the one that this was forked from.
    pub fn is_of_this_process(&self) -> bool {
        self.process == crate::sys::process_id()
    }

    /// The part other threads may touch.
    pub fn remote(&self) -> Result<&Remote, Error> {
        if self.is_of_this_process() { Ok(&self.remote) } else { Err(Error::of(FIO_E_FORKED)) }
    }

    /// Refused while another thread is inside, and in a forked child.
    pub fn enter(&self) -> Result<Entered<'_>, Error> {
        self.remote()?;
        let me = thread_token();
        match self.owner.compare_exchange(0, me, Ordering::Acquire, Ordering::Acquire) {
            Ok(_) => Ok(Entered { client: self, is_outermost: true }),
            Err(owner) if owner == me => Ok(Entered { client: self, is_outermost: false }),
            Err(_) => Err(Error::of(FIO_E_BUSY)),
        }
    }

    fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Relaxed)
    }

    /// The inside. Refused while it is in use further out on this thread (a data callback), after a panic,
    /// and when the client is going away.
    fn core(&self) -> Result<MutexGuard<'_, Core>, Error> {
        if self.is_closing() {
            return Err(Error::of(FIO_E_CLOSED));
        }
        match self.core.try_lock() {
            Ok(core) => Ok(core),
            Err(TryLockError::WouldBlock) => Err(Error::of(FIO_E_REENTRANT)),
            Err(TryLockError::Poisoned(_)) => Err(Error::of(FIO_E_POISONED)),
        }
    }

    /// The inside, also after a panic: only to be taken apart.
    fn core_to_take_apart(&self) -> Option<MutexGuard<'_, Core>> {
        match self.core.try_lock() {
            Ok(core) => Some(core),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// In a forked child: gives back what memory can be given back without touching what is shared with the
    /// parent (connections, the poller).
    fn abandon(&self) {
        if let Some(driver) = self.core_to_take_apart().and_then(|mut core| core.driver.take()) {
            driver.abandon();
        }
    }
}

impl Drop for Client {
    /// Unless that was done when the last call ended.
    fn drop(&mut self) {
        if self.is_of_this_process() { self.take_apart() } else { self.abandon() }
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        if self.is_outermost {
            self.client.owner.store(0, Ordering::Release);
        }
    }
}

impl Core {
    fn driver(&mut self) -> Result<&mut Driver, Error> {
        self.driver.as_mut().ok_or_else(|| Error::of(FIO_E_CLOSED))
    }
}

impl Entered<'_> {
    /// Does something with the engine and what is attached to it. Afterwards the descriptor is armed for
    /// whatever became due.
    pub fn driver(&self, body: &mut dyn FnMut(&mut Driver) -> Result<(), Error>) -> Result<(), Error> {
        let mut core = self.client.core()?;
        let driver = core.driver()?;
        let result = body(driver);
        driver.arm();
        result
    }

    /// How soon a round has something to do; `None`: not by itself.
    pub fn wants_round_in(&self) -> Result<Option<Duration>, Error> {
        Ok(self.client.core()?.driver()?.wants_round_in())
    }

    /// Device information as it was last known.
    pub fn device(&self) -> Result<AgedDevice, Error> {
        let mut core = self.client.core()?;
        let driver = core.driver()?;
        let now = driver.now();
        driver.engine.cached_device(now)
    }

    /// One upload as it stands.
    #[cfg(feature = "uploads")]
    pub fn upload_info(&self, id: UploadId) -> Result<UploadInfo, Error> {
        let mut core = self.client.core()?;
        let driver = core.driver()?;
        driver.note_progress();
        driver.engine.uploads().info(id)
    }

    /// What is left to do.
    #[cfg(feature = "uploads")]
    pub fn totals(&self) -> Result<Totals, Error> {
        let mut core = self.client.core()?;
        let driver = core.driver()?;
        driver.note_progress();
        Ok(driver.engine.uploads().totals())
    }

    /// Shows every upload. Nothing is held meanwhile: `each` may change the list, and close the client.
    #[cfg(feature = "uploads")]
    pub fn show_uploads(&self, each: &mut dyn FnMut(&UploadInfo)) -> Result<(), Error> {
        // Each lock ends with its statement.
        self.client.core()?.driver()?.note_progress();
        let ids = self.client.core()?.driver()?.engine.uploads().queue().ids();
        for id in ids {
            // One that is not there was removed meanwhile.
            let info = self.client.core()?.driver()?.engine.uploads().info(id);
            if let Ok(info) = info {
                each(&info);
            }
        }
        // Refused if it was closed by the last one.
        self.client.core().map(drop)
    }

    /// The one descriptor to watch, where there is one.
    pub fn descriptor(&self) -> Result<i32, Error> {
        self.client.core()?.descriptor.ok_or_else(|| Error::of(FIO_E_UNSUPPORTED))
    }

    /// Closes the client: when the outermost call ends, it is taken apart.
    pub fn close(&self) {
        self.client.is_closing.store(true, Ordering::Relaxed);
    }

    /// Leaves it. Whether it was closed and this was the outermost call: then it was taken apart just now, and
    /// is of no more use.
    pub fn leave(self) -> bool {
        let ends = self.is_outermost && self.client.is_closing();
        if ends {
            self.client.take_apart();
        }
        ends
    }
}
