//! `POST /v2/auth/revoke` (RFC 7009).

use super::{Encoding, Endpoint, Request, Response, auth_request, failure};
use crate::error::Error;
use crate::secret::Secret;

pub fn request(encoding: Encoding, client_id: &str, client_secret: &Secret, token: &Secret) -> Request {
    auth_request(
        Endpoint::Revoke,
        encoding,
        &[("token", token.expose()), ("client_id", client_id), ("client_secret", client_secret.expose())],
    )
}

/// The documents disagree on the body, so any 2xx is a success (RFC 7009 section 2.2).
pub fn read(response: &Response) -> Result<(), Error> {
    if response.is_success() { Ok(()) } else { Err(failure::from_response(response)) }
}
