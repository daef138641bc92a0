//! Giving an authorization back (RFC 7009). The tokens on this device go first, whatever the network
//! says; then the service is told, a few times if need be.

use crate::api::{Encoding, Request, Response, revoke, token};
use crate::clock::Instant;
use crate::context::effects::{Event, OpId, Outcome};
use crate::context::service::AuthEndpoint;
use crate::context::{Context, Purpose};
use crate::error::Error;
use crate::failure::{Backoff, is_transient, least_wait};
use crate::secret::Secret;
use crate::small_map::SmallMap;

const ATTEMPTS: u32 = 3;

#[derive(Debug, Default)]
pub(crate) struct Revocations {
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
    pub(crate) fn newest(&self) -> u64 {
        self.list.keys().copied().max().unwrap_or(0)
    }

    pub(crate) fn tokens(&self) -> impl Iterator<Item = &Secret> {
        self.list.values().map(|revocation| &revocation.token)
    }

    pub(crate) fn start(&mut self, cx: &mut Context, op: Option<OpId>, token: Secret) -> u64 {
        let id = cx.new_id();
        let due = Some(cx.now.mono);
        let encoding = Encoding::default();
        self.list.insert(id, Revocation { op, token, failures: 0, due, encoding });
        id
    }

    /// A refresh that is under way may already have replaced the token: its answer is awaited, so that the newest
    /// one is revoked.
    pub(crate) fn await_refresh(&mut self, id: u64) {
        if let Some(revocation) = self.list.get_mut(&id) {
            revocation.due = None;
        }
    }

    pub(crate) fn cancel(&mut self, op: OpId) {
        for revocation in self.list.values_mut().filter(|revocation| revocation.op == Some(op)) {
            revocation.op = None;
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.list.values().filter_map(|revocation| revocation.due).min()
    }

    pub(crate) fn poll_request(&mut self, cx: &Context) -> Option<(Request, Purpose)> {
        let is_due = |revocation: &Revocation| revocation.due.is_some_and(|at| cx.now.mono >= at);
        let (&id, revocation) = self.list.iter_mut().find(|(_, revocation)| is_due(revocation))?;
        revocation.due = None;
        revocation.encoding = cx.service.encoding_of(AuthEndpoint::Revoke);
        let settings = &cx.settings;
        let (client, secret) = (&settings.client_id, &settings.client_secret);
        let request = revoke::request(revocation.encoding, client, secret, &revocation.token);
        Some((request, Purpose::Revoke { revocation: id }))
    }

    /// The refresh that was awaited has ended.
    pub(crate) fn handle_refresh(&mut self, cx: &Context, id: u64, answer: Result<Response, Error>) {
        let Some(revocation) = self.list.get_mut(&id) else { return };
        if let Ok(pair) = answer.and_then(|response| token::read(&response)) {
            revocation.token = pair.refresh.unwrap_or(pair.access);
        }
        revocation.due = Some(cx.now.mono);
    }

    pub(crate) fn handle_response(&mut self, cx: &mut Context, id: u64, answer: Result<Response, Error>) {
        let Some(revocation) = self.list.get_mut(&id) else { return };
        let result = answer.and_then(|response| revoke::read(&response));
        if cx.service.wants_other_encoding(AuthEndpoint::Revoke, revocation.encoding, &result) {
            revocation.due = Some(cx.now.mono);
            return;
        }
        if let Err(error) = &result {
            revocation.failures += 1;
            if revocation.failures < ATTEMPTS && is_transient(error) {
                let wait = Backoff::API.delay(revocation.failures, least_wait(error), &mut cx.random);
                revocation.due = Some(cx.now.mono + wait);
                cx.tell(Event::Retrying { error: error.clone(), wait });
                return;
            }
        }
        if let Some(op) = self.list.remove(&id).and_then(|revocation| revocation.op) {
            cx.complete(op, result.map(|()| Outcome::Done));
        }
    }
}
