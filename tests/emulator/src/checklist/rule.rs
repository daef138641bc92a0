//! What a family of rules is: it watches, and says what it found.

use super::event::Event;
use super::ledger::Ledger;
use super::row::Row;

/// A question about a device, which only what was seen of it raises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub row: &'static Row,
    pub device: String,
    pub text: String,
}

pub trait Rule: Send {
    fn rows(&self) -> Vec<&'static Row>;

    fn see(&mut self, event: &Event<'_>, ledger: &mut Ledger);

    /// What is left to ask when the session ends now.
    fn questions(&self) -> Vec<Question> {
        Vec::new()
    }
}
