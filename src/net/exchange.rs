//! One request to the API and its answer as libcurl's callbacks see them.

use super::head::Head;
use super::headers::Headers;
use super::shortage::Shortage;
use super::trace;
use super::url::ParsedUrl;
use crate::api::{Body, Response};
use crate::log::Log;
use crate::secret::SecretBytes;
use curl::easy::{Handler, InfoType, WriteError};
use std::ffi::{c_int, c_void};

/// From here on an answer gets all the memory it may take.
const LARGE: usize = 512 << 10;

pub(crate) struct Exchange {
    /// libcurl points at it.
    pub url: ParsedUrl,
    /// Kept alive while libcurl points at it, and compared to skip setting the same body twice.
    pub body: Option<Body>,
    /// libcurl points at them.
    pub headers: Headers,
    answer: SecretBytes,
    largest_answer: usize,
    pub is_too_large: bool,
    head: Head,
    pub shortage: Shortage,
    has_begun_tls: bool,
    log: Log,
}

impl Exchange {
    pub(crate) fn new(url: ParsedUrl, largest_answer: usize, log: Log) -> Exchange {
        Exchange {
            url,
            body: None,
            headers: Headers::new(),
            answer: SecretBytes::default(),
            largest_answer,
            is_too_large: false,
            head: Head::default(),
            shortage: Shortage::default(),
            has_begun_tls: false,
            log,
        }
    }

    /// Forgets the previous answer.
    pub(crate) fn prepare(&mut self, largest_answer: usize) {
        self.largest_answer = largest_answer;
        self.answer.clear();
        self.is_too_large = false;
        self.head.clear();
        self.shortage.clear();
    }

    /// Whether OpenSSL has begun a handshake since the last time this was asked; other libraries do not tell.
    pub(crate) fn takes_handshake(&mut self) -> bool {
        std::mem::take(&mut self.has_begun_tls)
    }

    pub(crate) fn take_response(&mut self, status: u16) -> Response {
        Response { status, body: std::mem::take(&mut self.answer), retry_after: self.head.wait() }
    }
}

impl Handler for Exchange {
    fn write(&mut self, data: &[u8]) -> Result<usize, WriteError> {
        if self.answer.len() + data.len() > self.largest_answer {
            self.is_too_large = true;
            return Ok(0);
        }
        // The few answers that are large get their room at once: growing by doubling would need it thrice.
        if self.answer.len() + data.len() > LARGE {
            self.answer.reserve_to(self.largest_answer);
        }
        self.answer.extend(data);
        Ok(data.len())
    }

    fn header(&mut self, line: &[u8]) -> bool {
        self.head.line(line);
        true
    }

    fn open_socket(
        &mut self,
        family: c_int,
        kind: c_int,
        protocol: c_int,
    ) -> Option<curl_sys::curl_socket_t> {
        self.shortage.open_socket(family, kind, protocol)
    }

    fn ssl_ctx(&mut self, _: *mut c_void) -> Result<(), curl::Error> {
        self.has_begun_tls = true;
        Ok(())
    }

    fn debug(&mut self, kind: InfoType, data: &[u8]) {
        trace::write(&self.log, kind, data);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_a_limit() {
        let mut exchange = Exchange::new(ParsedUrl::new("https://x/y").unwrap(), 1 << 20, Log::off());
        let chunk = vec![b' '; 64 * 1024];
        let mut taken = 0;
        while exchange.write(&chunk).unwrap() > 0 {
            taken += chunk.len();
        }
        assert!(exchange.is_too_large && taken == 1 << 20);
        exchange.prepare(1 << 20);
        assert!(!exchange.is_too_large && exchange.take_response(200).body.is_empty());
    }
}
