//! Reading what tests send.

use bytes::Bytes;
use hyper::StatusCode;
use serde::de::DeserializeOwned;

use crate::http::answer::Answer;
use crate::service::projects::clean_name;

pub(crate) fn project_name(name: &str) -> std::result::Result<String, Answer> {
    clean_name(name).ok_or_else(|| bad("That is not a name for a project"))
}

pub(crate) fn read<T: DeserializeOwned>(body: &Bytes) -> std::result::Result<T, Answer> {
    serde_json::from_slice(body).map_err(|error| bad(&error.to_string()))
}

pub(crate) fn read_or_default<T: DeserializeOwned + Default>(body: &Bytes) -> std::result::Result<T, Answer> {
    if body.is_empty() { Ok(T::default()) } else { read(body) }
}

pub(crate) fn bad(detail: &str) -> Answer {
    Answer::detailed(StatusCode::BAD_REQUEST, detail)
}
