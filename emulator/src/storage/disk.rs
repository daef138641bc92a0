//! The disk and the processors are few, and parts may be many: only so many write or are put together at
//! once, and the more parts arrive, the less is gathered of each. Otherwise the threads that do it would keep
//! a thousand devices from being answered, and their parts would fill the memory.

use std::io;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const WRITING_AT_ONCE: usize = 4;
const ASSEMBLING_AT_ONCE: usize = 2;
/// What all parts together may gather before they write.
const GATHERED_IN_ALL: usize = 32 << 20;
const SMALLEST_BLOCK: usize = 16 << 10;
const LARGEST_BLOCK: usize = 512 << 10;

#[derive(Debug)]
pub struct Disk {
    writing: Arc<Semaphore>,
    assembling: Arc<Semaphore>,
    /// One more for each part that arrives.
    writers: Arc<()>,
}

/// The right of one part to write.
#[derive(Debug, Clone)]
pub struct Writers {
    turns: Arc<Semaphore>,
    all: Arc<()>,
}

/// Kept while it lasts.
pub type Turn = OwnedSemaphorePermit;

impl Default for Disk {
    fn default() -> Self {
        let turns = |count| Arc::new(Semaphore::new(count));
        Self {
            writing: turns(WRITING_AT_ONCE),
            assembling: turns(ASSEMBLING_AT_ONCE),
            writers: Arc::default(),
        }
    }
}

impl Disk {
    pub fn writers(&self) -> Writers {
        Writers { turns: Arc::clone(&self.writing), all: Arc::clone(&self.writers) }
    }

    /// Waits until a file may be put together.
    pub async fn assembling(&self) -> io::Result<Turn> {
        Arc::clone(&self.assembling).acquire_owned().await.map_err(io::Error::other)
    }
}

impl Writers {
    /// Waits until this part may write.
    pub async fn turn(&self) -> io::Result<Turn> {
        Arc::clone(&self.turns).acquire_owned().await.map_err(io::Error::other)
    }

    /// How much of this part is gathered before it is written.
    pub fn block(&self) -> usize {
        (GATHERED_IN_ALL / Arc::strong_count(&self.all)).clamp(SMALLEST_BLOCK, LARGEST_BLOCK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_parts_arrive_the_less_is_gathered_of_each() {
        let disk = Disk::default();
        let first = disk.writers();
        assert_eq!(first.block(), LARGEST_BLOCK);
        let many: Vec<_> = (0..1_000).map(|_| disk.writers()).collect();
        assert!(first.block() * many.len() <= GATHERED_IN_ALL);
        let more: Vec<_> = (0..9_000).map(|_| disk.writers()).collect();
        assert_eq!(first.block(), SMALLEST_BLOCK);
        drop((many, more));
        assert_eq!(first.block(), LARGEST_BLOCK);
    }

    #[tokio::test]
    async fn few_write_at_once() -> io::Result<()> {
        let disk = Disk::default();
        let mut turns = Vec::new();
        for _ in 0..WRITING_AT_ONCE {
            turns.push(disk.writers().turn().await?);
        }
        let next = disk.writers();
        tokio::select! {
            biased;
            _ = next.turn() => panic!("there is no turn left"),
            () = std::future::ready(()) => {}
        }
        turns.pop();
        next.turn().await.map(drop)
    }
}
