//! How the storage refuses: in the XML of S3.

use hyper::StatusCode;
use hyper::header::{HeaderName, HeaderValue, SERVER};

use crate::http::answer::Answer;
use crate::random;
use crate::service::s3_errors::{self, S3Error};

#[derive(Debug, PartialEq, Eq)]
pub struct StorageError {
    status: StatusCode,
    code: &'static str,
    message: &'static str,
    /// Further elements, as name and value.
    details: Vec<(&'static str, String)>,
}

impl StorageError {
    pub fn new(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self { status, code, message, details: Vec::new() }
    }

    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.details.push((name, value.to_string()));
        self
    }

    /// A row of S3's list.
    pub fn listed(code: &str) -> Self {
        // The list has every code that is asked for here; a test orders each of them.
        s3_errors::named(code).map_or_else(Self::internal, Self::from)
    }

    /// The same with the status that a test ordered.
    pub fn listed_as(code: &str, status: Option<StatusCode>) -> Self {
        let listed = Self::listed(code);
        Self { status: status.unwrap_or(listed.status), ..listed }
    }

    /// What S3 would most plausibly say with a status that a test ordered.
    pub fn ordered(status: StatusCode) -> Self {
        let code = match status.as_u16() {
            400 => "RequestTimeout",
            403 => "AccessDenied",
            404 => "NoSuchUpload",
            503 => "SlowDown",
            500..=599 => "InternalError",
            _ => "InvalidRequest",
        };
        Self::listed_as(code, Some(status))
    }

    pub fn no_such_upload() -> Self {
        Self::listed("NoSuchUpload")
    }

    pub fn access_denied(message: &'static str) -> Self {
        Self { message, ..Self::listed("AccessDenied") }
    }

    pub fn signature_does_not_match() -> Self {
        Self::listed("SignatureDoesNotMatch")
    }

    pub fn timeout() -> Self {
        Self::listed("RequestTimeout")
    }

    pub fn incomplete() -> Self {
        Self::listed("IncompleteBody")
    }

    /// Not S3's: its disks are never full. The emulator's may be, and it goes on all the same.
    pub fn full() -> Self {
        let message = "The disk of the emulator is full.";
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "InsufficientStorage", message)
    }

    pub fn internal() -> Self {
        let message = "We encountered an internal error. Please try again.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message)
    }
}

impl From<&S3Error> for StorageError {
    fn from(row: &S3Error) -> Self {
        let status = StatusCode::from_u16(row.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::new(status, row.code, row.message)
    }
}

impl From<StorageError> for Answer {
    fn from(error: StorageError) -> Self {
        let (request_id, host_id) = (random::opaque::<16>(), random::opaque::<76>());
        // Nothing a client wrote is in any of it, so nothing has to be escaped.
        let details: String =
            error.details.iter().map(|(name, value)| format!("<{name}>{value}</{name}>")).collect();
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>{details}\
             <RequestId>{request_id}</RequestId><HostId>{host_id}</HostId></Error>",
            error.code, error.message,
        );
        signed_by(Answer::text(error.status, "application/xml", body), &request_id, &host_id)
    }
}

/// What S3 says about itself in every answer.
pub fn from_s3(answer: Answer) -> Answer {
    signed_by(answer, &random::opaque::<16>(), &random::opaque::<76>())
}

fn signed_by(answer: Answer, request_id: &str, host_id: &str) -> Answer {
    let ids = [("x-amz-request-id", request_id), ("x-amz-id-2", host_id)];
    let readable = ids
        .into_iter()
        .filter_map(|(name, id)| Some((HeaderName::from_static(name), HeaderValue::from_str(id).ok()?)));
    readable
        .fold(answer, |answer, (name, id)| answer.with(name, id))
        .with(SERVER, HeaderValue::from_static("AmazonS3"))
}
