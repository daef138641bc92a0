//! One part of an upload on its way to the storage: a `PUT` to an address that the service signed. The
//! storage is S3 or speaks like it: errors are XML, success is any 2xx.

use super::Response;
use crate::error::Error;
use crate::secret::Secret;
use crate::source::Source;
use crate::status::*;
use crate::text::between;
use std::fmt;
use std::sync::Arc;

/// Bytes of a source for a signed address. It goes to whatever host the service chose, so it never
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
#[derive(Clone, Debug)]
pub struct Sent {
    pub response: Response,
    /// `ETag` without its quotes, where there was one.
    pub etag: Option<String>,
    /// In small hexadecimal digits, if it was asked for.
    pub md5: Option<String>,
    /// It was sent more than once, because a kept connection turned out to be dead.
    pub was_resent: bool,
}

/// Whether the storage has the part.
pub fn read(sent: &Sent) -> Result<(), Error> {
    let response = &sent.response;
    if !response.is_success() {
        return Err(refusal(response));
    }
    match (&sent.md5, &sent.etag) {
        // An ETag that is no MD5 (encrypted buckets, other storages) says nothing.
        (Some(md5), Some(etag)) if is_md5(etag) && !etag.eq_ignore_ascii_case(md5) => {
            Err(Error::of(FIO_E_CHECKSUM).with_http(response.status))
        }
        _ => Ok(()),
    }
}

fn is_md5(etag: &str) -> bool {
    etag.len() == 32 && etag.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn refusal(response: &Response) -> Error {
    let code = error_code(response.body.expose());
    let status = match (response.status, code) {
        (300..=399, _) => FIO_E_REDIRECT,
        (400, "RequestTimeout" | "IncompleteBody" | "BadDigest") => FIO_E_RESET,
        // Without the storage's own word it is something on the way that says so.
        (403, "") => FIO_E_FORBIDDEN,
        (404, "") => FIO_E_NOT_FOUND,
        (403, _) => FIO_E_URL_EXPIRED,
        (404, "NoSuchUpload") => FIO_E_UPLOAD_GONE,
        (408, _) => FIO_E_TIMEOUT,
        (429, _) => FIO_E_RATE_LIMITED,
        (500..=599, _) => FIO_E_SERVER,
        // Without the storage's word, something on the way may have said so.
        (400..=499, "") => FIO_E_HTTP,
        (400..=499, _) => FIO_E_STORAGE,
        _ => FIO_E_HTTP,
    };
    let mut error = Error::of(status).with_http(response.status);
    if !code.is_empty() {
        error.message = format!("{}: {code}", error.message).into();
    }
    error.retry_after = response.retry_after;
    error
}

/// The `Code` of `<Error><Code>…</Code>…</Error>`; empty if there is none. Only its letters are
/// believed, since the rest of the document may quote the request.
fn error_code(body: &[u8]) -> &str {
    between(body, "<Code>", "</Code>")
        .filter(|code| code.len() <= 64 && code.iter().all(u8::is_ascii_alphanumeric))
        .and_then(|code| std::str::from_utf8(code).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretBytes;

    fn answer(status: u16, body: &str, etag: Option<&str>) -> Result<(), Error> {
        let body = SecretBytes::new(body.into());
        let etag = etag.map(str::to_owned);
        let md5 = Some("0cc175b9c0f1b6a831c399e269772661".to_owned());
        read(&Sent { response: Response { status, body, retry_after: None }, etag, md5, was_resent: false })
    }

    #[test]
    fn any_2xx_is_a_success_unless_the_checksums_differ() {
        assert!(answer(200, "", None).is_ok() && answer(204, "x", Some("opaque-1")).is_ok());
        assert!(answer(200, "", Some("0CC175B9C0F1B6A831C399E269772661")).is_ok());
        let differs = answer(200, "", Some("ffffffffffffffffffffffffffffffff")).unwrap_err();
        assert_eq!(differs.status, FIO_E_CHECKSUM);
    }

    #[test]
    fn refusals_are_told_apart_by_number_and_code() {
        for (status, code, expected) in [
            (403, "AccessDenied", FIO_E_URL_EXPIRED),
            (403, "SignatureDoesNotMatch", FIO_E_URL_EXPIRED),
            (403, "", FIO_E_FORBIDDEN),
            (404, "NoSuchUpload", FIO_E_UPLOAD_GONE),
            (404, "NoSuchKey", FIO_E_STORAGE),
            (404, "", FIO_E_NOT_FOUND),
            (400, "RequestTimeout", FIO_E_RESET),
            (400, "EntityTooSmall", FIO_E_STORAGE),
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
    }
}
