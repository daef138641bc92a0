//! Where reports go: one file per format, chosen by the ending of its name.

use std::io;
use std::path::{Path, PathBuf};

use crate::atomic;
use crate::checklist::format::Format;
use crate::checklist::report::Report;

pub fn write(paths: &[PathBuf], report: &Report) -> io::Result<()> {
    for path in paths {
        let content = Format::of_file(path).write(report).map_err(io::Error::other)?;
        atomic::write(path, content.as_bytes(), atomic::PUBLIC).map_err(|error| cannot(path, &error))?;
    }
    Ok(())
}

fn cannot(path: &Path, error: &io::Error) -> io::Error {
    io::Error::other(format!("the report {} cannot be written: {error}", path.display()))
}
