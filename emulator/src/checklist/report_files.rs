//! Where reports go: one file per format, chosen by the ending of its name.

use std::io;
use std::path::{Path, PathBuf};

use crate::atomic;
use crate::checklist::format::Format;
use crate::checklist::report::Report;

/// As many as can be written; the error is that of the first that cannot.
pub fn write(paths: &[PathBuf], report: &Report) -> io::Result<()> {
    paths.iter().map(|path| write_one(path, report)).fold(Ok(()), io::Result::and)
}

fn write_one(path: &Path, report: &Report) -> io::Result<()> {
    let content = Format::of_file(path).write(report).map_err(io::Error::other)?;
    let cannot =
        |error| io::Error::other(format!("the report {} cannot be written: {error}", path.display()));
    atomic::write(path, content.as_bytes(), atomic::PUBLIC).map_err(cannot)
}
