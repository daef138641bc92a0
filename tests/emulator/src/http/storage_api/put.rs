//! Taking one part: everything S3 checks about a presigned request, then the bytes.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HOST, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};

use super::error::StorageError;
use super::transfer::Transfer;
use crate::emulator::Emulator;
use crate::http::answer::Answer;
use crate::http::device_calls::violation;
use crate::random;
use crate::service::uploads::upload::{PutRefusal, Then};
use crate::settings::{Etag, StorageMode};
use crate::storage::assembly;
use crate::storage::links::ACL;
use crate::storage::presign::{Query, Request};
use crate::storage::sink::{Kept, Sink};

pub struct Put<'a> {
    pub emulator: &'a Arc<Emulator>,
    pub head: &'a Parts,
    pub target: Option<(&'a str, u32)>,
    pub arrived: Duration,
    pub seq: u64,
}

impl Put<'_> {
    pub async fn process(&self, transfer: &mut Transfer) -> Answer {
        match self.take(transfer).await {
            Ok(answer) => answer,
            Err(error) => error.into(),
        }
    }

    async fn take(&self, transfer: &mut Transfer) -> Result<Answer, StorageError> {
        let (asset_id, number) = self.target.ok_or_else(StorageError::no_such_upload)?;
        self.check_address(asset_id, number)?;
        let bytes = self.announced_bytes()?;
        self.admit(asset_id, number, bytes)?;
        let (mode, etag) = {
            let settings = &self.emulator.world().service.settings;
            (settings.storage, settings.etag)
        };
        let mut sink = match mode {
            StorageMode::Discard => Sink::Discard,
            StorageMode::Keep => {
                let kept = Sink::keep(&self.emulator.storage, etag == Etag::Md5);
                kept.map_err(|error| self.disk_error(&error))?
            }
        };
        while let Some(data) = transfer.next().await? {
            sink.push(data).await.map_err(|error| self.disk_error(&error))?;
        }
        let kept = sink.finish().await.map_err(|error| self.disk_error(&error))?;
        if kept.file.is_some() {
            self.emulator.storage.trouble.is_over("parts can be kept again");
        }
        // Whoever has the answer finds all of it counted.
        transfer.count();
        let answer = with_etag(Answer::empty(StatusCode::OK), etag, &kept);
        self.store(asset_id, number, bytes, kept)?;
        Ok(answer)
    }

    fn disk_error(&self, error: &io::Error) -> StorageError {
        self.emulator.storage.trouble.begins(format_args!("parts cannot be kept: {error}"));
        disk_error(error)
    }

    /// Everything that can be told before the part is looked at.
    fn check_address(&self, asset_id: &str, number: u32) -> Result<(), StorageError> {
        let head = self.head;
        if head.method != Method::PUT {
            return Err(StorageError::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "MethodNotAllowed",
                "The specified method is not allowed against this resource.",
            ));
        }
        if head.headers.contains_key(AUTHORIZATION) {
            return Err(StorageError::new(
                StatusCode::BAD_REQUEST,
                "InvalidArgument",
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
            ));
        }
        let query = head.uri.query().and_then(Query::parse);
        let query = query.ok_or_else(|| StorageError::access_denied("Access Denied"))?;
        self.check_signature(&query, asset_id)?;
        self.check_expiry(&query)?;
        // The address is genuine, so these can only differ if the upload is forgotten.
        let world = self.emulator.world();
        let upload = world.service.uploads.get(asset_id).ok_or_else(StorageError::no_such_upload)?;
        if upload.upload_id != query.upload_id || number != query.part_number {
            return Err(StorageError::no_such_upload());
        }
        Ok(())
    }

    fn check_signature(&self, query: &Query, asset_id: &str) -> Result<(), StorageError> {
        let header = |name: &str| self.head.headers.get(name).and_then(|value| value.to_str().ok());
        let text = |name: &str| header(name).unwrap_or_default().trim();
        let request = Request {
            path: self.head.uri.path(),
            host: text(HOST.as_str()),
            content_type: text(CONTENT_TYPE.as_str()),
            acl: text("x-amz-acl"),
        };
        let signer = &self.emulator.storage.signer;
        if signer.is_signed(query, &request) {
            return Ok(());
        }
        let mut world = self.emulator.world();
        // Right but for the headers?
        let filetype = world.service.uploads.get(asset_id).map(|upload| upload.filetype.clone());
        let as_meant =
            filetype.as_ref().map(|filetype| Request { content_type: filetype, acl: ACL, ..request });
        if as_meant.is_some_and(|as_meant| signer.is_signed(query, &as_meant)) {
            violation(&mut world, self.seq, "storage_header_mismatch");
        }
        Err(StorageError::signature_does_not_match())
    }

    fn check_expiry(&self, query: &Query) -> Result<(), StorageError> {
        let clock = &self.emulator.clock;
        let signed = clock.moment_of(&query.date);
        let signed = signed.ok_or_else(|| StorageError::access_denied("Invalid date"))?;
        let expires = signed.saturating_add(Duration::from_secs(query.expires));
        if self.arrived < expires {
            return Ok(());
        }
        Err(StorageError::access_denied("Request has expired")
            .with("X-Amz-Expires", query.expires)
            .with("Expires", clock.date_time(expires))
            .with("ServerTime", clock.date_time(self.arrived)))
    }

    fn announced_bytes(&self) -> Result<u64, StorageError> {
        let length = self.head.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        length.and_then(|length| length.parse().ok()).ok_or_else(|| {
            violation(&mut self.emulator.world(), self.seq, "part_without_length");
            StorageError::new(
                StatusCode::LENGTH_REQUIRED,
                "MissingContentLength",
                "You must provide the Content-Length HTTP header.",
            )
        })
    }

    fn admit(&self, asset_id: &str, number: u32, bytes: u64) -> Result<(), StorageError> {
        let mut world = self.emulator.world();
        let upload = world.service.uploads.get_mut(asset_id).ok_or_else(StorageError::no_such_upload)?;
        match upload.admit(number, bytes) {
            Ok(_) => Ok(()),
            Err(refusal) => {
                if matches!(refusal, PutRefusal::WrongLength { .. }) {
                    violation(&mut world, self.seq, "part_length_wrong");
                }
                Err(refused(refusal, bytes))
            }
        }
    }

    fn store(&self, asset_id: &str, number: u32, bytes: u64, kept: Kept) -> Result<(), StorageError> {
        let now = self.emulator.clock.now();
        let stored = {
            let mut world = self.emulator.world();
            let upload = world.service.uploads.get_mut(asset_id).ok_or_else(StorageError::no_such_upload)?;
            let stored = upload.store(now, number, bytes, kept.file);
            if matches!(&stored, Ok(stored) if matches!(stored.then, Then::Break)) {
                violation(&mut world, self.seq, "realtime_size_mismatch");
            }
            stored.map_err(|refusal| refused(refusal, bytes))?
        };
        if let Then::Assemble(files) = stored.then {
            if let Some(entry) = self.emulator.world().journal.entry(self.seq) {
                entry.told.completed = true;
            }
            assembly::begin(self.emulator, asset_id.to_owned(), files);
        }
        Ok(())
    }
}

fn with_etag(answer: Answer, etag: Etag, kept: &Kept) -> Answer {
    let tag = match (etag, &kept.md5) {
        (Etag::Absent, _) => return answer,
        (Etag::Md5, Some(md5)) => md5.clone(),
        (Etag::Md5 | Etag::Opaque, _) => random::opaque::<32>(),
    };
    match HeaderValue::from_str(&format!("\"{tag}\"")) {
        Ok(tag) => answer.with(ETAG, tag),
        Err(_) => answer,
    }
}

fn refused(refusal: PutRefusal, bytes: u64) -> StorageError {
    match refusal {
        PutRefusal::NoSuchUpload => StorageError::no_such_upload(),
        PutRefusal::WrongLength { expected } => {
            let (code, message) = if bytes > expected {
                ("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
            } else {
                ("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
            };
            StorageError::new(StatusCode::BAD_REQUEST, code, message)
                .with("ProposedSize", bytes)
                .with("ExpectedSize", expected)
        }
    }
}

fn disk_error(error: &io::Error) -> StorageError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StorageError::full(),
        _ => StorageError::internal(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_apart() -> io::Result<()> {
        use std::io::Write;
        let full = std::fs::File::options().write(true).open("/dev/full")?.write_all(b"x");
        assert_eq!(full.map_err(|error| disk_error(&error)), Err(StorageError::full()));
        assert_eq!(disk_error(&io::Error::other("?")), StorageError::internal());
        Ok(())
    }
}
