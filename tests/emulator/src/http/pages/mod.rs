//! The pages for people: `/pair` to decide about a code, `/` to look after devices and see what they upload.

mod html;
mod size;
mod style;

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
};
use hyper::http::request::Parts;
use hyper::{Method, Request, StatusCode};
use ring::hmac;

use super::answer::Answer;
use super::deliver;
use super::origin::is_cross_site;
use super::route::read_body;
use crate::checklist::event::Deed;
use crate::emulator::Emulator;
use crate::form::{self, Form};
use crate::service::Service;
use crate::service::codes::Verdict;
use crate::service::projects::clean_name;
use crate::service::uploads::upload::Upload;

/// Nothing from anywhere, no scripts; styles are in the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The newest ones.
const UPLOADS_SHOWN: usize = 100;

pub async fn answer(emulator: &Arc<Emulator>, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let body = match read_body(body).await {
        Ok(body) => body,
        Err(problem) => return deliver::body_problem(problem),
    };
    let path = head.uri.path();
    let answer = match (path, head.method.clone()) {
        ("/", Method::GET) => devices(emulator),
        ("/ca.crt", Method::GET) => {
            let der = emulator.authority.der().to_vec();
            Answer::text(StatusCode::OK, "application/x-x509-ca-cert", der)
        }
        ("/ca.pem", Method::GET) => {
            Answer::text(StatusCode::OK, "application/x-pem-file", emulator.authority.pem().to_owned())
        }
        ("/ca.crt" | "/ca.pem", _) => Answer::method_not_allowed("GET"),
        ("/pair", Method::GET) => pair(emulator, StatusCode::OK, "", None),
        ("/pair", Method::POST) | ("/devices/act", Method::POST) => {
            let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            match form::decode(content_type, &body).await {
                Ok(form) if is_ours(emulator, &head, &form) => {
                    if path == "/pair" {
                        decide(emulator, &form)
                    } else {
                        act(emulator, &form)
                    }
                }
                _ => message(
                    StatusCode::FORBIDDEN,
                    "That did not come from here",
                    "Open the page again and use its own buttons.",
                ),
            }
        }
        ("/" | "/pair", _) => Answer::method_not_allowed(if path == "/" { "GET" } else { "GET, POST" }),
        ("/devices/act", _) => Answer::method_not_allowed("POST"),
        (path, Method::GET) if path.starts_with("/pair/") => {
            let digits = path.strip_prefix("/pair/").and_then(six_digits).unwrap_or_default();
            pair(emulator, StatusCode::OK, &digits, None)
        }
        (path, _) if path.starts_with("/pair/") => Answer::method_not_allowed("GET"),
        _ => Answer::not_found(),
    };
    if head.method != Method::GET {
        emulator.changed();
    }
    hardened(answer)
}

/// The form token proves that the form is from one of these pages: other sites cannot read it.
fn is_ours(emulator: &Emulator, head: &Parts, form: &Form) -> bool {
    let sent = form.get("form_token").ok().flatten().unwrap_or_default();
    // Compared by keyed hash, so that the time it takes tells nothing.
    let key = hmac::Key::new(hmac::HMAC_SHA256, emulator.form_token.as_bytes());
    let expected = hmac::sign(&key, emulator.form_token.as_bytes());
    !is_cross_site(&head.headers) && hmac::verify(&key, sent.as_bytes(), expected.as_ref()).is_ok()
}

fn decide(emulator: &Emulator, form: &Form) -> Answer {
    let field = |name| form.get(name).ok().flatten().unwrap_or_default();
    let typed = field("user_code");
    let Some(digits) = six_digits(typed) else {
        return pair(emulator, StatusCode::BAD_REQUEST, typed, Some("A code has six digits."));
    };
    let approve = match field("decision") {
        "approve" => true,
        "deny" => false,
        _ => {
            return pair(emulator, StatusCode::BAD_REQUEST, &digits, Some("Choose Approve or Deny."));
        }
    };
    let chosen = if field("new_project").trim().is_empty() { field("project") } else { field("new_project") };
    let project = clean_name(chosen);
    if approve && project.is_none() {
        return pair(
            emulator,
            StatusCode::BAD_REQUEST,
            &digits,
            Some("Choose a project, or type a name of at most 255 characters."),
        );
    }
    let now = emulator.clock.now();
    let verdict = match (&project, approve) {
        (Some(project), true) => Verdict::Approve { project: project.clone() },
        _ => Verdict::Deny,
    };
    let decided = emulator.world().service.decide(now, Some(&digits), verdict);
    match (decided, project) {
        (None, _) => pair(
            emulator,
            StatusCode::NOT_FOUND,
            &digits,
            Some(
                "No device is waiting with this code. It may have expired: look at the device for a new one.",
            ),
        ),
        (Some(_), Some(project)) if approve => message(
            StatusCode::OK,
            "Approved",
            &format!("The device joins “{project}” as soon as it asks again."),
        ),
        _ => message(StatusCode::OK, "Denied", "The device will be told that you refused."),
    }
}

fn act(emulator: &Emulator, form: &Form) -> Answer {
    let field = |name| form.get(name).ok().flatten().unwrap_or_default();
    let now = emulator.clock.now();
    let done = {
        let service = &mut emulator.world().service;
        match field("action") {
            "revoke" => service.disconnect(now, field("client_id")).then_some(Deed::Disconnected),
            action @ ("pause" | "resume") => service.devices.get_mut(field("client_id")).map(|device| {
                device.set_paused(now, action == "pause");
                if action == "pause" { Deed::Paused } else { Deed::Resumed }
            }),
            _ => None,
        }
    };
    if let Some(deed) = done {
        emulator.deed(field("client_id"), &deed);
        Answer::see_other("/")
    } else {
        message(StatusCode::NOT_FOUND, "No such device", "It may have been replaced meanwhile.")
    }
}

fn pair(emulator: &Emulator, status: StatusCode, digits: &str, problem: Option<&str>) -> Answer {
    let now = emulator.clock.now();
    let world = emulator.world();
    let service = &world.service;
    let waiting =
        service.codes.pending(now, digits).map(|code| crate::service::devices::name_of(&code.client_id));
    let page =
        html::pair(&emulator.form_token, digits, waiting.as_deref(), service.projects.names(), problem);
    Answer::html(status, page)
}

fn devices(emulator: &Emulator) -> Answer {
    let now = emulator.clock.now();
    let world = emulator.world();
    let service = &world.service;
    let rows: Vec<_> = service
        .devices
        .iter()
        .map(|device| html::DeviceRow {
            client_id: &device.client_id,
            name: &device.name,
            project: &device.project.name,
            firmware: device.firmware.as_deref().unwrap_or("unknown"),
            status: device.status(now),
            authorized: service.is_authorized(now, device),
            seen_seconds_ago: now.saturating_sub(device.last_seen_at).as_secs(),
        })
        .collect();
    let uploads: Vec<_> =
        service.uploads.iter().rev().take(UPLOADS_SHOWN).map(|upload| row(service, upload)).collect();
    let page = html::devices(&emulator.form_token, &rows, &uploads, emulator.warning);
    Answer::html(StatusCode::OK, page)
}

fn row<'a>(service: &'a Service, upload: &'a Upload) -> html::UploadRow<'a> {
    html::UploadRow {
        name: &upload.name,
        device: service.devices.get(&upload.client_id).map_or("forgotten", |device| device.name.as_str()),
        size: upload.filesize,
        stored: upload.stored_bytes(),
        state: upload.state,
        sha256: upload.sums.as_ref().map(|sums| sums.sha256.as_str()),
    }
}

fn message(status: StatusCode, title: &str, text: &str) -> Answer {
    Answer::html(status, html::message(title, text))
}

/// The digits of a code as people type it: spaces and hyphens between them do not matter.
fn six_digits(typed: &str) -> Option<String> {
    let digits: String = typed.chars().filter(|c| !matches!(c, ' ' | '-')).take(7).collect();
    (digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

fn hardened(answer: Answer) -> Answer {
    answer
        .with(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY))
        .with(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"))
        // Without any referrer, browsers would send the forms with a null origin.
        .with(REFERRER_POLICY, HeaderValue::from_static("same-origin"))
        .with(CACHE_CONTROL, HeaderValue::from_static("no-store"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_as_people_type_them() {
        for typed in ["012345", " 012 345 ", "012-345"] {
            assert_eq!(six_digits(typed).as_deref(), Some("012345"));
        }
        for bad in ["", "12345", "1234567", "12345a", "１２３４５６", "<b>123"] {
            assert_eq!(six_digits(bad), None, "{bad}");
        }
    }
}
