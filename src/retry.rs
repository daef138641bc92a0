//! Which failures are worth another try, and how long to wait before it.

use crate::clock::milliseconds;
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
        | FIO_E_SERVER | FIO_E_NOMEM | FIO_E_CA_FILE => Outlook::Transient,
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

/// What a failure means for the upload it happened to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The same again, soon: for as long as the queue lives.
    Retry,
    /// The same again, at long intervals: a person has to act, or the answer was not the service's.
    RetrySlowly,
    /// Once there is a usable token again.
    AwaitAuthorization,
    /// The addresses are of no use any more: a new asset for the file, with its true offset.
    BeginAnew,
    /// The storage knows no such upload: either it has been assembled, and the answers were lost, or it is
    /// gone. The other parts that are missing have to be asked.
    Ask,
    /// This media must not be uploaded. The queue goes on.
    Skip,
    /// This upload cannot go on. The queue does.
    Fail,
}

/// The table for requests to the API on behalf of an upload: creating an asset, announcing parts.
///
/// | answer | what is done |
/// | --- | --- |
/// | 401 | one refresh and one repetition have happened already; then it waits for a new authorization |
/// | 402, 403, 404, 3xx, TLS failures, what is not the service's | tried again slowly |
/// | 409 `Channel Paused` | this media is skipped |
/// | 400, 409, 422 | this upload fails; where parts were announced, it begins anew once |
/// | 429 | after the time the service asks for, at least with backoff |
/// | 5xx, 408, network failures | backoff with jitter, 1 s doubling to 60 s |
pub fn api_verdict(error: &Error) -> Verdict {
    match error.status {
        FIO_E_CHANNEL_PAUSED => Verdict::Skip,
        FIO_E_UNAUTHORIZED
        | FIO_E_NOT_AUTHORIZED
        | FIO_E_AUTHORIZATION_LOST
        | FIO_E_TOKEN_EXPIRED
        | FIO_E_INVALID_CLIENT
        | FIO_E_CANCELED => Verdict::AwaitAuthorization,
        FIO_E_BAD_REQUEST | FIO_E_CONFLICT | FIO_E_UNPROCESSABLE => Verdict::Fail,
        _ if is_of_the_source(error) => Verdict::Fail,
        _ if outlook(error) == Outlook::Transient => Verdict::Retry,
        _ => Verdict::RetrySlowly,
    }
}

/// The table for parts on their way to the storage.
///
/// | answer | what is done |
/// | --- | --- |
/// | 403 in the storage's own words | the addresses have expired: a new asset |
/// | 404 `NoSuchUpload` | a question, not an end |
/// | 403, 404 or another 4xx of something on the way, 3xx, TLS failures | tried again slowly |
/// | 400 `RequestTimeout`, 5xx (503 `SlowDown`), 429, network failures, stalls | the same part again: the storage's word, or backoff with jitter |
/// | other 4xx in the storage's own words | this upload fails |
/// | checksums that differ | the same part again |
/// | a source that is gone, unreadable or changed | this upload fails |
pub fn part_verdict(error: &Error) -> Verdict {
    match error.status {
        FIO_E_URL_EXPIRED => Verdict::BeginAnew,
        FIO_E_UPLOAD_GONE => Verdict::Ask,
        FIO_E_STORAGE => Verdict::Fail,
        FIO_E_CHECKSUM | FIO_E_NO_INTERFACE => Verdict::Retry,
        _ if is_of_the_source(error) => Verdict::Fail,
        _ if outlook(error) == Outlook::Transient => Verdict::Retry,
        _ => Verdict::RetrySlowly,
    }
}

fn is_of_the_source(error: &Error) -> bool {
    (FIO_E_SOURCE_NEEDED..=FIO_E_SOURCE_MISSING).contains(&error.status)
}

/// Whether a part may have reached the storage although no success came back.
pub fn part_may_be_stored(error: &Error) -> bool {
    may_have_been_processed(error) || error.status == FIO_E_UPLOAD_GONE
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
    /// Where only a person can help.
    pub const SLOW: Backoff = Backoff { first: Duration::from_secs(10), longest: Duration::from_secs(300) };
    /// Writing to a disk that was full or read-only.
    pub const STORE: Backoff = Backoff { first: Duration::from_secs(5), longest: Duration::from_secs(60) };

    /// The wait before attempt number `failures + 1`. What the server asked for is a floor.
    pub fn delay(&self, failures: u32, asked: Option<Duration>, random: &mut fastrand::Rng) -> Duration {
        let bound = self
            .first
            .saturating_mul(1u32.checked_shl(failures.saturating_sub(1).min(20)).unwrap_or(u32::MAX));
        let bound = milliseconds(bound.min(self.longest));
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

    #[test]
    fn every_row_of_the_tables_for_uploads() {
        use Verdict::*;
        for (status, api, part) in [
            (FIO_E_DNS, Retry, Retry),
            (FIO_E_CONNECT, Retry, Retry),
            (FIO_E_RESET, Retry, Retry),
            (FIO_E_TIMEOUT, Retry, Retry),
            (FIO_E_NETWORK, Retry, Retry),
            (FIO_E_RATE_LIMITED, Retry, Retry),
            (FIO_E_SERVER, Retry, Retry),
            (FIO_E_NOMEM, Retry, Retry),
            (FIO_E_CA_FILE, Retry, Retry),
            (FIO_E_TLS, RetrySlowly, RetrySlowly),
            (FIO_E_TLS_UNTRUSTED, RetrySlowly, RetrySlowly),
            (FIO_E_REDIRECT, RetrySlowly, RetrySlowly),
            (FIO_E_PROTOCOL, RetrySlowly, RetrySlowly),
            (FIO_E_FORBIDDEN, RetrySlowly, RetrySlowly),
            (FIO_E_NOT_FOUND, RetrySlowly, RetrySlowly),
            (FIO_E_PLAN_LIMIT, RetrySlowly, RetrySlowly),
            (FIO_E_CLOCK, RetrySlowly, RetrySlowly),
            (FIO_E_UNAUTHORIZED, AwaitAuthorization, RetrySlowly),
            (FIO_E_NOT_AUTHORIZED, AwaitAuthorization, RetrySlowly),
            (FIO_E_CHANNEL_PAUSED, Skip, RetrySlowly),
            (FIO_E_BAD_REQUEST, Fail, RetrySlowly),
            (FIO_E_UNPROCESSABLE, Fail, RetrySlowly),
            (FIO_E_CONFLICT, Fail, RetrySlowly),
            (FIO_E_URL_EXPIRED, RetrySlowly, BeginAnew),
            (FIO_E_UPLOAD_GONE, RetrySlowly, Ask),
            (FIO_E_STORAGE, RetrySlowly, Fail),
            (FIO_E_CHECKSUM, RetrySlowly, Retry),
            (FIO_E_NO_INTERFACE, RetrySlowly, Retry),
            (FIO_E_SOURCE_MISSING, Fail, Fail),
            (FIO_E_SOURCE_READ, Fail, Fail),
            (FIO_E_SOURCE_CHANGED, Fail, Fail),
        ] {
            let error = Error::of(status);
            assert_eq!((api_verdict(&error), part_verdict(&error)), (api, part), "{}", error.name());
        }
    }
}
