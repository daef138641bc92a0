//! Where the bytes of one part go while they arrive. Writing and hashing happen off the tasks that
//! serve connections, one block behind the network, so that memory does not grow with the part.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use md5::{Digest, Md5};
use tokio::task::{JoinHandle, spawn_blocking};

use super::Storage;
use super::disk::Writers;
use super::files::PartFile;
use crate::service::hash::hex;

pub enum Sink {
    /// The bytes are only counted.
    Discard,
    Keep(Box<Writer>),
}

pub struct Writer {
    part: PartFile,
    gathered: Vec<Bytes>,
    gathered_bytes: usize,
    writers: Writers,
    disk: Disk,
}

enum Disk {
    Idle(Work),
    Busy(JoinHandle<io::Result<Work>>),
    /// After an error.
    Lost,
}

struct Work {
    file: File,
    md5: Option<Md5>,
}

/// A part that has arrived.
#[derive(Debug, Default)]
pub struct Kept {
    pub file: Option<Arc<PartFile>>,
    pub md5: Option<String>,
}

impl Sink {
    pub fn keep(storage: &Storage, with_md5: bool) -> io::Result<Self> {
        let (part, file) = storage.dir.create()?;
        let disk = Disk::Idle(Work { file, md5: with_md5.then(Md5::new) });
        let writers = storage.disk.writers();
        let writer = Writer { part, gathered: Vec::new(), gathered_bytes: 0, writers, disk };
        Ok(Self::Keep(Box::new(writer)))
    }

    pub async fn push(&mut self, bytes: Bytes) -> io::Result<()> {
        match self {
            Self::Discard => Ok(()),
            Self::Keep(writer) => writer.push(bytes).await,
        }
    }

    pub async fn finish(self) -> io::Result<Kept> {
        match self {
            Self::Discard => Ok(Kept::default()),
            Self::Keep(writer) => writer.finish().await,
        }
    }
}

impl Writer {
    async fn push(&mut self, bytes: Bytes) -> io::Result<()> {
        self.gathered_bytes += bytes.len();
        self.gathered.push(bytes);
        if self.gathered_bytes >= self.writers.block() { self.write().await } else { Ok(()) }
    }

    async fn finish(mut self) -> io::Result<Kept> {
        if !self.gathered.is_empty() {
            self.write().await?;
        }
        let work = self.idle().await?;
        let md5 = work.md5.map(|md5| hex(&md5.finalize()));
        Ok(Kept { file: Some(Arc::new(self.part)), md5 })
    }

    /// Hands what is gathered to the disk, as soon as it is done with the block before.
    async fn write(&mut self) -> io::Result<()> {
        let mut work = self.idle().await?;
        let turn = self.writers.turn().await?;
        let block = std::mem::take(&mut self.gathered);
        self.gathered_bytes = 0;
        self.disk = Disk::Busy(spawn_blocking(move || {
            for bytes in block {
                if let Some(md5) = &mut work.md5 {
                    md5.update(&bytes);
                }
                work.file.write_all(&bytes)?;
            }
            drop(turn);
            Ok(work)
        }));
        Ok(())
    }

    async fn idle(&mut self) -> io::Result<Work> {
        match std::mem::replace(&mut self.disk, Disk::Lost) {
            Disk::Idle(work) => Ok(work),
            Disk::Busy(task) => task.await.map_err(io::Error::other)?,
            Disk::Lost => Err(io::Error::other("an earlier write failed")),
        }
    }
}
