//! The calls of the device API themselves.

use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, CACHE_CONTROL, HeaderValue};
use hyper::http::request::Parts;
use serde_json::{Value, json};

use super::answer::Answer;
use super::asset_calls;
use super::payload::{Payload, PayloadError};
use super::strict;
use crate::clock::Clock;
use crate::emulator::{Emulator, World};
use crate::endpoint::{Endpoint, GrantType};
use crate::errors::{OAuthError, Refusal};
use crate::http::form::{Encoding, Form, FormError};
use crate::service::Service;
use crate::service::devices::Device;
use crate::service::grants::Tokens;
use crate::settings::seconds;

const LONGEST_CLIENT_ID: usize = 255;
/// What a device waits between polls when it was not told (RFC 8628 section 3.2).
const INTERVAL: Duration = Duration::from_secs(5);

/// One request, read.
pub struct Call<'a> {
    pub arrived: Duration,
    pub endpoint: Endpoint,
    pub head: &'a Parts,
    pub form: &'a Result<Form, FormError>,
    pub payload: &'a Result<Payload, PayloadError>,
}

pub fn process(emulator: &Emulator, call: &Call<'_>, seq: u64) -> Answer {
    if call.endpoint.is_about_asset() {
        return asset_calls::process(emulator, call, seq);
    }
    let world = &mut *emulator.world();
    match call.endpoint {
        Endpoint::Code => code(emulator, world, call, seq).unwrap_or_else(Answer::from),
        Endpoint::Token => token(emulator, world, call, seq).unwrap_or_else(Answer::from),
        Endpoint::Revoke => revoke(world, call).unwrap_or_else(Answer::from),
        Endpoint::Me => me(&emulator.clock, world, call, seq).unwrap_or_else(Answer::not_authorized),
        Endpoint::Heartbeat => heartbeat(world, call, seq).unwrap_or_else(Answer::not_authorized),
        Endpoint::Health => Answer::ok(&json!({ "status": "ok" })),
        _ => Answer::not_found(),
    }
}

/// The parts every auth endpoint asks for: a readable form, a device, and its model's secret.
fn client<'a>(service: &Service, call: &'a Call<'_>) -> Result<(&'a Form, &'a str), OAuthError> {
    let form = call.form.as_ref().map_err(|_| OAuthError::InvalidRequest)?;
    if service.settings.refuse_multipart && form.encoding == Encoding::Multipart {
        return Err(OAuthError::InvalidRequest);
    }
    let client_id = required(form, "client_id")?;
    let client_secret = required(form, "client_secret")?;
    if client_id.len() > LONGEST_CLIENT_ID {
        return Err(OAuthError::InvalidRequest);
    }
    service.check_client(client_secret)?;
    Ok((form, client_id))
}

fn required<'a>(form: &'a Form, name: &str) -> Result<&'a str, OAuthError> {
    form.get(name).ok().flatten().ok_or(OAuthError::InvalidRequest)
}

fn code(emulator: &Emulator, world: &mut World, call: &Call<'_>, seq: u64) -> Result<Answer, OAuthError> {
    let (form, client_id) = client(&world.service, call)?;
    let scope = required(form, "scope")?;
    let settings = world.service.settings.clone();
    let firmware = call.firmware().map(str::to_owned);
    let code = world.service.issue_code(call.arrived, client_id, scope, firmware)?;
    if let Some(entry) = world.journal.entry(seq) {
        let interval = if settings.omit_interval { INTERVAL } else { seconds(settings.interval) };
        entry.told.device_code = Some((emulator.mask.secret(&code.device_code), interval));
    }
    let wants_complete =
        call.head.headers.get("x-client-platypus-enabled").is_some_and(|value| value == "true");
    let body = code.body(&settings, &emulator.pair_url, wants_complete);
    Ok(secret(Answer::ok(&body)))
}

fn token(emulator: &Emulator, world: &mut World, call: &Call<'_>, seq: u64) -> Result<Answer, Refusal> {
    let (form, client_id) = client(&world.service, call)?;
    let grant_type = required(form, "grant_type")?;
    let tokens = match GrantType::parse(grant_type).ok_or(OAuthError::UnsupportedGrantType)? {
        GrantType::DeviceCode => {
            let poll = world.service.poll(call.arrived, client_id, required(form, "device_code")?);
            if poll.too_fast {
                violation(world, seq, "polled_too_fast");
            }
            poll.outcome?
        }
        GrantType::RefreshToken => {
            // The published schema misspells the field, so clients generated from it do too.
            let refresh_token =
                required(form, "refresh_token").or_else(|_| required(form, "refresh_tokem"))?;
            world.service.refresh(call.arrived, client_id, refresh_token, call.firmware())?
        }
    };
    log_tokens(emulator, world, seq, &tokens);
    Ok(secret(Answer::ok(&tokens.body())))
}

fn revoke(world: &mut World, call: &Call<'_>) -> Result<Answer, OAuthError> {
    let (form, client_id) = client(&world.service, call)?;
    world.service.grants.revoke(client_id, required(form, "token")?)?;
    Ok(Answer::ok(&json!({ "success": true })))
}

fn me(clock: &Clock, world: &mut World, call: &Call<'_>, seq: u64) -> Option<Answer> {
    let client_id = authenticate(world, call, seq)?.client_id.clone();
    let device = world.service.devices.get(&client_id)?;
    Some(Answer::ok(&description(clock, &world.service, device, call.arrived)))
}

fn heartbeat(world: &mut World, call: &Call<'_>, seq: u64) -> Option<Answer> {
    if authenticate(world, call, seq)?.heartbeat(call.arrived) {
        violation(world, seq, "heartbeat_too_soon");
        if world.service.settings.strict {
            return strict::refusal("heartbeat_too_soon", call.endpoint);
        }
    }
    Some(Answer::empty(StatusCode::NO_CONTENT))
}

/// The device whose valid bearer token the request carries (RFC 6750 section 2.1).
pub fn authenticate<'w>(world: &'w mut World, call: &Call<'_>, seq: u64) -> Option<&'w mut Device> {
    let header = call.head.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let device = world.service.authenticate(call.arrived, token.trim(), call.firmware())?;
    if let Some(entry) = world.journal.entry(seq) {
        entry.client_id = Some(device.client_id.clone());
    }
    Some(device)
}

pub fn violation(world: &mut World, seq: u64, name: &'static str) {
    if let Some(entry) = world.journal.entry(seq) {
        entry.violations.push(name);
    }
}

fn log_tokens(emulator: &Emulator, world: &mut World, seq: u64, tokens: &Tokens) {
    if let Some(entry) = world.journal.entry(seq) {
        let access_token = emulator.mask.secret(&tokens.access_token);
        entry.issued.push(("access_token", access_token.clone()));
        entry.told.access_token = Some(access_token);
        entry.told.lives = Some(seconds(tokens.expires_in));
        if let Some(token) = &tokens.refresh_token {
            let refresh_token = emulator.mask.secret(token);
            entry.issued.push(("refresh_token", refresh_token.clone()));
            entry.told.refresh_token = Some(refresh_token);
            entry.told.renewable_for = Some(seconds(world.service.settings.refresh_token_seconds));
        }
    }
}

/// RFC 6749 section 5.1: answers with credentials in them are not to be cached.
fn secret(answer: Answer) -> Answer {
    answer.with(CACHE_CONTROL, HeaderValue::from_static("no-store"))
}

fn description(clock: &Clock, service: &Service, device: &Device, now: Duration) -> Value {
    let at = |moment| clock.date_time(moment);
    let grant = service.grant_of(device);
    let scope = |has: fn(&crate::service::scope::Scope) -> bool| grant.is_some_and(|grant| has(&grant.scope));
    let authorization_id = grant.map(|grant| grant.id.as_str());
    json!({
        "_type": "project_device",
        "id": device.id,
        "device_id": device.device_id,
        "creator_id": device.creator_id,
        "project_id": device.project.id,
        "asset_type": "video",
        "name": device.name,
        "status": device.status(now),
        "timezone": "Etc/UTC",
        "last_known_firmware_version": device.firmware.as_deref().unwrap_or("0.0.0"),
        "inserted_at": at(device.inserted_at),
        "updated_at": at(device.updated_at),
        "last_seen_at": at(device.last_seen_at),
        "deleted_at": null,
        "project": { "_type": "project", "id": device.project.id, "name": device.project.name },
        "authorization": {
            "_type": "project_device_authorization",
            "id": authorization_id,
            "creator": { "_type": "user", "id": device.creator_id, "name": "Sam Emulated" },
            "creator_id": device.creator_id,
            "expires_at": device.expires_at.map(at),
            "inserted_at": at(device.inserted_at),
            "project_device_id": device.id,
            "scopes": {
                "id": authorization_id,
                "asset_create": scope(|scope| scope.asset_create),
                "offline": scope(|scope| scope.offline),
                "comment_create": false,
                "device_connect": false,
            },
        },
        "channel_count": 1,
        "channels": [{
            "_type": "project_device_channel",
            "id": device.channel_id,
            "actor_id": null,
            "asset_type": "video",
            "device_id": device.device_id,
            "external_index": 0,
            "inserted_at": at(device.inserted_at),
            "name": device.name,
            "project_id": device.project.id,
            "project_device_id": device.id,
            "real_time_logging_capable": false,
            "status": device.status(now),
            "updated_at": at(device.updated_at),
        }],
        "path_asset_type": "VIDEO",
        "path_name": device.name,
        "required_metadata_attributes": [],
    })
}
