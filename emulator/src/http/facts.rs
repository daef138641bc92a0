//! What the checklist is told about a request.

use std::time::Duration;

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, FORWARDED, HeaderName, VIA};
use hyper::http::request::Parts;

use super::device_calls::Call;
use super::payload::Payload;
use super::wire::Wire;
use crate::checklist::event::{Asked, Creation, Moment, Version};
use crate::emulator::Emulator;
use crate::endpoint::{Endpoint, GrantType, below_asset};
use crate::journal::clip;
use crate::mask::Mask;

const LONGEST_VERSION: usize = 255;

/// What the head alone tells.
pub fn of_head(
    emulator: &Emulator,
    wire: &Wire,
    head: &Parts,
    endpoint: Endpoint,
    arrived: Duration,
    timed: bool,
) -> Asked {
    Asked {
        seq: 0,
        at: Moment { clock: arrived, moved: emulator.clock.offset() },
        timed,
        connection: wire.connection,
        peer: wire.peer,
        device: None,
        endpoint,
        grant: None,
        version: version(&head.headers),
        bearer: bearer(&emulator.mask, &head.headers),
        secret: None,
        has_query: head.uri.query().is_some(),
        intermediary: intermediary(&head.headers),
        asset: None,
        part: None,
        creation: None,
    }
}

/// The same for a call of the device API, whose body is read.
pub fn of_call(
    emulator: &Emulator,
    wire: &Wire,
    call: &Call<'_>,
    grant: Option<GrantType>,
    timed: bool,
) -> Asked {
    let secret = match grant {
        Some(GrantType::DeviceCode) => call.field("device_code"),
        Some(GrantType::RefreshToken) => call.field("refresh_token").or(call.field("refresh_tokem")),
        None => None,
    };
    let creation = call.payload.as_ref().ok().filter(|_| call.endpoint == Endpoint::Asset).map(creation);
    Asked {
        device: call.field("client_id").map(clip),
        grant,
        secret: secret.map(|secret| emulator.mask.secret(secret)),
        asset: below_asset(call.head.uri.path()).map(|(asset_id, _)| clip(asset_id)),
        creation,
        ..of_head(emulator, wire, call.head, call.endpoint, call.arrived, timed)
    }
}

fn creation(payload: &Payload) -> Creation {
    let text = |name| payload.text(name).ok().flatten().unwrap_or_default();
    let size = payload.integer("filesize").ok().flatten().unwrap_or_default();
    Creation {
        file: format!("{} {size}", clip(text("name"))),
        filetype: clip(text("filetype")),
        offset: payload.integer("offset").ok().flatten(),
        realtime: payload.truth("is_realtime_upload").unwrap_or_default(),
    }
}

/// One of thousands of characters is none that anybody would want to keep.
pub fn is_semantic(version: &str) -> bool {
    version.len() <= LONGEST_VERSION && semver::Version::parse(version).is_ok()
}

fn version(headers: &HeaderMap) -> Version {
    match headers.get("x-client-version").map(|value| value.to_str()) {
        None => Version::Missing,
        Some(Ok(version)) if is_semantic(version) => Version::Semantic,
        Some(_) => Version::NotSemantic,
    }
}

/// Hashed like the token in a form, and like what answers have issued.
fn bearer(mask: &Mask, headers: &HeaderMap) -> Option<String> {
    let header = headers.get(AUTHORIZATION)?;
    let text = String::from_utf8_lossy(header.as_bytes());
    Some(mask.secret(text.split_once(' ').map_or(&*text, |(_, token)| token.trim())))
}

fn intermediary(headers: &HeaderMap) -> Option<&'static str> {
    const NAMES: [(HeaderName, &str); 3] = [
        (VIA, "Via"),
        (FORWARDED, "Forwarded"),
        (HeaderName::from_static("x-forwarded-for"), "X-Forwarded-For"),
    ];
    NAMES.iter().find(|(name, _)| headers.contains_key(name)).map(|(_, shown)| *shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().expect("a value")))
            .collect()
    }

    #[test]
    fn heads_as_devices_send_them() {
        assert_eq!(version(&headers(&[])), Version::Missing);
        assert_eq!(version(&headers(&[("x-client-version", "2.16")])), Version::NotSemantic);
        assert_eq!(version(&headers(&[("x-client-version", "2.16.4")])), Version::Semantic);
        let long = format!("1.2.3-{}", "x".repeat(LONGEST_VERSION));
        assert!(is_semantic("1.2.3-beta.1+5") && !is_semantic(&long));
        let mask = Mask::default();
        let expected = Some(mask.secret("token"));
        assert_eq!(bearer(&mask, &headers(&[("authorization", "Bearer token")])), expected);
        assert_eq!(bearer(&mask, &headers(&[("authorization", "token")])), expected);
        assert_eq!(bearer(&mask, &headers(&[])), None);
        assert_eq!(intermediary(&headers(&[("via", "1.1 relay")])), Some("Via"));
        assert_eq!(intermediary(&headers(&[("host", "x")])), None);
    }
}
