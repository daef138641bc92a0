//! Playing a scenario, without the world: told what happened and what time it is, it says what comes next.

use std::sync::Arc;
use std::time::Duration;

use super::script::{Action, Condition, Scenario, Seen, Step};
use super::words;

/// What a device is still given at the end for its rows to come right: an answer may just be leaving.
const SETTLING: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub struct Player {
    scenario: Arc<Scenario>,
    /// The one at work, from zero; beyond the last one, when the rows are judged.
    step: usize,
    began: Duration,
    operation: Option<u64>,
    /// Requests that the next step that waits for some has seen, since the last one that waited was over.
    counted: u64,
    ending: Option<Ending>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    Passed,
    Failed {
        /// Counted from one.
        step: Option<usize>,
        why: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// To do at once what the step says, and then to be told as [`Player::done`].
    Do,
    /// To have done at the device what the step says, and then to be told as [`Player::operated`].
    Operate,
    /// The steps are over: the rows decide, by [`Player::judged`].
    Judge,
    /// Nothing, until something happens or this moment comes.
    Wait(Duration),
    Over,
}

/// How the rows stand at the end, compared with the beginning.
#[derive(Debug, Default)]
pub struct Judgement {
    pub broken: Vec<String>,
    /// What should be fulfilled and is not, with what it is.
    pub unfulfilled: Vec<String>,
}

/// Nobody had asked for that operation, or it is over.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAsked;

/// Whether something is so now. Requests are not asked for: they are counted.
pub trait Facts {
    fn hold(&self, condition: &Condition) -> bool;
}

impl Player {
    pub fn new(scenario: Arc<Scenario>, now: Duration) -> Self {
        Self { scenario, step: 0, began: now, operation: None, counted: 0, ending: None }
    }

    pub fn scenario(&self) -> &Arc<Scenario> {
        &self.scenario
    }

    /// The step at work, from zero.
    pub fn at(&self) -> usize {
        self.step
    }

    pub fn doing(&self) -> Option<&Step> {
        self.scenario.steps.get(self.step)
    }

    pub fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// `operation` is the number of the next one, if one is asked for.
    pub fn next(&mut self, now: Duration, operation: u64, facts: &impl Facts) -> Next {
        if self.ending.is_none() {
            self.settle(now, facts);
        }
        let scenario = Arc::clone(&self.scenario);
        let Some(step) = scenario.steps.get(self.step) else {
            return if self.ending.is_none() { Next::Judge } else { Next::Over };
        };
        let until = self.began + step.within;
        let waits = matches!(step.action, Action::Await(_)) || self.operation.is_some();
        if waits && now >= until && self.ending.is_none() {
            let why = format!("not within {} s{}", step.within.as_secs_f64(), self.so_far());
            self.fail(&why);
        }
        if self.ending.is_some() {
            return Next::Over;
        }
        match step.action {
            _ if waits => Next::Wait(until),
            Action::Operate(_) => {
                self.operation = Some(operation);
                Next::Operate
            }
            _ => Next::Do,
        }
    }

    /// What was to be done is done.
    pub fn done(&mut self, now: Duration) {
        self.step += 1;
        self.began = now;
        self.operation = None;
    }

    /// Somebody at the device has done it, or could not.
    pub fn operated(&mut self, id: u64, result: Result<(), String>, now: Duration) -> Result<(), NotAsked> {
        if self.operation != Some(id) || self.ending.is_some() {
            return Err(NotAsked);
        }
        match result {
            Ok(()) => self.done(now),
            Err(why) => self.fail(&format!("it could not be done: {why}")),
        }
        Ok(())
    }

    /// A request has come, or is over. Counted at once, so that none is missed between two steps.
    pub fn request(&mut self, seen: &Seen<'_>, now: Duration, facts: &impl Facts) {
        if self.ending.is_some() {
            return;
        }
        if let Some(Condition::Request { request, .. }) = self.awaited() {
            if request.is(seen) {
                self.counted += 1;
            }
        }
        self.settle(now, facts);
    }

    /// How the rows stand when all steps are done; answers until when it makes sense to look again.
    pub fn judged(&mut self, judgement: &Judgement, now: Duration) -> Option<Duration> {
        let until = self.began + SETTLING;
        let ending = if !judgement.broken.is_empty() {
            let why = format!("it broke {}", judgement.broken.join(", "));
            Ending::Failed { step: None, why }
        } else if judgement.unfulfilled.is_empty() {
            Ending::Passed
        } else if now >= until {
            let why = format!("these rows are to be fulfilled: {}", judgement.unfulfilled.join(", "));
            Ending::Failed { step: None, why }
        } else {
            return Some(until);
        };
        self.ending = Some(ending);
        None
    }

    /// Ends it at the step where it is.
    pub fn fail(&mut self, why: &str) {
        if self.ending.is_some() {
            return;
        }
        let at = self.doing().map(|step| (self.step + 1, words::action(&step.action)));
        self.ending = Some(match at {
            Some((step, words)) => {
                Ending::Failed { step: Some(step), why: format!("step {step}, “{words}”: {why}") }
            }
            None => Ending::Failed { step: None, why: why.to_owned() },
        });
    }

    /// Goes on over all steps that wait for what is there.
    fn settle(&mut self, now: Duration, facts: &impl Facts) {
        while let Some(Action::Await(condition)) = self.doing().map(|step| &step.action) {
            let is_there = match condition {
                Condition::Request { times, .. } => self.counted >= *times,
                condition => facts.hold(condition),
            };
            if !is_there {
                return;
            }
            self.counted = 0;
            self.done(now);
        }
    }

    /// What the next step that waits waits for.
    fn awaited(&self) -> Option<&Condition> {
        self.scenario.steps.iter().skip(self.step).find_map(|step| match &step.action {
            Action::Await(condition) => Some(condition),
            _ => None,
        })
    }

    fn so_far(&self) -> String {
        match self.doing().map(|step| &step.action) {
            Some(Action::Await(Condition::Request { times, .. })) if *times > 1 => {
                format!(", only {} of {times}", self.counted)
            }
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests;
