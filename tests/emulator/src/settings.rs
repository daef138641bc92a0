//! What tests may change about the service while it runs.

use std::time::Duration;

use serde::{Deserialize, Serialize};

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

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settings {
    pub interval: f64,
    pub expires_in: f64,
    pub access_token_seconds: f64,
    pub refresh_token_seconds: f64,
    pub code_path: CodePath,
    pub refuse_multipart: bool,
    pub omit_name: bool,
    pub omit_interval: bool,
    pub verification_complete: VerificationComplete,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            interval: 5.0,
            expires_in: 120.0,
            access_token_seconds: 28_800.0,
            refresh_token_seconds: 14.0 * 86_400.0,
            code_path: CodePath::Both,
            refuse_multipart: false,
            omit_name: false,
            omit_interval: false,
            verification_complete: VerificationComplete::Normal,
        }
    }
}

/// A subset of the settings, as a test sends it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SettingsChange {
    pub interval: Option<f64>,
    pub expires_in: Option<f64>,
    pub access_token_seconds: Option<f64>,
    pub refresh_token_seconds: Option<f64>,
    pub code_path: Option<CodePath>,
    pub refuse_multipart: Option<bool>,
    pub omit_name: Option<bool>,
    pub omit_interval: Option<bool>,
    pub verification_complete: Option<VerificationComplete>,
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
        fn put<T: Copy>(slot: &mut T, new: Option<T>) {
            *slot = new.unwrap_or(*slot);
        }
        put(&mut self.interval, change.interval);
        put(&mut self.expires_in, change.expires_in);
        put(&mut self.access_token_seconds, change.access_token_seconds);
        put(&mut self.refresh_token_seconds, change.refresh_token_seconds);
        put(&mut self.code_path, change.code_path);
        put(&mut self.refuse_multipart, change.refuse_multipart);
        put(&mut self.omit_name, change.omit_name);
        put(&mut self.omit_interval, change.omit_interval);
        put(&mut self.verification_complete, change.verification_complete);
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
    }

    #[test]
    fn whole_numbers_have_no_fraction() {
        assert_eq!(number(120.0).to_string(), "120");
        assert_eq!(number(0.25).to_string(), "0.25");
    }
}
