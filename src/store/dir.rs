//! Records as files in one directory. A save is a temporary file, `fsync`, `rename`, and `fsync` of
//! the directory, so that a power cut leaves the old record or the new one.
//!
//! Anybody else who can write to the medium must not get more than its records: everything happens below the opened
//! directory, no link is followed, no file is written that was there before, and only plain files are read.

use super::lock::{self, Lock};
use super::{Store, is_valid_key};
use crate::error::Error;
use crate::log::{Log, log_line};
use crate::secret::SecretBytes;
use crate::status::*;
use crate::sys::dir::Dir;
use crate::sys::{effective_ids, file_system_of, is_shortage, is_unable, make_directory};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use zeroize::Zeroizing;

/// Begins with a dot, so it is never a key.
const TEMPORARY: &str = ".new";
/// No record is larger; a larger file is not ours.
const LARGEST_RECORD: u64 = 16 << 20;

/// Every file is readable by its owner only.
const FILE_MODE: u32 = 0o600;
const DIR_MODE: u32 = 0o700;

pub struct DirStore {
    dir: Dir,
    /// Held for the life of the store, across processes. On a disk that was read-only or full at the start
    /// there may be none until the first save.
    lock: Option<Lock>,
    /// The file system has said that it does not synchronize files or directories when asked to.
    is_unsynchronized: bool,
    log: Log,
}

impl DirStore {
    /// Opens the directory, making it (but not its parents) if need be. A disk that cannot be written is
    /// no obstacle: what it holds is read, and saves fail until it can be written.
    pub fn open(path: &Path, log: Log) -> Result<DirStore, Error> {
        match make_directory(path, DIR_MODE) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => check_link(path)?,
            Err(error) => return Err(failed("making the store directory", &error)),
        }
        let dir = Dir::open(path).map_err(|error| failed("opening the store directory", &error))?;
        check_directory(dir.as_file())?;
        let lock = lock::take(&dir, FILE_MODE, &log)?;
        // What an interrupted save left behind. If it stays, the next save says so.
        let _ = dir.remove(TEMPORARY);
        Ok(DirStore { dir, lock, is_unsynchronized: false, log })
    }

    /// Writes a file that was not there before.
    fn write_new(&mut self, value: &[u8]) -> io::Result<()> {
        let mut file = match self.dir.make(TEMPORARY, FILE_MODE) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.dir.remove(TEMPORARY)?;
                self.dir.make(TEMPORARY, FILE_MODE)?
            }
            made => made?,
        };
        file.write_all(value)?;
        self.synchronized(file.sync_all())
    }

    fn synchronize_directory(&mut self) -> io::Result<()> {
        let done = self.dir.as_file().sync_all();
        self.synchronized(done)
    }

    /// A file system that cannot do it (vfat, CIFS, FUSE) keeps records all the same, only not against a power cut.
    fn synchronized(&mut self, done: io::Result<()>) -> io::Result<()> {
        match done {
            Err(error) if is_unable(&error) => {
                if !std::mem::replace(&mut self.is_unsynchronized, true) {
                    log_line!(
                        self.log,
                        Warn,
                        "the store's file system does not synchronize ({error}): a power cut may cost what was just written"
                    );
                }
                Ok(())
            }
            done => done,
        }
    }
}

fn unsafe_store(what: &'static str) -> Error {
    Error::new(FIO_E_STORE_UNSAFE, what)
}

/// A link is followed only if nobody else can have laid it.
fn check_link(path: &Path) -> Result<(), Error> {
    let about = fs::symlink_metadata(path).map_err(|error| failed("reading the store directory", &error))?;
    if about.is_symlink() && !is_trusted(about.uid()) {
        return Err(unsafe_store("the path of the store is a link of another user"));
    }
    Ok(())
}

fn is_trusted(owner: u32) -> bool {
    owner == 0 || owner == effective_ids().0
}

fn check_directory(dir: &File) -> Result<(), Error> {
    let about = dir.metadata().map_err(|error| failed("reading the store directory", &error))?;
    if !about.is_dir() {
        return Err(Error::new(FIO_E_STORE, "the path of the store is not a directory"));
    }
    // On a card everything belongs to anybody who mounted it, with a mode that the mount says.
    if !file_system_of(dir).keeps_modes {
        return Ok(());
    }
    match exposure(about.uid(), about.gid(), about.mode(), effective_ids()) {
        Some(what) => Err(unsafe_store(what)),
        None => Ok(()),
    }
}

/// Who else can put files into a directory, if anybody. The sticky bit keeps them from no new ones.
fn exposure(owner: u32, group: u32, mode: u32, (user, own_group): (u32, u32)) -> Option<&'static str> {
    if owner != 0 && owner != user {
        Some("the store directory belongs to another user")
    } else if mode & 0o002 != 0 {
        Some("the store directory can be written by every user")
    } else if mode & 0o020 != 0 && group != own_group && group != 0 {
        Some("the store directory can be written by another group")
    } else {
        None
    }
}

fn valid(key: &str) -> Result<&str, Error> {
    if is_valid_key(key) { Ok(key) } else { Err(Error::new(FIO_E_STORE, "invalid record key")) }
}

impl Store for DirStore {
    fn load(&mut self, key: &str) -> Result<Option<SecretBytes>, Error> {
        let file = match self.dir.read(valid(key)?) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) if is_not_plain(&error) => {
                return Err(Error::new(FIO_E_STORE_DAMAGED, "is not a plain file"));
            }
            Err(error) => return Err(failed("opening a record", &error)),
        };
        let length = file.metadata().map_err(|error| failed("reading a record", &error))?.len();
        if length > LARGEST_RECORD {
            return Err(Error::new(FIO_E_STORE_DAMAGED, "is far too large to be a record"));
        }
        // Room for all of it, so that no copy is left behind by growing.
        let mut bytes = Zeroizing::new(Vec::with_capacity(length as usize + 1));
        file.take(LARGEST_RECORD)
            .read_to_end(&mut bytes)
            .map_err(|error| failed("reading a record", &error))?;
        Ok(Some(SecretBytes::new(std::mem::take(&mut *bytes))))
    }

    fn save(&mut self, key: &str, value: &[u8]) -> Result<(), Error> {
        let key = valid(key)?;
        if self.lock.is_none() {
            self.lock = lock::take(&self.dir, FILE_MODE, &self.log)?;
        }
        let written = self.write_new(value).and_then(|()| self.dir.rename(TEMPORARY, key));
        written.and_then(|()| self.synchronize_directory()).map_err(|error| {
            // On a full disk the remains would be in the way of the next attempt.
            let _ = self.dir.remove(TEMPORARY);
            failed("writing a record", &error)
        })
    }

    fn erase(&mut self, key: &str) -> Result<(), Error> {
        match self.dir.remove(valid(key)?) {
            Ok(()) => self.synchronize_directory().map_err(|error| failed("erasing a record", &error)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(failed("erasing a record", &error)),
        }
    }

    fn list(&mut self) -> Result<Vec<String>, Error> {
        let mut keys = Vec::new();
        self.dir
            .each_name(|name| keys.extend(name.to_str().filter(|name| is_valid_key(name)).map(str::to_owned)))
            .map_err(|error| failed("listing the store", &error))?;
        Ok(keys)
    }

    /// By name: what is no plain file has no content to be copied.
    fn set_aside(&mut self, key: &str, aside: &str) -> Result<(), Error> {
        match self.dir.rename(valid(key)?, valid(aside)?) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            moved => moved
                .and_then(|()| self.synchronize_directory())
                .map_err(|error| failed("moving a record aside", &error)),
        }
    }
}

/// As [`Dir::read`] says it: not a word of the operating system.
fn is_not_plain(error: &io::Error) -> bool {
    error.kind() == ErrorKind::InvalidInput && error.raw_os_error().is_none()
}

/// The occasion and the operating system's reason; never a path, which may hold a person's name.
pub(super) fn failed(doing: &str, error: &io::Error) -> Error {
    let status = match error.kind() {
        _ if is_shortage(error) => FIO_E_NOMEM,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => FIO_E_STORE_FULL,
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => FIO_E_STORE_READ_ONLY,
        _ if is_not_plain(error) => {
            return Error::told(FIO_E_STORE_UNSAFE, format!("{doing} failed: it is not a plain file"));
        }
        _ => FIO_E_STORE,
    };
    Error::told(status, format!("{doing} failed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    fn open(path: &Path) -> Result<DirStore, Error> {
        DirStore::open(path, Log::off())
    }

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
        let mut store = open(&scratch.0).unwrap();
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
        open(&scratch.0).unwrap().save("auth", b"x").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&scratch.0.join("auth")), FILE_MODE);
        assert_eq!(mode(&scratch.0), DIR_MODE);
    }

    #[test]
    fn a_second_user_is_refused_until_the_first_is_gone() {
        let scratch = Scratch::new("lock");
        let first = open(&scratch.0).unwrap();
        assert_eq!(open(&scratch.0).err().unwrap().status, FIO_E_STORE_LOCKED);
        drop(first);
        assert!(open(&scratch.0).is_ok());
    }

    #[test]
    fn an_interrupted_save_leaves_the_old_record() {
        let scratch = Scratch::new("cut");
        open(&scratch.0).unwrap().save("auth", b"old").unwrap();
        fs::write(scratch.0.join(TEMPORARY), b"ne").unwrap();
        let mut store = open(&scratch.0).unwrap();
        assert_eq!(store.load("auth").unwrap().unwrap().expose(), b"old");
        assert!(!scratch.0.join(TEMPORARY).exists());
    }

    #[test]
    fn what_is_no_directory_is_refused() {
        let scratch = Scratch::new("file");
        fs::write(&scratch.0, b"").unwrap();
        assert!(open(&scratch.0).is_err());
        assert!(open(&scratch.0.join("below")).is_err());
        fs::remove_file(&scratch.0).unwrap();
        assert!(open(&scratch.0.join("no").join("parent")).is_err());
    }

    /// Something that is no plain file, under a name.
    fn plant(path: &Path, what: &str, target: &Path) {
        match what {
            "fifo" => {
                let path = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
                // SAFETY: the path is terminated.
                assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
            }
            "socket" => drop(std::os::unix::net::UnixListener::bind(path).unwrap()),
            "directory" => fs::create_dir(path).unwrap(),
            _ => std::os::unix::fs::symlink(target, path).unwrap(),
        }
    }

    #[test]
    fn what_is_no_plain_file_is_neither_read_nor_followed_nor_written() {
        for what in ["fifo", "socket", "directory", "link", "dead link"] {
            let scratch = Scratch::new("planted");
            let foreign = Scratch::new("foreign");
            fs::create_dir(&foreign.0).unwrap();
            let target = foreign.0.join("file");
            if what == "link" {
                fs::write(&target, b"foreign").unwrap();
            }
            let mut store = open(&scratch.0).unwrap();
            plant(&scratch.0.join("auth"), what, &target);
            plant(&scratch.0.join(TEMPORARY), what, &target);
            assert_eq!(store.load("auth").unwrap_err().status, FIO_E_STORE_DAMAGED, "{what}");
            store.set_aside("auth", "auth.damaged").unwrap();
            assert_eq!(store.load("auth").unwrap(), None, "{what}");
            let saved = store.save("auth", b"own");
            // A directory is not removed: who knows what is in it.
            assert_eq!(saved.is_ok(), what != "directory", "{what}");
            if saved.is_ok() {
                assert_eq!(store.load("auth").unwrap().unwrap().expose(), b"own");
                assert!(fs::symlink_metadata(scratch.0.join("auth")).unwrap().is_file(), "{what}");
            }
            drop(store);
            fs::remove_file(scratch.0.join(lock::LOCK_FILE)).unwrap();
            plant(&scratch.0.join(lock::LOCK_FILE), what, &target);
            assert_eq!(open(&scratch.0).err().map(|error| error.status), Some(FIO_E_STORE_UNSAFE), "{what}");
            assert_eq!(
                fs::read(&target).ok().as_deref(),
                (what == "link").then_some(&b"foreign"[..]),
                "{what}"
            );
        }
    }

    #[test]
    fn a_record_that_is_far_too_large_is_damaged() {
        let scratch = Scratch::new("large");
        let mut store = open(&scratch.0).unwrap();
        File::create(scratch.0.join("auth")).unwrap().set_len(LARGEST_RECORD + 1).unwrap();
        assert_eq!(store.load("auth").unwrap_err().status, FIO_E_STORE_DAMAGED);
    }

    #[test]
    fn a_directory_that_others_can_write_is_refused() {
        let scratch = Scratch::new("open");
        fs::create_dir(&scratch.0).unwrap();
        for (mode, is_good) in [(0o700, true), (0o755, true), (0o770, true), (0o777, false), (0o1777, false)]
        {
            fs::set_permissions(&scratch.0, fs::Permissions::from_mode(mode)).unwrap();
            let opened = open(&scratch.0).err().map(|error| error.status);
            assert_eq!(opened, (!is_good).then_some(FIO_E_STORE_UNSAFE), "{mode:o}");
        }
        let me = (1000, 100);
        assert_eq!(exposure(1000, 100, 0o40770, me), None);
        assert_eq!(exposure(0, 0, 0o40775, me), None);
        for (owner, group, mode) in
            [(1001, 100, 0o700), (1000, 101, 0o720), (1000, 100, 0o702), (0, 5, 0o770)]
        {
            assert!(exposure(owner, group, mode, me).is_some(), "{owner} {group} {mode:o}");
        }
        assert!(exposure(1001, 0, 0o700, (0, 0)).is_some(), "root does not trust other users");
    }

    #[test]
    fn the_directory_may_be_renamed_meanwhile() {
        let (scratch, other) = (Scratch::new("moved"), Scratch::new("elsewhere"));
        let mut store = open(&scratch.0).unwrap();
        fs::rename(&scratch.0, &other.0).unwrap();
        fs::create_dir(&scratch.0).unwrap();
        store.save("auth", b"x").unwrap();
        assert_eq!(fs::read(other.0.join("auth")).unwrap(), b"x");
        assert_eq!(fs::read_dir(&scratch.0).unwrap().count(), 0);
    }

    #[test]
    fn a_file_system_that_does_not_synchronize_is_told_of_once() {
        let lines = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let kept = lines.clone();
        let sink = move |_: crate::log::Level, line: &str| kept.lock().unwrap().push(line.to_owned());
        let scratch = Scratch::new("unable");
        let mut store =
            DirStore::open(&scratch.0, crate::log::log_to(2, Some(std::sync::Arc::new(sink)))).unwrap();
        for code in [libc::EINVAL, libc::EOPNOTSUPP, libc::EINVAL] {
            store.synchronized(Err(io::Error::from_raw_os_error(code))).unwrap();
        }
        assert!(store.synchronized(Err(io::Error::from_raw_os_error(libc::EIO))).is_err());
        assert_eq!(lines.lock().unwrap().len(), 1);
    }
}
