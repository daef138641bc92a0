//! Which failures are worth another try, and how long to wait before it.

use crate::error::Error;
use crate::status::*;
use std::time::Duration;

/// What a failure says about the next attempt of the same request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outlook {
    /// The network or the service has a weakness that passes: the same request may succeed later.
    Transient,
    /// Something answers in place of the service (captive portal, proxy), or its certificate cannot
    /// be verified. A person has to act, though the request itself is sound.
    Obstructed,
    /// The service itself said no: the same request will be refused again.
    Refused,
}

/// The one table of failures.
pub fn outlook(error: &Error) -> Outlook {
    match error.status {
        FIO_E_DNS | FIO_E_CONNECT | FIO_E_RESET | FIO_E_TIMEOUT | FIO_E_NETWORK | FIO_E_RATE_LIMITED
        | FIO_E_SERVER | FIO_E_NOMEM => Outlook::Transient,
        FIO_E_TLS
        | FIO_E_TLS_EXPIRED
        | FIO_E_TLS_NOT_YET_VALID
        | FIO_E_TLS_HOST
        | FIO_E_TLS_UNTRUSTED
        | FIO_E_TLS_VERSION
        | FIO_E_REDIRECT
        | FIO_E_PROTOCOL
        | FIO_E_TOO_LARGE
        | FIO_E_HTTP
        | FIO_E_NOT_FOUND
        | FIO_E_FORBIDDEN
        | FIO_E_CLOCK => Outlook::Obstructed,
        _ => Outlook::Refused,
    }
}

/// Whether the service may have acted on the request although no usable answer came back.
pub fn may_have_been_processed(error: &Error) -> bool {
    matches!(
        error.status,
        FIO_E_RESET
            | FIO_E_TIMEOUT
            | FIO_E_NETWORK
            | FIO_E_SERVER
            | FIO_E_PROTOCOL
            | FIO_E_TOO_LARGE
            | FIO_E_HTTP
    )
}

/// Exponential backoff with full jitter: a uniformly random wait up to a bound that doubles.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    pub first: Duration,
    pub longest: Duration,
}

impl Backoff {
    pub const API: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };
    /// A refresh is never urgent enough to hammer: the old access token lives for another half hour.
    pub const REFRESH: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(300) };
    /// Writing to a disk that was full or read-only.
    pub const STORE: Backoff = Backoff { first: Duration::from_secs(5), longest: Duration::from_secs(60) };

    /// The wait before attempt number `failures + 1`. What the server asked for is a floor.
    pub fn delay(&self, failures: u32, asked: Option<Duration>, random: &mut fastrand::Rng) -> Duration {
        let bound = self
            .first
            .saturating_mul(1u32.checked_shl(failures.saturating_sub(1).min(20)).unwrap_or(u32::MAX));
        let bound = u64::try_from(bound.min(self.longest).as_millis()).unwrap_or(u64::MAX);
        let jittered = Duration::from_millis(random.u64(bound / 10..=bound));
        jittered.max(asked.unwrap_or_default().min(Duration::from_secs(86_400)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_honour_the_server() {
        let mut random = fastrand::Rng::with_seed(7);
        for failures in 1..200 {
            let bound = Duration::from_secs(1u64 << (failures - 1).min(20)).min(Backoff::API.longest);
            for _ in 0..50 {
                assert!(Backoff::API.delay(failures, None, &mut random) <= bound);
            }
        }
        let longest = (0..1000).map(|_| Backoff::API.delay(30, None, &mut random)).max().unwrap();
        assert!(longest > Duration::from_secs(55), "jitter should use the whole range: {longest:?}");
        let asked = Some(Duration::from_secs(100));
        assert_eq!(Backoff::API.delay(1, asked, &mut random), Duration::from_secs(100));
    }

    #[test]
    fn every_status_has_a_deliberate_outlook() {
        assert_eq!(outlook(&Error::of(FIO_E_SERVER)), Outlook::Transient);
        assert_eq!(outlook(&Error::of(FIO_E_TLS_UNTRUSTED)), Outlook::Obstructed);
        assert_eq!(outlook(&Error::of(FIO_E_INVALID_CLIENT)), Outlook::Refused);
    }
}
