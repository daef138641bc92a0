//! What a device may ask for when it creates an asset.

use super::Refused;
use super::realtime::LARGEST_FILE;

/// Frame.io limits names to this many characters.
const LONGEST_NAME: usize = 255;
/// A multipart upload at S3 has no more parts than this.
pub const MOST_PARTS: u64 = 10_000;

/// The fields of the request, as they came. An absent one and a null are the same.
#[derive(Debug, Default, Clone)]
pub struct AssetFields {
    pub name: Option<String>,
    pub extension: Option<String>,
    pub filetype: Option<String>,
    pub filesize: Option<i64>,
    pub offset: Option<i64>,
    pub channel: Option<i64>,
    pub parts: Option<i64>,
    pub realtime: bool,
}

/// An asset that can be created.
#[derive(Debug, PartialEq, Eq)]
pub struct NewAsset {
    pub name: String,
    pub filetype: String,
    pub offset: i64,
    pub channel: u64,
    pub kind: Kind,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Kind {
    /// The file exists. `parts` is how many the device wants.
    Finished { filesize: u64, parts: Option<u64> },
    /// The file is being recorded. Without a name of its own it has a placeholder.
    RealTime { placeholder: bool },
}

impl AssetFields {
    pub fn check(self) -> Result<NewAsset, Refused> {
        let filetype = self.filetype.filter(|filetype| is_media_type(filetype));
        let filetype = filetype.ok_or(Refused::Invalid("filetype is not a media type"))?;
        let channel = u64::try_from(self.channel.unwrap_or(0))
            .map_err(|_| Refused::Invalid("channel is not an index"))?;
        let name = self.name.filter(|name| !name.is_empty());
        if name.as_ref().is_some_and(|name| name.chars().count() > LONGEST_NAME) {
            return Err(Refused::Invalid("name is longer than 255 characters"));
        }
        let (name, kind) = if self.realtime {
            real_time(name, self.extension, self.filesize)?
        } else {
            finished(name, self.filesize, self.parts)?
        };
        Ok(NewAsset { name, filetype, offset: self.offset.unwrap_or(0), channel, kind })
    }
}

fn finished(
    name: Option<String>,
    filesize: Option<i64>,
    parts: Option<i64>,
) -> Result<(String, Kind), Refused> {
    let name = name.ok_or(Refused::Invalid("name is required"))?;
    let filesize = filesize.and_then(|filesize| u64::try_from(filesize).ok());
    let filesize = filesize
        .filter(|filesize| (1..=LARGEST_FILE).contains(filesize))
        .ok_or(Refused::Invalid("filesize is not between 1 byte and 5 TiB"))?;
    let in_range = |parts: i64| u64::try_from(parts).ok().filter(|parts| (1..=MOST_PARTS).contains(parts));
    let parts = match parts {
        Some(parts) => Some(in_range(parts).ok_or(Refused::Invalid("parts is not between 1 and 10000"))?),
        None => None,
    };
    Ok((name, Kind::Finished { filesize, parts }))
}

fn real_time(
    name: Option<String>,
    extension: Option<String>,
    filesize: Option<i64>,
) -> Result<(String, Kind), Refused> {
    if filesize.is_some() {
        return Err(Refused::Invalid("filesize is not known yet in real time"));
    }
    if extension.as_ref().is_some_and(|extension| !extension.starts_with('.') || extension.len() < 2) {
        return Err(Refused::Invalid("extension is not a dot and something"));
    }
    match (name, extension) {
        (Some(name), _) if !has_extension(&name) => Err(Refused::Invalid("name has no extension")),
        (Some(name), Some(extension)) if !name.ends_with(&extension) => {
            Err(Refused::Invalid("name and extension differ"))
        }
        (Some(name), _) => Ok((name, Kind::RealTime { placeholder: false })),
        (None, Some(extension)) if extension.chars().count() > LONGEST_NAME - PLACEHOLDER.len() => {
            Err(Refused::Invalid("extension is too long"))
        }
        (None, Some(extension)) => {
            Ok((format!("{PLACEHOLDER}{extension}"), Kind::RealTime { placeholder: true }))
        }
        (None, None) => Err(Refused::Invalid("name or extension is required")),
    }
}

const PLACEHOLDER: &str = "[new file]";

/// A dot with something behind it.
pub fn has_extension(name: &str) -> bool {
    name.find('.').is_some_and(|dot| dot + 1 < name.len())
}

/// Whether a name may replace the placeholder.
pub fn is_new_name(name: &str) -> bool {
    has_extension(name) && name.chars().count() <= LONGEST_NAME
}

/// It comes back as the `Content-Type` of every part, so it has to be possible in a header. RFC 6838 section
/// 4.2 allows 127 characters on either side of the slash.
fn is_media_type(filetype: &str) -> bool {
    let visible = filetype.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let parts = filetype.split_once('/');
    visible
        && filetype.len() <= LONGEST_NAME
        && filetype.trim() == filetype
        && parts.is_some_and(|(kind, rest)| !kind.is_empty() && !rest.is_empty())
}

/// How the bytes of a file fall on its parts: `ceil(filesize / count)` on each, what is left on the
/// last. With very many parts of a very small file some at the end are empty.
pub fn part_sizes(filesize: u64, count: u64) -> impl Iterator<Item = u64> {
    let chunk = filesize.div_ceil(count.max(1));
    (0..count).map(move |at| ((at + 1) * chunk).min(filesize) - (at * chunk).min(filesize))
}

/// How many parts a file has when the device does not say.
pub fn part_count(filesize: u64, part_bytes: u64) -> u64 {
    filesize.div_ceil(part_bytes.max(1)).clamp(1, MOST_PARTS)
}
