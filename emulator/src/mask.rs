//! Secrets in the request log: each becomes a short keyed hash, so that two sightings of one secret
//! can be matched and the secret itself cannot be read.

use ring::hmac;

use crate::random;

pub struct Mask {
    key: hmac::Key,
}

impl Default for Mask {
    fn default() -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, &random::bytes::<32>()) }
    }
}

impl Mask {
    pub fn secret(&self, secret: &str) -> String {
        let tag = hmac::sign(&self.key, secret.as_bytes());
        let hex: String = tag.as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        format!("#{hex}")
    }

    pub fn field(&self, name: &str, value: &str) -> String {
        let secret = matches!(
            name,
            "client_secret" | "device_code" | "refresh_token" | "refresh_tokem" | "token" | "access_token"
        );
        if secret { self.secret(value) } else { value.to_owned() }
    }

    /// The scheme of an `Authorization` value stays readable, and its token hashes like the same
    /// token in a form.
    pub fn header(&self, name: &str, value: &str) -> String {
        match name {
            "authorization" | "proxy-authorization" => match value.split_once(' ') {
                Some((scheme, token)) => format!("{scheme} {}", self.secret(token.trim())),
                None => self.secret(value),
            },
            "cookie" => self.secret(value),
            _ => value.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_secrets_look_equal_and_nothing_else_shows() {
        let mask = Mask::default();
        let hash = mask.secret("token-1");
        assert_eq!(mask.header("authorization", "Bearer token-1"), format!("Bearer {hash}"));
        assert_eq!(mask.field("token", "token-1"), hash);
        assert_ne!(mask.secret("token-2"), hash);
        assert_eq!(mask.field("client_id", "CAM"), "CAM");
        assert_ne!(Mask::default().secret("token-1"), hash, "each run has its own key");
    }
}
