//! `POST /v2/devices/assets/{id}/comments`: a remark on an asset, at a frame or on the whole.

use super::{Endpoint, Request, Response, failure, json_request};
use crate::error::Error;
use crate::json::ObjectWriter;
use alloc::sync::Arc;

/// `frame` counts from 0. The service's field takes fractions but keeps whole frames, so whole ones are
/// sent.
pub fn request(id: &Arc<str>, text: &str, frame: Option<u64>) -> Request {
    let mut object = ObjectWriter::new();
    object.text("text", text);
    if let Some(frame) = frame {
        object.number("timestamp", i64::try_from(frame).unwrap_or(i64::MAX));
    }
    json_request(Endpoint::Comments, Some(id), object.finish())
}

pub fn read(response: &Response) -> Result<(), Error> {
    if response.is_success() { Ok(()) } else { Err(failure::from_response(response)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_comment_has_a_frame_or_none() {
        let sent = |frame| -> Value {
            let request = request(&"b1f2".into(), "slate\nclap", frame);
            assert_eq!(request.path(), "/v2/devices/assets/b1f2/comments");
            serde_json::from_slice(request.body.unwrap().expose()).unwrap()
        };
        assert_eq!(sent(Some(120)), json!({"text": "slate\nclap", "timestamp": 120}));
        assert_eq!(sent(None), json!({"text": "slate\nclap"}));
    }
}
