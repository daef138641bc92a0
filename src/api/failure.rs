//! Answers that are not a success: both error shapes of the service, and everything an intermediary
//! may send instead of them.

use super::Response;
use crate::error::Error;
use crate::status::*;
use serde::Deserialize;
use std::borrow::Cow;

/// The union of both shapes: `{"error": …}` of RFC 6749 section 5.2, and
/// `{"code": …, "message": …, "errors": [{"title": …, "detail": …}]}`.
#[derive(Deserialize, Default)]
struct ErrorBody<'a> {
    #[serde(borrow, default, deserialize_with = "text_or_nothing")]
    error: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "text_or_nothing")]
    message: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "details")]
    errors: Vec<Detail>,
}

#[derive(Deserialize, Default)]
struct Detail {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    detail: Option<String>,
}

/// A field of an unexpected type counts as absent; the answer as a whole is still an error answer.
fn text_or_nothing<'de: 'a, 'a, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Cow<'a, str>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Lenient<'a> {
        Text(#[serde(borrow)] Cow<'a, str>),
        Other(serde::de::IgnoredAny),
    }
    Ok(match Lenient::deserialize(deserializer)? {
        Lenient::Text(text) => Some(text),
        Lenient::Other(serde::de::IgnoredAny) => None,
    })
}

fn details<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Detail>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

/// What an error answer means, as an error with a status of its own.
pub fn from_response(response: &Response) -> Error {
    let body: Option<ErrorBody<'_>> = serde_json::from_slice(response.body.expose()).ok();
    let mut error = match body.as_ref().and_then(|body| body.error.as_deref()) {
        // 429 and 5xx mean the same whatever an intermediary writes into the body.
        Some(oauth) if response.status < 500 && response.status != 429 => from_oauth(oauth),
        _ => from_status(response.status, body.as_ref()),
    };
    error.http_status = response.status;
    error.retry_after = response.retry_after;
    error
}

/// Whether the answer is the service's own clear word, not that of a proxy or a captive portal: its
/// body has one of the two shapes.
pub fn is_from_the_service(response: &Response) -> bool {
    serde_json::from_slice::<ErrorBody<'_>>(response.body.expose())
        .is_ok_and(|body| body.error.is_some() || body.message.is_some() || !body.errors.is_empty())
}

fn from_oauth(name: &str) -> Error {
    let status = match name {
        "authorization_pending" => FIO_E_AUTHORIZATION_PENDING,
        "slow_down" => FIO_E_SLOW_DOWN,
        "access_denied" => FIO_E_ACCESS_DENIED,
        "expired_token" => FIO_E_EXPIRED_TOKEN,
        "invalid_grant" => FIO_E_INVALID_GRANT,
        "invalid_client" => FIO_E_INVALID_CLIENT,
        "invalid_request" => FIO_E_INVALID_REQUEST,
        "invalid_scope" => FIO_E_INVALID_SCOPE,
        "unauthorized_client" => FIO_E_UNAUTHORIZED_CLIENT,
        "unsupported_grant_type" => FIO_E_UNSUPPORTED_GRANT_TYPE,
        _ => FIO_E_OAUTH,
    };
    let mut error = Error::of(status);
    error.oauth_error = Some(printable(name, 64).into());
    error
}

fn from_status(http: u16, body: Option<&ErrorBody<'_>>) -> Error {
    let status = match http {
        300..=399 => FIO_E_REDIRECT,
        400 => FIO_E_BAD_REQUEST,
        401 => FIO_E_UNAUTHORIZED,
        402 => FIO_E_PLAN_LIMIT,
        403 => FIO_E_FORBIDDEN,
        404 => FIO_E_NOT_FOUND,
        408 => FIO_E_TIMEOUT,
        409 => FIO_E_CONFLICT,
        422 => FIO_E_UNPROCESSABLE,
        429 => FIO_E_RATE_LIMITED,
        500..=599 => FIO_E_SERVER,
        _ => FIO_E_HTTP,
    };
    let mut error = Error::of(status);
    let words = body.and_then(|body| {
        let first = body.errors.first();
        first.and_then(|e| e.detail.as_deref().or(e.title.as_deref())).or(body.message.as_deref())
    });
    if let Some(words) = words.map(|words| printable(words, 200)).filter(|words| !words.is_empty()) {
        error.message = format!("{}: {words}", error.message).into();
    }
    error
}

/// A server's words, cut and without control characters, fit for a log or a screen.
fn printable(text: &str, longest: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(longest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretBytes;

    fn error(status: u16, body: &str) -> Error {
        from_response(&Response { status, body: SecretBytes::new(body.into()), retry_after: None })
    }

    #[test]
    fn every_oauth_error_has_its_own_status() {
        for (name, status) in [
            ("authorization_pending", FIO_E_AUTHORIZATION_PENDING),
            ("slow_down", FIO_E_SLOW_DOWN),
            ("access_denied", FIO_E_ACCESS_DENIED),
            ("expired_token", FIO_E_EXPIRED_TOKEN),
            ("invalid_grant", FIO_E_INVALID_GRANT),
            ("invalid_client", FIO_E_INVALID_CLIENT),
            ("invalid_request", FIO_E_INVALID_REQUEST),
            ("new_one", FIO_E_OAUTH),
        ] {
            let found = error(400, &format!(r#"{{"error":"{name}"}}"#));
            assert_eq!((found.status, found.oauth_error.as_deref()), (status, Some(name)));
        }
        // RFC 6749 section 5.2 allows 401 here.
        assert_eq!(error(401, r#"{"error":"invalid_client"}"#).status, FIO_E_INVALID_CLIENT);
    }

    #[test]
    fn the_detailed_shape_speaks() {
        let found = error(
            401,
            r#"{"code":401,"errors":[{"code":401,"detail":"You are not allowed","status":401,"title":"Not Authorized"}],"message":"Not Authorized"}"#,
        );
        assert_eq!(found.status, FIO_E_UNAUTHORIZED);
        assert!(found.message.ends_with(": You are not allowed"), "{}", found.message);
    }

    #[test]
    fn anything_else_is_judged_by_its_number() {
        for (http, status) in [
            (302, FIO_E_REDIRECT),
            (400, FIO_E_BAD_REQUEST),
            (403, FIO_E_FORBIDDEN),
            (404, FIO_E_NOT_FOUND),
            (408, FIO_E_TIMEOUT),
            (418, FIO_E_HTTP),
            (429, FIO_E_RATE_LIMITED),
            (500, FIO_E_SERVER),
            (503, FIO_E_SERVER),
        ] {
            for body in ["", "<html>", "{\"error\":", "[]", "{\"error\":{},\"errors\":7,\"message\":[]}"] {
                assert_eq!(error(http, body).status, status, "{http} {body}");
            }
        }
        assert_eq!(error(503, r#"{"error":"slow_down"}"#).status, FIO_E_SERVER);
    }

    #[test]
    fn a_servers_words_are_made_harmless() {
        let long = format!(r#"{{"message":"a\u0007b\n{}"}}"#, "x".repeat(5000));
        let found = error(418, &long);
        assert!(found.message.len() < 400 && !found.message.contains('\n'));
    }

    #[test]
    fn only_the_services_shapes_are_its_word() {
        let is = |body: &str| {
            is_from_the_service(&Response {
                status: 400,
                body: SecretBytes::new(body.into()),
                retry_after: None,
            })
        };
        assert!(
            is(r#"{"error":"invalid_request"}"#)
                && is(r#"{"code":401,"message":"Not Authorized","errors":[]}"#)
        );
        assert!(!is("") && !is("<html>") && !is("{}") && !is("[1]") && !is(r#"{"error":null}"#));
    }
}
