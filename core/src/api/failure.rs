//! Answers that are not a success: both error shapes of the service, and everything an intermediary
//! may send instead of them.

use super::Response;
use crate::error::Error;
use crate::json::Json;
use crate::prelude::*;
use crate::shown::is_plain;
use crate::status::*;

/// `error` of RFC 6749 section 5.2. A field of an unexpected type counts as absent, here and below;
/// the answer as a whole is still an error answer.
fn oauth_error<'a>(body: &'a Json<'_>) -> Option<&'a str> {
    body.get("error").and_then(Json::as_str)
}

/// The words of `{"code": …, "message": …, "errors": [{"title": …, "detail": …}]}`.
fn detailed_words<'a>(body: &'a Json<'_>) -> Option<&'a str> {
    let first = body.get("errors").and_then(|errors| errors.elements().first());
    let of_first = |name| first.and_then(|first| first.get(name)).and_then(Json::as_str);
    of_first("detail").or_else(|| of_first("title")).or_else(|| body.get("message").and_then(Json::as_str))
}

/// What of an error answer is read.
pub(super) fn parse(response: &Response) -> Option<Json<'_>> {
    Json::parse_only(response.body.expose(), &["error", "errors", "detail", "title", "message"])
}

/// What an error answer means, as an error with a status of its own.
pub fn from_response(response: &Response) -> Error {
    let body = parse(response);
    let mut error = match body.as_ref().and_then(oauth_error) {
        // These mean the same whatever an intermediary writes into the body.
        Some(oauth) if response.status < 500 && !matches!(response.status, 408 | 429) => from_oauth(oauth),
        _ => from_status(response.status, body.as_ref()),
    };
    error.http_status = response.status;
    error.retry_after = response.retry_after;
    error
}

/// Whether the answer is the service's own clear word, not that of a proxy or a captive portal: its
/// body has one of the two shapes.
pub fn is_from_the_service(response: &Response) -> bool {
    parse(response).is_some_and(|body| oauth_error(&body).is_some() || detailed_words(&body).is_some())
}

const OAUTH_ERRORS: &[(&str, i32)] = &[
    ("authorization_pending", FIO_E_AUTHORIZATION_PENDING),
    ("slow_down", FIO_E_SLOW_DOWN),
    ("access_denied", FIO_E_ACCESS_DENIED),
    ("expired_token", FIO_E_EXPIRED_TOKEN),
    ("invalid_grant", FIO_E_INVALID_GRANT),
    ("invalid_client", FIO_E_INVALID_CLIENT),
    ("invalid_request", FIO_E_INVALID_REQUEST),
    ("invalid_scope", FIO_E_INVALID_SCOPE),
    ("unauthorized_client", FIO_E_UNAUTHORIZED_CLIENT),
    ("unsupported_grant_type", FIO_E_UNSUPPORTED_GRANT_TYPE),
];

fn from_oauth(name: &str) -> Error {
    let (status, name) = match OAUTH_ERRORS.iter().find(|(known, _)| *known == name) {
        Some(&(known, status)) => (status, known.into()),
        None => (FIO_E_OAUTH, printable(name, 64).into()),
    };
    let mut error = Error::of(status);
    error.oauth_error = Some(name);
    error
}

fn from_status(http: u16, body: Option<&Json<'_>>) -> Error {
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
    let words = body.and_then(detailed_words);
    if let Some(words) = words.map(|words| printable(words, 200)).filter(|words| !words.is_empty()) {
        error.message = format!("{}: {words}", error.message).into();
    }
    error
}

/// A server's words, fit for a log or a screen: cut, without control characters, and without what could
/// be a key or a token, since a server may quote what it was sent.
fn printable(text: &str, longest: usize) -> String {
    const SHORTEST_TOKEN: usize = 16;
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
    let is_word = |run: &str| run.chars().all(|c| !c.is_ascii_digit() && !c.is_ascii_uppercase());
    let mut shown = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| is_part(c) != is_part(first)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        rest = after;
        if is_part(first) && run.len() >= SHORTEST_TOKEN && !is_word(run) {
            shown.push_str("(not shown)");
        } else {
            shown.extend(run.chars().filter(|&c| is_plain(c)));
        }
    }
    shown.chars().take(longest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretBytes;

    fn error(status: u16, body: &str) -> Error {
        from_response(&Response { status, body: SecretBytes::new(body.into()), retry_after: None })
    }

    #[test]
    fn what_could_be_a_token_is_not_repeated() {
        for (words, shown) in [
            ("no secret cs-9aZ_x81-kk27Lw0pQ here", "no secret (not shown) here"),
            ("token=0f8fad5b-d9cb-469f-a165-70867728950e.", "(not shown)"),
            ("the unauthorized_client_for_this_grant", "the unauthorized_client_for_this_grant"),
            ("Ünlü\n is \"here\"", "Ünlü is \"here\""),
        ] {
            assert_eq!(printable(words, 200), shown);
        }
        assert_eq!(printable("abcdef", 3), "abc");
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
        assert_eq!(error(408, r#"{"error":"invalid_request"}"#).status, FIO_E_TIMEOUT);
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
