//! `GET /v2/devices/me`: who this device is for the service. The documents disagree on which fields
//! are always there, so everything may be missing or of a
//! strange type, the project too: a widely used emulator answers `{}`.

use super::{Endpoint, LARGEST_ANSWER, Request, Response, failure};
use crate::error::Error;
use crate::json::Json;
use crate::prelude::*;
use crate::shown::is_plain;
use crate::status::FIO_E_PROTOCOL;

/// The members that are read, at any depth.
const NAMES: &[&str] = &[
    "id",
    "name",
    "project",
    "project_id",
    "asset_type",
    "timezone",
    "status",
    "authorization",
    "creator",
    "channels",
    "external_index",
];

/// More channels than any device has; a longer list is cut.
pub const MOST_CHANNELS: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Presence {
    /// A word this library does not know, or none.
    #[default]
    Unknown,
    Online,
    Offline,
    Paused,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Device {
    pub id: Option<String>,
    pub name: Option<String>,
    /// Identity of the project; its name may change. `None` where the service names none: the token is bound to
    /// one all the same.
    pub project_id: Option<String>,
    pub project_name: Option<String>,
    pub asset_type: Option<String>,
    pub timezone: Option<String>,
    pub presence: Presence,
    /// Name of the person who connected the device.
    pub creator_name: Option<String>,
    pub channels: Vec<Channel>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Channel {
    pub id: String,
    pub name: Option<String>,
    pub index: u32,
    pub asset_type: Option<String>,
    pub presence: Presence,
}

pub fn request() -> Request {
    Request {
        endpoint: Endpoint::Device,
        content_type: None,
        body: None,
        bearer: None,
        url_pairing: false,
        asset: None,
        largest_answer: LARGEST_ANSWER,
    }
}

pub fn read(response: &Response) -> Result<Device, Error> {
    if !response.is_success() {
        return Err(failure::from_response(response));
    }
    let answer =
        Json::parse_only(response.body.expose(), NAMES).filter(|answer| matches!(answer, Json::Object(_)));
    let Some(answer) = answer else {
        let what = "the device information is not a JSON object";
        return Err(Error::new(FIO_E_PROTOCOL, what).with_http(response.status));
    };
    let project = answer.get("project");
    let project_id = text(&answer, "project_id").or_else(|| project.and_then(|project| text(project, "id")));
    let creator = answer.get("authorization").and_then(|authorization| authorization.get("creator"));
    let channels = answer.get("channels").map_or(&[][..], Json::elements);
    Ok(Device {
        id: text(&answer, "id"),
        name: text(&answer, "name"),
        project_id,
        project_name: project.and_then(|project| text(project, "name")),
        asset_type: text(&answer, "asset_type"),
        timezone: text(&answer, "timezone"),
        presence: presence(&answer),
        creator_name: creator.and_then(|creator| text(creator, "name")),
        channels: channels.iter().take(MOST_CHANNELS).filter_map(channel).collect(),
    })
}

fn channel(value: &Json<'_>) -> Option<Channel> {
    Some(Channel {
        id: text(value, "id")?,
        name: text(value, "name"),
        index: value.get("external_index").and_then(Json::as_f64).map_or(0, |index| index as u32),
        asset_type: text(value, "asset_type"),
        presence: presence(value),
    })
}

fn presence(value: &Json<'_>) -> Presence {
    match value.get("status").and_then(Json::as_str) {
        Some("online") => Presence::Online,
        Some("offline") => Presence::Offline,
        Some("paused") => Presence::Paused,
        _ => Presence::Unknown,
    }
}

/// A non-empty text without control characters, cut to what a screen can hold.
fn text(value: &Json<'_>, name: &str) -> Option<String> {
    let text: String = value.get(name)?.as_str()?.chars().filter(|&c| is_plain(c)).take(1024).collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretBytes;
    use serde_json::{Value, json};

    fn device(body: Value) -> Result<Device, Error> {
        read(&Response { status: 200, body: SecretBytes::new(body.to_string().into()), retry_after: None })
    }

    #[test]
    fn a_full_answer() {
        let device = device(json!({
            "_type": "project_device", "id": "0d1b", "asset_type": "video", "name": "acme-cam-19", "status": "paused",
            "timezone": "Etc/UTC", "project_id": "7c9e", "project": {"_type": "project", "id": "7c9e", "name": "Feature A"},
            "authorization": {"expires_at": null, "creator": {"name": "Sam"}, "scopes": {"asset_create": true}},
            "channels": [{"id": "5e0c", "external_index": 1.0, "asset_type": "video", "status": "online"}, 7]
        }))
        .unwrap();
        assert_eq!(device.project_name.as_deref(), Some("Feature A"));
        assert_eq!(device.presence, Presence::Paused);
        assert_eq!(device.channels.len(), 1);
        assert_eq!((device.channels[0].index, device.channels[0].presence), (1, Presence::Online));
    }

    #[test]
    fn fields_of_strange_types_count_as_absent() {
        let device =
            device(json!({"project": {"id": "p"}, "status": "dreaming", "channels": null, "name": 7}))
                .unwrap();
        assert_eq!(
            (device.project_id.as_deref(), device.presence, device.name),
            (Some("p"), Presence::Unknown, None)
        );
    }

    #[test]
    fn an_answer_without_a_project_names_none() {
        for body in [json!({}), json!({"project_id": ""}), json!({"project": "x"})] {
            assert_eq!(device(body).unwrap(), Device::default());
        }
        for body in [json!([]), json!(null), json!("x"), json!(7)] {
            assert_eq!(device(body).unwrap_err().status, FIO_E_PROTOCOL);
        }
    }
}
