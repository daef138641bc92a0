//! The storage: presigned URLs that expire, and parts that replace each other. It speaks like S3.

use super::assets::Asset;
use super::{Service, at};
use crate::content::{Contents, Sample};
use fio_c2c::api::Response;
use fio_c2c::api::part::PartRequest;
use fio_c2c::secret::SecretBytes;
use fio_emulator_service::settings::PartsAre;
use fio_emulator_service::uploads::upload::{PutRefusal, Then};
use std::hash::{DefaultHasher, Hash, Hasher};

pub const STORAGE: &str = "https://storage.example/";

#[derive(Debug)]
pub struct Reply {
    pub response: Response,
    pub etag: Option<String>,
}

/// A presigned URL: where it leads, and until when.
pub fn presigned_url(
    asset: usize,
    part: u32,
    expires: u64,
    life: Option<u64>,
    random: &mut fastrand::Rng,
) -> String {
    let life = life.map(|life| format!("X-Amz-Expires={life}&")).unwrap_or_default();
    format!("{STORAGE}{asset}/{part}/{expires}?{life}X-Amz-Signature={:016x}", random.u64(..))
}

/// Asset, part (from 1) and end of a URL.
pub fn read_url(url: &str) -> (usize, u32, u64) {
    let path = url.strip_prefix(STORAGE).and_then(|rest| rest.split_once('?')).expect("a URL of ours").0;
    let mut numbers = path.split('/');
    let mut next = || numbers.next().expect("three numbers");
    let (asset, part, expires) = (next(), next(), next());
    (asset.parse().expect("a number"), part.parse().expect("a number"), expires.parse().expect("a number"))
}

impl Service {
    /// What the storage says to a part whose bytes have all arrived.
    pub fn put(&mut self, part: &PartRequest, samples: Vec<Sample>, time: u64) -> Reply {
        let (number, slot, expires) = read_url(part.url.expose());
        let is_gone = self.is_gone(self.asset(number));
        let asset = self.model.uploads.iter_mut().nth(number).expect("an asset of ours");
        assert_eq!(&*part.content_type, asset.filetype, "the signature covers the media type");
        if time >= expires {
            return expired();
        }
        if is_gone {
            return match asset.parts_are {
                PartsAre::Objects => refused(403, "AccessDenied"),
                PartsAre::Multipart => refused(404, "NoSuchUpload"),
            };
        }
        let etag = etag(&samples);
        match asset.store(at(time), slot, part.length, samples) {
            Ok(stored) => {
                assert!(stored.then != Then::Break, "the parts of a recording do not make up its size");
                Reply { response: answer(200, String::new()), etag: Some(etag) }
            }
            Err(PutRefusal::NoSuchUpload) => refused(404, "NoSuchUpload"),
            Err(PutRefusal::WrongLength { .. }) => refused(400, "EntityTooSmall"),
        }
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

/// Whether the bytes that are stored are those.
pub fn equals(asset: &Asset, contents: &Contents) -> bool {
    let mut end = 0;
    for (_, part) in asset.parts() {
        let Some(samples) = &part.kept else { return false };
        if part.size == 0 && samples.is_empty() {
            continue;
        }
        let is_in_place = samples.first().is_some_and(|sample| sample.offset == end);
        end += part.size;
        let last = samples.last().map(|sample| sample.offset + sample.bytes.len() as u64);
        if !is_in_place || last != Some(end) || !samples.iter().all(|sample| contents.holds(sample)) {
            return false;
        }
    }
    end == contents.size
}
