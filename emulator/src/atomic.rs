//! Files that are there whole or not at all: written beside their place, then moved into it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::random;

/// For everybody, as far as the umask lets them.
pub const PUBLIC: u32 = 0o666;
/// For the owner only.
pub const PRIVATE: u32 = 0o600;

pub fn write(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let name = path.file_name().ok_or_else(|| io::Error::other("it has no name"))?;
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut unfinished = name.to_owned();
    unfinished.push(format!(".{}.tmp", random::opaque::<8>()));
    let unfinished = dir.join(unfinished);
    let written = put(&unfinished, content, mode).and_then(|()| std::fs::rename(&unfinished, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&unfinished);
        return written;
    }
    // The name is on disk when its directory is.
    File::open(dir)?.sync_all()
}

fn put(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_old_one_stays_until_the_new_one_is_whole() -> io::Result<()> {
        let dir = std::env::temp_dir().join(format!("fio-emulator-atomic-{}", random::opaque::<8>()));
        std::fs::create_dir(&dir)?;
        let path = dir.join("file");
        write(&path, b"one", PRIVATE)?;
        write(&path, b"two", PRIVATE)?;
        assert_eq!(std::fs::read(&path)?, b"two");
        assert_eq!(std::fs::metadata(&path)?.permissions().mode() & 0o777, 0o600);
        assert!(write(&dir.join("absent").join("file"), b"", PUBLIC).is_err());
        std::fs::create_dir(dir.join("taken"))?;
        assert!(write(&dir.join("taken"), b"", PUBLIC).is_err());
        assert_eq!(std::fs::read_dir(&dir)?.count(), 2, "nothing unfinished is left behind");
        std::fs::remove_dir_all(&dir)
    }
}
