//! Who may use what people and tests use: anybody who calls the emulator by a name of its own, where others can reach it
//! with its token, and for entering codes not too often in vain.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hyper::HeaderMap;
use hyper::header::{COOKIE, HOST};
use ring::hmac;

const COOKIE_NAME: &str = "emulator_token";
pub const HEADER: &str = "x-emulator-token";
/// Wrong codes from one address within [`WINDOW`].
const MOST_FAILURES: u32 = 10;
pub const WINDOW: Duration = Duration::from_secs(60);
const MOST_OWNERS: usize = 4_096;

#[derive(Debug, Default)]
pub struct Access {
    names: Vec<String>,
    token: Option<String>,
    failures: Mutex<HashMap<IpAddr, Failures>>,
}

#[derive(Debug)]
struct Failures {
    since: Duration,
    count: u32,
}

impl Access {
    pub fn new(names: impl IntoIterator<Item = String>, token: Option<String>) -> Self {
        let names = names.into_iter().map(|name| name.to_ascii_lowercase()).collect();
        Self { names, token, failures: Mutex::default() }
    }

    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Whether `Host` is a name of the emulator. A page elsewhere can make its own name lead here (DNS rebinding), and a
    /// browser then takes both for one site; it cannot do so with an address.
    pub fn is_called_right(&self, headers: &HeaderMap) -> bool {
        let Some(host) = headers.get(HOST) else { return true };
        let host = host_of(host.to_str().unwrap_or_default()).to_ascii_lowercase();
        let name = host.trim_end_matches('.');
        name.parse::<IpAddr>().is_ok() || self.names.iter().any(|known| known == name)
    }

    /// Whether a request may use the API for tests.
    pub fn admits(&self, headers: &HeaderMap) -> bool {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let cookies = text(COOKIE.as_str()).unwrap_or_default().split(';');
        let cookie = cookies.filter_map(|cookie| cookie.trim().split_once('='));
        let cookie = cookie.filter(|(name, _)| *name == COOKIE_NAME).map(|(_, value)| value).next();
        self.token.is_none() || text(HEADER).or(cookie).is_some_and(|sent| self.is_token(sent))
    }

    /// The cookie for a browser that came with the token in the query.
    pub fn cookie(&self, query: Option<&str>) -> Option<String> {
        let mut sent = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let (_, token) = sent.find(|(name, _)| name == "token")?;
        let is_right = self.is_token(&token);
        is_right.then(|| format!("{COOKIE_NAME}={token}; Path=/; Secure; HttpOnly; SameSite=Strict"))
    }

    fn is_token(&self, sent: &str) -> bool {
        // Compared by keyed hash, so that the time it takes tells nothing.
        self.token.as_ref().is_some_and(|token| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, token.as_bytes());
            let expected = hmac::sign(&key, token.as_bytes());
            hmac::verify(&key, sent.as_bytes(), expected.as_ref()).is_ok()
        })
    }

    /// Whether somebody may still try a code.
    pub fn may_try(&self, now: Duration, owner: Option<IpAddr>) -> bool {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.retain(|_, past| now.saturating_sub(past.since) < WINDOW);
        owner.is_none_or(|owner| match failures.get(&owner) {
            Some(past) => past.count < MOST_FAILURES,
            None => failures.len() < MOST_OWNERS,
        })
    }

    /// The code was wrong.
    pub fn failed(&self, now: Duration, owner: Option<IpAddr>) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(owner) = owner {
            failures.entry(owner).or_insert(Failures { since: now, count: 0 }).count += 1;
        }
    }
}

/// `Host`, or what follows the scheme of an address, without a port.
pub fn host_of(authority: &str) -> &str {
    match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        all.iter()
            .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")))
            .collect()
    }

    #[test]
    fn names_of_the_emulator() {
        let access = Access::new(["localhost".into(), "Bench.example".into()], None);
        for host in ["localhost", "LOCALHOST:443", "bench.example.", "127.0.0.1:9", "[::1]:443", "10.0.0.7"] {
            assert!(access.is_called_right(&headers(&[("host", host)])), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "", "127.0.0.1.evil.example:443", "[x]:1"] {
            assert!(!access.is_called_right(&headers(&[("host", host)])), "{host}");
        }
        assert!(access.admits(&headers(&[])), "without a token everybody");
    }

    #[test]
    fn a_token_in_the_header_or_in_the_cookie() {
        let access = Access::new([], Some("right".into()));
        for (name, value, is_admitted) in [
            ("x-emulator-token", "right", true),
            ("x-emulator-token", "wrong", false),
            ("x-emulator-token", "", false),
            ("cookie", "a=b; emulator_token=right", true),
            ("cookie", "emulator_token=righ", false),
            ("cookie", "other=right", false),
            ("x-other", "right", false),
        ] {
            assert_eq!(access.admits(&headers(&[(name, value)])), is_admitted, "{name}: {value}");
        }
        assert!(access.cookie(Some("token=right")).is_some_and(|cookie| cookie.contains("HttpOnly")));
        assert!(access.cookie(Some("token=wrong")).is_none() && access.cookie(None).is_none());
    }

    #[test]
    fn ten_wrong_codes_a_minute() {
        let access = Access::default();
        let (one, other) = (Some(IpAddr::from([10, 0, 0, 1])), Some(IpAddr::from([10, 0, 0, 2])));
        let at = Duration::from_secs;
        for second in 0..10 {
            assert!(access.may_try(at(second), one));
            access.failed(at(second), one);
        }
        assert!(!access.may_try(at(59), one) && access.may_try(at(59), other));
        assert!(access.may_try(at(60), one));
    }
}
