//! Starting operations, driving them to their ends, and taking a client apart.

use super::{Client, Completion, Core, Entered, Remote, lock};
use crate::clock::{Now, milliseconds};
use crate::engine::driver::Driver;
use crate::engine::effects::OpId;
use crate::engine::transport::Waited;
use crate::engine::{Engine, Operation};
use crate::error::Error;
use crate::status::*;
use crate::sys::{SigpipeGuard, monotonic_ms};
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long closing waits for the answer to a refresh.
const LONGEST_WAIT_FOR_REFRESH: Duration = Duration::from_secs(3);

impl Entered<'_> {
    /// Starts an operation.
    pub fn start(&self, operation: Operation, completion: Rc<dyn Completion>) -> Result<OpId, Error> {
        self.start_with(completion, &mut |engine, now| engine.start(operation, now))
    }

    /// Starts an operation that `begin` knows how to start.
    pub fn start_with(
        &self,
        completion: Rc<dyn Completion>,
        begin: &mut dyn FnMut(&mut Engine, Now) -> Result<OpId, Error>,
    ) -> Result<OpId, Error> {
        let mut core = self.client.core()?;
        let driver = core.driver()?;
        let now = driver.now();
        let begun = begin(&mut driver.engine, now);
        driver.arm();
        let op = begun?;
        // Closed by a data callback meanwhile: this answers that, so what it started has no other end.
        if self.client.is_closing() {
            return Err(Error::of(FIO_E_CLOSED));
        }
        core.completions.insert(op, completion);
        lock(&self.client.remote.running).push(op);
        Ok(op)
    }

    /// Drives until something was told, a wake-up or a signal came, or the time is up. Afterwards the
    /// descriptor is armed for whatever is due next.
    pub fn drive(&self, timeout: Option<Duration>) -> Result<(), Error> {
        self.check_outermost()?;
        self.client.rounds(timeout)?;
        // Unless it was closed by a callback.
        if let Ok(mut core) = self.client.core() {
            core.driver()?.arm();
        }
        Ok(())
    }

    /// Drives until an operation is over: the status it ended with.
    pub fn wait(&self, op: OpId) -> Result<i32, Error> {
        self.check_outermost()?;
        loop {
            if let Some((_, status)) = self.client.core()?.results.iter().find(|(ended, _)| *ended == op) {
                return Ok(*status);
            }
            self.client.remote.check_running(op)?;
            self.drive(None)?;
        }
    }

    fn check_outermost(&self) -> Result<(), Error> {
        match self.is_outermost {
            true => Ok(()),
            false => Err(Error::of(if self.client.is_closing() { FIO_E_CLOSED } else { FIO_E_REENTRANT })),
        }
    }
}

impl Remote {
    /// Asks an operation to end; a drive that waits is woken.
    pub fn cancel(&self, op: OpId) -> Result<(), Error> {
        self.check_running(op)?;
        lock(&self.cancels).push(op);
        (self.waker)();
        Ok(())
    }

    /// Makes a waiting drive return, or the next one if none is waiting.
    pub fn wake_up(&self) {
        self.is_woken.store(true, Ordering::Release);
        (self.waker)();
    }

    /// The network is another one now, or there again; a drive that waits is woken.
    pub fn network_changed(&self) {
        self.tls.forget_network();
        self.has_network_changed.store(true, Ordering::Release);
        (self.waker)();
    }

    fn check_running(&self, op: OpId) -> Result<(), Error> {
        if lock(&self.running).contains(&op) { Ok(()) } else { Err(Error::of(FIO_E_UNKNOWN_OP)) }
    }
}

impl Client {
    fn rounds(&self, timeout: Option<Duration>) -> Result<(), Error> {
        let deadline = timeout.map(|span| monotonic_ms().saturating_add(milliseconds(span)));
        loop {
            let left = deadline.map(|at| Duration::from_millis(at.saturating_sub(monotonic_ms())));
            let (has_told, waited) = self.round(left)?;
            let woken = self.remote.is_woken.swap(false, Ordering::AcqRel);
            let is_time_up = left.is_some_and(|left| left.is_zero());
            if has_told || woken || waited == Waited::Interrupted || self.is_closing() || is_time_up {
                return Ok(());
            }
        }
    }

    /// One round: takes in cancellations, does what is due, waits at most `wait`, makes the callbacks.
    fn round(&self, wait: Option<Duration>) -> Result<(bool, Waited), Error> {
        let (deliveries, waited) = {
            let mut core = self.core()?;
            let cancels = std::mem::take(&mut *lock(&self.remote.cancels));
            let driver = core.driver()?;
            for op in cancels {
                // One that ended meanwhile has had its completion.
                let _ = driver.engine.cancel(op, driver.now());
            }
            if self.remote.has_network_changed.swap(false, Ordering::AcqRel) {
                driver.engine.network_changed(driver.now());
            }
            // Checked after the lock is held: a wake-up from here on is seen by the wait itself.
            let wait = if self.remote.is_woken.load(Ordering::Acquire) { Some(Duration::ZERO) } else { wait };
            let no_sigpipe = SigpipeGuard::new();
            let waited = driver.round(wait)?;
            drop(no_sigpipe);
            (self.take_deliveries(&mut core), waited)
        };
        let has_told = !deliveries.is_empty();
        self.deliver(deliveries);
        Ok((has_told, waited))
    }

    /// Every operation completes with `FIO_E_CANCELED`, connections close, secrets are wiped.
    pub(super) fn take_apart(&self) {
        self.is_closing.store(true, Ordering::Relaxed);
        let is_poisoned = self.core.is_poisoned();
        let Some(mut core) = self.core_to_take_apart() else { return };
        let owed = if is_poisoned { core.cancel_everything() } else { self.end_everything(&mut core) };
        let remains = core.driver.take();
        drop(core);
        // libcurl may write to connections while it closes them.
        let no_sigpipe = SigpipeGuard::new();
        drop(remains);
        drop(no_sigpipe);
        self.deliver(owed);
    }

    fn end_everything(&self, core: &mut Core) -> Vec<super::Delivery> {
        if let Some(driver) = core.driver.as_mut() {
            await_refresh(driver);
            driver.shut_down();
        }
        self.take_deliveries(core)
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
