//! Device information as the bytes of one store record.

use crate::api::device::MOST_CHANNELS;
use crate::api::device::{Channel, Device, Presence};
use crate::json::{Json, ObjectWriter};
use crate::prelude::*;
use crate::secret::SecretBytes;

pub(crate) const KEY: &str = "device";
const VERSION: i64 = 1;

pub(crate) fn encode(device: &Device, wall: Option<i64>, client_id: &str, origin: &str) -> SecretBytes {
    let mut object = ObjectWriter::new();
    object.number("version", VERSION);
    object.text("client_id", client_id);
    object.text("origin", origin);
    if let Some(wall) = wall {
        object.number("heard_at", wall);
    }
    for (name, value) in texts(device) {
        if let Some(value) = value {
            object.text(name, value);
        }
    }
    object.text("presence", word(device.presence));
    object.number("channels", i64::try_from(device.channels.len()).unwrap_or(0));
    for (at, channel) in device.channels.iter().enumerate() {
        object.text(&format!("channel_{at}_id"), &channel.id);
        object.number(&format!("channel_{at}_index"), channel.index.into());
        object.text(&format!("channel_{at}_presence"), word(channel.presence));
        for (name, value) in [("name", &channel.name), ("asset_type", &channel.asset_type)] {
            if let Some(value) = value {
                object.text(&format!("channel_{at}_{name}"), value);
            }
        }
    }
    object.finish()
}

fn texts(device: &Device) -> [(&'static str, Option<&String>); 7] {
    [
        ("id", device.id.as_ref()),
        ("name", device.name.as_ref()),
        ("project_id", device.project_id.as_ref()),
        ("project_name", device.project_name.as_ref()),
        ("asset_type", device.asset_type.as_ref()),
        ("timezone", device.timezone.as_ref()),
        ("creator_name", device.creator_name.as_ref()),
    ]
}

/// With the wall time when it was heard. `None` for what is not of this library, this device and this service: it is replaced in time.
pub(crate) fn decode(value: &SecretBytes, client_id: &str, origin: &str) -> Option<(Device, Option<i64>)> {
    let json = Json::parse(value.expose())?;
    let text = |name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned);
    let number = |name: &str| json.get(name).and_then(Json::as_f64);
    let presence = |name: &str| json.get(name).and_then(Json::as_str).map_or(Presence::Unknown, presence_of);
    if number("version") != Some(VERSION as f64)
        || text("client_id").as_deref() != Some(client_id)
        || text("origin").as_deref() != Some(origin)
    {
        return None;
    }
    let channel = |at: usize| {
        let name = |field: &str| format!("channel_{at}_{field}");
        Some(Channel {
            id: text(&name("id"))?,
            name: text(&name("name")),
            index: number(&name("index")).map_or(0, |index| index as u32),
            asset_type: text(&name("asset_type")),
            presence: presence(&name("presence")),
        })
    };
    let channels = number("channels").map_or(0, |count| count as usize).min(MOST_CHANNELS);
    let device = Device {
        id: text("id"),
        name: text("name"),
        project_id: text("project_id"),
        project_name: text("project_name"),
        asset_type: text("asset_type"),
        timezone: text("timezone"),
        presence: presence("presence"),
        creator_name: text("creator_name"),
        channels: (0..channels).filter_map(channel).collect(),
    };
    let wall = number("heard_at").map(|wall| wall as i64);
    Some((device, wall))
}

fn word(presence: Presence) -> &'static str {
    match presence {
        Presence::Unknown => "unknown",
        Presence::Online => "online",
        Presence::Offline => "offline",
        Presence::Paused => "paused",
    }
}

fn presence_of(word: &str) -> Presence {
    match word {
        "online" => Presence::Online,
        "offline" => Presence::Offline,
        "paused" => Presence::Paused,
        _ => Presence::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALL: i64 = 1_800_000_000;

    fn device() -> Device {
        Device {
            id: Some("d".into()),
            name: Some("camera \"A\"".into()),
            project_id: Some("p".into()),
            project_name: Some("Feature Ä".into()),
            presence: Presence::Paused,
            channels: vec![
                Channel { id: "c0".into(), presence: Presence::Online, ..Channel::default() },
                Channel { id: "c1".into(), name: Some("B".into()), index: 1, ..Channel::default() },
            ],
            ..Device::default()
        }
    }

    #[test]
    fn comes_back_as_it_went() {
        for (device, wall) in [(device(), Some(WALL)), (Device::default(), None)] {
            let value = encode(&device, wall, "cam", "https://x");
            assert_eq!(decode(&value, "cam", "https://x"), Some((device, wall)));
        }
    }

    #[test]
    fn is_not_used_for_another_device_or_service() {
        let value = encode(&device(), Some(WALL), "cam", "https://x");
        assert!(decode(&value, "other", "https://x").is_none());
        assert!(decode(&value, "cam", "https://y").is_none());
        for junk in ["", "{}", "[]", r#"{"version":2}"#] {
            assert!(decode(&SecretBytes::new(junk.into()), "cam", "https://x").is_none());
        }
    }
}
