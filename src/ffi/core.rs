//! What a client pointer stands for, and how it is entered: by one thread at a time, never through a
//! callback into the middle of something, never after a fork.

use super::callbacks::{UserData, fio_code_cb, fio_device_cb, fio_done_cb, fio_event_cb, fio_show_code_cb};
use super::views::{self, View, fio_device, fio_error, fio_totals, fio_upload_info};
use super::{FIO_OP_NONE, fio_op};
use crate::engine::driver::Driver;
use crate::engine::effects::{Event, Notice, OpId, Outcome};
use crate::error::Error;
use crate::net::curl::Waker;
use crate::small_map::SmallMap;
use crate::status::*;
use std::collections::VecDeque;
use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

/// How many finished operations `fio_wait` still knows the end of.
const REMEMBERED_RESULTS: usize = 64;

pub struct Client {
    process: u32,
    /// The thread inside a call, as its token; 0 for none.
    owner: AtomicUsize,
    /// Freed in a callback: goes away when the outermost call ends.
    is_closing: AtomicBool,
    pub remote: Remote,
    core: Mutex<Core>,
    last_error: Mutex<Option<View<fio_error>>>,
}

/// The part other threads may touch.
pub struct Remote {
    pub waker: Waker,
    /// `fio_wakeup` was called and no drive has returned for it yet.
    pub is_woken: AtomicBool,
    pub cancels: Mutex<Vec<OpId>>,
    pub running: Mutex<Vec<OpId>>,
}

pub struct Core {
    /// Absent only while the client is being taken apart.
    pub driver: Option<Driver>,
    pub descriptor: Option<i32>,
    pub completions: SmallMap<OpId, Completion>,
    pub results: VecDeque<(OpId, i32)>,
    /// The operation that the call in progress has started.
    pub started: Option<OpId>,
    pub event: Option<(fio_event_cb, Arc<UserData>)>,
    /// What `fio_device_cached` gave last.
    pub shown_device: Option<View<fio_device>>,
    /// What `fio_upload_get` gave last.
    #[cfg_attr(not(feature = "uploads"), allow(dead_code))]
    pub shown_upload: Option<View<fio_upload_info>>,
    /// What `fio_queue_totals` gave last.
    #[cfg_attr(not(feature = "uploads"), allow(dead_code))]
    pub shown_totals: Option<View<fio_totals>>,
}

/// Who is told of an operation's end.
#[derive(Clone, Copy)]
pub enum Completion {
    Done(fio_done_cb, *mut c_void),
    Code(fio_code_cb, *mut c_void),
    Device(fio_device_cb, *mut c_void),
    Pair(fio_show_code_cb, fio_device_cb, *mut c_void),
}

/// One call into the application, ready to be made with nothing held.
pub enum Delivery {
    Complete(Completion, OpId, Result<Outcome, Error>, crate::clock::Instant),
    ShowCode(Completion, View<views::fio_code>),
    Event(fio_event_cb, Arc<UserData>, Event),
    /// An event that nobody registered for. It ends a wait all the same: the caller may be waiting for what
    /// it tells, and look for it by other means.
    Unheard,
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

/// Being inside a call.
pub struct Entered<'a> {
    client: &'a Client,
    is_outermost: bool,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        if self.is_outermost {
            self.client.owner.store(0, Ordering::Release);
        }
    }
}

impl Client {
    pub fn new(
        driver: Driver,
        waker: Waker,
        descriptor: Option<i32>,
        event: Option<(fio_event_cb, Arc<UserData>)>,
    ) -> Client {
        Client {
            process: crate::sys::process_id(),
            owner: AtomicUsize::new(0),
            is_closing: AtomicBool::new(false),
            remote: Remote {
                waker,
                is_woken: AtomicBool::new(false),
                cancels: Mutex::default(),
                running: Mutex::default(),
            },
            core: Mutex::new(Core {
                driver: Some(driver),
                descriptor,
                completions: SmallMap::default(),
                results: VecDeque::new(),
                started: None,
                event,
                shown_device: None,
                shown_upload: None,
                shown_totals: None,
            }),
            last_error: Mutex::new(None),
        }
    }

    pub fn is_of_this_process(&self) -> bool {
        self.process == crate::sys::process_id()
    }

    pub fn enter(&self) -> Result<Entered<'_>, Error> {
        let me = thread_token();
        match self.owner.compare_exchange(0, me, Ordering::Acquire, Ordering::Acquire) {
            Ok(_) => Ok(Entered { client: self, is_outermost: true }),
            Err(owner) if owner == me => Ok(Entered { client: self, is_outermost: false }),
            Err(_) => Err(Error::of(FIO_E_BUSY)),
        }
    }

    /// The inside. Refused while it is in use further out on this thread (a data callback), after a
    /// panic, and when the client is going away.
    pub fn core(&self) -> Result<MutexGuard<'_, Core>, Error> {
        if self.is_closing.load(Ordering::Relaxed) {
            return Err(Error::of(FIO_E_CLOSED));
        }
        self.core_even_if_closing()
    }

    pub fn core_even_if_closing(&self) -> Result<MutexGuard<'_, Core>, Error> {
        match self.core.try_lock() {
            Ok(core) => Ok(core),
            Err(TryLockError::WouldBlock) => Err(Error::of(FIO_E_REENTRANT)),
            Err(TryLockError::Poisoned(_)) => Err(Error::of(FIO_E_POISONED)),
        }
    }

    /// The inside after a panic: only to be taken apart.
    pub fn core_for_burial(&self) -> Option<MutexGuard<'_, Core>> {
        match self.core.try_lock() {
            Ok(core) => Some(core),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Whether a panic happened inside.
    pub fn is_poisoned(&self) -> bool {
        self.core.is_poisoned()
    }

    pub fn close_later(&self) {
        self.is_closing.store(true, Ordering::Relaxed);
    }

    pub fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Relaxed)
    }

    pub fn remember(&self, error: &Error) {
        *lock(&self.last_error) = Some(views::error(error, FIO_OP_NONE));
    }

    pub fn last_error(&self) -> *const fio_error {
        lock(&self.last_error).as_ref().map_or(std::ptr::null(), View::as_ptr)
    }
}

impl Entered<'_> {
    pub fn is_outermost(&self) -> bool {
        self.is_outermost
    }
}

impl Core {
    pub fn driver(&mut self) -> Result<&mut Driver, Error> {
        self.driver.as_mut().ok_or_else(|| Error::of(FIO_E_CLOSED))
    }

    /// Turns the notices that are there into calls to be made.
    pub fn take_deliveries(&mut self, remote: &Remote) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        let Some(driver) = self.driver.as_mut().filter(|driver| driver.engine.has_output()) else {
            return deliveries;
        };
        let now = driver.now().mono;
        while let Some(notice) = driver.next_notice() {
            match notice {
                Notice::Complete(op, result) => {
                    lock(&remote.running).retain(|running| *running != op);
                    if self.results.len() == REMEMBERED_RESULTS {
                        self.results.pop_front();
                    }
                    self.results
                        .push_back((op, result.as_ref().map_or_else(|error| error.status, |_| FIO_OK)));
                    if let Some(completion) = self.completions.remove(&op) {
                        deliveries.push(Delivery::Complete(completion, op, result, now));
                    }
                }
                Notice::ShowCode(op, shown) => {
                    if let Some(completion) = self.completions.get(&op) {
                        deliveries.push(Delivery::ShowCode(*completion, views::code(&shown, op, now)));
                    }
                }
                Notice::Event(event) => deliveries.push(match &self.event {
                    Some((callback, user)) => Delivery::Event(*callback, user.clone(), event),
                    None => Delivery::Unheard,
                }),
            }
        }
        deliveries
    }

    /// Ends every operation without asking the engine, which a panic may have left half-done.
    pub fn cancel_everything(&mut self) -> Vec<Delivery> {
        let canceled = |(op, completion)| {
            Delivery::Complete(
                completion,
                op,
                Err(Error::of(FIO_E_CANCELED)),
                crate::clock::Instant::default(),
            )
        };
        std::mem::take(&mut self.completions).into_iter().map(canceled).collect()
    }

    /// How an operation that is over ended.
    pub fn result_of(&self, op: fio_op) -> Option<i32> {
        self.results.iter().find(|(finished, _)| *finished == op).map(|(_, status)| *status)
    }
}

impl Delivery {
    /// Whether it has to be made even if the client is going away: an operation's one completion.
    pub fn is_owed(&self) -> bool {
        matches!(self, Delivery::Complete(..))
    }

    /// Calls the application. Nothing of the library may be borrowed or locked by the caller.
    pub fn make(self) {
        match self {
            Delivery::Complete(completion, op, result, now) => complete(completion, op, result, now),
            Delivery::ShowCode(Completion::Pair(Some(show), _, user), view) => {
                // SAFETY: registered by `fio_pair` for this; the view outlives the call.
                unsafe { show(user, view.as_ptr()) };
            }
            Delivery::ShowCode(..) | Delivery::Unheard => {}
            Delivery::Event(callback, user, event) => {
                if let Some(callback) = callback {
                    let view = views::event::event(&event);
                    // SAFETY: registered by `fio_config_set_event` for this; the view outlives the call.
                    unsafe { callback(user.pointer, view.as_ptr()) };
                }
            }
        }
    }
}

fn complete(completion: Completion, op: OpId, result: Result<Outcome, Error>, now: crate::clock::Instant) {
    let failure = result.as_ref().err().map(|error| views::error(error, op));
    let error = failure.as_ref().map_or(std::ptr::null(), View::as_ptr);
    match completion {
        Completion::Done(done, user) => {
            if let Some(done) = done {
                // SAFETY: registered with its user pointer when the operation was started, for exactly
                // this one call; the view outlives it.
                unsafe { done(user, error) };
            }
        }
        Completion::Code(done, user) => {
            let code = match &result {
                Ok(Outcome::Code(shown)) => Some(views::code(shown, op, now)),
                _ => None,
            };
            if let Some(done) = done {
                // SAFETY: as above.
                unsafe { done(user, error, code.as_ref().map_or(std::ptr::null(), View::as_ptr)) };
            }
        }
        Completion::Device(done, user) | Completion::Pair(_, done, user) => {
            let device = match &result {
                Ok(Outcome::Device(shown)) => Some(views::device::device(shown, op)),
                _ => None,
            };
            if let Some(done) = done {
                // SAFETY: as above.
                unsafe { done(user, error, device.as_ref().map_or(std::ptr::null(), View::as_ptr)) };
            }
        }
    }
}
