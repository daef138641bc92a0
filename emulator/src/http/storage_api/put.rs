//! Taking one part: everything S3 checks about a presigned request, then the bytes.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HOST, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};

use super::error::{StorageError, from_s3};
use super::transfer::Transfer;
use crate::emulator::Emulator;
use crate::http::answer::Answer;
use crate::http::device_calls::violation;
use crate::random;
use crate::service::hash::hex;
use crate::service::uploads::upload::{PutRefusal, Stored, Then};
use crate::settings::{Encryption, Etag, StorageMode};
use crate::storage::assembly;
use crate::storage::files::{KeptPart, files_of, take_files};
use crate::storage::links::{ACL, part_of};
use crate::storage::presign::{Query, Request};
use crate::storage::sink::{Kept, Sink};

const ENCRYPTION: &str = "x-amz-server-side-encryption";
const KMS_KEY: &str = "x-amz-server-side-encryption-aws-kms-key-id";
const A_KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/0f0e0d0c-0b0a-4908-8706-050403020100";

pub(crate) struct Put<'a> {
    pub emulator: &'a Arc<Emulator>,
    pub head: &'a Parts,
    pub target: Option<(&'a str, u32)>,
    pub arrived: Duration,
    pub seq: u64,
}

impl Put<'_> {
    pub(crate) async fn process(&self, transfer: &mut Transfer) -> Answer {
        match self.take(transfer).await {
            Ok(answer) => answer,
            Err(error) => error.into(),
        }
    }

    async fn take(&self, transfer: &mut Transfer) -> Result<Answer, StorageError> {
        // The first segment of a path is the bucket.
        let (asset_id, number) = self.target.ok_or_else(|| StorageError::listed("NoSuchBucket"))?;
        self.check_url(asset_id, number)?;
        let bytes = self.announced_bytes()?;
        self.admit(asset_id, number, bytes)?;
        let (mode, tags) = {
            let settings = &self.emulator.world().service.settings;
            (settings.storage, (settings.etag, settings.encryption))
        };
        let mut sink = match mode {
            StorageMode::Discard => Sink::Discard,
            StorageMode::Keep => {
                let kept = Sink::keep(&self.emulator.storage, is_md5(tags));
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
        // Anybody who has the answer finds all of it counted.
        transfer.count();
        let answer = with_etag(from_s3(Answer::empty(StatusCode::OK)), tags, &kept);
        self.store(asset_id, number, bytes, kept)?;
        Ok(answer)
    }

    fn disk_error(&self, error: &io::Error) -> StorageError {
        self.emulator.storage.trouble.begins(format_args!("parts cannot be kept: {error}"));
        disk_error(error)
    }

    /// Everything that can be told before the part is looked at.
    fn check_url(&self, asset_id: &str, number: u32) -> Result<(), StorageError> {
        let head = self.head;
        if head.method != Method::PUT {
            return Err(StorageError::listed("MethodNotAllowed"));
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
        let upload = world.service.uploads.get(asset_id);
        upload.filter(|upload| query.is_of(&part_of(upload, number))).map(|_| ()).ok_or_else(|| self.gone())
    }

    /// There is no such asset any more. With an upload id it is the upload that is gone. An object knows of none: S3
    /// could only take it, and nobody would ever put the file together; so that a device learns of it, its addresses
    /// are no good any more, as if anybody who signed them had lost the right to write there.
    fn gone(&self) -> StorageError {
        let mut names = self.head.uri.query().unwrap_or_default().split('&');
        if names.any(|name| name.starts_with("uploadId=")) {
            StorageError::no_such_upload()
        } else {
            StorageError::listed("AccessDenied")
        }
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
            StorageError::listed("MissingContentLength")
        })
    }

    fn admit(&self, asset_id: &str, number: u32, bytes: u64) -> Result<(), StorageError> {
        let now = self.emulator.clock.now();
        let mut world = self.emulator.world();
        let upload = world.service.uploads.get_mut(asset_id).ok_or_else(|| self.gone())?;
        match upload.admit(now, number, bytes) {
            Ok(()) => Ok(()),
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
        let (_not_needed_any_more, files) = {
            let mut world = self.emulator.world();
            let upload = world.service.uploads.get_mut(asset_id).ok_or_else(|| self.gone())?;
            let stored = upload.store(now, number, bytes, KeptPart(kept.file));
            let Stored { mut leftovers, then } = stored.map_err(|refusal| refused(refusal, bytes))?;
            let files = (then == Then::Assemble).then(|| files_of(upload));
            if then == Then::Break {
                leftovers.extend(take_files(upload));
                violation(&mut world, self.seq, "realtime_size_mismatch");
            }
            (leftovers, files)
        };
        if let Some(files) = files {
            if let Some(entry) = self.emulator.world().journal.entry(self.seq) {
                entry.told.completed = true;
            }
            assembly::begin(self.emulator, asset_id.to_owned(), files);
        }
        Ok(())
    }
}

/// Whether ETags are to be MD5 sums.
fn is_md5((etag, encryption): (Etag, Encryption)) -> bool {
    etag == Etag::Md5 && encryption != Encryption::Kms
}

fn with_etag(answer: Answer, (etag, encryption): (Etag, Encryption), kept: &Kept) -> Answer {
    let answer = match encryption {
        Encryption::None => answer,
        Encryption::Aes256 => {
            answer.with(HeaderName::from_static(ENCRYPTION), HeaderValue::from_static("AES256"))
        }
        Encryption::Kms => answer
            .with(HeaderName::from_static(ENCRYPTION), HeaderValue::from_static("aws:kms"))
            .with(HeaderName::from_static(KMS_KEY), HeaderValue::from_static(A_KEY)),
    };
    let tag = match (etag, &kept.md5) {
        (Etag::Absent, _) => return answer,
        (Etag::Md5, _) if encryption == Encryption::Kms => hex(&random::bytes::<16>()),
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
            let code = if bytes > expected { "EntityTooLarge" } else { "EntityTooSmall" };
            StorageError::listed(code).with("ProposedSize", bytes).with("ExpectedSize", expected)
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
