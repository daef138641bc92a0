//! The checklist as it stands, for people and machines to read.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Checklist;
use super::answers::Answer;
use super::ledger::Quote;
use super::played::Played;
use super::row::{Row, Status};
use super::rule::Question;

#[derive(Debug, Serialize)]
pub struct Report {
    pub emulator: &'static str,
    /// When it was written.
    pub date: String,
    /// Requests of devices seen in all.
    pub requests: u64,
    pub strict: bool,
    /// Those that were played while the checklist filled, in order.
    pub scenarios: Vec<Played>,
    pub summary: BTreeMap<&'static str, usize>,
    pub rows: Vec<RowReport>,
    /// How each device stands to each row that says something about it.
    pub devices: BTreeMap<String, BTreeMap<&'static str, Status>>,
}

#[derive(Debug, Serialize)]
pub struct RowReport {
    pub name: &'static str,
    pub numbers: &'static [u8],
    pub requirement: &'static str,
    pub reference: &'static str,
    /// Whether it can be seen from the service that a device fulfils it.
    pub observable: bool,
    pub status: Status,
    pub kept: u64,
    pub broken: u64,
    pub breaches: Vec<BreachReport>,
    pub questions: Vec<String>,
    /// What the engineer said. It counts only where nothing was seen.
    pub answer: Option<Answer>,
}

#[derive(Debug, Serialize)]
pub struct BreachReport {
    pub device: String,
    pub why: String,
    pub requests: Vec<Quoted>,
}

/// A request that broke a rule; only its number when the request log had let go of it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Quoted {
    Known(Quote),
    Forgotten { seq: u64 },
}

impl Quoted {
    pub fn seq(&self) -> u64 {
        match self {
            Self::Known(quote) => quote.seq,
            Self::Forgotten { seq } => *seq,
        }
    }
}

impl Checklist {
    pub fn report(&self, date: String, requests: u64, strict: bool) -> Report {
        let rows = self.rows(usize::MAX);
        let known: Vec<&'static Row> = self.rules.iter().flat_map(|rule| rule.rows()).collect();
        let mut summary: BTreeMap<_, _> = Status::ALL.iter().map(|status| (name(*status), 0)).collect();
        for row in &rows {
            *summary.entry(name(row.status)).or_default() += 1;
        }
        let devices = self.ledger.devices().map(|device| {
            let status = |row: &&'static Row| Some((row.name, self.ledger.status_of(row, device)?));
            (device.to_owned(), known.iter().filter_map(status).collect())
        });
        let devices = devices.collect();
        let (emulator, scenarios) = (env!("CARGO_PKG_VERSION"), Vec::new());
        Report { emulator, date, requests, strict, scenarios, summary, rows, devices }
    }

    /// Each row, with so many breaches of it at most.
    pub fn rows(&self, breaches: usize) -> Vec<RowReport> {
        let questions: Vec<Question> = self.rules.iter().flat_map(|rule| rule.questions()).collect();
        let known = self.rules.iter().flat_map(|rule| rule.rows());
        known.map(|row| self.row(row, &questions, breaches)).collect()
    }

    fn row(&self, row: &'static Row, questions: &[Question], most_breaches: usize) -> RowReport {
        let tallies = || self.ledger.tallies(row);
        let breaches = tallies().flat_map(|(device, tally)| {
            tally.breaches.iter().map(|breach| BreachReport {
                device: device.to_owned(),
                why: breach.why.clone(),
                requests: breach.requests.iter().map(|seq| self.quoted(*seq)).collect(),
            })
        });
        let own = questions.iter().filter(|question| question.row == row);
        let mut asked: Vec<String> =
            own.map(|question| format!("{}: {}", question.device, question.text)).collect();
        let status = match self.ledger.status(row) {
            Status::NotExercised if !asked.is_empty() => Status::AskTheEngineer,
            status => status,
        };
        if status == Status::AskTheEngineer {
            asked.splice(0..0, row.question.map(str::to_owned));
        }
        let answer = self.answers.get(row.name).cloned();
        let status = match &answer {
            Some(given) if status == Status::AskTheEngineer => given.answer.status(),
            _ => status,
        };
        RowReport {
            name: row.name,
            numbers: row.numbers,
            requirement: row.requirement,
            reference: row.reference,
            observable: !self.rules.iter().any(|rule| rule.unseen().contains(&row)),
            status,
            kept: tallies().map(|(_, tally)| tally.kept).sum(),
            broken: tallies().map(|(_, tally)| tally.broken).sum(),
            breaches: breaches.take(most_breaches).collect(),
            questions: asked,
            answer,
        }
    }

    fn quoted(&self, seq: u64) -> Quoted {
        match self.ledger.quotes.get(&seq) {
            Some(quote) => Quoted::Known(quote.clone()),
            None => Quoted::Forgotten { seq },
        }
    }
}

fn name(status: Status) -> &'static str {
    match status {
        Status::Broken => "broken",
        Status::Fulfilled => "fulfilled",
        Status::AskTheEngineer => "ask_the_engineer",
        Status::NotExercised => "not_exercised",
        Status::Confirmed => "confirmed",
        Status::Denied => "denied",
        Status::NotApplicable => "not_applicable",
    }
}
