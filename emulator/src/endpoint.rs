//! The endpoints of the device API: which path is which.

use hyper::Method;
use serde::{Deserialize, Serialize};

use crate::settings::CodePath;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    Code,
    Token,
    Revoke,
    Me,
    Heartbeat,
    Health,
    /// The creation of an asset.
    Asset,
    RealtimeParts,
    Comment,
    /// One part of a file, at the storage.
    Part,
    Unknown,
}

/// The grants of the token endpoint, as tests name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    DeviceCode,
    RefreshToken,
}

impl GrantType {
    pub fn parse(grant_type: &str) -> Option<Self> {
        match grant_type {
            "urn:ietf:params:oauth:grant-type:device_code" => Some(Self::DeviceCode),
            "refresh_token" => Some(Self::RefreshToken),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::DeviceCode => "device_code",
            Self::RefreshToken => "refresh_token",
        }
    }
}

impl Endpoint {
    pub fn at(path: &str, code_path: CodePath) -> Self {
        match path {
            "/v2/auth/device/code" if code_path != CodePath::Legacy => Self::Code,
            "/v2/device/code" if code_path != CodePath::New => Self::Code,
            "/v2/auth/token" => Self::Token,
            "/v2/auth/revoke" => Self::Revoke,
            "/v2/devices/me" => Self::Me,
            "/v2/devices/heartbeat" => Self::Heartbeat,
            "/health" => Self::Health,
            "/v2/devices/assets" | "/v2/assets" => Self::Asset,
            path => below_asset(path).map_or(Self::Unknown, |(_, endpoint)| endpoint),
        }
    }

    /// Whether it speaks OAuth: form bodies in, simple errors out, no bearer token.
    pub fn is_auth(self) -> bool {
        matches!(self, Self::Code | Self::Token | Self::Revoke)
    }

    pub fn needs_bearer(self) -> bool {
        matches!(self, Self::Me | Self::Heartbeat) || self.is_about_asset()
    }

    /// Whether its request has named values in it: JSON, mostly.
    pub fn is_about_asset(self) -> bool {
        matches!(self, Self::Asset | Self::RealtimeParts | Self::Comment)
    }

    /// The one method it has; `None` for what does not exist.
    pub fn method(self) -> Option<Method> {
        match self {
            Self::Code | Self::Token | Self::Revoke | Self::Heartbeat => Some(Method::POST),
            Self::Me | Self::Health => Some(Method::GET),
            Self::Asset | Self::RealtimeParts | Self::Comment => Some(Method::POST),
            Self::Part => Some(Method::PUT),
            Self::Unknown => None,
        }
    }
}

/// The asset that a path names, and what of it.
pub fn below_asset(path: &str) -> Option<(&str, Endpoint)> {
    let (asset_id, rest) = path.strip_prefix("/v2/devices/assets/")?.split_once('/')?;
    match rest {
        "realtime_upload/parts" => Some((asset_id, Endpoint::RealtimeParts)),
        "comments" => Some((asset_id, Endpoint::Comment)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_code_paths() {
        let (new, legacy) = ("/v2/auth/device/code", "/v2/device/code");
        for (setting, has_new, has_legacy) in
            [(CodePath::Both, true, true), (CodePath::New, true, false), (CodePath::Legacy, false, true)]
        {
            assert_eq!(Endpoint::at(new, setting) == Endpoint::Code, has_new);
            assert_eq!(Endpoint::at(legacy, setting) == Endpoint::Code, has_legacy);
        }
    }

    #[test]
    fn assets() {
        for (path, endpoint) in [
            ("/v2/devices/assets", Endpoint::Asset),
            ("/v2/assets", Endpoint::Asset),
            ("/v2/devices/assets/an-id/realtime_upload/parts", Endpoint::RealtimeParts),
            ("/v2/devices/assets/an-id/comments", Endpoint::Comment),
            ("/v2/devices/assets/an-id/realtime-upload-parts", Endpoint::Unknown),
            ("/v2/devices/assets/an-id", Endpoint::Unknown),
            ("/v2/assets/an-id/comments", Endpoint::Unknown),
        ] {
            assert_eq!(Endpoint::at(path, CodePath::Both), endpoint, "{path}");
        }
    }
}
