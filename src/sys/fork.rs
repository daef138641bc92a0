//! Descriptors that a forked child must not keep: what they hold (a lock) belongs to the process that opened
//! them, and would otherwise be held for as long as any child lives. On exec they are closed anyway.

use std::fs::File;
use std::os::fd::{AsRawFd, IntoRawFd};
use std::sync::Once;
use std::sync::atomic::{AtomicI32, Ordering};

const FREE: i32 = -1;
/// More than this are not closed in a child.
static DESCRIPTORS: [AtomicI32; 256] = [const { AtomicI32::new(FREE) }; 256];

/// A file that only this process has open, its children excepted that were not made by the C library's `fork`.
#[derive(Debug)]
pub struct OwnFile {
    file: Option<File>,
    process: u32,
}

impl OwnFile {
    pub fn new(file: File) -> OwnFile {
        static PREPARED: Once = Once::new();
        PREPARED.call_once(|| {
            // SAFETY: the function does only what a child of a process with threads may do, and is never
            // unloaded (`-z nodelete`). If it cannot be registered, children keep the descriptors.
            unsafe { libc::pthread_atfork(None, None, Some(close_in_child)) };
        });
        let number = file.as_raw_fd();
        for slot in &DESCRIPTORS {
            if slot.compare_exchange(FREE, number, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
                break;
            }
        }
        OwnFile { file: Some(file), process: super::process_id() }
    }
}

impl Drop for OwnFile {
    fn drop(&mut self) {
        let Some(file) = self.file.take() else { return };
        if self.process != super::process_id() {
            // Closed by `close_in_child`; the number may belong to another file now.
            let _ = file.into_raw_fd();
            return;
        }
        let number = file.as_raw_fd();
        for slot in &DESCRIPTORS {
            if slot.compare_exchange(number, FREE, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
                break;
            }
        }
        // A child that was made in another way may have it open too.
        super::unlock(&file);
    }
}

extern "C" fn close_in_child() {
    for slot in &DESCRIPTORS {
        let number = slot.swap(FREE, Ordering::AcqRel);
        if number != FREE {
            // SAFETY: the number is that of a descriptor of the parent, of which this process has a copy that
            // nothing uses: `OwnFile` does not touch it in a child.
            unsafe { libc::close(number) };
        }
    }
}
