//! `POST /v2/devices/assets`: a file announces itself and gets presigned URLs for its parts; a recording gets
//! only an id, and presigned URLs later ([`super::realtime`]).

use super::{Endpoint, Request, Response, failure, json_request};
use crate::error::Error;
use crate::json::{Json, ObjectWriter};
use crate::prelude::*;
use crate::secret::Secret;
use crate::status::*;
use alloc::sync::Arc;

/// The storage takes no more parts (S3).
pub const MOST_PARTS: u32 = 10_000;
pub const MOST_URLS: usize = MOST_PARTS as usize;
/// The smallest part the storage takes, except the last of a file (S3).
pub const SMALLEST_PART: u64 = 5 << 20;
const LONGEST_URL: usize = 8 << 10;
const LONGEST_ID: usize = 64;

/// What is created.
#[derive(Clone, Copy, Debug)]
pub struct NewAsset<'a> {
    pub name: Option<&'a str>,
    /// With its dot; only where there is no name.
    pub extension: Option<&'a str>,
    pub media_type: &'a str,
    /// Whole seconds since the media was made.
    pub offset: u64,
    pub channel: Option<u32>,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file of that size, in so many parts; 0 leaves their number to the service.
    Whole {
        size: u64,
        parts: u32,
    },
    Realtime,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Asset {
    pub id: Arc<str>,
    /// In the order of the parts; none for a recording.
    pub urls: Vec<Secret>,
    /// Where the service says it belongs, if it says so.
    pub project_id: Option<String>,
}

pub fn request(asset: &NewAsset<'_>) -> Request {
    let mut object = ObjectWriter::new();
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    if let Some(name) = asset.name {
        object.text("name", name);
    }
    object.text("filetype", asset.media_type);
    object.number("offset", number(asset.offset));
    if let Some(channel) = asset.channel {
        object.number("channel", channel.into());
    }
    match asset.kind {
        Kind::Whole { size, parts } => {
            object.number("filesize", number(size));
            if parts > 0 {
                object.number("parts", parts.into());
            }
        }
        Kind::Realtime => {
            if let Some(extension) = asset.extension {
                object.text("extension", extension);
            }
            object.flag("is_realtime_upload", true);
        }
    }
    let request = json_request(Endpoint::CreateAsset, None, object.finish());
    match asset.kind {
        Kind::Whole { size, parts } => {
            Request { largest_answer: room_for(most_parts(size, parts)), ..request }
        }
        Kind::Realtime => request,
    }
}

/// How many presigned URLs there can be: as many as were asked for, or as the file has parts of the smallest
/// size.
fn most_parts(size: u64, asked_for: u32) -> usize {
    usize::try_from(size.div_ceil(SMALLEST_PART)).unwrap_or(usize::MAX).max(asked_for as usize).min(MOST_URLS)
}

/// The largest answer that can be a true one with so many presigned URLs. Those of the service have some 600 bytes,
/// and up to 2 KiB where their credentials are temporary ones. How many it gives is its choice, also for a small
/// file: there is room for as many as there can be, if they have the usual length.
pub(super) fn room_for(urls: usize) -> usize {
    const BESIDE_THEM: usize = 512 << 10;
    const USUAL: usize = 600;
    BESIDE_THEM + (urls.min(MOST_URLS) << 11).max(MOST_URLS * USUAL)
}

pub fn read(response: &Response, kind: Kind) -> Result<Asset, Error> {
    if !response.is_success() {
        return Err(refusal(response));
    }
    let bad = |what: &'static str| Error::new(FIO_E_PROTOCOL, what).with_http(response.status);
    let answer = Json::parse_only(response.body.expose(), &["id", "upload_urls", "project_id"]);
    let answer = answer.ok_or_else(|| bad("the new asset is not JSON"))?;
    let id = answer.get("id").and_then(Json::as_str).filter(|id| is_id(id));
    let id = id.ok_or_else(|| bad("the new asset has no usable id"))?;
    let urls = match kind {
        Kind::Whole { .. } => presigned_urls(&answer).ok_or_else(|| no_urls(response.status))?,
        Kind::Realtime => Vec::new(),
    };
    let project_id = answer.get("project_id").and_then(Json::as_str).filter(|id| !id.is_empty());
    Ok(Asset { id: id.into(), urls, project_id: project_id.map(str::to_owned) })
}

/// The service's own answer, but nothing can be sent to what it says.
pub(super) fn no_urls(http_status: u16) -> Error {
    Error::new(
        FIO_E_URL,
        "the service gave no presigned URLs for the parts, too many, or one that is not https or has a user's name in it",
    )
    .with_http(http_status)
}

/// Whether a text can stand in a path as an asset's id.
pub fn is_id(id: &str) -> bool {
    (1..=LONGEST_ID).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The presigned URLs of an answer, if all of them can be used.
pub(super) fn presigned_urls(answer: &Json<'_>) -> Option<Vec<Secret>> {
    let list = answer.get("upload_urls").map_or(&[][..], Json::elements);
    if list.is_empty() || list.len() > MOST_URLS {
        return None;
    }
    list.iter().map(|url| url.as_str().filter(|text| is_https_url(text)).map(Secret::new)).collect()
}

/// An absolute https URL, without a user's name or password: libcurl would send them along. The host is the
/// service's choice.
pub fn is_https_url(text: &str) -> bool {
    let rest = text.get(..8).filter(|scheme| scheme.eq_ignore_ascii_case("https://")).map(|_| &text[8..]);
    text.len() <= LONGEST_URL
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && rest.is_some_and(|rest| {
            !rest.is_empty() && !rest.starts_with(['/', '?', '#', ':']) && !has_user(rest)
        })
}

/// Of a presigned URL behind its `https://`.
fn has_user(rest: &str) -> bool {
    rest.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@'))
}

/// As any refusal, but the one that concerns only this media has a status of its own.
fn refusal(response: &Response) -> Error {
    let mut error = failure::from_response(response);
    // Each of these ends an upload: a proxy's page must not.
    let is_final = matches!(error.status, FIO_E_BAD_REQUEST | FIO_E_CONFLICT | FIO_E_UNPROCESSABLE);
    if is_final && !failure::is_from_the_service(response) {
        error = Error::of(FIO_E_PROTOCOL).with_http(response.status);
    }
    if error.status == FIO_E_CONFLICT {
        let body = failure::parse(response);
        let says = |value: Option<&Json<'_>>| value.and_then(Json::as_str) == Some("Channel Paused");
        let is_pause = body.as_ref().is_some_and(|body| {
            let errors = body.get("errors").map_or(&[][..], Json::elements);
            says(body.get("message")) || errors.iter().any(|error| says(error.get("title")))
        });
        if is_pause {
            error = Error::of(FIO_E_CHANNEL_PAUSED).with_http(response.status);
        }
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretBytes;
    use serde_json::{Value, json};

    const WHOLE: Kind = Kind::Whole { size: 10, parts: 0 };

    fn answer(status: u16, body: &Value) -> Result<Asset, Error> {
        read(&Response { status, body: SecretBytes::new(body.to_string().into()), retry_after: None }, WHOLE)
    }

    fn sent(asset: &NewAsset<'_>) -> Value {
        let request = request(asset);
        assert_eq!(
            (request.content_type, request.path().as_ref()),
            (Some("application/json"), "/v2/devices/assets")
        );
        serde_json::from_slice(request.body.unwrap().expose()).unwrap()
    }

    #[test]
    fn the_request_has_the_fields_of_its_kind() {
        let asset = NewAsset {
            name: Some("B004_C011.mov"),
            extension: None,
            media_type: "video/quicktime",
            offset: 42,
            channel: Some(0),
            kind: Kind::Whole { size: 6 << 40, parts: 3 },
        };
        assert_eq!(
            sent(&asset),
            json!({"name": "B004_C011.mov", "filetype": "video/quicktime", "filesize": 6u64 << 40, "offset": 42,
                   "channel": 0, "parts": 3})
        );
        let live =
            NewAsset { name: None, extension: Some(".mp4"), channel: None, kind: Kind::Realtime, ..asset };
        assert_eq!(
            sent(&live),
            json!({"extension": ".mp4", "filetype": "video/quicktime", "offset": 42, "is_realtime_upload": true})
        );
    }

    #[test]
    fn urls_are_taken_from_any_host_but_only_https() {
        let good = json!({"id": "b1f2", "upload_urls": ["https://a/p?X=1", "HTTPS://b.c:8443/@?@"], "project_id": "p"});
        let asset = answer(201, &good).unwrap();
        assert_eq!((&*asset.id, asset.urls.len(), asset.project_id.as_deref()), ("b1f2", 2, Some("p")));
        for urls in [
            json!(null),
            json!([]),
            json!("https://a/p"),
            json!(["http://a/p"]),
            json!(["/parts/1"]),
            json!(["https://"]),
            json!(["https:///p"]),
            json!(["https://a/p", 7]),
            json!(["https://a/p q"]),
            json!(["https://user:password@a/p"]),
            json!(["https://user@a?p"]),
            json!(["https://a/p", "https://@a/p"]),
            json!(["https://a/\u{e4}"]),
            json!(vec!["https://a/p"; 10_001]),
            json!([format!("https://a/{}", "x".repeat(9000))]),
        ] {
            assert_eq!(
                answer(200, &json!({"id": "b1f2", "upload_urls": urls})).unwrap_err().status,
                FIO_E_URL
            );
        }
        for id in [json!(null), json!(""), json!("a/b"), json!("../x"), json!("x".repeat(65))] {
            let body = json!({"id": id, "upload_urls": ["https://a/p"]});
            assert_eq!(answer(200, &body).unwrap_err().status, FIO_E_PROTOCOL);
        }
    }

    #[test]
    fn only_the_word_of_a_pause_is_a_pause() {
        let paused = json!({"code": 409, "errors": [{"code": 409, "detail": "The channel you're uploading from is currently paused.",
                            "status": 409, "title": "Channel Paused"}], "message": "Channel Paused"});
        assert_eq!(answer(409, &paused).unwrap_err().status, FIO_E_CHANNEL_PAUSED);
        assert_eq!(answer(409, &json!({"message": "Conflict"})).unwrap_err().status, FIO_E_CONFLICT);
        assert_eq!(answer(409, &json!([])).unwrap_err().status, FIO_E_PROTOCOL);
        assert_eq!(answer(422, &paused).unwrap_err().status, FIO_E_UNPROCESSABLE);
    }
}
