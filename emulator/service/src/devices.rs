//! Devices connected to projects, as people and `/v2/devices/me` see them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::grants::GrantId;
use super::pauses::Pauses;
use super::projects::Project;
use crate::hash;
use crate::random::Random;

/// Without any contact for this long a device counts as offline.
pub const OFFLINE_AFTER: Duration = Duration::from_secs(300);
/// Heartbeats are not to come more often than this.
pub const HEARTBEAT_AT_MOST_EVERY: Duration = Duration::from_secs(60);
/// Devices remembered, and told apart by the checklist.
pub const MOST_DEVICES: usize = 4_096;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceStatus {
    Online,
    Offline,
    Paused,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Device {
    pub id: String,
    pub device_id: String,
    pub creator_id: String,
    pub channel_id: String,
    pub client_id: String,
    pub name: String,
    pub project: Project,
    pub pauses: Pauses,
    pub firmware: Option<String>,
    pub inserted_at: Duration,
    pub updated_at: Duration,
    pub last_seen_at: Duration,
    pub last_heartbeat_at: Option<Duration>,
    pub heartbeats: u64,
    pub pairings: u64,
    pub grant: Option<GrantId>,
    /// When the connection ends, because a person wants it so.
    #[serde(default)]
    pub expires_at: Option<Duration>,
}

impl Device {
    pub fn status(&self, now: Duration) -> DeviceStatus {
        if self.pauses.is_on() {
            DeviceStatus::Paused
        } else if self.last_heartbeat_at.is_none() || self.is_silent(now) {
            // As the service says right after the authorization, until the first heartbeat.
            DeviceStatus::Offline
        } else {
            DeviceStatus::Online
        }
    }

    pub fn has_lapsed(&self, now: Duration) -> bool {
        self.expires_at.is_some_and(|end| now >= end)
    }

    /// Gives the connection an end, or takes it back.
    pub fn end_at(&mut self, now: Duration, end: Option<Duration>) {
        self.expires_at = end;
        self.updated_at = now;
    }

    fn is_silent(&self, now: Duration) -> bool {
        now.saturating_sub(self.last_seen_at) > OFFLINE_AFTER
    }

    /// Any authorized call counts as contact.
    pub fn seen(&mut self, now: Duration, firmware: Option<&str>) {
        self.last_seen_at = now;
        if let Some(firmware) = firmware {
            self.firmware = Some(firmware.to_owned());
        }
    }

    /// Counts a heartbeat; true when it came sooner after the last one than the service allows.
    pub fn heartbeat(&mut self, now: Duration) -> bool {
        let tolerance = Duration::from_millis(500);
        let soon = self
            .last_heartbeat_at
            .is_some_and(|last| now.saturating_sub(last) + tolerance < HEARTBEAT_AT_MOST_EVERY);
        self.last_heartbeat_at = Some(now);
        self.heartbeats += 1;
        soon
    }

    pub fn set_paused(&mut self, now: Duration, paused: bool) {
        if paused {
            self.pauses.begin(now);
        } else {
            self.pauses.end(now);
        }
        self.updated_at = now;
    }

    pub fn move_to(&mut self, now: Duration, project: Project) {
        self.project = project;
        self.updated_at = now;
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Devices {
    devices: BTreeMap<String, Device>,
    #[serde(skip)]
    pub(crate) random: Random,
}

impl Devices {
    /// Connects a device to a project, for the first time or again; answers with the grants that end by it: the one
    /// before, and that of a device for which there is no room any more.
    pub fn connect(
        &mut self,
        now: Duration,
        client_id: &str,
        project: Project,
        firmware: Option<&str>,
        grant: GrantId,
    ) -> Vec<GrantId> {
        let forgotten = self.make_room(client_id);
        let random = &mut self.random;
        let device = self.devices.entry(client_id.to_owned()).or_insert_with(|| Device {
            id: random.uuid(),
            device_id: random.uuid(),
            creator_id: random.uuid(),
            channel_id: random.uuid(),
            client_id: client_id.to_owned(),
            name: name_of(client_id),
            project: project.clone(),
            pauses: Pauses::default(),
            firmware: None,
            inserted_at: now,
            updated_at: now,
            last_seen_at: now,
            last_heartbeat_at: None,
            heartbeats: 0,
            pairings: 0,
            grant: None,
            expires_at: None,
        });
        device.move_to(now, project);
        device.seen(now, firmware);
        // Another authorization is another beginning.
        device.last_heartbeat_at = None;
        device.expires_at = None;
        device.pairings += 1;
        device.grant.replace(grant).into_iter().chain(forgotten).collect()
    }

    pub fn get(&self, client_id: &str) -> Option<&Device> {
        self.devices.get(client_id)
    }

    pub fn get_mut(&mut self, client_id: &str) -> Option<&mut Device> {
        self.devices.get_mut(client_id)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Device> {
        self.devices.values()
    }

    fn make_room(&mut self, client_id: &str) -> Option<GrantId> {
        if self.devices.len() < MOST_DEVICES || self.devices.contains_key(client_id) {
            return None;
        }
        let quietest = self
            .devices
            .values()
            .min_by_key(|device| device.last_seen_at)
            .map(|device| device.client_id.clone());
        self.devices.remove(&quietest?)?.grant
    }
}

/// The display name of a unit: stable for its client id, which itself is not for people to see.
pub fn name_of(client_id: &str) -> String {
    format!("emulated-camera-{}", &hash::sha256(client_id)[..4])
}
