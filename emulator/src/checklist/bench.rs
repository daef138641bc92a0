//! For the tests of rules: a session made up line by line.

use std::time::Duration;

use super::event::{Answered, Asked, Deed, Event, Moment, Told, Version};
use super::ledger::{Breach, Ledger};
use super::row::{Row, Status};
use super::rule::{Question, Rule};
use crate::endpoint::Endpoint;

pub struct Bench {
    rule: Box<dyn Rule>,
    pub ledger: Ledger,
    now: Moment,
    seq: u64,
    asked: Option<Asked>,
}

pub fn told() -> Told {
    Told::default()
}

pub fn asked(endpoint: Endpoint) -> Asked {
    Asked {
        seq: 0,
        at: Moment::default(),
        timed: true,
        connection: 1,
        peer: None,
        device: Some("CAM".into()),
        endpoint,
        grant: None,
        version: Version::Semantic,
        bearer: None,
        secret: None,
        has_query: false,
        intermediary: None,
        asset: None,
        part: None,
        creation: None,
    }
}

impl Bench {
    pub fn new(rule: impl Rule + 'static) -> Self {
        let now = Moment { clock: Duration::from_secs(1_000), moved: Duration::ZERO };
        Self { rule: Box::new(rule), ledger: Ledger::default(), now, seq: 0, asked: None }
    }

    pub fn wait(&mut self, seconds: f64) -> &mut Self {
        self.now.clock += Duration::from_secs_f64(seconds);
        self
    }

    /// Moves the emulator's clock, as tests do.
    pub fn advance(&mut self, seconds: f64) -> &mut Self {
        self.now.moved += Duration::from_secs_f64(seconds);
        self.wait(seconds)
    }

    pub fn call(&mut self, endpoint: Endpoint, change: impl FnOnce(&mut Asked)) -> &mut Self {
        self.seq += 1;
        let mut asked = Asked { seq: self.seq, at: self.now, ..asked(endpoint) };
        change(&mut asked);
        self.rule.see(&Event::Asked(&asked), &mut self.ledger);
        self.asked = Some(asked);
        self
    }

    /// The answer to the last call.
    pub fn answer(&mut self, status: u16, told: Told) -> &mut Self {
        self.end(Some(status), None, 0, told)
    }

    /// A fault instead of the answer: nothing comes back.
    pub fn swallowed(&mut self, fault: &'static str, told: Told) -> &mut Self {
        self.end(None, Some(fault), 0, told)
    }

    /// A fault that is an answer.
    pub fn faulty(&mut self, status: u16, told: Told) -> &mut Self {
        self.end(Some(status), Some("status"), 0, told)
    }

    pub fn end(
        &mut self,
        status: Option<u16>,
        fault: Option<&'static str>,
        bytes: u64,
        told: Told,
    ) -> &mut Self {
        let asked = self.asked.take().expect("a call before its answer");
        self.finish(&asked, status, fault, bytes, told)
    }

    /// A request that is to be answered later, by [`Self::finish`].
    pub fn open(&mut self) -> Asked {
        self.asked.take().expect("a call before its answer")
    }

    pub fn finish(
        &mut self,
        asked: &Asked,
        status: Option<u16>,
        fault: Option<&'static str>,
        body_bytes: u64,
        told: Told,
    ) -> &mut Self {
        let answered = Answered { asked, at: self.now, status, fault, body_bytes, told: &told };
        self.rule.see(&Event::Answered(&answered), &mut self.ledger);
        self
    }

    pub fn deed(&mut self, deed: Deed) -> &mut Self {
        self.rule.see(&Event::Deed { at: self.now, device: "CAM", deed: &deed }, &mut self.ledger);
        self
    }

    pub fn plain_http(&mut self) -> &mut Self {
        self.seq += 1;
        self.rule.see(&Event::PlainHttp { seq: self.seq }, &mut self.ledger);
        self
    }

    pub fn status(&self, row: &Row) -> Status {
        self.ledger.status(row)
    }

    pub fn breach(&self, row: &Row) -> Breach {
        let mut breaches = self.ledger.tallies(row).flat_map(|(_, tally)| &tally.breaches);
        breaches.next().expect("a breach").clone()
    }

    pub fn questions(&self) -> Vec<Question> {
        let questions = self.rule.questions();
        for question in &questions {
            assert!(self.rule.may_ask().contains(&question.row), "{} cannot be answered", question.row.name);
        }
        questions
    }
}
