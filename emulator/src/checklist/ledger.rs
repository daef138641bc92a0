//! What rules have found, by row and by device, in bounded memory: counts of everything, and of the
//! breaches the first ones with the requests that broke the rule.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use super::row::{Row, Status};
use crate::service::devices::MOST_DEVICES;

/// Breaches told of one row by one device; the further ones are counted.
const MOST_TOLD: usize = 5;
/// The same over all rows and devices.
const MOST_TOLD_IN_ALL: usize = 2_000;
/// The further ones share one name.
const OTHERS: &str = "(others)";

/// The name of who cannot be named: a request without a token or client id.
pub const NOBODY: &str = "(no device)";

#[derive(Debug, Default)]
pub struct Tally {
    pub kept: u64,
    pub broken: u64,
    pub breaches: Vec<Breach>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Breach {
    pub why: String,
    /// By their sequence numbers; the last one is the one that broke the rule.
    pub requests: Vec<u64>,
}

/// A request as the report shows it: secrets are hashes.
#[derive(Debug, Clone, Serialize)]
pub struct Quote {
    pub seq: u64,
    pub time: f64,
    pub connection: u64,
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub fields: Vec<(String, String)>,
    pub status: Option<u16>,
    pub oauth_error: Option<&'static str>,
    pub fault: Option<&'static str>,
}

#[derive(Debug, Default)]
pub struct Ledger {
    tallies: HashMap<&'static str, BTreeMap<String, Tally>>,
    devices: BTreeSet<String>,
    pub quotes: HashMap<u64, Quote>,
    /// Requests to be quoted that nobody has looked up yet.
    wanted: Vec<u64>,
    told: usize,
}

impl Tally {
    fn status(&self) -> Option<Status> {
        if self.broken > 0 { Some(Status::Broken) } else { (self.kept > 0).then_some(Status::Fulfilled) }
    }
}

impl Ledger {
    /// The device did what the row asks for.
    pub fn kept(&mut self, row: &'static Row, device: Option<&str>) {
        self.tally(row, device, |tally| tally.kept += 1);
    }

    /// The device broke it; `requests` are quoted, the one that broke it last.
    pub fn broken(&mut self, row: &'static Row, device: Option<&str>, why: String, requests: &[u64]) {
        let room = self.told < MOST_TOLD_IN_ALL;
        let mut is_told = false;
        self.tally(row, device, |tally| {
            tally.broken += 1;
            is_told = room && tally.breaches.len() < MOST_TOLD;
            if is_told {
                tally.breaches.push(Breach { why, requests: requests.to_vec() });
            }
        });
        if is_told {
            self.told += 1;
            self.wanted.extend(requests);
        }
    }

    /// Quotes what was broken since the last time, as `look_up` finds it.
    pub fn quote(&mut self, mut look_up: impl FnMut(u64) -> Option<Quote>) {
        for seq in std::mem::take(&mut self.wanted) {
            if let Some(quote) = look_up(seq) {
                self.quotes.insert(seq, quote);
            }
        }
    }

    /// A request that is quoted already has its answer now.
    pub fn answered(&mut self, seq: u64, look_up: impl FnOnce(u64) -> Option<Quote>) {
        if let Some(quote) = self.quotes.get_mut(&seq) {
            if let Some(newer) = look_up(seq) {
                *quote = newer;
            }
        }
    }

    pub fn tallies(&self, row: &Row) -> impl Iterator<Item = (&str, &Tally)> {
        self.tallies.get(row.name).into_iter().flatten().map(|(device, tally)| (device.as_str(), tally))
    }

    /// Over all devices.
    pub fn status(&self, row: &Row) -> Status {
        let open = if row.question.is_some() { Status::AskTheEngineer } else { Status::NotExercised };
        let of_all = self.tallies(row).filter_map(|(_, tally)| tally.status());
        of_all.max_by_key(|status| *status == Status::Broken).unwrap_or(open)
    }

    /// How a device stands to a row that says something about it.
    pub fn status_of(&self, row: &Row, device: &str) -> Option<Status> {
        self.tallies.get(row.name)?.get(device)?.status()
    }

    /// Everybody who was judged in any way.
    pub fn devices(&self) -> impl Iterator<Item = &str> {
        self.devices.iter().map(String::as_str)
    }

    fn tally(&mut self, row: &'static Row, device: Option<&str>, count: impl FnOnce(&mut Tally)) {
        let name = device.unwrap_or(NOBODY);
        if !self.devices.contains(name) && self.devices.len() < MOST_DEVICES {
            self.devices.insert(name.to_owned());
        }
        let name = if self.devices.contains(name) { name } else { OTHERS };
        let tallies = self.tallies.entry(row.name).or_default();
        // Most are there already, and their names need no copy.
        match tallies.get_mut(name) {
            Some(tally) => count(tally),
            None => count(tallies.entry(name.to_owned()).or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static ROW: Row = Row { name: "row", numbers: &[], requirement: "", reference: "", question: None };
    static ASKED: Row = Row { name: "asked", question: Some("?"), ..ROW };

    #[test]
    fn one_breach_outweighs_everything_and_only_for_its_device() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.status(&ROW), Status::NotExercised);
        assert_eq!(ledger.status(&ASKED), Status::AskTheEngineer);
        ledger.kept(&ROW, Some("A"));
        ledger.broken(&ROW, Some("B"), "why".into(), &[7]);
        ledger.kept(&ROW, Some("B"));
        assert_eq!(ledger.status_of(&ROW, "A"), Some(Status::Fulfilled));
        assert_eq!(ledger.status_of(&ROW, "B"), Some(Status::Broken));
        assert_eq!(ledger.status_of(&ROW, "C"), None);
        assert_eq!(ledger.status(&ROW), Status::Broken);
    }

    #[test]
    fn a_hundred_thousand_breaches_are_counted_and_few_are_told() {
        let mut ledger = Ledger::default();
        for seq in 0..100_000 {
            ledger.broken(&ROW, Some(&format!("CAM-{}", seq % 9_000)), "why".into(), &[seq]);
            ledger.quote(|_| None);
        }
        assert_eq!(ledger.tallies(&ROW).map(|(_, tally)| tally.broken).sum::<u64>(), 100_000);
        assert_eq!(
            ledger.tallies(&ROW).map(|(_, tally)| tally.breaches.len()).sum::<usize>(),
            MOST_TOLD_IN_ALL
        );
        assert_eq!(ledger.tallies(&ROW).count(), MOST_DEVICES + 1);
    }
}
