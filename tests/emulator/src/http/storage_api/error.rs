//! How the storage refuses: in the XML of S3.

use hyper::StatusCode;

use crate::http::answer::Answer;
use crate::random;

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

    /// What S3 would most plausibly say with a status that a test ordered.
    pub fn ordered(status: StatusCode) -> Self {
        let (code, message) = match status.as_u16() {
            400 => ("RequestTimeout", TIMEOUT),
            403 => ("AccessDenied", "Access Denied"),
            404 => ("NoSuchUpload", NO_SUCH_UPLOAD),
            503 => ("SlowDown", "Please reduce your request rate."),
            500..=599 => ("InternalError", INTERNAL),
            _ => ("InvalidRequest", "Invalid Request"),
        };
        Self::new(status, code, message)
    }

    pub fn no_such_upload() -> Self {
        Self::new(StatusCode::NOT_FOUND, "NoSuchUpload", NO_SUCH_UPLOAD)
    }

    pub fn access_denied(message: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "AccessDenied", message)
    }

    pub fn signature_does_not_match() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
        )
    }

    pub fn timeout() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "RequestTimeout", TIMEOUT)
    }

    pub fn incomplete() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "IncompleteBody",
            "You did not provide the number of bytes specified by the Content-Length HTTP header",
        )
    }

    /// Not S3's: its disks are never full. The emulator's may be, and it goes on all the same.
    pub fn full() -> Self {
        let message = "The disk of the emulator is full.";
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "InsufficientStorage", message)
    }

    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", INTERNAL)
    }
}

const NO_SUCH_UPLOAD: &str = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.";
const INTERNAL: &str = "We encountered an internal error. Please try again.";
const TIMEOUT: &str = "Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.";

impl From<StorageError> for Answer {
    fn from(error: StorageError) -> Self {
        // Nothing a client wrote is in any of it, so nothing has to be escaped.
        let details: String =
            error.details.iter().map(|(name, value)| format!("<{name}>{value}</{name}>")).collect();
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>{details}\
             <RequestId>{}</RequestId></Error>",
            error.code,
            error.message,
            random::opaque::<16>()
        );
        Answer::text(error.status, "application/xml", body)
    }
}
