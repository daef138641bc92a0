//! What the service says, as JSON.

use serde_json::{Value, json};

use crate::codes::DeviceCode;
use crate::devices::name_of;
use crate::errors::{Refusal, detailed};
use crate::grants::Tokens;
use crate::settings::{Settings, VerificationComplete, number};
use crate::uploads::Refused;

impl DeviceCode {
    /// `for_url_pairing` says that the device asked for an address that has the digits in it.
    pub fn body(&self, settings: &Settings, pair_url: &str, for_url_pairing: bool) -> Value {
        let mut body = json!({
            "device_code": self.device_code,
            "user_code": self.user_code,
            "expires_in": number(settings.expires_in),
            "verification_uri": pair_url,
        });
        if !settings.omit_interval {
            body["interval"] = number(settings.interval);
        }
        if !settings.omit_name {
            body["name"] = name_of(&self.client_id).into();
        }
        match settings.verification_complete {
            VerificationComplete::Absent => {}
            VerificationComplete::Normal if for_url_pairing => {
                body["verification_uri_complete"] = format!("{pair_url}/{}", self.user_code).into();
            }
            VerificationComplete::Normal | VerificationComplete::Null => {
                body["verification_uri_complete"] = Value::Null
            }
        }
        body
    }
}

impl Tokens {
    pub fn body(&self) -> Value {
        let mut body = json!({
            "access_token": self.access_token,
            "expires_in": number(self.expires_in),
            "token_type": "bearer",
        });
        if let Some(refresh_token) = &self.refresh_token {
            body["refresh_token"] = refresh_token.as_str().into();
        }
        body
    }
}

/// The answer to a bearer token, or to a whole authorization, that has ended.
pub fn not_authorized() -> (u16, Value) {
    (401, detailed(401, "Not Authorized", "You are not allowed to access that resource"))
}

impl Refusal {
    pub fn answer(self) -> (u16, Value) {
        match self {
            Self::OAuth(error) => (400, error.body()),
            Self::NotAuthorized => not_authorized(),
        }
    }
}

impl Refused {
    pub fn answer(self) -> (u16, Value) {
        let (status, title, detail) = match self {
            Self::Bad(detail) => (400, "Bad Request", detail),
            Self::Invalid(detail) => (422, "Unprocessable Entity", detail),
            Self::Forbidden => (403, "Forbidden", "The device may not create assets"),
            Self::NoSuchAsset => (404, "Not Found", "There is no such asset"),
            Self::Paused => (409, "Channel Paused", "The channel you're uploading from is currently paused."),
        };
        (status, detailed(status, title, detail))
    }
}
