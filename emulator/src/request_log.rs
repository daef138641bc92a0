//! The request log as a file of JSON lines, for those who want to keep it.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::trouble::Trouble;

pub struct RequestLog {
    out: Mutex<Out>,
    trouble: Trouble,
}

struct Out {
    to: Box<dyn Write + Send>,
    /// The last line may be half there.
    is_broken: bool,
}

impl RequestLog {
    /// `-` is standard error. A file is added to, so that a restart loses nothing.
    pub fn open(path: &Path) -> io::Result<Self> {
        let to: Box<dyn Write + Send> = if path == Path::new("-") {
            Box::new(io::stderr())
        } else {
            let file = OpenOptions::new().append(true).create(true).open(path);
            let cannot = |error| {
                io::Error::other(format!("the request log {} cannot be written: {error}", path.display()))
            };
            Box::new(file.map_err(cannot)?)
        };
        Ok(Self::to(to))
    }

    fn to(to: Box<dyn Write + Send>) -> Self {
        Self { out: Mutex::new(Out { to, is_broken: false }), trouble: Trouble::default() }
    }

    /// One write per line, so that lines stay whole.
    pub fn line(&self, mut line: Vec<u8>) {
        line.push(b'\n');
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        if out.is_broken {
            line.insert(0, b'\n');
        }
        let written = out.to.write_all(&line);
        out.is_broken = written.is_err();
        match written {
            Ok(()) => self.trouble.is_over("the request log is written again, without what came meanwhile"),
            Err(error) => self.trouble.begins(format_args!("the request log cannot be written: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// Room for so many bytes, then none, then again.
    #[derive(Clone)]
    struct Disk {
        content: Arc<Mutex<Vec<u8>>>,
        room: Arc<Mutex<usize>>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut room = self.room.lock().expect("no panic");
            let taken = bytes.len().min(*room);
            if taken == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            *room -= taken;
            self.content.lock().expect("no panic").extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_after_a_full_disk_are_lines() {
        let disk = Disk { content: Arc::default(), room: Arc::new(Mutex::new(6)) };
        let log = RequestLog::to(Box::new(disk.clone()));
        for line in ["one", "half", "lost"] {
            log.line(line.into());
        }
        *disk.room.lock().expect("no panic") = 100;
        log.line("again".into());
        log.line("and again".into());
        assert_eq!(*disk.content.lock().expect("no panic"), b"one\nha\nagain\nand again\n");
    }
}
