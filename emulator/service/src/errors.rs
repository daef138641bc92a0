//! The two shapes in which the service refuses: the OAuth one of the auth endpoints and the
//! detailed one of everything else.

use serde_json::{Value, json};

/// Error codes of RFC 6749 section 5.2 and RFC 8628 section 3.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OAuthError {
    AuthorizationPending,
    SlowDown,
    ExpiredToken,
    AccessDenied,
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    InvalidScope,
    UnsupportedGrantType,
}

impl OAuthError {
    pub fn code(self) -> &'static str {
        match self {
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::ExpiredToken => "expired_token",
            Self::AccessDenied => "access_denied",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidScope => "invalid_scope",
            Self::UnsupportedGrantType => "unsupported_grant_type",
        }
    }

    pub fn body(self) -> Value {
        simple(self.code())
    }
}

/// Why a call of the token endpoint failed. Credentials that a person or time has ended are
/// answered like a bad bearer token, not with an OAuth code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    OAuth(OAuthError),
    NotAuthorized,
}

impl From<OAuthError> for Refusal {
    fn from(error: OAuthError) -> Self {
        Self::OAuth(error)
    }
}

pub fn simple(code: &str) -> Value {
    json!({ "error": code })
}

pub fn detailed(code: u16, title: &str, detail: &str) -> Value {
    json!({
        "code": code,
        "errors": [{ "code": code, "detail": detail, "status": code, "title": title }],
        "message": title,
    })
}

/// The code an auth endpoint would most plausibly give with `status`.
pub fn oauth_code_for(status: u16) -> &'static str {
    match status {
        401 => "invalid_client",
        429 => "slow_down",
        502..=504 => "temporarily_unavailable",
        500..=599 => "server_error",
        _ => "invalid_request",
    }
}
