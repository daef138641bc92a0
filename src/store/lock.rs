//! One client at a time: a lock on a file in the directory, which goes with the process, however that ends.

use super::dir::failed;
use crate::error::Error;
use crate::log::{Log, log_line};
use crate::status::*;
use crate::sys::dir::Dir;
use crate::sys::fork::OwnFile;
use crate::sys::{flock_exclusive, is_descriptor_refused, own_name};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;

/// Begins with a dot, so it is never a key.
pub(crate) const LOCK_FILE: &str = ".lock";

/// Held as long as this lives. Open for reading only, so that the file system can be made read-only meanwhile.
pub(crate) struct Lock {
    _held: Option<OwnFile>,
}

/// `None`: there is no file to lock, and none can be made now.
pub(crate) fn take(dir: &Dir, mode: u32, log: &Log) -> Result<Option<Lock>, Error> {
    // The file may be replaced between the opening and the locking.
    for _ in 0..3 {
        let file = match dir.read_or_make(LOCK_FILE, mode, false) {
            Ok(file) => file,
            Err(error) => {
                let error = failed("opening the store's lock file", &error);
                let is_unwritable = [FIO_E_STORE_FULL, FIO_E_STORE_READ_ONLY].contains(&error.status);
                return if is_unwritable { Ok(None) } else { Err(error) };
            }
        };
        let file = match flock_exclusive(&file) {
            // NFS locks only what is open for writing.
            Err(error) if is_descriptor_refused(&error) => {
                dir.read_or_make(LOCK_FILE, mode, true).and_then(|file| flock_exclusive(&file).map(|()| file))
            }
            locked => locked.map(|()| file),
        };
        match file {
            Ok(file) if is_in_place(dir, &file) => return Ok(Some(Lock { _held: Some(OwnFile::new(file)) })),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(Error::of(FIO_E_STORE_LOCKED)),
            Err(error) => return lock_by_name(dir, &error, log).map(Some),
        }
    }
    Err(Error::of(FIO_E_STORE_LOCKED))
}

fn is_in_place(dir: &Dir, file: &File) -> bool {
    let number = |file: &File| file.metadata().map(|about| (about.dev(), about.ino()));
    match (dir.read(LOCK_FILE).and_then(|named| number(&named)), number(file)) {
        (Ok(named), Ok(own)) => named == own,
        _ => false,
    }
}

/// Where files cannot be locked (NFS without a lock daemon, some FUSE file systems).
fn lock_by_name(dir: &Dir, why: &io::Error, log: &Log) -> Result<Lock, Error> {
    let about = dir.as_file().metadata().map_err(|error| failed("reading the store directory", &error))?;
    let name = format!("fio-c2c-store-{:x}-{:x}", about.dev(), about.ino());
    let held = match own_name(name.as_bytes()) {
        Ok(held) => Some(held),
        Err(error) if error.kind() == ErrorKind::AddrInUse => return Err(Error::of(FIO_E_STORE_LOCKED)),
        Err(_) => None,
    };
    let who = if held.is_some() { "is noticed on this machine only" } else { "cannot be noticed" };
    log_line!(log, Warn, "the store's file system cannot lock files ({why}): a second client {who}");
    Ok(Lock { _held: held.map(OwnFile::new) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Scratch {
            let path = std::env::temp_dir().join(format!("fio-c2c-lock-{}-{name}", std::process::id()));
            let _ = std::fs::remove_dir_all(&path);
            std::fs::create_dir(&path).unwrap();
            Scratch(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn without_locks_a_second_one_is_noticed_by_name() {
        let (scratch, other) = (Scratch::new("name"), Scratch::new("other"));
        let dir = Dir::open(&scratch.0).unwrap();
        let why = io::Error::from_raw_os_error(libc::ENOLCK);
        let first = lock_by_name(&dir, &why, &Log::off()).unwrap();
        let second = lock_by_name(&dir, &why, &Log::off());
        assert_eq!(second.err().map(|error| error.status), Some(FIO_E_STORE_LOCKED));
        assert!(lock_by_name(&Dir::open(&other.0).unwrap(), &why, &Log::off()).is_ok());
        drop(first);
        assert!(lock_by_name(&dir, &why, &Log::off()).is_ok());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn nothing_is_open_for_writing_while_it_is_held() {
        let scratch = Scratch::new("reading");
        let dir = Dir::open(&scratch.0).unwrap();
        let held = take(&dir, 0o600, &Log::off()).unwrap().unwrap();
        for entry in std::fs::read_dir("/proc/self/fdinfo").unwrap() {
            let entry = entry.unwrap();
            let Ok(target) =
                std::fs::read_link(format!("/proc/self/fd/{}", entry.file_name().to_str().unwrap()))
            else {
                continue;
            };
            if target.starts_with(&scratch.0) {
                let flags = std::fs::read_to_string(entry.path()).unwrap();
                let flags = flags.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim();
                assert_eq!(u32::from_str_radix(flags, 8).unwrap() & 3, 0, "{target:?}");
            }
        }
        drop(held);
    }
}
