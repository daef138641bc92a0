//! A request from its arrival to its end, as the request log and the checklist have it. However it
//! ends, also by the client's going away, both are told.

use std::sync::Arc;
use std::time::Duration;

use hyper::header::RETRY_AFTER;

use super::answer::Answer;
use super::deliver::Outcome;
use crate::checklist::event::{Answered, Asked};
use crate::emulator::{Emulator, World};
use crate::journal::Entry;
use crate::scenario::script::{self, Seen};

pub struct Exchange {
    emulator: Arc<Emulator>,
    pub seq: u64,
    /// Until it is over.
    asked: Option<Asked>,
}

/// How it ended.
struct End<'a> {
    answer: Option<&'a Answer>,
    /// Whether all of the answer left.
    is_whole: bool,
}

impl Exchange {
    pub fn begin(emulator: &Arc<Emulator>, world: &mut World, entry: Entry, mut asked: Asked) -> Self {
        asked.seq = world.journal.begin(entry);
        let journal = &world.journal;
        world.checklist.asked(&mut asked, |seq| journal.get(seq).map(Entry::quote));
        if let Some(entry) = world.journal.entry(asked.seq) {
            entry.device.clone_from(&asked.device);
        }
        if let Some(device) = &asked.device {
            world.scenarios.heard_of(device);
        }
        seen(emulator, world, &asked, None);
        Self { emulator: Arc::clone(emulator), seq: asked.seq, asked: Some(asked) }
    }

    /// What the client gets to see is decided.
    pub fn over(mut self, outcome: &Outcome) {
        self.end(&End { answer: outcome.answer(), is_whole: matches!(outcome, Outcome::Answer(_)) });
    }

    fn end(&mut self, end: &End<'_>) {
        let Some(asked) = self.asked.take() else { return };
        let emulator = Arc::clone(&self.emulator);
        let mut world = emulator.world();
        self.tell(&mut world, &asked, end);
        let status = end.answer.filter(|_| end.is_whole).map(|answer| answer.status.as_u16());
        let error = end.answer.and_then(|answer| answer.oauth_error);
        seen(&emulator, &mut world, &asked, Some(script::End { status, error }));
        emulator.log(world, self.seq);
    }

    /// The request log and the checklist.
    fn tell(&self, world: &mut World, asked: &Asked, end: &End<'_>) {
        let at = self.emulator.clock.moment();
        let World { journal, checklist, .. } = world;
        let entry = journal.entry(self.seq);
        // It was cleared away: what it was told cannot be known any more.
        let Some(entry) = entry else {
            let (fault, told) = (None, &Default::default());
            let answered = Answered { asked, at, status: None, fault, body_bytes: 0, told };
            return checklist.answered(&answered, |_| None);
        };
        if let Some(answer) = end.answer {
            entry.status = Some(answer.status.as_u16());
            entry.oauth_error = answer.oauth_error;
        }
        let mut told = std::mem::take(&mut entry.told);
        told.oauth_error = entry.oauth_error;
        told.violations = entry.violations.clone();
        told.retry_after = end.answer.and_then(retry_after);
        let answered = Answered {
            asked,
            at,
            status: entry.status.filter(|_| end.is_whole),
            fault: entry.fault,
            body_bytes: entry.body_bytes,
            told: &told,
        };
        checklist.answered(&answered, |seq| journal.get(seq).map(Entry::quote));
    }
}

/// Tells the scenario at work, and anybody who waits for something to happen.
fn seen(emulator: &Emulator, world: &mut World, asked: &Asked, end: Option<script::End<'_>>) {
    let Asked { endpoint, grant, part, .. } = *asked;
    let World { scenarios, service, faults, .. } = world;
    let at = emulator.clock.moment();
    scenarios.request(&Seen { endpoint, grant, part, end }, at, service, faults, emulator.network.refused());
    emulator.changed();
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.end(&End { answer: None, is_whole: false });
    }
}

fn retry_after(answer: &Answer) -> Option<Duration> {
    let (_, value) = answer.headers.iter().find(|(name, _)| name == RETRY_AFTER)?;
    value.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}
