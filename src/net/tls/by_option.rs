//! The system's libcurl, which takes all this as options of each handle.

use super::CaSource;
#[cfg(feature = "uploads")]
use super::ciphers;
use super::key_exchange::{Exchange, Handshake, KeyExchange, Share};
use crate::net::constants::CURLOPT_SSL_EC_CURVES;
#[cfg(feature = "uploads")]
use crate::net::constants::CURLOPT_TLS13_CIPHERS;
use crate::net::options::{self, set_if_known};
use curl::easy::{Easy2, Handler};
#[cfg(feature = "uploads")]
use curl_sys::CURLOPT_SSL_CIPHER_LIST;
use std::ffi::CStr;
use std::sync::Arc;

#[cfg(feature = "uploads")]
const AES_FIRST: &CStr = c"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
#[cfg(feature = "uploads")]
const CHACHA_FIRST: &CStr = c"TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384";
#[cfg(feature = "uploads")]
/// Of TLS 1.2: what OpenSSL has anyway, those with AES last.
const AES_LAST: &CStr = c"DEFAULT:+AES";
const CURVES: &CStr = c"X25519:P-256:P-384";

/// A client's.
#[derive(Clone)]
pub struct Context(Arc<Shared>);

struct Shared {
    ca: CaSource,
    exchange: Exchange,
    library: Library,
}

/// What the TLS library behind libcurl understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Library {
    OpenSsl {
        is_post_quantum: bool,
    },
    /// Other ones have other names for ciphers and curves, or take none.
    Other,
}

impl Library {
    /// From libcurl's words, such as `OpenSSL/3.0.19`.
    fn named(name: &str) -> Library {
        let Some(version) = name.strip_prefix("OpenSSL/") else { return Library::Other };
        let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
        let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        Library::OpenSsl { is_post_quantum: version >= (3, 5) }
    }
}

impl Context {
    pub fn new(ca: CaSource, told: KeyExchange) -> Context {
        let library = Library::named(curl::Version::get().ssl_version().unwrap_or_default());
        Context(Arc::new(Shared { ca, exchange: Exchange::new(told), library }))
    }

    pub fn source(&self) -> &CaSource {
        &self.0.ca
    }

    /// Of a handle that is new.
    pub fn configure<H: Handler>(&self, easy: &mut Easy2<H>) -> Result<(), curl::Error> {
        match &self.0.ca {
            CaSource::File(path) => easy.cainfo(path)?,
            CaSource::Pem(pem) => easy.ssl_cainfo_blob(pem)?,
        }
        match (self.0.library, self.0.exchange.share()) {
            (Library::OpenSsl { .. }, Share::Classical) => set_if_known(easy, CURLOPT_SSL_EC_CURVES, CURVES),
            _ => Ok(()),
        }
    }

    /// For a handle that sends a lot. libcurl copies and compares the list with every request, which is more than it saves
    /// for a small one.
    #[cfg(feature = "uploads")]
    pub fn prefer_quick_ciphers<H: Handler>(&self, easy: &mut Easy2<H>) -> Result<(), curl::Error> {
        let Library::OpenSsl { .. } = self.0.library else { return Ok(()) };
        if ciphers::has_aes() {
            return set_if_known(easy, CURLOPT_TLS13_CIPHERS, AES_FIRST);
        }
        set_if_known(easy, CURLOPT_TLS13_CIPHERS, CHACHA_FIRST)?;
        set_if_known(easy, CURLOPT_SSL_CIPHER_LIST, AES_LAST)
    }

    /// Handles of another number are not configured as the next connection has to be.
    pub fn generation(&self) -> u32 {
        self.0.exchange.changes()
    }

    /// From a transfer that is over, and whether it began a handshake.
    pub fn learn_from<H>(&self, easy: &mut Easy2<H>, result: Result<(), &curl::Error>, is_begun: bool) {
        if self.0.library != (Library::OpenSsl { is_post_quantum: true }) {
            return;
        }
        let is_silent = is_begun && easy.appconnect_time().is_ok_and(|span| span.is_zero());
        if let Some(handshake) = Handshake::of(result, options::connections_made(easy), is_silent) {
            self.0.exchange.learn(handshake);
        }
    }

    pub fn forget_network(&self) {
        self.0.exchange.forget();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_known_by_its_name() {
        for (name, library) in [
            ("OpenSSL/1.1.1w", Library::OpenSsl { is_post_quantum: false }),
            ("OpenSSL/3.0.19", Library::OpenSsl { is_post_quantum: false }),
            ("OpenSSL/3.5.0", Library::OpenSsl { is_post_quantum: true }),
            ("OpenSSL/4.0.1", Library::OpenSsl { is_post_quantum: true }),
            ("GnuTLS/3.7.9", Library::Other),
            ("", Library::Other),
        ] {
            assert_eq!(Library::named(name), library, "{name}");
        }
    }
}
