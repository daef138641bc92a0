//! A card with files on it, which change, shrink, vanish and cannot be read when told to.

use crate::content::Contents;
use fio_c2c::error::Error;
use fio_c2c::source::pushed::HeldSource;
use fio_c2c::source::{Condition, PushedSource, Source, Sources};
use fio_c2c::status::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

#[derive(Clone, Default)]
pub struct Card {
    files: Arc<Mutex<BTreeMap<Vec<u8>, File>>>,
    /// The process has no descriptor left: nothing can be opened.
    has_no_descriptors: Arc<AtomicBool>,
}

/// What is wrong with a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    Missing,
    /// Reading fails, though it can be looked at.
    Reads,
    /// Neither can be done.
    All,
    /// The card is busy: nothing can be done for now.
    Busy,
}

struct File {
    contents: Contents,
    modified: i64,
    created: i64,
    /// Which file it is, and how often anything was done to it; 0 where the card does not keep that.
    number: u64,
    changed: i64,
    fault: Option<Fault>,
    /// All it ever was.
    past: Vec<Contents>,
    /// What may be said against it with good reason.
    woes: BTreeSet<i32>,
}

impl Card {
    fn files(&self) -> MutexGuard<'_, BTreeMap<Vec<u8>, File>> {
        // A poisoned lock means that a check failed already.
        self.files.lock().expect("no check has failed")
    }

    pub fn create(&self, path: &[u8], contents: Contents, created: i64) {
        let number = 1 + self.files().len() as u64;
        let file = File {
            number,
            changed: 1,
            contents,
            modified: created.wrapping_mul(1_000_000_000),
            created,
            fault: None,
            past: vec![contents],
            woes: BTreeSet::from_iter((contents.size == 0).then_some(FIO_E_SOURCE_EMPTY)),
        };
        assert!(self.files().insert(path.into(), file).is_none(), "the file is there already");
    }

    /// Changes what is in a file. `is_a_woe`: nobody who reads it should go on as if nothing was.
    pub fn change(&self, path: &[u8], is_a_woe: bool, change: impl FnOnce(&mut Contents)) {
        let mut files = self.files();
        let file = files.get_mut(path).expect("the file was created");
        change(&mut file.contents);
        file.modified += 1;
        file.changed += i64::from(file.number != 0);
        if !file.past.contains(&file.contents) {
            file.past.push(file.contents);
        }
        if is_a_woe {
            file.woes.insert(FIO_E_SOURCE_CHANGED);
            if file.contents.size == 0 {
                file.woes.insert(FIO_E_SOURCE_EMPTY);
            }
        }
    }

    /// Like FAT, it does not keep which file is which from now on.
    pub fn keep_no_numbers(&self) {
        for file in self.files().values_mut() {
            (file.number, file.changed) = (0, 0);
        }
    }

    /// Another file of the same size and date takes the place of a file, or its bytes are written over and its date
    /// set to what it was.
    pub fn replace(&self, path: &[u8], contents: Contents, is_new_file: bool) {
        let mut files = self.files();
        let file = files.get_mut(path).expect("the file was created");
        assert_eq!(file.contents.size, contents.size);
        file.contents = contents;
        file.past.push(contents);
        if is_new_file {
            file.number += 1000;
        }
        file.changed += 1;
    }

    /// The time zone changes by so many seconds.
    pub fn shift_dates(&self, seconds: i64) {
        for file in self.files().values_mut() {
            file.modified += seconds * 1_000_000_000;
            file.changed += i64::from(file.number != 0);
        }
    }

    pub fn fail(&self, path: &[u8], fault: Option<Fault>) {
        let mut files = self.files();
        let file = files.get_mut(path).expect("the file was created");
        file.fault = fault;
        match fault {
            // What passes is no reason to give anything up.
            None | Some(Fault::Busy) => {}
            Some(Fault::Missing) => file.woes.extend([FIO_E_SOURCE_MISSING, FIO_E_SOURCE_READ]),
            Some(_) => drop(file.woes.insert(FIO_E_SOURCE_READ)),
        }
    }

    pub fn lack_descriptors(&self, has_none: bool) {
        self.has_no_descriptors.store(has_none, Ordering::Relaxed);
    }

    /// What passes has passed.
    pub fn end_shortages(&self) {
        self.lack_descriptors(false);
        for file in self.files().values_mut() {
            file.fault = file.fault.filter(|fault| *fault != Fault::Busy);
        }
    }

    pub fn contents(&self, path: &[u8]) -> Contents {
        self.files()[path].contents
    }

    pub fn past(&self, path: &[u8]) -> Vec<Contents> {
        self.files()[path].past.clone()
    }

    pub fn woes(&self, path: &[u8]) -> BTreeSet<i32> {
        self.files()[path].woes.clone()
    }

    pub fn source(&self, path: &[u8]) -> Arc<dyn Source> {
        Arc::new(CardFile { card: self.clone(), path: path.into() })
    }
}

impl Sources for Card {
    fn open(&self, path: &[u8]) -> Result<Arc<dyn Source>, Error> {
        if self.has_no_descriptors.load(Ordering::Relaxed) {
            return Err(Error::of(FIO_E_NOMEM));
        }
        match self.files().get(path).map(|file| file.fault) {
            None | Some(Some(Fault::Missing)) => Err(Error::of(FIO_E_SOURCE_MISSING)),
            Some(Some(Fault::All)) => Err(Error::of(FIO_E_SOURCE_READ)),
            Some(Some(Fault::Busy)) => Err(Error::of(FIO_E_SOURCE_BUSY)),
            Some(_) => Ok(self.source(path)),
        }
    }

    fn pushed(&self, head_length: u64, start: u64) -> Arc<dyn PushedSource> {
        Arc::new(HeldSource::new(head_length, start))
    }
}

struct CardFile {
    card: Card,
    path: Vec<u8>,
}

impl Source for CardFile {
    fn condition(&self) -> Result<Condition, Error> {
        let files = self.card.files();
        let file = &files[&self.path];
        match file.fault {
            // The card is gone, and with it what was open.
            Some(Fault::Missing | Fault::All) => Err(Error::of(FIO_E_SOURCE_READ)),
            Some(Fault::Busy) => Err(Error::of(FIO_E_SOURCE_BUSY)),
            _ => Ok(Condition {
                size: file.contents.size,
                modified: file.modified,
                created: file.created,
                file: file.number,
                changed: file.changed,
            }),
        }
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Error> {
        let files = self.card.files();
        let file = &files[&self.path];
        match file.fault {
            Some(Fault::Busy) => Err(Error::of(FIO_E_SOURCE_BUSY)),
            Some(_) => Err(Error::of(FIO_E_SOURCE_READ)),
            None => Ok(file.contents.read(offset, buffer)),
        }
    }
}
