//! What a request asks for. Reading it checks what must hold for every request that leaves the
//! device: who identifies itself how, and that the access token goes nowhere it is not meant to.

use fio_c2c::api::{Endpoint, Request};
use fio_emulator_service::uploads::realtime::Announcement;

pub const CLIENT_ID: &str = "CAM-0042";
pub const CLIENT_SECRET: &str = "model secret & more";

#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    Code {
        legacy_path: bool,
    },
    Poll {
        device_code: String,
    },
    Refresh {
        token: String,
    },
    Revoke {
        token: String,
    },
    Device {
        access: String,
    },
    Heartbeat {
        access: String,
    },
    Create {
        access: String,
        asset: NewAsset,
    },
    Announce {
        access: String,
        id: String,
        announcement: Announcement,
    },
    Comment {
        access: String,
        id: String,
    },
    /// Fields in an encoding that the service does not take.
    Unreadable,
}

/// The creation of an asset, as it was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAsset {
    /// The media type: the tests give each upload its own, so it says whose asset this is.
    pub key: String,
    pub name: Option<String>,
    pub extension: Option<String>,
    /// `None` for a recording.
    pub size: Option<u64>,
    /// 0 leaves it to the service.
    pub parts: u32,
    pub offset: u64,
}

impl Ask {
    pub fn read(request: &Request) -> Ask {
        match request.endpoint {
            Endpoint::Device => Ask::Device { access: bearer_alone(request) },
            Endpoint::Heartbeat => Ask::Heartbeat { access: bearer_alone(request) },
            Endpoint::CreateAsset => Ask::Create { access: bearer(request), asset: new_asset(request) },
            Endpoint::RealtimeParts => Ask::Announce {
                access: bearer(request),
                id: about(request),
                announcement: announcement(request),
            },
            Endpoint::Comments => Ask::Comment { access: bearer(request), id: about(request) },
            endpoint => {
                assert!(request.bearer.is_none(), "an access token was sent to {}", endpoint.path());
                let fields = Fields::read(request);
                assert_eq!(fields.get("client_id"), CLIENT_ID);
                assert_eq!(fields.get("client_secret"), CLIENT_SECRET);
                match endpoint {
                    Endpoint::Revoke => Ask::Revoke { token: fields.get("token") },
                    Endpoint::Token => token_request(&fields),
                    _ => {
                        assert_eq!(fields.get("scope"), "asset_create offline");
                        Ask::Code { legacy_path: endpoint == Endpoint::DeviceCodeLegacy }
                    }
                }
            }
        }
    }

    pub fn is_refresh(&self) -> bool {
        matches!(self, Ask::Refresh { .. })
    }

    /// Whether an upload is behind it.
    pub fn is_of_an_upload(&self) -> bool {
        matches!(self, Ask::Create { .. } | Ask::Announce { .. })
    }
}

fn json(request: &Request) -> &[u8] {
    assert_eq!(request.content_type, Some("application/json"));
    request.body.as_ref().expect("there is something to say").expose()
}

fn about(request: &Request) -> String {
    request.asset.as_ref().expect("it is about an asset").to_string()
}

fn new_asset(request: &Request) -> NewAsset {
    let body: serde_json::Value = serde_json::from_slice(json(request)).expect("a new asset is JSON");
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    let is_realtime = body["is_realtime_upload"].as_bool().unwrap_or(false);
    let (name, size) = (text("name"), body["filesize"].as_u64());
    assert!(is_realtime == size.is_none(), "a size is for files that are no recordings: {body}");
    assert!(name.is_some() != text("extension").is_some(), "a name or an extension: {body}");
    NewAsset {
        key: text("filetype").expect("an asset has a media type"),
        name,
        extension: text("extension"),
        size,
        parts: body["parts"].as_u64().map_or(0, |parts| parts.try_into().expect("few parts")),
        offset: body["offset"].as_u64().unwrap_or_else(|| panic!("an age is never negative: {body}")),
    }
}

fn token_request(fields: &Fields) -> Ask {
    match fields.get("grant_type").as_str() {
        "refresh_token" => Ask::Refresh { token: fields.get("refresh_token") },
        "urn:ietf:params:oauth:grant-type:device_code" => {
            Ask::Poll { device_code: fields.get("device_code") }
        }
        other => panic!("unknown grant type {other}"),
    }
}

fn bearer_alone(request: &Request) -> String {
    assert!(request.body.is_none());
    bearer(request)
}

fn bearer(request: &Request) -> String {
    request.bearer.as_ref().expect("a device endpoint needs the access token").expose().to_owned()
}

fn announcement(request: &Request) -> Announcement {
    serde_json::from_slice(json(request)).expect("an announcement is JSON")
}

struct Fields(Vec<(String, String)>);

impl Fields {
    fn read(request: &Request) -> Fields {
        let body = request.body.as_ref().expect("an auth request has a body");
        let kind = request.content_type.expect("a body has a type");
        match kind.split_once("boundary=") {
            Some((_, boundary)) => Fields(multipart(body.expose(), boundary)),
            None => Fields(form_urlencoded::parse(body.expose()).into_owned().collect()),
        }
    }

    fn get(&self, name: &str) -> String {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.unwrap_or_else(|| panic!("the field {name} is missing")).1.clone()
    }
}

fn multipart(body: &[u8], boundary: &str) -> Vec<(String, String)> {
    let body = std::str::from_utf8(body).expect("the fields are texts");
    let delimiter = format!("--{boundary}");
    let parts = body.split(delimiter.as_str()).filter_map(|part| part.strip_prefix("\r\n"));
    let fields = parts.map(|part| {
        let (head, value) = part.split_once("\r\n\r\n").expect("a part has a head");
        let name = head.split('"').nth(1).expect("a part has a name");
        (name.to_owned(), value.strip_suffix("\r\n").expect("a part ends its line").to_owned())
    });
    fields.collect()
}
