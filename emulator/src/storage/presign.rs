//! AWS Signature Version 4 in the query of an address, as S3 has it for presigned uploads.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use ring::digest::{SHA256, digest};
use ring::hmac::{HMAC_SHA256, Key, sign, verify};
use serde::{Deserialize, Serialize};

use crate::random;
use crate::service::hash::hex;

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

/// What an address says about its part, beside the signature.
#[derive(Debug, Clone, Copy)]
pub enum Part<'a> {
    /// As the service was seen to write it: metadata of an object. In real time nobody knows how many there will
    /// be.
    Object {
        number: u32,
        count: Option<u32>,
        asset_id: &'a str,
    },
    Multipart {
        number: u32,
        upload_id: &'a str,
    },
}

impl Part<'_> {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        match *self {
            Self::Object { number, count, asset_id } => {
                let mut parameters = vec![("x-amz-meta-part_number", number.to_string())];
                parameters.extend(count.map(|count| ("x-amz-meta-part_count", count.to_string())));
                parameters.push(("x-amz-meta-asset_id", asset_id.to_owned()));
                parameters
            }
            Self::Multipart { number, upload_id } => {
                vec![("partNumber", number.to_string()), ("uploadId", upload_id.to_owned())]
            }
        }
    }
}

/// The query of a presigned address, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub struct Query {
    /// Every parameter but the signature, decoded and in the order of signing.
    signed: Vec<(String, String)>,
    signature: Vec<u8>,
    pub date: String,
    pub expires: u64,
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
    pub fn query(&self, request: &Request<'_>, part: &Part<'_>, expires: u64) -> String {
        let of_signature = [
            ("X-Amz-Algorithm", ALGORITHM.to_owned()),
            ("X-Amz-Credential", format!("{}/{}", self.signer.access_key, self.scope)),
            ("X-Amz-Date", self.date.clone()),
            ("X-Amz-Expires", expires.to_string()),
            ("X-Amz-SignedHeaders", SIGNED_HEADERS.to_owned()),
        ];
        let own = |parameters: &[(&str, String)]| -> Vec<(String, String)> {
            parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
        };
        let (of_signature, of_part) = (own(&of_signature), own(&part.parameters()));
        let mut signed = [of_signature.clone(), of_part.clone()].concat();
        signed.sort();
        let signature = sign(&self.key, self.string_to_sign(&canonical(&signed), request).as_bytes());
        let signature = ("X-Amz-Signature".to_owned(), hex(signature.as_ref()));
        // In the order in which the service was seen to write them, and S3's tools do.
        canonical(&match part {
            Part::Object { .. } => [of_signature, vec![signature], of_part].concat(),
            Part::Multipart { .. } => [of_part, of_signature, vec![signature]].concat(),
        })
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
            signature: signature?,
            signed,
        })
    }

    /// Whether it is the address of this part.
    pub fn is_of(&self, part: &Part<'_>) -> bool {
        part.parameters().iter().all(|(name, value)| self.get(name) == Some(value.as_str()))
    }

    /// Whether it is for a part of a multipart upload.
    pub fn is_multipart(&self) -> bool {
        self.get("uploadId").is_some()
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.signed.iter().find(|(parameter, _)| parameter == name).map(|(_, value)| value.as_str())
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

    const MULTIPART: Part<'static> = Part::Multipart { number: 7, upload_id: "upload id+/" };
    const OBJECT: Part<'static> = Part::Object { number: 7, count: Some(9), asset_id: "an-asset" };

    #[test]
    fn an_address_has_the_names_that_were_seen() {
        let query = Signer::new().at("20300102T030405Z").query(&REQUEST, &OBJECT, 86_400);
        let names: Vec<_> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
        assert_eq!(
            names,
            [
                "X-Amz-Algorithm",
                "X-Amz-Credential",
                "X-Amz-Date",
                "X-Amz-Expires",
                "X-Amz-SignedHeaders",
                "X-Amz-Signature",
                "x-amz-meta-part_number",
                "x-amz-meta-part_count",
                "x-amz-meta-asset_id"
            ]
        );
        assert!(query.contains("&X-Amz-Date=20300102T030405Z&X-Amz-Expires=86400&"));
        assert!(query.contains("&X-Amz-SignedHeaders=content-type%3Bhost%3Bx-amz-acl&X-Amz-Signature="));
        assert!(
            query.ends_with("&x-amz-meta-part_number=7&x-amz-meta-part_count=9&x-amz-meta-asset_id=an-asset")
        );
        let of_recording = Part::Object { number: 7, count: None, asset_id: "an-asset" };
        let query = Signer::new().at("20300102T030405Z").query(&REQUEST, &of_recording, 60);
        assert!(query.ends_with("&x-amz-meta-part_number=7&x-amz-meta-asset_id=an-asset"), "{query}");
    }

    #[test]
    fn a_signature_covers_everything() {
        let signer = Signer::new();
        for part in [MULTIPART, OBJECT] {
            let query = signer.at("20300102T030405Z").query(&REQUEST, &part, 86_400);
            let parsed = Query::parse(&query).expect("a query");
            assert_eq!((parsed.date.as_str(), parsed.expires), ("20300102T030405Z", 86_400));
            assert!(signer.is_signed(&parsed, &REQUEST) && parsed.is_of(&part));
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
                ("umber=7", "umber=8"),
                ("Expires=86400", "Expires=86401"),
                ("20300102T03", "20300102T04"),
                ("uploadId=upload", "uploadId=uplaod"),
                ("part_count=9", "part_count=8"),
                ("asset_id=an-", "asset_id=no-"),
                ("us-east-1", "us-west-1"),
                ("&X-Amz-Signature=", "&x=y&X-Amz-Signature="),
            ] {
                let changed = query.replace(from, to);
                let parsed = Query::parse(&changed).expect("still a query");
                assert_eq!(signer.is_signed(&parsed, &REQUEST), changed == query, "{from}");
            }
            let reordered = query.rsplit('&').collect::<Vec<_>>().join("&");
            assert!(signer.is_signed(&Query::parse(&reordered).expect("a query"), &REQUEST));
        }
        let multipart = signer.at("20300102T030405Z").query(&REQUEST, &MULTIPART, 86_400);
        assert!(
            multipart.starts_with("partNumber=7&uploadId=upload%20id%2B%2F&X-Amz-Algorithm=AWS4-HMAC-SHA256")
        );
        let parsed = Query::parse(&multipart).expect("a query");
        assert!(parsed.is_multipart() && !parsed.is_of(&OBJECT));
        assert!(!parsed.is_of(&Part::Multipart { number: 8, upload_id: "upload id+/" }));
    }

    #[test]
    fn what_is_no_presigned_query() {
        let query = Signer::new().at("20300102T030405Z").query(&REQUEST, &MULTIPART, 60);
        for (from, to) in [
            ("&X-Amz-Signature=", "&Signature="),
            ("X-Amz-Expires=60", "X-Amz-Expires=soon"),
            ("partNumber=7", "partNumber=7&partNumber=7"),
            ("uploadId=upload", "uploadId=%ff"),
            ("uploadId=", "uploadId&x="),
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
