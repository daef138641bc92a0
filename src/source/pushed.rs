//! Data that the application pushes in buffers: kept in memory until the parts it belongs to have
//! arrived, and bounded.

use super::{Condition, PushedSource, Source};
use crate::error::Error;
use crate::status::*;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Default)]
pub struct HeldSource(Mutex<Held>);

#[derive(Default)]
struct Held {
    /// Kept apart from the rest because cameras rewrite it when they stop.
    head: Vec<u8>,
    head_length: u64,
    /// Offset of the first byte of `rest`.
    start: u64,
    rest: VecDeque<u8>,
}

impl HeldSource {
    pub fn new(head_length: u64, start: u64) -> HeldSource {
        HeldSource(Mutex::new(Held {
            head: Vec::new(),
            head_length,
            start: start.max(head_length),
            rest: VecDeque::new(),
        }))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PushedSource for HeldSource {
    fn end(&self) -> u64 {
        self.held().end()
    }

    fn has_head(&self) -> bool {
        let held = self.held();
        held.head.len() as u64 == held.head_length.min(held.end())
    }

    fn held_bytes(&self) -> u64 {
        let held = self.held();
        (held.head.len() + held.rest.len()) as u64
    }

    fn push(&self, offset: u64, data: &[u8]) -> Result<(), Error> {
        let mut held = self.held();
        let end = offset.saturating_add(data.len() as u64);
        // Who pushes the head again after a restart need not know where exactly it ends: what comes after it
        // has arrived and is not kept.
        let is_head_lost = held.start > held.head_length && (held.head.len() as u64) < held.head_length;
        let reaches = if is_head_lost { held.start } else { held.head_length };
        let is_in_head = end <= reaches && offset <= held.head.len() as u64;
        if offset != held.end() && !is_in_head {
            return Err(Error::new(
                FIO_E_ARGUMENT,
                "pushed data neither goes on at the end nor lies in the held head",
            ));
        }
        let in_head = held.head_length.saturating_sub(offset).min(data.len() as u64) as usize;
        let (head, rest) = data.split_at(in_head);
        if !is_in_head {
            held.rest.try_reserve(rest.len()).map_err(|_| Error::of(FIO_E_NOMEM))?;
        }
        if !head.is_empty() {
            let at = offset as usize;
            let missing = (at + head.len()).saturating_sub(held.head.len());
            held.head.try_reserve(missing).map_err(|_| Error::of(FIO_E_NOMEM))?;
            let length = held.head.len() + missing;
            held.head.resize(length, 0);
            held.head[at..at + head.len()].copy_from_slice(head);
        }
        if !is_in_head {
            held.rest.extend(rest);
        }
        Ok(())
    }

    fn release(&self, offset: u64) {
        let mut held = self.held();
        let drop = offset.saturating_sub(held.start).min(held.rest.len() as u64);
        held.rest.drain(..drop as usize);
        held.start += drop;
    }

    fn as_source(self: Arc<Self>) -> Arc<dyn Source> {
        self
    }
}

impl Held {
    fn end(&self) -> u64 {
        if self.rest.is_empty()
            && (self.head.len() as u64) < self.head_length
            && self.start == self.head_length
        {
            self.head.len() as u64
        } else {
            self.start + self.rest.len() as u64
        }
    }
}

impl Source for HeldSource {
    fn condition(&self) -> Result<Condition, Error> {
        Ok(Condition { size: self.end(), ..Condition::default() })
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Error> {
        let held = self.held();
        if offset < held.head.len() as u64 {
            let from = &held.head[offset as usize..];
            let count = from.len().min(buffer.len());
            buffer[..count].copy_from_slice(&from[..count]);
            return Ok(count);
        }
        if offset < held.start {
            return Err(Error::new(FIO_E_SOURCE_READ, "the pushed data is not in memory any more"));
        }
        let skip = (offset - held.start).min(held.rest.len() as u64) as usize;
        let (first, second) = held.rest.as_slices();
        let from = if skip < first.len() { &first[skip..] } else { &second[skip - first.len()..] };
        let count = from.len().min(buffer.len());
        buffer[..count].copy_from_slice(&from[..count]);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &HeldSource, mut offset: u64, length: usize) -> Vec<u8> {
        let mut all = Vec::new();
        while all.len() < length {
            let mut buffer = [0; 5];
            let wanted = buffer.len().min(length - all.len());
            let count = source.read_at(offset, &mut buffer[..wanted]).unwrap();
            if count == 0 {
                break;
            }
            all.extend_from_slice(&buffer[..count]);
            offset += count as u64;
        }
        all
    }

    #[test]
    fn bytes_are_kept_until_released_and_the_head_can_be_rewritten() {
        let source = HeldSource::new(4, 0);
        source.push(0, b"hea").unwrap();
        assert_eq!(source.end(), 3);
        source.push(3, b"d12345").unwrap();
        source.push(9, b"6789").unwrap();
        assert_eq!(read(&source, 0, 100), b"head123456789");
        source.release(7);
        assert_eq!(read(&source, 7, 100), b"456789");
        assert_eq!(source.held_bytes(), 10);
        assert_eq!(source.read_at(5, &mut [0]).unwrap_err().status, FIO_E_SOURCE_READ);
        source.push(0, b"HEAD").unwrap();
        assert_eq!(read(&source, 0, 4), b"HEAD");
        assert!(source.has_head());
        for (offset, data) in [(12, &b"x"[..]), (14, b"x"), (2, b"xxx"), (5, b"x")] {
            assert_eq!(source.push(offset, data).unwrap_err().status, FIO_E_ARGUMENT, "{offset}");
        }
        assert_eq!(source.condition().unwrap().size, 13);
    }

    #[test]
    fn after_a_restart_the_data_goes_on_where_it_was() {
        let source = HeldSource::new(0, 100);
        source.push(100, b"abc").unwrap();
        assert_eq!(read(&source, 101, 9), b"bc");
        // The head is pushed again at the end.
        let source = HeldSource::new(4, 100);
        source.push(100, b"abc").unwrap();
        assert!(!source.has_head());
        source.push(0, b"HE").unwrap();
        source.push(2, b"ADnot kept").unwrap();
        assert!(source.has_head());
        assert_eq!((read(&source, 0, 4), source.end()), (b"HEAD".to_vec(), 103));
    }
}
