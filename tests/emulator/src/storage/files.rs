//! Files of parts. Each deletes itself when the last one to need it lets go, so that neither a
//! client that goes away nor a forgotten upload leaves anything behind.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::random;

#[derive(Debug)]
pub struct PartFile {
    path: PathBuf,
}

impl PartFile {
    /// A new, empty file, open for writing.
    pub fn create(dir: &Path) -> io::Result<(Self, File)> {
        let path = dir.join(random::opaque::<16>());
        let file = File::create_new(&path)?;
        Ok((Self { path }, file))
    }

    pub fn open(&self) -> io::Result<File> {
        File::open(&self.path)
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_goes_with_its_owner() -> io::Result<()> {
        let (file, _) = PartFile::create(&std::env::temp_dir())?;
        assert!(file.path.exists() && file.open().is_ok());
        let path = file.path.clone();
        drop(file);
        assert!(!path.exists());
        Ok(())
    }
}
