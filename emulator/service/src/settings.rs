//! What tests may change about the service while it runs.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::uploads::realtime::LARGEST_PART;

/// Which of the two documented paths of the device-code endpoint exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodePath {
    Both,
    New,
    Legacy,
}

/// What becomes of `verification_uri_complete` in a device-code answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerificationComplete {
    Normal,
    Null,
    Absent,
}

/// What becomes of the bytes of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "snake_case")]
pub enum StorageMode {
    /// Kept in files until the whole has its checksums
    Keep,
    /// Only counted
    Discard,
}

/// What a part is to the storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "snake_case")]
pub enum PartsAre {
    /// Objects of their own, put together later by somebody else: a part may come again at any time
    Objects,
    /// Parts of a multipart upload, which is gone (`NoSuchUpload`) as soon as it is complete
    Multipart,
}

/// How the bucket encrypts what it stores. Answers say so, and ETags depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    None,
    /// With S3's own keys, as every bucket does unless told otherwise: ETags are MD5 sums.
    Aes256,
    /// With keys of KMS: ETags look like MD5 sums and are none.
    Kms,
}

/// The `ETag` of an answer to a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Etag {
    Md5,
    Opaque,
    Absent,
}

/// Whose time the device under test lives in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceClock {
    Own,
    /// A test moves it, so that the device waits less than it believes.
    Moved,
}

/// Which presigned URLs are handed out: proper ones, or a kind of bad ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssetUrls {
    Normal,
    None,
    Http,
    Relative,
    Many,
    ForeignHost,
}

/// Beyond any link, and still exact as a floating-point number.
const FASTEST_LINK: u64 = 1 << 40;
/// What S3 allows for the life of a presigned URL: seven days.
const LONGEST_URL_SECONDS: u64 = 604_800;

/// Each setting with its type and what it is at the beginning.
macro_rules! settings {
    ($($(#[$comment:meta])* $name:ident: $type:ty = $default:expr,)*) => {
        #[derive(Debug, Clone, PartialEq, Serialize)]
        pub struct Settings {
            $($(#[$comment])* pub $name: $type,)*
        }

        impl Default for Settings {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        /// A subset of the settings, as a test sends it.
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct SettingsChange {
            $(pub $name: Option<$type>,)*
        }

        impl Settings {
            fn take(&mut self, change: &SettingsChange) {
                $(self.$name = change.$name.unwrap_or(self.$name);)*
            }
        }
    };
}

settings! {
    interval: f64 = 5.0,
    /// So many polls of each code get `slow_down`, however patient the device is.
    slow_downs: u64 = 0,
    expires_in: f64 = 120.0,
    access_token_seconds: f64 = 28_800.0,
    refresh_token_seconds: f64 = 14.0 * 86_400.0,
    code_path: CodePath = CodePath::Both,
    refuse_multipart: bool = false,
    omit_name: bool = false,
    omit_interval: bool = false,
    verification_complete: VerificationComplete = VerificationComplete::Normal,
    storage: StorageMode = StorageMode::Keep,
    parts: PartsAre = PartsAre::Objects,
    part_bytes: u64 = 25 << 20,
    minimum_part_bytes: u64 = 5 << 20,
    url_seconds: u64 = 86_400,
    asset_urls: AssetUrls = AssetUrls::Normal,
    etag: Etag = Etag::Md5,
    encryption: Encryption = Encryption::Aes256,
    /// What all parts together get of the link, in bytes a second; 0 is all there is.
    link_bytes_per_second: u64 = 0,
    keep_content: bool = false,
    device_clock: DeviceClock = DeviceClock::Own,
    strict: bool = false,
}

impl Settings {
    /// Takes the whole change or, when one number of it is out of range, nothing; the error names
    /// the setting.
    pub fn change(&mut self, change: &SettingsChange) -> Result<(), &'static str> {
        let numbers = [
            ("interval", change.interval),
            ("expires_in", change.expires_in),
            ("access_token_seconds", change.access_token_seconds),
            ("refresh_token_seconds", change.refresh_token_seconds),
        ];
        for (name, number) in numbers {
            if number.is_some_and(|number| !(0.0..=1e9).contains(&number)) {
                return Err(name);
            }
        }
        let amounts = [
            ("part_bytes", change.part_bytes, 1..=LARGEST_PART),
            ("minimum_part_bytes", change.minimum_part_bytes, 0..=LARGEST_PART),
            ("url_seconds", change.url_seconds, 0..=LONGEST_URL_SECONDS),
            ("link_bytes_per_second", change.link_bytes_per_second, 0..=FASTEST_LINK),
        ];
        for (name, amount, range) in amounts {
            if amount.is_some_and(|amount| !range.contains(&amount)) {
                return Err(name);
            }
        }
        self.take(change);
        Ok(())
    }
}

/// A setting in seconds as a duration; [`Settings::change`] keeps settings in range.
pub fn seconds(value: f64) -> Duration {
    Duration::try_from_secs_f64(value).unwrap_or_default()
}

/// A JSON number without a needless fraction: the service writes `120`, not `120.0`.
pub fn number(value: f64) -> serde_json::Value {
    if value.fract() == 0.0 && value.abs() < 9e15 { (value as i64).into() } else { value.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_number_changes_nothing() {
        let mut settings = Settings::default();
        let change = SettingsChange { interval: Some(-1.0), omit_name: Some(true), ..Default::default() };
        assert_eq!(settings.change(&change), Err("interval"));
        assert_eq!(settings, Settings::default());
        for (change, name) in [
            (SettingsChange { part_bytes: Some(0), ..Default::default() }, "part_bytes"),
            (SettingsChange { url_seconds: Some(604_801), ..Default::default() }, "url_seconds"),
        ] {
            assert_eq!(settings.change(&change), Err(name));
        }
    }

    #[test]
    fn whole_numbers_have_no_fraction() {
        assert_eq!(number(120.0).to_string(), "120");
        assert_eq!(number(0.25).to_string(), "0.25");
    }
}
