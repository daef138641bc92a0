//! The formats that the report is written in.

use std::path::Path;

use serde_json::Result;

use super::report::Report;
use super::{junit, text};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
    Junit,
}

impl Format {
    /// As the ending of the file's name wants it.
    pub fn of_file(path: &Path) -> Self {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("json") => Self::Json,
            Some("xml") => Self::Junit,
            _ => Self::Text,
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        match name {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            "junit" => Some(Self::Junit),
            _ => None,
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
            Self::Junit => "application/xml; charset=utf-8",
        }
    }

    pub fn write(self, report: &Report) -> Result<String> {
        Ok(match self {
            Self::Text => text::Text(report).to_string(),
            Self::Json => format!("{}\n", serde_json::to_string_pretty(report)?),
            Self::Junit => junit::xml(report),
        })
    }
}
