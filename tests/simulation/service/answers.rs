//! The service's ways to put an answer.

use fio_c2c::api::Response;
use fio_c2c::secret::SecretBytes;
use fio_emulator_service::errors;
use serde_json::Value;

pub fn text(status: u16, body: String) -> Response {
    Response { status, body: SecretBytes::new(body.into_bytes()), retry_after: None }
}

pub fn json((status, body): (u16, Value)) -> Response {
    text(status, body.to_string())
}

pub fn oauth_error(name: &str) -> Response {
    json((400, errors::simple(name)))
}

pub fn detailed(status: u16, title: &str) -> Response {
    json((status, errors::detailed(status, title, title)))
}
