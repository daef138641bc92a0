//! What the engineer answers where the emulator has to ask.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

use super::Checklist;
use super::row::{Row, Status};

const LONGEST_NOTE: usize = 2_000;
const LONGEST_DATE: usize = 40;

/// Every question is put so that yes fulfils the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Yes,
    No,
    NotApplicable,
}

impl Verdict {
    pub fn status(self) -> Status {
        match self {
            Self::Yes => Status::Confirmed,
            Self::No => Status::Denied,
            Self::NotApplicable => Status::NotApplicable,
        }
    }

    pub fn in_words(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::NotApplicable => "not applicable",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub answer: Verdict,
    pub note: Option<String>,
    /// When it was given.
    pub date: String,
}

/// The answers so far, by the names of rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Answers(BTreeMap<String, Answer>);

impl Answers {
    pub fn get(&self, row: &str) -> Option<&Answer> {
        self.0.get(row)
    }
}

/// An answer as somebody gives it, here or in a file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// `None` takes it back; in a form that is not filled in yet, it says just that.
    #[serde(deserialize_with = "null_but_there")]
    pub answer: Option<Verdict>,
    #[serde(default)]
    pub note: Option<String>,
    /// Now, unless it is said.
    #[serde(default)]
    pub date: Option<String>,
    /// For the person who fills in a form.
    #[serde(default, rename = "question")]
    _question: IgnoredAny,
}

impl Given {
    pub fn now(answer: Option<Verdict>, note: Option<String>) -> Self {
        Self { answer, note, ..Self::default() }
    }
}

/// Without this a field that is missing would be taken for a null.
pub fn null_but_there<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Verdict>, D::Error> {
    Option::deserialize(from)
}

/// A row in the form to fill in.
#[derive(Debug, Serialize)]
pub struct Blank {
    question: &'static str,
    answer: Option<Verdict>,
    note: Option<String>,
    date: Option<String>,
}

impl Checklist {
    /// Records an answer, or takes it back.
    pub fn answer(&mut self, row: &str, given: Given, now: &str) -> Result<(), String> {
        let row = self.asking(row)?;
        let note = given.note.as_deref().map(|note| one_line(note, LONGEST_NOTE)).transpose()?;
        let date = given.date.as_deref().map(|date| one_line(date, LONGEST_DATE)).transpose()?;
        match given.answer {
            Some(answer) => {
                let note = note.filter(|note| !note.is_empty());
                let date = date.filter(|date| !date.is_empty()).unwrap_or_else(|| now.to_owned());
                self.answers.0.insert(row.name.to_owned(), Answer { answer, note, date });
            }
            None => drop(self.answers.0.remove(row.name)),
        }
        Ok(())
    }

    /// Every row that may ask, with its answer if it has one.
    pub fn form(&self) -> BTreeMap<&'static str, Blank> {
        let blank = |row: &'static Row| {
            let given = self.answers.get(row.name).cloned();
            Blank {
                question: row.question.unwrap_or(row.requirement),
                answer: given.as_ref().map(|given| given.answer),
                note: given.as_ref().and_then(|given| given.note.clone()),
                date: given.map(|given| given.date),
            }
        };
        self.all_asking().map(|row| (row.name, blank(row))).collect()
    }

    fn all_asking(&self) -> impl Iterator<Item = &'static Row> {
        self.rules.iter().flat_map(|rule| rule.may_ask())
    }

    fn asking(&self, name: &str) -> Result<&'static Row, String> {
        if let Some(row) = self.all_asking().find(|row| row.name == name) {
            return Ok(row);
        }
        let is_row = self.rules.iter().flat_map(|rule| rule.rows()).any(|row| row.name == name);
        let why = if is_row { "is seen by the emulator itself" } else { "is no row of the checklist" };
        let names: Vec<_> = self.all_asking().map(|row| row.name).collect();
        Err(format!("{name:?} {why}. Rows that ask the engineer: {}", names.join(", ")))
    }
}

/// Reports have a line for it.
fn one_line(text: &str, longest: usize) -> Result<String, String> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > longest {
        return Err(format!("There is room for {longest} characters, and {line:?} is longer"));
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::bench::asked;
    use crate::endpoint::Endpoint;

    const DATE: &str = "2030-01-02T03:04:05Z";

    fn answered(checklist: &mut Checklist, row: &str, json: &str) -> Result<(), String> {
        checklist.answer(row, serde_json::from_str(json).map_err(|error| error.to_string())?, DATE)
    }

    fn status(checklist: &Checklist, row: &str) -> Status {
        let report = checklist.report(DATE.into(), 0, false);
        report.rows.iter().find(|report| report.name == row).expect("a row").status
    }

    #[test]
    fn an_answer_stands_in_place_of_the_question_until_it_is_taken_back() {
        let mut checklist = Checklist::default();
        for (json, expected) in [
            (r#"{"answer":"yes","note":" on the\nmain  screen "}"#, Status::Confirmed),
            (r#"{"answer":"no"}"#, Status::Denied),
            (r#"{"answer":"not_applicable","date":"2029-12-31"}"#, Status::NotApplicable),
            (r#"{"answer":null}"#, Status::AskTheEngineer),
        ] {
            answered(&mut checklist, "shows_user_code", json).expect("an answer");
            assert_eq!(status(&checklist, "shows_user_code"), expected, "{json}");
        }
        assert_eq!(checklist.answers, Answers::default());
    }

    #[test]
    fn it_is_kept_on_one_line_with_its_date() {
        let mut checklist = Checklist::default();
        let json = r#"{"answer":"yes","note":" on the\nmain  screen ","question":"Is it?"}"#;
        answered(&mut checklist, "shows_user_code", json).expect("an answer");
        answered(&mut checklist, "dhcp_and_static", r#"{"answer":"no","note":" ","date":"2029-12-31"}"#)
            .expect("an answer");
        let kept = |row| checklist.answers.get(row).cloned().expect("an answer");
        let note = Some("on the main screen".to_owned());
        assert_eq!(kept("shows_user_code"), Answer { answer: Verdict::Yes, note, date: DATE.into() });
        let date = "2029-12-31".to_owned();
        assert_eq!(kept("dhcp_and_static"), Answer { answer: Verdict::No, note: None, date });
        let long = format!(r#"{{"answer":"yes","note":"{}"}}"#, "x".repeat(LONGEST_NOTE + 1));
        assert!(answered(&mut checklist, "shows_user_code", &long).is_err());
    }

    #[test]
    fn what_was_seen_outweighs_what_is_said() {
        let mut checklist = Checklist::default();
        answered(&mut checklist, "secrets_in_their_place", r#"{"answer":"yes"}"#).expect("an answer");
        let mut careless = asked(Endpoint::Me);
        careless.has_query = true;
        careless.bearer = None;
        checklist.asked(&mut careless, |_| None);
        let mut leak = asked(Endpoint::Code);
        leak.bearer = Some("#token".into());
        checklist.asked(&mut leak, |_| None);
        assert_eq!(status(&checklist, "secrets_in_their_place"), Status::Broken);
    }

    #[test]
    fn a_row_that_only_asks_at_times_can_be_answered_before() {
        let mut checklist = Checklist::default();
        answered(&mut checklist, "speed", r#"{"answer":"yes","note":"The link has 20 Mbit/s."}"#)
            .expect("an answer");
        assert_eq!(status(&checklist, "speed"), Status::NotExercised, "nothing was asked yet");
    }

    #[test]
    fn rows_that_do_not_ask_are_refused_with_those_that_do() {
        let mut checklist = Checklist::default();
        for (row, why) in [("polling_pace", "is seen by the emulator itself"), ("shows_code", "is no row")] {
            let refusal = answered(&mut checklist, row, r#"{"answer":"yes"}"#).expect_err("a refusal");
            assert!(refusal.contains(row) && refusal.contains(why), "{refusal}");
            assert!(refusal.contains("shows_user_code") && refusal.contains("speed"), "{refusal}");
        }
        for json in ["{}", r#"{"note":"yes"}"#, r#"{"answer":"maybe"}"#, r#"{"answer":"yes","nota":"x"}"#] {
            assert!(answered(&mut checklist, "shows_user_code", json).is_err(), "{json}");
        }
    }

    #[test]
    fn the_form_comes_back_filled_in() {
        let mut checklist = Checklist::default();
        answered(&mut checklist, "shows_user_code", r#"{"answer":"yes","note":"LCD"}"#).expect("an answer");
        let form = serde_json::to_string(&checklist.form()).expect("a form");
        let given: BTreeMap<String, Given> = serde_json::from_str(&form).expect("what it is read as");
        assert!(given.len() > 20 && given["shows_link_or_qr"].answer.is_none());
        let mut next = Checklist::default();
        for (row, given) in given {
            next.answer(&row, given, "later").expect("an answer");
        }
        assert_eq!(next.answers, checklist.answers);
    }
}
