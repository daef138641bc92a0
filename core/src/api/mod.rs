//! The wire: what a request is, what an answer is, and one file per resource that builds the one and
//! reads the other. Pure: nothing here knows sockets, files or clocks.
//!
//! A body that is more than one flat object is written by serde. Answers are read by name from
//! [`Json`](crate::json::Json), not by a derived reader: that would refuse a member that is there twice, needs a reader
//! of its own for each that may be of a strange type, and has no bound for all values of an answer together. Written
//! for the token and the code, to compare, it was 19 lines longer.

pub mod asset;
pub mod comment;
pub mod device;
pub mod device_code;
pub mod failure;
pub mod heartbeat;
pub mod multipart;
pub mod number;
pub mod part;
pub mod realtime;
pub mod revoke;
pub mod token;

use crate::prelude::*;
use crate::secret::{Secret, SecretBytes};
use alloc::borrow::Cow;
use alloc::sync::Arc;
use core::time::Duration;

/// Which kind of request this is. A transport may keep a connection handle configured per endpoint
/// and encoding, so that only the body changes from call to call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub enum Endpoint {
    DeviceCode,
    DeviceCodeLegacy,
    Token,
    Revoke,
    Device,
    Heartbeat,
    CreateAsset,
    /// Of one asset, as is the next.
    RealtimeParts,
    Comments,
}

impl Endpoint {
    /// The path, or for what belongs to one asset the end of it: [`Request::path`] has the whole.
    pub fn path(self) -> &'static str {
        match self {
            Endpoint::DeviceCode => "/v2/auth/device/code",
            Endpoint::DeviceCodeLegacy => "/v2/device/code",
            Endpoint::Token => "/v2/auth/token",
            Endpoint::Revoke => "/v2/auth/revoke",
            Endpoint::Device => "/v2/devices/me",
            Endpoint::Heartbeat => "/v2/devices/heartbeat",
            Endpoint::CreateAsset => "/v2/devices/assets",
            Endpoint::RealtimeParts => "/realtime_upload/parts",
            Endpoint::Comments => "/comments",
        }
    }

    pub fn method(self) -> Method {
        match self {
            Endpoint::Device => Method::Get,
            _ => Method::Post,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    Get,
    Post,
}

/// How the fields of an auth request travel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Encoding {
    #[default]
    Form,
    Multipart,
}

/// Which encoding each auth request gets. The service's pages show multipart for the code and
/// url-encoded for the token; both are accepted there, but not by every compatible server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum EncodingPolicy {
    #[default]
    AsDocumented,
    Always(Encoding),
}

impl EncodingPolicy {
    pub fn or(self, documented: Encoding) -> Encoding {
        match self {
            EncodingPolicy::AsDocumented => documented,
            EncodingPolicy::Always(encoding) => encoding,
        }
    }
}

/// The content type of [`Encoding::Form`].
pub const FORM: &str = "application/x-www-form-urlencoded";

/// The content type of what concerns assets.
pub const JSON: &str = "application/json";

/// An answer without presigned URLs of parts has a few hundred bytes, device information with all its channels a few
/// thousand.
const LARGEST_ANSWER: usize = 256 << 10;

/// A body shared with the transport, so that a repeated request costs no copy.
pub type Body = Arc<SecretBytes>;

/// One request to the API's origin, as data. The path and method follow from the endpoint; the
/// version header is the transport's, since every request carries it.
#[derive(Clone, Debug)]
pub struct Request {
    pub endpoint: Endpoint,
    /// Set exactly when there is a body.
    pub content_type: Option<&'static str>,
    pub body: Option<Body>,
    /// `Authorization: Bearer …`; goes to the API's origin only.
    pub bearer: Option<Secret>,
    /// Asks for URL pairing (`x-client-platypus-enabled: true`).
    pub url_pairing: bool,
    /// The asset it is about, for those endpoints that are about one: an id that is fit for a path.
    pub asset: Option<Arc<str>>,
    /// No true answer has more bytes; what has is not read to its end.
    pub largest_answer: usize,
}

impl Request {
    pub fn path(&self) -> Cow<'static, str> {
        match &self.asset {
            None => self.endpoint.path().into(),
            Some(asset) => format!("{}/{asset}{}", Endpoint::CreateAsset.path(), self.endpoint.path()).into(),
        }
    }
}

/// One whole answer.
#[derive(Clone, Debug, Default)]
pub struct Response {
    pub status: u16,
    pub body: SecretBytes,
    /// From `Retry-After` (RFC 9110 section 10.2.3), already as a span.
    pub retry_after: Option<Duration>,
}

impl Response {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// The fields of an auth request, encoded.
pub(crate) fn auth_request(endpoint: Endpoint, encoding: Encoding, fields: &[(&str, &str)]) -> Request {
    let (content_type, body) = match encoding {
        Encoding::Form => (FORM, form(fields)),
        Encoding::Multipart => (multipart::CONTENT_TYPE, multipart::encode(fields)),
    };
    Request {
        endpoint,
        content_type: Some(content_type),
        body: Some(Arc::new(body)),
        bearer: None,
        url_pairing: false,
        asset: None,
        largest_answer: LARGEST_ANSWER,
    }
}

/// A request about assets.
pub(crate) fn json_request(endpoint: Endpoint, asset: Option<&Arc<str>>, body: SecretBytes) -> Request {
    Request {
        endpoint,
        content_type: Some(JSON),
        body: Some(Arc::new(body)),
        bearer: None,
        url_pairing: false,
        asset: asset.cloned(),
        largest_answer: LARGEST_ANSWER,
    }
}

fn form(fields: &[(&str, &str)]) -> SecretBytes {
    // Reserved in full, so that growing leaves no copies behind: %XX triples a byte at worst.
    let room = fields.iter().map(|(name, value)| name.len() + 3 * value.len() + 2).sum();
    let mut encoder = form_urlencoded::Serializer::new(String::with_capacity(room));
    for (name, value) in fields {
        encoder.append_pair(name, value);
    }
    SecretBytes::new(encoder.finish().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_bodies_are_percent_encoded() {
        let request = auth_request(Endpoint::Token, Encoding::Form, &[("a", "x y&z"), ("b", "ü")]);
        assert_eq!(request.body.unwrap().expose(), b"a=x+y%26z&b=%C3%BC");
    }
}
