//! What of an authorization outlives a power cut, as the bytes of one store record.

use crate::auth::session::Tokens;
use crate::clock::Instant;
use crate::secret::{Secret, SecretBytes};
use serde::{Deserialize, Serialize, Serializer};
use std::time::Duration;

/// The record's key in the store.
pub const KEY: &str = "auth";

#[derive(Debug)]
pub struct AuthRecord {
    pub tokens: Tokens,
    /// A refresh request was about to leave, or had left, when this was written.
    pub refreshing: bool,
    pub project_id: Option<String>,
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

#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    client_id: &'a str,
    origin: &'a str,
    #[serde(serialize_with = "expose")]
    access_token: &'a Secret,
    #[serde(serialize_with = "expose_optional")]
    refresh_token: Option<&'a Secret>,
    life_ms: u64,
    obtained_at: i64,
    refreshing: bool,
    project_id: Option<&'a str>,
}

#[derive(Deserialize)]
struct Read {
    version: u32,
    client_id: String,
    origin: String,
    access_token: Secret,
    refresh_token: Option<Secret>,
    life_ms: u64,
    obtained_at: i64,
    refreshing: bool,
    project_id: Option<String>,
}

const VERSION: u32 = 1;

fn expose<S: Serializer>(secret: &&Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

fn expose_optional<S: Serializer>(secret: &Option<&Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => serializer.serialize_some(secret.expose()),
        None => serializer.serialize_none(),
    }
}

/// Writes into memory that is wiped when it has to grow.
struct SecretWriter(SecretBytes);

impl std::io::Write for SecretWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl AuthRecord {
    pub fn encode(
        tokens: &Tokens,
        refreshing: bool,
        project_id: Option<&str>,
        client_id: &str,
        origin: &str,
    ) -> SecretBytes {
        let mut out = SecretWriter(SecretBytes::default());
        let written = Written {
            version: VERSION,
            client_id,
            origin,
            access_token: &tokens.access,
            refresh_token: tokens.refresh.as_ref(),
            life_ms: u64::try_from(tokens.life.as_millis()).unwrap_or(u64::MAX),
            obtained_at: tokens.obtained_at,
            refreshing,
            project_id,
        };
        // Neither the writer nor the data can fail.
        let encoded = serde_json::to_writer(&mut out, &written);
        debug_assert!(encoded.is_ok());
        out.0
    }

    pub fn decode(bytes: &SecretBytes, client_id: &str, origin: &str) -> Result<AuthRecord, Unusable> {
        let read: Read = serde_json::from_slice(bytes.expose()).map_err(|_| Unusable::Foreign)?;
        if read.version != VERSION {
            return Err(Unusable::Foreign);
        }
        if read.client_id != client_id {
            return Err(Unusable::OtherClient);
        }
        if read.origin != origin {
            return Err(Unusable::OtherOrigin);
        }
        Ok(AuthRecord {
            tokens: Tokens {
                access: read.access_token,
                refresh: read.refresh_token,
                life: Duration::from_millis(read.life_ms),
                obtained_at: read.obtained_at,
                expires: Instant::default(),
                generation: 0,
            },
            refreshing: read.refreshing,
            project_id: read.project_id,
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
        AuthRecord::encode(&tokens, true, Some("p"), "cam", "https://x")
    }

    #[test]
    fn comes_back_as_it_went() {
        let record = AuthRecord::decode(&encoded(), "cam", "https://x").unwrap();
        assert_eq!(record.tokens.access.expose(), "a");
        assert_eq!(record.tokens.refresh.unwrap().expose(), "r");
        assert_eq!(record.tokens.obtained_at, 1_800_000_000);
        assert!(record.refreshing);
        assert_eq!(record.project_id.as_deref(), Some("p"));
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
