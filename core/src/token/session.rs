//! The life of the tokens: when to refresh, what an answer to a refresh means, and which of several
//! access tokens a late 401 speaks of.

use crate::api::token::TokenPair;
use crate::clock::{Instant, Now, is_plausible};
use crate::error::Error;
use crate::failure::{Backoff, Verdict, least_wait, refresh_verdict};
use crate::secret::Secret;
use core::time::Duration;

/// An access token is renewed this long before it ends, or at a tenth of its life if that is less.
const LONGEST_MARGIN: Duration = Duration::from_secs(30 * 60);

#[derive(Clone, Debug)]
pub struct Tokens {
    pub access: Secret,
    pub refresh: Option<Secret>,
    pub life: Duration,
    /// Wall time of issuance, the only trace of age that survives a reboot.
    pub obtained_at: i64,
    pub expires: Instant,
    /// Counts pairs, so that a 401 for an older token is not held against a newer one.
    pub generation: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Refresh {
    Idle,
    InFlight,
    /// The last attempt failed; the next is due then.
    Waiting {
        until: Instant,
    },
    /// The service refuses this client's secret: asking again is pointless until something changes.
    Suspended,
}

#[derive(Debug)]
pub struct Session {
    tokens: Option<Tokens>,
    refresh: Refresh,
    failures: u32,
    next_generation: u64,
    /// Expiry is not known (restored with a clock that cannot be right): refresh first.
    age_unknown: bool,
}

impl Default for Session {
    fn default() -> Session {
        Session { tokens: None, refresh: Refresh::Idle, failures: 0, next_generation: 1, age_unknown: false }
    }
}

impl Session {
    /// Takes up what the store kept. The age is told by the wall clock, which may be wrong: if it
    /// cannot be right, the access token is renewed before it is trusted to last.
    pub fn restore(&mut self, mut tokens: Tokens, now: Now) {
        let age = u64::try_from(now.wall.saturating_sub(tokens.obtained_at)).ok();
        // Without a battery it is a little after 1970 at every start, and days seem like seconds.
        let age = age.filter(|_| is_plausible(now.wall));
        self.age_unknown = age.is_none();
        tokens.expires = now.mono + tokens.life.saturating_sub(Duration::from_secs(age.unwrap_or(0)));
        self.put(tokens);
    }

    /// Renews before anything else: an earlier refresh was cut off, and its tokens may be dead. If they
    /// are, it is better told while a person is still in front of the device.
    pub fn renew_first(&mut self) {
        self.age_unknown = true;
    }

    /// Takes a pair fresh from the service. A refresh that does not rotate keeps the refresh token
    /// (RFC 6749 section 6).
    pub fn install(&mut self, pair: TokenPair, now: Now, keep_refresh_token: bool) {
        let kept = self.tokens.take().and_then(|old| old.refresh).filter(|_| keep_refresh_token);
        self.age_unknown = false;
        self.put(Tokens {
            access: pair.access,
            refresh: pair.refresh.or(kept),
            life: pair.life,
            obtained_at: now.wall,
            expires: now.mono + pair.life,
            generation: 0,
        });
    }

    fn put(&mut self, mut tokens: Tokens) {
        tokens.generation = self.next_generation;
        self.next_generation += 1;
        self.tokens = Some(tokens);
        self.refresh = Refresh::Idle;
        self.failures = 0;
    }

    pub fn clear(&mut self) -> Option<Tokens> {
        self.refresh = Refresh::Idle;
        self.failures = 0;
        self.tokens.take()
    }

    pub fn tokens(&self) -> Option<&Tokens> {
        self.tokens.as_ref()
    }

    pub fn is_refreshing(&self) -> bool {
        self.refresh == Refresh::InFlight
    }

    /// Whether the service refuses this client's secret, so that nothing is renewed unasked.
    pub fn is_suspended(&self) -> bool {
        self.refresh == Refresh::Suspended
    }

    /// Whether the access token has certainly ended.
    pub fn is_expired(&self, now: Instant) -> bool {
        self.tokens.as_ref().is_some_and(|tokens| now >= tokens.expires)
    }

    /// When the next refresh should leave by itself; `None` if none is to come.
    pub fn refresh_due(&self) -> Option<Instant> {
        let tokens = self.tokens.as_ref()?;
        tokens.refresh.as_ref()?;
        match self.refresh {
            Refresh::InFlight | Refresh::Suspended => None,
            Refresh::Waiting { until } => Some(until),
            Refresh::Idle if self.age_unknown => Some(Instant::default()),
            Refresh::Idle => {
                let margin = (tokens.life / 10).min(LONGEST_MARGIN);
                Some(Instant(tokens.expires.0.saturating_sub((Instant::default() + margin).0)))
            }
        }
    }

    /// Marks a refresh as under way and hands out the token it uses up.
    pub fn begin_refresh(&mut self) -> Option<&Secret> {
        let token = self.tokens.as_ref()?.refresh.as_ref()?;
        self.refresh = Refresh::InFlight;
        Some(token)
    }

    /// Puts a refresh off without having sent it.
    pub fn postpone_refresh(&mut self, until: Instant) {
        self.refresh = Refresh::Waiting { until };
    }

    /// `is_clear`: the answer is the service's own, not that of something in between. Where it is tried again, that is
    /// due by [`Session::refresh_due`]; where the authorization is over, the tokens are gone.
    pub fn refresh_failed(
        &mut self,
        error: &Error,
        is_clear: bool,
        now: Instant,
        random: &mut fastrand::Rng,
    ) -> Verdict {
        let verdict = refresh_verdict(error, is_clear);
        match verdict {
            Verdict::AwaitAuthorization => drop(self.clear()),
            Verdict::Suspend => self.refresh = Refresh::Suspended,
            _ => {
                self.failures = self.failures.saturating_add(1);
                let wait = Backoff::REFRESH.delay(self.failures, least_wait(error), random);
                self.refresh = Refresh::Waiting { until: now + wait };
            }
        }
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::*;

    fn now(mono_seconds: u64) -> Now {
        Now { mono: Instant(mono_seconds * 1000), wall: 1_800_000_000 + mono_seconds as i64 }
    }

    fn pair(access: &str) -> TokenPair {
        TokenPair {
            access: Secret::new(access),
            refresh: Some(Secret::new("r")),
            life: Duration::from_secs(28_800),
        }
    }

    fn paired() -> Session {
        let mut session = Session::default();
        session.install(pair("a"), now(0), false);
        session
    }

    fn refuse(session: &mut Session, status: i32, clear_word: bool) -> Verdict {
        session.begin_refresh();
        session.refresh_failed(&Error::of(status), clear_word, now(5).mono, &mut fastrand::Rng::with_seed(1))
    }

    #[test]
    fn renews_half_an_hour_ahead_and_short_lives_at_a_tenth() {
        assert_eq!(paired().refresh_due(), Some(Instant((28_800 - 1_800) * 1000)));
        let mut session = Session::default();
        session.install(TokenPair { life: Duration::from_secs(100), ..pair("a") }, now(0), false);
        assert_eq!(session.refresh_due(), Some(Instant(90_000)));
    }

    #[test]
    fn only_one_refresh_at_a_time() {
        let mut session = paired();
        assert!(session.begin_refresh().is_some());
        assert_eq!(session.refresh_due(), None);
        assert!(session.is_refreshing());
    }

    #[test]
    fn a_clear_refusal_ends_it_and_nothing_else_does() {
        for status in [FIO_E_INVALID_REQUEST, FIO_E_INVALID_GRANT, FIO_E_UNAUTHORIZED] {
            let mut session = paired();
            assert_eq!(refuse(&mut session, status, true), Verdict::AwaitAuthorization);
            assert!(session.tokens().is_none());
            // The same words from a proxy prove nothing.
            let mut session = paired();
            assert_eq!(refuse(&mut session, status, false), Verdict::Retry);
        }
        for status in [
            FIO_E_RESET,
            FIO_E_SERVER,
            FIO_E_TLS,
            FIO_E_PROTOCOL,
            FIO_E_NOT_FOUND,
            FIO_E_FORBIDDEN,
            FIO_E_RATE_LIMITED,
        ] {
            let mut session = paired();
            assert_eq!(refuse(&mut session, status, true), Verdict::Retry, "{status}");
            assert!(session.tokens().is_some() && session.refresh_due().is_some());
        }
    }

    #[test]
    fn a_wrong_secret_suspends_but_keeps_the_tokens() {
        let mut session = paired();
        assert_eq!(refuse(&mut session, FIO_E_INVALID_CLIENT, true), Verdict::Suspend);
        assert!(session.tokens().is_some());
        assert_eq!(session.refresh_due(), None);
        // An explicit call may still ask.
        assert!(session.begin_refresh().is_some());
    }

    #[test]
    fn the_age_of_a_stored_token_is_told_by_the_wall_clock() {
        let stored = paired().tokens().unwrap().clone();
        let mut session = Session::default();
        let after_reboot = Now { mono: Instant(7_000), wall: 1_800_000_000 + 3_600 };
        session.restore(stored.clone(), after_reboot);
        assert_eq!(session.refresh_due(), Some(Instant(7_000 + (28_800 - 3_600 - 1_800) * 1000)));
        // A month later it is due at once.
        session.restore(stored.clone(), Now { mono: Instant(7_000), wall: 1_800_000_000 + 30 * 86_400 });
        assert!(session.refresh_due().unwrap() <= Instant(7_000));
        // So is it when the clock says 1970.
        session.restore(stored, Now { mono: Instant(7_000), wall: 0 });
        assert!(session.refresh_due().unwrap() <= Instant(7_000));
        assert!(!session.is_expired(Instant(7_000)));
    }

    #[test]
    fn a_clock_that_starts_in_1970_each_time_tells_no_age() {
        let mut stored = paired().tokens().unwrap().clone();
        stored.obtained_at = 30;
        let mut session = Session::default();
        session.restore(stored, Now { mono: Instant(7_000), wall: 60 });
        assert!(session.refresh_due().unwrap() <= Instant(7_000));
    }

    #[test]
    fn a_refresh_that_does_not_rotate_keeps_the_refresh_token() {
        let mut session = paired();
        session.begin_refresh();
        let answer = TokenPair { refresh: None, ..pair("b") };
        session.install(answer, now(9), true);
        assert_eq!(session.tokens().unwrap().refresh.as_ref().unwrap().expose(), "r");
        assert_eq!(session.tokens().unwrap().generation, 2);
        // A new pairing does not inherit it.
        session.install(TokenPair { refresh: None, ..pair("c") }, now(9), false);
        assert!(session.tokens().unwrap().refresh.is_none());
    }
}
