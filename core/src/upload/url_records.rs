//! Records of presigned URLs: those of a file with many parts are written once, not with every part.
//!
//! They are written before the upload's own record says so: a power cut in between leaves URLs of an asset that is to
//! be used, not made again.

use super::queue::Queue;
use super::{UploadId, record};
use crate::context::Context;
use crate::context::effects::Event;
use crate::context::store_retry::StoreRetry;
use crate::error::Error;
use crate::prelude::*;
use crate::secret::Secret;
use crate::status::FIO_E_STORE_DAMAGED;

pub(super) const FOREIGN: &str = "was not written by this library, or by a newer one";

#[derive(Default)]
pub(super) struct UrlRecords {
    /// Those of an upload at work could not be read.
    unread: StoreRetry,
}

impl UrlRecords {
    /// Takes up a record of which its upload may not know.
    pub(crate) fn adopt(&mut self, cx: &mut Context, queue: &mut Queue, id: UploadId) -> Result<(), Error> {
        let Some(upload) = queue.get_mut(id) else {
            // Of an upload that is gone. If this fails, the next start tries again.
            let _ = cx.records.erase(&record::url_key(id));
            return Ok(());
        };
        let is_usable = upload.ending.is_none() && upload.asset_id.is_none() && upload.recording.is_none();
        if !is_usable {
            return Ok(());
        }
        upload.has_found_urls = true;
        self.read(cx, queue, id).map(drop)
    }

    /// Reads the URLs of an upload if they are needed: whether they were. An error: they cannot be read now, which is
    /// told once.
    pub(crate) fn load(&mut self, cx: &mut Context, queue: &mut Queue, id: UploadId) -> Result<(), Error> {
        match self.read(cx, queue, id) {
            Ok(were_read) => {
                if were_read && self.unread.worked() {
                    cx.tell(Event::StoreRecovered);
                }
                Ok(())
            }
            Err(error) => {
                if self.unread.failed(cx.now.mono, &mut cx.random) {
                    cx.tell(Event::StoreFailed(error.clone()));
                }
                Err(error)
            }
        }
    }

    fn read(&mut self, cx: &mut Context, queue: &mut Queue, id: UploadId) -> Result<bool, Error> {
        let Some(upload) = queue.get_mut(id) else { return Ok(false) };
        let is_known = upload.has_url_record && upload.asset_id.is_some();
        let is_missing = upload.recording.is_none() && upload.urls.is_empty();
        if !is_missing || !(is_known || upload.has_found_urls) {
            return Ok(false);
        }
        let key = record::url_key(id);
        let mut damage = None;
        let loaded = match cx.records.load(&key) {
            Ok(Some(bytes)) => {
                let fits = |urls: &[Secret]| upload.asset_id.is_none() || record::fits(upload, urls.len());
                let decoded = record::decode_urls(&bytes).filter(|(_, urls)| fits(urls));
                if decoded.is_none() {
                    damage = Some(cx.records.set_aside(&key, FOREIGN));
                }
                decoded
            }
            Ok(None) => {
                damage = is_known.then(|| {
                    Error::told(FIO_E_STORE_DAMAGED, format!("the stored record '{key}' is missing"))
                });
                None
            }
            Err(error) if error.status == FIO_E_STORE_DAMAGED => {
                damage = Some(error);
                None
            }
            Err(error) => return Err(error),
        };
        upload.has_found_urls = false;
        upload.has_url_record = loaded.is_some();
        // Those of a newer asset, of which the power cut kept the upload's own record from telling, are used; without
        // any the asset is of no use.
        let asset_id = loaded.as_ref().map(|(asset_id, _)| asset_id);
        let is_new = asset_id.is_none() || upload.asset_id.as_ref() != asset_id;
        if is_new {
            upload.forget_asset();
            upload.asset_id = asset_id.cloned();
        }
        if let Some((_, urls)) = loaded {
            upload.urls = urls;
        }
        if is_new {
            queue.needs_saving(id);
        }
        queue.recount(id);
        if let Some(damage) = damage {
            cx.tell(Event::StoreDamaged(damage));
        }
        Ok(true)
    }
}
