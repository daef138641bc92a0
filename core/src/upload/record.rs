//! What of an upload outlives a power cut, as the bytes of one store record. Fields are tagged, so that a
//! newer library's additions are passed over by an older one.
//!
//! The URLs of few parts stand in the record; those of many have a record of their own, which is
//! written once and not with every part.

mod check;

use super::budget::Budget;
use super::parts::Parts;
use super::plan::MOST_PARTS;
use super::recording::Growth;
use super::transfer::{Age, Ending, Origin, Recording, Upload};
use super::{RecordingSpec, UploadId};
use crate::api::asset::is_id;
use crate::error::Error;
use crate::prelude::*;
use crate::secret::{Secret, SecretBytes};
use crate::small_map::SmallMap;
use crate::source::Condition;
use crate::status::{self, FIO_E_STORE_DAMAGED};
use alloc::sync::Arc;

pub use check::{BEYOND_ALL_IDS, fits};

/// One record for each upload, and for the URLs of one with many parts.
const UPLOAD: &str = "upload-";
const URLS: &str = "addresses-";
/// More bytes of URLs than this are kept apart.
const MOST_URL_BYTES: usize = 4 << 10;
const VERSION: u8 = 1;

pub fn key(id: UploadId) -> String {
    format!("{UPLOAD}{id:016x}")
}

pub fn url_key(id: UploadId) -> String {
    format!("{URLS}{id:016x}")
}

/// Which upload a record belongs to, and whether it is the one of its URLs.
pub fn id_of(key: &str) -> Option<(UploadId, bool)> {
    let of_urls = key.starts_with(URLS);
    let digits = key.strip_prefix(if of_urls { URLS } else { UPLOAD })?;
    let is_plain = digits.len() == 16 && digits.bytes().all(|byte| b"0123456789abcdef".contains(&byte));
    let id = is_plain.then(|| u64::from_str_radix(digits, 16).ok()).flatten();
    id.filter(|id| *id < BEYOND_ALL_IDS).map(|id| (id, of_urls))
}

mod tag {
    pub(crate) const VERSION: u8 = 1;
    pub(crate) const NAME: u8 = 2;
    pub(crate) const EXTENSION: u8 = 3;
    pub(crate) const MEDIA_TYPE: u8 = 4;
    pub(crate) const CHANNEL: u8 = 5;
    pub(crate) const TAG: u8 = 6;
    pub(crate) const PRIORITY: u8 = 7;
    pub(crate) const PARTS_WANTED: u8 = 8;
    pub(crate) const VERIFY: u8 = 9;
    pub(crate) const PATH: u8 = 10;
    pub(crate) const ATTACHED: u8 = 11;
    pub(crate) const PUSHED: u8 = 12;
    pub(crate) const SIZE: u8 = 13;
    pub(crate) const MODIFIED: u8 = 14;
    pub(crate) const AGE: u8 = 15;
    pub(crate) const QUEUED_WALL: u8 = 16;
    pub(crate) const PROJECT: u8 = 17;
    pub(crate) const PAUSED: u8 = 18;
    pub(crate) const ENDING: u8 = 19;
    pub(crate) const ENDED_AS: u8 = 20;
    pub(crate) const REASON: u8 = 21;
    pub(crate) const MESSAGE: u8 = 22;
    pub(crate) const ASSET: u8 = 23;
    pub(crate) const URLS: u8 = 24;
    pub(crate) const URLS_APART: u8 = 25;
    pub(crate) const STARTED: u8 = 26;
    pub(crate) const DONE: u8 = 27;
    pub(crate) const CONFIRMED: u8 = 28;
    pub(crate) const RATE: u8 = 29;
    pub(crate) const HELD_HEAD: u8 = 30;
    pub(crate) const STABLE: u8 = 31;
    pub(crate) const WHOLE: u8 = 32;
    pub(crate) const NAMELESS: u8 = 33;
    pub(crate) const HTTP_STATUS: u8 = 34;
    pub(crate) const HEAD_STARTED: u8 = 35;
    pub(crate) const PART_URLS: u8 = 36;
    pub(crate) const DAMAGED: u8 = 37;
    pub(crate) const FILE: u8 = 38;
    pub(crate) const CHANGED: u8 = 39;
    // Up to 43 kept for the source's identity.
    pub(crate) const ASSETS_MADE: u8 = 44;
    pub(crate) const LAST_ASSET_WALL: u8 = 45;
    pub(crate) const URLS_EXPIRE: u8 = 46;
    pub(crate) const PART_LIMIT: u8 = 47;
    pub(crate) const OUTLIVING: u8 = 48;
}

struct Writer(SecretBytes);

impl Writer {
    fn bytes(&mut self, tag: u8, value: &[u8]) {
        self.0.extend(&[tag]);
        self.0.extend(&u32::try_from(value.len()).unwrap_or(0).to_le_bytes());
        self.0.extend(value);
    }

    fn number(&mut self, tag: u8, value: u64) {
        self.bytes(tag, &value.to_le_bytes());
    }

    fn flag(&mut self, tag: u8, is_set: bool) {
        if is_set {
            self.bytes(tag, &[]);
        }
    }
}

/// The fields of a record; a later one of the same tag wins.
struct Fields<'a>([Option<&'a [u8]>; 64]);

impl<'a> Fields<'a> {
    fn read(mut rest: &'a [u8]) -> Option<Fields<'a>> {
        let mut fields = [None; 64];
        while let Some((&tag, after)) = rest.split_first() {
            let (length, after) = after.split_first_chunk::<4>()?;
            let (value, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            if let Some(field) = fields.get_mut(usize::from(tag)) {
                *field = Some(value);
            }
            rest = after;
        }
        Some(Fields(fields))
    }

    fn bytes(&self, tag: u8) -> Option<&'a [u8]> {
        self.0[usize::from(tag)]
    }

    fn number(&self, tag: u8) -> Option<u64> {
        self.bytes(tag)?.try_into().ok().map(u64::from_le_bytes)
    }

    fn text(&self, tag: u8) -> Option<&'a str> {
        core::str::from_utf8(self.bytes(tag)?).ok()
    }

    /// `Err` if it is there and no text.
    fn text_or_none(&self, tag: u8) -> Result<Option<&'a str>, ()> {
        self.bytes(tag).map(core::str::from_utf8).transpose().map_err(drop)
    }

    /// `Err` if it is there and no number of that size.
    fn number_or_none<N: TryFrom<u64>>(&self, tag: u8) -> Result<Option<N>, ()> {
        let Some(bytes) = self.bytes(tag) else { return Ok(None) };
        let number = bytes.try_into().map(u64::from_le_bytes).map_err(drop)?;
        N::try_from(number).map(Some).map_err(drop)
    }

    fn flag(&self, tag: u8) -> bool {
        self.bytes(tag).is_some()
    }
}

/// Whether the URLs go into a record of their own.
pub fn needs_url_record(urls: &[Secret]) -> bool {
    urls.iter().map(|url| url.expose().len() + 1).sum::<usize>() > MOST_URL_BYTES
}

/// One URL on each line: there are no line breaks in them.
pub fn encode_urls(asset_id: &str, urls: &[Secret]) -> SecretBytes {
    let mut bytes = SecretBytes::new(Vec::with_capacity(
        asset_id.len() + urls.iter().map(|url| url.expose().len() + 1).sum::<usize>(),
    ));
    bytes.extend(asset_id.as_bytes());
    for url in urls {
        bytes.extend(b"\n");
        bytes.extend(url.expose().as_bytes());
    }
    bytes
}

pub fn decode_urls(bytes: &SecretBytes) -> Option<(Arc<str>, Arc<[Secret]>)> {
    let mut lines = core::str::from_utf8(bytes.expose()).ok()?.split('\n');
    let asset_id = lines.next().filter(|id| is_id(id))?;
    let urls: Arc<[Secret]> = lines.map(Secret::new).collect();
    (!urls.is_empty() && check::are_urls(&urls)).then(|| (asset_id.into(), urls))
}

/// Those of a recording: one part on each line, its number and its URL.
fn encode_part_urls(urls: &SmallMap<u32, Secret>) -> SecretBytes {
    let mut bytes = SecretBytes::new(Vec::new());
    for (part, url) in urls.iter() {
        bytes.extend(format!("{part} ").as_bytes());
        bytes.extend(url.expose().as_bytes());
        bytes.extend(b"\n");
    }
    bytes
}

fn decode_part_urls(bytes: &[u8]) -> Option<SmallMap<u32, Secret>> {
    let mut urls = SmallMap::default();
    for line in core::str::from_utf8(bytes).ok()?.lines() {
        let (part, url) = line.split_once(' ')?;
        urls.insert(part.parse().ok()?, Secret::new(url));
    }
    Some(urls)
}

pub fn encode(upload: &Upload) -> SecretBytes {
    let mut writer = Writer(SecretBytes::new(Vec::with_capacity(512)));
    writer.bytes(tag::VERSION, &[VERSION]);
    writer.bytes(tag::NAME, upload.name.as_bytes());
    if let Some(extension) = &upload.extension {
        writer.bytes(tag::EXTENSION, extension.as_bytes());
    }
    writer.bytes(tag::MEDIA_TYPE, upload.media_type.as_bytes());
    if let Some(channel) = upload.channel {
        writer.number(tag::CHANNEL, channel.into());
    }
    writer.bytes(tag::TAG, &upload.tag);
    writer.number(tag::PRIORITY, i64::from(upload.priority) as u64);
    writer.number(tag::PARTS_WANTED, upload.parts_wanted.into());
    writer.flag(tag::VERIFY, upload.verify);
    match &upload.origin {
        Origin::Path(path) => writer.bytes(tag::PATH, path),
        Origin::Attached => writer.flag(tag::ATTACHED, true),
        Origin::Pushed => writer.flag(tag::PUSHED, true),
    }
    writer.number(tag::SIZE, upload.condition.size);
    writer.number(tag::MODIFIED, upload.condition.modified as u64);
    if upload.condition.file != 0 {
        writer.number(tag::FILE, upload.condition.file);
        writer.number(tag::CHANGED, upload.condition.changed as u64);
    }
    writer.number(tag::AGE, upload.age.when_queued);
    writer.number(tag::QUEUED_WALL, upload.age.queued_wall as u64);
    if let Some(project_id) = &upload.project_id {
        writer.bytes(tag::PROJECT, project_id.as_bytes());
    }
    writer.flag(tag::PAUSED, upload.is_paused);
    if let Some(ending) = &upload.ending {
        let kind = match ending {
            Ending::Done => 0,
            Ending::Failed(_) => 1,
            Ending::Skipped(_) => 2,
            Ending::Canceled => 3,
        };
        writer.number(tag::ENDING, kind);
        writer.number(tag::ENDED_AS, upload.ended_as);
        if let Some(reason) = ending.reason() {
            writer.number(tag::REASON, i64::from(reason.status) as u64);
            writer.bytes(tag::MESSAGE, reason.message.as_bytes());
            writer.number(tag::HTTP_STATUS, reason.http_status.into());
        }
    }
    if upload.budget.made > 0 {
        writer.number(tag::ASSETS_MADE, upload.budget.made.into());
        writer.number(tag::LAST_ASSET_WALL, upload.budget.last_wall as u64);
    }
    if upload.part_limit > 0 {
        writer.number(tag::PART_LIMIT, upload.part_limit);
    }
    writer.flag(tag::OUTLIVING, upload.is_sent_as_recording);
    encode_progress(&mut writer, upload);
    writer.0
}

fn encode_progress(writer: &mut Writer, upload: &Upload) {
    if let Some(recording) = &upload.recording {
        writer.number(tag::RATE, recording.spec.bytes_per_second);
        writer.number(tag::HELD_HEAD, recording.spec.held_head);
        writer.number(tag::STABLE, recording.stable);
        if let Some(size) = recording.size {
            writer.number(tag::WHOLE, size);
        }
        writer.flag(tag::NAMELESS, recording.is_nameless);
        writer.flag(tag::HEAD_STARTED, recording.is_head_started);
    }
    let Some(asset_id) = &upload.asset_id else { return };
    writer.bytes(tag::ASSET, asset_id.as_bytes());
    writer.number(tag::STARTED, upload.parts.started.into());
    if !upload.parts.damaged.is_empty() {
        let numbers: Vec<u8> = upload.parts.damaged.iter().flat_map(|part| part.to_le_bytes()).collect();
        writer.bytes(tag::DAMAGED, &numbers);
    }
    writer.bytes(tag::DONE, upload.parts.bits());
    writer.number(tag::CONFIRMED, upload.parts.confirmed);
    // What is over needs no URLs any more.
    if upload.ending.as_ref().is_none_or(|ending| matches!(ending, Ending::Failed(_))) {
        writer.flag(tag::URLS_APART, upload.has_url_record);
        if upload.urls_expire != 0 {
            writer.number(tag::URLS_EXPIRE, upload.urls_expire as u64);
        }
        if !upload.has_url_record && !upload.urls.is_empty() {
            let urls = encode_urls(asset_id, &upload.urls);
            writer.bytes(tag::URLS, urls.expose());
        }
        // A part that has been sent can be sent there once more; it might not be announced once more.
        if !upload.part_urls.is_empty() {
            writer.bytes(tag::PART_URLS, encode_part_urls(&upload.part_urls).expose());
        }
    }
}

/// An upload from its record; `None` if it is not one of this library, or of a newer one, or says what neither the
/// application nor the service could have said.
pub fn decode(id: UploadId, bytes: &SecretBytes) -> Option<Upload> {
    let fields = Fields::read(bytes.expose())?;
    if fields.bytes(tag::VERSION)? != [VERSION] {
        return None;
    }
    let origin = match fields.bytes(tag::PATH) {
        Some(path) => Origin::Path(path.to_vec()),
        None if fields.flag(tag::PUSHED) => Origin::Pushed,
        None if fields.flag(tag::ATTACHED) => Origin::Attached,
        None => return None,
    };
    let number32 = |tag| fields.number(tag).and_then(|value| u32::try_from(value).ok());
    let asset_id: Option<Arc<str>> = fields.text_or_none(tag::ASSET).ok()?.map(Arc::from);
    let mut parts = match &asset_id {
        Some(_) => {
            let done = fields.bytes(tag::DONE)?;
            let started = number32(tag::STARTED).filter(|started| *started <= MOST_PARTS)?;
            if done.len() > MOST_PARTS as usize / 8 {
                return None;
            }
            Parts::restore(done.to_vec(), started, fields.number(tag::CONFIRMED)?)
        }
        None => Parts::default(),
    };
    let damaged = fields.bytes(tag::DAMAGED).unwrap_or_default().chunks_exact(4);
    parts.damaged = damaged.filter_map(|number| number.try_into().ok().map(u32::from_le_bytes)).collect();
    let recording = fields.number(tag::STABLE).map(|stable| {
        let number = |tag| fields.number(tag).unwrap_or(0);
        let spec = RecordingSpec { bytes_per_second: number(tag::RATE), held_head: number(tag::HELD_HEAD) };
        Recording {
            spec,
            growth: Growth::new(spec),
            stable,
            size: fields.number(tag::WHOLE),
            is_nameless: fields.flag(tag::NAMELESS),
            is_head_started: fields.flag(tag::HEAD_STARTED),
            watch: None,
        }
    });
    let urls = match fields.bytes(tag::URLS) {
        Some(bytes) => Some(decode_urls(&SecretBytes::new(bytes.to_vec()))?),
        None => None,
    };
    let has_url_record = fields.flag(tag::URLS_APART);
    let part_urls = match fields.bytes(tag::PART_URLS) {
        Some(bytes) => Some(decode_part_urls(bytes)?),
        None => None,
    };
    let mut upload = Upload {
        name: fields.text(tag::NAME)?.to_owned(),
        extension: fields.text_or_none(tag::EXTENSION).ok()?.map(str::to_owned),
        media_type: fields.text(tag::MEDIA_TYPE)?.into(),
        channel: fields.number_or_none(tag::CHANNEL).ok()?,
        tag: fields.bytes(tag::TAG).unwrap_or_default().to_vec(),
        priority: i32::try_from(fields.number(tag::PRIORITY)? as i64).ok()?,
        parts_wanted: number32(tag::PARTS_WANTED)?,
        verify: fields.flag(tag::VERIFY),
        condition: Condition {
            size: fields.number(tag::SIZE)?,
            modified: fields.number(tag::MODIFIED)? as i64,
            created: 0,
            file: fields.number(tag::FILE).unwrap_or(0),
            changed: fields.number(tag::CHANGED).unwrap_or(0) as i64,
        },
        age: Age {
            when_queued: fields.number(tag::AGE)?,
            queued_wall: fields.number(tag::QUEUED_WALL)? as i64,
            queued_mono: None,
        },
        project_id: fields.text_or_none(tag::PROJECT).ok()?.map(str::to_owned),
        is_paused: fields.flag(tag::PAUSED),
        ending: ending(&fields),
        ended_as: fields.number_or_none(tag::ENDED_AS).ok()?.unwrap_or(0),
        recording,
        asset_id,
        parts,
        part_urls: part_urls.unwrap_or_default(),
        urls: urls.map_or_else(|| Arc::from([]), |(_, urls)| urls),
        has_url_record,
        urls_expire: fields.number(tag::URLS_EXPIRE).unwrap_or(0) as i64,
        budget: Budget::restored(
            number32(tag::ASSETS_MADE).unwrap_or(0),
            fields.number(tag::LAST_ASSET_WALL).unwrap_or(0) as i64,
        ),
        part_limit: fields.number(tag::PART_LIMIT).unwrap_or(0),
        is_sent_as_recording: fields.flag(tag::OUTLIVING),
        ..Upload::new(id, origin)
    };
    if !check::is_sound(&upload) {
        return None;
    }
    if let Some(recording) = upload.recording.as_ref().filter(|recording| recording.holds_head()) {
        upload.parts.restore_head(upload.asset_id.is_some() && recording.is_head_started);
    }
    // An asset whose URLs are nowhere is of no use.
    let needs_urls = upload.ending.is_none() && upload.recording.is_none();
    if upload.asset_id.is_some() && needs_urls && upload.urls.is_empty() && !has_url_record {
        upload.forget_asset();
    }
    Some(upload)
}

fn ending(fields: &Fields<'_>) -> Option<Ending> {
    let reason = || {
        let status = fields.number(tag::REASON).map_or(FIO_E_STORE_DAMAGED, |status| status as i64 as i32);
        let mut error =
            Error::of(if status::describe(status).is_some() { status } else { FIO_E_STORE_DAMAGED });
        if let Some(message) = fields.text(tag::MESSAGE).filter(|message| check::is_message(message)) {
            error.message = message.to_owned().into();
        }
        error.http_status =
            fields.number(tag::HTTP_STATUS).and_then(|http| u16::try_from(http).ok()).unwrap_or(0);
        error
    };
    Some(match fields.number(tag::ENDING)? {
        0 => Ending::Done,
        1 => Ending::Failed(reason()),
        2 => Ending::Skipped(reason()),
        _ => Ending::Canceled,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::FIO_E_SOURCE_CHANGED;

    fn upload() -> Upload {
        Upload {
            name: "Ünlü \"clip\".mov".to_owned(),
            extension: Some(".mov".to_owned()),
            media_type: "video/quicktime".into(),
            channel: Some(3),
            tag: vec![0, 255, 7],
            priority: -5,
            parts_wanted: 9,
            verify: true,
            condition: Condition { size: 3 << 40, modified: -5, created: 0, file: 9, changed: -6 },
            age: Age { when_queued: 77, queued_wall: 1_700_000_000, queued_mono: None },
            project_id: Some("p".to_owned()),
            is_paused: true,
            asset_id: Some("b1f2".into()),
            parts: Parts::restore(vec![0b101], 4, 20),
            urls: Arc::new(["https://a/1?s", "https://b/2", "https://b/3", "https://b/4"].map(Secret::new)),
            ..Upload::new(7, Origin::Path(b"/media/\xff/clip.mov".to_vec()))
        }
    }

    /// Encoding says everything there is to say, so equal encodings are equal uploads.
    fn round_trip(upload: &Upload) -> Upload {
        let bytes = encode(upload);
        let decoded = decode(7, &bytes).unwrap();
        assert_eq!(encode(&decoded), bytes);
        decoded
    }

    #[test]
    fn everything_survives() {
        let decoded = round_trip(&upload());
        assert_eq!(decoded.name, "Ünlü \"clip\".mov");
        assert_eq!((decoded.priority, decoded.channel, &decoded.tag[..]), (-5, Some(3), &[0u8, 255, 7][..]));
        assert_eq!(decoded.origin, Origin::Path(b"/media/\xff/clip.mov".to_vec()));
        assert_eq!(decoded.urls[0].expose(), "https://a/1?s");
        assert_eq!(decoded.parts, Parts::restore(vec![0b101], 4, 20));
        assert_eq!(decoded.parts.to_retry.len(), 2);

        let mut live = upload();
        live.origin = Origin::Pushed;
        let spec = RecordingSpec { bytes_per_second: 5, held_head: 6 };
        live.recording =
            Some(Recording { stable: 9, size: Some(11), is_nameless: true, ..Recording::new(spec) });
        live.urls = Arc::new([]);
        live.part_urls.insert(3, Secret::new("https://a/4?s=1"));
        live.part_urls.insert(11, Secret::new("https://a/12"));
        let back = round_trip(&live);
        assert_eq!(back.recording, live.recording);
        let urls: Vec<_> = back.part_urls.iter().map(|(part, url)| (*part, url.expose())).collect();
        assert_eq!(urls, [(3, "https://a/4?s=1"), (11, "https://a/12")]);

        let mut failed = upload();
        let mut reason = Error::of(FIO_E_SOURCE_CHANGED);
        reason.message = "as it was".into();
        failed.ending = Some(Ending::Failed(reason));
        assert_eq!(round_trip(&failed).ending, failed.ending);
        failed.ending = Some(Ending::Done);
        let done = round_trip(&failed);
        assert_eq!((done.ending, done.urls.len()), (Some(Ending::Done), 0));
    }

    #[test]
    fn what_is_unknown_is_passed_over_and_what_is_cut_is_refused() {
        let bytes = encode(&upload());
        let mut longer = bytes.expose().to_vec();
        longer.extend_from_slice(&[200, 2, 0, 0, 0, 1, 2]);
        assert!(decode(7, &SecretBytes::new(longer)).is_some());
        for cut in 0..bytes.len() {
            // A cut between two fields may leave enough, but never brings anything down.
            let _ = decode(7, &SecretBytes::new(bytes.expose()[..cut].to_vec()));
        }
        assert!(decode(7, &SecretBytes::new(b"nonsense".to_vec())).is_none());
    }

    #[test]
    fn many_addresses_have_a_record_of_their_own() {
        let many: Vec<Secret> = (0..100).map(|part| Secret::new(&format!("https://a/{part:0>50}"))).collect();
        assert!(needs_url_record(&many) && !needs_url_record(&many[..50]));
        let (asset_id, back) = decode_urls(&encode_urls("b1f2", &many)).unwrap();
        assert_eq!((&*asset_id, &back[..]), ("b1f2", &many[..]));
        assert!(decode_urls(&SecretBytes::new(b"b1f2".to_vec())).is_none());
        // An asset without any URLs is forgotten.
        let mut lost = upload();
        lost.urls = Arc::new([]);
        assert_eq!(decode(7, &encode(&lost)).unwrap().asset_id, None);
    }

    #[test]
    fn keys_lead_back_to_their_upload() {
        assert_eq!(id_of(&key(0xabc)), Some((0xabc, false)));
        assert_eq!(id_of(&url_key(1 << 61)), Some((1 << 61, true)));
        assert_eq!(id_of(&url_key(u64::MAX)), None);
        for other in ["upload-1", "auth", "upload-00000000000000ff.damaged", "upload-00000000000000FF"] {
            assert_eq!(id_of(other), None);
        }
    }
}
