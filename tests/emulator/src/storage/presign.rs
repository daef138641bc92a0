//! AWS Signature Version 4 in the query of an address, as S3 has it for presigned uploads.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use ring::digest::{SHA256, digest};
use ring::hmac::{HMAC_SHA256, Key, sign, verify};
use serde::{Deserialize, Serialize};

use crate::random;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const REGION: &str = "us-east-1";
const SIGNED_HEADERS: &str = "content-type;host;x-amz-acl";
/// What AWS leaves as it is in a query.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The account in whose name addresses are signed. Each run has its own, unless it goes on from another.
#[derive(Clone, Serialize, Deserialize)]
pub struct Signer {
    access_key: String,
    secret: String,
}

/// What the signature covers of a request to an address.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub path: &'a str,
    pub host: &'a str,
    pub content_type: &'a str,
    pub acl: &'a str,
}

/// The query of a presigned address, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub struct Query {
    /// Every parameter but the signature, decoded and in the order of signing.
    signed: Vec<(String, String)>,
    signature: Vec<u8>,
    pub date: String,
    pub expires: u64,
    pub upload_id: String,
    pub part_number: u32,
}

impl Signer {
    pub fn new() -> Self {
        Self { access_key: format!("EMULATOR{}", random::opaque::<12>()), secret: random::opaque::<40>() }
    }

    /// The signer at a date, `YYYYMMDDTHHMMSSZ`.
    pub fn at(&self, date: &str) -> DatedSigner<'_> {
        let day = date.get(..8).unwrap_or_default();
        let mut key = Key::new(HMAC_SHA256, format!("AWS4{}", self.secret).as_bytes());
        for step in [day, REGION, "s3", "aws4_request"] {
            key = Key::new(HMAC_SHA256, sign(&key, step.as_bytes()).as_ref());
        }
        DatedSigner { signer: self, date: date.to_owned(), scope: scope(day), key }
    }

    pub fn is_signed(&self, query: &Query, request: &Request<'_>) -> bool {
        let signer = self.at(&query.date);
        let credential = format!("{}/{}", self.access_key, signer.scope);
        let is = |name: &str, value: &str| query.signed.iter().any(|(n, v)| n == name && v == value);
        is("X-Amz-Algorithm", ALGORITHM)
            && is("X-Amz-SignedHeaders", SIGNED_HEADERS)
            && is("X-Amz-Credential", &credential)
            && verify(
                &signer.key,
                signer.string_to_sign(&canonical(&query.signed), request).as_bytes(),
                &query.signature,
            )
            .is_ok()
    }
}

impl Default for Signer {
    fn default() -> Self {
        Self::new()
    }
}

pub struct DatedSigner<'a> {
    signer: &'a Signer,
    date: String,
    scope: String,
    key: Key,
}

impl DatedSigner<'_> {
    /// The query that lets anybody send this request for so many seconds.
    pub fn query(&self, request: &Request<'_>, part: u32, upload_id: &str, expires: u64) -> String {
        let parameters = [
            ("partNumber", part.to_string()),
            ("uploadId", upload_id.to_owned()),
            ("X-Amz-Algorithm", ALGORITHM.to_owned()),
            ("X-Amz-Credential", format!("{}/{}", self.signer.access_key, self.scope)),
            ("X-Amz-Date", self.date.clone()),
            ("X-Amz-Expires", expires.to_string()),
            ("X-Amz-SignedHeaders", SIGNED_HEADERS.to_owned()),
        ];
        let mut signed = parameters.clone().map(|(name, value)| (name.to_owned(), value));
        signed.sort();
        let signature = sign(&self.key, self.string_to_sign(&canonical(&signed), request).as_bytes());
        let shown = parameters.map(|(name, value)| (name.to_owned(), value));
        format!("{}&X-Amz-Signature={}", canonical(&shown), hex(signature.as_ref()))
    }

    fn string_to_sign(&self, canonical_query: &str, request: &Request<'_>) -> String {
        let Request { path, host, content_type, acl } = request;
        let canonical_request = format!(
            "PUT\n{path}\n{canonical_query}\ncontent-type:{content_type}\nhost:{host}\nx-amz-acl:{acl}\n\n\
             {SIGNED_HEADERS}\nUNSIGNED-PAYLOAD"
        );
        let hash = hex(digest(&SHA256, canonical_request.as_bytes()).as_ref());
        format!("{ALGORITHM}\n{}\n{}\n{hash}", self.date, self.scope)
    }
}

impl Query {
    /// `None` when something is missing, repeated or unreadable.
    pub fn parse(query: &str) -> Option<Self> {
        let mut signed = Vec::new();
        let mut signature = None;
        for parameter in query.split('&') {
            let (name, value) = parameter.split_once('=')?;
            let decode = |text| percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned);
            let (name, value) = (decode(name)?, decode(value)?);
            if name == "X-Amz-Signature" {
                signature = Some(bytes_of_hex(&value)?);
            } else {
                signed.push((name, value));
            }
        }
        signed.sort();
        if signed.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return None;
        }
        let get = |name: &str| {
            let found = signed.iter().find(|(parameter, _)| parameter == name);
            found.map(|(_, value)| value.clone())
        };
        Some(Self {
            date: get("X-Amz-Date")?,
            expires: get("X-Amz-Expires")?.parse().ok()?,
            upload_id: get("uploadId")?,
            part_number: get("partNumber")?.parse().ok()?,
            signature: signature?,
            signed,
        })
    }
}

fn scope(day: &str) -> String {
    format!("{day}/{REGION}/s3/aws4_request")
}

fn canonical(parameters: &[(String, String)]) -> String {
    let encode = |text| utf8_percent_encode(text, ENCODED);
    let pairs = parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

pub fn hex(bytes: &[u8]) -> String {
    let digits = b"0123456789abcdef";
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.map(|nibble| char::from(digits[usize::from(nibble)])).collect()
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<_>> = text.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: Request<'static> =
        Request { path: "/parts/a/1", host: "127.0.0.1:9", content_type: "video/quicktime", acl: "private" };

    #[test]
    fn a_signature_covers_everything() {
        let signer = Signer::new();
        let query = signer.at("20300102T030405Z").query(&REQUEST, 7, "upload id+/", 86_400);
        assert!(
            query.starts_with("partNumber=7&uploadId=upload%20id%2B%2F&X-Amz-Algorithm=AWS4-HMAC-SHA256")
        );
        assert!(query.contains("&X-Amz-SignedHeaders=content-type%3Bhost%3Bx-amz-acl&X-Amz-Signature="));
        let parsed = Query::parse(&query).expect("a query");
        assert_eq!(
            (parsed.part_number, parsed.upload_id.as_str(), parsed.expires),
            (7, "upload id+/", 86_400)
        );
        assert!(signer.is_signed(&parsed, &REQUEST));
        assert!(!Signer::new().is_signed(&parsed, &REQUEST), "each run has its own key");
        for other in [
            Request { path: "/parts/a/2", ..REQUEST },
            Request { host: "localhost:9", ..REQUEST },
            Request { content_type: "video/mp4", ..REQUEST },
            Request { acl: "", ..REQUEST },
        ] {
            assert!(!signer.is_signed(&parsed, &other), "{other:?}");
        }
        for (from, to) in [
            ("partNumber=7", "partNumber=8"),
            ("Expires=86400", "Expires=86401"),
            ("20300102T03", "20300102T04"),
            ("uploadId=upload", "uploadId=uplaod"),
            ("us-east-1", "us-west-1"),
            ("&X-Amz-Signature=", "&x=y&X-Amz-Signature="),
        ] {
            let changed = Query::parse(&query.replace(from, to)).expect("still a query");
            assert!(!signer.is_signed(&changed, &REQUEST), "{from}");
        }
        let reordered = query.rsplit('&').collect::<Vec<_>>().join("&");
        assert!(signer.is_signed(&Query::parse(&reordered).expect("a query"), &REQUEST));
    }

    #[test]
    fn what_is_no_presigned_query() {
        let query = Signer::new().at("20300102T030405Z").query(&REQUEST, 7, "id", 60);
        for (from, to) in [
            ("&X-Amz-Signature=", "&Signature="),
            ("X-Amz-Expires=60", "X-Amz-Expires=soon"),
            ("partNumber=7", "partNumber=-1"),
            ("partNumber=7", "partNumber=7&partNumber=7"),
            ("uploadId=id", "uploadId"),
            ("uploadId=id", "uploadId=%ff"),
        ] {
            assert_eq!(Query::parse(&query.replace(from, to)), None, "{to}");
        }
        for bad in ["", "&", "X-Amz-Signature=abc", "X-Amz-Signature=zz"] {
            assert_eq!(Query::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn hexadecimal() {
        assert_eq!(hex(&[0, 0x9f, 0xff]), "009fff");
        assert_eq!(bytes_of_hex("009fff"), Some(vec![0, 0x9f, 0xff]));
        assert_eq!(bytes_of_hex("009ff"), None);
    }
}
