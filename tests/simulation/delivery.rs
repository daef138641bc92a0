//! One part on its way: its bytes are read while it travels, not when it leaves.

use crate::content::{Sample, spots};
use crate::faults::Twist;
use crate::service::Service;
use crate::service::storage::etag;
use fio_c2c::api::Response;
use fio_c2c::api::part::{Outcome, PartRequest, Sent};
use fio_c2c::error::Error;
use fio_c2c::status::FIO_E_SOURCE_CHANGED;

pub struct Delivery {
    part: PartRequest,
    twist: Twist,
    /// None in an empty part.
    spots: Vec<(u64, usize)>,
    samples: Vec<Sample>,
    is_half_way: bool,
    /// The storage has it all.
    has_arrived: bool,
}

impl Delivery {
    pub fn new(part: PartRequest, twist: Twist) -> Delivery {
        let spots = spots(part.offset, part.length);
        Delivery { part, twist, spots, samples: Vec::new(), is_half_way: false, has_arrived: false }
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
        self.has_arrived = true;
        let mut samples = self.samples.clone();
        if let (Twist::Damaged, Some(sample)) = (self.twist, samples.first_mut()) {
            sample.bytes[0] ^= 1;
        }
        if self.twist == (Twist::Resent { had_arrived: true }) {
            service.put(&self.part, samples.clone(), time);
        }
        let reply = service.put(&self.part, samples, time);
        Sent {
            response: reply.response,
            etag: reply.etag,
            md5: self.part.verify.then(|| etag(&self.samples)),
            ..Sent::default()
        }
    }

    /// An answer that is not the storage's.
    pub fn answered(&self, response: Response) -> Sent {
        Sent { response, ..Sent::default() }
    }

    /// What the transport makes of it. The other end has confirmed the whole body where nothing came back.
    pub fn outcome(&self, answer: Result<Sent, Error>) -> Outcome {
        let was_resent = self.twist == Twist::Resent { had_arrived: true };
        let is_unanswered = answer.as_ref().is_err_and(fio_c2c::failure::may_have_been_processed);
        Outcome { answer, left_unanswered: was_resent || is_unanswered && self.has_arrived }
    }
}
