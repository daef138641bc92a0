//! An upload that goes on after a restart of the emulator.

use std::sync::Arc;

use super::upload::{State, StoredPart, Upload};
use crate::storage::files::{PartDir, PartFile};

impl From<Option<String>> for StoredPart {
    fn from(name: Option<String>) -> Self {
        Self { file: name.map(|name| Arc::new(PartFile::remembered(&name))) }
    }
}

impl From<StoredPart> for Option<String> {
    fn from(part: StoredPart) -> Self {
        part.file.map(|file| file.name())
    }
}

impl Upload {
    /// After it was read from a file: takes the files of its parts over, and misses the parts whose file
    /// is gone or not whole.
    pub fn restore(&mut self, dir: &PartDir) {
        for part in self.parts.values_mut() {
            let Some(StoredPart { file: Some(file) }) = &part.stored else { continue };
            let found =
                dir.take_over(&file.name(), part.size).map(|file| StoredPart { file: Some(Arc::new(file)) });
            part.stored =
                if self.state == State::Complete { found.or(Some(StoredPart { file: None })) } else { found };
        }
        self.missing = self.parts.values().filter(|part| !part.is_stored()).count();
        if self.state == State::Assembling && self.missing > 0 {
            (self.state, self.completed) = (State::Open, None);
        }
    }

    /// Of the files of its parts.
    pub fn file_names(&self) -> impl Iterator<Item = String> {
        self.parts.values().filter_map(|part| Some(part.stored.as_ref()?.file.as_ref()?.name()))
    }
}
