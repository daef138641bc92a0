//! What of an authorization outlives a power cut, as the bytes of one store record.

use crate::api::Encoding;
use crate::api::token::is_token;
use crate::clock::{Instant, milliseconds};
use crate::json::{Json, ObjectWriter};
use crate::prelude::*;
use crate::secret::{Secret, SecretBytes};
use crate::token::session::Tokens;
use core::time::Duration;

/// The record's key in the store.
pub const KEY: &str = "auth";

#[derive(Debug)]
pub struct AuthRecord {
    pub tokens: Tokens,
    /// A refresh request was about to leave, or had left, when this was written.
    pub refreshing: bool,
    pub project_id: Option<String>,
    /// How the token endpoint, which gave the tokens, wants its fields: with them in one record, since a
    /// refresh in the other encoding may be answered as if its token had been used.
    pub encoding: Encoding,
}

/// Why a record that was intact still cannot be used.
#[derive(Debug, PartialEq)]
pub enum Unusable {
    /// Not a record of this library, or of a newer one.
    Foreign,
    /// Made for another device: its tokens must not be used under this identity.
    OtherClient,
    /// Made for another service: a bearer token goes to one origin only.
    OtherOrigin,
}

const VERSION: i64 = 1;
const MULTIPART: &str = "multipart";

impl AuthRecord {
    pub fn encode(
        tokens: &Tokens,
        refreshing: bool,
        project_id: Option<&str>,
        encoding: Encoding,
        client_id: &str,
        origin: &str,
    ) -> SecretBytes {
        let mut object = ObjectWriter::new();
        object.number("version", VERSION);
        object.text("client_id", client_id);
        object.text("origin", origin);
        object.text("access_token", tokens.access.expose());
        if let Some(refresh) = &tokens.refresh {
            object.text("refresh_token", refresh.expose());
        }
        object.number("life_ms", i64::try_from(milliseconds(tokens.life)).unwrap_or(i64::MAX));
        object.number("obtained_at", tokens.obtained_at);
        object.flag("refreshing", refreshing);
        if let Some(project_id) = project_id {
            object.text("project_id", project_id);
        }
        if encoding == Encoding::Multipart {
            object.text("encoding", MULTIPART);
        }
        object.finish()
    }

    pub fn decode(bytes: &SecretBytes, client_id: &str, origin: &str) -> Result<AuthRecord, Unusable> {
        let json = Json::parse(bytes.expose()).ok_or(Unusable::Foreign)?;
        let text = |name| json.get(name).and_then(Json::as_str);
        let number = |name| json.get(name).and_then(Json::as_f64).ok_or(Unusable::Foreign);
        if number("version")? != VERSION as f64 {
            return Err(Unusable::Foreign);
        }
        if text("client_id").ok_or(Unusable::Foreign)? != client_id {
            return Err(Unusable::OtherClient);
        }
        if text("origin").ok_or(Unusable::Foreign)? != origin {
            return Err(Unusable::OtherOrigin);
        }
        // As if the service had given them: nobody else may put anything into a header.
        let token = |name| text(name).filter(|token| is_token(token)).map(Secret::new);
        let refresh = token("refresh_token");
        if refresh.is_none() && json.get("refresh_token").is_some() {
            return Err(Unusable::Foreign);
        }
        Ok(AuthRecord {
            tokens: Tokens {
                access: token("access_token").ok_or(Unusable::Foreign)?,
                refresh,
                life: Duration::from_millis(number("life_ms")? as u64),
                obtained_at: number("obtained_at")? as i64,
                expires: Instant::default(),
                generation: 0,
            },
            refreshing: json.get("refreshing").and_then(Json::as_bool).ok_or(Unusable::Foreign)?,
            project_id: text("project_id").map(str::to_owned),
            encoding: match text("encoding") {
                Some(MULTIPART) => Encoding::Multipart,
                _ => Encoding::Form,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded() -> SecretBytes {
        let tokens = Tokens {
            access: Secret::new("a"),
            refresh: Some(Secret::new("r")),
            life: Duration::from_secs(28_800),
            obtained_at: 1_800_000_000,
            expires: Instant(5),
            generation: 3,
        };
        AuthRecord::encode(&tokens, true, Some("p"), Encoding::Multipart, "cam", "https://x")
    }

    #[test]
    fn comes_back_as_it_went() {
        let record = AuthRecord::decode(&encoded(), "cam", "https://x").unwrap();
        assert_eq!(record.tokens.access.expose(), "a");
        assert_eq!(record.tokens.refresh.unwrap().expose(), "r");
        assert_eq!(record.tokens.obtained_at, 1_800_000_000);
        assert!(record.refreshing);
        assert_eq!(record.project_id.as_deref(), Some("p"));
        assert_eq!(record.encoding, Encoding::Multipart);
    }

    #[test]
    fn a_token_that_the_service_could_not_have_given_is_refused() {
        let good = String::from_utf8(encoded().expose().to_vec()).unwrap();
        for (from, to) in
            [(r#":"a""#, r#":"a\r\nX: y""#), (r#":"r""#, r#":"r\u0000""#), (r#":"a""#, r#":"""#)]
        {
            let bad = good.replace(from, to);
            assert_ne!(bad, good);
            let decoded = AuthRecord::decode(&SecretBytes::new(bad.into()), "cam", "https://x");
            assert_eq!(decoded.unwrap_err(), Unusable::Foreign);
        }
    }

    #[test]
    fn is_refused_for_another_device_or_service() {
        assert_eq!(AuthRecord::decode(&encoded(), "other", "https://x").unwrap_err(), Unusable::OtherClient);
        assert_eq!(AuthRecord::decode(&encoded(), "cam", "https://y").unwrap_err(), Unusable::OtherOrigin);
        for junk in ["", "{}", "null", r#"{"version":2}"#] {
            let junk = SecretBytes::new(junk.into());
            assert_eq!(AuthRecord::decode(&junk, "cam", "https://x").unwrap_err(), Unusable::Foreign);
        }
    }
}
