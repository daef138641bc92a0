//! The storage: signed addresses that expire, parts that replace each other, and assembly. It speaks
//! like S3.

use super::assets::{Asset, AssetRules};
use crate::content::{Contents, Sample};
use fio_c2c::api::Response;
use fio_c2c::api::part::PartRequest;
use fio_c2c::secret::SecretBytes;
use std::hash::{DefaultHasher, Hash, Hasher};

pub const STORAGE: &str = "https://storage.example/";

/// One part as it is expected, and what has come of it.
#[derive(Debug)]
pub struct Slot {
    pub size: u64,
    pub is_final: bool,
    pub stored: Option<Vec<Sample>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    Open,
    /// All there; a whole file at that time.
    Assembling(u64),
    Complete,
    Gone,
}

#[derive(Debug)]
pub struct Reply {
    pub response: Response,
    pub etag: Option<String>,
}

#[derive(Default)]
pub struct Storage {
    pub puts: u64,
}

/// A signed address: where it leads, and until when.
pub fn address(
    asset: usize,
    part: u32,
    expires: u64,
    life: Option<u64>,
    random: &mut fastrand::Rng,
) -> String {
    let life = life.map(|life| format!("X-Amz-Expires={life}&")).unwrap_or_default();
    format!("{STORAGE}{asset}/{part}/{expires}?{life}X-Amz-Signature={:016x}", random.u64(..))
}

/// Asset, part (from 1) and end of an address.
pub fn read_address(url: &str) -> (usize, u32, u64) {
    let path = url.strip_prefix(STORAGE).and_then(|rest| rest.split_once('?')).expect("an address of ours").0;
    let mut numbers = path.split('/');
    let mut next = || numbers.next().expect("three numbers");
    let (asset, part, expires) = (next(), next(), next());
    (asset.parse().expect("a number"), part.parse().expect("a number"), expires.parse().expect("a number"))
}

impl Storage {
    pub fn put(
        &mut self,
        assets: &mut [Asset],
        part: &PartRequest,
        samples: Vec<Sample>,
        rules: &AssetRules,
        time: u64,
    ) -> Reply {
        self.puts += 1;
        let (number, slot, expires) = read_address(part.url.expose());
        let asset = &mut assets[number];
        asset.settle(time);
        assert_eq!(&*part.content_type, asset.key, "the signature covers the media type");
        if time >= expires {
            return expired();
        }
        if rules.parts_are_objects {
            if asset.standing == Standing::Gone {
                return refused(403, "AccessDenied");
            }
            let is_whole = asset.is_whole();
            let is_known = asset.slots.get(&slot).is_some_and(|slot| slot.size == part.length);
            if is_whole && is_known {
                // It is overwritten with the same.
                return Reply { response: answer(200, String::new()), etag: Some(etag(&samples)) };
            }
        }
        if matches!(asset.standing, Standing::Complete | Standing::Gone) {
            return refused(404, "NoSuchUpload");
        }
        let Some(slot) = asset.slots.get_mut(&slot) else { return refused(404, "NoSuchUpload") };
        if slot.size != part.length {
            return refused(400, "EntityTooSmall");
        }
        let etag = etag(&samples);
        slot.stored = Some(samples);
        if asset.standing == Standing::Open && asset.has_all() {
            asset.standing = Standing::Assembling(time + rules.assembly);
        }
        Reply { response: answer(200, String::new()), etag: Some(etag) }
    }
}

/// As the device computes it, too: 32 hexadecimal digits.
pub fn etag(samples: &[Sample]) -> String {
    let mut hasher = DefaultHasher::new();
    samples.iter().for_each(|sample| sample.bytes.hash(&mut hasher));
    format!("{:032x}", hasher.finish())
}

fn answer(status: u16, body: String) -> Response {
    Response { status, body: SecretBytes::new(body.into_bytes()), retry_after: None }
}

fn expired() -> Reply {
    let body = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
    Reply { response: answer(403, body.to_owned()), etag: None }
}

pub fn refused(status: u16, code: &str) -> Reply {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Key>k</Key></Error>");
    Reply { response: answer(status, body), etag: None }
}

impl Asset {
    /// Lets the time do its work.
    pub fn settle(&mut self, time: u64) {
        if let Standing::Assembling(at) = self.standing {
            if time >= at {
                self.standing = Standing::Complete;
            }
        }
    }

    fn has_all(&self) -> bool {
        if !self.slots.values().all(|slot| slot.stored.is_some()) {
            return false;
        }
        if !self.is_realtime {
            return true;
        }
        let Some((&last, slot)) = self.slots.last_key_value() else { return false };
        if !slot.is_final || self.slots.len() < last as usize {
            return false;
        }
        let sum: u64 = self.slots.values().map(|slot| slot.size).sum();
        assert_eq!(Some(sum), self.size, "the parts of a recording do not make up its size");
        true
    }

    pub fn is_whole(&self) -> bool {
        matches!(self.standing, Standing::Assembling(_) | Standing::Complete)
    }

    pub fn stored_parts(&self) -> usize {
        self.slots.values().filter(|slot| slot.stored.is_some()).count()
    }

    /// Whether its bytes are those.
    pub fn equals(&self, contents: &Contents) -> bool {
        let mut end = 0;
        for slot in self.slots.values() {
            let Some(samples) = &slot.stored else { return false };
            if slot.size == 0 && samples.is_empty() {
                continue;
            }
            let is_in_place = samples.first().is_some_and(|sample| sample.offset == end);
            end += slot.size;
            let last = samples.last().map(|sample| sample.offset + sample.bytes.len() as u64);
            if !is_in_place || last != Some(end) || !samples.iter().all(|sample| contents.holds(sample)) {
                return false;
            }
        }
        end == contents.size
    }
}
