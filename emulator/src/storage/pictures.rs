//! Uploaded files that are pictures, for people to look at: the newest small ones, in memory.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;

use super::files::PartFile;

/// A larger file is none to look at in passing.
const LARGEST: usize = 8 << 20;
const MOST_BYTES: usize = 64 << 20;
const MOST_PICTURES: usize = 1_000;
/// What is needed of a file to know what it is.
const HEAD: usize = 12;

#[derive(Debug, Clone)]
pub struct Picture {
    pub content_type: &'static str,
    pub content: Bytes,
}

/// By the ids of their uploads, the oldest first.
#[derive(Debug, Default)]
pub struct Pictures {
    pictures: VecDeque<(String, Picture)>,
    bytes: usize,
}

impl Pictures {
    pub fn keep(&mut self, upload: &str, picture: Picture) {
        self.bytes += picture.content.len();
        self.pictures.push_back((upload.to_owned(), picture));
        while self.bytes > MOST_BYTES || self.pictures.len() > MOST_PICTURES {
            let Some((_, oldest)) = self.pictures.pop_front() else { break };
            self.bytes -= oldest.content.len();
        }
    }

    pub fn get(&self, upload: &str) -> Option<&Picture> {
        self.pictures.iter().rev().find(|(id, _)| id == upload).map(|(_, picture)| picture)
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// The picture that the parts of a file make up, if they do. One that cannot be read is none.
pub fn read(parts: &[Arc<PartFile>]) -> Option<Picture> {
    read_up_to(parts, HEAD).ok().filter(|head| kind(head).is_some())?;
    let content = read_up_to(parts, LARGEST + 1).ok().filter(|content| content.len() <= LARGEST)?;
    Some(Picture { content_type: kind(&content)?, content: content.into() })
}

fn read_up_to(parts: &[Arc<PartFile>], most: usize) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    for part in parts {
        let room = most - content.len();
        part.open()?.take(room as u64).read_to_end(&mut content)?;
        if content.len() == most {
            break;
        }
    }
    Ok(content)
}

/// By what it begins with, never by its name or by what the device says. No SVG: that is a program.
fn kind(content: &[u8]) -> Option<&'static str> {
    match content {
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::storage::files::PartDir;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

    #[test]
    fn only_what_browsers_show_and_cannot_run() {
        for (content, expected) in [
            (PNG, Some("image/png")),
            (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (b"GIF89a", Some("image/gif")),
            (b"RIFF....WEBPVP8 ", Some("image/webp")),
            (b"RIFF....AVI LIST", None),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
            (b"<!doctype html>", None),
            (b"", None),
        ] {
            assert_eq!(kind(content), expected, "{content:?}");
        }
    }

    #[test]
    fn parts_of_a_byte_each_make_a_picture_and_a_large_file_does_not() -> io::Result<()> {
        let dir = PartDir::new(std::env::temp_dir());
        let part = |content: &[u8]| {
            let (part, mut file) = dir.create()?;
            file.write_all(content)?;
            Ok::<_, io::Error>(Arc::new(part))
        };
        let parts = PNG.iter().map(|byte| part(&[*byte])).collect::<io::Result<Vec<_>>>()?;
        assert_eq!(read(&parts).map(|picture| picture.content), Some(Bytes::from_static(PNG)));
        assert!(read(&[part(b"no picture")?]).is_none());
        let rest = part(&vec![0; LARGEST - PNG.len()])?;
        assert!(read(&[part(PNG)?, Arc::clone(&rest)]).is_some());
        assert!(read(&[part(PNG)?, rest, part(b"!")?]).is_none());
        Ok(())
    }

    #[test]
    fn memory_is_bounded() {
        let mut pictures = Pictures::default();
        let picture = Picture { content_type: "image/png", content: vec![0; LARGEST].into() };
        for number in 0..20 {
            pictures.keep(&number.to_string(), picture.clone());
        }
        assert_eq!(pictures.pictures.len(), MOST_BYTES / LARGEST);
        assert!(pictures.get("11").is_none() && pictures.get("19").is_some());
        pictures.clear();
        assert!(pictures.get("19").is_none());
    }
}
