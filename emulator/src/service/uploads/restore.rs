//! An upload that goes on after a restart of the emulator.

use std::sync::Arc;

use super::upload::{State, StoredPart, Upload};
use crate::storage::files::{PartDir, PartFile};

/// The name of its file. Without a file it is empty, and no null, which says that nothing is stored.
impl From<String> for StoredPart {
    fn from(name: String) -> Self {
        Self { file: (!name.is_empty()).then(|| Arc::new(PartFile::remembered(&name))) }
    }
}

impl From<StoredPart> for String {
    fn from(part: StoredPart) -> Self {
        part.file.map_or_else(String::new, |file| file.name())
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

#[cfg(test)]
mod tests {
    use super::super::upload::Comment;
    use super::*;

    #[test]
    fn a_part_without_a_file_is_stored_all_the_same() {
        for name in [None, Some("a-file")] {
            let file = name.map(|name| Arc::new(PartFile::remembered(name)));
            let saved = serde_json::to_string(&Some(StoredPart { file })).expect("JSON");
            let loaded: Option<StoredPart> = serde_json::from_str(&saved).expect("a part");
            let file = loaded.map(|part| part.file.map(|file| file.name()));
            assert_eq!(file, Some(name.map(str::to_owned)), "{saved}");
        }
    }

    #[test]
    fn a_comment_stays_where_it_is() {
        for timestamp in [0.1, 1e256, 9.999_999_999_999_999e255, f64::MAX] {
            let comment = Comment { id: String::new(), text: String::new(), timestamp: Some(timestamp) };
            let saved = serde_json::to_string(&comment).expect("JSON");
            let loaded: Comment = serde_json::from_str(&saved).expect("a comment");
            assert_eq!(loaded.timestamp, Some(timestamp), "{saved}");
        }
    }
}
