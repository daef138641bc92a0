//! What the service knows of uploads: assets, and whether it takes them. The storage behind it is in
//! `storage.rs`.

use super::answers::{detailed, json};
use super::storage::{Slot, Standing, Storage, address};
use crate::ask::{Announcement, NewAsset};
use fio_c2c::api::Response;
use fio_c2c::api::part::PartRequest;
use std::collections::{BTreeMap, BTreeSet};

/// The storage takes no smaller part, except the last of a file.
const SMALLEST_PART: u64 = 5 << 20;

/// How this service treats uploads.
#[derive(Clone, Debug)]
pub struct AssetRules {
    /// A file gets one address for so many bytes.
    pub bytes_in_a_part: u64,
    /// And so many more, whose parts may be empty; they are waited for all the same.
    pub spare_addresses: u64,
    /// Milliseconds.
    pub address_life: u64,
    /// The addresses say when they end.
    pub addresses_say_when: bool,
    /// A part is an object of its own, which may come again at any time: nothing says `NoSuchUpload`.
    pub parts_are_objects: bool,
    /// Between the last part and its being a whole file, milliseconds.
    pub assembly: u64,
    /// An answer says which project the asset went to.
    pub names_project: bool,
    /// A part that is there already, or an asset that is whole, cannot be announced again (422).
    pub is_strict_on_announcements: bool,
    /// Of a hundred creations, so many are answered with addresses nobody can use.
    pub bad_address_percent: u8,
}

impl Default for AssetRules {
    fn default() -> AssetRules {
        AssetRules {
            bytes_in_a_part: 100,
            spare_addresses: 0,
            address_life: 86_400_000,
            addresses_say_when: false,
            parts_are_objects: false,
            assembly: 0,
            names_project: true,
            is_strict_on_announcements: true,
            bad_address_percent: 0,
        }
    }
}

impl AssetRules {
    /// For how many seconds addresses are good, if they say so.
    fn told_life(&self) -> Option<u64> {
        self.addresses_say_when.then_some(self.address_life / 1_000)
    }
}

#[derive(Debug)]
pub struct Asset {
    /// Which upload it belongs to: its media type, which the tests give to one only.
    pub key: String,
    pub name: Option<String>,
    pub project: String,
    pub is_realtime: bool,
    /// Of the whole, once it is known.
    pub size: Option<u64>,
    pub slots: BTreeMap<u32, Slot>,
    pub standing: Standing,
    pub comments: u32,
}

/// A time during which the device was paused, in milliseconds since the world began.
#[derive(Clone, Copy, Debug)]
pub struct Pause {
    pub from: u64,
    pub to: Option<u64>,
}

#[derive(Default)]
pub struct Assets {
    pub rules: AssetRules,
    pub list: Vec<Asset>,
    pub pauses: Vec<Pause>,
    /// Media types the service does not like.
    pub refused: BTreeSet<String>,
    /// Each answer to a creation or announcement that was a refusal: whose, and the HTTP status.
    pub refusals: BTreeSet<(String, u16)>,
    /// Whom addresses were given that nobody can use.
    pub misled: BTreeSet<String>,
    /// Whose parts arrived damaged in the moment the power went: nobody was told.
    pub unseen_damage: BTreeSet<String>,
    /// Whose parts were announced when they were there already.
    pub refused_again: BTreeSet<String>,
    /// Assets that were made and then denied by something on the way, which answered with an error.
    pub denied: BTreeMap<String, usize>,
    pub creations: u32,
    pub announcements: u32,
    pub storage: Storage,
}

impl Assets {
    /// A person pauses the device, or lets it go on.
    pub fn set_paused(&mut self, is_paused: bool, time: u64) {
        match self.pauses.last_mut().filter(|pause| pause.to.is_none()) {
            Some(open) if !is_paused => open.to = Some(time),
            None if is_paused => self.pauses.push(Pause { from: time, to: None }),
            _ => {}
        }
    }

    pub fn is_paused_at(&self, made: i64) -> bool {
        self.pauses
            .iter()
            .any(|pause| made >= pause.from as i64 && pause.to.is_none_or(|to| made < to as i64))
    }

    pub fn create(
        &mut self,
        new: &NewAsset,
        project: &str,
        time: u64,
        random: &mut fastrand::Rng,
    ) -> Response {
        self.creations += 1;
        // Its clock is that of seconds, as is the offset.
        let made = time as i64 - i64::try_from(new.offset).expect("an offset is a number") * 1000;
        if self.is_paused_at(made) {
            self.refusals.insert((new.key.clone(), 409));
            return detailed(409, "Channel Paused");
        }
        if self.refused.contains(&new.key) {
            self.refusals.insert((new.key.clone(), 422));
            return detailed(422, "Unprocessable Entity");
        }
        let id = self.list.len();
        let mut slots = BTreeMap::new();
        let parts = new.size.map_or(0, |size| match new.parts {
            0 => {
                let needed = size.div_ceil(self.rules.bytes_in_a_part);
                (needed + self.rules.spare_addresses).clamp(1, 10_000)
            }
            parts => parts.into(),
        });
        if let Some(size) = new.size {
            assert!(size > 0, "an empty file was announced");
            let each = size.div_ceil(parts);
            for part in 0..parts {
                let start = (part * each).min(size);
                let slot = Slot { size: each.min(size - start), is_final: false, stored: None };
                slots.insert(part as u32 + 1, slot);
            }
        }
        let expires = time + self.rules.address_life;
        let life = self.rules.told_life();
        let mut addresses: Vec<String> =
            (1..=parts).map(|part| address(id, part as u32, expires, life, random)).collect();
        if new.size.is_some() && random.u8(0..100) < self.rules.bad_address_percent {
            self.misled.insert(new.key.clone());
            match random.u8(0..5) {
                0 => addresses.clear(),
                1 => addresses = vec!["https://storage.example/x".into(); 10_001],
                2 => addresses[0] = addresses[0].replace("https", "http"),
                3 => addresses[0] = "/parts/1".into(),
                _ => addresses[0] = "ftp://storage.example/1".into(),
            }
        }
        self.list.push(Asset {
            key: new.key.clone(),
            name: new.name.clone(),
            project: project.into(),
            is_realtime: new.size.is_none(),
            size: new.size,
            slots,
            standing: Standing::Open,
            comments: 0,
        });
        let mut answer = serde_json::json!({"_type": "file", "id": format!("asset-{id}")});
        if new.size.is_some() {
            answer["upload_urls"] = addresses.into();
        }
        if self.rules.names_project {
            answer["project_id"] = project.into();
        }
        json(201, answer.to_string())
    }

    pub fn announce(
        &mut self,
        id: &str,
        announcement: &Announcement,
        time: u64,
        random: &mut fastrand::Rng,
    ) -> Response {
        self.announcements += 1;
        let Some(number) = number_of(id).filter(|number| *number < self.list.len()) else {
            return detailed(404, "Not Found");
        };
        self.list[number].settle(time);
        let asset = &mut self.list[number];
        assert!(asset.is_realtime, "parts of a file that is no recording were announced");
        if asset.standing == Standing::Gone {
            return detailed(404, "Not Found");
        }
        for part in &announcement.parts {
            assert!((1..=10_000).contains(&part.number) && part.size > 0, "{part:?}");
            assert!(part.is_final || part.size >= SMALLEST_PART, "the storage takes no such part: {part:?}");
            assert!(!part.is_final || announcement.size.is_some(), "the last part comes with the size");
        }
        let is_known = |number| asset.slots.get(&number).is_some_and(|slot| slot.stored.is_some());
        let is_again = announcement.parts.iter().any(|part| is_known(part.number));
        let is_over = asset.standing != Standing::Open;
        let last = asset.slots.last_key_value().filter(|(_, slot)| slot.is_final).map(|(&number, _)| number);
        let new_last = announcement.parts.iter().find(|part| part.is_final).map(|part| part.number).or(last);
        let highest =
            announcement.parts.iter().map(|part| part.number).chain(asset.slots.keys().copied()).max();
        let is_beyond = new_last.is_some() && new_last != highest;
        if is_beyond || self.rules.is_strict_on_announcements && (is_over || is_again) {
            // No reason for an upload to fail: the device knows what it has announced and sent.
            self.refused_again.insert(asset.key.clone());
            return detailed(422, "Unprocessable Entity");
        }
        let expires = time + self.rules.address_life;
        let life = self.rules.told_life();
        let mut addresses = Vec::new();
        for part in &announcement.parts {
            if !is_over {
                let slot =
                    asset.slots.entry(part.number).or_insert(Slot { size: 0, is_final: false, stored: None });
                if slot.size != part.size {
                    slot.stored = None;
                }
                (slot.size, slot.is_final) = (part.size, part.is_final);
            }
            addresses.push(address(number, part.number, expires, life, random));
        }
        if !is_over {
            asset.size = announcement.size.or(asset.size);
            // The first name stays.
            asset.name = asset.name.take().or_else(|| announcement.name.clone());
        }
        json(200, serde_json::json!({"upload_urls": addresses}).to_string())
    }

    pub fn comment(&mut self, id: &str) -> Response {
        match number_of(id).and_then(|number| self.list.get_mut(number)) {
            Some(asset) => {
                asset.comments += 1;
                json(201, r#"{"id":"c"}"#.into())
            }
            None => detailed(404, "Not Found"),
        }
    }

    /// What the storage says to a part whose bytes have all arrived.
    pub fn put(
        &mut self,
        part: &PartRequest,
        samples: Vec<crate::content::Sample>,
        time: u64,
    ) -> super::storage::Reply {
        self.storage.put(&mut self.list, part, samples, &self.rules, time)
    }

    /// The storage forgets an upload that is not whole yet.
    pub fn forget(&mut self, number: usize, time: u64) {
        let asset = &mut self.list[number];
        asset.settle(time);
        if asset.standing == Standing::Open {
            asset.standing = Standing::Gone;
        }
    }

    /// Whether a device may take an upload for done: it is whole, or the storage has forgotten it.
    pub fn may_be_done(&self, key: &str) -> bool {
        let is_over = |asset: &&Asset| asset.is_whole() || asset.standing == Standing::Gone;
        self.list.iter().filter(|asset| asset.key == key).any(|asset| is_over(&asset))
    }

    /// The whole files of an upload.
    pub fn complete(&self, key: &str) -> impl Iterator<Item = &Asset> {
        self.list.iter().filter(move |asset| asset.key == key && asset.is_whole())
    }
}

/// The number of an asset from its id.
pub fn number_of(id: &str) -> Option<usize> {
    id.strip_prefix("asset-")?.parse().ok()
}
