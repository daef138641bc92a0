//! Parts of a file that is still being recorded, announced as it grows.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::asset::is_new_name;
use super::upload::{Part, State, Upload};

/// The largest part S3 takes.
pub const LARGEST_PART: u64 = 5 << 30;
/// The largest object S3 stores.
pub const LARGEST_FILE: u64 = 5 << 40;
const HIGHEST_NUMBER: u32 = 10_000;

/// The request, as it came.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Announcement {
    pub parts: Vec<AnnouncedPart>,
    #[serde(default)]
    pub asset_name: Option<String>,
    #[serde(default)]
    pub asset_filesize: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct AnnouncedPart {
    pub number: u32,
    pub size: u64,
    pub is_final: bool,
}

impl<K: Default> Upload<K> {
    /// Takes the whole announcement or, when something about it is wrong, nothing.
    pub fn announce(
        &mut self,
        announcement: &Announcement,
        minimum_part_bytes: u64,
        again: bool,
    ) -> Result<(), &'static str> {
        if self.state != State::Open {
            return if again { Ok(()) } else { Err("The asset is finished already") };
        }
        if announcement.parts.is_empty() {
            return Err("parts is empty");
        }
        let mut numbers = BTreeSet::new();
        for part in &announcement.parts {
            check(part, minimum_part_bytes)?;
            if !numbers.insert(part.number) {
                return Err("parts has the same number twice");
            }
            if !again && self.part(part.number).is_some_and(Part::is_stored) {
                return Err("A part of this number is uploaded already");
            }
        }
        if announcement.asset_filesize.is_some_and(|size| !(1..=LARGEST_FILE).contains(&size)) {
            return Err("asset_filesize is not between 1 byte and 5 TiB");
        }
        if announcement.asset_filesize.is_none() && announcement.parts.iter().any(|part| part.is_final) {
            return Err("asset_filesize is required with the final part");
        }
        if announcement.asset_name.as_ref().is_some_and(|name| !is_new_name(name)) {
            return Err("asset_name has no extension or is too long");
        }
        self.check_final(&announcement.parts, &numbers)?;
        self.apply(announcement);
        Ok(())
    }

    /// There is one final part, and none has a higher number. Lower ones may follow it: the head of
    /// a file whose first bytes are written last.
    fn check_final(&self, parts: &[AnnouncedPart], numbers: &BTreeSet<u32>) -> Result<(), &'static str> {
        let known = self.final_number().filter(|number| !numbers.contains(number));
        let mut finals = parts.iter().filter(|part| part.is_final).map(|part| part.number).chain(known);
        let last = finals.next();
        if finals.next().is_some() {
            return Err("There is a final part already");
        }
        let highest = numbers.iter().next_back().copied().max(self.highest_number());
        if last.is_some() && last != highest { Err("Nothing comes after the final part") } else { Ok(()) }
    }

    fn apply(&mut self, announcement: &Announcement) {
        for part in &announcement.parts {
            self.expect_part(part.number, part.size, part.is_final);
        }
        if announcement.parts.iter().any(|part| part.is_final) {
            self.filesize = announcement.asset_filesize;
        }
        if let Some(name) = announcement.asset_name.as_ref().filter(|_| self.has_placeholder) {
            self.name = name.clone();
            self.has_placeholder = false;
        }
    }
}

fn check(part: &AnnouncedPart, minimum_part_bytes: u64) -> Result<(), &'static str> {
    if !(1..=HIGHEST_NUMBER).contains(&part.number) {
        return Err("The number of a part is not between 1 and 10000");
    }
    if !part.is_final && part.size < minimum_part_bytes {
        return Err("A part that is not the final one is too small");
    }
    if !(1..=LARGEST_PART).contains(&part.size) {
        return Err("The size of a part is not between 1 byte and 5 GiB");
    }
    Ok(())
}
