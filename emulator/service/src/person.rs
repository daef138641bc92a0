//! A scripted person at the pairing page, for tests that need nobody at it.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonDecision {
    Approve,
    Deny,
    /// Leaves every code to somebody else.
    #[default]
    Ignore,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    pub decision: PersonDecision,
    /// How many `authorization_pending` answers a device gets before the person has decided.
    #[serde(default)]
    pub after_polls: u64,
    #[serde(default)]
    pub project: Option<String>,
}
