//! Files of parts. Each deletes itself when the last one to need it lets go, so that neither a
//! client that goes away nor a forgotten upload leaves anything behind.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use crate::random;
use crate::service::Upload;
use crate::service::uploads::upload::State;

/// Where they are.
#[derive(Debug)]
pub struct PartDir {
    dir: PathBuf,
    /// From now on files stay, for the next run.
    stay: Arc<AtomicBool>,
}

#[derive(Debug)]
pub struct PartFile {
    path: PathBuf,
    stays: Arc<AtomicBool>,
}

/// What is kept of a part: no file when its bytes were only counted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct KeptPart(pub Option<Arc<PartFile>>);

/// The name of its file. Without a file it is empty, and no null, which says that nothing is stored.
impl From<String> for KeptPart {
    fn from(name: String) -> Self {
        Self((!name.is_empty()).then(|| Arc::new(PartFile::remembered(&name))))
    }
}

impl From<KeptPart> for String {
    fn from(part: KeptPart) -> Self {
        part.0.map_or_else(String::new, |file| file.name())
    }
}

/// The files of all parts in order, if every one has a file.
pub fn files_of(upload: &Upload) -> Option<Vec<Arc<PartFile>>> {
    upload.kept().map(|part| part.0.clone()).collect()
}

pub fn take_files(upload: &mut Upload) -> Vec<KeptPart> {
    upload.kept_mut().map(std::mem::take).collect()
}

impl PartDir {
    pub fn new(dir: PathBuf) -> Self {
        Self { dir, stay: Arc::default() }
    }

    /// A new, empty file, open for writing.
    pub fn create(&self) -> io::Result<(PartFile, File)> {
        let path = self.dir.join(random::opaque::<16>());
        let file = File::create_new(&path)?;
        Ok((PartFile { path, stays: Arc::clone(&self.stay) }, file))
    }

    /// A file of the run before, if it is there and as long as it was.
    pub fn take_over(&self, name: &str, size: u64) -> Option<PartFile> {
        let path = self.dir.join(name);
        let is_whole = std::fs::metadata(&path).is_ok_and(|found| found.is_file() && found.len() == size);
        is_whole.then(|| PartFile { path, stays: Arc::clone(&self.stay) })
    }

    /// What is there of a part that the run before kept: a part whose file is gone is missing, unless its upload
    /// is complete.
    pub fn find(&self, state: State, part: KeptPart, size: u64) -> Option<KeptPart> {
        let Some(file) = part.0 else { return Some(part) };
        let found = self.take_over(&file.name(), size).map(Arc::new);
        (found.is_some() || state == State::Complete).then_some(KeptPart(found))
    }

    /// Deletes what no part has: files that were still arriving when the run before ended.
    pub fn remove_all_but(&self, names: &BTreeSet<String>) -> io::Result<()> {
        for entry in std::fs::read_dir(&self.dir)? {
            let entry = entry?;
            if !entry.file_name().to_str().is_some_and(|name| names.contains(name)) {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    pub fn leave_everything(&self) {
        self.stay.store(true, Ordering::Relaxed);
    }
}

impl AsRef<Path> for PartDir {
    fn as_ref(&self) -> &Path {
        &self.dir
    }
}

impl PartFile {
    /// What a file was called in the run before. It is nobody's until [`PartDir::take_over`] finds it.
    pub fn remembered(name: &str) -> Self {
        Self { path: PathBuf::from(name), stays: Arc::new(AtomicBool::new(true)) }
    }

    pub fn open(&self) -> io::Result<File> {
        File::open(&self.path)
    }

    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if !self.stays.load(Ordering::Relaxed) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_without_a_file_is_stored_all_the_same() {
        for name in [None, Some("a-file")] {
            let file = name.map(|name| Arc::new(PartFile::remembered(name)));
            let saved = serde_json::to_string(&Some(KeptPart(file))).expect("JSON");
            let loaded: Option<KeptPart> = serde_json::from_str(&saved).expect("a part");
            let file = loaded.map(|part| part.0.map(|file| file.name()));
            assert_eq!(file, Some(name.map(str::to_owned)), "{saved}");
        }
    }

    #[test]
    fn a_file_goes_with_its_owner_unless_it_is_to_stay() -> io::Result<()> {
        let dir = PartDir::new(std::env::temp_dir());
        let (file, _) = dir.create()?;
        assert!(file.path.exists() && file.open().is_ok());
        let path = file.path.clone();
        drop(file);
        assert!(!path.exists());

        let (file, _) = dir.create()?;
        let (path, name) = (file.path.clone(), file.name());
        dir.leave_everything();
        drop(file);
        assert!(path.exists());
        let next = PartDir::new(std::env::temp_dir());
        assert!(next.take_over(&name, 7).is_none(), "not as long as it was");
        drop(next.take_over(&name, 0));
        assert!(!path.exists() && next.take_over(&name, 0).is_none());
        Ok(())
    }
}
