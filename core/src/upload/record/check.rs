//! What a record says is checked as if the application or the service had said it: a store without a key can be
//! written by others, and what they write must not get into a header or to an URL that neither could name.

use super::super::plan::MOST_PARTS;
use super::super::recording::LARGEST_FILE;
use super::super::transfer::{Origin, Upload};
use super::super::{
    LARGEST_HEAD, LONGEST_PATH, LONGEST_TAG, UploadId, checked_name, is_extension, is_media_type,
};
use crate::api::asset::{MOST_URLS, is_https_url, is_id};
use crate::secret::Secret;

/// No device gives so many ids, nor ends so many uploads.
pub const BEYOND_ALL_IDS: UploadId = 1 << 62;
const LONGEST_PROJECT: usize = 1024;
const LONGEST_MESSAGE: usize = 1024;

/// Whether an upload is one that could have been added, and stands as one could.
pub(crate) fn is_sound(upload: &Upload) -> bool {
    let origin = match &upload.origin {
        Origin::Path(path) => (1..=LONGEST_PATH).contains(&path.len()) && !path.contains(&0),
        Origin::Attached | Origin::Pushed => true,
    };
    // A recording may get its name at the end.
    let may_be_nameless = upload.recording.is_some() || upload.extension.is_some();
    let name = may_be_nameless && upload.name.is_empty() || checked_name(upload.name.as_bytes()).is_ok();
    let recording = upload.recording.as_ref().is_none_or(|recording| {
        let size = recording.size.unwrap_or(0);
        recording.spec.held_head <= LARGEST_HEAD && recording.stable <= LARGEST_FILE && size <= LARGEST_FILE
    });
    let most_confirmed = if upload.recording.is_some() { LARGEST_FILE } else { upload.condition.size };
    origin
        && name
        && recording
        && upload.extension.as_deref().is_none_or(is_extension)
        && is_media_type(&upload.media_type)
        && upload.tag.len() <= LONGEST_TAG
        && upload.parts_wanted <= MOST_PARTS
        && upload.condition.size <= LARGEST_FILE
        && upload.project_id.as_deref().is_none_or(is_project)
        && upload.asset_id.as_deref().is_none_or(is_id)
        && upload.parts.confirmed <= most_confirmed
        && upload.ended_as < BEYOND_ALL_IDS
        && are_urls(&upload.urls)
        && fits(upload, upload.urls.len())
        && upload.part_urls.iter().all(|(part, url)| *part < MOST_PARTS && is_https_url(url.expose()))
}

/// Whether all of them can be used.
pub(crate) fn are_urls(urls: &[Secret]) -> bool {
    urls.len() <= MOST_URLS && urls.iter().all(|url| is_https_url(url.expose()))
}

/// Whether no part beyond the last has been sent. Without URLs their number is not known yet.
pub fn fits(upload: &Upload, urls: usize) -> bool {
    let is_open = upload.recording.is_some() || urls == 0;
    let count = if is_open { MOST_PARTS } else { u32::try_from(urls).unwrap_or(u32::MAX) };
    upload.parts.fit_into(count)
}

fn is_project(id: &str) -> bool {
    !id.is_empty() && id.len() <= LONGEST_PROJECT && !id.chars().any(char::is_control)
}

/// Whether a text may be told as what went wrong.
pub(crate) fn is_message(text: &str) -> bool {
    text.len() <= LONGEST_MESSAGE && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::super::{decode, decode_urls, encode};
    use super::*;
    use crate::clock::Instant;
    use crate::prelude::*;
    use crate::secret::SecretBytes;
    use crate::upload::RecordingSpec;
    use crate::upload::parts::Parts;
    use crate::upload::transfer::Recording;
    use alloc::sync::Arc;

    type Fields = Vec<(u8, Vec<u8>)>;

    fn whole() -> Upload {
        let mut upload = Upload::new(7, Origin::Path(b"/media/clip.mov".to_vec()));
        upload.name = "clip.mov".to_owned();
        upload.media_type = "video/quicktime".into();
        upload.extension = Some(".mov".to_owned());
        upload.condition.size = 1 << 30;
        upload.project_id = Some("p".to_owned());
        upload.asset_id = Some("b1f2".into());
        upload.parts = Parts::restore(vec![0b101], 4, 20);
        upload.parts.damaged = vec![3];
        upload.urls =
            Arc::new(["https://a/1?s", "https://b/2", "https://c/3", "https://d/4"].map(Secret::new));
        upload
    }

    fn live() -> Upload {
        let spec = RecordingSpec { bytes_per_second: 5, held_head: 6 };
        let mut upload = whole();
        upload.urls = Arc::new([]);
        upload.recording = Some(Recording { stable: 9 << 20, size: Some(11 << 20), ..Recording::new(spec) });
        upload.part_urls.insert(3, Secret::new("https://a/4?s=1"));
        upload
    }

    fn fields(upload: &Upload) -> Fields {
        let bytes = encode(upload);
        let (mut rest, mut fields) = (bytes.expose(), Vec::new());
        while let Some((tag, after)) = rest.split_first() {
            let (length, after) = after.split_first_chunk::<4>().unwrap();
            let (value, after) = after.split_at(u32::from_le_bytes(*length) as usize);
            fields.push((*tag, value.to_vec()));
            rest = after;
        }
        fields
    }

    fn joined(fields: &Fields) -> SecretBytes {
        let mut bytes = SecretBytes::default();
        for (tag, value) in fields {
            bytes.extend(&[*tag]);
            bytes.extend(&(value.len() as u32).to_le_bytes());
            bytes.extend(value);
        }
        bytes
    }

    const NASTY: &[&[u8]] = &[
        b"",
        b"video/mp4\r\nX-Injected: 1",
        b"a\0b",
        b"\xff\xfe",
        b"../../etc/passwd",
        b"http://a/1",
        b"b1f2\nhttp://a/1",
        b"b1f2\nhttps://a/1\r\nX: y",
        b"b1f2\nfile:///etc/passwd",
        b"1 http://a/1\n",
        b"99999999 https://a/1\n",
        b"\x1b[2J",
        b".m/p",
    ];

    fn mutate(fields: &mut Fields, random: &mut fastrand::Rng) {
        let at = random.usize(..fields.len());
        let any_number = [0, 1, 9_999, 10_001, 1 << 32, 1 << 43, u64::MAX, random.u64(..)][random.usize(..8)];
        match random.u32(..8) {
            0 => drop(fields.remove(at)),
            1 => fields[at].0 = random.u8(..64),
            2 => fields[at].1 = NASTY[random.usize(..NASTY.len())].to_vec(),
            3 | 4 => fields[at].1 = any_number.to_le_bytes().to_vec(),
            5 => fields[at].1 = vec![random.u8(..); random.usize(..3000)],
            6 => fields.push((random.u8(1..48), NASTY[random.usize(..NASTY.len())].to_vec())),
            _ => {
                let length = fields[at].1.len();
                if length > 0 {
                    fields[at].1[random.usize(..length)] ^= 1 << random.u32(..8);
                }
            }
        }
    }

    /// What reaches the wire, in words of its own.
    fn is_harmless(upload: &Upload) {
        let no_controls = |text: &str| !text.chars().any(char::is_control);
        let is_token = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        assert!(is_token(&upload.media_type) && no_controls(&upload.name));
        assert!(upload.extension.as_deref().is_none_or(no_controls));
        assert!(
            upload.asset_id.as_deref().is_none_or(|id| is_token(id) && !id.contains(['/', '.', '?', '#']))
        );
        let part_urls = upload.part_urls.iter().map(|(_, url)| url);
        for url in upload.urls.iter().chain(part_urls) {
            let url = url.expose();
            assert!(url.to_ascii_lowercase().starts_with("https://") && is_token(url), "{url}");
        }
    }

    #[test]
    fn a_record_with_changed_fields_is_refused_or_harmless() {
        let mut random = fastrand::Rng::with_seed(11);
        let mut taken = 0;
        for round in 0..60_000 {
            let mut fields = fields(&if round % 2 == 0 { whole() } else { live() });
            for _ in 0..random.u32(1..4) {
                if !fields.is_empty() {
                    mutate(&mut fields, &mut random);
                }
            }
            let Some(mut upload) = decode(7, &joined(&fields)) else { continue };
            taken += 1;
            is_harmless(&upload);
            // Whatever is asked of it can be answered.
            let _ = (
                upload.is_complete(),
                upload.was_assembled(),
                upload.is_all_started(),
                upload.bytes_in_flight(),
            );
            if let Some(part) = upload.next_part(Instant(u64::MAX)) {
                let _ = upload.range(part);
                upload.take_up(part);
            }
            assert!(decode(7, &encode(&upload)).is_some(), "its own record would be refused");
        }
        assert!(taken > 1000, "{taken}");
    }

    #[test]
    fn addresses_apart_are_taken_only_as_the_service_gives_them() {
        let decoded = |text: &str| decode_urls(&SecretBytes::new(text.into())).is_some();
        assert!(decoded("b1f2\nhttps://a/1\nhttps://b/2"));
        let many = "\nhttps://a/1".repeat(10_001);
        for bad in [
            "",
            "b1f2",
            "../x\nhttps://a/1",
            "b1f2\nhttp://a/1",
            "b1f2\nhttps://a/1\n",
            &format!("b1f2{many}"),
        ] {
            assert!(!decoded(bad), "{}", &bad[..bad.len().min(40)]);
        }
    }
}
