//! One part on its way: its bytes are read while it travels, not when it leaves.

use crate::content::{Sample, spots};
use crate::faults::Twist;
use crate::service::Service;
use crate::service::storage::etag;
use fio_c2c::api::Response;
use fio_c2c::api::part::{PartRequest, Sent};
use fio_c2c::error::Error;
use fio_c2c::status::FIO_E_SOURCE_CHANGED;

pub struct Delivery {
    part: PartRequest,
    twist: Twist,
    /// None in an empty part.
    spots: Vec<(u64, usize)>,
    samples: Vec<Sample>,
    is_half_way: bool,
}

impl Delivery {
    pub fn new(part: PartRequest, twist: Twist) -> Delivery {
        let spots = spots(part.offset, part.length);
        Delivery { part, twist, spots, samples: Vec::new(), is_half_way: false }
    }

    /// Whether the storage gets, or got, other bytes than were sent.
    pub fn is_damaged(&self) -> bool {
        self.twist == Twist::Damaged
    }

    /// It arrives as it was sent after all.
    pub fn heal(&mut self) {
        self.twist = Twist::None;
    }

    pub fn key(&self) -> &str {
        &self.part.content_type
    }

    pub fn is_read(&self) -> bool {
        self.samples.len() == self.spots.len()
    }

    pub fn sent(&self) -> u64 {
        match (self.is_read(), self.is_half_way) {
            (true, _) => self.part.length,
            (false, true) => self.part.length / 2,
            _ => 0,
        }
    }

    /// Reads half of the bytes, or the rest. `true` once all are on their way and it is the storage's
    /// turn.
    pub fn read_on(&mut self) -> Result<bool, Error> {
        if self.is_read() {
            return Ok(true);
        }
        let end = if self.is_half_way { self.spots.len() } else { self.spots.len().div_ceil(2) };
        for &(offset, count) in &self.spots[self.samples.len()..end] {
            let mut bytes = vec![0; count];
            let mut done = 0;
            while done < count {
                match self.part.source.read_at(offset + done as u64, &mut bytes[done..])? {
                    0 => return Err(Error::of(FIO_E_SOURCE_CHANGED)),
                    read => done += read,
                }
            }
            self.samples.push(Sample { offset, bytes });
        }
        self.is_half_way = true;
        Ok(false)
    }

    /// All bytes have reached the storage.
    pub fn arrive(&mut self, service: &mut Service, time: u64) -> Sent {
        let mut samples = self.samples.clone();
        if let (Twist::Damaged, Some(sample)) = (self.twist, samples.first_mut()) {
            sample.bytes[0] ^= 1;
        }
        if self.twist == (Twist::Resent { had_arrived: true }) {
            service.assets.put(&self.part, samples.clone(), time);
        }
        let reply = service.assets.put(&self.part, samples, time);
        Sent {
            response: reply.response,
            etag: reply.etag,
            md5: self.part.verify.then(|| etag(&self.samples)),
            was_resent: matches!(self.twist, Twist::Resent { .. }),
        }
    }

    /// An answer that is not the storage's.
    pub fn answered(&self, response: Response) -> Sent {
        Sent { response, etag: None, md5: None, was_resent: false }
    }
}
