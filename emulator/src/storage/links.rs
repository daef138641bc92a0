//! The addresses of parts that answers hand out, and the wrong ones that tests ask for.

use std::time::Duration;

use super::Storage;
use super::presign::{Part, Request};
use crate::clock::Clock;
use crate::service::Upload;
use crate::settings::{AssetUrls, PartsAre, Settings};

/// One more than a multipart upload can have.
const TOO_MANY: u32 = 10_001;
/// What parts are sent with, besides the type of the asset.
pub const ACL: &str = "private";
/// A name that never resolves (RFC 6761 section 6.4).
const FOREIGN_ORIGIN: &str = "https://storage.invalid";

/// What addresses are made from, copied so that thousands can be signed with no lock held.
#[derive(Debug, Clone)]
pub struct Links {
    asset_id: String,
    upload_id: String,
    parts_are: PartsAre,
    count: Option<u32>,
    filetype: String,
    expires: u64,
    kind: AssetUrls,
}

impl Links {
    pub fn new(upload: &Upload, settings: &Settings) -> Self {
        Self {
            asset_id: upload.id.clone(),
            upload_id: upload.upload_id.clone(),
            parts_are: upload.parts_are,
            count: upload.announced_count(),
            filetype: upload.filetype.clone(),
            expires: settings.url_seconds,
            kind: settings.asset_urls,
        }
    }

    pub fn urls(
        &self,
        storage: &Storage,
        clock: &Clock,
        now: Duration,
        numbers: impl Iterator<Item = u32>,
    ) -> Vec<String> {
        let signer = storage.signer.at(&clock.compact_date(now));
        let http = storage.url.replacen("https://", "http://", 1);
        let origin = match self.kind {
            AssetUrls::Http => http.as_str(),
            AssetUrls::Relative => "",
            AssetUrls::ForeignHost => FOREIGN_ORIGIN,
            AssetUrls::Normal | AssetUrls::None | AssetUrls::Many => storage.url.as_str(),
        };
        let url = |number| {
            let path = path(&self.asset_id, number);
            let request =
                Request { path: &path, host: storage.authority(), content_type: &self.filetype, acl: ACL };
            format!("{origin}{path}?{}", signer.query(&request, &self.part(number), self.expires))
        };
        match self.kind {
            AssetUrls::None => Vec::new(),
            AssetUrls::Many => (1..=TOO_MANY).map(url).collect(),
            _ => numbers.map(url).collect(),
        }
    }

    fn part(&self, number: u32) -> Part<'_> {
        match self.parts_are {
            PartsAre::Multipart => Part::Multipart { number, upload_id: &self.upload_id },
            PartsAre::Objects => Part::Object { number, count: self.count, asset_id: &self.asset_id },
        }
    }
}

/// What the address of a part says about it.
pub fn part_of(upload: &Upload, number: u32) -> Part<'_> {
    match upload.parts_are {
        PartsAre::Multipart => Part::Multipart { number, upload_id: &upload.upload_id },
        // How many there are may not have been known yet when the address was written.
        PartsAre::Objects => Part::Object { number, count: None, asset_id: &upload.id },
    }
}

fn path(asset_id: &str, number: u32) -> String {
    format!("/parts/{asset_id}/{number}")
}

/// The asset and the part that a path names.
pub fn target(path: &str) -> Option<(&str, u32)> {
    let (asset_id, number) = path.strip_prefix("/parts/")?.split_once('/')?;
    let is_plain = number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with('0');
    Some((asset_id, number.parse().ok().filter(|_| is_plain)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        assert_eq!(target(&path("an-id", 10_000)), Some(("an-id", 10_000)));
        for bad in ["/parts/an-id", "/parts/an-id/", "/parts/a/b/1", "/parts/a/+1", "/parts/a/01", "/a/1"] {
            assert_eq!(target(bad), None, "{bad}");
        }
    }
}
