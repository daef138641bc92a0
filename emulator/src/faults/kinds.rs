//! The kinds of faults, as tests write them.

use std::collections::BTreeMap;

use hyper::header::{CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use serde::{Deserialize, Serialize};

use crate::service::s3_errors;

/// What happens instead of the proper answer. See the README for each kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    Status {
        status: u16,
        #[serde(default)]
        body: Option<String>,
        #[serde(default)]
        headers: BTreeMap<String, String>,
        #[serde(default)]
        content_type: Option<String>,
    },
    /// An error of the storage, by its code in S3's list, with the status of that list unless it says another.
    S3 {
        code: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        headers: BTreeMap<String, String>,
    },
    Delay {
        ms: u64,
    },
    Reset {
        #[serde(default)]
        after_bytes: Option<usize>,
        #[serde(default, skip_serializing_if = "is_zero")]
        after_request_bytes: u64,
    },
    Close {
        #[serde(default, skip_serializing_if = "is_zero")]
        after_request_bytes: u64,
    },
    Stall {
        #[serde(default)]
        after_bytes: Option<usize>,
        #[serde(default, skip_serializing_if = "is_zero")]
        after_request_bytes: u64,
    },
    /// The body of the request is read at this pace; the answer is the proper one.
    Throttle {
        bytes_per_second: u64,
    },
    Truncate {
        #[serde(default)]
        bytes: Option<usize>,
    },
    Body {
        body: String,
        #[serde(default = "ok")]
        status: u16,
        #[serde(default)]
        content_type: Option<String>,
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    Big {
        bytes: u64,
    },
    Redirect {
        location: String,
        #[serde(default = "found")]
        status: u16,
    },
}

fn is_zero(bytes: &u64) -> bool {
    *bytes == 0
}

fn ok() -> u16 {
    200
}

fn found() -> u16 {
    302
}

impl Fault {
    /// Whether it can be put on the wire at all; the error names the part that cannot.
    pub fn check(&self) -> Result<(), &'static str> {
        let no_headers = BTreeMap::new();
        let (status, headers, value) = match self {
            Self::Status { status, headers, content_type, .. }
            | Self::Body { status, headers, content_type, .. } => (*status, headers, content_type.as_deref()),
            Self::Redirect { location, status } => (*status, &no_headers, Some(location.as_str())),
            Self::S3 { code, .. } if s3_errors::named(code).is_none() => return Err("code"),
            Self::S3 { status, headers, .. } => (status.unwrap_or(400), headers, None),
            Self::Throttle { bytes_per_second: 0 } => return Err("bytes_per_second"),
            _ => return Ok(()),
        };
        if !(200..=599).contains(&status) {
            return Err("status");
        }
        let is_value = |value: &str| HeaderValue::from_str(value).is_ok();
        if !value.is_none_or(is_value) {
            return Err("content_type or location");
        }
        // How long the body is, is said by its sender; `truncate` is how to lie about it.
        let is_framing = |name: &HeaderName| [CONTENT_LENGTH, TRANSFER_ENCODING].contains(name);
        let is_header = |(name, value): (&String, &String)| {
            HeaderName::from_bytes(name.as_bytes()).is_ok_and(|name| !is_framing(&name)) && is_value(value)
        };
        if headers.iter().all(is_header) { Ok(()) } else { Err("headers") }
    }

    /// How much of the request's body is read before it strikes.
    pub fn after_request_bytes(&self) -> u64 {
        match self {
            Self::Reset { after_request_bytes, .. }
            | Self::Close { after_request_bytes }
            | Self::Stall { after_request_bytes, .. } => *after_request_bytes,
            _ => 0,
        }
    }

    /// Whether only the storage can say it.
    pub fn is_of_storage(&self) -> bool {
        matches!(self, Self::S3 { .. })
    }

    /// Whether it is about the way of a long body to the server.
    pub fn is_about_upload(&self) -> bool {
        matches!(self, Self::Throttle { .. }) || self.after_request_bytes() > 0
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::S3 { .. } => "s3",
            Self::Delay { .. } => "delay",
            Self::Reset { .. } => "reset",
            Self::Close { .. } => "close",
            Self::Stall { .. } => "stall",
            Self::Throttle { .. } => "throttle",
            Self::Truncate { .. } => "truncate",
            Self::Body { .. } => "body",
            Self::Big { .. } => "big",
            Self::Redirect { .. } => "redirect",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_sent_is_refused() {
        for (bad, why) in [
            (r#"{"kind":"status","status":99}"#, "status"),
            (r#"{"kind":"body","body":"","status":600}"#, "status"),
            (r#"{"kind":"status","status":503,"headers":{"a b":"c"}}"#, "headers"),
            (r#"{"kind":"status","status":503,"headers":{"Content-Length":"5"}}"#, "headers"),
            (r#"{"kind":"body","body":"","headers":{"transfer-encoding":"chunked"}}"#, "headers"),
            (r#"{"kind":"redirect","location":"a\nb"}"#, "content_type or location"),
            (r#"{"kind":"throttle","bytes_per_second":0}"#, "bytes_per_second"),
            (r#"{"kind":"s3","code":"Nonsense"}"#, "code"),
            (r#"{"kind":"s3","code":"SlowDown","status":99}"#, "status"),
        ] {
            let fault: Fault = serde_json::from_str(bad).expect("a fault");
            assert_eq!(fault.check(), Err(why), "{bad}");
        }
    }

    #[test]
    fn every_kind_reads() {
        for fault in [
            r#"{"kind":"status","status":503,"body":"x","headers":{"Retry-After":"2"},"content_type":"text/html"}"#,
            r#"{"kind":"s3","code":"SlowDown"}"#,
            r#"{"kind":"s3","code":"SlowDown","status":403,"headers":{"Retry-After":"2"}}"#,
            r#"{"kind":"delay","ms":10}"#,
            r#"{"kind":"reset"}"#,
            r#"{"kind":"reset","after_bytes":3}"#,
            r#"{"kind":"reset","after_request_bytes":70000}"#,
            r#"{"kind":"close"}"#,
            r#"{"kind":"close","after_request_bytes":70000}"#,
            r#"{"kind":"throttle","bytes_per_second":70000}"#,
            r#"{"kind":"stall"}"#,
            r#"{"kind":"stall","after_bytes":0}"#,
            r#"{"kind":"truncate"}"#,
            r#"{"kind":"truncate","bytes":5}"#,
            r#"{"kind":"body","body":"<html>"}"#,
            r#"{"kind":"big","bytes":1000000}"#,
            r#"{"kind":"redirect","location":"https://elsewhere/"}"#,
        ] {
            assert!(serde_json::from_str::<Fault>(fault).is_ok(), "{fault}");
        }
        for bad in [r#"{"kind":"reset","x":1}"#, r#"{"kind":"nonsense"}"#, r#"{"kind":"close","x":1}"#] {
            assert!(serde_json::from_str::<Fault>(bad).is_err(), "{bad}");
        }
    }
}
