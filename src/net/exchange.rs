//! One request and its answer as libcurl's callbacks see them.

use super::url::ParsedUrl;
use crate::api::{Body, Response, retry_after};
use crate::log::{Level, Log};
use crate::secret::SecretBytes;
use curl::easy::{Handler, InfoType, WriteError};
use zeroize::Zeroize;

/// No answer of the service comes near it.
const LARGEST_ANSWER: usize = 1 << 20;

/// Headers whose values may be seen in a log.
const HARMLESS_HEADERS: &[&str] = &[
    "accept",
    "connection",
    "content-length",
    "content-type",
    "date",
    "host",
    "retry-after",
    "server",
    "transfer-encoding",
    "user-agent",
    "x-client-platypus-enabled",
    "x-client-version",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-window",
];

pub struct Exchange {
    /// libcurl points at it.
    pub url: ParsedUrl,
    /// Kept alive while libcurl points at it, and compared to skip setting the same body twice.
    pub body: Option<Body>,
    /// Where libcurl keeps the Authorization header of this handle.
    pub authorization: Option<HeldHeader>,
    answer: SecretBytes,
    pub is_too_large: bool,
    // Kept from answer to answer for their memory; empty if there was no such header.
    retry_after: Vec<u8>,
    date: Vec<u8>,
    log: Log,
}

impl Exchange {
    pub fn new(url: ParsedUrl, log: Log) -> Exchange {
        Exchange {
            url,
            body: None,
            authorization: None,
            answer: SecretBytes::default(),
            is_too_large: false,
            retry_after: Vec::new(),
            date: Vec::new(),
            log,
        }
    }

    /// Forgets the previous answer.
    pub fn prepare(&mut self) {
        self.answer.clear();
        self.is_too_large = false;
        self.retry_after.clear();
        self.date.clear();
    }

    pub fn take_response(&mut self, status: u16) -> Response {
        let text = |value| std::str::from_utf8(value).ok().filter(|text| !text.is_empty());
        let wait = text(&self.retry_after).and_then(|value| retry_after(value, text(&self.date)));
        Response { status, body: std::mem::take(&mut self.answer), retry_after: wait }
    }
}

impl Handler for Exchange {
    fn write(&mut self, data: &[u8]) -> Result<usize, WriteError> {
        if self.answer.len() + data.len() > LARGEST_ANSWER {
            self.is_too_large = true;
            return Ok(0);
        }
        self.answer.extend(data);
        Ok(data.len())
    }

    fn header(&mut self, line: &[u8]) -> bool {
        // Two headers matter, so most lines are dismissed by their first letter.
        let (name, kept) = match line.first() {
            Some(b'r' | b'R') => (&b"retry-after:"[..], &mut self.retry_after),
            Some(b'd' | b'D') => (&b"date:"[..], &mut self.date),
            _ => return true,
        };
        if let Some((start, value)) = line.split_at_checked(name.len()) {
            if start.eq_ignore_ascii_case(name) {
                kept.clear();
                kept.extend_from_slice(value);
            }
        }
        true
    }

    /// libcurl's own trace: bodies and TLS records are dropped, header values shown only where they
    /// are known to be harmless.
    fn debug(&mut self, kind: InfoType, data: &[u8]) {
        let (mark, is_header) = match kind {
            InfoType::Text => ('*', false),
            InfoType::HeaderOut => ('>', true),
            InfoType::HeaderIn => ('<', true),
            _ => return,
        };
        if !self.log.wants(Level::Trace) {
            return;
        }
        for line in String::from_utf8_lossy(data).lines().filter(|line| !line.trim().is_empty()) {
            let line = if is_header { masked_header(line) } else { masked_text(line) };
            self.log.write(Level::Trace, format_args!("curl {mark} {line}"));
        }
    }
}

fn masked_header(line: &str) -> String {
    match line.split_once(':') {
        Some((name, value)) if HARMLESS_HEADERS.contains(&name.trim().to_ascii_lowercase().as_str()) => {
            format!("{name}: {}", value.trim())
        }
        Some((name, _)) if !name.contains(' ') => format!("{name}: (not shown)"),
        // The request or status line: without its query.
        _ => line.split_once('?').map_or(line, |(before, _)| before).to_owned(),
    }
}

fn masked_text(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    if line.contains('?')
        || ["authorization", "bearer", "token", "secret"].iter().any(|word| lower.contains(word))
    {
        return "(not shown)".to_owned();
    }
    line.to_owned()
}

/// A header line in libcurl's list, to be wiped before libcurl frees it: libcurl itself does not.
pub struct HeldHeader {
    start: *mut u8,
    length: usize,
}

impl HeldHeader {
    /// Finds the last line of a list that is about to be handed to libcurl.
    pub fn last_of(list: &curl::easy::List) -> Option<HeldHeader> {
        list.iter().last().map(|line| HeldHeader { start: line.as_ptr().cast_mut(), length: line.len() })
    }

    /// Overwrites the line.
    ///
    /// # Safety
    /// The list must still be alive, and no transfer may be using it.
    pub unsafe fn wipe(self) {
        // SAFETY: the line is in memory that libcurl allocated for the list as writable; the caller
        // says that it is alive and not in use.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.length) }.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    fn exchange(log: Log) -> Exchange {
        Exchange::new(ParsedUrl::new("https://x/y").unwrap(), log)
    }

    #[test]
    fn a_trace_shows_names_but_no_secret_values() {
        let lines = Arc::new(Mutex::new(String::new()));
        let into = lines.clone();
        let log = Log::new(
            Level::Trace as i32,
            Some(Arc::new(move |_, line: &str| into.lock().unwrap().push_str(line))),
        );
        let mut exchange = exchange(log);
        exchange.debug(
            InfoType::HeaderOut,
            b"GET /p?X-Amz-Signature=SECRET HTTP/1.1\r\nAuthorization: Bearer SECRET\r\nHost: h\r\n\r\n",
        );
        exchange.debug(InfoType::HeaderIn, b"Set-Cookie: SECRET\r\n");
        exchange.debug(InfoType::DataOut, b"client_secret=SECRET");
        exchange.debug(InfoType::SslDataIn, b"SECRET");
        exchange.debug(InfoType::Text, b"Server auth using Bearer SECRET");
        let lines = lines.lock().unwrap();
        assert!(!lines.contains("SECRET"), "{lines}");
        assert!(lines.contains("GET /p") && lines.contains("Host: h") && lines.contains("Authorization"));
    }

    #[test]
    fn an_answer_has_a_limit() {
        let mut exchange = exchange(Log::off());
        let chunk = vec![b' '; 64 * 1024];
        let mut taken = 0;
        while exchange.write(&chunk).unwrap() > 0 {
            taken += chunk.len();
        }
        assert!(exchange.is_too_large && taken <= LARGEST_ANSWER);
        exchange.prepare();
        assert!(!exchange.is_too_large && exchange.take_response(200).body.is_empty());
    }

    #[test]
    fn retry_after_is_read_from_the_headers() {
        let mut exchange = exchange(Log::off());
        exchange.header(b"retry-AFTER: 9\r\n");
        assert_eq!(exchange.take_response(429).retry_after, Some(std::time::Duration::from_secs(9)));
    }
}
