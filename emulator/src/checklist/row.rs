//! One requirement of the checklist, and how a session stands to it.

use serde::Serialize;

#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    pub name: &'static str,
    /// Which rows of Frame.io's integrator checklist it belongs to, as this project numbers them. Rules
    /// that come from elsewhere have none.
    pub numbers: &'static [u8],
    pub requirement: &'static str,
    pub reference: &'static str,
    /// What to ask the engineer, where nothing that was seen settles it; yes fulfils the row.
    pub question: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Fulfilled,
    Broken,
    NotExercised,
    AskTheEngineer,
    /// What the engineer answered, where nothing was seen.
    Confirmed,
    Denied,
    NotApplicable,
}

impl Status {
    pub const ALL: [Self; 7] = [
        Self::Broken,
        Self::Denied,
        Self::Fulfilled,
        Self::Confirmed,
        Self::AskTheEngineer,
        Self::NotApplicable,
        Self::NotExercised,
    ];

    pub fn in_words(self) -> &'static str {
        match self {
            Self::Fulfilled => "fulfilled",
            Self::Broken => "broken",
            Self::NotExercised => "not exercised",
            Self::AskTheEngineer => "ask the engineer",
            Self::Confirmed => "confirmed by the engineer",
            Self::Denied => "denied by the engineer",
            Self::NotApplicable => "not applicable",
        }
    }
}
