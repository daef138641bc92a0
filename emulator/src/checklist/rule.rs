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

    /// Rows that the engineer can be asked about.
    fn may_ask(&self) -> Vec<&'static Row> {
        self.rows().into_iter().filter(|row| row.question.is_some()).collect()
    }

    /// Those of its rows that the service may see broken, but never fulfilled.
    fn unseen(&self) -> Vec<&'static Row> {
        Vec::new()
    }

    /// What is left to ask when the session ends now, about rows that may ask; yes fulfils the row.
    fn questions(&self) -> Vec<Question> {
        Vec::new()
    }
}
