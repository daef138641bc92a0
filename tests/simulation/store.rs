//! A disk that outlives the device's power, refuses to write or to read when told to, and loses its
//! power right before or right after a write.

use crate::ask::CLIENT_ID;
use crate::world::ORIGIN;
use fio_c2c::error::Error;
use fio_c2c::secret::SecretBytes;
use fio_c2c::status::*;
use fio_c2c::store::RecordStore;
use fio_c2c::store::Store;
use fio_c2c::store::records::{Records, SealKey};
use fio_c2c::token::record::{self, AuthRecord};
use fio_c2c::upload::transfer::Upload;
use fio_c2c::upload::{self, UploadId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

/// Where in the next write the power goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    Before,
    After,
}

#[derive(Clone, Default)]
pub struct Disk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    records: BTreeMap<String, Vec<u8>>,
    /// What a write is refused with.
    write_fault: Option<i32>,
    read_fault: Option<i32>,
    /// Records whose keys begin like this cannot be read so many times.
    unreadable: Option<(String, u32)>,
    /// Such a read was refused since the power came on.
    has_hidden: bool,
    cut: Option<Cut>,
    /// So many writes go well before that.
    writes_before_cut: u64,
    power_is_gone: bool,
    writes: u64,
    /// All keys that were ever written.
    ever: BTreeSet<String>,
    loads: u64,
    /// A write was refused since the power came on.
    has_refused: bool,
}

impl Disk {
    fn state(&self) -> MutexGuard<'_, State> {
        // A poisoned lock means that a check failed already.
        self.0.lock().expect("no check has failed")
    }

    pub fn refuse_writes(&self, status: Option<i32>) {
        self.state().write_fault = status;
    }

    pub fn refuse_reads(&self, status: Option<i32>) {
        self.state().read_fault = status;
    }

    /// Refuses to read records whose keys begin like this, so many times.
    pub fn refuse_reads_of(&self, prefix: &str, times: u32) {
        self.state().unreadable = Some((prefix.into(), times));
    }

    pub fn is_readable(&self) -> bool {
        let state = self.state();
        state.read_fault.is_none() && !state.has_hidden
    }

    pub fn is_writable(&self) -> bool {
        self.state().write_fault.is_none()
    }

    /// The power goes with the next write, or does not after all.
    pub fn cut_power_at_write(&self, cut: Option<Cut>) {
        self.state().cut = cut;
    }

    /// The power goes with the write that follows so many others.
    pub fn cut_power_after_writes(&self, writes: u64, cut: Cut) {
        let mut state = self.state();
        (state.cut, state.writes_before_cut) = (Some(cut), writes);
    }

    pub fn power_is_gone(&self) -> bool {
        self.state().power_is_gone
    }

    pub fn power_on(&self) {
        let mut state = self.state();
        (state.power_is_gone, state.has_refused, state.has_hidden) = (false, false, false);
    }

    pub fn holds(&self, key: &str) -> bool {
        self.state().records.contains_key(key)
    }

    pub fn ever_held(&self, key: &str) -> bool {
        self.state().ever.contains(key)
    }

    pub fn put(&self, key: &str, value: &[u8]) {
        self.state().records.insert(key.into(), value.into());
    }

    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.state().records.get(key).cloned()
    }

    pub fn keys(&self) -> Vec<String> {
        self.state().records.keys().cloned().collect()
    }

    pub fn writes(&self) -> u64 {
        self.state().writes
    }

    /// How often it was read or listed.
    pub fn loads(&self) -> u64 {
        self.state().loads
    }

    /// Whether a write was refused since the power came on.
    pub fn has_refused(&self) -> bool {
        self.state().has_refused
    }

    /// A second disk with the same content and no faults.
    pub fn copy(&self) -> Disk {
        let records = self.state().records.clone();
        Disk(Arc::new(Mutex::new(State { records, ..State::default() })))
    }

    /// The uploads a device that starts now would find, by their ids.
    pub fn stored_uploads(&self, key: Option<&SealKey>) -> impl FnMut(UploadId) -> Option<Upload> {
        let mut records = Records::new(Box::new(self.copy()), key.cloned());
        move |id| {
            let bytes = records.load(&upload::record::key(id)).ok()??;
            upload::record::decode(id, &bytes)
        }
    }

    /// The refresh token a device that starts now would find.
    pub fn stored_refresh_token(&self, key: Option<&SealKey>) -> Option<String> {
        let mut records = Records::new(Box::new(self.copy()), key.cloned());
        let bytes = records.load(record::KEY).ok()??;
        let record = AuthRecord::decode(&bytes, CLIENT_ID, ORIGIN).ok()?;
        record.tokens.refresh.map(|token| token.expose().to_owned())
    }

    fn write(&mut self, change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>)) -> Result<(), Error> {
        let mut state = self.state();
        let is_its_turn = state.writes_before_cut == 0;
        state.writes_before_cut = state.writes_before_cut.saturating_sub(1);
        let cut = if is_its_turn { state.cut.take() } else { None };
        state.power_is_gone |= cut == Some(Cut::Before);
        if state.power_is_gone {
            // Nobody lives to read this.
            return Ok(());
        }
        state.power_is_gone = cut == Some(Cut::After);
        if let Some(status) = state.write_fault {
            state.has_refused = true;
            return Err(Error::of(status));
        }
        state.writes += 1;
        change(&mut state.records);
        Ok(())
    }
}

impl Store for Disk {
    fn load(&mut self, key: &str) -> Result<Option<SecretBytes>, Error> {
        let mut state = self.state();
        state.loads += 1;
        if let Some((prefix, times)) = &mut state.unreadable {
            if *times > 0 && key.starts_with(prefix.as_str()) {
                *times -= 1;
                state.has_hidden = true;
                return Err(Error::of(FIO_E_NOMEM));
            }
        }
        match state.read_fault {
            Some(status) => Err(Error::of(status)),
            None => Ok(state.records.get(key).cloned().map(SecretBytes::new)),
        }
    }

    fn save(&mut self, key: &str, value: &[u8]) -> Result<(), Error> {
        self.write(|records| {
            records.insert(key.into(), value.into());
        })?;
        let mut state = self.state();
        if state.records.contains_key(key) {
            state.ever.insert(key.into());
        }
        Ok(())
    }

    fn erase(&mut self, key: &str) -> Result<(), Error> {
        self.write(|records| {
            records.remove(key);
        })
    }

    fn list(&mut self) -> Result<Vec<String>, Error> {
        let mut state = self.state();
        state.loads += 1;
        match state.read_fault {
            Some(status) => Err(Error::of(status)),
            None => Ok(state.records.keys().cloned().collect()),
        }
    }
}

/// The ways a disk refuses to be written.
pub const WRITE_FAULTS: [i32; 3] = [FIO_E_STORE, FIO_E_STORE_FULL, FIO_E_STORE_READ_ONLY];
