//! Every status the library can return, in one place: its number, its name, whether a retry is worth
//! it, and the two sentences a person reads. The header takes its `#define`s from here.
//!
//! Numbers are never reused or renumbered (`CHANGELOG.md` says when each came).

/// The operation went well.
pub const FIO_OK: i32 = 0;

// The call itself was wrong: nothing was started.

/// A pointer that must not be NULL is NULL.
pub const FIO_E_NULL: i32 = -1;
/// An argument is outside its range, empty, or too long.
pub const FIO_E_ARGUMENT: i32 = -2;
/// A string is not valid UTF-8.
pub const FIO_E_UTF8: i32 = -3;
/// The version is not a semantic version (semver.org), such as `2.16.4`.
pub const FIO_E_VERSION: i32 = -4;
/// The URL is not `https://host[:port]`. Plain HTTP is refused everywhere, loopback included.
pub const FIO_E_URL: i32 = -5;
/// The CA certificates are missing, unreadable, or not PEM.
pub const FIO_E_CA: i32 = -6;
/// The call does not fit the state the client is in.
pub const FIO_E_STATE: i32 = -7;
/// `fio_poll` was called without a code: call `fio_request_code` first.
pub const FIO_E_NO_CODE: i32 = -8;
/// An operation of this kind is already running on this client.
pub const FIO_E_IN_PROGRESS: i32 = -9;
/// Called from inside a callback that may not make this call.
pub const FIO_E_REENTRANT: i32 = -10;
/// Another thread is inside a call on this client.
pub const FIO_E_BUSY: i32 = -11;
/// The process has forked since the client was made: in the child only `fio_client_free` works.
pub const FIO_E_FORKED: i32 = -12;
/// The client was freed inside one of its own callbacks.
pub const FIO_E_CLOSED: i32 = -13;
/// An earlier call failed inside the library (`FIO_E_PANIC`): only `fio_client_free` works.
pub const FIO_E_POISONED: i32 = -14;
/// A defect in the library was caught at the boundary.
pub const FIO_E_PANIC: i32 = -15;
/// The operating system refused memory or descriptors.
pub const FIO_E_NOMEM: i32 = -16;
/// Not available in this build or on this platform.
pub const FIO_E_UNSUPPORTED: i32 = -17;
/// The caller's buffer is too small; the needed length was written.
pub const FIO_E_BUFFER: i32 = -18;
/// No operation with this id is known.
pub const FIO_E_UNKNOWN_OP: i32 = -19;
/// The pointer is not a live handle of the expected kind.
pub const FIO_E_HANDLE: i32 = -21;
/// The configuration lacks something required (client id or client secret).
pub const FIO_E_INCOMPLETE: i32 = -22;
/// There are no random numbers to be had.
pub const FIO_E_ENTROPY: i32 = -23;

// How an operation ended without an answer.

/// The operation was canceled by `fio_cancel`, or its client was freed.
pub const FIO_E_CANCELED: i32 = -40;

// The network.

/// The host name could not be resolved.
pub const FIO_E_DNS: i32 = -60;
/// No connection could be made: refused, unreachable.
pub const FIO_E_CONNECT: i32 = -61;
/// The connection broke before the whole answer was there.
pub const FIO_E_RESET: i32 = -62;
/// No answer in time.
pub const FIO_E_TIMEOUT: i32 = -63;
/// The TLS handshake failed for a reason without a status of its own.
pub const FIO_E_TLS: i32 = -64;
/// The server's certificate has expired, or the device's clock runs ahead.
pub const FIO_E_TLS_EXPIRED: i32 = -65;
/// The server's certificate is not valid yet, or the device's clock is behind.
pub const FIO_E_TLS_NOT_YET_VALID: i32 = -66;
/// The server's certificate is for another host.
pub const FIO_E_TLS_HOST: i32 = -67;
/// The server's certificate does not lead to one of the CA certificates given.
pub const FIO_E_TLS_UNTRUSTED: i32 = -68;
/// The server offers only TLS versions older than 1.2.
pub const FIO_E_TLS_VERSION: i32 = -69;
/// The server answered with a redirect; redirects are never followed.
pub const FIO_E_REDIRECT: i32 = -70;
/// The transfer failed in another way; `curl_code` says which.
pub const FIO_E_NETWORK: i32 = -71;
/// The file of CA certificates, which was there when it was given, cannot be read now, or has no certificate now.
pub const FIO_E_CA_FILE: i32 = -72;

// Answers.

/// The answer could not be understood: not from the service, or cut short.
pub const FIO_E_PROTOCOL: i32 = -80;
/// The answer is larger than any answer of the service.
pub const FIO_E_TOO_LARGE: i32 = -81;
/// HTTP 400 without an OAuth error.
pub const FIO_E_BAD_REQUEST: i32 = -82;
/// HTTP 401, and a new access token did not help.
pub const FIO_E_UNAUTHORIZED: i32 = -83;
/// HTTP 403.
pub const FIO_E_FORBIDDEN: i32 = -84;
/// HTTP 404.
pub const FIO_E_NOT_FOUND: i32 = -85;
/// HTTP 409.
pub const FIO_E_CONFLICT: i32 = -86;
/// HTTP 422.
pub const FIO_E_UNPROCESSABLE: i32 = -87;
/// HTTP 429: too many requests.
pub const FIO_E_RATE_LIMITED: i32 = -88;
/// HTTP 5xx.
pub const FIO_E_SERVER: i32 = -89;
/// Any other HTTP status the library does not expect.
pub const FIO_E_HTTP: i32 = -90;
/// HTTP 402: the account's plan does not allow it.
pub const FIO_E_PLAN_LIMIT: i32 = -91;

// OAuth (RFC 6749 section 5.2, RFC 8628 section 3.5).

/// The user has not decided yet. Seen in events and logs only: `fio_poll` goes on by itself.
pub const FIO_E_AUTHORIZATION_PENDING: i32 = -100;
/// Polling was too fast. Seen in events and logs only: `fio_poll` slows down by itself.
pub const FIO_E_SLOW_DOWN: i32 = -101;
/// The user refused the pairing.
pub const FIO_E_ACCESS_DENIED: i32 = -102;
/// The code ran out before the user entered it.
pub const FIO_E_EXPIRED_TOKEN: i32 = -103;
/// The service does not know this code or token, or it was used before.
pub const FIO_E_INVALID_GRANT: i32 = -104;
/// The service does not know this client secret (or its model).
pub const FIO_E_INVALID_CLIENT: i32 = -105;
/// The service calls the request malformed.
pub const FIO_E_INVALID_REQUEST: i32 = -106;
/// The service refuses the scope.
pub const FIO_E_INVALID_SCOPE: i32 = -107;
/// The service does not allow this client this grant.
pub const FIO_E_UNAUTHORIZED_CLIENT: i32 = -108;
/// The service does not know this grant type.
pub const FIO_E_UNSUPPORTED_GRANT_TYPE: i32 = -109;
/// An OAuth error without a status of its own; `oauth_error` has its name.
pub const FIO_E_OAUTH: i32 = -110;

// Authorization.

/// The device is not paired.
pub const FIO_E_NOT_AUTHORIZED: i32 = -120;
/// The service ended the authorization: pair again. What is queued is kept.
pub const FIO_E_AUTHORIZATION_LOST: i32 = -121;
/// The access token has expired and no new one could be had yet.
pub const FIO_E_TOKEN_EXPIRED: i32 = -122;
/// Nothing is known of the device: the service has not told of it since it was paired.
pub const FIO_E_DEVICE_UNKNOWN: i32 = -123;

// Storage.

/// Reading or writing the store failed.
pub const FIO_E_STORE: i32 = -140;
/// The store's disk is full.
pub const FIO_E_STORE_FULL: i32 = -141;
/// The store cannot be written: read-only, or no permission.
pub const FIO_E_STORE_READ_ONLY: i32 = -142;
/// A stored record was truncated, foreign, tampered with, or sealed with another key.
pub const FIO_E_STORE_DAMAGED: i32 = -143;
/// Another process, or another client of this one, uses the same store.
pub const FIO_E_STORE_LOCKED: i32 = -144;
/// The store directory belongs to another user or can be written by others, or its lock is not a plain file.
pub const FIO_E_STORE_UNSAFE: i32 = -145;

// Time.

/// The device's clock is before the earliest time the application declared possible.
pub const FIO_E_CLOCK: i32 = -160;

// Uploads.

/// The file is not there.
pub const FIO_E_SOURCE_MISSING: i32 = -180;
/// The path leads to a directory or to something else that is not a plain file.
pub const FIO_E_SOURCE_KIND: i32 = -181;
/// The file is empty; the service takes no empty files.
pub const FIO_E_SOURCE_EMPTY: i32 = -182;
/// The file cannot be read: no permission, or a reader callback that failed.
pub const FIO_E_SOURCE_READ: i32 = -183;
/// The file shrank, grew or was changed after it was queued.
pub const FIO_E_SOURCE_CHANGED: i32 = -184;
/// The source was a descriptor, a callback or pushed data, and the application has not attached it again.
pub const FIO_E_SOURCE_NEEDED: i32 = -185;
/// No upload with this id is known.
pub const FIO_E_UNKNOWN_UPLOAD: i32 = -186;
/// The upload was queued for another project than the one the device is connected to now.
pub const FIO_E_OTHER_PROJECT: i32 = -187;
/// The device was paused when the media was made (HTTP 409 `Channel Paused`): it must not be uploaded.
pub const FIO_E_CHANNEL_PAUSED: i32 = -188;
/// The upload, or the queue, was paused by the application.
pub const FIO_E_UPLOAD_PAUSED: i32 = -189;
/// None of the network interfaces that uploads may use is up.
pub const FIO_E_NO_INTERFACE: i32 = -190;
/// The presigned URL of a part has expired: new ones are needed.
pub const FIO_E_URL_EXPIRED: i32 = -191;
/// The storage does not know the upload (HTTP 404).
pub const FIO_E_UPLOAD_GONE: i32 = -192;
/// The storage refused a part for another reason.
pub const FIO_E_STORAGE: i32 = -193;
/// The storage received other bytes than were sent: the checksums differ.
pub const FIO_E_CHECKSUM: i32 = -194;
/// The memory for pushed data is full: drive the client and push again.
pub const FIO_E_WOULD_BLOCK: i32 = -195;
/// Ten assets were made for the file, and none of them was completed; the message says what went wrong last.
/// The upload waits: `fio_upload_retry` allows ten more.
pub const FIO_E_TOO_MANY_ASSETS: i32 = -196;
/// The storage does not accept the presigned URL of a part (its signature, its rights), although its time is not over.
pub const FIO_E_URL_REFUSED: i32 = -197;
/// An upload with this tag is in the list, or was sent or canceled before: `fio_upload_start` wrote its id.
pub const FIO_E_UPLOAD_EXISTS: i32 = -198;
/// The part is larger than the storage, or something on the way, lets through (HTTP 413).
pub const FIO_E_PART_TOO_LARGE: i32 = -200;
/// The file cannot be read at the moment: a busy, faulty or removed card. It is tried again.
pub const FIO_E_SOURCE_BUSY: i32 = -201;

/// Whether trying the same again can help.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Retry {
    /// Not before something else was changed: the same will be refused again.
    Never,
    /// Yes, after a while: the network or the service has a weakness that passes.
    Later,
    /// Yes, but at long intervals: something answers in place of the service (captive portal, proxy), its
    /// certificate cannot be verified, or a person has to act, though the request itself is sound.
    Slowly,
    /// Only after a new pairing.
    AfterPairing,
}

/// What the library can say about a status without knowing the occasion.
pub struct Description {
    pub status: i32,
    pub name: &'static str,
    pub retry: Retry,
    pub summary: &'static str,
    pub advice: &'static str,
}

macro_rules! describe {
    ($($status:ident $retry:ident $summary:literal $advice:literal)*) => {
        &[$(Description {
            status: $status,
            name: stringify!($status),
            retry: Retry::$retry,
            summary: $summary,
            advice: $advice,
        }),*]
    };
}

/// One row for each constant above (a test holds the two lists equal).
pub static DESCRIPTIONS: &[Description] = describe! {
    FIO_OK Never "no error" "Nothing to do."
    FIO_E_NULL Never "a required pointer is NULL" "Pass a valid pointer; this is a mistake in the calling program."
    FIO_E_ARGUMENT Never "an argument is outside its range" "Read the limits in the function's documentation."
    FIO_E_UTF8 Never "a string is not valid UTF-8" "Convert the string to UTF-8 before the call."
    FIO_E_VERSION Never "the version is not a semantic version" "Use MAJOR.MINOR.PATCH, for example 2.16.4."
    FIO_E_URL Never "the URL is not an https URL" "Use https://host or https://host:port without path or query."
    FIO_E_CA Slowly "the CA certificates cannot be used" "Give a readable file, or text, with at least one PEM certificate."
    FIO_E_STATE Never "the call does not fit the state of the client" "Check the order of calls in the function's documentation."
    FIO_E_NO_CODE Never "there is no pairing code to poll for" "Call fio_request_code first and wait for its callback."
    FIO_E_IN_PROGRESS Later "an operation of this kind is already running" "Wait for it, or cancel it with fio_cancel."
    FIO_E_REENTRANT Never "this call is not allowed inside this callback" "Return from the callback first."
    FIO_E_BUSY Later "another thread is using this client" "Use a client from one thread at a time."
    FIO_E_FORKED Never "the client belongs to the parent process" "Make a new client in the child."
    FIO_E_CLOSED Never "the client was freed in one of its callbacks" "Do not use the pointer any more."
    FIO_E_POISONED Never "the client stopped after a defect in the library" "Free the client, make a new one, and report the defect."
    FIO_E_PANIC Never "a defect in the library was caught" "Free the client, make a new one, and report the defect with this message."
    FIO_E_NOMEM Later "the operating system refused memory or descriptors" "Free memory or descriptors, then try again."
    FIO_E_UNSUPPORTED Never "not available in this build or on this platform" "See the porting notes in the manual."
    FIO_E_BUFFER Never "the buffer is too small" "Call again with a buffer of the length that was written."
    FIO_E_UNKNOWN_OP Never "no such operation" "Use the id that the starting call wrote."
    FIO_E_HANDLE Never "the pointer is not a live handle of this kind" "Use handles made by this library that were not freed."
    FIO_E_INCOMPLETE Never "the configuration is not complete" "Set client id and client secret before making a client."
    FIO_E_ENTROPY Later "there are no random numbers to be had" "Check the application's entropy callback, or the system's generator."
    FIO_E_CANCELED Never "the operation was canceled" "Start it again if it is still wanted."
    FIO_E_DNS Later "the host name could not be resolved" "Check the network connection and its DNS server."
    FIO_E_CONNECT Later "no connection to the service could be made" "Check the network connection and firewalls for port 443."
    FIO_E_RESET Later "the connection broke before the answer was complete" "Nothing, if it is rare; otherwise check the network."
    FIO_E_TIMEOUT Later "the service did not answer in time" "Check the network connection."
    FIO_E_TLS Slowly "the secure connection could not be made" "Check for a proxy or captive portal in the network."
    FIO_E_TLS_EXPIRED Slowly "the server's certificate has expired, seen from this device's clock" "Check the date and time of the device first, then the server."
    FIO_E_TLS_NOT_YET_VALID Slowly "the server's certificate is not valid yet, seen from this device's clock" "The clock of the device is probably behind: set date and time."
    FIO_E_TLS_HOST Slowly "the server's certificate is for another host" "Check the base URL, and whether a proxy or captive portal answers instead."
    FIO_E_TLS_UNTRUSTED Slowly "the server's certificate is not signed by a trusted authority" "Check the CA certificates of the device, and whether a proxy or captive portal answers instead."
    FIO_E_TLS_VERSION Slowly "the server does not offer TLS 1.2 or newer" "Check whether a proxy answers instead of the service."
    FIO_E_REDIRECT Slowly "the server answered with a redirect, which is never followed" "Log in to the network's captive portal, or correct the base URL."
    FIO_E_NETWORK Later "the transfer failed" "Check the network connection."
    FIO_E_CA_FILE Later "the file of CA certificates cannot be read now" "Check that the file is there and readable; nothing else is needed once it is back."
    FIO_E_PROTOCOL Slowly "the answer is not one of the service" "Check for a proxy or captive portal in the network."
    FIO_E_TOO_LARGE Slowly "the answer is larger than any answer of the service" "Check for a proxy or captive portal in the network."
    FIO_E_BAD_REQUEST Never "the service refused the request (400)" "Report it with the log."
    FIO_E_UNAUTHORIZED AfterPairing "the service does not accept the access token (401)" "Pair the device again if it persists."
    FIO_E_FORBIDDEN Slowly "the service, or something on the way, forbids it (403)" "Check the device's permissions in the project, and firewalls."
    FIO_E_NOT_FOUND Slowly "the service does not know the address (404)" "Check the base URL; a proxy may answer instead of the service."
    FIO_E_CONFLICT Never "the service reports a conflict (409)" "See the message."
    FIO_E_UNPROCESSABLE Never "the service calls the arguments invalid (422)" "Report it with the log."
    FIO_E_RATE_LIMITED Later "too many requests (429)" "Wait at least retry_after_ms."
    FIO_E_SERVER Later "the service has a fault (5xx)" "Wait and try again."
    FIO_E_HTTP Slowly "an HTTP status the library does not expect" "Report it with the log."
    FIO_E_PLAN_LIMIT Slowly "the account's plan does not allow it (402)" "Ask the owner of the account."
    FIO_E_AUTHORIZATION_PENDING Later "the user has not decided yet" "Wait."
    FIO_E_SLOW_DOWN Later "polling was too fast" "Wait longer between polls."
    FIO_E_ACCESS_DENIED AfterPairing "the user refused the pairing" "Start a new pairing if it was a mistake."
    FIO_E_EXPIRED_TOKEN AfterPairing "the pairing code has expired" "Request a new code."
    FIO_E_INVALID_GRANT AfterPairing "the code or token is not known or was used before" "Request a new code."
    FIO_E_INVALID_CLIENT Never "the service does not know this client secret" "Check client secret and client id with the service's partner team."
    FIO_E_INVALID_REQUEST Never "the service calls the request malformed" "Report it with the log."
    FIO_E_INVALID_SCOPE Never "the service refuses the scope" "Report it with the log."
    FIO_E_UNAUTHORIZED_CLIENT Never "this client may not use this grant" "Ask the service's partner team."
    FIO_E_UNSUPPORTED_GRANT_TYPE Never "the service does not know the grant type" "Report it with the log."
    FIO_E_OAUTH Slowly "the service answered with an OAuth error" "See oauth_error."
    FIO_E_NOT_AUTHORIZED AfterPairing "the device is not paired" "Pair the device."
    FIO_E_AUTHORIZATION_LOST AfterPairing "the service ended the authorization" "Pair the device again; nothing queued is lost."
    FIO_E_TOKEN_EXPIRED Later "the access token has expired" "Call fio_refresh, or wait until the network is back."
    FIO_E_DEVICE_UNKNOWN Later "nothing is known of the device yet" "Pair the device, or wait until the network is back."
    FIO_E_STORE Slowly "the store cannot be read or written" "Check the storage device."
    FIO_E_STORE_FULL Slowly "the store's disk is full" "Free space; the library writes again by itself."
    FIO_E_STORE_READ_ONLY Slowly "the store cannot be written" "Check permissions and whether the disk is mounted read-only."
    FIO_E_STORE_DAMAGED Never "a stored record cannot be trusted" "Pair again; the record was kept aside for inspection."
    FIO_E_STORE_LOCKED Slowly "the store is in use by another client" "Give each client a directory of its own."
    FIO_E_STORE_UNSAFE Never "others can write to the store directory" "Give the store a directory of its own with mode 0700, owned by the user of the program."
    FIO_E_CLOCK Slowly "the device's clock cannot be right" "Set date and time, then try again."
    FIO_E_SOURCE_MISSING Never "the file is not there" "Insert the card or restore the file, then retry the upload."
    FIO_E_SOURCE_KIND Never "the path does not lead to a plain file" "Queue the files in a directory one by one."
    FIO_E_SOURCE_EMPTY Never "the file is empty" "Check the recording: the service takes no empty files."
    FIO_E_SOURCE_READ Never "the file cannot be read" "Check card and permissions, then retry the upload."
    FIO_E_SOURCE_CHANGED Never "the file was changed after it was queued" "Retry the upload once the file is complete: it is then sent as it is."
    FIO_E_SOURCE_NEEDED Later "the application has to attach the source of this upload again" "Call fio_upload_attach with the same data."
    FIO_E_UNKNOWN_UPLOAD Never "no such upload" "Use the id that fio_upload_start wrote; old finished uploads are forgotten."
    FIO_E_OTHER_PROJECT Never "the upload was queued for another project" "Connect the device to that project again, or call fio_upload_move_to_project."
    FIO_E_CHANNEL_PAUSED Never "the device was paused when this was recorded" "Nothing: what is recorded during a pause stays on the device."
    FIO_E_UPLOAD_PAUSED Slowly "the upload is paused on the device" "Resume the upload or the queue."
    FIO_E_NO_INTERFACE Slowly "no network interface that uploads may use is up" "Connect one of them, or allow others."
    FIO_E_URL_EXPIRED Slowly "the presigned URL of the part has expired" "Nothing: the library asks for new ones."
    FIO_E_UPLOAD_GONE Slowly "the storage does not know the upload any more" "Nothing: the library starts the upload over."
    FIO_E_STORAGE Slowly "the storage refused a part" "Nothing at first: the library tries again, then with a new asset. If it persists, report it with the log."
    FIO_E_CHECKSUM Slowly "the storage received other bytes than were sent" "Nothing, if it is rare; otherwise check the device's memory and network."
    FIO_E_WOULD_BLOCK Later "the memory for pushed data is full" "Drive the client, then push the same data again."
    FIO_E_TOO_MANY_ASSETS Slowly "ten assets were made for the file and none was completed" "See the message, then call fio_upload_retry."
    FIO_E_URL_REFUSED Slowly "the storage does not accept the presigned URL of the part" "Nothing at first: the library asks for new ones. If it persists, report it with the log."
    FIO_E_UPLOAD_EXISTS Never "an upload with this tag is known already" "Nothing: no clip is sent twice. fio_upload_set_again sends one once more."
    FIO_E_PART_TOO_LARGE Slowly "the part is too large for the storage, or for something on the way (413)" "Nothing: the library starts the upload over with smaller parts. Check for a proxy in the network if it persists."
    FIO_E_SOURCE_BUSY Later "the file cannot be read at the moment" "Check the card: the library tries again by itself."
};

/// The row of a status, if it is one of ours.
pub fn describe(status: i32) -> Option<&'static Description> {
    // In the order of their numbers, which are negative.
    DESCRIPTIONS.binary_search_by(|row| status.cmp(&row.status)).ok().map(|at| &DESCRIPTIONS[at])
}

/// Whether the same again can help, as the table has it.
pub fn retry_of(status: i32) -> Retry {
    describe(status).map_or(Retry::Never, |row| row.retry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    /// The constants as written in this file, so that a constant without a row is found.
    #[test]
    fn every_constant_has_exactly_one_row() {
        let source = include_str!("status.rs");
        let mut seen = alloc::collections::BTreeSet::new();
        for line in source.lines() {
            let Some(rest) = line.strip_prefix("pub const FIO_") else { continue };
            let (name, value) = rest.split_once(": i32 = ").expect("one constant on one line");
            let value: i32 = value.trim_end_matches(';').parse().expect("a number");
            let rows: Vec<_> = DESCRIPTIONS.iter().filter(|row| row.status == value).collect();
            assert_eq!(rows.len(), 1, "FIO_{name}");
            assert_eq!(rows[0].name, format!("FIO_{name}"));
            assert!(seen.insert(value), "{value} is used twice");
        }
        assert_eq!(seen.len(), DESCRIPTIONS.len());
        assert!(DESCRIPTIONS.is_sorted_by_key(|row| -row.status));
    }

    #[test]
    fn every_row_speaks_to_a_person() {
        for row in DESCRIPTIONS {
            assert!(!row.summary.is_empty() && row.advice.ends_with('.'), "{}", row.name);
        }
    }
}
