//! The request log as a file of JSON lines, for those who want to keep it.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

pub struct RequestLog {
    out: Mutex<Box<dyn Write + Send>>,
    failed: AtomicBool,
}

impl RequestLog {
    /// `-` is standard error. A file is added to, so that a restart loses nothing.
    pub fn open(path: &Path) -> io::Result<Self> {
        let out: Box<dyn Write + Send> = if path == Path::new("-") {
            Box::new(io::stderr())
        } else {
            let file = OpenOptions::new().append(true).create(true).open(path);
            let cannot = |error| {
                io::Error::other(format!("the request log {} cannot be written: {error}", path.display()))
            };
            Box::new(file.map_err(cannot)?)
        };
        Ok(Self { out: Mutex::new(out), failed: AtomicBool::new(false) })
    }

    /// One write per line, so that lines stay whole.
    pub fn line(&self, mut line: Vec<u8>) {
        line.push(b'\n');
        let written = self.out.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line);
        match written {
            Ok(()) => self.failed.store(false, Ordering::Relaxed),
            // Devices are served all the same.
            Err(error) => {
                if !self.failed.swap(true, Ordering::Relaxed) {
                    eprintln!("fio-emulator: the request log cannot be written: {error}");
                }
            }
        }
    }
}
