//! What an answer has to look like.

use serde_json::Value;

/// An answer at the beginning of what was said; `None` if it is not all there yet.
pub struct Answer<'a> {
    pub status: u16,
    pub content_type: String,
    pub body: &'a [u8],
    pub length: usize,
}

impl Answer<'_> {
    pub fn check(&self) {
        let is_json = self.content_type.starts_with("application/json");
        let json = serde_json::from_slice::<Value>(self.body);
        // One to HEAD has no body.
        assert!(!is_json || self.body.is_empty() || json.is_ok(), "not JSON: {}", shown(self.body));
    }
}

pub fn first<'a>(said: &'a [u8], to_head: bool) -> Option<Answer<'a>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Response::new(&mut headers);
    let parsed = head.parse(said).unwrap_or_else(|error| panic!("{error}: {}", shown(said)));
    let httparse::Status::Complete(begin) = parsed else { return None };
    let status = head.code.unwrap_or(0);
    let header = |name: &str| {
        let found = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| String::from_utf8_lossy(header.value).into_owned())
    };
    let has_body = !to_head && status >= 200 && !matches!(status, 204 | 304);
    let announced = header("content-length").filter(|_| has_body);
    let length = announced.map_or(0, |length| length.parse().expect("a length"));
    let body = said.get(begin..begin + length)?;
    Some(Answer {
        status,
        content_type: header("content-type").unwrap_or_default(),
        body,
        length: begin + length,
    })
}

/// Nothing but whole answers.
pub fn check_all(mut said: &[u8]) {
    while !said.is_empty() {
        let answer = first(said, false);
        let answer = answer.unwrap_or_else(|| panic!("half an answer: {}", shown(said)));
        answer.check();
        said = &said[answer.length..];
    }
}

pub fn shown(said: &[u8]) -> String {
    String::from_utf8_lossy(&said[..said.len().min(2_000)]).into_owned()
}
