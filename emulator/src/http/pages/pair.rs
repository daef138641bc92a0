//! Pairing: a person types the six digits, or comes by the QR code that has them, and decides. It works
//! without scripts.

use std::net::IpAddr;

use hyper::StatusCode;
use hyper::header::{HeaderValue, RETRY_AFTER};
use hyper::http::request::Parts;
use ring::hmac;

use super::html;
use crate::emulator::Emulator;
use crate::http::access;
use crate::http::answer::Answer;
use crate::http::form::Form;
use crate::http::origin::is_cross_site;
use crate::service::codes::Verdict;
use crate::service::devices::name_of;
use crate::service::projects::clean_name;

pub(crate) fn page(emulator: &Emulator, status: StatusCode, digits: &str, problem: Option<&str>) -> Answer {
    let now = emulator.clock.now();
    let world = emulator.world();
    let service = &world.service;
    let waiting = service.codes.pending(now, digits).map(|code| name_of(&code.client_id));
    let page =
        html::pair(&emulator.form_token, digits, waiting.as_deref(), service.projects.names(), problem);
    Answer::html(status, page)
}

/// The page for a code in the address. It tells whether a device waits with it, so a wrong one is a guess.
pub(crate) fn of_code(emulator: &Emulator, owner: Option<IpAddr>, digits: &str) -> Answer {
    let now = emulator.clock.now();
    if !emulator.access.may_try(now, owner) {
        return too_many();
    }
    if emulator.world().service.codes.pending(now, digits).is_none() {
        wrong_code(emulator, owner);
    }
    page(emulator, StatusCode::OK, digits, None)
}

/// Counts a guess: against anybody who made it, and for the codes it was not.
fn wrong_code(emulator: &Emulator, owner: Option<IpAddr>) {
    let now = emulator.clock.now();
    emulator.access.failed(now, owner);
    emulator.world().service.codes.guessed(now);
}

fn too_many() -> Answer {
    message(
        StatusCode::TOO_MANY_REQUESTS,
        "Too many wrong codes",
        "Wait a minute, and type what the device shows.",
    )
    .with(RETRY_AFTER, HeaderValue::from(access::WINDOW.as_secs()))
}

/// The form token proves that the form is from one of these pages: other sites cannot read it.
pub(crate) fn is_ours(emulator: &Emulator, head: &Parts, form: &Form) -> bool {
    let sent = form.get("form_token").ok().flatten().unwrap_or_default();
    // Compared by keyed hash, so that the time it takes tells nothing.
    let key = hmac::Key::new(hmac::HMAC_SHA256, emulator.form_token.as_bytes());
    let expected = hmac::sign(&key, emulator.form_token.as_bytes());
    !is_cross_site(&head.headers) && hmac::verify(&key, sent.as_bytes(), expected.as_ref()).is_ok()
}

pub(crate) fn decide(emulator: &Emulator, owner: Option<IpAddr>, form: &Form) -> Answer {
    let field = |name| form.get(name).ok().flatten().unwrap_or_default();
    let typed = field("user_code");
    let Some(digits) = six_digits(typed) else {
        return page(emulator, StatusCode::BAD_REQUEST, typed, Some("A code has six digits."));
    };
    let approve = match field("decision") {
        "approve" => true,
        "deny" => false,
        _ => {
            return page(emulator, StatusCode::BAD_REQUEST, &digits, Some("Choose Approve or Deny."));
        }
    };
    let chosen = if field("new_project").trim().is_empty() { field("project") } else { field("new_project") };
    let project = clean_name(chosen);
    if approve && project.is_none() {
        return page(
            emulator,
            StatusCode::BAD_REQUEST,
            &digits,
            Some("Choose a project, or type a name of at most 255 characters."),
        );
    }
    let now = emulator.clock.now();
    if !emulator.access.may_try(now, owner) {
        return too_many();
    }
    let verdict = match (&project, approve) {
        (Some(project), true) => Verdict::Approve { project: project.clone() },
        _ => Verdict::Deny,
    };
    let decided = emulator.world().service.decide(now, Some(&digits), verdict);
    if decided.is_none() {
        wrong_code(emulator, owner);
    }
    match (decided, project) {
        (None, _) => page(
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

pub(crate) fn not_ours() -> Answer {
    message(
        StatusCode::FORBIDDEN,
        "That did not come from here",
        "Open the page again and use its own buttons.",
    )
}

pub(crate) fn message(status: StatusCode, title: &str, text: &str) -> Answer {
    Answer::html(status, html::message(title, text))
}

/// The digits of a code as people type it: spaces and hyphens between them do not matter.
pub(crate) fn six_digits(typed: &str) -> Option<String> {
    let digits: String = typed.chars().filter(|c| !matches!(c, ' ' | '-')).take(7).collect();
    (digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
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
