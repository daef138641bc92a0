//! One part of an upload on its way to the storage: a `PUT` to a presigned URL that the service signed. The
//! storage is S3 or speaks like it: errors are XML.

use super::Response;
use crate::error::Error;
use crate::prelude::*;
use crate::secret::Secret;
use crate::source::Source;
use crate::status::*;
use crate::text::between;
use alloc::sync::Arc;
use core::fmt;

/// Bytes of a source for a presigned URL. It goes to whatever host the service chose, so it never
/// carries the bearer token.
#[derive(Clone)]
pub struct PartRequest {
    /// Whole, with its signature: a secret.
    pub url: Secret,
    pub content_type: Arc<str>,
    pub source: Arc<dyn Source>,
    pub offset: u64,
    pub length: u64,
    /// Also make the checksum of what is sent (`Sent::md5`).
    pub verify: bool,
}

impl fmt::Debug for PartRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "part of {} bytes from {}", self.length, self.offset)
    }
}

/// The headers the signature covers, besides `Content-Type`.
pub const ACL: &str = "x-amz-acl: private";

/// The answer to a part with what was sent for it.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    pub response: Response,
    /// `ETag` without its quotes, where there was one.
    pub etag: Option<String>,
    /// `Content-Type`, where there was one.
    pub content_type: Option<String>,
    /// `x-amz-server-side-encryption`, where there was one.
    pub encryption: Option<String>,
    /// In small hexadecimal digits, if it was asked for.
    pub md5: Option<String>,
}

/// What became of a part on its way.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub answer: Result<Sent, Error>,
    /// The other end has confirmed the whole body of an attempt, and nobody heard what it answered: only then may
    /// the part be stored without a success. `false` where that is not known.
    pub left_unanswered: bool,
}

impl Outcome {
    /// The part never left, or not all of it.
    pub fn unsent(error: Error) -> Outcome {
        Outcome { answer: Err(error), left_unanswered: false }
    }
}

/// Whether the storage has the part.
///
/// It has it when it says so itself: 200, 201 or 204, which is no error in XML (S3 answers some failures with
/// 200) and no page of HTML. S3 sends an `ETag` with it; where a storage does (`etags_expected`, as seen in
/// an earlier part of the same asset), an answer without one comes from something in between. 202 promises
/// nothing, and 203 says of itself that it was changed on the way (RFC 9110, 15.3).
pub fn read(sent: &Sent, etags_expected: bool) -> Result<(), Error> {
    let response = &sent.response;
    if !response.is_success() || !error_code(response.body.expose()).is_empty() {
        return Err(refusal(response));
    }
    let is_stored = matches!(response.status, 200 | 201 | 204) && !is_page(sent);
    if !is_stored || etags_expected && sent.etag.is_none() {
        let why = "the answer to a part is not one of the storage";
        return Err(Error::new(FIO_E_PROTOCOL, why).with_http(response.status));
    }
    match (&sent.md5, &sent.etag) {
        // An ETag that is no MD5 (multipart objects, other storages) says nothing, and neither does one of a
        // bucket with keys of KMS or of the customer: it looks like an MD5 and is none.
        (Some(md5), Some(etag)) if is_md5(etag) && !is_encrypted(sent) && !etag.eq_ignore_ascii_case(md5) => {
            Err(Error::of(FIO_E_CHECKSUM).with_http(response.status))
        }
        _ => Ok(()),
    }
}

fn is_md5(etag: &str) -> bool {
    etag.len() == 32 && etag.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Encrypted in a way that changes the ETag: anything but `AES256`, with which it is still the MD5.
fn is_encrypted(sent: &Sent) -> bool {
    sent.encryption.as_deref().is_some_and(|how| !how.eq_ignore_ascii_case("AES256"))
}

fn is_page(sent: &Sent) -> bool {
    let says_so = sent.content_type.as_deref().is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("text/html") || kind.eq_ignore_ascii_case("application/xhtml+xml")
    });
    let body = sent.response.body.expose().trim_ascii_start();
    let starts_with =
        |word: &[u8]| body.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    !body.is_empty() && (says_so || starts_with(b"<!doctype") || starts_with(b"<html"))
}

/// S3's errors (REST error responses) as far as they mean something else than what their number says; all
/// others are [`FIO_E_STORAGE`]. Some services and gateways send them with other numbers, so the code decides.
fn status_of_code(code: &str) -> Option<i32> {
    Some(match code {
        // The presigned URL, or what it was signed with, has ended.
        "ExpiredToken" | "RequestExpired" | "TokenRefreshRequired" => FIO_E_URL_EXPIRED,
        // It is not accepted.
        "AccessDenied"
        | "AccessControlListNotSupported"
        | "AccountProblem"
        | "AllAccessDisabled"
        | "AuthorizationHeaderMalformed"
        | "AuthorizationQueryParametersError"
        | "CredentialsNotSupported"
        | "CrossLocationLoggingProhibited"
        | "IllegalLocationConstraintException"
        | "InvalidAccessKeyId"
        | "InvalidAccessPoint"
        | "InvalidBucketName"
        | "InvalidBucketState"
        | "InvalidPayer"
        | "InvalidSecurity"
        | "InvalidSignature"
        | "InvalidToken"
        | "InvalidURI"
        | "KeyTooLongError"
        | "MissingAuthenticationToken"
        | "MissingSecurityElement"
        | "MissingSecurityHeader"
        | "NoSuchAccessPoint"
        | "NoSuchBucket"
        | "NotSignedUp"
        | "SignatureDoesNotMatch"
        | "UnauthorizedAccess"
        | "UnauthorizedAccessError"
        | "UnrecognizedClientException" => FIO_E_URL_REFUSED,
        // The same again may well succeed.
        "BadDigest" | "IncompleteBody" | "RequestTimeout" | "XAmzContentSHA256Mismatch" => FIO_E_RESET,
        "Busy"
        | "ConditionalRequestConflict"
        | "EncodeFailed"
        | "InternalError"
        | "InternalFailure"
        | "KMS.ThrottlingException"
        | "OperationAborted"
        | "PreconditionFailed"
        | "ServerBusy"
        | "ServiceFailure"
        | "ServiceUnavailable"
        | "SlowDown"
        | "Throttling"
        | "ThrottlingException"
        | "TooManyRequests"
        | "503 SlowDown" => FIO_E_SERVER,
        "RequestTimeTooSkewed" => FIO_E_CLOCK,
        "EntityTooLarge" | "MaxMessageLengthExceeded" => FIO_E_PART_TOO_LARGE,
        "NoSuchUpload" => FIO_E_UPLOAD_GONE,
        "PermanentRedirect" | "Redirect" | "TemporaryRedirect" => FIO_E_REDIRECT,
        _ => return None,
    })
}

fn refusal(response: &Response) -> Error {
    let body = response.body.expose();
    let code = error_code(body);
    let status = match (response.status, status_of_code(code)) {
        // S3 says of a presigned URL that has ended only in words what else is a refusal.
        (_, Some(FIO_E_URL_REFUSED)) if has_expired(body) => FIO_E_URL_EXPIRED,
        (_, Some(status)) => status,
        (300..=399, None) => FIO_E_REDIRECT,
        (408, None) => FIO_E_TIMEOUT,
        (413, None) => FIO_E_PART_TOO_LARGE,
        (429, None) => FIO_E_RATE_LIMITED,
        (500..=599, None) => FIO_E_SERVER,
        // In the storage's own words.
        (401 | 403, None) if !code.is_empty() => FIO_E_URL_REFUSED,
        (_, None) if !code.is_empty() => FIO_E_STORAGE,
        // Without them it may be something on the way that says so.
        (401 | 403, None) => FIO_E_FORBIDDEN,
        (404 | 410, None) => FIO_E_NOT_FOUND,
        _ => FIO_E_HTTP,
    };
    let mut error = Error::of(status).with_http(response.status);
    if !code.is_empty() {
        error.message = format!("{}: {code}", error.message).into();
    }
    error.retry_after = response.retry_after;
    error
}

/// `AccessDenied` with these words is what S3 says when the time of a presigned URL is over.
fn has_expired(body: &[u8]) -> bool {
    between(body, "<Message>", "</Message>")
        .is_some_and(|words| words.eq_ignore_ascii_case(b"Request has expired"))
}

/// The `Code` of `<Error><Code>…</Code>…</Error>`; empty if there is none. Only its letters are
/// believed, since the rest of the document may quote the request.
fn error_code(body: &[u8]) -> &str {
    between(body, "<Code>", "</Code>")
        .filter(|code| {
            let digits = code.iter().filter(|byte| byte.is_ascii_digit()).count();
            // A signature has more digits than any code (`XAmzContentSHA256Mismatch`).
            code.len() <= 64
                && digits <= 3
                && code.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'.')
        })
        .and_then(|code| core::str::from_utf8(code).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretBytes;

    const MD5: &str = "0cc175b9c0f1b6a831c399e269772661";

    fn sent(status: u16, body: &str, etag: Option<&str>) -> Sent {
        let body = SecretBytes::new(body.into());
        let response = Response { status, body, retry_after: None };
        Sent { response, etag: etag.map(str::to_owned), md5: Some(MD5.to_owned()), ..Sent::default() }
    }

    fn answer(status: u16, body: &str, etag: Option<&str>) -> Result<(), Error> {
        read(&sent(status, body, etag), false)
    }

    #[test]
    fn the_storages_own_success_is_one_unless_the_checksums_differ() {
        for status in [200, 201, 204] {
            assert!(answer(status, "", None).is_ok() && answer(status, "{}", Some("opaque-1")).is_ok());
        }
        assert!(answer(200, "", Some("0CC175B9C0F1B6A831C399E269772661")).is_ok());
        let differs = answer(200, "", Some("ffffffffffffffffffffffffffffffff")).unwrap_err();
        assert_eq!(differs.status, FIO_E_CHECKSUM);
    }

    #[test]
    fn a_success_that_is_not_the_storages_is_none() {
        let status = |status, body| answer(status, body, None).unwrap_err().status;
        for page in ["<html>Blocked</html>", "\n <!DOCTYPE html><title>x</title>"] {
            assert_eq!(status(200, page), FIO_E_PROTOCOL);
        }
        for number in [202, 203, 205, 206, 226] {
            assert_eq!(status(number, ""), FIO_E_PROTOCOL);
        }
        let words =
            Sent { content_type: Some("Text/HTML; charset=utf-8".to_owned()), ..sent(200, "hello", None) };
        assert_eq!(read(&words, false).unwrap_err().status, FIO_E_PROTOCOL);
        // nginx names HTML as the type of an empty body.
        let empty = Sent { content_type: Some("text/html".to_owned()), ..sent(201, "", None) };
        assert!(read(&empty, false).is_ok());
        let xml = "<?xml version='1.0'?><Error><Code>InternalError</Code></Error>";
        assert_eq!(status(200, xml), FIO_E_SERVER);
    }

    #[test]
    fn where_there_were_etags_an_answer_without_one_is_not_believed() {
        assert!(read(&sent(200, "", Some("x")), true).is_ok());
        assert_eq!(read(&sent(200, "", None), true).unwrap_err().status, FIO_E_PROTOCOL);
    }

    #[test]
    fn the_etag_of_an_encrypted_bucket_is_no_checksum() {
        for (how, is_compared) in
            [("aws:kms", false), ("aws:kms:dsse", false), ("SSE-C", false), ("AES256", true)]
        {
            let mut sent = sent(200, "", Some("ddf34c247688013ddaec6316fb4837f3"));
            sent.encryption = Some(how.to_owned());
            assert_eq!(read(&sent, false).is_err(), is_compared, "{how}");
        }
    }

    #[test]
    fn refusals_are_told_apart_by_number_and_code() {
        for (status, code, expected) in [
            (403, "AccessDenied", FIO_E_URL_REFUSED),
            (403, "SignatureDoesNotMatch", FIO_E_URL_REFUSED),
            (403, "SomethingNew", FIO_E_URL_REFUSED),
            (400, "ExpiredToken", FIO_E_URL_EXPIRED),
            (401, "ExpiredToken", FIO_E_URL_EXPIRED),
            (400, "TokenRefreshRequired", FIO_E_URL_EXPIRED),
            (400, "InvalidToken", FIO_E_URL_REFUSED),
            (400, "AuthorizationQueryParametersError", FIO_E_URL_REFUSED),
            (403, "", FIO_E_FORBIDDEN),
            (401, "", FIO_E_FORBIDDEN),
            (404, "NoSuchUpload", FIO_E_UPLOAD_GONE),
            (404, "NoSuchKey", FIO_E_STORAGE),
            (404, "", FIO_E_NOT_FOUND),
            (410, "", FIO_E_NOT_FOUND),
            (400, "RequestTimeout", FIO_E_RESET),
            (400, "InternalError", FIO_E_SERVER),
            (409, "OperationAborted", FIO_E_SERVER),
            (412, "ConditionalRequestConflict", FIO_E_SERVER),
            (403, "SlowDown", FIO_E_SERVER),
            (403, "RequestTimeTooSkewed", FIO_E_CLOCK),
            (400, "EntityTooSmall", FIO_E_STORAGE),
            (400, "EntityTooLarge", FIO_E_PART_TOO_LARGE),
            (413, "", FIO_E_PART_TOO_LARGE),
            (418, "", FIO_E_HTTP),
            (503, "SlowDown", FIO_E_SERVER),
            (500, "", FIO_E_SERVER),
            (307, "TemporaryRedirect", FIO_E_REDIRECT),
        ] {
            let body = format!("<?xml?><Error><Code>{code}</Code><Key>secret</Key></Error>");
            let error = answer(status, &body, None).unwrap_err();
            assert_eq!((error.status, error.http_status), (expected, status), "{code}");
            assert!(!error.message.contains("secret"));
        }
        assert_eq!(answer(404, "<html>", None).unwrap_err().status, FIO_E_NOT_FOUND);
        assert_eq!(error_code(b"<Code>a b</Code>"), "");
        // What could be a signature, or a part of one.
        for quoted in [
            "fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024",
            "Wk0GUcqTxFVQ9Y7rFzC2",
            "x1234",
        ] {
            let body = format!("<Error><Code>{quoted}</Code></Error>");
            let error = answer(403, &body, None).unwrap_err();
            assert_eq!((error.status, error_code(body.as_bytes())), (FIO_E_FORBIDDEN, ""), "{quoted}");
            assert!(!error.message.contains(quoted), "{quoted}");
        }
        assert_eq!(error_code(b"<Code>XAmzContentSHA256Mismatch</Code>"), "XAmzContentSHA256Mismatch");
        let expired = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
        assert_eq!(answer(403, expired, None).unwrap_err().status, FIO_E_URL_EXPIRED);
    }
}
