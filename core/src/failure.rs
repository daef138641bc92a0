//! What a failure means, judged in one place: whether and when the same is sent again, and what becomes of the poll, the
//! refresh, the call or the part it happened to. The class of each status ([`Retry`]) and the words for a person are
//! in [`crate::status`].

use crate::clock::milliseconds;
use crate::error::Error;
use crate::status::{self, Retry, *};
use core::time::Duration;

/// Whether the network or the service has a weakness that passes: the same request may succeed later.
pub fn is_transient(error: &Error) -> bool {
    status::retry_of(error.status) == Retry::Later
}

/// Whether the service itself said no: the same request will be refused again. Otherwise, where it is not transient
/// either, a person has to act (captive portal, proxy, certificate), and the request itself is sound.
pub fn is_refused(error: &Error) -> bool {
    matches!(status::retry_of(error.status), Retry::Never | Retry::AfterPairing)
}

/// Whether the authorization server has refused in its own words (RFC 6749 section 5.2, RFC 8628 section 3.5), with
/// an HTTP status that belongs to them: no proxy and no captive portal says that, and asking again is of no use.
/// Other words, such as `server_error`, name a weakness.
pub fn is_oauth_refusal(error: &Error) -> bool {
    let is_word = matches!(
        error.status,
        FIO_E_ACCESS_DENIED
            | FIO_E_EXPIRED_TOKEN
            | FIO_E_INVALID_GRANT
            | FIO_E_INVALID_CLIENT
            | FIO_E_INVALID_REQUEST
            | FIO_E_INVALID_SCOPE
            | FIO_E_UNAUTHORIZED_CLIENT
            | FIO_E_UNSUPPORTED_GRANT_TYPE
    );
    is_word && error.oauth_error.is_some() && matches!(error.http_status, 400 | 401)
}

/// The least wait before the same request: what the server asked for. An answer that is too large has cost its bytes
/// each time, so that it is not asked for again at once.
pub fn least_wait(error: &Error) -> Option<Duration> {
    const AFTER_A_HUGE_ANSWER: Duration = Duration::from_secs(30);
    match error.status {
        FIO_E_TOO_LARGE => Some(error.retry_after.unwrap_or_default().max(AFTER_A_HUGE_ANSWER)),
        _ => error.retry_after,
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

/// Whether somebody who waits for a refresh should go on waiting after this many failed attempts, with the next one
/// after this wait. The engine itself goes on trying.
pub fn is_worth_waiting(failures: u32, error: &Error, wait: Duration) -> bool {
    const PATIENCE: u32 = 3;
    const LONGEST_WAIT: Duration = Duration::from_secs(30);
    failures < PATIENCE && wait <= LONGEST_WAIT && is_transient(error)
}

/// What is done about a failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The same again, soon: for as long as it is wanted.
    Retry,
    /// The same again, at long intervals: a person has to act, or the answer was not the service's.
    RetrySlowly,
    /// Once there is a usable token again.
    AwaitAuthorization,
    /// Not again by itself: the service refuses this client's secret.
    Suspend,
    /// What was made for it is of no use any more: a new code; a new asset for the file, with its true offset.
    StartOver,
    /// The same with smaller parts.
    StartOverSmaller,
    /// The storage knows no such upload: either it has been assembled, and the answers were lost, or it is
    /// gone. The other parts that are missing have to be asked.
    Ask,
    /// The device lacks something, or the card does: the same again, without blaming the network.
    AwaitSource,
    /// This media must not be uploaded. The queue goes on.
    Skip,
    /// It cannot go on.
    Fail,
}

/// For a poll. Nothing but the service's own refusal ends it: whatever else comes back is not the user's decision, may
/// not have come from the service, and a person may be about to log in to a captive portal, or to set the clock.
pub fn poll_verdict(error: &Error) -> Verdict {
    match error.status {
        _ if !is_oauth_refusal(error) => Verdict::Retry,
        FIO_E_ACCESS_DENIED | FIO_E_EXPIRED_TOKEN | FIO_E_INVALID_GRANT => Verdict::StartOver,
        _ => Verdict::Fail,
    }
}

/// For a refresh. `is_clear`: the answer is the service's own, not that of something in between.
pub fn refresh_verdict(error: &Error, is_clear: bool) -> Verdict {
    match error.status {
        _ if !is_clear => Verdict::Retry,
        // The service names a consumed token `invalid_request` where RFC 6749 says `invalid_grant`, and
        // invalidated credentials 401.
        FIO_E_INVALID_REQUEST
        | FIO_E_INVALID_GRANT
        | FIO_E_UNAUTHORIZED
        | FIO_E_ACCESS_DENIED
        | FIO_E_EXPIRED_TOKEN => Verdict::AwaitAuthorization,
        FIO_E_INVALID_CLIENT
        | FIO_E_UNAUTHORIZED_CLIENT
        | FIO_E_UNSUPPORTED_GRANT_TYPE
        | FIO_E_INVALID_SCOPE => Verdict::Suspend,
        _ => Verdict::Retry,
    }
}

/// The table for requests to the API on behalf of an upload: creating an asset, announcing parts.
///
/// | answer | what is done |
/// | --- | --- |
/// | 401 | one refresh and one repetition have happened already; then it waits for a new authorization |
/// | 402, 403, 404, 3xx, TLS failures, what is not the service's | tried again slowly |
/// | 409 `Channel Paused` | this media is skipped |
/// | 400, 409, 422 in the service's words | this upload fails; where parts were announced, it starts over once |
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
        _ if is_transient(error) => Verdict::Retry,
        _ => Verdict::RetrySlowly,
    }
}

/// The table for parts on their way to the storage. What no table knows is tried again, and then with a new
/// asset: only the source can end an upload for good.
///
/// | answer | what is done |
/// | --- | --- |
/// | `ExpiredToken`, `AccessDenied` and other refusals of the presigned URL | a new asset |
/// | 404 `NoSuchUpload`, 404 or 410 without the storage's words | a question, not an end |
/// | 413, `EntityTooLarge` | a new asset with smaller parts |
/// | 403 or another 4xx of something on the way, 3xx, TLS failures, a success that is not the storage's | tried again slowly, then with a new asset |
/// | `RequestTimeout`, `SlowDown`, `InternalError`, `OperationAborted` and the like, 5xx, 429, network failures, stalls | the same part again: the storage's word, or backoff with jitter |
/// | `RequestTimeTooSkewed` | tried again slowly: a clock is wrong |
/// | other errors in the storage's own words | tried again, then with a new asset |
/// | checksums that differ | the same part again, then a new asset |
/// | a source that cannot be read at the moment | the same part again |
/// | a source that is gone, may not be read or was changed | this upload fails |
pub fn part_verdict(error: &Error) -> Verdict {
    match error.status {
        FIO_E_URL_EXPIRED | FIO_E_URL_REFUSED => Verdict::StartOver,
        FIO_E_UPLOAD_GONE | FIO_E_NOT_FOUND => Verdict::Ask,
        FIO_E_PART_TOO_LARGE => Verdict::StartOverSmaller,
        FIO_E_SOURCE_BUSY => Verdict::AwaitSource,
        FIO_E_CHECKSUM | FIO_E_NO_INTERFACE | FIO_E_STORAGE => Verdict::Retry,
        _ if is_of_the_source(error) => Verdict::Fail,
        _ if is_transient(error) => Verdict::Retry,
        _ => Verdict::RetrySlowly,
    }
}

/// Whether a source cannot be had for a reason that passes: the process has no descriptor or memory left, or
/// the card is busy.
pub fn is_shortage(error: &Error) -> bool {
    matches!(error.status, FIO_E_SOURCE_BUSY | FIO_E_NOMEM)
}

/// Whether the service may have made an asset although it gave none that can be used. An answer with a
/// refusal's number says that it has not.
pub fn may_have_made_an_asset(error: &Error) -> bool {
    match error.http_status {
        0 => may_have_been_processed(error),
        status => status < 300,
    }
}

fn is_of_the_source(error: &Error) -> bool {
    (FIO_E_SOURCE_NEEDED..=FIO_E_SOURCE_MISSING).contains(&error.status)
}

/// Exponential backoff with full jitter: a uniformly random wait up to a bound that doubles.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    pub first: Duration,
    pub longest: Duration,
    /// What the server asks for is a floor up to here: an answer that is wrong, or was not meant for us,
    /// must not silence the device for a day.
    pub longest_asked: Duration,
}

/// The longest that a server may ask for before anything but a refresh.
const AN_HOUR: Duration = Duration::from_secs(3600);

impl Backoff {
    pub const API: Backoff =
        Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60), longest_asked: AN_HOUR };
    /// A refresh is never urgent enough to hammer: the old access token lives for another half hour. Nor can
    /// it wait for long.
    pub const REFRESH: Backoff = Backoff {
        first: Duration::from_secs(1),
        longest: Duration::from_secs(300),
        longest_asked: Duration::from_secs(300),
    };
    /// Somebody is in front of the screen and waits for a code.
    pub const CODE: Backoff = Backoff {
        first: Duration::from_secs(2),
        longest: Duration::from_secs(30),
        longest_asked: Duration::from_secs(60),
    };
    /// Where only a person can help.
    pub const SLOW: Backoff =
        Backoff { first: Duration::from_secs(2), longest: Duration::from_secs(300), longest_asked: AN_HOUR };
    /// A card that is busy, or a device that has no descriptor left.
    pub const SOURCE: Backoff = Backoff {
        first: Duration::from_secs(1),
        longest: Duration::from_secs(30),
        longest_asked: Duration::ZERO,
    };
    /// Writing to a disk that was full or read-only.
    pub const STORE: Backoff = Backoff {
        first: Duration::from_secs(5),
        longest: Duration::from_secs(60),
        longest_asked: Duration::ZERO,
    };

    /// The wait before attempt number `failures + 1`. What the server asked for is a floor, within reason.
    pub fn delay(&self, failures: u32, asked: Option<Duration>, random: &mut fastrand::Rng) -> Duration {
        let bound = self
            .first
            .saturating_mul(1u32.checked_shl(failures.saturating_sub(1).min(20)).unwrap_or(u32::MAX));
        let bound = milliseconds(bound.min(self.longest));
        let jittered = Duration::from_millis(random.u64(bound / 10..=bound));
        jittered.max(asked.unwrap_or_default().min(self.longest_asked))
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
        let a_day = Some(Duration::from_secs(86_400));
        for (backoff, longest) in [(Backoff::API, 3600), (Backoff::SLOW, 3600), (Backoff::REFRESH, 300)] {
            assert_eq!(backoff.delay(1, a_day, &mut random), Duration::from_secs(longest));
        }
    }

    #[test]
    fn what_is_tried_again_is_never_called_hopeless() {
        for row in DESCRIPTIONS {
            let error = Error::of(row.status);
            let is_hopeful = matches!(error.retry(), Retry::Later | Retry::Slowly);
            assert_eq!(is_refused(&error), !is_hopeful, "{}", row.name);
        }
        assert!(is_transient(&Error::of(FIO_E_SERVER)));
        for status in
            [FIO_E_TLS_UNTRUSTED, FIO_E_REDIRECT, FIO_E_FORBIDDEN, FIO_E_CLOCK, FIO_E_PLAN_LIMIT, FIO_E_CA]
        {
            let error = Error::of(status);
            assert!(!is_transient(&error) && !is_refused(&error));
        }
        assert!(is_refused(&Error::of(FIO_E_INVALID_CLIENT)));
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
            (FIO_E_NOT_FOUND, RetrySlowly, Ask),
            (FIO_E_PLAN_LIMIT, RetrySlowly, RetrySlowly),
            (FIO_E_CLOCK, RetrySlowly, RetrySlowly),
            (FIO_E_UNAUTHORIZED, AwaitAuthorization, RetrySlowly),
            (FIO_E_NOT_AUTHORIZED, AwaitAuthorization, RetrySlowly),
            (FIO_E_AUTHORIZATION_LOST, AwaitAuthorization, RetrySlowly),
            (FIO_E_TOKEN_EXPIRED, AwaitAuthorization, Retry),
            (FIO_E_INVALID_CLIENT, AwaitAuthorization, RetrySlowly),
            (FIO_E_CANCELED, AwaitAuthorization, RetrySlowly),
            (FIO_E_HTTP, RetrySlowly, RetrySlowly),
            (FIO_E_TOO_LARGE, RetrySlowly, RetrySlowly),
            (FIO_E_CHANNEL_PAUSED, Skip, RetrySlowly),
            (FIO_E_BAD_REQUEST, Fail, RetrySlowly),
            (FIO_E_UNPROCESSABLE, Fail, RetrySlowly),
            (FIO_E_CONFLICT, Fail, RetrySlowly),
            (FIO_E_URL_EXPIRED, RetrySlowly, StartOver),
            (FIO_E_UPLOAD_GONE, RetrySlowly, Ask),
            (FIO_E_STORAGE, RetrySlowly, Retry),
            (FIO_E_URL_REFUSED, RetrySlowly, StartOver),
            (FIO_E_PART_TOO_LARGE, RetrySlowly, StartOverSmaller),
            (FIO_E_SOURCE_BUSY, Retry, AwaitSource),
            (FIO_E_TOO_MANY_ASSETS, RetrySlowly, RetrySlowly),
            (FIO_E_CHECKSUM, RetrySlowly, Retry),
            (FIO_E_NO_INTERFACE, RetrySlowly, Retry),
            (FIO_E_SOURCE_NEEDED, Fail, Fail),
            (FIO_E_SOURCE_MISSING, Fail, Fail),
            (FIO_E_SOURCE_READ, Fail, Fail),
            (FIO_E_SOURCE_CHANGED, Fail, Fail),
        ] {
            let error = Error::of(status);
            assert_eq!((api_verdict(&error), part_verdict(&error)), (api, part), "{}", error.name());
        }
    }
}
