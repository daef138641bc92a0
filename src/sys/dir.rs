//! Files below a directory that is held open: a path that leads elsewhere meanwhile changes nothing, and no
//! link is followed.

use super::check;
use std::ffi::{CStr, CString, OsStr};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A pipe or a device is not waited for, nothing becomes the terminal, and a link is not followed.
const CAREFULLY: libc::c_int = libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_NOFOLLOW | libc::O_CLOEXEC;

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

    fn open_at(&self, name: &str, flags: libc::c_int, mode: u32) -> io::Result<File> {
        let name = CString::new(name)?;
        loop {
            // SAFETY: the name is terminated and lives through the call.
            let opened =
                check(unsafe { libc::openat(self.0.as_raw_fd(), name.as_ptr(), flags | CAREFULLY, mode) });
            match opened {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // SAFETY: the result is a new descriptor that nobody else owns.
                opened => return opened.map(|fd| unsafe { File::from_raw_fd(fd) }),
            }
        }
    }

    /// Opens a plain file for reading; `InvalidInput` if something else bears the name. That is looked at before
    /// it is opened, because opening a device can do something.
    pub fn read(&self, name: &str) -> io::Result<File> {
        #[cfg(target_os = "linux")]
        plain(self.open_at(name, libc::O_PATH, 0)?)?;
        plain(self.open_at(name, libc::O_RDONLY, 0).map_err(not_followed)?)
    }

    /// Opens a plain file for reading (`is_writable`: and writing), and makes it if there is none.
    pub fn read_or_make(&self, name: &str, mode: u32, is_writable: bool) -> io::Result<File> {
        let access = if is_writable { libc::O_RDWR } else { libc::O_RDONLY };
        #[cfg(target_os = "linux")]
        match self.open_at(name, libc::O_PATH, 0) {
            Ok(found) => drop(plain(found)?),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        plain(self.open_at(name, access | libc::O_CREAT, mode).map_err(not_followed)?)
    }

    /// Makes a file that was not there, for writing.
    pub fn make(&self, name: &str, mode: u32) -> io::Result<File> {
        self.open_at(name, libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL, mode)
    }

    pub fn remove(&self, name: &str) -> io::Result<()> {
        let name = CString::new(name)?;
        // SAFETY: the name is terminated and lives through the call.
        check(unsafe { libc::unlinkat(self.0.as_raw_fd(), name.as_ptr(), 0) }).map(drop)
    }

    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let (from, to) = (CString::new(from)?, CString::new(to)?);
        let dir = self.0.as_raw_fd();
        // SAFETY: the names are terminated and live through the call.
        check(unsafe { libc::renameat(dir, from.as_ptr(), dir, to.as_ptr()) }).map(drop)
    }

    /// Calls for the name of each entry.
    pub fn each_name(&self, mut each: impl FnMut(&OsStr)) -> io::Result<()> {
        let descriptor = self.open_at(".", libc::O_RDONLY | libc::O_DIRECTORY, 0)?.into_raw_fd();
        // SAFETY: the descriptor is one of a directory and belongs to nobody else; the stream takes it over.
        let stream = unsafe { libc::fdopendir(descriptor) };
        if stream.is_null() {
            let error = io::Error::last_os_error();
            // SAFETY: the stream has not taken it over.
            drop(unsafe { File::from_raw_fd(descriptor) });
            return Err(error);
        }
        let result = loop {
            super::clear_errno();
            // SAFETY: the stream is open, and used by nobody else.
            let entry = unsafe { libc::readdir(stream) };
            if entry.is_null() {
                let error = io::Error::last_os_error();
                break if error.raw_os_error() == Some(0) { Ok(()) } else { Err(error) };
            }
            // SAFETY: the entry lives until the next call on the stream; its name is terminated.
            each(OsStr::from_bytes(unsafe { CStr::from_ptr((*entry).d_name.as_ptr()) }.to_bytes()));
        };
        // SAFETY: the stream is open and not used any more.
        unsafe { libc::closedir(stream) };
        result
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
