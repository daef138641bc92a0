//! The pages for people: `/` to look after devices and see how they are getting on, `/pair` to decide about
//! a code, and the authority to download.

mod files;
mod html;
mod pair;

use std::net::IpAddr;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    SET_COOKIE,
};
use hyper::http::request::Parts;
use hyper::{Method, Request, StatusCode};

use super::answer::Answer;
use super::deliver;
use super::places::owner;
use super::route::{SHORT, read_body};
use super::test_api::not_called_that;
use super::wire::Wire;
use crate::emulator::Emulator;
use crate::http::form;

/// Everything from here, nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

pub fn is_page(path: &str) -> bool {
    matches!(path, "/" | "/pair" | "/ca.crt" | "/ca.pem")
        || path.starts_with("/pair/")
        || path.starts_with("/page/")
}

pub async fn answer(emulator: &Arc<Emulator>, wire: &Wire, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let body = match read_body(emulator, wire, body, SHORT).await {
        Ok(body) => body,
        Err(problem) => return deliver::body_problem(problem),
    };
    let path = head.uri.path();
    if !emulator.access.is_called_right(&head.headers) {
        return hardened(not_called_that());
    }
    let owner = wire.peer.map(owner);
    let answer = match (path, head.method.clone()) {
        ("/", Method::GET) => front(emulator, &head),
        ("/pair", Method::GET) => pair::page(emulator, StatusCode::OK, "", None),
        ("/pair", Method::POST) => {
            let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            match form::decode(content_type, &body).await {
                Ok(form) if pair::is_ours(emulator, &head, &form) => pair::decide(emulator, owner, &form),
                _ => pair::not_ours(),
            }
        }
        ("/pair", _) => Answer::method_not_allowed("GET, POST"),
        (_, Method::GET) => read(emulator, owner, path),
        _ if read(emulator, owner, path).status == StatusCode::NOT_FOUND => Answer::not_found(),
        _ => Answer::method_not_allowed("GET"),
    };
    if head.method != Method::GET {
        emulator.changed();
    }
    hardened(answer)
}

/// The page itself: nothing secret, but without the token it would only show that everything is refused.
fn front(emulator: &Emulator, head: &Parts) -> Answer {
    let access = &emulator.access;
    let cookie = access.cookie(head.uri.query()).and_then(|cookie| HeaderValue::from_str(&cookie).ok());
    if cookie.is_none() && !access.admits(&head.headers) {
        return pair::message(
            StatusCode::UNAUTHORIZED,
            "This page needs the token of the emulator",
            "Open the address that the emulator printed when it was started: it ends with “/?token=” and the token. \
             A device is connected without it.",
        );
    }
    let page = files::at("/").unwrap_or_else(Answer::not_found);
    match cookie {
        Some(cookie) => page.with(SET_COOKIE, cookie),
        None => page,
    }
}

fn read(emulator: &Emulator, owner: Option<IpAddr>, path: &str) -> Answer {
    if let Some(digits) = path.strip_prefix("/pair/") {
        return match pair::six_digits(digits) {
            Some(digits) => pair::of_code(emulator, owner, &digits),
            None => pair::page(emulator, StatusCode::OK, "", None),
        };
    }
    let authority = &emulator.authority;
    match path {
        "/ca.crt" => Answer::text(StatusCode::OK, "application/x-x509-ca-cert", authority.der().to_vec()),
        "/ca.pem" => Answer::text(StatusCode::OK, "application/x-pem-file", authority.pem().to_owned()),
        path => files::at(path).unwrap_or_else(Answer::not_found),
    }
}

fn hardened(answer: Answer) -> Answer {
    answer
        .with(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY))
        .with(
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("same-origin"),
        )
        .with(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"))
        // Without any referrer, browsers would send the forms with a null origin.
        .with(REFERRER_POLICY, HeaderValue::from_static("same-origin"))
        .with(CACHE_CONTROL, HeaderValue::from_static("no-store"))
}
