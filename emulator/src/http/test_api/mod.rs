//! The API for tests, under `/emulator`. The README lists it call by call.

mod answers;
mod changes;
mod devices;
mod events;
mod input;
mod report;
mod scenario;
mod uploads;
mod view;

use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use input::{bad, project_name, read, read_or_default};

use crate::checklist::event::Deed;
use crate::emulator::Emulator;
use crate::faults::Rule;
use crate::http::answer::Answer;
use crate::http::body::AnswerBody;
use crate::http::origin::is_cross_site;
use crate::http::route::{LONG, read_body};
use crate::http::wire::Wire;
use crate::http::{deliver, listener};
use crate::journal::clip;
use crate::network::Link;
use crate::service::codes::Verdict;
use crate::service::person::Person;
use crate::settings::SettingsChange;
use crate::tls::authority::CertificateKind;

const MOST_LISTENERS: usize = 64;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Decide {
    user_code: Option<String>,
    project: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listen {
    certificate: CertificateKind,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NetworkState {
    state: Link,
}

/// What somebody did at the device, where the emulator cannot see it.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum TestDeed {
    PowerCut,
    NetworkChanged,
    #[serde(alias = "pairing_cancelled")]
    PairingCanceled,
    #[serde(alias = "upload_cancelled")]
    UploadCanceled,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    client_id: String,
    what: TestDeed,
    #[serde(default)]
    name: Option<String>,
}

pub async fn answer(
    emulator: &Arc<Emulator>,
    wire: &Wire,
    request: Request<Incoming>,
) -> Response<AnswerBody> {
    let (head, body) = request.into_parts();
    if is_cross_site(&head.headers) {
        return deliver::whole(Answer::detailed(
            StatusCode::FORBIDDEN,
            "Requests from other sites are refused",
        ));
    }
    if !emulator.access.is_called_right(&head.headers) {
        return deliver::whole(not_called_that());
    }
    if !emulator.access.admits(&head.headers) {
        let detail = "The token that the emulator printed at its start is needed, in x-emulator-token";
        return deliver::whole(Answer::detailed(StatusCode::UNAUTHORIZED, detail));
    }
    let body = match read_body(emulator, wire, body, LONG).await {
        Ok(body) => body,
        Err(problem) => return deliver::whole(deliver::body_problem(problem)),
    };
    let path = head.uri.path().strip_prefix("/emulator").unwrap_or_default();
    if let Some(rest) = path.strip_prefix("/uploads/") {
        return hardened(uploads::below(emulator, &head.method, rest).unwrap_or_else(deliver::whole));
    }
    if (path, &head.method) == ("/events", &Method::GET) {
        return hardened(events::answer(emulator));
    }
    let below = (path.strip_prefix("/devices/"), path.strip_prefix("/scenario"));
    let result = match below {
        (Some(rest), _) => devices::act(emulator, &head.method, rest, &body),
        (_, Some(rest)) => scenario::call(emulator, head.method.as_str(), rest, &body),
        (None, None) => call(emulator, &head.method, path, head.uri.query(), &body).await,
    };
    if head.method != Method::GET {
        emulator.changed();
    }
    hardened(deliver::whole(result.unwrap_or_else(|refusal| refusal)))
}

/// Whatever a device sent is neither run nor shown on another site's page.
fn hardened(mut response: Response<AnswerBody>) -> Response<AnswerBody> {
    for (name, value) in [
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
    ] {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// For requests that a browser sends because of somebody else's name.
pub fn not_called_that() -> Answer {
    let detail = "The emulator has another name: --host makes one known";
    Answer::detailed(StatusCode::MISDIRECTED_REQUEST, detail)
}

type Result = std::result::Result<Answer, Answer>;

async fn call(
    emulator: &Arc<Emulator>,
    method: &Method,
    path: &str,
    query: Option<&str>,
    body: &Bytes,
) -> Result {
    let now = emulator.clock.now();
    match (path, method.as_str()) {
        ("/state", "GET") => Ok(Answer::ok(&report::state(emulator))),
        ("/approve", "POST") => decide(emulator, body, "approved", |emulator, project| {
            Ok(emulator.world().service.approval(project))
        }),
        ("/deny", "POST") => {
            decide(emulator, body, "denied", |_, project| without_project(project, Verdict::Deny))
        }
        ("/expire", "POST") => {
            decide(emulator, body, "expired", |_, project| without_project(project, Verdict::Expire))
        }
        ("/person", "GET") => Ok(Answer::ok(&json!(emulator.world().service.person))),
        ("/person", "POST") => {
            let person: Person = read(body)?;
            let project = person.project.as_deref().map(project_name).transpose()?;
            let person = Person { project, ..person };
            emulator.world().service.person = person.clone();
            Ok(Answer::ok(&json!(person)))
        }
        ("/clock", "GET") => Ok(Answer::ok(&clock(emulator))),
        ("/clock", "POST") => {
            let advance: Advance = read(body)?;
            emulator
                .clock
                .advance(advance.advance_seconds)
                .map_err(|_| bad("advance_seconds is out of range"))?;
            Ok(Answer::ok(&clock(emulator)))
        }
        ("/settings", "GET") => Ok(Answer::ok(&json!(emulator.world().service.settings))),
        ("/settings", "POST") => {
            let change: SettingsChange = read(body)?;
            let mut world = emulator.world();
            world.service.settings.change(&change).map_err(|name| bad(&format!("{name} is out of range")))?;
            Ok(Answer::ok(&json!(world.service.settings)))
        }
        ("/faults", "GET") => Ok(Answer::ok(&faults(emulator))),
        ("/faults", "POST") => {
            let rule: Rule = read(body)?;
            rule.check().map_err(|part| bad(&format!("{part} cannot be sent")))?;
            emulator.world().faults.order(rule).map_err(|_| bad("There are too many faults already"))?;
            Ok(Answer::ok(&faults(emulator)))
        }
        ("/faults", "DELETE") => {
            emulator.world().faults.clear();
            Ok(Answer::ok(&faults(emulator)))
        }
        ("/network", "GET") => Ok(Answer::ok(&emulator.network.report())),
        ("/network", "POST") => {
            emulator.network.set(read::<NetworkState>(body)?.state);
            Ok(Answer::ok(&emulator.network.report()))
        }
        ("/requests", "GET") => Ok(Answer::ok(&report::requests(emulator, since(query)?))),
        ("/requests", "DELETE") => {
            let mut world = emulator.world();
            world.journal.clear();
            Ok(Answer::ok(&json!({ "last_seq": world.journal.last_seq() })))
        }
        ("/uploads", "GET") => uploads::list(emulator, query).await,
        ("/uploads", "DELETE") => Ok(uploads::forget(emulator)),
        ("/view", "GET") => view::view(emulator, query),
        ("/checklist", "GET") => Ok(Answer::ok(&json!(emulator.checklist()))),
        ("/report", "GET") => report::whole(emulator, query),
        ("/answers", "GET") => Ok(answers::form(emulator)),
        ("/answers", "POST") => answers::give(emulator, body),
        ("/changes", "GET") => changes::wait(emulator, query).await,
        ("/told", "POST") => told(emulator, read(body)?),
        ("/listeners", "POST") => listen(emulator, read(body)?).await,
        ("/shutdown", "POST") => {
            emulator.shut_down();
            Ok(Answer::ok(&json!({ "stopping": true, "time": now.as_secs_f64() })))
        }
        _ => Err(refuse(path)),
    }
}

fn refuse(path: &str) -> Answer {
    match path {
        "/state" | "/checklist" | "/report" | "/changes" | "/view" | "/events" => {
            Answer::method_not_allowed("GET")
        }
        "/approve" | "/deny" | "/expire" | "/listeners" | "/shutdown" | "/told" => {
            Answer::method_not_allowed("POST")
        }
        "/person" | "/clock" | "/network" | "/settings" | "/answers" => {
            Answer::method_not_allowed("GET, POST")
        }
        "/faults" => Answer::method_not_allowed("GET, POST, DELETE"),
        "/requests" | "/uploads" => Answer::method_not_allowed("GET, DELETE"),
        _ => Answer::not_found(),
    }
}

fn decide(
    emulator: &Emulator,
    body: &Bytes,
    status: &str,
    verdict: fn(&Emulator, Option<String>) -> std::result::Result<Verdict, Answer>,
) -> Result {
    let wanted: Decide = read_or_default(body)?;
    let project = wanted.project.as_deref().map(project_name).transpose()?;
    let verdict = verdict(emulator, project)?;
    let decided = emulator.world().service.decide(emulator.clock.now(), wanted.user_code.as_deref(), verdict);
    match decided {
        Some(user_code) => Ok(Answer::ok(&json!({ "user_code": user_code, "status": status }))),
        None => Err(Answer::detailed(StatusCode::NOT_FOUND, "There is no such pending code")),
    }
}

fn without_project(project: Option<String>, verdict: Verdict) -> std::result::Result<Verdict, Answer> {
    if project.is_some() { Err(bad("Only an approval has a project")) } else { Ok(verdict) }
}

async fn listen(emulator: &Arc<Emulator>, wanted: Listen) -> Result {
    {
        let mut world = emulator.world();
        if world.extra_listeners >= MOST_LISTENERS {
            return Err(bad("There are too many listeners already"));
        }
        world.extra_listeners += 1;
    }
    let failed = |_| Answer::detailed(StatusCode::INTERNAL_SERVER_ERROR, "The listener could not be opened");
    let address = listener::open(emulator, wanted.certificate).await.map_err(failed)?;
    Ok(Answer::ok(&json!({ "port": address.port(), "url": format!("https://{address}") })))
}

fn told(emulator: &Emulator, told: Told) -> Result {
    let deed = match (told.what, told.name) {
        (TestDeed::UploadCanceled, name) => Deed::UploadCanceled { name },
        (_, Some(_)) => return Err(bad("Only a canceled upload has a name")),
        (TestDeed::PowerCut, None) => Deed::PowerCut,
        (TestDeed::NetworkChanged, None) => Deed::NetworkChanged,
        (TestDeed::PairingCanceled, None) => Deed::PairingCanceled,
    };
    emulator.deed(&clip(&told.client_id), &deed);
    Ok(Answer::ok(&json!({ "time": emulator.clock.now().as_secs_f64() })))
}

fn clock(emulator: &Emulator) -> Value {
    json!({ "now": emulator.clock.now().as_secs_f64(), "offset": emulator.clock.offset().as_secs_f64() })
}

fn faults(emulator: &Emulator) -> Value {
    json!({ "faults": emulator.world().faults.remaining().collect::<Vec<_>>() })
}

fn since(query: Option<&str>) -> std::result::Result<u64, Answer> {
    let mut since = 0;
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match name.as_ref() {
            "since" => since = value.parse().map_err(|_| bad("since is not a number"))?,
            _ => return Err(bad("The only parameter is since")),
        }
    }
    Ok(since)
}
