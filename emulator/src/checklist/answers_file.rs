//! Answers that are given ahead, in a file: the form of `GET /emulator/answers`, filled in.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use crate::checklist::Checklist;
use crate::checklist::answers::Given;

pub fn read(path: &Path, checklist: &mut Checklist, now: &str) -> io::Result<()> {
    let cannot =
        |why: String| io::Error::other(format!("the answers in {} cannot be used: {why}", path.display()));
    let text = fs::read(path).map_err(|error| cannot(error.to_string()))?;
    let answers: BTreeMap<String, Given> =
        serde_json::from_slice(&text).map_err(|error| cannot(error.to_string()))?;
    answers.into_iter().try_for_each(|(row, given)| checklist.answer(&row, given, now)).map_err(cannot)
}
