//! `POST /v2/devices/assets/{id}/realtime_upload/parts`: presigned URLs for parts of a recording.

use super::{Endpoint, Request, Response, asset, failure, json_request};
use crate::error::Error;
use crate::json::Json;
use crate::prelude::*;
use crate::secret::{Secret, SecretBytes};
use crate::status::FIO_E_PROTOCOL;
use alloc::sync::Arc;
use serde::Serialize;

/// One part to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Announced {
    /// From 1.
    pub number: u32,
    pub size: u64,
    pub is_final: bool,
}

#[derive(Serialize)]
struct Announcement<'a> {
    parts: &'a [Announced],
    #[serde(skip_serializing_if = "Option::is_none")]
    asset_filesize: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asset_name: Option<&'a str>,
}

/// The parts that are about to be sent. `whole` is the size of the file and, where it had none before,
/// its name: with the last part.
pub fn request(id: &Arc<str>, parts: &[Announced], whole: Option<(u64, Option<&str>)>) -> Request {
    let asset_name = whole.and_then(|(_, name)| name);
    let announcement = Announcement { parts, asset_filesize: whole.map(|(size, _)| size), asset_name };
    // Numbers and texts cannot fail.
    let body = serde_json::to_vec(&announcement).unwrap_or_default();
    let request = json_request(Endpoint::RealtimeParts, Some(id), SecretBytes::new(body));
    Request { largest_answer: asset::room_for(parts.len()), ..request }
}

/// One presigned URL for each part that was announced, in their order.
pub fn read(response: &Response, announced: usize) -> Result<Vec<Secret>, Error> {
    if !response.is_success() {
        return Err(failure::from_response(response));
    }
    let answer = Json::parse_only(response.body.expose(), &["upload_urls"]).ok_or_else(|| {
        Error::new(FIO_E_PROTOCOL, "the answer about the parts is not JSON").with_http(response.status)
    })?;
    asset::presigned_urls(&answer)
        .filter(|urls| urls.len() == announced)
        .ok_or_else(|| asset::no_urls(response.status))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::FIO_E_URL;
    use serde_json::{Value, json};

    #[test]
    fn parts_are_announced_as_the_service_shows_it() {
        let parts = [
            Announced { number: 7, size: 6_291_456, is_final: false },
            Announced { number: 8, size: 811, is_final: true },
        ];
        let request = request(&"b1f2".into(), &parts, Some((44_041_027, Some("a \"b\".mov"))));
        assert_eq!(request.path(), "/v2/devices/assets/b1f2/realtime_upload/parts");
        let body: Value = serde_json::from_slice(request.body.unwrap().expose()).unwrap();
        assert_eq!(
            body,
            json!({"parts": [{"number": 7, "size": 6_291_456, "is_final": false}, {"number": 8, "size": 811, "is_final": true}],
                   "asset_filesize": 44_041_027, "asset_name": "a \"b\".mov"})
        );
    }

    #[test]
    fn the_answer_has_an_address_for_each_part() {
        let answer = |body: Value| {
            read(
                &Response { status: 200, body: SecretBytes::new(body.to_string().into()), retry_after: None },
                2,
            )
        };
        assert_eq!(answer(json!({"upload_urls": ["https://a/1", "https://a/2"]})).unwrap().len(), 2);
        for body in [
            json!({"upload_urls": ["https://a/1"]}),
            json!({}),
            json!({"upload_urls": ["https://a/1", "ftp://a"]}),
        ] {
            assert_eq!(answer(body).unwrap_err().status, FIO_E_URL);
        }
    }
}
