//! Turning an answer, or the fault that befell it, into what goes over the wire.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;

use bytes::Bytes;
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
};
use hyper::{Response, StatusCode};

use super::answer::Answer;
use super::body::AnswerBody;
use super::route::BodyProblem;
use super::storage_api::error::StorageError;
use super::wire::{Ending, Wire};
use crate::endpoint::Endpoint;
use crate::errors::{oauth_code_for, simple};
use crate::faults::kinds::Fault;

pub const JSON: &str = "application/json; charset=utf-8";
/// What a cut answer announces when there is no proper answer to cut.
const STAND_IN: &str = r#"{"note":"this stands in for an answer, because the request was not processed","padding":"0123456789abcdef0123456789abcdef"}"#;

pub fn whole(answer: Answer) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::Whole(answer.body));
    *response.status_mut() = answer.status;
    for (name, value) in answer.headers {
        response.headers_mut().append(name, value);
    }
    response
}

/// What becomes of a request.
pub enum Outcome {
    Answer(Answer),
    /// Fewer bytes than the answer announces, then the end of the connection or silence.
    Cut {
        answer: Answer,
        bytes: Option<usize>,
        then: Option<Ending>,
    },
    Big {
        answer: Answer,
        bytes: u64,
    },
    /// No answer: the connection ends, or the client waits.
    Nothing(Option<Ending>),
}

impl Outcome {
    /// A fault at work; `answer` is the proper one if the request was processed.
    pub fn of(fault: Fault, answer: Option<Answer>, endpoint: Endpoint) -> Self {
        let proper = || answer.unwrap_or_else(|| Answer::text(StatusCode::OK, JSON, STAND_IN));
        match fault {
            Fault::Status { status, body: Some(body), headers, content_type } => {
                Self::Answer(custom(status_of(status), &body, content_type.as_deref(), &headers))
            }
            Fault::Status { status, body: None, headers, .. } => {
                Self::Answer(with_headers(bare(status_of(status), endpoint), &headers))
            }
            Fault::Body { body, status, content_type, headers } => {
                Self::Answer(custom(status_of(status), &body, content_type.as_deref(), &headers))
            }
            Fault::S3 { code, status, headers } => {
                let error = StorageError::listed_as(&code, status.map(status_of));
                Self::Answer(with_headers(error.into(), &headers))
            }
            Fault::Redirect { location, status } => {
                let headers = BTreeMap::from([(LOCATION.to_string(), location)]);
                Self::Answer(with_headers(Answer::empty(status_of(status)), &headers))
            }
            Fault::Delay { .. } | Fault::Throttle { .. } => Self::Answer(proper()),
            Fault::Close { .. } => Self::Nothing(Some(Ending::Close)),
            Fault::Reset { after_bytes: None, .. } => Self::Nothing(Some(Ending::Reset)),
            Fault::Stall { after_bytes: None, .. } => Self::Nothing(None),
            Fault::Reset { after_bytes, .. } => {
                Self::Cut { answer: proper(), bytes: after_bytes, then: Some(Ending::Reset) }
            }
            Fault::Stall { after_bytes, .. } => {
                Self::Cut { answer: proper(), bytes: after_bytes, then: None }
            }
            Fault::Truncate { bytes } => Self::Cut { answer: proper(), bytes, then: Some(Ending::Close) },
            Fault::Big { bytes } => Self::Big { answer: Answer::text(StatusCode::OK, JSON, ""), bytes },
        }
    }

    /// The answer whose head the client gets to see.
    pub fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Answer(answer) | Self::Cut { answer, .. } | Self::Big { answer, .. } => Some(answer),
            Self::Nothing(_) => None,
        }
    }

    pub async fn send(self, wire: &Arc<Wire>) -> Response<AnswerBody> {
        match self {
            Self::Answer(answer) => whole(answer),
            Self::Cut { answer, bytes, then } => cut(answer, bytes, then, wire),
            Self::Big { answer, bytes } => {
                let mut response = whole(answer);
                *response.body_mut() = AnswerBody::big(bytes);
                response
            }
            Self::Nothing(ending) => {
                if let Some(ending) = ending {
                    wire.end(ending);
                }
                pending().await
            }
        }
    }
}

/// The answer to a request whose body could not be read. The connection cannot go on after it.
pub fn body_problem(problem: BodyProblem) -> Answer {
    let answer = match problem {
        BodyProblem::TooLarge { limit } => {
            let detail = format!("The body is larger than {} KiB", limit >> 10);
            Answer::detailed(StatusCode::PAYLOAD_TOO_LARGE, &detail)
        }
        BodyProblem::NoRoom => {
            Answer::detailed(StatusCode::SERVICE_UNAVAILABLE, "Too many bodies arrive at once")
                .with(RETRY_AFTER, HeaderValue::from_static("1"))
        }
        BodyProblem::TooSlow => {
            Answer::detailed(StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time")
        }
        BodyProblem::Broken => Answer::detailed(StatusCode::BAD_REQUEST, "The body could not be read"),
    };
    answer.with(CONNECTION, HeaderValue::from_static("close"))
}

fn cut(answer: Answer, bytes: Option<usize>, then: Option<Ending>, wire: &Arc<Wire>) -> Response<AnswerBody> {
    // An answer without a body, a heartbeat's for one, still has to announce something.
    let body =
        if answer.body.is_empty() { Bytes::from_static(STAND_IN.as_bytes()) } else { answer.body.clone() };
    let sent = bytes.unwrap_or(body.len() / 2).min(body.len().saturating_sub(1));
    let announced = HeaderValue::from(body.len());
    let mut response = whole(Answer { body: Bytes::new(), ..answer });
    if response.status() == StatusCode::NO_CONTENT {
        *response.status_mut() = StatusCode::OK;
    }
    response.headers_mut().insert(CONTENT_LENGTH, announced);
    *response.body_mut() = AnswerBody::cut(body.slice(..sent), then, Arc::clone(wire));
    response
}

/// An error without a body of its own gets the shape its endpoint speaks.
fn bare(status: StatusCode, endpoint: Endpoint) -> Answer {
    if status.as_u16() < 400 {
        return Answer::empty(status);
    }
    if endpoint == Endpoint::Part {
        return StorageError::ordered(status).into();
    }
    if !endpoint.is_auth() {
        return Answer::detailed(status, "A fault ordered by a test");
    }
    let code = oauth_code_for(status.as_u16());
    let mut answer = Answer::json(status, &simple(code));
    answer.oauth_error = Some(code);
    answer
}

fn custom(
    status: StatusCode,
    body: &str,
    content_type: Option<&str>,
    headers: &BTreeMap<String, String>,
) -> Answer {
    let mut answer = Answer::empty(status);
    answer.body = Bytes::copy_from_slice(body.as_bytes());
    let mut all = headers.clone();
    all.insert(CONTENT_TYPE.to_string(), content_type.unwrap_or(JSON).to_owned());
    with_headers(answer, &all)
}

/// Headers as tests wrote them; [`Fault::check`] has refused those that are none.
fn with_headers(answer: Answer, headers: &BTreeMap<String, String>) -> Answer {
    let readable = headers.iter().filter_map(|(name, value)| {
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?))
    });
    readable.fold(answer, |answer, (name, value)| answer.with(name, value))
}

fn status_of(number: u16) -> StatusCode {
    StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
