//! The report as people read it.

use std::fmt::{self, Display, Formatter};

use super::played::Played;
use super::report::{BreachReport, Quoted, Report, RowReport};
use super::row::Status;

/// Puts the report into words.
pub struct Text<'a>(pub &'a Report);

impl Display for Text<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let report = self.0;
        let mode = if report.strict { "strict" } else { "lenient" };
        writeln!(out, "Integrator checklist, judged by fio-emulator {} ({mode})", report.emulator)?;
        writeln!(out, "{}, {} requests of devices", report.date, report.requests)?;
        for (device, rows) in &report.devices {
            let broken = rows.values().filter(|status| **status == Status::Broken).count();
            writeln!(out, "  {}: {broken} of {} rows broken", line(device), rows.len())?;
        }
        if !report.scenarios.is_empty() {
            writeln!(out, "\nSCENARIOS: {}", report.scenarios.len())?;
        }
        report.scenarios.iter().try_for_each(|played| writeln!(out, "  {}", Outcome(played)))?;
        for status in Status::ALL {
            let rows: Vec<_> = report.rows.iter().filter(|row| row.status == status).collect();
            writeln!(out, "\n{}: {}", status.in_words().to_uppercase(), rows.len())?;
            for row in rows {
                self::row(out, row)?;
            }
        }
        Ok(())
    }
}

/// What became of a scenario.
pub struct Outcome<'a>(pub &'a Played);

impl Display for Outcome<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Played { name, title, seconds, why, .. } = self.0;
        let state = if self.0.has_passed() { "passed" } else { "FAILED" };
        write!(out, "{state}  {} ({}), {seconds:.1} s", line(name), line(title))?;
        why.iter().try_for_each(|why| write!(out, ": {}", line(why)))
    }
}

fn row(out: &mut Formatter<'_>, row: &RowReport) -> fmt::Result {
    writeln!(out, "\n  {}", row.name)?;
    writeln!(out, "    {}", row.requirement)?;
    let numbers: Vec<_> = row.numbers.iter().map(u8::to_string).collect();
    let numbers =
        if numbers.is_empty() { String::new() } else { format!("; checklist row {}", numbers.join(", ")) };
    writeln!(out, "    [{}{numbers}]", row.reference)?;
    if row.kept + row.broken > 0 {
        writeln!(out, "    seen {} times, broken {} times", row.kept + row.broken, row.broken)?;
    }
    for question in &row.questions {
        writeln!(out, "    ? {}", line(question))?;
    }
    if let Some(given) = &row.answer {
        let note = given.note.as_ref().map_or(String::new(), |note| format!(": {}", line(note)));
        writeln!(out, "    = {}, {}{note}", given.answer.in_words(), line(&given.date))?;
    }
    row.breaches.iter().try_for_each(|breach| self::breach(out, breach))
}

fn breach(out: &mut Formatter<'_>, breach: &BreachReport) -> fmt::Result {
    writeln!(out, "    ! {}: {}", line(&breach.device), line(&breach.why))?;
    for quoted in &breach.requests {
        let Quoted::Known(quote) = quoted else {
            writeln!(out, "      request {} is not in the log any more", quoted.seq())?;
            continue;
        };
        let answer = match (quote.status, quote.oauth_error, quote.fault) {
            (None, ..) => "no answer".to_owned(),
            (Some(status), Some(error), _) => format!("{status} {error}"),
            (Some(status), None, _) => status.to_string(),
        };
        let fault = quote.fault.map_or(String::new(), |fault| format!(", ordered fault: {fault}"));
        let (method, path) = (line(&quote.method), line(&quote.path));
        writeln!(
            out,
            "      request {} at {:.3} s: {method} {path}: {answer}{fault}",
            quote.seq, quote.time
        )?;
        for (name, value) in &quote.headers {
            writeln!(out, "        {}: {}", line(name), line(value))?;
        }
        for (name, value) in &quote.fields {
            writeln!(out, "        {} = {}", line(name), line(value))?;
        }
    }
    Ok(())
}

/// What a device sent stays on one line, and moves no terminal's cursor.
fn line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
