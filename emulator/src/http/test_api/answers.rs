//! The engineer's answers, where the checklist has to ask.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::input::{bad, read};
use crate::checklist::answers::{Given, Verdict, null_but_there};
use crate::emulator::Emulator;
use crate::http::answer::Answer;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    row: String,
    #[serde(deserialize_with = "null_but_there")]
    answer: Option<Verdict>,
    #[serde(default)]
    note: Option<String>,
}

/// All that can be answered, as a form that `--answers` reads.
pub(crate) fn form(emulator: &Emulator) -> Answer {
    Answer::ok(&json!(emulator.world().checklist.form()))
}

/// Answers with how the row stands now.
pub(crate) fn give(emulator: &Emulator, body: &Bytes) -> Result<Answer, Answer> {
    let Answered { row, answer, note } = read(body)?;
    let now = emulator.clock.date_time(emulator.clock.now());
    emulator.world().checklist.answer(&row, Given::now(answer, note), &now).map_err(|why| bad(&why))?;
    let report = emulator.checklist();
    Ok(Answer::ok(&json!(report.rows.iter().find(|report| report.name == row))))
}
