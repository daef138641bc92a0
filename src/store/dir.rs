//! Records as files in one directory. A save is a temporary file, `fsync`, `rename`, and `fsync` of
//! the directory, so that a power cut leaves the old record or the new one.

use super::{Store, is_valid_key};
use crate::error::Error;
use crate::secret::SecretBytes;
use crate::status::*;
use crate::sys::make_directory;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Begins with a dot, so it is never a key.
const LOCK_FILE: &str = ".lock";
const TEMPORARY: &str = ".new";
/// No record is larger; a larger file is not ours.
const LARGEST_RECORD: u64 = 16 << 20;

/// Every file is readable by its owner only.
const FILE_MODE: u32 = 0o600;
const DIR_MODE: u32 = 0o700;

pub struct DirStore {
    path: PathBuf,
    dir: File,
    /// Held for the life of the store, across processes. On a disk that was read-only or full at the start
    /// there may be none until the first save.
    lock: Option<File>,
}

impl DirStore {
    /// Opens the directory, making it (but not its parents) if need be. A disk that cannot be written is
    /// no obstacle: what it holds is read, and saves fail until it can be written.
    pub fn open(path: &Path) -> Result<DirStore, Error> {
        match make_directory(path, DIR_MODE) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed("making the store directory", &error)),
        }
        let dir = File::open(path).map_err(|error| failed("opening the store directory", &error))?;
        if !dir.metadata().map_err(|error| failed("reading the store directory", &error))?.is_dir() {
            return Err(Error::new(FIO_E_STORE, "the path of the store is not a directory"));
        }
        let lock = match lock(&path.join(LOCK_FILE)) {
            Ok(lock) => Some(lock),
            Err(error) if is_unwritable(&error) => lock_unwritable(&path.join(LOCK_FILE))?,
            Err(error) => return Err(error),
        };
        // What an interrupted save left behind.
        let removed = fs::remove_file(path.join(TEMPORARY));
        let removed = removed.map_err(|error| failed("removing a left-over file", &error));
        match removed {
            Err(error) if path.join(TEMPORARY).exists() && !is_unwritable(&error) => Err(error),
            _ => Ok(DirStore { path: path.to_owned(), dir, lock }),
        }
    }

    fn file(&self, key: &str) -> Result<PathBuf, Error> {
        if is_valid_key(key) {
            Ok(self.path.join(key))
        } else {
            Err(Error::new(FIO_E_STORE, "invalid record key"))
        }
    }
}

fn is_unwritable(error: &Error) -> bool {
    [FIO_E_STORE_FULL, FIO_E_STORE_READ_ONLY].contains(&error.status)
}

/// The lock where no file can be made or written: of the file that is there, if there is one.
fn lock_unwritable(path: &Path) -> Result<Option<File>, Error> {
    let Ok(file) = File::open(path) else { return Ok(None) };
    match flock(&file) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Err(Error::of(FIO_E_STORE_LOCKED)),
        _ => Ok(Some(file)),
    }
}

/// Dies with the process, however that ends.
fn lock(path: &Path) -> Result<File, Error> {
    let open = OpenOptions::new().create(true).truncate(false).write(true).mode(FILE_MODE).open(path);
    let file = open.map_err(|error| failed("opening the store's lock file", &error))?;
    match flock(&file) {
        Ok(()) => Ok(file),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Err(Error::of(FIO_E_STORE_LOCKED)),
        Err(error) => Err(failed("locking the store", &error)),
    }
}

fn flock(file: &File) -> io::Result<()> {
    crate::sys::flock_exclusive(file)
}

impl Store for DirStore {
    fn load(&mut self, key: &str) -> Result<Option<SecretBytes>, Error> {
        let file = match File::open(self.file(key)?) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("opening a record", &error)),
        };
        let length = file.metadata().map_err(|error| failed("reading a record", &error))?.len();
        if length > LARGEST_RECORD {
            return Err(Error::new(FIO_E_STORE, "a record is far too large to be one"));
        }
        // Room for all of it, so that no copy is left behind by growing.
        let mut bytes = Zeroizing::new(Vec::with_capacity(length as usize + 1));
        file.take(LARGEST_RECORD)
            .read_to_end(&mut bytes)
            .map_err(|error| failed("reading a record", &error))?;
        Ok(Some(SecretBytes::new(std::mem::take(&mut *bytes))))
    }

    fn save(&mut self, key: &str, value: &[u8]) -> Result<(), Error> {
        if self.lock.is_none() {
            self.lock = Some(lock(&self.path.join(LOCK_FILE))?);
        }
        let temporary = self.path.join(TEMPORARY);
        let target = self.file(key)?;
        let write = || -> io::Result<()> {
            let mut file = OpenOptions::new()
                .create(true)
                .truncate(true)
                .write(true)
                .mode(FILE_MODE)
                .open(&temporary)?;
            file.write_all(value)?;
            file.sync_all()?;
            fs::rename(&temporary, &target)?;
            self.dir.sync_all()
        };
        write().map_err(|error| {
            // On a full disk the remains would be in the way of the next attempt.
            let _ = fs::remove_file(&temporary);
            failed("writing a record", &error)
        })
    }

    fn erase(&mut self, key: &str) -> Result<(), Error> {
        match fs::remove_file(self.file(key)?) {
            Ok(()) => self.dir.sync_all().map_err(|error| failed("erasing a record", &error)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(failed("erasing a record", &error)),
        }
    }

    fn list(&mut self) -> Result<Vec<String>, Error> {
        let entries = fs::read_dir(&self.path).map_err(|error| failed("listing the store", &error))?;
        let mut keys = Vec::new();
        for entry in entries {
            let name = entry.map_err(|error| failed("listing the store", &error))?.file_name();
            keys.extend(name.to_str().filter(|name| is_valid_key(name)).map(str::to_owned));
        }
        Ok(keys)
    }
}

/// The occasion and the operating system's reason; never a path, which may hold a person's name.
fn failed(doing: &str, error: &io::Error) -> Error {
    let status = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => FIO_E_STORE_FULL,
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => FIO_E_STORE_READ_ONLY,
        _ => FIO_E_STORE,
    };
    Error::told(status, format!("{doing} failed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// A fresh directory that is removed again.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Scratch {
            let path = std::env::temp_dir().join(format!("fio-c2c-dir-{}-{name}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            Scratch(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn saves_loads_lists_and_erases() {
        let scratch = Scratch::new("basic");
        let mut store = DirStore::open(&scratch.0).unwrap();
        assert_eq!(store.load("auth").unwrap(), None);
        store.save("auth", b"one").unwrap();
        store.save("auth", b"two").unwrap();
        store.save("b", b"").unwrap();
        assert_eq!(store.load("auth").unwrap().unwrap().expose(), b"two");
        let mut keys = store.list().unwrap();
        keys.sort();
        assert_eq!(keys, ["auth", "b"]);
        store.erase("auth").unwrap();
        store.erase("auth").unwrap();
        assert_eq!(store.list().unwrap(), ["b"]);
    }

    #[test]
    fn files_are_for_the_owner_only() {
        let scratch = Scratch::new("mode");
        DirStore::open(&scratch.0).unwrap().save("auth", b"x").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&scratch.0.join("auth")), FILE_MODE);
        assert_eq!(mode(&scratch.0), DIR_MODE);
    }

    #[test]
    fn a_second_user_is_refused_until_the_first_is_gone() {
        let scratch = Scratch::new("lock");
        let first = DirStore::open(&scratch.0).unwrap();
        assert_eq!(DirStore::open(&scratch.0).err().unwrap().status, FIO_E_STORE_LOCKED);
        drop(first);
        assert!(DirStore::open(&scratch.0).is_ok());
    }

    #[test]
    fn an_interrupted_save_leaves_the_old_record() {
        let scratch = Scratch::new("cut");
        DirStore::open(&scratch.0).unwrap().save("auth", b"old").unwrap();
        fs::write(scratch.0.join(TEMPORARY), b"ne").unwrap();
        let mut store = DirStore::open(&scratch.0).unwrap();
        assert_eq!(store.load("auth").unwrap().unwrap().expose(), b"old");
        assert!(!scratch.0.join(TEMPORARY).exists());
    }

    #[test]
    fn what_is_no_directory_is_refused() {
        let scratch = Scratch::new("file");
        fs::write(&scratch.0, b"").unwrap();
        assert!(DirStore::open(&scratch.0).is_err());
        assert!(DirStore::open(&scratch.0.join("below")).is_err());
        fs::remove_file(&scratch.0).unwrap();
        assert!(DirStore::open(&scratch.0.join("no").join("parent")).is_err());
    }
}
