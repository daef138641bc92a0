//! What a request asks for. Reading it checks what must hold for every request that leaves the
//! device: who identifies itself how, and that the access token goes nowhere it is not meant to.

use fio_c2c::api::{Endpoint, Request};

pub const CLIENT_ID: &str = "CAM-0042";
pub const CLIENT_SECRET: &str = "model secret & more";

#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    Code { legacy_path: bool },
    Poll { device_code: String },
    Refresh { token: String },
    Revoke { token: String },
    Device { access: String },
    Heartbeat { access: String },
}

impl Ask {
    pub fn read(request: &Request) -> Ask {
        match request.endpoint {
            Endpoint::Device => Ask::Device { access: bearer(request) },
            Endpoint::Heartbeat => Ask::Heartbeat { access: bearer(request) },
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

fn bearer(request: &Request) -> String {
    assert!(request.body.is_none());
    request.bearer.as_ref().expect("a device endpoint needs the access token").expose().to_owned()
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
