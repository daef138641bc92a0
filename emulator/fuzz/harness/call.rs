//! A request, and how it goes over the wire.

use arbitrary::{Result, Unstructured};
use fio_emulator::http::listener::Site;

use super::mutate;

pub struct Call {
    pub site: Site,
    pub method: String,
    pub target: Vec<u8>,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
    /// Whether all of it is sent, and says truly how long it is.
    pub is_whole: bool,
    framing: Vec<u8>,
    sent: usize,
}

impl Call {
    pub fn new(site: Site, method: &str, target: &str) -> Self {
        Self {
            site,
            method: method.to_owned(),
            target: target.as_bytes().to_vec(),
            headers: Vec::new(),
            body: Vec::new(),
            is_whole: true,
            framing: Vec::new(),
            sent: usize::MAX,
        }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.as_bytes().to_vec()));
        self
    }

    pub fn body(mut self, content_type: &str, body: Vec<u8>) -> Self {
        self.body = body;
        self.with("content-type", content_type)
    }

    /// Now and then something about its head is odd, or the way it is sent.
    pub fn disturbed(mut self, u: &mut Unstructured<'_>) -> Result<Self> {
        if u.ratio(1, 8)? && !self.headers.is_empty() {
            let at = u.int_in_range(0..=self.headers.len() - 1)?;
            match u.int_in_range(0..=3)? {
                0 => drop(self.headers.remove(at)),
                1 => self.headers[at].1 = mutate::text(u)?.into_bytes(),
                2 => mutate::alter(u, &mut self.headers[at].1)?,
                _ => self.headers.push((self.headers[at].0.clone(), mutate::text(u)?.into_bytes())),
            }
        }
        if u.ratio(1, 16)? {
            let name = *u.choose(&[
                "origin",
                "sec-fetch-site",
                "expect",
                "via",
                "forwarded",
                "cookie",
                "upgrade",
                "te",
                "range",
                "x-client-platypus-enabled",
                "authorization",
                "x-odd",
                "connection",
                "host",
            ])?;
            let value = match u.int_in_range(0..=2)? {
                0 => (*u.choose(&["null", "100-continue", "h2c", "same-origin", "close", "keep-alive"])?)
                    .to_owned(),
                _ => mutate::text(u)?,
            };
            self.headers.push((name.to_owned(), value.into_bytes()));
        }
        if u.ratio(1, 16)? {
            mutate::alter(u, &mut self.target)?;
        }
        if u.ratio(1, 16)? {
            let methods =
                ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE", "get", "X"];
            self.method = (*u.choose(&methods)?).to_owned();
        }
        let length = self.body.len();
        self.framing = format!("content-length: {length}\r\n").into_bytes();
        match u.int_in_range(0..=31)? {
            0 => {
                let body = std::mem::take(&mut self.body);
                for chunk in body.chunks(5) {
                    self.body.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                    self.body.extend_from_slice(chunk);
                    self.body.extend_from_slice(b"\r\n");
                }
                self.body.extend_from_slice(b"0\r\n\r\n");
                self.framing = b"transfer-encoding: chunked\r\n".to_vec();
            }
            1 => {
                self.is_whole = false;
                self.sent = u.int_in_range(0..=length)?;
            }
            2 => {
                self.is_whole = false;
                self.framing = format!("content-length: {}\r\n", mutate::number(u)?).into_bytes();
            }
            3 => {
                self.is_whole = false;
                self.framing.extend_from_slice(b"transfer-encoding: chunked\r\n");
            }
            4 => {
                self.is_whole = false;
                self.framing
                    .extend_from_slice(format!("content-length: {}\r\n", mutate::number(u)?).as_bytes());
            }
            _ => {}
        }
        // What asks for another protocol, or for a go-ahead, is another conversation.
        let asks = ["upgrade", "expect", "connection", "content-length", "transfer-encoding"];
        self.is_whole &= !self.headers.iter().any(|(name, _)| asks.contains(&name.as_str()));
        // What is in a line of the head may end it.
        let ends = |bytes: &[u8]| bytes.iter().any(|byte| matches!(byte, b'\r' | b'\n' | b' ' | b'\0'));
        self.is_whole &= !ends(&self.target) && self.headers.iter().all(|(_, value)| !value.contains(&b'\n'));
        Ok(self)
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} ", self.method).into_bytes();
        bytes.extend_from_slice(&self.target);
        bytes.extend_from_slice(b" HTTP/1.1\r\n");
        for (name, value) in &self.headers {
            bytes.extend_from_slice(format!("{name}: ").as_bytes());
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(&self.framing);
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body[..self.body.len().min(self.sent)]);
        bytes
    }
}
