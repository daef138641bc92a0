//! The tokens of this device: kept in the store, renewed in time. One refresh at a time, for however many ask: ahead
//! of expiry, on a 401, on request.
//!
//! A refresh token works once, and the service forgets both old tokens the moment it answers. So a
//! mark goes to the store before the request leaves, the new pair goes there before anyone hears of
//! it, and after a lost answer the same token is tried again: if the service never saw the first
//! attempt, that works; if it did, it says so clearly, and only then is the pairing over.

pub mod record;
pub mod session;

use crate::api::device::Device;
use crate::api::token::TokenPair;
use crate::api::{Encoding, Request, Response, failure, token};
use crate::clock::Instant;
use crate::context::effects;
use crate::context::service::AuthEndpoint;
use crate::context::store_retry::StoreRetry;
use crate::context::{Context, Purpose, Save};
use crate::error::Error;
use crate::failure::{Verdict, may_have_been_processed};
use crate::log::log_line;
use crate::prelude::*;
use crate::status::*;
use core::time::Duration;
use record::{AuthRecord, Unusable};
use session::{Session, Tokens};

/// However often it is asked for, and however short the tokens live, a refresh leaves at most this often.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// Before the next attempt when the mark could not be stored and there is no hurry.
const STORE_PAUSE: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(crate) struct Authorization {
    session: Session,
    /// The project the device was last seen in: the tokens are bound to one.
    project_id: Option<String>,
    /// It is that of an earlier pairing.
    is_project_old: bool,
    encoding: Encoding,
    /// Somebody needs a refresh now, whatever the schedule says.
    wanted: bool,
    last_sent: Option<Instant>,
    /// Until when the service asked to be left alone, and with which answer.
    asked_to_wait: Option<(Instant, Error)>,
    /// An earlier refresh was sent, and its answer was never seen.
    was_interrupted: bool,
    /// The store is to be written, and what is done once it was.
    is_unsaved: bool,
    after_saving: Option<AfterSaving>,
    /// The mark is in the store: the refresh may leave.
    is_marked: bool,
    /// The store is behind.
    behind: StoreRetry,
    /// The store could not be read at the start.
    unread: StoreRetry,
    event: Option<Event>,
}

/// Nobody is told of tokens that are not stored, and no refresh leaves without its mark.
#[derive(Debug)]
enum AfterSaving {
    SendRefresh { is_urgent: bool },
    TellAuthorized,
    TellRefreshed,
    TellLost(Error),
}

/// What concerns others.
#[derive(Debug)]
pub(crate) enum Event {
    /// The store has told of a pairing, perhaps long after the start.
    Found,
    Authorized,
    Refreshed,
    /// There will be no other tokens: they are gone, or nothing is renewed unasked.
    Refused(Error),
    /// No other tokens before this time has passed.
    Delayed(Error, Duration),
}

impl Authorization {
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    pub(crate) fn tokens(&self) -> Option<&Tokens> {
        self.session.tokens()
    }

    pub(crate) fn project(&self) -> Option<&String> {
        self.project_id.as_ref().filter(|_| !self.is_project_old)
    }

    /// Whether there is somebody to be seen as: not with an authorization that has ended and that the service
    /// refuses to renew.
    pub(crate) fn is_alive(&self, now: Instant) -> bool {
        self.tokens().is_some() && !(self.session.is_expired(now) && self.session.is_suspended())
    }

    pub(crate) fn want_refresh(&mut self) {
        self.wanted = !self.session.is_refreshing();
    }

    /// A new pairing. An earlier one ends here: an answer to its refresh must not replace the new tokens.
    pub(crate) fn install(&mut self, cx: &mut Context, pair: TokenPair, encoding: Encoding) {
        cx.abort_for(Purpose::Refresh);
        self.forget_refresh();
        self.was_interrupted = false;
        self.session.install(pair, cx.now, false);
        cx.service.tokens_found(encoding);
        self.is_project_old = true;
        self.save_and(AfterSaving::TellAuthorized);
    }

    /// Ends the pairing as far as this device is concerned. Returns what is to be revoked.
    pub(crate) fn give_up(&mut self) -> Option<Tokens> {
        let tokens = self.session.clear()?;
        self.forget_refresh();
        self.is_unsaved = true;
        Some(tokens)
    }

    fn forget_refresh(&mut self) {
        self.wanted = false;
        self.is_marked = false;
        self.after_saving = None;
        self.asked_to_wait = None;
    }

    /// The service has told of the device, and perhaps of its project.
    pub(crate) fn handle_device(&mut self, cx: &mut Context, device: &Device) {
        let is_new_pairing = core::mem::take(&mut self.is_project_old);
        let previous = self.project_id.clone();
        // A service that names no project leaves what is known of this pairing: the token is bound to one.
        if device.project_id.is_some() || is_new_pairing {
            self.project_id = device.project_id.clone();
        }
        let is_another = previous != self.project_id;
        self.is_unsaved |= is_another || is_new_pairing;
        if let Some(previous) = previous.filter(|_| is_another && device.project_id.is_some()) {
            cx.tell(effects::Event::ProjectChanged { previous, device: Box::new(device.clone()) });
        }
    }

    /// An asset has told of its project where the device information has not.
    pub(crate) fn learn_project(&mut self, project_id: &str) {
        if self.project_id.is_none() {
            self.project_id = Some(project_id.to_owned());
            self.is_unsaved = true;
        }
    }

    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        self.event.take()
    }

    fn emit(&mut self, event: Event) {
        debug_assert!(self.event.is_none(), "an event was not polled");
        self.event = Some(event);
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.refresh_due().into_iter().chain(self.behind.at()).chain(self.unread.at()).min()
    }

    /// When the next refresh should leave, from the schedule and from who asked.
    fn refresh_due(&self) -> Option<Instant> {
        if self.session.is_refreshing() {
            return None;
        }
        let earliest = self.last_sent.map_or(Instant::default(), |sent| sent + SHORTEST_PAUSE);
        if self.wanted {
            return Some(earliest);
        }
        self.session.refresh_due().map(|at| at.max(earliest))
    }

    /// `is_hoped_for`: somebody has sat through a failed refresh and hopes for the next.
    pub(crate) fn handle_timeout(&mut self, cx: &mut Context, is_hoped_for: bool) {
        let now = cx.now.mono;
        if self.unread.is_due(now) {
            if self.tokens().is_none() {
                self.take_up(cx);
            } else {
                self.unread.worked();
            }
        }
        self.is_unsaved |= self.behind.is_due(now);
        if self.after_saving.is_some() || self.refresh_due().is_none_or(|at| now < at) {
            return;
        }
        match self.asked_to_wait.clone().filter(|(until, _)| now < *until) {
            // Who cannot wait that long hears of it now; the schedule has the moment already.
            Some((until, error)) => {
                self.wanted = false;
                self.emit(Event::Delayed(error, until - now));
            }
            None => {
                let is_urgent = core::mem::take(&mut self.wanted) || is_hoped_for;
                if self.tokens().is_some_and(|tokens| tokens.refresh.is_some()) {
                    self.save_and(AfterSaving::SendRefresh { is_urgent });
                }
            }
        }
    }

    fn save_and(&mut self, then: AfterSaving) {
        self.is_unsaved = true;
        self.after_saving = Some(then);
    }

    /// The session as it is now, with a mark where a refresh is about to leave.
    pub(crate) fn poll_save(&mut self, cx: &Context) -> Option<Save> {
        if !core::mem::take(&mut self.is_unsaved) {
            return None;
        }
        let is_leaving = matches!(self.after_saving, Some(AfterSaving::SendRefresh { .. }));
        let value = self.tokens().map(|tokens| {
            AuthRecord::encode(
                tokens,
                is_leaving || self.session.is_refreshing(),
                // That of an earlier pairing must not be taken for the one of this, after a power cut.
                self.project().map(String::as_str),
                cx.service.encoding_of(AuthEndpoint::Token),
                &cx.settings.client_id,
                &cx.settings.origin,
            )
        });
        Some(Save { key: record::KEY.into(), value })
    }

    /// A refusal to store is told once, and writing is repeated until it succeeds; the tokens are good all the
    /// same.
    pub(crate) fn handle_saved(&mut self, cx: &mut Context, result: Result<(), Error>) {
        let now = cx.now.mono;
        let is_saved = result.is_ok();
        match result {
            Ok(()) => {
                // What could not be read has just been replaced.
                self.unread.worked();
                if self.behind.worked() {
                    cx.tell(effects::Event::StoreRecovered);
                }
            }
            Err(error) if self.behind.failed(now, &mut cx.random) => {
                cx.tell(effects::Event::StoreFailed(error));
            }
            Err(_) => {}
        }
        match self.after_saving.take() {
            // Without the mark, and probably without a place for the new pair, a power cut would cost
            // the pairing. While the access token lives there is no need to risk that.
            Some(AfterSaving::SendRefresh { is_urgent: false })
                if !is_saved && !self.session.is_expired(now) =>
            {
                self.session.postpone_refresh(now + STORE_PAUSE);
            }
            Some(AfterSaving::SendRefresh { .. }) => self.is_marked = true,
            Some(AfterSaving::TellAuthorized) => {
                cx.tell(effects::Event::Authorized);
                self.emit(Event::Authorized);
            }
            Some(AfterSaving::TellRefreshed) => {
                cx.tell(effects::Event::Refreshed);
                self.emit(Event::Refreshed);
            }
            Some(AfterSaving::TellLost(error)) => {
                cx.tell(effects::Event::AuthorizationLost(error.clone()));
                self.emit(Event::Refused(error));
            }
            None => {}
        }
    }

    pub(crate) fn poll_request(&mut self, cx: &Context) -> Option<(Request, Purpose)> {
        if !core::mem::take(&mut self.is_marked) {
            return None;
        }
        self.encoding = cx.service.encoding_of(AuthEndpoint::Token);
        self.last_sent = Some(cx.now.mono);
        let settings = &cx.settings;
        let refresh_token = self.session.begin_refresh()?;
        let request =
            token::refresh(self.encoding, &settings.client_id, &settings.client_secret, refresh_token);
        Some((request, Purpose::Refresh))
    }

    pub(crate) fn handle_response(&mut self, cx: &mut Context, answer: Result<Response, Error>) {
        let is_clear = answer.as_ref().is_ok_and(failure::is_from_the_service);
        let answer = answer.and_then(|response| token::read(&response));
        let used = self.tokens().and_then(|tokens| tokens.refresh.clone());
        self.asked_to_wait = None;
        if cx.service.wants_other_encoding(AuthEndpoint::Token, self.encoding, &answer) {
            log_line!(cx.log, Info, "the refresh was not understood; trying the other encoding");
            self.session.postpone_refresh(cx.now.mono);
            return;
        }
        let error = match answer {
            Ok(pair) => {
                self.session.install(pair, cx.now, true);
                self.was_interrupted = false;
                return self.save_and(AfterSaving::TellRefreshed);
            }
            Err(error) => error,
        };
        let now = cx.now.mono;
        match self.session.refresh_failed(&error, is_clear, now, &mut cx.random) {
            Verdict::Suspend => {
                cx.tell(effects::Event::RefreshRefused(error.clone()));
                self.emit(Event::Refused(error));
            }
            Verdict::AwaitAuthorization => {
                // Another process with the same store may have been faster.
                match used.and_then(|used| self.pair_stored_by_another(cx, used.expose())) {
                    Some(record) => {
                        cx.service.tokens_found(record.encoding);
                        self.session.restore(record.tokens, cx.now);
                    }
                    None => self.lost(error),
                }
            }
            _ => {
                let next = self.session.refresh_due().unwrap_or(now);
                if error.retry_after.is_some() {
                    self.asked_to_wait = Some((next, error.clone()));
                }
                self.was_interrupted |= may_have_been_processed(&error);
                cx.tell(effects::Event::Retrying { error: error.clone(), wait: next - now });
                self.emit(Event::Delayed(error, next - now));
            }
        }
    }

    fn lost(&mut self, mut error: Error) {
        let how = if core::mem::take(&mut self.was_interrupted) {
            "the answer to an earlier refresh was lost (power or network) after the service had used up the refresh token"
        } else {
            "the service refused to renew the authorization"
        };
        error.status = FIO_E_AUTHORIZATION_LOST;
        error.message = format!("{how}: {}", error.message).into();
        self.save_and(AfterSaving::TellLost(error));
    }

    /// Takes up the stored authorization. A store that cannot be read (a card that is not there yet) is
    /// told once and read again later: what it holds is not to be given up for a slow start.
    pub(crate) fn take_up(&mut self, cx: &mut Context) {
        let loaded = load(cx);
        if loaded.is_ok() && self.unread.worked() {
            cx.tell(effects::Event::StoreRecovered);
        }
        match loaded {
            Ok(Some(record)) => {
                self.project_id = record.project_id;
                self.was_interrupted = record.refreshing;
                self.session.restore(record.tokens, cx.now);
                cx.service.tokens_found(record.encoding);
                if record.refreshing {
                    self.session.renew_first();
                }
                self.emit(Event::Found);
            }
            Ok(None) => {}
            Err(error) if error.status == FIO_E_STORE_DAMAGED => {
                // It can be read; what it holds is the trouble.
                self.unread.worked();
                cx.store_complaint(error);
            }
            Err(error) if self.unread.failed(cx.now.mono, &mut cx.random) => cx.store_complaint(error),
            Err(_) => {}
        }
    }

    /// The record as another process may have left it meanwhile, if its refresh token is not `used`.
    fn pair_stored_by_another(&self, cx: &mut Context, used: &str) -> Option<AuthRecord> {
        if self.behind.is_failing() {
            // Writes of our own have failed: what differs in the store is our own past.
            return None;
        }
        let stored = load(cx).ok()??;
        let refresh = stored.tokens.refresh.as_ref()?;
        (refresh.expose() != used).then_some(stored)
    }
}

fn load(cx: &mut Context) -> Result<Option<AuthRecord>, Error> {
    let Some(bytes) = cx.records.load(record::KEY)? else { return Ok(None) };
    let record = AuthRecord::decode(&bytes, &cx.settings.client_id, &cx.settings.origin);
    record.map(Some).map_err(|why| {
        let why = match why {
            Unusable::Foreign => "was not written by this library, or by a newer one",
            Unusable::OtherClient => "belongs to another client id",
            Unusable::OtherOrigin => "belongs to another base URL",
        };
        cx.records.set_aside(record::KEY, why)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::effects::Notice;
    use crate::context::tests::{at, context};
    use crate::secret::Secret;

    fn pair() -> TokenPair {
        let life = Duration::from_secs(28_800);
        TokenPair { access: Secret::new("a"), refresh: Some(Secret::new("r")), life }
    }

    fn paired(cx: &mut Context) -> Authorization {
        let mut token = Authorization::default();
        token.install(cx, pair(), Encoding::Form);
        assert!(token.poll_save(cx).is_some());
        token.handle_saved(cx, Ok(()));
        assert!(matches!(token.poll_event(), Some(Event::Authorized)));
        cx.notices.clear();
        token
    }

    fn is_marked(save: &Save) -> bool {
        AuthRecord::decode(save.value.as_ref().unwrap(), "cam", "https://x").unwrap().refreshing
    }

    #[test]
    fn nobody_is_told_of_tokens_that_are_not_stored() {
        let mut cx = context();
        let mut token = Authorization::default();
        token.install(&mut cx, pair(), Encoding::Form);
        assert!(token.poll_event().is_none() && cx.notices.is_empty());
        let save = token.poll_save(&cx).unwrap();
        assert!(!is_marked(&save) && token.poll_save(&cx).is_none());
        assert!(token.poll_event().is_none() && cx.notices.is_empty());
        token.handle_saved(&mut cx, Ok(()));
        assert!(matches!(token.poll_event(), Some(Event::Authorized)));
        assert!(matches!(cx.notices.pop_front(), Some(Notice::Event(effects::Event::Authorized))));
    }

    #[test]
    fn a_refresh_leaves_when_its_mark_is_stored() {
        let mut cx = context();
        let mut token = paired(&mut cx);
        cx.set_now(at(28_000));
        token.handle_timeout(&mut cx, false);
        assert!(token.poll_request(&cx).is_none());
        let save = token.poll_save(&cx).unwrap();
        assert!(is_marked(&save) && token.poll_request(&cx).is_none());
        token.handle_saved(&mut cx, Ok(()));
        assert!(matches!(token.poll_request(&cx), Some((_, Purpose::Refresh))));
        assert!(token.poll_request(&cx).is_none() && token.poll_timeout().is_none());
    }

    #[test]
    fn a_new_pairing_takes_the_refresh_of_the_one_before_off_the_network() {
        let mut cx = context();
        let mut token = paired(&mut cx);
        cx.set_now(at(28_000));
        token.handle_timeout(&mut cx, false);
        assert!(token.poll_save(&cx).is_some());
        token.handle_saved(&mut cx, Ok(()));
        let (request, purpose) = token.poll_request(&cx).unwrap();
        let id = cx.send(request, purpose);
        cx.commands.clear();
        token.install(&mut cx, pair(), Encoding::Form);
        assert!(matches!(cx.commands.pop_front(), Some(effects::Command::Abort(aborted)) if aborted == id));
    }

    #[test]
    fn without_its_mark_it_leaves_only_if_it_is_urgent() {
        for is_urgent in [false, true] {
            let mut cx = context();
            let mut token = paired(&mut cx);
            cx.set_now(at(28_000));
            if is_urgent {
                token.want_refresh();
            }
            token.handle_timeout(&mut cx, false);
            assert!(token.poll_save(&cx).is_some());
            token.handle_saved(&mut cx, Err(Error::of(FIO_E_STORE_FULL)));
            assert_eq!(token.poll_request(&cx).is_some(), is_urgent);
            assert!(matches!(cx.notices.pop_front(), Some(Notice::Event(effects::Event::StoreFailed(_)))));
        }
    }
}
