//! A scenario that was played, as the report has it.

use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
pub struct Played {
    pub name: String,
    pub title: String,
    pub state: PlayedState,
    /// The step that failed, counted from one; absent when it is about the whole.
    pub step: Option<usize>,
    pub why: Option<String>,
    /// In real time.
    pub seconds: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlayedState {
    Passed,
    Failed,
}

impl Played {
    pub fn has_passed(&self) -> bool {
        self.state == PlayedState::Passed
    }
}
