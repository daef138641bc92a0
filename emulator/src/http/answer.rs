//! An answer before it is put on the wire.

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use serde_json::Value;

use crate::errors::{self, OAuthError, Refusal};
use crate::service::answers;
use crate::service::uploads::Refused;

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub body: Bytes,
    /// For the request log.
    pub oauth_error: Option<&'static str>,
}

impl Answer {
    pub fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new(), oauth_error: None }
    }

    pub fn json(status: StatusCode, body: &Value) -> Self {
        Self::text(status, "application/json; charset=utf-8", body.to_string())
    }

    /// The status is one of the service's own, all of which exist.
    fn of_service((status, body): (u16, Value)) -> Self {
        Self::json(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &body)
    }

    pub fn ok(body: &Value) -> Self {
        Self::json(StatusCode::OK, body)
    }

    pub fn html(status: StatusCode, page: String) -> Self {
        Self::text(status, "text/html; charset=utf-8", page)
    }

    pub fn text(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut answer = Self::empty(status);
        answer.body = body.into();
        answer.with(CONTENT_TYPE, HeaderValue::from_static(content_type))
    }

    pub fn detailed(status: StatusCode, detail: &str) -> Self {
        let title = match status {
            StatusCode::UNAUTHORIZED => "Not Authorized",
            _ => status.canonical_reason().unwrap_or("Error"),
        };
        Self::json(status, &errors::detailed(status.as_u16(), title, detail))
    }

    pub fn not_authorized() -> Self {
        Self::of_service(answers::not_authorized())
    }

    pub fn not_found() -> Self {
        Self::detailed(StatusCode::NOT_FOUND, "There is nothing at this address")
    }

    pub fn method_not_allowed(allowed: &str) -> Self {
        let answer = Self::detailed(StatusCode::METHOD_NOT_ALLOWED, "This address has another method");
        match HeaderValue::from_str(allowed) {
            Ok(allowed) => answer.with(ALLOW, allowed),
            Err(_) => answer,
        }
    }

    pub fn see_other(location: &'static str) -> Self {
        Self::empty(StatusCode::SEE_OTHER).with(LOCATION, HeaderValue::from_static(location))
    }

    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl From<OAuthError> for Answer {
    fn from(error: OAuthError) -> Self {
        let mut answer = Self::json(StatusCode::BAD_REQUEST, &error.body());
        answer.oauth_error = Some(error.code());
        answer
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::OAuth(error) => error.into(),
            Refusal::NotAuthorized => Self::not_authorized(),
        }
    }
}

impl From<Refused> for Answer {
    fn from(refused: Refused) -> Self {
        Self::of_service(refused.answer())
    }
}
