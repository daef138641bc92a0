//! `POST /v2/auth/device/code`: the device authorization request of RFC 8628 section 3.1.

use super::{Encoding, Endpoint, Request, Response, asset, auth_request, failure, number};
use crate::error::Error;
use crate::json::Json;
use crate::prelude::*;
use crate::secret::Secret;
use crate::shown::clean;
use crate::status::FIO_E_PROTOCOL;
use core::time::Duration;

/// The scopes a hardware device may ask for.
pub const SCOPE: &str = "asset_create offline";

/// RFC 8628 section 3.2: the interval where the server names none.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);
const LONGEST_INTERVAL: Duration = Duration::from_secs(600);
/// The service's documented limit is 120 s; compatible servers say 900.
const DEFAULT_LIFE: Duration = Duration::from_secs(120);
const LONGEST_LIFE: Duration = Duration::from_secs(3600);

/// The members that are read.
const NAMES: &[&str] = &[
    "device_code",
    "user_code",
    "verification_uri",
    "verification_uri_complete",
    "name",
    "expires_in",
    "interval",
];

const LONGEST_CODE: usize = 4096;
const LONGEST_TEXT: usize = 2048;

/// What the server granted: a code for the person and one for the device.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    pub device_code: Secret,
    pub user_code: String,
    pub verification_uri: Option<String>,
    pub verification_uri_complete: Option<String>,
    /// Name of the device as the service shows it.
    pub name: Option<String>,
    pub life: Duration,
    pub interval: Duration,
}

pub fn request(
    legacy_path: bool,
    encoding: Encoding,
    url_pairing: bool,
    client_id: &str,
    client_secret: &Secret,
) -> Request {
    let endpoint = if legacy_path { Endpoint::DeviceCodeLegacy } else { Endpoint::DeviceCode };
    let fields = [("client_id", client_id), ("client_secret", client_secret.expose()), ("scope", SCOPE)];
    Request { url_pairing, ..auth_request(endpoint, encoding, &fields) }
}

/// Whether a text is an https URL (RFC 3986) with a host that a person can read: no user's name in front of it, and
/// nothing that a browser would take for something else than this does.
fn is_link(uri: &str) -> bool {
    let Some(rest) = uri.strip_prefix("https://").filter(|_| asset::is_https_url(uri)) else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_v6 = |address: &str| {
        address.contains(':') && address.bytes().all(|byte| byte.is_ascii_hexdigit() || b":.".contains(&byte))
    };
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) if is_v6(address) => ("v6", port),
        Some(_) => return false,
        None => authority.find(':').map_or((authority, ""), |colon| authority.split_at(colon)),
    };
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0) && !port.starts_with('+');
    host.strip_suffix('.').unwrap_or(host).split('.').all(is_label)
        && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
        && !uri.contains(['\\', '"', '<', '>', '^', '`', '{', '|', '}'])
}

pub fn read(response: &Response) -> Result<Grant, Error> {
    if !response.is_success() {
        return Err(failure::from_response(response));
    }
    let bad = |what: &'static str| Err(Error::new(FIO_E_PROTOCOL, what).with_http(response.status));
    let Some(answer) = Json::parse_only(response.body.expose(), NAMES) else {
        return bad("the answer to the code request is not JSON");
    };
    let text = |name: &str, longest: usize| {
        answer.get(name).and_then(Json::as_str).filter(|text| !text.is_empty() && text.len() <= longest)
    };
    let Some(device_code) = text("device_code", LONGEST_CODE) else {
        return bad("the answer to the code request has no usable device_code");
    };
    // Shown to a person: opaque, but without anything that could not be typed.
    let Some(user_code) = text("user_code", 64).filter(|code| code.chars().all(|c| c.is_ascii_graphic()))
    else {
        return bad("the answer to the code request has no usable user_code");
    };
    let life = match answer.get("expires_in") {
        None | Some(Json::Null) => DEFAULT_LIFE,
        stated => match number::seconds(stated, LONGEST_LIFE).filter(|life| !life.is_zero()) {
            Some(life) => life,
            None => return bad("the answer to the code request has an unusable expires_in"),
        },
    };
    let interval = number::seconds(answer.get("interval"), LONGEST_INTERVAL)
        .filter(|interval| !interval.is_zero())
        .unwrap_or(DEFAULT_INTERVAL);
    // A person opens these: anything but https is dropped rather than shown.
    let link = |name: &str| text(name, LONGEST_TEXT).filter(|uri| is_link(uri)).map(str::to_owned);
    let name = text("name", LONGEST_TEXT).map(|name| clean(name).trim().to_owned());
    Ok(Grant {
        device_code: Secret::new(device_code),
        user_code: user_code.to_owned(),
        verification_uri: link("verification_uri"),
        verification_uri_complete: link("verification_uri_complete"),
        name: name.filter(|name| !name.is_empty()),
        life,
        interval,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretBytes;
    use serde_json::{Value, json};

    fn answer(body: Value) -> Response {
        Response { status: 200, body: SecretBytes::new(body.to_string().into_bytes()), retry_after: None }
    }

    fn full() -> Value {
        json!({"device_code": "d", "user_code": "041772", "expires_in": 120, "interval": 5, "name": "cam",
               "verification_uri": "https://x/pair", "verification_uri_complete": "https://x/pair/041772"})
    }

    #[test]
    fn a_full_answer() {
        let grant = read(&answer(full())).unwrap();
        assert_eq!(grant.user_code, "041772");
        assert_eq!((grant.life.as_secs(), grant.interval.as_secs()), (120, 5));
        assert_eq!(grant.verification_uri_complete.as_deref(), Some("https://x/pair/041772"));
    }

    #[test]
    fn what_may_be_missing_gets_its_default() {
        let grant =
            read(&answer(json!({"device_code": "d", "user_code": "1", "verification_uri_complete": null})))
                .unwrap();
        assert_eq!((grant.life.as_secs(), grant.interval.as_secs()), (120, 5));
        assert_eq!(grant.verification_uri_complete, None);
        assert_eq!(grant.name, None);
    }

    #[test]
    fn fractions_and_limits() {
        let mut body = full();
        body["interval"] = json!(0.25);
        body["expires_in"] = json!(1e12);
        let grant = read(&answer(body)).unwrap();
        assert_eq!(grant.interval, Duration::from_millis(250));
        assert_eq!(grant.life, LONGEST_LIFE);
    }

    #[test]
    fn what_cannot_be_used_is_a_protocol_error() {
        for (field, value) in [
            ("device_code", json!("")),
            ("device_code", json!(7)),
            ("user_code", json!(null)),
            ("user_code", json!("12\u{7}34")),
            ("expires_in", json!(-1)),
            ("expires_in", json!(0)),
            ("expires_in", json!("never")),
        ] {
            let mut body = full();
            body[field] = value.clone();
            assert_eq!(read(&answer(body)).unwrap_err().status, FIO_E_PROTOCOL, "{field} {value}");
        }
        for body in [json!({}), json!([]), json!(null), json!("x")] {
            assert_eq!(read(&answer(body)).unwrap_err().status, FIO_E_PROTOCOL);
        }
    }

    #[test]
    fn a_link_that_is_not_https_is_not_shown() {
        let mut body = full();
        body["verification_uri_complete"] = json!("javascript:alert(1)");
        assert_eq!(read(&answer(body)).unwrap().verification_uri_complete, None);
    }

    #[test]
    fn only_a_sane_link_is_shown() {
        for good in [
            "https://x",
            "https://next.frame.io/pair?code=1&x=%20#top",
            "https://[::1]:8443/",
            "https://127.0.0.1:443/a",
            "https://a.b.:1/@",
        ] {
            assert!(is_link(good), "{good}");
        }
        for bad in [
            "https://",
            "https:///x",
            "https://..",
            "https://a..b/",
            "https://frame.io@evil/",
            "https://frame.io\\@evil/",
            "https://frame.io\\.evil/",
            "https://x:0/",
            "https://x:/",
            "https://x:99999/",
            "https://x:+1/",
            "https://[zz]/",
            "https://[::1]x/",
            "https://x%2f/",
            "https://x/\u{202e}",
            "https://x/<b>",
            "http://x/",
            "https://x y/",
        ] {
            assert!(!is_link(bad), "{bad}");
        }
    }

    #[test]
    fn the_name_is_fit_for_a_screen() {
        let mut body = full();
        body["name"] = json!("\u{1b}]0;owned\u{7}A\u{202e}B\nC");
        assert_eq!(read(&answer(body.clone())).unwrap().name.as_deref(), Some("]0;ownedAB C"));
        body["name"] = json!("\u{202e}\n");
        assert_eq!(read(&answer(body)).unwrap().name, None);
    }
}
