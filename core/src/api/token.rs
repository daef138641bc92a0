//! `POST /v2/auth/token`: exchange of a device code (RFC 8628 section 3.4) and refresh (RFC 6749
//! section 6).

use super::{Encoding, Endpoint, Request, Response, auth_request, failure, number};
use crate::error::Error;
use crate::json::Json;
use crate::secret::Secret;
use crate::status::FIO_E_PROTOCOL;
use core::time::Duration;

/// What the service documents, for answers that do not say.
pub const DEFAULT_LIFE: Duration = Duration::from_secs(28_800);
const LONGEST_LIFE: Duration = Duration::from_secs(366 * 86_400);
const LONGEST_TOKEN: usize = 16_384;

#[derive(Clone, Debug, PartialEq)]
pub struct TokenPair {
    pub access: Secret,
    /// Absent if the grant is not renewable, or if a refresh does not rotate.
    pub refresh: Option<Secret>,
    pub life: Duration,
}

/// A poll. The same body serves for the whole life of the code, so build it once.
pub fn exchange(
    encoding: Encoding,
    client_id: &str,
    client_secret: &Secret,
    device_code: &Secret,
) -> Request {
    auth_request(
        Endpoint::Token,
        encoding,
        &[
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", device_code.expose()),
            ("client_id", client_id),
            ("client_secret", client_secret.expose()),
        ],
    )
}

pub fn refresh(
    encoding: Encoding,
    client_id: &str,
    client_secret: &Secret,
    refresh_token: &Secret,
) -> Request {
    auth_request(
        Endpoint::Token,
        encoding,
        &[
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token.expose()),
            ("client_id", client_id),
            ("client_secret", client_secret.expose()),
        ],
    )
}

/// What may stand in the Authorization header (RFC 6750 section 2.1).
pub fn is_token(token: &str) -> bool {
    (1..=LONGEST_TOKEN).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic())
}

pub fn read(response: &Response) -> Result<TokenPair, Error> {
    if !response.is_success() {
        return Err(failure::from_response(response));
    }
    let answer = Json::parse_only(response.body.expose(), &["access_token", "refresh_token", "expires_in"]);
    let token = |name| {
        answer
            .as_ref()
            .and_then(|answer| answer.get(name))
            .and_then(Json::as_str)
            .filter(|token| is_token(token))
            .map(Secret::new)
    };
    let Some(access) = token("access_token") else {
        return Err(Error::new(FIO_E_PROTOCOL, "the answer to the token request has no usable access token")
            .with_http(response.status));
    };
    let life = answer.as_ref().and_then(|answer| answer.get("expires_in"));
    Ok(TokenPair {
        access,
        refresh: token("refresh_token"),
        life: number::seconds(life, LONGEST_LIFE).filter(|life| !life.is_zero()).unwrap_or(DEFAULT_LIFE),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;
    use crate::secret::SecretBytes;

    fn read_text(status: u16, body: &str) -> Result<TokenPair, Error> {
        read(&Response { status, body: SecretBytes::new(body.into()), retry_after: None })
    }

    #[test]
    fn a_pair() {
        let pair = read_text(
            200,
            r#"{"access_token":"a","expires_in":28800.5,"refresh_token":"r","token_type":"bearer"}"#,
        )
        .unwrap();
        assert_eq!(pair.access.expose(), "a");
        assert_eq!(pair.refresh.unwrap().expose(), "r");
        assert_eq!(pair.life, Duration::from_millis(28_800_500));
    }

    #[test]
    fn odd_lifetimes_do_not_cost_the_tokens() {
        for life in ["-5", "0", "null", "\"x\"", "[]"] {
            let pair = read_text(200, &format!(r#"{{"access_token":"a","expires_in":{life}}}"#)).unwrap();
            assert_eq!(pair.life, DEFAULT_LIFE, "{life}");
        }
        assert_eq!(read_text(200, r#"{"access_token":"a","expires_in":1e99}"#).unwrap().life, LONGEST_LIFE);
    }

    #[test]
    fn an_answer_without_a_usable_token_is_no_success() {
        for body in [
            "",
            "{}",
            "<html>",
            r#"{"access_token":""}"#,
            r#"{"access_token":7}"#,
            r#"{"access_token":"a\r\nx"}"#,
            r#"{"access_token":"a""#,
            "null",
        ] {
            assert_eq!(read_text(200, body).unwrap_err().status, FIO_E_PROTOCOL, "{body}");
        }
    }

    #[test]
    fn the_refresh_field_has_its_rfc_name() {
        let request = refresh(Encoding::Form, "c", &Secret::new("s"), &Secret::new("r t"));
        assert_eq!(
            request.body.unwrap().expose(),
            b"grant_type=refresh_token&refresh_token=r+t&client_id=c&client_secret=s"
        );
    }
}
