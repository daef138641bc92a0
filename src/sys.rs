//! The system calls for which the standard library has no safe function.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// Takes an exclusive advisory lock without waiting.
pub fn flock_exclusive(file: &File) -> io::Result<()> {
    // SAFETY: the descriptor is open for the duration of the call, and no memory is passed.
    match unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
