//! Where reports go: one file per format, chosen by the ending of its name.

use std::io;
use std::path::{Path, PathBuf};

use crate::atomic;
use crate::checklist::report::Report;
use crate::checklist::{junit, text};

pub fn write(paths: &[PathBuf], report: &Report) -> io::Result<()> {
    for path in paths {
        let content = match path.extension().and_then(|ending| ending.to_str()) {
            Some("json") => format!("{}\n", serde_json::to_string_pretty(report).map_err(io::Error::other)?),
            Some("xml") => junit::xml(report),
            _ => text::Text(report).to_string(),
        };
        atomic::write(path, content.as_bytes(), atomic::PUBLIC).map_err(|error| cannot(path, &error))?;
    }
    Ok(())
}

fn cannot(path: &Path, error: &io::Error) -> io::Error {
    io::Error::other(format!("the report {} cannot be written: {error}", path.display()))
}
