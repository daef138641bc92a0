//! Which group of paths a request belongs to, and reading its body.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, HOST, HeaderValue};
use hyper::{Request, Response, StatusCode, Version};
use tokio::time::timeout;

use super::answer::Answer;
use super::body::AnswerBody;
use super::budget::{Full, Share};
use super::places::owner;
use super::wire::Wire;
use super::{deliver, device_api, pages, test_api};
use crate::emulator::Emulator;

/// Announcements of ten thousand parts, and what tests send.
pub const LONG: usize = 1 << 20;
/// Forms have a few fields, and most calls no body at all.
pub const SHORT: usize = 64 << 10;
/// A body somewhat too long is still read, and thrown away: closing a socket with unread data in it
/// could take the refusal away from the client.
const DISCARDED: u64 = 16 << 20;
const BODY_LIMIT: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyProblem {
    TooLarge {
        limit: usize,
    },
    /// All bodies together take too much memory now.
    NoRoom,
    TooSlow,
    /// The client broke off or its framing was wrong.
    Broken,
}

pub async fn answer(
    emulator: &Arc<Emulator>,
    wire: &Arc<Wire>,
    request: Request<Incoming>,
) -> Response<AnswerBody> {
    // RFC 9112 section 3.2.
    if request.version() == Version::HTTP_11 && request.headers().get_all(HOST).iter().count() != 1 {
        let answer = Answer::detailed(StatusCode::BAD_REQUEST, "A request names its host, and only once");
        return deliver::whole(answer.with(CONNECTION, HeaderValue::from_static("close")));
    }
    match request.uri().path() {
        path if is_of_test_api(path) => test_api::answer(emulator, wire, request).await,
        path if pages::is_page(path) => deliver::whole(pages::answer(emulator, wire, request).await),
        _ => device_api::answer(emulator, wire, request).await,
    }
}

/// Whether only a device asks for it, and neither a rig nor a browser.
pub fn is_for_device(path: &str) -> bool {
    !is_of_test_api(path) && !pages::is_page(path)
}

fn is_of_test_api(path: &str) -> bool {
    path == "/emulator" || path.starts_with("/emulator/")
}

pub async fn read_body(
    emulator: &Emulator,
    wire: &Wire,
    body: Incoming,
    limit: usize,
) -> Result<Bytes, BodyProblem> {
    let share = emulator.bodies.share(wire.peer.map(owner));
    timeout(BODY_LIMIT, collect(body, limit, share)).await.unwrap_or(Err(BodyProblem::TooSlow))
}

async fn collect(mut body: Incoming, limit: usize, mut share: Share<'_>) -> Result<Bytes, BodyProblem> {
    let too_large = Err(BodyProblem::TooLarge { limit });
    if body.size_hint().lower() > DISCARDED {
        return too_large;
    }
    let longest = limit as u64;
    let (mut kept, mut seen) = (BytesMut::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| BodyProblem::Broken)?.into_data() else {
            continue;
        };
        seen += data.len() as u64;
        if seen <= longest {
            share.grow(data.len()).map_err(|Full| BodyProblem::NoRoom)?;
            kept.extend_from_slice(&data);
        } else if seen > DISCARDED {
            break;
        }
    }
    if seen <= longest { Ok(kept.freeze()) } else { too_large }
}
