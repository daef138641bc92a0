//! What an upload is to be: described by one setting after the other, each checked when it is given.

use super::limits::{text, within};
use super::own::{OwnReader, ReadFunction};
use crate::error::Error;
use crate::source::Source;
use crate::source::file::FileSource;
use crate::status::*;
use crate::upload::plan::MOST_PARTS;
use crate::upload::{
    LARGEST_HEAD, LONGEST_EXTENSION, LONGEST_MEDIA_TYPE, RecordingSpec, SourceSpec, UploadSpec,
    checked_extension, checked_name, checked_path, checked_tag, is_media_type,
};
use std::os::fd::BorrowedFd;
use std::sync::Arc;

#[derive(Clone, Default)]
pub struct Description(UploadSpec);

impl Description {
    /// For [`crate::upload::uploads::Uploads::add`].
    pub fn spec(&self) -> &UploadSpec {
        &self.0
    }

    /// A file by its path, in whatever encoding the system's paths have.
    pub fn set_path(&mut self, path: &[u8]) -> Result<(), Error> {
        self.0.source = SourceSpec::Path(checked_path(path)?.to_vec());
        Ok(())
    }

    /// A function that answers the same each time for `size` bytes.
    pub fn set_reader(&mut self, size: u64, read: ReadFunction) {
        self.0.source = SourceSpec::Attached(Arc::new(OwnReader { size, read }));
    }

    /// What is pushed to a recording.
    pub fn set_pushed(&mut self) {
        self.0.source = SourceSpec::Pushed;
    }

    /// An open file, of which a descriptor of its own is made.
    pub fn set_descriptor(&mut self, fd: BorrowedFd<'_>) -> Result<(), Error> {
        let own = fd.try_clone_to_owned().map_err(not_duplicated)?;
        let file = FileSource::from_descriptor(own)?;
        // Of no bytes: to learn whether it may be read at all.
        file.read_at(0, &mut [])?;
        self.0.source = SourceSpec::Attached(Arc::new(file));
        Ok(())
    }

    /// `None`: the file's own name.
    pub fn set_name(&mut self, name: Option<&str>) -> Result<(), Error> {
        self.0.name = name.map(|name| checked_name(name.as_bytes())).transpose()?.map(str::to_owned);
        Ok(())
    }

    /// Of a recording that gets its name when it ends.
    pub fn set_extension(&mut self, extension: Option<&str>) -> Result<(), Error> {
        let check = |extension| {
            checked_extension(text(extension, LONGEST_EXTENSION, "the extension")?).map(str::to_owned)
        };
        self.0.extension = extension.map(check).transpose()?;
        Ok(())
    }

    /// `None`: the one that belongs to the extension.
    pub fn set_media_type(&mut self, media_type: Option<&str>) -> Result<(), Error> {
        let check = |media_type| match text(media_type, LONGEST_MEDIA_TYPE, "the media type")? {
            media_type if is_media_type(media_type) => Ok(media_type.to_owned()),
            _ => Err(Error::new(FIO_E_ARGUMENT, "the media type is not like video/mp4")),
        };
        self.0.media_type = media_type.map(check).transpose()?;
        Ok(())
    }

    pub fn set_channel(&mut self, channel: u32) {
        self.0.channel = Some(channel);
    }

    /// Seconds since 1970; 0 or less: what the file says.
    pub fn set_created(&mut self, seconds: i64) {
        self.0.created = (seconds > 0).then_some(seconds);
    }

    pub fn set_tag(&mut self, tag: &[u8]) -> Result<(), Error> {
        self.0.tag = checked_tag(tag)?.to_vec();
        Ok(())
    }

    /// To be sent also if an upload with its tag is known.
    pub fn set_again(&mut self, again: bool) {
        self.0.again = again;
    }

    pub fn set_priority(&mut self, priority: i32) {
        self.0.priority = priority;
    }

    /// 0: the library chooses.
    pub fn set_parts(&mut self, parts: u32) -> Result<(), Error> {
        within(parts, 0..=MOST_PARTS.into(), "the number of parts")?;
        self.0.parts = parts;
        Ok(())
    }

    /// Whether the MD5 of each part is compared.
    pub fn set_verify(&mut self, verify: bool) {
        self.0.verify = verify;
    }

    pub fn set_recording(&mut self, bytes_per_second: u64, held_head: u64) -> Result<(), Error> {
        within(held_head, 0..=LARGEST_HEAD, "the held head")?;
        self.0.recording = Some(RecordingSpec { bytes_per_second, held_head });
        Ok(())
    }
}

fn not_duplicated(error: std::io::Error) -> Error {
    // EBADF: no such descriptor. What else there is says that there are too many.
    let status = if error.raw_os_error() == Some(9) { FIO_E_ARGUMENT } else { FIO_E_NOMEM };
    Error::told(status, format!("the descriptor cannot be duplicated: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_is_checked_when_it_is_given() {
        let mut upload = Description::default();
        for bad in ["", "video", "video/", "/mp4", "a/b/c", "a b/c", "text/plain; charset=utf-8", "ä/b"] {
            assert_eq!(upload.set_media_type(Some(bad)).unwrap_err().status, FIO_E_ARGUMENT, "{bad}");
        }
        for bad in ["", ".", "mp4", ".a.b", ".a/b"] {
            assert_eq!(upload.set_extension(Some(bad)).unwrap_err().status, FIO_E_ARGUMENT, "{bad}");
        }
        assert!(
            upload.set_path(b"").is_err()
                && upload.set_path(&[b'a'; crate::upload::LONGEST_PATH + 1]).is_err()
        );
        assert!(
            upload.set_tag(&[0; crate::upload::LONGEST_TAG + 1]).is_err()
                && upload.set_name(Some(" ")).is_err()
        );
        assert!(
            upload.set_parts(MOST_PARTS + 1).is_err() && upload.set_recording(0, LARGEST_HEAD + 1).is_err()
        );
        assert_eq!(format!("{:?}", upload.spec().source), "none");
        for good in ["video/mp4", "image/svg+xml", "a/b"] {
            upload.set_media_type(Some(good)).unwrap();
        }
        upload.set_extension(Some(".mp4")).unwrap();
        upload.set_path(b"/media/clip.mov").unwrap();
        let spec = upload.spec();
        assert_eq!((spec.media_type.as_deref(), spec.extension.as_deref()), (Some("a/b"), Some(".mp4")));
        assert_eq!(format!("{:?}", spec.source), "path");
    }
}
