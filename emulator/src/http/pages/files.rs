//! The files of the page, compiled in.

use hyper::StatusCode;

use crate::http::answer::Answer;

const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! file {
    ($type:expr, $name:literal) => {
        ($type, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/page/", $name)).as_slice())
    };
}

pub(crate) fn at(path: &str) -> Option<Answer> {
    let (content_type, content) = match path {
        "/" => file!("text/html; charset=utf-8", "index.html"),
        "/page/icon.svg" => file!("image/svg+xml", "icon.svg"),
        "/page/page.css" => file!("text/css; charset=utf-8", "page.css"),
        "/page/page.js" => file!(SCRIPT, "page.js"),
        "/page/call.js" => file!(SCRIPT, "call.js"),
        "/page/checklist.js" => file!(SCRIPT, "checklist.js"),
        "/page/controls.js" => file!(SCRIPT, "controls.js"),
        "/page/devices.js" => file!(SCRIPT, "devices.js"),
        "/page/dom.js" => file!(SCRIPT, "dom.js"),
        "/page/live.js" => file!(SCRIPT, "live.js"),
        "/page/requests.js" => file!(SCRIPT, "requests.js"),
        "/page/scenarios.js" => file!(SCRIPT, "scenarios.js"),
        "/page/uploads.js" => file!(SCRIPT, "uploads.js"),
        "/page/words.js" => file!(SCRIPT, "words.js"),
        _ => return None,
    };
    Some(Answer::text(StatusCode::OK, content_type, content))
}
