//! Assets that devices upload: created, sent in parts, assembled.

pub mod asset;
pub mod realtime;
pub mod upload;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use asset::{Kind, NewAsset, part_count, part_sizes};
use realtime::Announcement;
use serde::{Deserialize, Serialize};
use upload::{Comment, State, Upload};

use super::Service;
use crate::random::Random;

/// Uploads remembered; beyond it the oldest are forgotten, and unknown to the storage too.
const MOST_UPLOADS: usize = 10_000;
/// The same for the parts of all of them together.
const MOST_PARTS_IN_ALL: usize = 1_000_000;

/// And for what the comments on all of them cost.
const MOST_COMMENTS_IN_ALL: usize = 16 << 20;

/// Why the service does not do what a device asks about an asset.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// The request itself is wrong.
    Bad(&'static str),
    /// The request is understood and a value of it is wrong.
    Invalid(&'static str),
    /// The device may not create assets.
    Forbidden,
    /// Recorded while the device was paused.
    Paused,
    NoSuchAsset,
}

/// In the order of their creation.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Uploads<K> {
    uploads: VecDeque<Upload<K>>,
    /// The place of each, counted from the first that ever was.
    #[serde(skip)]
    places: HashMap<String, usize>,
    #[serde(skip)]
    forgotten: usize,
    /// What all comments cost.
    #[serde(skip)]
    comments: usize,
    #[serde(skip)]
    pub(crate) random: Random,
}

impl<K: Default> Uploads<K> {
    pub fn get(&self, id: &str) -> Option<&Upload<K>> {
        self.uploads.get(self.place(id)?)
    }

    pub fn get_mut(&mut self, id: &str) -> Option<&mut Upload<K>> {
        let place = self.place(id)?;
        self.uploads.get_mut(place)
    }

    /// After they were read from a file: finds them and what was kept of their parts again.
    pub fn restore(&mut self, find: impl Fn(State, K, u64) -> Option<K>) {
        for (place, upload) in self.uploads.iter_mut().enumerate() {
            self.places.insert(upload.id.clone(), place);
            let state = upload.state;
            upload.restore(|kept, size| find(state, kept, size));
        }
        self.comments = self.uploads.iter().map(Upload::comment_cost).sum();
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Upload<K>> + ExactSizeIterator {
        self.uploads.iter()
    }

    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = &mut Upload<K>> {
        self.uploads.iter_mut()
    }

    /// Forgets all; dropping them drops what is kept of them.
    pub fn clear(&mut self) -> VecDeque<Upload<K>> {
        self.forgotten += self.uploads.len();
        self.places.clear();
        self.comments = 0;
        std::mem::take(&mut self.uploads)
    }

    fn add(&mut self, upload: Upload<K>) {
        self.places.insert(upload.id.clone(), self.forgotten + self.uploads.len());
        self.uploads.push_back(upload);
        let mut parts: usize = self.uploads.iter().map(|upload| upload.parts().len()).sum();
        while self.uploads.len() > MOST_UPLOADS || (parts > MOST_PARTS_IN_ALL && self.uploads.len() > 1) {
            if let Some(oldest) = self.uploads.pop_front() {
                parts -= oldest.parts().len();
                self.comments -= oldest.comment_cost();
                self.places.remove(&oldest.id);
                self.forgotten += 1;
            }
        }
    }

    /// Beyond the bound for all comments together, those of other uploads are forgotten, the oldest first.
    fn comment(&mut self, id: &str, text: &str, timestamp: Option<f64>) -> Option<&Comment> {
        let place = self.place(id)?;
        let upload = self.uploads.get_mut(place)?;
        let before = upload.comment_cost();
        upload.comment(text, timestamp, &mut self.random);
        self.comments = self.comments - before + upload.comment_cost();
        let mut others = self.uploads.iter_mut().take(place);
        while self.comments > MOST_COMMENTS_IN_ALL {
            let Some(older) = others.find(|upload| !upload.comments.is_empty()) else { break };
            self.comments -= older.comment_cost();
            older.comments.clear();
        }
        let newer = self.uploads.iter_mut().skip(place + 1);
        for newer in newer.filter(|upload| !upload.comments.is_empty()) {
            if self.comments <= MOST_COMMENTS_IN_ALL {
                break;
            }
            self.comments -= newer.comment_cost();
            newer.comments.clear();
        }
        self.uploads.get(place)?.comments.back()
    }

    /// Which it is, counted from the first that ever was.
    pub fn number_of(&self, id: &str) -> Option<usize> {
        self.places.get(id).copied()
    }

    fn place(&self, id: &str) -> Option<usize> {
        self.places.get(id).map(|place| place - self.forgotten)
    }
}

impl<K: Default> Service<K> {
    pub fn create_asset(
        &mut self,
        now: Duration,
        client_id: &str,
        asset: NewAsset,
    ) -> Result<String, Refused> {
        let device = self.devices.get(client_id).ok_or(Refused::Forbidden)?;
        if !self.grant_of(device).is_some_and(|grant| grant.scope.asset_create) {
            return Err(Refused::Forbidden);
        }
        if device.pauses.cover(now, asset.offset) {
            return Err(Refused::Paused);
        }
        let (filesize, count) = match asset.kind {
            Kind::Finished { filesize, parts } => {
                (filesize, parts.unwrap_or_else(|| part_count(filesize, self.settings.part_bytes)))
            }
            Kind::RealTime { .. } => (0, 0),
        };
        let project = device.project.clone();
        let parts_are = self.settings.parts;
        let (sizes, random) = (part_sizes(filesize, count), &mut self.uploads.random);
        let mut upload = Upload::new(now, client_id, project, parts_are, asset, sizes, random);
        upload.assembly = self.assembly;
        let id = upload.id.clone();
        self.uploads.add(upload);
        Ok(id)
    }

    pub fn announce_parts(
        &mut self,
        client_id: &str,
        asset_id: &str,
        announcement: &Announcement,
    ) -> Result<(), Refused> {
        let (minimum, again) = (self.settings.minimum_part_bytes, self.takes_announcements_again);
        let upload = self.own_upload(client_id, asset_id)?;
        if !upload.realtime {
            return Err(Refused::NoSuchAsset);
        }
        upload.announce(announcement, minimum, again).map_err(Refused::Bad)
    }

    pub fn comment_asset(
        &mut self,
        client_id: &str,
        asset_id: &str,
        text: &str,
        timestamp: Option<f64>,
    ) -> Result<&Comment, Refused> {
        self.own_upload(client_id, asset_id)?;
        self.uploads.comment(asset_id, text, timestamp).ok_or(Refused::NoSuchAsset)
    }

    /// The device's asset of that id: to others it does not exist.
    pub fn own_upload(&mut self, client_id: &str, asset_id: &str) -> Result<&mut Upload<K>, Refused> {
        let upload = self.uploads.get_mut(asset_id).filter(|upload| upload.client_id == client_id);
        upload.ok_or(Refused::NoSuchAsset)
    }
}
