//! Files, by path or descriptor.

use super::{Condition, Source, Sources};
#[cfg(feature = "uploads")]
use super::{PushedSource, pushed::HeldSource};
use crate::error::Error;
use crate::status::*;
use crate::sys::{file_system_of, is_shortage, may_pass};
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

pub struct FileSource {
    file: File,
    keeps_numbers: bool,
}

impl FileSource {
    /// Takes a descriptor over. It must be readable at any offset: pipes are not.
    pub fn from_descriptor(descriptor: OwnedFd) -> Result<FileSource, Error> {
        FileSource::checked(File::from(descriptor))
    }

    fn checked(file: File) -> Result<FileSource, Error> {
        if file.metadata().map_err(|error| failed(&error))?.is_file() {
            let keeps_numbers = file_system_of(&file).keeps_numbers;
            Ok(FileSource { file, keeps_numbers })
        } else {
            Err(Error::of(FIO_E_SOURCE_KIND))
        }
    }
}

impl Source for FileSource {
    fn condition(&self) -> Result<Condition, Error> {
        let now = self.file.metadata().map_err(|error| failed(&error))?;
        let made = now.created().ok().and_then(|made| made.duration_since(UNIX_EPOCH).ok());
        // Without a date of birth the last change is the best guess: the end of the recording.
        let created = made.map_or(now.mtime(), |made| (made.as_secs() as i64).min(now.mtime()));
        let nanoseconds =
            |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        let modified = nanoseconds(now.mtime(), now.mtime_nsec());
        let (file, changed) = match self.keeps_numbers {
            true => (now.ino(), nanoseconds(now.ctime(), now.ctime_nsec())),
            false => (0, 0),
        };
        Ok(Condition { size: now.size(), modified, created, file, changed })
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Error> {
        loop {
            match self.file.read_at(buffer, offset) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => return read.map_err(|error| failed(&error)),
            }
        }
    }
}

/// Files of the operating system, and memory of this process.
pub struct SystemSources;

impl Sources for SystemSources {
    fn open(&self, path: &[u8]) -> Result<Arc<dyn Source>, Error> {
        // Not blocking, so that a named pipe is refused instead of waited for.
        let open = OpenOptions::new()
            .read(true)
            .custom_flags(crate::sys::OPEN_WITHOUT_WAITING)
            .open(OsStr::from_bytes(path));
        Ok(Arc::new(FileSource::checked(open.map_err(|error| failed(&error))?)?))
    }

    #[cfg(feature = "uploads")]
    fn pushed(&self, head_length: u64, start: u64) -> Arc<dyn PushedSource> {
        Arc::new(HeldSource::new(head_length, start))
    }
}

/// The operating system's reason; never a path, which may hold a person's name.
fn failed(error: &io::Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Error::of(FIO_E_SOURCE_MISSING),
        ErrorKind::IsADirectory => Error::of(FIO_E_SOURCE_KIND),
        _ if is_shortage(error) => Error::told(FIO_E_NOMEM, format!("the file cannot be opened: {error}")),
        _ if may_pass(error) => {
            Error::told(FIO_E_SOURCE_BUSY, format!("the file cannot be read at the moment: {error}"))
        }
        _ => Error::told(FIO_E_SOURCE_READ, format!("the file cannot be read: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Change;
    use super::*;
    use std::fs;
    use std::path::PathBuf;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Scratch {
            let path = std::env::temp_dir().join(format!("fio-c2c-file-{}-{name}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir(&path).unwrap();
            Scratch(path)
        }

        fn open(&self, name: &str) -> Result<Arc<dyn Source>, Error> {
            SystemSources.open(self.0.join(name).as_os_str().as_bytes())
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_file_is_read_at_any_offset_and_its_changes_are_seen() {
        let scratch = Scratch::new("read");
        fs::write(scratch.0.join("clip"), b"0123456789").unwrap();
        let source = scratch.open("clip").unwrap();
        let mut buffer = [0; 4];
        assert_eq!(source.read_at(7, &mut buffer).unwrap(), 3);
        assert_eq!(&buffer[..3], b"789");
        assert_eq!(source.read_at(10, &mut buffer).unwrap(), 0);
        let before = source.condition().unwrap();
        assert_eq!(before.size, 10);
        assert!(
            before.created > 1_600_000_000
                && before.change_since(&source.condition().unwrap()) == Change::None
        );
        fs::OpenOptions::new().append(true).open(scratch.0.join("clip")).unwrap().set_len(12).unwrap();
        assert_eq!(source.condition().unwrap().change_since(&before), Change::Altered);
    }

    #[test]
    fn what_is_no_file_is_refused_by_kind() {
        let scratch = Scratch::new("kind");
        let status = |name: &str| scratch.open(name).err().map(|error| error.status);
        assert_eq!(status("none"), Some(FIO_E_SOURCE_MISSING));
        assert_eq!(status(""), Some(FIO_E_SOURCE_KIND));
        fs::write(scratch.0.join("clip"), b"").unwrap();
        assert_eq!(status("clip/below"), Some(FIO_E_SOURCE_MISSING));
        let pipe = std::ffi::CString::new(scratch.0.join("pipe").as_os_str().as_bytes()).unwrap();
        // SAFETY: the path is terminated.
        assert_eq!(unsafe { libc::mkfifo(pipe.as_ptr(), 0o600) }, 0);
        assert_eq!(status("pipe"), Some(FIO_E_SOURCE_KIND));
        assert_eq!(SystemSources.open(b"a\0b").err().unwrap().status, FIO_E_SOURCE_READ);
    }

    #[test]
    fn what_may_pass_is_told_from_what_will_not() {
        let status = |errno| failed(&io::Error::from_raw_os_error(errno)).status;
        for (errno, expected) in crate::sys::tests::ERRORS_OF_FILES {
            let expected = match expected {
                'm' => FIO_E_NOMEM,
                'b' => FIO_E_SOURCE_BUSY,
                _ => FIO_E_SOURCE_READ,
            };
            assert_eq!(status(*errno), expected, "{errno}");
        }
    }
}
