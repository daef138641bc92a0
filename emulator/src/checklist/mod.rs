//! The integrator checklist, judged while devices are served. Rules know nothing of HTTP: they are told
//! what happened, in the order in which it did, and keep no more of it than they need.

pub mod answers;
pub mod answers_file;
#[cfg(test)]
pub mod bench;
pub mod event;
pub mod format;
pub mod junit;
pub mod ledger;
pub mod played;
pub mod recent;
pub mod report;
pub mod report_files;
pub mod row;
pub mod rule;
pub mod rules;
pub mod text;

use answers::Answers;
use event::{Answered, Asked, Deed, Event};
use ledger::{Ledger, Quote};
use recent::Recent;
use rule::Rule;

use crate::endpoint::Endpoint;

/// Tokens whose device is remembered, also when they have expired.
const MOST_TOKENS: usize = 20_000;

pub struct Checklist {
    rules: Vec<Box<dyn Rule>>,
    ledger: Ledger,
    pub answers: Answers,
    /// Which device an access token was given to.
    owners: Recent<String, String>,
}

impl Default for Checklist {
    fn default() -> Self {
        Self {
            rules: rules::all(),
            ledger: Ledger::default(),
            answers: Answers::default(),
            owners: Recent::new(MOST_TOKENS),
        }
    }
}

impl Checklist {
    /// A request has arrived. Whose it is may only be known from the token it carries.
    pub fn asked(&mut self, asked: &mut Asked, look_up: impl FnMut(u64) -> Option<Quote>) {
        if asked.device.is_none() {
            let owner = asked.bearer.as_ref().and_then(|token| self.owners.get(token));
            asked.device = owner.cloned();
        }
        self.see(&Event::Asked(asked), look_up);
    }

    pub fn answered(&mut self, answered: &Answered<'_>, mut look_up: impl FnMut(u64) -> Option<Quote>) {
        if let (Some(token), Some(device)) = (&answered.told.access_token, &answered.asked.device) {
            self.owners.insert(token.clone(), device.clone());
        }
        self.endings(answered, &mut look_up);
        self.see(&Event::Answered(answered), &mut look_up);
        self.ledger.answered(answered.asked.seq, look_up);
    }

    /// A device that revokes its authorization, or gets another, has no use for what came with the first.
    fn endings(&mut self, answered: &Answered<'_>, look_up: impl FnMut(u64) -> Option<Quote>) {
        let asked = answered.asked;
        let revoked = asked.is(Endpoint::Revoke) && answered.status == Some(200);
        let paired = asked.is_poll() && answered.told.access_token.is_some();
        if let Some(device) = asked.device.as_deref().filter(|_| revoked || paired) {
            self.see(&Event::Deed { at: answered.at, device, deed: &Deed::Disconnected }, look_up);
        }
    }

    pub fn see(&mut self, event: &Event<'_>, look_up: impl FnMut(u64) -> Option<Quote>) {
        for rule in &mut self.rules {
            rule.see(event, &mut self.ledger);
        }
        self.ledger.quote(look_up);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::bench::{asked, told};
    use super::event::{Moment, Version};
    use super::*;

    #[test]
    fn every_row_of_the_integrator_checklist_is_there_and_names_are_unique() {
        let rows: Vec<_> = rules::all().iter().flat_map(|rule| rule.rows()).collect();
        let numbers: BTreeSet<u8> = rows.iter().flat_map(|row| row.numbers).copied().collect();
        // The last of the 51 is for applications, not for hardware.
        assert_eq!(numbers, (1..=50).collect());
        let names: BTreeSet<_> = rows.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), rows.len());
        for row in rows {
            assert!(!row.requirement.is_empty() && !row.reference.is_empty(), "{}", row.name);
        }
    }

    #[test]
    fn what_cannot_be_seen_fulfilled_is_asked() {
        let unseen: Vec<_> = rules::all().iter().flat_map(|rule| rule.unseen()).collect();
        assert!(unseen.iter().all(|row| row.question.is_some()), "{unseen:?}");
        let report = Checklist::default().report(String::new(), 0, false);
        let observable = |name: &str| report.rows.iter().any(|row| row.name == name && row.observable);
        assert!(observable("polling_pace") && observable("formats"), "seen, or else asked");
        assert!(!observable("wpa2") && !observable("direct_connection"));
    }

    #[test]
    fn a_token_names_its_device_also_when_it_is_not_valid_any_more() {
        let mut checklist = Checklist::default();
        let mut pairing = asked(Endpoint::Token);
        checklist.asked(&mut pairing, |_| None);
        let told = event::Told { access_token: Some("#a".into()), ..told() };
        let at = Moment::default();
        let answered =
            Answered { asked: &pairing, at, status: Some(200), fault: None, body_bytes: 0, told: &told };
        checklist.answered(&answered, |_| None);
        let mut late = Asked { seq: 1, device: None, bearer: Some("#a".into()), ..asked(Endpoint::Me) };
        late.version = Version::Missing;
        checklist.asked(&mut late, |_| None);
        assert_eq!(late.device.as_deref(), Some("CAM"));
    }
}
