//! Files below a directory that is held open: a path that leads elsewhere meanwhile changes nothing, and no
//! link is followed.

use rustix::fs::{AtFlags, Mode, OFlags, openat, renameat, unlinkat};
use rustix::io::retry_on_intr;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A pipe or a device is not waited for, nothing becomes the terminal, and a link is not followed.
const CAREFULLY: OFlags =
    OFlags::NONBLOCK.union(OFlags::NOCTTY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

#[derive(Debug)]
pub struct Dir(File);

impl Dir {
    pub fn open(path: &Path) -> io::Result<Dir> {
        let flags = libc::O_DIRECTORY | super::OPEN_WITHOUT_WAITING;
        OpenOptions::new().read(true).custom_flags(flags).open(path).map(Dir)
    }

    /// The directory itself: to be looked at and synchronized.
    pub fn as_file(&self) -> &File {
        &self.0
    }

    fn open_at(&self, name: &str, flags: OFlags, mode: u32) -> io::Result<File> {
        let opened = retry_on_intr(|| openat(&self.0, name, flags | CAREFULLY, Mode::from_raw_mode(mode)));
        Ok(opened?.into())
    }

    /// Opens a plain file for reading; `InvalidInput` if something else bears the name. That is looked at before
    /// it is opened, because opening a device can do something.
    pub fn read(&self, name: &str) -> io::Result<File> {
        #[cfg(target_os = "linux")]
        plain(self.open_at(name, OFlags::PATH, 0)?)?;
        plain(self.open_at(name, OFlags::RDONLY, 0).map_err(not_followed)?)
    }

    /// Opens a plain file for reading (`is_writable`: and writing), and makes it if there is none.
    pub fn read_or_make(&self, name: &str, mode: u32, is_writable: bool) -> io::Result<File> {
        let access = if is_writable { OFlags::RDWR } else { OFlags::RDONLY };
        #[cfg(target_os = "linux")]
        match self.open_at(name, OFlags::PATH, 0) {
            Ok(found) => drop(plain(found)?),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        plain(self.open_at(name, access | OFlags::CREATE, mode).map_err(not_followed)?)
    }

    /// Makes a file that was not there, for writing.
    pub fn make(&self, name: &str, mode: u32) -> io::Result<File> {
        self.open_at(name, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL, mode)
    }

    pub fn remove(&self, name: &str) -> io::Result<()> {
        Ok(unlinkat(&self.0, name, AtFlags::empty())?)
    }

    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(renameat(&self.0, from, &self.0, to)?)
    }

    /// Calls for the name of each entry.
    pub fn each_name(&self, mut each: impl FnMut(&OsStr)) -> io::Result<()> {
        let here = self.open_at(".", OFlags::RDONLY | OFlags::DIRECTORY, 0)?;
        for entry in rustix::fs::Dir::new(here)? {
            each(OsStr::from_bytes(entry?.file_name().to_bytes()));
        }
        Ok(())
    }
}

fn plain(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() { Ok(file) } else { Err(ErrorKind::InvalidInput.into()) }
}

/// What a link, and on some systems a socket, answers that is not to be followed or opened.
fn not_followed(error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(libc::ELOOP | libc::ENXIO) => ErrorKind::InvalidInput.into(),
        _ => error,
    }
}
