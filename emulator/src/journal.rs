//! The log of device-API requests that tests read back: the newest ones, in bounded memory.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;

use crate::checklist::event::Told;
use crate::checklist::ledger::Quote;
use crate::endpoint::{Endpoint, GrantType};

const MOST_ENTRIES: usize = 20_000;
/// Also bounded by size, because a client chooses how much its headers and fields hold.
const MOST_BYTES: usize = 64 << 20;
const LONGEST_TEXT: usize = 2_048;

#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    pub seq: u64,
    /// Seconds of the emulator's clock at arrival.
    pub time: f64,
    /// One number per TCP connection.
    pub connection: u64,
    pub method: String,
    pub path: String,
    pub http_version: &'static str,
    pub headers: Vec<(String, String)>,
    pub content_type: Option<String>,
    pub body_bytes: u64,
    pub fields: Vec<(String, String)>,
    pub endpoint: Endpoint,
    pub grant: Option<GrantType>,
    pub client_id: Option<String>,
    /// The asset it is about, and which part of it.
    pub asset: Option<String>,
    pub part: Option<u32>,
    /// Hashes of the tokens the answer carried.
    pub issued: Vec<(&'static str, String)>,
    /// Absent while there is no answer, and for ever when a fault swallowed it.
    pub status: Option<u16>,
    pub oauth_error: Option<&'static str>,
    pub fault: Option<&'static str>,
    pub violations: Vec<&'static str>,
    /// Whose it is, as far as that is known, also when it does not say so itself.
    #[serde(skip)]
    pub device: Option<String>,
    /// For the checklist: what the calls know about the answer.
    #[serde(skip)]
    pub told: Told,
}

impl Entry {
    /// One of which nothing is known yet but when it came, and where.
    pub fn begun(arrived: Duration, connection: u64) -> Entry {
        Entry {
            seq: 0,
            time: arrived.as_secs_f64(),
            connection,
            method: String::new(),
            path: String::new(),
            http_version: "HTTP/1.1",
            headers: Vec::new(),
            content_type: None,
            body_bytes: 0,
            fields: Vec::new(),
            endpoint: Endpoint::Unknown,
            grant: None,
            client_id: None,
            asset: None,
            part: None,
            issued: Vec::new(),
            status: None,
            oauth_error: None,
            fault: None,
            violations: Vec::new(),
            device: None,
            told: Told::default(),
        }
    }

    /// How the checklist shows it.
    pub fn quote(&self) -> Quote {
        Quote {
            seq: self.seq,
            time: self.time,
            connection: self.connection,
            method: self.method.clone(),
            path: self.path.clone(),
            headers: self.headers.clone(),
            fields: self.fields.clone(),
            status: self.status,
            oauth_error: self.oauth_error,
            fault: self.fault,
        }
    }

    fn size(&self) -> usize {
        let pairs = self.headers.iter().chain(&self.fields);
        let text: usize = pairs.map(|(name, value)| name.len() + value.len() + 48).sum();
        512 + self.path.len() + text
    }
}

#[derive(Debug, Default)]
pub struct Journal {
    entries: VecDeque<Entry>,
    bytes: usize,
    seq: u64,
}

/// Cuts what a client sent to a length worth keeping.
pub fn clip(text: &str) -> String {
    let mut end = text.len().min(LONGEST_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    if end == text.len() { text.to_owned() } else { format!("{}…", &text[..end]) }
}

impl Journal {
    /// Logs a request at its arrival, so that one whose answer never comes is seen too.
    pub fn begin(&mut self, mut entry: Entry) -> u64 {
        self.seq += 1;
        entry.seq = self.seq;
        self.bytes += entry.size();
        self.entries.push_back(entry);
        while self.entries.len() > MOST_ENTRIES || self.bytes > MOST_BYTES {
            match self.entries.pop_front() {
                Some(oldest) => self.bytes -= oldest.size().min(self.bytes),
                None => break,
            }
        }
        self.seq
    }

    /// The entry of a request still being handled, unless it was cleared or pushed out meanwhile.
    /// Only the small fields may be changed: sizes are counted at the start.
    pub fn entry(&mut self, seq: u64) -> Option<&mut Entry> {
        let at = self.entries.binary_search_by_key(&seq, |entry| entry.seq).ok()?;
        self.entries.get_mut(at)
    }

    pub fn get(&self, seq: u64) -> Option<&Entry> {
        let at = self.entries.binary_search_by_key(&seq, |entry| entry.seq).ok()?;
        self.entries.get(at)
    }

    pub fn since(&self, seq: u64) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.seq > seq)
    }

    pub fn last_seq(&self) -> u64 {
        self.seq
    }

    pub fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(header_bytes: usize) -> Entry {
        Entry {
            method: "GET".into(),
            path: "/".into(),
            headers: vec![("x".into(), "y".repeat(header_bytes))],
            ..Entry::begun(Duration::ZERO, 1)
        }
    }

    #[test]
    fn the_newest_are_kept() {
        let mut journal = Journal::default();
        for _ in 0..MOST_ENTRIES + 5 {
            journal.begin(entry(1));
        }
        assert_eq!(journal.since(0).count(), MOST_ENTRIES);
        assert_eq!(journal.since(0).next().map(|entry| entry.seq), Some(6));
        assert_eq!(journal.since(MOST_ENTRIES as u64 + 3).count(), 2);
        assert!(journal.entry(3).is_none());
        assert!(journal.entry(10).is_some());
        journal.clear();
        assert_eq!(journal.begin(entry(1)), MOST_ENTRIES as u64 + 6, "numbers go on after clearing");
    }

    #[test]
    fn big_requests_push_out_more() {
        let mut journal = Journal::default();
        for _ in 0..200 {
            journal.begin(entry(1 << 20));
        }
        assert!(journal.since(0).count() < 64);
    }

    #[test]
    fn clipping_respects_characters() {
        assert_eq!(clip("short"), "short");
        let clipped = clip(&"é".repeat(2_000));
        assert!(clipped.len() < 2_060 && clipped.ends_with('…'));
    }
}
