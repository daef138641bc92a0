//! The storage as clients find it: `PUT` to presigned addresses. Around it are the request log and
//! faults, as around the device API.

pub mod error;
mod put;
mod transfer;

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, EXPECT};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response};

use self::put::Put;
use self::transfer::Transfer;
use super::body::AnswerBody;
use super::deliver::Outcome;
use super::device_api::head_entry;
use super::exchange::Exchange;
use super::facts;
use super::wire::Wire;
use crate::checklist::event::Asked;
use crate::emulator::Emulator;
use crate::endpoint::Endpoint;
use crate::faults::kinds::Fault;
use crate::faults::{Strike, Target};
use crate::journal::{Entry, clip};
use crate::settings::DeviceClock;
use crate::storage::links;

pub async fn answer(
    emulator: &Arc<Emulator>,
    wire: &Arc<Wire>,
    request: Request<Incoming>,
) -> Response<AnswerBody> {
    let arrived = emulator.clock.now();
    let (head, body) = request.into_parts();
    let target = links::target(head.uri.path());
    let (exchange, strike) = begin(emulator, wire, &head, target, arrived);
    let seq = exchange.seq;
    let mut transfer = Transfer::new(emulator, body, target, seq);
    let put = Put { emulator, head: &head, target, arrived, seq };
    let outcome = match strike {
        None => Outcome::Answer(put.process(&mut transfer).await),
        Some(Strike { fault: Fault::Throttle { bytes_per_second }, .. }) => {
            transfer.throttle(bytes_per_second);
            Outcome::Answer(put.process(&mut transfer).await)
        }
        Some(Strike { fault: Fault::Delay { ms }, processed: true }) => {
            let answer = put.process(&mut transfer).await;
            tokio::time::sleep(Duration::from_millis(ms)).await;
            Outcome::Answer(answer)
        }
        Some(Strike { fault: Fault::Delay { ms }, processed: false }) => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            Outcome::Answer(put.process(&mut transfer).await)
        }
        Some(Strike { fault, processed: true }) => {
            let answer = put.process(&mut transfer).await;
            Outcome::of(fault, Some(answer), Endpoint::Part)
        }
        Some(Strike { fault, processed: false }) => {
            transfer.skip(fault.after_request_bytes()).await;
            Outcome::of(fault, None, Endpoint::Part)
        }
    };
    transfer.count();
    exchange.over(&outcome);
    if outcome.answer().is_none() {
        // Without an answer nothing more is read either, and the body is not let go.
        let response = outcome.send(wire).await;
        drop(transfer);
        return response;
    }
    transfer.drain(head.headers.contains_key(EXPECT));
    outcome.send(wire).await
}

/// Logs the request and looks for a fault. From here on the part counts as started.
fn begin(
    emulator: &Arc<Emulator>,
    wire: &Wire,
    head: &Parts,
    target: Option<(&str, u32)>,
    arrived: Duration,
) -> (Exchange, Option<Strike>) {
    let endpoint = if target.is_some() { Endpoint::Part } else { Endpoint::Unknown };
    let query = head.uri.query().map(|query| ("query".to_owned(), emulator.mask.secret(query)));
    let entry = Entry {
        asset: target.map(|(asset_id, _)| clip(asset_id)),
        part: target.map(|(_, part)| part),
        fields: query.into_iter().collect(),
        violations: violations(head, target.is_some()),
        ..head_entry(emulator, wire, head, endpoint, arrived)
    };
    let mut guard = emulator.world();
    let world = &mut *guard;
    let upload = target.and_then(|(asset_id, _)| world.service.uploads.get_mut(asset_id));
    let call = Target {
        endpoint,
        grant: None,
        name: upload.as_ref().map(|upload| upload.name.as_str()),
        part: target.map(|(_, part)| part),
    };
    let strike = if endpoint == Endpoint::Part { world.faults.strike(&call) } else { None };
    let timed = world.service.settings.device_clock == DeviceClock::Own;
    let asked = Asked {
        device: upload.as_ref().map(|upload| upload.client_id.clone()),
        asset: target.map(|(asset_id, _)| clip(asset_id)),
        part: target.map(|(_, part)| part),
        ..facts::of_head(emulator, wire, head, endpoint, arrived, timed)
    };
    if let (Some(upload), Some((_, part)), &Method::PUT) = (upload, target, &head.method) {
        upload.part_begins(part);
    }
    let entry = Entry { fault: strike.as_ref().map(|strike| strike.fault.name()), ..entry };
    (Exchange::begin(emulator, world, entry, asked), strike)
}

fn violations(head: &Parts, is_part: bool) -> Vec<&'static str> {
    let mut found = Vec::new();
    if !is_part {
        found.push("unknown_path");
    } else if head.method != Method::PUT {
        found.push("wrong_method");
    }
    if head.headers.contains_key(AUTHORIZATION) {
        found.push("token_to_storage");
    }
    found
}
