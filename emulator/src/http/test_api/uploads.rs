//! What tests learn about uploads, and the content of finished ones.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Response, StatusCode};
use serde::Serialize;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::input::bad;
use crate::emulator::Emulator;
use crate::http::answer::Answer;
use crate::http::body::AnswerBody;
use crate::http::deliver;
use crate::service::Upload;
use crate::service::uploads::upload::{Comment, State};
use crate::storage::files::{PartFile, files_of};
use crate::trouble::say;

/// How long the list waits for checksums that are being computed.
const ASSEMBLY_LIMIT: Duration = Duration::from_secs(5);
/// Browsers put a picture that is opened by itself on a page with some style in it.
const PICTURE_POLICY: &str = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox";
const BLOCK: usize = 256 << 10;

/// Structures of their own and not a [`serde_json::Value`]: there may be very many parts.
#[derive(Serialize)]
struct List<'a> {
    uploads: Vec<Report<'a>>,
}

#[derive(Serialize)]
struct Report<'a> {
    id: &'a str,
    client_id: &'a str,
    project: &'a str,
    project_id: &'a str,
    name: &'a str,
    filetype: &'a str,
    filesize: Option<u64>,
    offset: i64,
    channel: u64,
    realtime: bool,
    state: &'static str,
    created: f64,
    completed: Option<f64>,
    part_count: usize,
    parts_stored: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<Vec<PartReport>>,
    sha256: Option<&'a str>,
    md5: Option<&'a str>,
    /// Of the finished file.
    size: Option<u64>,
    comments: &'a VecDeque<Comment>,
    after_completion: u64,
}

#[derive(Serialize)]
struct PartReport {
    number: u32,
    size: u64,
    times_started: u64,
    times_received: u64,
    bytes_received: u64,
}

pub(crate) async fn list(emulator: &Emulator, query: Option<&str>) -> Result<Answer, Answer> {
    let brief = brief(query)?;
    // A part's answer comes before the checksums of the whole; a test is not to run ahead of them.
    let _ = timeout(ASSEMBLY_LIMIT, emulator.storage.all_assembled()).await;
    let world = emulator.world();
    let uploads = world.service.uploads.iter().map(|upload| report(upload, brief)).collect();
    let list = serde_json::to_string(&List { uploads });
    let list =
        list.map_err(|error| Answer::detailed(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()))?;
    Ok(Answer::text(StatusCode::OK, deliver::JSON, list))
}

pub(crate) fn forget(emulator: &Emulator) -> Answer {
    // Dropped, and their files with them, when the lock is no longer held.
    let mut world = emulator.world();
    world.pictures.clear();
    let forgotten = world.service.uploads.clear();
    drop(world);
    Answer::ok(&json!({ "forgotten": forgotten.len() }))
}

/// `rest` is `{id}/content` or `{id}/picture`.
pub(crate) fn below(
    emulator: &Arc<Emulator>,
    method: &Method,
    rest: &str,
) -> Result<Response<AnswerBody>, Answer> {
    let (id, what) = rest.rsplit_once('/').ok_or_else(Answer::not_found)?;
    match what {
        "content" | "picture" if method != Method::GET => Err(Answer::method_not_allowed("GET")),
        "content" => content(emulator, id),
        "picture" => picture(emulator, id).map(deliver::whole),
        _ => Err(Answer::not_found()),
    }
}

/// Its type is what its content begins with, one of the few that are pictures and no programs.
fn picture(emulator: &Emulator, id: &str) -> Result<Answer, Answer> {
    let picture = emulator.world().pictures.get(id).cloned();
    let none = || Answer::detailed(StatusCode::NOT_FOUND, "No picture is kept of that upload");
    let picture = picture.ok_or_else(none)?;
    let answer = Answer::text(StatusCode::OK, picture.content_type, picture.content);
    Ok(answer.with(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PICTURE_POLICY)))
}

fn content(emulator: &Arc<Emulator>, id: &str) -> Result<Response<AnswerBody>, Answer> {
    let (files, left) = {
        let world = emulator.world();
        let upload = world.service.uploads.get(id).filter(|upload| upload.state == State::Complete);
        let files = upload.and_then(|upload| Some((files_of(upload)?, upload.stored_bytes())));
        files.ok_or_else(|| Answer::detailed(StatusCode::NOT_FOUND, "No content is kept of that upload"))?
    };
    let (sender, blocks) = mpsc::channel(4);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = read(&files, &sender) {
            say(format_args!("a kept file could not be read: {error}"));
        }
    });
    let mut response = Response::new(AnswerBody::Content { left, blocks });
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    Ok(response)
}

/// Until the end or until nobody listens any more.
fn read(files: &[Arc<PartFile>], sender: &mpsc::Sender<Bytes>) -> io::Result<()> {
    for file in files {
        let mut file = file.open()?;
        loop {
            let mut block = vec![0; BLOCK];
            let read = file.read(&mut block)?;
            block.truncate(read);
            if read == 0 {
                break;
            }
            if sender.blocking_send(block.into()).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn report(upload: &Upload, brief: bool) -> Report<'_> {
    let parts = upload.parts().map(|(number, part)| PartReport {
        number,
        size: part.size,
        times_started: part.times_started,
        times_received: part.times_received,
        bytes_received: part.bytes_received,
    });
    let completed = upload.completed.filter(|_| upload.state != State::Assembling);
    Report {
        id: &upload.id,
        client_id: &upload.client_id,
        project: &upload.project.name,
        project_id: &upload.project.id,
        name: &upload.name,
        filetype: &upload.filetype,
        filesize: upload.filesize,
        offset: upload.offset,
        channel: upload.channel,
        realtime: upload.realtime,
        state: match upload.state {
            State::Open | State::Assembling => "open",
            State::Complete => "complete",
            State::Broken => "broken",
        },
        created: upload.created.as_secs_f64(),
        completed: completed.map(|completed| completed.as_secs_f64()),
        part_count: upload.parts().len(),
        parts_stored: upload.parts_stored(),
        parts: (!brief).then(|| parts.collect()),
        sha256: upload.sums.as_ref().map(|sums| sums.sha256.as_str()),
        md5: upload.sums.as_ref().map(|sums| sums.md5.as_str()),
        size: completed.map(|_| upload.stored_bytes()),
        comments: &upload.comments,
        after_completion: upload.after_completion,
    }
}

fn brief(query: Option<&str>) -> Result<bool, Answer> {
    let mut brief = false;
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match (name.as_ref(), value.as_ref()) {
            ("brief", "1") => brief = true,
            ("brief", "0") => brief = false,
            _ => return Err(bad("The only parameter is brief, 0 or 1")),
        }
    }
    Ok(brief)
}
