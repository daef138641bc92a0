//! A request to the API on a handle of libcurl's. Handles stay configured, so that a repeated request
//! costs only what differs.

use super::exchange::Exchange;
use super::failure;
use super::headers::Headers;
use super::options::{self, NetSettings};
use super::url::ParsedUrl;
use crate::api::{Body, Endpoint, FORM, Method, Request, Response};
use crate::error::Error;
use crate::log::Log;
use crate::secret::Secret;
use crate::status::*;
use curl::easy::Easy2;
use std::sync::Arc;

/// What a handle is configured for once and for all.
pub(crate) type Kind = (Endpoint, Option<&'static str>, bool);

pub(crate) fn kind_of(request: &Request) -> Kind {
    (request.endpoint, request.content_type, request.url_pairing)
}

/// What it is set to besides, from request to request.
pub(crate) struct CallState {
    pub kind: Kind,
    /// Of `tls::Context`.
    pub generation: u32,
    asset: Option<Arc<str>>,
    bearer: Option<Secret>,
}

pub(crate) struct Call {
    pub easy: Easy2<Exchange>,
    pub state: CallState,
}

impl Call {
    /// Makes a handle ready for a request: the idle one of its kind, or a new one.
    pub(crate) fn prepared(
        idle: Option<Call>,
        request: &Request,
        settings: &NetSettings,
        log: &Log,
    ) -> Result<Call, curl::Error> {
        let is_new = idle.is_none();
        let mut call = match idle {
            Some(call) => call,
            None => Call::new(request, settings, log)?,
        };
        call.easy.get_mut().prepare(request.largest_answer);
        if call.state.asset != request.asset {
            call.set_path(request, settings)?;
        }
        if is_new || call.state.bearer != request.bearer {
            call.set_headers(request, settings)?;
        }
        let same_body = match (&call.easy.get_ref().body, &request.body) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new),
            (None, None) => !is_new,
            _ => false,
        };
        if !same_body {
            call.set_body(request)?;
        }
        Ok(call)
    }

    fn new(request: &Request, settings: &NetSettings, log: &Log) -> Result<Call, curl::Error> {
        let url = url_of(request, settings)?;
        let mut easy = Easy2::new(Exchange::new(url, request.largest_answer, log.clone()));
        // SAFETY: the URL is the handler's, which goes after the handle and replaces it in `set_path`
        // only.
        unsafe { options::point_at(&easy, &easy.get_ref().url)? };
        match request.endpoint.method() {
            Method::Get => easy.get(true)?,
            Method::Post => easy.post(true)?,
        }
        options::set_common(&mut easy, settings, log)?;
        easy.timeout(settings.request_timeout)?;
        // libcurl sends again by itself what was lost on a connection it had kept: a comment would be made
        // twice.
        easy.fresh_connect(request.endpoint == Endpoint::Comments)?;
        // Requests and most answers are small, and libcurl's buffers for them are kept with the handle, and wiped after
        // each. The system's takes 16 KB where it is told less.
        easy.upload_buffer_size(4 << 10)?;
        easy.buffer_size(if is_about_assets(request.endpoint) { 16 << 10 } else { 4 << 10 })?;
        let state = CallState {
            kind: kind_of(request),
            generation: settings.tls.generation(),
            asset: request.asset.clone(),
            bearer: None,
        };
        Ok(Call { easy, state })
    }

    fn set_path(&mut self, request: &Request, settings: &NetSettings) -> Result<(), curl::Error> {
        let url = url_of(request, settings)?;
        let old = std::mem::replace(&mut self.easy.get_mut().url, url);
        // SAFETY: as in `new`; the old URL is there until the handle points at the new one.
        let pointed = unsafe { options::point_at(&self.easy, &self.easy.get_ref().url) };
        drop(old);
        self.state.asset = request.asset.clone();
        pointed
    }

    fn set_headers(&mut self, request: &Request, settings: &NetSettings) -> Result<(), curl::Error> {
        let mut list = Headers::new();
        list.append(&format!("x-client-version: {}", settings.client_version))?;
        // libcurl says form by itself, at a fraction of the work.
        if let Some(content_type) = request.content_type.filter(|content_type| *content_type != FORM) {
            list.append(&format!("Content-Type: {content_type}"))?;
        }
        if request.url_pairing {
            list.append("x-client-platypus-enabled: true")?;
        }
        if let Some(bearer) = &request.bearer {
            let line = zeroize::Zeroizing::new(format!("Authorization: Bearer {}", bearer.expose()));
            list.append(&line)?;
        }
        let old = std::mem::replace(&mut self.easy.get_mut().headers, list);
        // SAFETY: the headers are the handler's, which goes after the handle and replaces them here only; the old ones
        // are there until the handle points at the new ones.
        let pointed = unsafe { options::send_headers(&self.easy, &self.easy.get_ref().headers) };
        drop(old);
        self.state.bearer = request.bearer.clone();
        pointed
    }

    /// No second copy of a secret, and a poll that repeats costs nothing here.
    fn set_body(&mut self, request: &Request) -> Result<(), curl::Error> {
        if request.endpoint.method() == Method::Get {
            return Ok(());
        }
        let body: Body = request.body.clone().unwrap_or_default();
        // SAFETY: the bytes stay where they are for as long as the `Arc` kept in the handler, which
        // lives as long as the handle and is replaced only together with the pointer.
        unsafe { options::post_in_place(&self.easy, body.expose())? };
        self.easy.get_mut().body = Some(body);
        Ok(())
    }

    pub(crate) fn answer(
        &mut self,
        result: Result<(), curl::Error>,
        settings: &NetSettings,
    ) -> Result<Response, Error> {
        let easy = &mut self.easy;
        if let Err(error) = result {
            if easy.get_ref().is_too_large {
                return Err(Error::of(FIO_E_TOO_LARGE));
            }
            if let Some(shortage) = easy.get_mut().shortage.failure(error.code(), settings.ca_file()) {
                return Err(shortage);
            }
            return Err(failure::of_transfer(easy, &error));
        }
        let status = easy.response_code().ok().and_then(|status| u16::try_from(status).ok()).unwrap_or(0);
        Ok(easy.get_mut().take_response(status))
    }
}

fn url_of(request: &Request, settings: &NetSettings) -> Result<ParsedUrl, curl::Error> {
    ParsedUrl::new(&format!("{}{}", settings.origin, request.path()))
}

/// Those whose answers may hold ten thousand presigned URLs.
fn is_about_assets(endpoint: Endpoint) -> bool {
    matches!(endpoint, Endpoint::CreateAsset | Endpoint::RealtimeParts)
}

#[cfg(test)]
mod tests {
    use super::super::tls::{CaSource, Context, KeyExchange};
    use super::*;
    use crate::api::comment;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::time::Duration;

    fn settings(port: u16) -> NetSettings {
        NetSettings {
            origin: format!("http://127.0.0.1:{port}"),
            client_version: "1.2.3".to_owned(),
            tls: Context::new(CaSource::Pem(Arc::from(&b""[..])), KeyExchange::default()),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(10),
            resolve: Vec::new(),
            portable_poller: false,
            watches_network: false,
        }
    }

    /// Sends a request over plain HTTP, which only a test lets a handle do, and returns what arrived.
    fn sent(call: &Call, listener: &TcpListener) -> String {
        // SAFETY: the handle is alive and the option takes a long.
        let code = unsafe {
            let http = libc::c_long::from(curl_sys::CURLPROTO_HTTP);
            curl_sys::curl_easy_setopt(call.easy.raw(), curl_sys::CURLOPT_PROTOCOLS, http)
        };
        assert_eq!(code, curl_sys::CURLE_OK);
        std::thread::scope(|scope| {
            let arrived = scope.spawn(|| {
                let (mut stream, _) = listener.accept().unwrap();
                let mut text = String::new();
                let is_whole = |text: &str| {
                    let (head, body) = text.split_once("\r\n\r\n")?;
                    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "))?;
                    Some(body.len() >= length.parse().ok()?)
                };
                let mut buffer = [0; 1024];
                while is_whole(&text) != Some(true) {
                    let count = stream.read(&mut buffer).unwrap();
                    assert!(count > 0, "{text}");
                    text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
                }
                stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap();
                text
            });
            call.easy.perform().unwrap();
            arrived.join().unwrap()
        })
    }

    /// What libcurl only points at (URL, headers, body) is what the latest request has, and the earlier one's is gone.
    #[test]
    fn a_handle_that_is_used_again_sends_what_the_next_request_says() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let settings = settings(listener.local_addr().unwrap().port());
        let mut call = None;
        // The last one repeats the one before.
        for (asset, text, token) in [
            ("asset-1", "first", "token-1"),
            ("asset-22", "the second", "token-22"),
            ("asset-22", "the second", "token-22"),
        ] {
            let mut request = comment::request(&asset.into(), text, None);
            request.bearer = Some(Secret::new(token));
            let prepared = Call::prepared(call.take(), &request, &settings, &Log::off()).unwrap();
            drop(request);
            let arrived = sent(&prepared, &listener);
            let first = format!("POST /v2/devices/assets/{asset}/comments HTTP/1.1\r\n");
            assert!(arrived.starts_with(&first), "{arrived}");
            assert!(arrived.contains(&format!("\r\nAuthorization: Bearer {token}\r\n")), "{arrived}");
            assert!(arrived.contains("\r\nx-client-version: 1.2.3\r\n"), "{arrived}");
            assert_eq!(arrived.matches("token-").count(), 1, "{arrived}");
            assert!(arrived.split_once("\r\n\r\n").unwrap().1.contains(&format!("\"{text}\"")), "{arrived}");
            call = Some(prepared);
        }
    }
}
