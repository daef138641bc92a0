//! The device API around its calls: the request log, faults, and what devices do wrong.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, Response, Version};

use super::answer::Answer;
use super::body::AnswerBody;
use super::deliver::{self, Outcome};
use super::device_calls::{self, Call};
use super::exchange::Exchange;
use super::facts;
use super::payload::{self, PayloadError};
use super::route::{BodyProblem, LONG, SHORT, read_body};
use super::strict;
use super::wire::Wire;
use crate::checklist::event::Deed;
use crate::emulator::{Emulator, RateWindow};
use crate::endpoint::{Endpoint, GrantType, below_asset};
use crate::faults::kinds::Fault;
use crate::faults::{Strike, Target};
use crate::http::form::{self, Form, FormError};
use crate::journal::{Entry, clip};
use crate::service::Service;
use crate::settings::DeviceClock;

pub async fn answer(
    emulator: &Arc<Emulator>,
    wire: &Arc<Wire>,
    request: Request<Incoming>,
) -> Response<AnswerBody> {
    let arrived = emulator.clock.now();
    let (head, body) = request.into_parts();
    let endpoint = Endpoint::at(head.uri.path(), emulator.world().service.settings.code_path);
    let limit = if endpoint.is_about_asset() { LONG } else { SHORT };
    let body = read_body(emulator, wire, body, limit).await;
    let form = match &body {
        Ok(body) if endpoint.is_auth() => form::decode(content_type(&head), body).await,
        _ => Err(FormError::UnknownContentType),
    };
    let payload = match &body {
        Ok(body) => payload::decode(endpoint, content_type(&head), body),
        Err(_) => Err(PayloadError::None),
    };
    let call = Call { arrived, endpoint, head: &head, form: &form, payload: &payload };
    let grant = call.field("grant_type").and_then(GrantType::parse);
    let entry = entry(emulator, wire, &call, grant, body.as_ref().map_or(0, |body| body.len() as u64));
    let (exchange, strike) = {
        let mut world = emulator.world();
        let world = &mut *world;
        let strike = world.faults.strike(&target(&world.service, &call, grant));
        let entry = Entry { fault: strike.as_ref().map(|strike| strike.fault.name()), ..entry };
        let timed = world.service.settings.device_clock == DeviceClock::Own;
        let asked = facts::of_call(emulator, wire, &call, grant, timed);
        (Exchange::begin(emulator, world, entry, asked), strike)
    };
    let seq = exchange.seq;

    let processed = || process(emulator, &call, body.as_ref().err().copied(), seq);
    let outcome = match strike {
        None => Outcome::Answer(processed()),
        Some(Strike { fault: Fault::Delay { ms }, processed: first }) => {
            let delay = tokio::time::sleep(Duration::from_millis(ms));
            let answer = if first {
                let answer = processed();
                delay.await;
                answer
            } else {
                delay.await;
                processed()
            };
            Outcome::Answer(answer)
        }
        Some(strike) => Outcome::of(strike.fault, strike.processed.then(processed), endpoint),
    };
    exchange.over(&outcome);
    outcome.send(wire).await
}

fn process(emulator: &Emulator, call: &Call<'_>, problem: Option<BodyProblem>, seq: u64) -> Answer {
    let answer = match (problem, call.endpoint.method()) {
        (Some(problem), _) => deliver::body_problem(problem),
        (None, None) => Answer::not_found(),
        (None, Some(method)) if method != call.head.method => Answer::method_not_allowed(method.as_str()),
        (None, Some(_)) => {
            let strict = emulator.world().service.settings.strict;
            let refusal = || violations(call).iter().find_map(|found| strict::refusal(found, call.endpoint));
            let refusal = strict.then(refusal).flatten();
            refusal.unwrap_or_else(|| device_calls::process(emulator, call, seq))
        }
    };
    let removed = std::mem::take(&mut emulator.world().service.removed);
    removed.iter().for_each(|device| emulator.deed(device, &Deed::Disconnected));
    with_rate(emulator, answer, call.arrived)
}

fn with_rate(emulator: &Emulator, answer: Answer, now: Duration) -> Answer {
    let left = emulator.world().rate.count(now);
    answer
        .with(HeaderName::from_static("x-ratelimit-limit"), HeaderValue::from(RateWindow::LIMIT))
        .with(HeaderName::from_static("x-ratelimit-remaining"), HeaderValue::from(left))
        .with(
            HeaderName::from_static("x-ratelimit-window"),
            HeaderValue::from(RateWindow::WINDOW.as_millis() as u64),
        )
}

fn content_type(head: &Parts) -> Option<&str> {
    head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok())
}

/// What fault rules look at.
fn target<'a>(service: &'a Service, call: &'a Call<'_>, grant: Option<GrantType>) -> Target<'a> {
    let name = match (call.payload, below_asset(call.head.uri.path())) {
        (_, Some((asset_id, _))) => service.uploads.get(asset_id).map(|upload| upload.name.as_str()),
        (Ok(payload), None) => payload.text("name").ok().flatten(),
        (Err(_), None) => None,
    };
    Target { endpoint: call.endpoint, grant, name, part: None }
}

fn entry(
    emulator: &Emulator,
    wire: &Wire,
    call: &Call<'_>,
    grant: Option<GrantType>,
    body_bytes: u64,
) -> Entry {
    let field = |name: &str, value: &str| (clip(name), clip(&emulator.mask.field(name, value)));
    let fields = match (call.form, call.payload) {
        (Ok(form), _) => form.fields.iter().map(|(name, value)| field(name, value)).collect(),
        (Err(_), Ok(payload)) => payload.shown().iter().map(|(name, value)| field(name, value)).collect(),
        (Err(_), Err(_)) => Vec::new(),
    };
    Entry {
        body_bytes,
        fields,
        grant,
        client_id: call.field("client_id").map(clip),
        asset: below_asset(call.head.uri.path()).map(|(asset_id, _)| clip(asset_id)),
        violations: violations(call),
        ..head_entry(emulator, wire, call.head, call.endpoint, call.arrived)
    }
}

/// An entry with what the head of a request tells.
pub fn head_entry(
    emulator: &Emulator,
    wire: &Wire,
    head: &Parts,
    endpoint: Endpoint,
    arrived: Duration,
) -> Entry {
    let mask = &emulator.mask;
    let headers = head.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.as_str().to_owned(), clip(&mask.header(name.as_str(), &value)))
    });
    Entry {
        method: clip(head.method.as_str()),
        path: clip(head.uri.path()),
        http_version: if head.version == Version::HTTP_10 { "HTTP/1.0" } else { "HTTP/1.1" },
        headers: headers.collect(),
        content_type: content_type(head).map(clip),
        endpoint,
        ..Entry::begun(arrived, wire.connection)
    }
}

/// What can be told from the request alone; the calls add what only they know.
fn violations(call: &Call<'_>) -> Vec<&'static str> {
    let head = call.head;
    let mut found = Vec::new();
    match head.headers.get("x-client-version") {
        None => found.push("client_version_missing"),
        Some(_) if call.firmware().is_none() => found.push("client_version_not_semver"),
        Some(_) => {}
    }
    let has_token = head.headers.contains_key(AUTHORIZATION);
    if has_token && !call.endpoint.needs_bearer() {
        found.push("token_where_it_does_not_belong");
    }
    if head.uri.query().is_some() {
        found.push("query_in_address");
    }
    if call.endpoint == Endpoint::Unknown {
        found.push("unknown_path");
    }
    if call.endpoint.method().is_some_and(|method| method != head.method) {
        found.push("wrong_method");
    }
    if call.endpoint == Endpoint::Token && call.field("refresh_tokem").is_some() {
        found.push("refresh_token_misspelt");
    }
    found
}

impl Call<'_> {
    /// A form field, if there is a form and the field came once and not empty.
    pub fn field(&self, name: &str) -> Option<&str> {
        let form: &Form = self.form.as_ref().ok()?;
        form.get(name).ok().flatten()
    }

    /// The firmware version the device names, if it is a semantic version.
    pub fn firmware(&self) -> Option<&str> {
        let version = self.head.headers.get("x-client-version")?.to_str().ok()?;
        facts::is_semantic(version).then_some(version)
    }
}
