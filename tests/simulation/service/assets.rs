//! Uploads, as the model has them, and what the tests need to judge what devices do about them. The
//! storage behind it is in `storage.rs`.

use super::answers::{detailed, json, text};
use super::storage::presigned_url;
use super::{Service, at};
use crate::ask::{CLIENT_ID, NewAsset};
use crate::content::Sample;
use fio_c2c::api::Response;
use fio_emulator_service::uploads::Refused;
use fio_emulator_service::uploads::asset::{AssetFields, MOST_PARTS, part_count};
use fio_emulator_service::uploads::realtime::Announcement;
use fio_emulator_service::uploads::upload::{State, Upload};
use std::collections::{BTreeMap, BTreeSet};

/// The storage takes no smaller part, except the last of a file.
const SMALLEST_PART: u64 = 5 << 20;

/// It belongs to the upload that has its media type: the tests give each to one only.
pub type Asset = Upload<Vec<Sample>>;

/// How this service treats uploads.
#[derive(Clone, Debug)]
pub struct AssetRules {
    /// A file gets one URL for so many bytes.
    pub bytes_in_a_part: u64,
    /// And so many more, whose parts may be empty; they are waited for all the same.
    pub spare_urls: u64,
    /// Milliseconds.
    pub url_life: u64,
    /// The URLs say when they end.
    pub urls_say_when: bool,
    /// A part is an object of its own, which may come again at any time: nothing says `NoSuchUpload`.
    pub parts_are_objects: bool,
    /// Between the last part and its being a whole file, milliseconds.
    pub assembly: u64,
    /// An answer says which project the asset went to.
    pub names_project: bool,
    /// A part that is there already, or an asset that is whole, cannot be announced again (422).
    pub is_strict_on_announcements: bool,
    /// Of a hundred creations, so many are answered with URLs nobody can use.
    pub bad_url_percent: u8,
}

impl Default for AssetRules {
    fn default() -> AssetRules {
        AssetRules {
            bytes_in_a_part: 100,
            spare_urls: 0,
            url_life: 86_400_000,
            urls_say_when: false,
            parts_are_objects: false,
            assembly: 0,
            names_project: true,
            is_strict_on_announcements: true,
            bad_url_percent: 0,
        }
    }
}

impl AssetRules {
    /// For how many seconds URLs are good, if they say so.
    fn told_life(&self) -> Option<u64> {
        self.urls_say_when.then_some(self.url_life / 1_000)
    }
}

#[derive(Default)]
pub struct Assets {
    pub rules: AssetRules,
    /// Media types the service does not like.
    pub refused: BTreeSet<String>,
    /// Each answer to a creation or announcement that was a refusal: whose, and the HTTP status.
    pub refusals: BTreeSet<(String, u16)>,
    /// Whom URLs were given that nobody can use.
    pub misled: BTreeSet<String>,
    /// Whose parts arrived damaged in the moment the power went: nobody was told.
    pub unseen_damage: BTreeSet<String>,
    /// Whose parts were announced when they were there already.
    pub refused_again: BTreeSet<String>,
    /// Assets that were made and then denied by something on the way, which answered with an error.
    pub denied: BTreeMap<String, usize>,
    pub creations: u32,
    pub announcements: u32,
    /// What the storage has forgotten.
    pub(super) gone: BTreeSet<String>,
}

impl Service {
    pub(super) fn create(&mut self, new: &NewAsset, time: u64) -> Response {
        self.assets.creations += 1;
        if self.assets.refused.contains(&new.key) {
            self.assets.refusals.insert((new.key.clone(), 422));
            return detailed(422, "Unprocessable Entity");
        }
        assert!(new.size != Some(0), "an empty file was announced");
        let rules = &self.assets.rules;
        let parts = new.size.map(|size| match new.parts {
            0 => (part_count(size, rules.bytes_in_a_part) + rules.spare_urls).min(MOST_PARTS),
            parts => parts.into(),
        });
        let number = |value: u64| i64::try_from(value).expect("a number that fits");
        let fields = AssetFields {
            name: new.name.clone(),
            extension: new.extension.clone(),
            filetype: Some(new.key.clone()),
            filesize: new.size.map(number),
            offset: Some(number(new.offset)),
            parts: parts.map(number),
            realtime: new.size.is_none(),
            ..AssetFields::default()
        };
        let asset = fields.check().unwrap_or_else(|refused| panic!("{refused:?}: {new:?}"));
        let id = match self.model.create_asset(at(time), CLIENT_ID, asset) {
            Ok(id) => id,
            Err(refused) => {
                assert_eq!(refused, Refused::Paused, "{new:?}");
                self.assets.refusals.insert((new.key.clone(), 409));
                return json(refused.answer());
            }
        };
        let mut answer = serde_json::json!({"_type": "file", "id": id});
        if let Some(parts) = parts {
            answer["upload_urls"] = self.presigned_urls(&id, &new.key, parts, time).into();
        }
        if self.assets.rules.names_project {
            answer["project_id"] = self.project.as_str().into();
        }
        text(201, answer.to_string())
    }

    /// Proper ones, or some that nobody can use.
    fn presigned_urls(&mut self, id: &str, key: &str, parts: u64, time: u64) -> Vec<String> {
        let mut urls: Vec<String> =
            (1..=parts).map(|part| self.presigned_url(id, part as u32, time)).collect();
        if self.random.u8(0..100) < self.assets.rules.bad_url_percent {
            self.assets.misled.insert(key.to_owned());
            match self.random.u8(0..5) {
                0 => urls.clear(),
                1 => urls = vec!["https://storage.example/x".into(); 10_001],
                2 => urls[0] = urls[0].replace("https", "http"),
                3 => urls[0] = "/parts/1".into(),
                _ => urls[0] = "ftp://storage.example/1".into(),
            }
        }
        urls
    }

    fn presigned_url(&mut self, id: &str, part: u32, time: u64) -> String {
        let rules = &self.assets.rules;
        let number = self.number_of(id).expect("an asset of ours");
        presigned_url(number, part, time + rules.url_life, rules.told_life(), &mut self.random)
    }

    pub(super) fn announce(&mut self, id: &str, announcement: &Announcement, time: u64) -> Response {
        self.assets.announcements += 1;
        let Some(asset) = self.model.uploads.get(id).filter(|asset| !self.is_gone(asset)) else {
            return detailed(404, "Not Found");
        };
        assert!(asset.realtime, "parts of a file that is no recording were announced");
        for part in &announcement.parts {
            assert!((1..=10_000).contains(&part.number) && part.size > 0, "{part:?}");
            assert!(part.is_final || part.size >= SMALLEST_PART, "the storage takes no such part: {part:?}");
            let has_size = announcement.asset_filesize.is_some();
            assert!(!part.is_final || has_size, "the last part comes with the size");
        }
        let key = asset.filetype.clone();
        if self.model.announce_parts(CLIENT_ID, id, announcement).is_err() {
            // No reason for an upload to fail: the device knows what it has announced and sent.
            self.assets.refused_again.insert(key);
            return detailed(422, "Unprocessable Entity");
        }
        let numbers = announcement.parts.iter().map(|part| part.number);
        let urls: Vec<String> = numbers.map(|number| self.presigned_url(id, number, time)).collect();
        text(200, serde_json::json!({"upload_urls": urls}).to_string())
    }

    pub(super) fn comment(&mut self, id: &str) -> Response {
        match self.model.comment_asset(CLIENT_ID, id, "a comment", None) {
            Ok(_) => text(201, r#"{"id":"c"}"#.into()),
            Err(refused) => json(refused.answer()),
        }
    }

    /// The storage forgets an upload that is not whole yet.
    pub fn forget(&mut self, number: usize) {
        let asset = self.asset(number);
        if asset.state == State::Open {
            let id = asset.id.clone();
            self.assets.gone.insert(id);
        }
    }

    pub fn is_gone(&self, asset: &Asset) -> bool {
        self.assets.gone.contains(&asset.id)
    }

    /// All assets, in the order of their creation.
    pub fn uploads(&self) -> impl ExactSizeIterator<Item = &Asset> {
        self.model.uploads.iter()
    }

    pub fn asset(&self, number: usize) -> &Asset {
        self.uploads().nth(number).expect("an asset of ours")
    }

    pub fn number_of(&self, id: &str) -> Option<usize> {
        self.model.uploads.number_of(id)
    }

    /// Whether a device may take an upload for done: it is whole, or the storage has forgotten it.
    pub fn may_be_done(&self, key: &str) -> bool {
        let mut own = self.uploads().filter(|asset| asset.filetype == key);
        own.any(|asset| is_whole(asset) || self.is_gone(asset))
    }

    /// The whole files of an upload.
    pub fn complete(&self, key: &str) -> impl Iterator<Item = &Asset> {
        self.uploads().filter(move |asset| asset.filetype == key && is_whole(asset))
    }
}

pub fn is_whole(asset: &Asset) -> bool {
    matches!(asset.state, State::Assembling | State::Complete)
}
