//! Which group of paths a request belongs to, and reading its body.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::{Request, Response};
use tokio::time::timeout;

use super::body::AnswerBody;
use super::wire::Wire;
use super::{deliver, device_api, pages, test_api};
use crate::emulator::Emulator;

const LONGEST_BODY: usize = 1 << 20;
const BODY_LIMIT: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyProblem {
    TooLarge,
    TooSlow,
    /// The client broke off or its framing was wrong.
    Broken,
}

pub async fn answer(emulator: Arc<Emulator>, wire: Arc<Wire>, request: Request<Incoming>) -> Response<AnswerBody> {
    wire.request_began();
    let response = match request.uri().path() {
        path if path == "/emulator" || path.starts_with("/emulator/") => deliver::whole(test_api::answer(&emulator, request).await),
        path if path == "/" || path == "/pair" || path.starts_with("/pair/") || path.starts_with("/devices/") => {
            deliver::whole(pages::answer(&emulator, request).await)
        }
        _ => device_api::answer(&emulator, &wire, request).await,
    };
    wire.request_done();
    response
}

pub async fn read_body(body: Incoming) -> Result<Bytes, BodyProblem> {
    if body.size_hint().lower() > LONGEST_BODY as u64 {
        return Err(BodyProblem::TooLarge);
    }
    match timeout(BODY_LIMIT, Limited::new(body, LONGEST_BODY).collect()).await {
        Err(_) => Err(BodyProblem::TooSlow),
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BodyProblem::TooLarge),
        Ok(Err(_)) => Err(BodyProblem::Broken),
    }
}
