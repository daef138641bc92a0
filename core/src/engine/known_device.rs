//! Device information as it was last heard, kept with the tokens: a device that is switched on where there is no
//! network still shows the name of its project.

use super::Engine;
use super::effects::Event;
use crate::api::device::{Channel, Device, Presence};
use crate::auth::session::is_plausible;
use crate::clock::{Instant, Now};
use crate::error::Error;
use crate::json::{Json, ObjectWriter};
use crate::log::log_line;
use crate::prelude::*;
use crate::secret::SecretBytes;
use crate::status::{FIO_E_DEVICE_UNKNOWN, FIO_E_STORE_DAMAGED};
use core::time::Duration;

const KEY: &str = "device";
const VERSION: i64 = 1;

/// What is heard again unchanged is written this often at most: only its age is new.
const REWRITE_AFTER: u64 = 3600;

const MOST_CHANNELS: usize = 64;

/// Device information and how old it is.
#[derive(Clone, Debug, PartialEq)]
pub struct AgedDevice {
    pub device: Box<Device>,
    /// `None` where a clock that cannot be right told or tells the time.
    pub age: Option<Duration>,
}

#[derive(Debug)]
struct Known {
    device: Box<Device>,
    /// When it was heard: in this life, and by the wall clock, if that could be right.
    here: Option<Instant>,
    wall: Option<i64>,
}

#[derive(Debug, Default)]
pub(super) struct KnownDevice {
    known: Option<Known>,
    /// The store has been read.
    is_loaded: bool,
    /// It holds something, of use or not.
    is_stored: bool,
    /// What the store holds is as old as this.
    saved: Option<i64>,
}

impl Known {
    fn aged(&self, now: Now) -> AgedDevice {
        let by_wall = || {
            let age = now.wall.checked_sub(self.wall.filter(|_| is_plausible(now.wall))?)?;
            u64::try_from(age).ok().map(Duration::from_secs)
        };
        let age = self.here.map(|here| now.mono - here).or_else(by_wall);
        AgedDevice { device: self.device.clone(), age }
    }
}

impl Engine {
    /// What the device information was when it was last heard, be it in an earlier life.
    pub fn cached_device(&mut self, now: Now) -> Result<AgedDevice, Error> {
        self.cx.set_now(now);
        self.load_known_device();
        let known = self.known_device.known.as_ref();
        known.map(|known| known.aged(now)).ok_or_else(|| Error::of(FIO_E_DEVICE_UNKNOWN))
    }

    /// An authorization was taken up from the store: what is known of the device is told with it.
    pub(super) fn tell_known_device(&mut self) {
        self.load_known_device();
        // A power cut may have left that of an earlier pairing.
        let project = self.persistence.project_id.as_ref();
        let known = &mut self.known_device.known;
        if known.take_if(|known| known.device.project_id.as_ref() != project).is_some() {
            self.known_device.saved = None;
        }
        if let Some(known) = &self.known_device.known {
            let aged = known.aged(self.cx.now);
            self.cx.tell(Event::DeviceCached(aged));
        }
    }

    /// A store that cannot be read is asked again at the next occasion.
    fn load_known_device(&mut self) {
        if self.known_device.is_loaded {
            return;
        }
        let value = match self.cx.records.load(KEY) {
            Ok(value) => value,
            Err(error) if error.status == FIO_E_STORE_DAMAGED => {
                self.store_complaint(error);
                None
            }
            Err(error) => return log_line!(self.cx.log, Warn, "{error}"),
        };
        self.known_device.is_loaded = true;
        self.known_device.is_stored = value.is_some();
        let settings = &self.cx.settings;
        let known = value.and_then(|value| decode(&value, &settings.client_id, &settings.origin));
        self.known_device.saved = known.as_ref().and_then(|known| known.wall);
        self.known_device.known = known;
    }

    /// The service has told of the device.
    pub(super) fn note_device(&mut self, device: &Device) {
        self.load_known_device();
        // An answer that names no project takes no name away: the tokens are bound to one project.
        let known = self.known_device.known.as_ref();
        if device.project_id.is_none() && known.is_some_and(|known| known.device.project_id.is_some()) {
            return;
        }
        let wall = Some(self.cx.now.wall).filter(|&wall| is_plausible(wall));
        let is_fresh = match (self.known_device.saved, wall) {
            (Some(saved), Some(wall)) => wall.abs_diff(saved) < REWRITE_AFTER,
            (_, None) => true,
            (None, Some(_)) => false,
        };
        let is_known = known.is_some_and(|known| *known.device == *device);
        self.known_device.known =
            Some(Known { device: Box::new(device.clone()), here: Some(self.cx.now.mono), wall });
        self.known_device.is_loaded = true;
        if is_known && is_fresh {
            return;
        }
        let settings = &self.cx.settings;
        let value = encode(device, wall, &settings.client_id, &settings.origin);
        match self.cx.records.save(KEY, &value) {
            Ok(()) => (self.known_device.saved, self.known_device.is_stored) = (wall, true),
            // Of use at the next start only, and the tokens' own record tells of the trouble.
            Err(error) => log_line!(self.cx.log, Warn, "{error}"),
        }
    }

    /// A new pairing, or a revocation: what was known belongs to an authorization that is over.
    pub(super) fn forget_device(&mut self) {
        self.load_known_device();
        let may_be_stored = self.known_device.is_stored || !self.known_device.is_loaded;
        self.known_device = KnownDevice { is_loaded: true, ..KnownDevice::default() };
        if may_be_stored {
            if let Err(error) = self.cx.records.erase(KEY) {
                log_line!(self.cx.log, Warn, "{error}");
            }
        }
    }
}

fn encode(device: &Device, wall: Option<i64>, client_id: &str, origin: &str) -> SecretBytes {
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

/// `None` for what is not of this library, this device and this service: it is replaced in time.
fn decode(value: &SecretBytes, client_id: &str, origin: &str) -> Option<Known> {
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
    Some(Known { device: Box::new(device), here: None, wall })
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
        let known = decode(&encode(&device(), Some(WALL), "cam", "https://x"), "cam", "https://x").unwrap();
        assert_eq!((*known.device, known.wall), (device(), Some(WALL)));
        let bare = Device::default();
        let known = decode(&encode(&bare, None, "cam", "https://x"), "cam", "https://x").unwrap();
        assert_eq!((*known.device, known.wall), (bare, None));
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

    #[test]
    fn its_age_is_told_by_clocks_that_can_be_right() {
        let now = |mono: u64, wall: i64| Now { mono: Instant(mono * 1000), wall };
        let known = |here, wall| Known { device: Box::new(device()), here, wall };
        let earlier = known(None, Some(WALL));
        assert_eq!(earlier.aged(now(5, WALL + 90)).age, Some(Duration::from_secs(90)));
        assert_eq!(earlier.aged(now(5, WALL - 90)).age, None);
        assert_eq!(earlier.aged(now(5, 100)).age, None);
        assert_eq!(known(None, None).aged(now(5, WALL)).age, None);
        // In one life the other clock tells, whatever becomes of the wall clock.
        assert_eq!(known(Some(Instant(2000)), None).aged(now(5, 100)).age, Some(Duration::from_secs(3)));
    }
}
