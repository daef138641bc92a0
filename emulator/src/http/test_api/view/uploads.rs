//! Uploads, and how far their parts are.

use serde::Serialize;

use super::{Part, Wanted};
use crate::emulator::World;
use crate::service::Upload;
use crate::service::uploads::upload::State;

const UPLOADS_SHOWN: usize = 24;
/// Cells of a strip. With more parts, several share one.
const CELLS: usize = 60;

#[derive(Serialize)]
pub(crate) struct Shown<'a> {
    id: &'a str,
    client_id: &'a str,
    project: &'a str,
    name: &'a str,
    filetype: &'a str,
    /// Unknown while it is being recorded.
    filesize: Option<u64>,
    stored: u64,
    state: &'static str,
    part_count: usize,
    parts_stored: usize,
    strip: String,
    sha256: Option<&'a str>,
    md5: Option<&'a str>,
    comments: usize,
    has_picture: bool,
}

/// The newest ones.
pub(crate) fn shown<'a>(world: &'a World, wanted: &Wanted) -> Part<Shown<'a>> {
    let uploads = &world.service.uploads;
    let own = || uploads.iter().rev().filter(|upload| wanted.is_of(Some(&upload.client_id)));
    let shown = own().take(UPLOADS_SHOWN).map(|upload| Shown {
        id: &upload.id,
        client_id: &upload.client_id,
        project: &upload.project.name,
        name: &upload.name,
        filetype: &upload.filetype,
        filesize: upload.filesize,
        stored: upload.stored_bytes(),
        state: match upload.state {
            State::Open => "open",
            State::Assembling => "assembling",
            State::Complete => "complete",
            State::Broken => "broken",
        },
        part_count: upload.parts().len(),
        parts_stored: upload.parts_stored(),
        strip: strip(upload),
        sha256: upload.sums.as_ref().map(|sums| sums.sha256.as_str()),
        md5: upload.sums.as_ref().map(|sums| sums.md5.as_str()),
        comments: upload.comments.len(),
        has_picture: world.pictures.get(&upload.id).is_some(),
    });
    let total = if wanted.device.is_none() { uploads.iter().len() } else { own().count() };
    Part { total, shown: shown.collect() }
}

#[derive(Default)]
struct Cell {
    parts: usize,
    stored: usize,
    size: u64,
    arrived: u64,
    again: bool,
}

/// One character for each cell: `.` nothing has come, `1` to `9` so many tenths of it have, `#` it is there,
/// `!` it is there and was sent more than once.
fn strip(upload: &Upload) -> String {
    let count = upload.parts().len();
    let mut cells: Vec<Cell> = (0..count.min(CELLS)).map(|_| Cell::default()).collect();
    let share = cells.len();
    for (at, (_, part)) in upload.parts().enumerate() {
        let cell = &mut cells[at * share / count];
        let is_stored = part.is_stored();
        cell.parts += 1;
        cell.stored += usize::from(is_stored);
        cell.size += part.size;
        cell.arrived += if is_stored { part.size } else { part.bytes_received.min(part.size) };
        cell.again |= part.times_started > 1;
    }
    cells.iter().map(Cell::character).collect()
}

impl Cell {
    fn character(&self) -> char {
        if self.stored == self.parts {
            return if self.again { '!' } else { '#' };
        }
        if self.arrived == 0 {
            return '.';
        }
        // Sizes are those of files, so ten times as much is a number still.
        let tenths = (self.arrived.saturating_mul(10) / self.size.max(1)).clamp(1, 9);
        char::from(b'0' + tenths as u8)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::service::projects::Project;
    use crate::service::random::Random;
    use crate::service::uploads::asset::{Kind, NewAsset};
    use crate::settings::PartsAre;
    use crate::storage::files::KeptPart;

    fn upload(sizes: &[u64]) -> Upload {
        let asset = NewAsset {
            name: "A.mov".into(),
            filetype: "video/quicktime".into(),
            offset: 0,
            channel: 0,
            kind: Kind::Finished { filesize: sizes.iter().sum(), parts: None },
        };
        let project = Project { id: "p".into(), name: "P".into() };
        Upload::new(
            Duration::ZERO,
            "CAM",
            project,
            PartsAre::Objects,
            asset,
            sizes.iter().copied(),
            &mut Random::System,
        )
    }

    #[test]
    fn each_part_is_seen() {
        let mut upload = upload(&[100, 100, 100, 100, 0]);
        assert_eq!(strip(&upload), ".....");
        for number in [1, 2, 2, 3] {
            upload.part_begins(number);
        }
        upload.part_grows(1, 1);
        upload.part_grows(3, 55);
        upload.part_grows(4, 1_000);
        upload.store(Duration::ZERO, 2, 100, KeptPart(None)).expect("a part");
        upload.store(Duration::ZERO, 5, 0, KeptPart(None)).expect("a part");
        assert_eq!(strip(&upload), "1!59#");
    }

    #[test]
    fn very_many_parts_share_cells() {
        let mut upload = upload(&[10; 10_000]);
        for number in 1..=5_000 {
            upload.store(Duration::ZERO, number, 10, KeptPart(None)).expect("a part");
        }
        assert_eq!(strip(&upload), format!("{}{}", "#".repeat(30), ".".repeat(30)));
    }
}
