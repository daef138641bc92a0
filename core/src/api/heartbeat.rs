//! `POST /v2/devices/heartbeat`: an empty body, answered with 204.

use super::{Endpoint, LARGEST_ANSWER, Request, Response, failure};
use crate::error::Error;

pub fn request() -> Request {
    Request {
        endpoint: Endpoint::Heartbeat,
        content_type: None,
        body: None,
        bearer: None,
        url_pairing: false,
        asset: None,
        largest_answer: LARGEST_ANSWER,
    }
}

pub fn read(response: &Response) -> Result<(), Error> {
    if response.is_success() { Ok(()) } else { Err(failure::from_response(response)) }
}
