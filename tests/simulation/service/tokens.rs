//! The tokens that the device was given: what it does with them is held against it.

use super::Service;
use fio_emulator_service::grants::{GrantId, Tokens};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

pub const REFRESH_TOKEN_LIFE: u64 = 14 * 86_400 * 1000;

/// Why a refresh was refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Refusal {
    /// The token was used before.
    Replaced {
        grant: GrantId,
    },
    /// Fourteen days went by since it was issued, at this time.
    TooOld {
        issued: u64,
    },
    Revoked {
        grant: GrantId,
    },
}

/// One token of a pair.
#[derive(Clone, Copy)]
struct Given {
    grant: GrantId,
    /// How often the grant was renewed by then.
    serial: u64,
    issued: u64,
}

#[derive(Default)]
pub struct Ledger {
    given: HashMap<String, Given>,
    /// The newest pair never reached the device's store: by the service's own rule these cannot be
    /// renewed any more.
    broken: HashSet<GrantId>,
    newest: Option<String>,
    /// The last one that the device has read.
    pub last_refusal: Option<Refusal>,
}

impl Ledger {
    fn of(&self, token: &str) -> Given {
        *self.given.get(token).expect("a token of ours")
    }
}

impl Service {
    pub(super) fn give(&mut self, tokens: &Tokens, time: u64) -> GrantId {
        let grant = self.device().and_then(|device| device.grant).expect("a pair is of a device");
        let given = Given { grant, serial: self.renewals(grant), issued: time };
        let refresh = tokens.refresh_token.clone().expect("offline is in the scope");
        for token in [&tokens.access_token, &refresh] {
            self.ledger.given.insert(token.clone(), given);
        }
        self.ledger.newest = Some(refresh);
        grant
    }

    pub(super) fn check_is_ours(&self, token: &str) {
        self.ledger.of(token);
    }

    fn renewals(&self, grant: GrantId) -> u64 {
        self.model.grants.get(grant).expect("few grants, none of them forgotten").refreshes
    }

    fn is_newest(&self, given: Given) -> bool {
        given.serial == self.renewals(given.grant)
    }

    /// Why a refresh will be refused, if it is.
    pub(super) fn refusal(&self, token: &str) -> Refusal {
        let given = self.ledger.of(token);
        let Given { grant, issued, .. } = given;
        if self.model.grants.get(grant).is_some_and(|grant| grant.ended) {
            Refusal::Revoked { grant }
        } else if self.is_newest(given) {
            Refusal::TooOld { issued }
        } else {
            Refusal::Replaced { grant }
        }
    }

    /// The grant a token belongs to, and which of its pairs.
    pub fn pair_of(&self, token: &str) -> (GrantId, u64) {
        let given = self.ledger.of(token);
        (given.grant, given.serial)
    }

    /// A refresh leaves the device. One with a token that is known to be used up would only be right
    /// if the device never got the one that replaced it.
    pub fn check_leaving(&self, token: &str) {
        let given = self.ledger.of(token);
        assert!(
            self.is_newest(given) || self.is_broken(given.grant),
            "a refresh left with {token}, which the device had exchanged"
        );
    }

    pub(super) fn break_chain(&mut self, grant: GrantId) {
        self.ledger.broken.insert(grant);
    }

    pub fn is_broken(&self, grant: GrantId) -> bool {
        self.ledger.broken.contains(&grant)
    }

    /// The device now depends on its store alone, and that holds `stored`: a newer pair is lost.
    pub fn left_with(&mut self, stored: Option<&str>) {
        let given = stored.map(|token| self.ledger.of(token));
        if let Some(given) = given.filter(|given| !self.is_newest(*given)) {
            self.break_chain(given.grant);
        }
    }

    /// A person disconnects the device.
    pub fn revoke_all(&mut self) {
        self.model.disconnect(Duration::ZERO, crate::ask::CLIENT_ID);
    }

    /// The service forgets the access tokens before their time.
    pub fn expire_access(&mut self) {
        self.model.grants.expire_access();
    }

    /// The refresh token that is good now, of the newest grant.
    pub fn current_refresh_token(&self) -> Option<String> {
        self.ledger.newest.clone()
    }

    /// How many grants can still be used.
    pub fn count_alive(&self) -> usize {
        self.model.grants.iter().filter(|grant| !grant.ended).count()
    }
}
