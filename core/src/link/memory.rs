//! What of a link outlives a restart: a line of text for each, in one record.
//!
//! `v1 WALL BUSY UP` and then `KEY GOODPUT HOLD AT_ONCE` for each link: when it was written, whether parts were on their way
//! and for how long (a power cut is a break like any other), and what is known.

use super::Known;
use crate::prelude::*;

pub const KEY: &str = "link";
/// Links that are remembered, by the interfaces parts may use.
pub const MOST_LINKS: usize = 4;
/// Yesterday's studio does not rule today's street.
const LIFE: i64 = 12 * 3_600;
/// No link is faster: what claims to be is damage.
const FASTEST: u64 = 100_000_000_000;
const LONGEST_HOLD: u64 = 86_400_000;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Seconds since 1970.
    pub wall: i64,
    /// For how many milliseconds the link had carried something when this was written, with more on its way.
    pub busy_for: Option<u64>,
    /// The one used last comes first.
    pub links: Vec<(u64, Known)>,
}

impl Memory {
    pub fn encode(&self) -> Vec<u8> {
        let (busy, up) = (u8::from(self.busy_for.is_some()), self.busy_for.unwrap_or(0));
        let mut text = format!("v1 {} {busy} {up}\n", self.wall);
        for (key, known) in &self.links {
            text.push_str(&format!("{key:x} {} {} {}\n", known.goodput, known.hold, known.at_once));
        }
        text.into_bytes()
    }

    /// `None` if it was not written by this library, or by a newer one.
    pub fn decode(bytes: &[u8]) -> Option<Memory> {
        let mut lines = core::str::from_utf8(bytes).ok()?.lines();
        let head: Vec<&str> = lines.next()?.split(' ').collect();
        let &["v1", wall, busy, up] = head.as_slice() else { return None };
        let busy_for = match busy {
            "0" => None,
            "1" => Some(up.parse().ok().filter(|up| *up <= LONGEST_HOLD)?),
            _ => return None,
        };
        let mut links = Vec::new();
        for line in lines {
            let fields: Vec<&str> = line.split(' ').collect();
            let &[key, goodput, hold, at_once] = fields.as_slice() else { return None };
            let known = Known {
                goodput: goodput.parse().ok().filter(|goodput| *goodput <= FASTEST)?,
                hold: hold.parse().ok().filter(|hold| *hold <= LONGEST_HOLD)?,
                at_once: at_once.parse().ok()?,
            };
            links.push((u64::from_str_radix(key, 16).ok()?, known));
        }
        (links.len() <= MOST_LINKS).then_some(Memory { wall: wall.parse().ok()?, busy_for, links })
    }

    /// Whether it still says something. A clock that was set back says nothing of its age.
    pub fn is_fresh(&self, wall: i64) -> bool {
        (0..LIFE).contains(&wall.saturating_sub(self.wall))
    }

    pub fn of(&self, key: u64) -> Known {
        self.links.iter().find(|(other, _)| *other == key).map_or_else(Known::default, |(_, known)| *known)
    }

    pub fn set(&mut self, key: u64, known: Known) {
        self.links.retain(|(other, _)| *other != key);
        self.links.insert(0, (key, known));
        self.links.truncate(MOST_LINKS);
    }

    /// The power went while parts were on their way: so long it held.
    pub fn note_power_cut(&mut self) {
        let Some(up) = self.busy_for.take() else { return };
        if let Some((_, known)) = self.links.first_mut() {
            known.broke(up);
        }
    }
}

/// Which link it is: by the names of the interfaces parts may use (FNV-1a).
pub fn key_of(interfaces: &[String]) -> u64 {
    let bytes = interfaces.iter().flat_map(|name| name.bytes().chain([b'/']));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}
