//! libcurl's own trace as log lines: bodies and TLS records are dropped, header values shown only where
//! they are known to be harmless.

use crate::log::{Level, Log};
#[cfg(feature = "uploads")]
use crate::secret::Secret;
#[cfg(feature = "uploads")]
use crate::shown::Secrets;
use crate::text::says;
use curl::easy::InfoType;

/// Headers whose values may be seen in a log.
const HARMLESS_HEADERS: &[&str] = &[
    "accept",
    "connection",
    "content-length",
    "content-type",
    "date",
    "etag",
    "host",
    "retry-after",
    "server",
    "transfer-encoding",
    "user-agent",
    "x-amz-acl",
    "x-amz-id-2",
    "x-amz-request-id",
    "x-client-platypus-enabled",
    "x-client-version",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-window",
];

/// How the lines begin that are no headers.
const FIRST_LINES: &[&str] = &["GET /", "POST /", "PUT /", "HTTP/"];

/// Of a request to a signed address, whose host may quote what is signed.
#[cfg(feature = "uploads")]
pub(crate) fn write_of_signed(log: &Log, kind: InfoType, data: &[u8], url: &Secret) {
    if !log.wants(Level::Trace) {
        return;
    }
    let query = url.expose().split_once('?').map_or("", |(_, query)| query);
    let values = form_urlencoded::parse(query.as_bytes()).map(|(_, value)| Secret::new(&value)).collect();
    match Secrets::new(values).hide(data) {
        Some(shown) => write(log, kind, &shown),
        None => write(log, kind, data),
    }
}

pub(crate) fn write(log: &Log, kind: InfoType, data: &[u8]) {
    let (mark, is_header) = match kind {
        InfoType::Text => ('*', false),
        InfoType::HeaderOut => ('>', true),
        InfoType::HeaderIn => ('<', true),
        _ => return,
    };
    if !log.wants(Level::Trace) {
        return;
    }
    for line in String::from_utf8_lossy(data).lines().filter(|line| !line.trim().is_empty()) {
        let line = if is_header { masked_header(line) } else { masked_text(line) };
        log.write(Level::Trace, format_args!("curl {mark} {line}"));
    }
}

fn masked_header(line: &str) -> String {
    // Without its query, which may be a signature.
    if FIRST_LINES.iter().any(|start| line.starts_with(start)) {
        return line.split_once('?').map_or(line, |(before, _)| before).to_owned();
    }
    match line.split_once(':') {
        Some((name, value)) if is_harmless(name.trim()) => {
            format!("{name}: {}", value.trim())
        }
        Some((name, _)) if !name.contains([' ', '?', '&', '=']) => format!("{name}: (not shown)"),
        // Such as the rest of a first line that was sent in two pieces.
        _ => "(not shown)".to_owned(),
    }
}

fn is_harmless(name: &str) -> bool {
    HARMLESS_HEADERS.iter().any(|harmless| name.eq_ignore_ascii_case(harmless))
}

fn masked_text(line: &str) -> String {
    let is_telling = says(line, &["authorization", "bearer", "token", "secret", "signature"]);
    if is_telling || line.contains('?') {
        return "(not shown)".to_owned();
    }
    line.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    fn collecting() -> (Log, Arc<Mutex<String>>) {
        let lines = Arc::new(Mutex::new(String::new()));
        let into = lines.clone();
        let sink = move |_: Level, line: &str| into.lock().unwrap().push_str(line);
        (crate::log::log_to(Level::Trace as i32, Some(Arc::new(sink))), lines)
    }

    #[test]
    fn what_a_storage_quotes_of_a_signed_address_is_not_shown() {
        let (log, lines) = collecting();
        let url = Secret::new(
            "https://host/part?X-Amz-Signature=SECRET0123&X-Amz-Security-Token=a%2Fb%2BSECRET%3D",
        );
        for data in
            ["ETag: \"SECRET0123\"\r\n", "Server: a/b+SECRET= a%2Fb%2BSECRET%3D\r\n", "Host: host\r\n"]
        {
            write_of_signed(&log, InfoType::HeaderIn, data.as_bytes(), &url);
        }
        let lines = lines.lock().unwrap();
        assert!(!lines.contains("SECRET") && lines.contains("Host: host"), "{lines}");
    }

    #[test]
    fn a_trace_shows_names_but_no_secret_values() {
        let (log, lines) = collecting();
        for (kind, data) in [
            (
                InfoType::HeaderOut,
                "GET /p?X-Amz-Signature=SECRET HTTP/1.1\r\nAuthorization: Bearer SECRET\r\nHost: h\r\n\r\n",
            ),
            (InfoType::HeaderOut, "PUT /part?X-Amz-Date=1:2&X-Amz-Signature=SECRET HTTP/1.1\r\n"),
            (InfoType::HeaderOut, "PUT /half?X-Amz-Sig"),
            (InfoType::HeaderOut, "nature=SECRET HTTP/1.1\r\n"),
            (InfoType::HeaderOut, "X-Amz-Signature=SECRET&X-Amz-Date=1:2 HTTP/1.1\r\n"),
            (InfoType::HeaderIn, "Set-Cookie: SECRET\r\n"),
            (InfoType::DataOut, "client_secret=SECRET"),
            (InfoType::SslDataIn, "SECRET"),
            (InfoType::Text, "Server auth using Bearer SECRET"),
        ] {
            write(&log, kind, data.as_bytes());
        }
        let lines = lines.lock().unwrap();
        assert!(!lines.contains("SECRET"), "{lines}");
        for seen in ["GET /p", "PUT /part", "Host: h", "Authorization"] {
            assert!(lines.contains(seen), "{seen}: {lines}");
        }
    }
}
