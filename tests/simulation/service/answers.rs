//! The service's ways to put an answer.

use fio_c2c::api::Response;
use fio_c2c::secret::SecretBytes;

pub fn json(status: u16, body: String) -> Response {
    Response { status, body: SecretBytes::new(body.into_bytes()), retry_after: None }
}

pub fn empty(status: u16) -> Response {
    json(status, String::new())
}

pub fn oauth_error(name: &str) -> Response {
    json(400, format!(r#"{{"error":"{name}"}}"#))
}

pub fn detailed(status: u16, title: &str) -> Response {
    let one = format!(r#"{{"code":{status},"detail":"{title}.","status":{status},"title":"{title}"}}"#);
    json(status, format!(r#"{{"code":{status},"errors":[{one}],"message":"{title}"}}"#))
}
