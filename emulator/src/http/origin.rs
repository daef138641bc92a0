//! Refuses what another site's page makes a browser send here.

use hyper::HeaderMap;
use hyper::header::{HOST, ORIGIN};

/// Browsers name the sender in `Origin` and `Sec-Fetch-Site`; other clients send neither.
pub fn is_cross_site(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    if text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return true;
    }
    let Some(origin) = text(ORIGIN.as_str()) else {
        return false;
    };
    let host = text(HOST.as_str()).unwrap_or_default();
    !origin.strip_prefix("https://").is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cross_site(headers: &[(&'static str, &'static str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().expect("a value"));
        }
        is_cross_site(&map)
    }

    #[test]
    fn who_may_ask() {
        let host = ("host", "127.0.0.1:9");
        assert!(!cross_site(&[host]));
        assert!(!cross_site(&[host, ("origin", "https://127.0.0.1:9")]));
        assert!(!cross_site(&[host, ("sec-fetch-site", "same-origin"), ("origin", "https://127.0.0.1:9")]));
        assert!(!cross_site(&[host, ("sec-fetch-site", "none")]));
        for origin in ["https://evil.example", "http://127.0.0.1:9", "https://127.0.0.1:8", "null"] {
            assert!(cross_site(&[host, ("origin", origin)]), "{origin}");
        }
        assert!(cross_site(&[host, ("sec-fetch-site", "cross-site")]));
        assert!(cross_site(&[host, ("sec-fetch-site", "same-site")]));
    }
}
