//! What a strict emulator answers to what a lenient one only records: the error that the service would
//! most plausibly give.

use hyper::StatusCode;
use hyper::header::{HeaderValue, RETRY_AFTER};

use super::answer::Answer;
use crate::endpoint::Endpoint;
use crate::errors::OAuthError;
use crate::service::devices::HEARTBEAT_AT_MOST_EVERY;

pub fn refusal(violation: &str, endpoint: Endpoint) -> Option<Answer> {
    let detail = match violation {
        "client_version_missing" if endpoint != Endpoint::Health => "x-client-version is required",
        "client_version_not_semver" => "x-client-version is not a semantic version",
        "token_where_it_does_not_belong" => "This endpoint asks for no Authorization header",
        "query_in_address" => "This address has no query",
        "refresh_token_misspelt" => "refresh_token is required",
        "offset_missing" => return Some(invalid("offset is required")),
        "offset_negative" => return Some(invalid("offset is negative")),
        "heartbeat_too_soon" => {
            let answer =
                Answer::detailed(StatusCode::TOO_MANY_REQUESTS, "A heartbeat came less than 60 s ago");
            let wait = HeaderValue::from(HEARTBEAT_AT_MOST_EVERY.as_secs());
            return Some(answer.with(RETRY_AFTER, wait));
        }
        _ => return None,
    };
    Some(if endpoint.is_auth() {
        OAuthError::InvalidRequest.into()
    } else {
        Answer::detailed(StatusCode::BAD_REQUEST, detail)
    })
}

fn invalid(detail: &str) -> Answer {
    Answer::detailed(StatusCode::UNPROCESSABLE_ENTITY, detail)
}
