//! The one error type: a status, what happened on this occasion, and when a retry is worth it.

use crate::prelude::*;
use crate::status::{self, Retry};
use alloc::borrow::Cow;
use core::fmt;
use core::ops::{Deref, DerefMut};
use core::time::Duration;

/// What went wrong. Built only from typed fields and texts of our own, so that no secret, token or
/// signed URL can get into it.
///
/// One pointer wide, so that every result that may carry one stays small.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub struct Error(Box<Details>);

#[derive(Clone, Debug, PartialEq)]
pub struct Details {
    pub status: i32,
    /// What happened, as one sentence without a final stop.
    pub message: Cow<'static, str>,
    /// The HTTP status of the answer, 0 if there was none.
    pub http_status: u16,
    /// libcurl's result code, 0 if libcurl did not fail.
    pub curl_code: i32,
    /// The `error` of an OAuth answer (RFC 6749 section 5.2), cleaned of anything but its name.
    pub oauth_error: Option<Cow<'static, str>>,
    /// How long the server asked to wait.
    pub retry_after: Option<Duration>,
    /// The library tries again by itself, whatever the status says of other occasions.
    pub is_tried_again: bool,
}

impl Error {
    /// An error whose message is the general one of its status.
    #[inline(never)]
    pub fn of(status: i32) -> Error {
        let message = status::describe(status).map_or("unknown status", |row| row.summary);
        Error::new(status, message)
    }

    #[inline(never)]
    pub fn new(status: i32, message: &'static str) -> Error {
        Error::with_message(status, message.into())
    }

    /// An error whose message says more than can be known beforehand.
    #[inline(never)]
    pub fn told(status: i32, message: String) -> Error {
        Error::with_message(status, message.into())
    }

    #[inline(never)]
    fn with_message(status: i32, message: Cow<'static, str>) -> Error {
        Error(Box::new(Details {
            status,
            message,
            http_status: 0,
            curl_code: 0,
            oauth_error: None,
            retry_after: None,
            is_tried_again: false,
        }))
    }

    pub fn with_http(mut self, http_status: u16) -> Error {
        self.http_status = http_status;
        self
    }

    /// Whether the same again can help: as the table of statuses has it, except that what is being tried
    /// again by itself is not called hopeless in the same breath.
    pub fn retry(&self) -> Retry {
        match status::retry_of(self.status) {
            Retry::Never | Retry::AfterPairing if self.is_tried_again => Retry::Slowly,
            retry => retry,
        }
    }

    pub fn advice(&self) -> &'static str {
        status::describe(self.status).map_or("", |row| row.advice)
    }

    pub fn name(&self) -> &'static str {
        status::describe(self.status).map_or("FIO_E_UNKNOWN", |row| row.name)
    }
}

impl Deref for Error {
    type Target = Details;
    fn deref(&self) -> &Details {
        &self.0
    }
}

impl DerefMut for Error {
    fn deref_mut(&mut self) -> &mut Details {
        &mut self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.name())?;
        if self.http_status != 0 {
            write!(f, ", HTTP {}", self.http_status)?;
        }
        Ok(())
    }
}
