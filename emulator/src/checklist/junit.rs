//! The report as continuous integration reads it: one test per row in the XML of JUnit. Broken rows are
//! failures, and so are those that the engineer denied; what was not exercised, is to be asked or does not
//! apply counts as skipped.

use super::played::Played;
use super::report::{BreachReport, Report, RowReport};
use super::row::Status;

pub fn xml(report: &Report) -> String {
    let count = |status| report.rows.iter().filter(|row| row.status == status).count();
    let skipped = count(Status::NotExercised) + count(Status::AskTheEngineer) + count(Status::NotApplicable);
    let cases: String = report.rows.iter().map(case).collect();
    let failures = count(Status::Broken) + count(Status::Denied);
    let rows = suite(report, "integrator checklist", report.rows.len(), failures, skipped, &cases);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n{rows}{}</testsuites>\n",
        scenarios(report)
    )
}

fn suite(report: &Report, name: &str, tests: usize, failures: usize, skipped: usize, cases: &str) -> String {
    // JUnit's schema has no time zone.
    let timestamp = escape(report.date.trim_end_matches('Z'));
    format!(
        "<testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" \
         skipped=\"{skipped}\" timestamp=\"{timestamp}\">\n{cases}</testsuite>\n"
    )
}

/// Nothing when none was played.
fn scenarios(report: &Report) -> String {
    if report.scenarios.is_empty() {
        return String::new();
    }
    let failed = report.scenarios.iter().filter(|played| !played.has_passed()).count();
    let cases: String = report.scenarios.iter().map(scenario).collect();
    suite(report, "scenarios", report.scenarios.len(), failed, 0, &cases)
}

fn scenario(played: &Played) -> String {
    let why = played.why.as_deref().unwrap_or_default();
    let inside = match played.has_passed() {
        true => String::new(),
        false => format!("<failure message=\"{}\">{}</failure>", escape(&played.title), escape(why)),
    };
    let (name, seconds) = (escape(&played.name), played.seconds);
    format!("<testcase classname=\"scenarios\" name=\"{name}\" time=\"{seconds:.3}\">{inside}</testcase>\n")
}

fn case(row: &RowReport) -> String {
    let inside = match row.status {
        Status::Fulfilled => String::new(),
        Status::Confirmed => format!("<system-out>{}</system-out>", escape(&asked_and_answered(row))),
        Status::Denied => {
            format!(
                "<failure message=\"{}\">{}</failure>",
                escape(row.requirement),
                escape(&asked_and_answered(row))
            )
        }
        Status::Broken => {
            let told: Vec<_> = row.breaches.iter().map(breach).collect();
            format!("<failure message=\"{}\">{}</failure>", escape(row.requirement), escape(&told.join("\n")))
        }
        status => {
            let said = asked_and_answered(row);
            let said = if said.is_empty() { said } else { format!(" {said}") };
            format!("<skipped message=\"{}.{}\"/>", status.in_words(), escape(&said))
        }
    };
    format!("<testcase classname=\"checklist\" name=\"{}\">{inside}</testcase>\n", escape(row.name))
}

fn asked_and_answered(row: &RowReport) -> String {
    let answer = row.answer.as_ref().map(|given| {
        let note = given.note.as_ref().map_or(String::new(), |note| format!(": {note}"));
        format!("Answered on {}: {}{note}", given.date, given.answer.in_words())
    });
    row.questions.iter().cloned().chain(answer).collect::<Vec<_>>().join(" ")
}

fn breach(breach: &BreachReport) -> String {
    let requests: Vec<_> = breach.requests.iter().map(|quoted| quoted.seq().to_string()).collect();
    format!("{}: {} (requests {})", breach.device, breach.why, requests.join(", "))
}

/// Also leaves out what XML cannot have in it at all.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push('\n'),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::report::Quoted;
    use super::super::text::Text;
    use super::*;

    fn report() -> Report {
        let row = RowReport {
            name: "row",
            numbers: &[13],
            requirement: "Do \"this\".",
            reference: "a guide",
            observable: true,
            status: Status::Broken,
            kept: 1,
            broken: 2,
            breaches: vec![BreachReport {
                device: "<CAM>\u{1b}[2J".into(),
                why: "It did not & so.".into(),
                requests: vec![Quoted::Forgotten { seq: 7 }],
            }],
            questions: Vec::new(),
            answer: None,
        };
        let asked = RowReport {
            name: "asked",
            status: Status::AskTheEngineer,
            breaches: Vec::new(),
            questions: vec!["Is it <so>?".into()],
            ..report_row()
        };
        Report {
            emulator: "0.0.0",
            date: "2030-01-02T03:04:05Z".into(),
            requests: 7,
            strict: false,
            scenarios: Vec::new(),
            summary: BTreeMap::new(),
            rows: vec![row, asked],
            devices: BTreeMap::from([("<CAM>".to_owned(), BTreeMap::from([("row", Status::Broken)]))]),
        }
    }

    fn report_row() -> RowReport {
        RowReport {
            name: "",
            numbers: &[],
            requirement: "",
            reference: "",
            observable: true,
            status: Status::NotExercised,
            kept: 0,
            broken: 0,
            breaches: Vec::new(),
            questions: Vec::new(),
            answer: None,
        }
    }

    #[test]
    fn what_devices_write_stays_text() {
        let xml = xml(&report());
        assert!(
            xml.contains(r#"tests="2" failures="1" errors="0" skipped="1" timestamp="2030-01-02T03:04:05""#)
        );
        assert!(xml.contains("&lt;CAM&gt;\u{fffd}[2J: It did not &amp; so. (requests 7)"), "{xml}");
        assert!(xml.contains(r#"<skipped message="ask the engineer. Is it &lt;so&gt;?"/>"#), "{xml}");
        assert!(!xml.contains("<CAM>"));
    }

    #[test]
    fn people_read_which_row_and_why() {
        let text = Text(&report()).to_string();
        for expected in [
            "BROKEN: 1\n\n  row\n    Do \"this\".\n    [a guide; checklist row 13]\n    seen 3 times, broken 2 times",
            "! <CAM>\u{fffd}[2J: It did not & so.",
            "request 7 is not in the log any more",
            "ASK THE ENGINEER: 1\n\n  asked",
            "? Is it <so>?",
            "<CAM>: 1 of 1 rows broken",
        ] {
            assert!(text.contains(expected), "{expected}\n{text}");
        }
    }
}
