//! The calls of the device API that are about assets.

use std::time::Duration;

use hyper::StatusCode;
use serde_json::{Value, json};

use super::answer::Answer;
use super::device_calls::{Call, authenticate, violation};
use super::payload::{Payload, PayloadError, WrongType};
use super::strict;
use crate::emulator::{Emulator, World};
use crate::endpoint::{Endpoint, below_asset};
use crate::service::uploads::Refused;
use crate::service::uploads::asset::AssetFields;
use crate::service::uploads::realtime::Announcement;
use crate::settings::number;
use crate::storage::links::Links;

/// Longer than anybody reads.
const LONGEST_COMMENT: usize = 16 << 10;

pub fn process(emulator: &Emulator, call: &Call<'_>, seq: u64) -> Answer {
    let asset_id = below_asset(call.head.uri.path()).map_or("", |(asset_id, _)| asset_id);
    let answer = match call.endpoint {
        Endpoint::RealtimeParts => realtime_parts(emulator, call, asset_id, seq),
        Endpoint::Comment => comment(emulator, call, asset_id, seq),
        _ => create(emulator, call, seq),
    };
    answer.unwrap_or_else(|refusal| refusal)
}

/// The device and what it says, once it may say anything.
fn open<'c>(world: &mut World, call: &'c Call<'_>, seq: u64) -> Result<(String, &'c Payload), Answer> {
    let device = authenticate(world, call, seq).ok_or_else(Answer::not_authorized)?;
    let client_id = device.client_id.clone();
    match call.payload {
        Ok(payload) => Ok((client_id, payload)),
        Err(PayloadError::Malformed) => Err(Refused::Bad("The body cannot be read").into()),
        Err(_) => Err(Refused::Bad("The body has a content type that is not understood here").into()),
    }
}

fn create(emulator: &Emulator, call: &Call<'_>, seq: u64) -> Result<Answer, Answer> {
    let (links, numbers, mut body) = {
        let world = &mut *emulator.world();
        let (client_id, payload) = open(world, call, seq)?;
        let fields = asset_fields(payload)?;
        let wrong = match fields.offset {
            None => Some("offset_missing"),
            Some(..0) => Some("offset_negative"),
            Some(_) => None,
        };
        if let Some(wrong) = wrong {
            violation(world, seq, wrong);
            let refusal = strict::refusal(wrong, call.endpoint);
            refusal.filter(|_| world.service.settings.strict).map_or(Ok(()), Err)?;
        }
        let asset = fields.check()?;
        let created = world.service.create_asset(call.arrived, &client_id, asset);
        if let Some(entry) = world.journal.entry(seq) {
            entry.asset = created.as_ref().ok().cloned();
            entry.told.created = entry.asset.clone();
            entry.told.paused = created == Err(Refused::Paused);
        }
        let id = created?;
        let upload = world.service.uploads.get(&id).ok_or_else(Answer::not_found)?;
        if upload.realtime {
            return Ok(Answer::ok(&json!({ "id": upload.id, "name": upload.name })));
        }
        let created = emulator.clock.date_time(upload.created);
        let body = json!({
            "_type": "file",
            "id": upload.id,
            "name": upload.name,
            "filesize": upload.filesize,
            "filetype": upload.filetype,
            "project_id": upload.project.id,
            "inserted_at": created,
            "updated_at": created,
        });
        (Links::new(upload, &world.service.settings), upload.highest_number().unwrap_or(0), body)
    };
    body["upload_urls"] = urls(emulator, &links, call.arrived, 1..=numbers);
    Ok(Answer::ok(&body))
}

fn asset_fields(payload: &Payload) -> Result<AssetFields, Refused> {
    let wrong = |WrongType| Refused::Invalid("A field has a value of the wrong type");
    let text = |name| payload.text(name).map(|text| text.map(str::to_owned)).map_err(wrong);
    let integer = |name| payload.integer(name).map_err(wrong);
    let fields = AssetFields {
        name: text("name")?,
        extension: text("extension")?,
        filetype: text("filetype")?,
        filesize: integer("filesize")?,
        offset: integer("offset")?,
        channel: integer("channel")?,
        parts: integer("parts")?,
        realtime: payload.truth("is_realtime_upload").map_err(wrong)?,
    };
    if fields.realtime && payload.is_form {
        return Err(Refused::Bad("A real-time upload is asked for with JSON"));
    }
    Ok(fields)
}

fn realtime_parts(emulator: &Emulator, call: &Call<'_>, asset_id: &str, seq: u64) -> Result<Answer, Answer> {
    let (links, announcement) = {
        let world = &mut *emulator.world();
        let (client_id, payload) = open(world, call, seq)?;
        world.service.own_upload(&client_id, asset_id)?;
        let announcement: Announcement = serde_json::from_value(Value::Object(payload.fields.clone()))
            .map_err(|error| Answer::detailed(StatusCode::BAD_REQUEST, &error.to_string()))?;
        world.service.announce_parts(&client_id, asset_id, &announcement)?;
        let upload = world.service.uploads.get(asset_id).ok_or_else(Answer::not_found)?;
        (Links::new(upload, &world.service.settings), announcement)
    };
    let numbers = announcement.parts.iter().map(|part| part.number);
    Ok(Answer::ok(&json!({ "upload_urls": urls(emulator, &links, call.arrived, numbers) })))
}

fn comment(emulator: &Emulator, call: &Call<'_>, asset_id: &str, seq: u64) -> Result<Answer, Answer> {
    let world = &mut *emulator.world();
    let (client_id, payload) = open(world, call, seq)?;
    world.service.own_upload(&client_id, asset_id)?;
    let text = payload.text("text").ok().flatten().filter(|text| !text.trim().is_empty());
    let text = text.ok_or(Refused::Invalid("text is required"))?;
    if text.len() > LONGEST_COMMENT {
        return Err(Refused::Invalid("text is longer than 16 KiB").into());
    }
    let timestamp = match payload.fields.get("timestamp") {
        None | Some(Value::Null) => None,
        Some(frames) => {
            let frames = frames.as_f64().filter(|frames| *frames >= 0.0);
            Some(frames.ok_or(Refused::Invalid("timestamp is not a number of frames"))?)
        }
    };
    let comment = world.service.comment_asset(&client_id, asset_id, text, timestamp)?;
    Ok(Answer::ok(&json!({
        "_type": "comment",
        "id": comment.id,
        "text": comment.text,
        "timestamp": comment.timestamp.map(number),
        "asset_id": asset_id,
    })))
}

fn urls(emulator: &Emulator, links: &Links, now: Duration, numbers: impl Iterator<Item = u32>) -> Value {
    links.urls(&emulator.storage, &emulator.clock, now, numbers).into()
}
