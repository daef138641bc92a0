//! Records that somebody else wrote into a store without a key. Each has a right checksum, so each is believed as far
//! as the application or the service could have said it, and nothing else may leave or fall over.

use super::app::{New, paired};
use super::tracked::Origin;
use crate::content::Contents;
use crate::files::Card;
use crate::seeds;
use crate::store::Disk;

use crate::world::{HOUR, MINUTE, World};
use fio_c2c::api::part::{Outcome, PartRequest, Sent};
use fio_c2c::api::{Endpoint, Request, Response};
use fio_c2c::clock::{Instant, Now};
use fio_c2c::engine::effects::{Command, RequestId};
use fio_c2c::engine::transport::Answer;
use fio_c2c::engine::{Engine, Settings};
use fio_c2c::log::Log;
use fio_c2c::secret::SecretBytes;
use fio_c2c::store::RecordStore;
use fio_c2c::store::records::Records;
use fio_c2c::upload::{SourceSpec, UploadSpec};
use serde_json::{Map, Value, json};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

/// A device that has something of every kind in its store, switched off.
fn stocked() -> World {
    let mut world = paired(11);
    world.settings.uploads.history = 2;
    world.settings.uploads.parallel_parts = 1;
    world.restart();
    // So many that a block of tags is written.
    for _ in 0..170 {
        world.upload(New::file(50));
    }
    world.run_for(HOUR);
    let recording = world.upload(New::recording());
    world.record(recording, 30 << 20).expect("it is running");
    let held = world.upload(New { is_nameless: true, ..New::pushed(6 << 20) });
    world.record(held, 20 << 20).expect("it is running");
    world.run_for(MINUTE);
    world.finish_recording(held, None).expect("it is running");
    let parts = world.service.uploads().map(|asset| asset.parts_stored()).sum::<usize>();
    world.upload(New { verify: true, ..New::file(20_000) });
    while world.service.uploads().map(|asset| asset.parts_stored()).sum::<usize>() < parts + 100 {
        world.run_for(1);
    }
    let waiting = world.upload(New { origin: Origin::Attached, ..New::file(700) });
    world.pause_upload(waiting).expect("it is not over");
    let canceled = world.upload(New::file(800));
    world.cancel_upload(canceled).expect("it is not over");
    world.set_online(true);
    world.run_for(10);
    world.cut_power();
    let has = |start: &str| world.disk.keys().iter().any(|key| key.starts_with(start));
    for start in ["auth", "device", "presence", "queue", "tags", "tags-", "upload-", "addresses-"] {
        assert!(has(start), "{start}: {:?}", world.disk.keys());
    }
    world
}

const TEXTS: [&str; 12] = [
    "",
    "a\r\nX-Injected: 1",
    "a\0b",
    "\u{1b}[2J\u{202e}",
    "../../etc/passwd",
    "http://plain.example/",
    "https://user:password@host/",
    "https://host/\r\nX: y",
    "file:///etc/passwd",
    "multipart",
    "https://elsewhere.example",
    "x/y",
];
const NUMBERS: [u64; 12] =
    [0, 1, 8, 10_001, 1 << 31, u32::MAX as u64, 1 << 43, 1 << 53, 1 << 62, 1 << 63, u64::MAX - 1, u64::MAX];
const REALS: [f64; 9] = [0.0, -1.0, 0.5, 1e10, 1e18, 9.3e18, -9.3e18, 1.9e19, 1e308];

fn any_value(random: &mut fastrand::Rng) -> Value {
    match random.u32(..8) {
        0 => Value::Null,
        1 => json!(random.bool()),
        2 => json!([{"id": 1}]),
        3 => json!("x".repeat(20_000)),
        4 | 5 => json!(REALS[random.usize(..REALS.len())]),
        _ => json!(TEXTS[random.usize(..TEXTS.len())]),
    }
}

fn change_members(object: &mut Map<String, Value>, random: &mut fastrand::Rng) {
    let names: Vec<String> = object.keys().cloned().collect();
    for _ in 0..random.u32(1..4) {
        let Some(name) = random.choice(&names).cloned() else { return };
        match random.u32(..6) {
            0 => drop(object.remove(&name)),
            1 => drop(object.insert(format!("{name}_2"), any_value(random))),
            _ => drop(object.insert(name, any_value(random))),
        }
    }
}

/// Fields of a tag, a length and so many bytes, as an upload's record has them.
fn fields(mut bytes: &[u8]) -> Option<Vec<(u8, Vec<u8>)>> {
    let mut fields = Vec::new();
    while let Some((tag, after)) = bytes.split_first() {
        let (length, after) = after.split_first_chunk::<4>()?;
        let (value, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        fields.push((*tag, value.to_vec()));
        bytes = after;
    }
    Some(fields)
}

fn change_fields(fields: &mut Vec<(u8, Vec<u8>)>, random: &mut fastrand::Rng) {
    for _ in 0..random.u32(1..4) {
        let at = random.usize(..fields.len().max(1));
        let number = NUMBERS[random.usize(..NUMBERS.len())].to_le_bytes().to_vec();
        let text = TEXTS[random.usize(..TEXTS.len())].into();
        match random.u32(..8) {
            0 => fields.push((random.u8(1..50), number)),
            1 => fields.push((random.u8(1..50), text)),
            _ if fields.is_empty() => {}
            2 => drop(fields.remove(at)),
            3 => fields[at].1 = text,
            4 => fields[at].1 = vec![random.u8(..); random.usize(..2000)],
            _ => fields[at].1 = number,
        }
    }
}

fn change_bytes(bytes: &mut Vec<u8>, random: &mut fastrand::Rng) {
    for _ in 0..random.u32(1..6) {
        let at = random.usize(..bytes.len().max(1));
        let number = NUMBERS[random.usize(..NUMBERS.len())].to_le_bytes();
        match random.u32(..5) {
            0 => bytes.truncate(at),
            1 => bytes.extend(number),
            2 if at < bytes.len() => bytes[at] ^= 1 << random.u32(..8),
            3 => drop(bytes.splice(at..at, TEXTS[random.usize(..TEXTS.len())].bytes())),
            _ if at + 8 <= bytes.len() => bytes[at..at + 8].copy_from_slice(&number),
            _ => {}
        }
    }
}

fn change(key: &str, value: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    if random.u32(..10) > 0 {
        if let Ok(Value::Object(mut object)) = serde_json::from_slice(value) {
            change_members(&mut object, random);
            return Value::Object(object).to_string().into_bytes();
        }
        if let Some(mut fields) = fields(value).filter(|_| key.starts_with("upload-")) {
            change_fields(&mut fields, random);
            let field = |(tag, value): (u8, Vec<u8>)| {
                [&[tag][..], &(value.len() as u32).to_le_bytes(), &value].concat()
            };
            return fields.into_iter().flat_map(field).collect();
        }
    }
    let mut bytes = value.to_vec();
    change_bytes(&mut bytes, random);
    bytes
}

/// Another name, that of a record which is elsewhere, or the same.
fn place(key: &str, keys: &[String], random: &mut fastrand::Rng) -> String {
    match random.u32(..12) {
        0 => keys[random.usize(..keys.len())].clone(),
        1 => "upload-ffffffffffffffff".into(),
        2 => "upload-3fffffffffffffff".into(),
        3 => "addresses-3fffffffffffffff".into(),
        4 => "tags-ffffffff".into(),
        5 => "service".into(),
        _ => key.into(),
    }
}

/// Changes some records, so that their checksums are right.
fn forge(disk: &Disk, random: &mut fastrand::Rng, is_traced: bool) {
    let keys = disk.keys();
    let mut records = Records::new(Box::new(disk.clone()), None);
    for _ in 0..random.u32(1..5) {
        let key = &keys[random.usize(..keys.len())];
        let Ok(Some(value)) = records.load(key) else { continue };
        let value = SecretBytes::new(change(key, value.expose(), random));
        let place = place(key, &keys, random);
        if is_traced {
            println!("{place}: {}", value.expose().escape_ascii());
        }
        records.save(&place, &value).expect("the disk takes it");
    }
}

fn is_visible(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn check_url(url: &str) {
    let rest = url.to_ascii_lowercase().strip_prefix("https://").map(str::to_owned);
    let rest = rest.unwrap_or_else(|| panic!("not https: {url}"));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    assert!(!host.is_empty() && !host.contains('@') && is_visible(url), "{url}");
}

fn check_part(part: &PartRequest) {
    check_url(part.url.expose());
    assert!(is_visible(&part.content_type), "{}", part.content_type);
    assert!(part.offset + part.length <= 5 << 40, "{part:?}");
}

fn check_request(request: &Request) {
    let path = request.path();
    assert!(is_visible(&path) && !path.contains("..") && !path.contains(['?', '#', '@']), "{path}");
    assert!(path.starts_with("/v2/"), "{path}");
    if let Some(bearer) = &request.bearer {
        assert!(is_visible(bearer.expose()), "{bearer:?}");
    }
    if request.content_type == Some("application/json") {
        let body = request.body.as_ref().expect("it has a type");
        let body: Value = serde_json::from_slice(body.expose()).expect("it is JSON");
        for name in ["name", "filetype", "extension", "asset_name"] {
            let text = body[name].as_str().unwrap_or("x");
            assert!(!text.is_empty() && text.len() <= 255 && !text.chars().any(char::is_control), "{body}");
        }
    }
}

/// A service and a storage that say yes to everything.
fn answer(endpoint: Endpoint) -> Response {
    let urls: Vec<String> = (0..8).map(|part| format!("https://storage.example/{part}?x")).collect();
    let body = match endpoint {
        Endpoint::Token => {
            json!({"access_token": "new-access", "refresh_token": "new-refresh", "expires_in": 28_800})
        }
        Endpoint::CreateAsset | Endpoint::RealtimeParts => json!({"id": "b1f2", "upload_urls": urls}),
        _ => json!({"project_id": "p"}),
    };
    Response { status: 200, body: SecretBytes::new(body.to_string().into()), ..Response::default() }
}

struct Life {
    engine: Engine,
    now: Now,
    under_way: VecDeque<(RequestId, Answer)>,
    parts: u64,
}

impl Life {
    fn new(settings: &Settings, disk: &Disk, card: &Card, now: Now) -> Life {
        let records = Records::new(Box::new(disk.clone()), None);
        let engine =
            Engine::new(settings.clone(), Box::new(records), Box::new(card.clone()), Log::off(), now);
        Life { engine, now, under_way: VecDeque::new(), parts: 0 }
    }

    /// Goes on for a while, and looks at what leaves and at what is told.
    fn go_on(&mut self) {
        self.engine.set_online(true, self.now);
        let _ = self.engine.with_uploads(self.now, |uploads, cx| {
            uploads.pause_all(cx, false);
            Ok(())
        });
        for _ in 0..400 {
            while let Some(command) = self.engine.next_command() {
                match command {
                    Command::Send(id, request) => {
                        check_request(&request);
                        self.under_way.push_back((id, Answer::Api(Ok(answer(request.endpoint)))));
                    }
                    Command::Put(id, part) => {
                        check_part(&part);
                        self.parts += 1;
                        let response = Response { status: 200, ..Response::default() };
                        let answer = Ok(Sent { response, ..Sent::default() });
                        self.under_way
                            .push_back((id, Answer::Part(Outcome { answer, left_unanswered: false })));
                    }
                    Command::Abort(id) => self.under_way.retain(|(other, _)| *other != id),
                    Command::LimitUploads(_) => {}
                }
            }
            while self.engine.next_notice().is_some() {}
            let step = if let Some((id, answer)) = self.under_way.pop_front() {
                self.engine.respond(id, answer, self.now);
                1
            } else {
                let until = self.engine.deadline().map_or(MINUTE, |at| at.0.saturating_sub(self.now.mono.0));
                until.clamp(1, HOUR)
            };
            self.now.mono = Instant(self.now.mono.0 + step);
            self.now.wall += (step / 1000) as i64;
            self.engine.tick(self.now);
        }
        let ids = self.engine.uploads().queue().ids();
        for id in ids {
            let info = self.engine.uploads().info(id).expect("it is in the list");
            assert!(info.confirmed <= 5 << 40 && info.size <= 5 << 40, "{info:?}");
        }
        let _ = (
            self.engine.uploads().totals(),
            self.engine.cached_device(self.now),
            self.engine.uploads().find_tag(b"clip 1"),
        );
        let spec = UploadSpec {
            source: SourceSpec::Path(b"/card/own.mov".to_vec()),
            media_type: Some("video/mp4".into()),
            tag: b"new".to_vec(),
            ..UploadSpec::default()
        };
        let _ = self.engine.with_uploads(self.now, |uploads, cx| uploads.add(cx, spec));
        let _ = self.engine.with_uploads(self.now, |uploads, _| uploads.forget_tags());
        self.engine.shut_down(self.now);
    }
}

#[test]
fn whatever_a_forged_record_says_nothing_leaves_that_nobody_could_have_said() {
    let World { disk, card, mut settings, .. } = stocked();
    card.create(b"/card/own.mov", Contents::new(3, 100), 5);
    settings.uploads.parallel_parts = 3;
    let parts = AtomicU64::new(0);
    let property = |seed, is_traced| {
        let mut random = fastrand::Rng::with_seed(seed);
        let disk = disk.copy();
        forge(&disk, &mut random, is_traced);
        let mut now = Now { mono: Instant(random.u64(1..1000)), wall: 1_800_100_000 };
        // What was made of it in one life is read in the next.
        for _ in 0..2 {
            let mut life = Life::new(&settings, &disk, &card, now);
            life.go_on();
            parts.fetch_add(life.parts, Ordering::Relaxed);
            now = life.now;
        }
    };
    let lives = seeds::for_each("whatever_a_forged_record_says", 2_000, property);
    assert!(parts.into_inner() > lives, "most are of use all the same");
}
