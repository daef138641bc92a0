//! Giving an authorization back (RFC 7009). The tokens on this device go first, whatever the network
//! says; then the service is told, a few times if need be.

use super::effects::{Event, OpId, Outcome};
use super::encodings::AuthEndpoint;
use super::{Engine, Purpose};
use crate::api::{Encoding, Response, revoke, token};
use crate::clock::Instant;
use crate::error::Error;
use crate::prelude::*;
use crate::retry::{Backoff, Outlook, least_wait, outlook};
use crate::secret::Secret;
use crate::small_map::SmallMap;
use crate::status::*;

const ATTEMPTS: u32 = 3;

#[derive(Debug, Default)]
pub(super) struct Revocations {
    list: SmallMap<u64, Revocation>,
}

#[derive(Debug)]
struct Revocation {
    /// `None`: nobody waits for it any more, or ever did.
    op: Option<OpId>,
    /// The refresh token where there is one: revoking it ends the whole grant (RFC 7009 section 2.1).
    token: Secret,
    failures: u32,
    /// When to send; `None` while something is in flight.
    due: Option<Instant>,
    encoding: Encoding,
}

impl Revocations {
    /// The last that was begun; 0 if there is none.
    pub fn newest(&self) -> u64 {
        self.list.keys().copied().max().unwrap_or(0)
    }

    pub fn tokens(&self) -> impl Iterator<Item = &Secret> {
        self.list.values().map(|revocation| &revocation.token)
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.list.values().filter_map(|revocation| revocation.due).min()
    }

    pub fn detach(&mut self, op: OpId) {
        for revocation in self.list.values_mut().filter(|revocation| revocation.op == Some(op)) {
            revocation.op = None;
        }
    }
}

impl Engine {
    pub(super) fn start_revoke(&mut self, op: OpId) -> Result<(), Error> {
        let Some(tokens) = self.session.clear() else { return Err(Error::of(FIO_E_NOT_AUTHORIZED)) };
        let refresh_in_flight = self.drop_session(FIO_E_NOT_AUTHORIZED);
        self.pairing.forget_approval();
        // Told as an event and repeated if it fails.
        let _ = self.persist(false);
        self.forget_device();
        let id = self.add_revocation(Some(op), tokens.refresh.unwrap_or(tokens.access));
        // A refresh that is under way may already have replaced the token: its answer is awaited, so
        // that the newest one is revoked.
        if let Some(request) = refresh_in_flight {
            if let Some(purpose) = self.cx.requests.get_mut(&request) {
                *purpose = Purpose::RefreshToRevoke { revocation: id };
                self.set_revocation_due(id, None);
            }
        }
        Ok(())
    }

    pub(super) fn revoke_in_background(&mut self, token: Secret) {
        self.add_revocation(None, token);
    }

    fn add_revocation(&mut self, op: Option<OpId>, token: Secret) -> u64 {
        let id = self.cx.next_id;
        self.cx.next_id += 1;
        let encoding = self.encoding_of(AuthEndpoint::Revoke);
        let due = Some(self.cx.now.mono);
        self.revocations.list.insert(id, Revocation { op, token, failures: 0, due, encoding });
        id
    }

    fn set_revocation_due(&mut self, id: u64, due: Option<Instant>) {
        if let Some(revocation) = self.revocations.list.get_mut(&id) {
            revocation.due = due;
        }
    }

    pub(super) fn overtaken_refresh_answered(&mut self, id: u64, answer: Result<Response, Error>) {
        let now = self.cx.now.mono;
        let Some(revocation) = self.revocations.list.get_mut(&id) else { return };
        if let Ok(pair) = answer.and_then(|response| token::read(&response)) {
            revocation.token = pair.refresh.unwrap_or(pair.access);
        }
        revocation.due = Some(now);
    }

    pub(super) fn step_revocations(&mut self) {
        let now = self.cx.now.mono;
        let due = |revocation: &Revocation| revocation.due.is_some_and(|at| now >= at);
        let ids: Vec<u64> = self.revocations.list.iter().filter(|(_, r)| due(r)).map(|(&id, _)| id).collect();
        for id in ids {
            let encoding = self.encoding_of(AuthEndpoint::Revoke);
            let Some(revocation) = self.revocations.list.get_mut(&id) else { continue };
            revocation.due = None;
            revocation.encoding = encoding;
            let settings = &self.cx.settings;
            let request =
                revoke::request(encoding, &settings.client_id, &settings.client_secret, &revocation.token);
            self.cx.send(request, Purpose::Revoke { revocation: id });
        }
    }

    pub(super) fn revoke_answered(&mut self, id: u64, answer: Result<Response, Error>) {
        let Some(revocation) = self.revocations.list.get(&id) else { return };
        let result = answer.and_then(|response| revoke::read(&response));
        let used = revocation.encoding;
        let not_understood =
            self.wants_other_encoding(AuthEndpoint::Revoke, used, result.as_ref().map(|_| ()));
        let Some(revocation) = self.revocations.list.get_mut(&id) else { return };
        if not_understood {
            revocation.due = Some(self.cx.now.mono);
            return;
        }
        if let Err(error) = &result {
            revocation.failures += 1;
            if revocation.failures < ATTEMPTS && outlook(error) == Outlook::Transient {
                let wait = Backoff::API.delay(revocation.failures, least_wait(error), &mut self.cx.random);
                revocation.due = Some(self.cx.now.mono + wait);
                self.cx.tell(Event::Retrying { error: error.clone(), wait });
                return;
            }
        }
        let op = self.revocations.list.remove(&id).and_then(|revocation| revocation.op);
        if let Some(op) = op {
            self.cx.complete(op, result.map(|()| Outcome::Done));
        }
    }
}
