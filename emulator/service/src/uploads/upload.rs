//! One asset on its way into the project.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::projects::Project;
use crate::random::Random;
use crate::settings::PartsAre;

/// Comments remembered, and bytes of all their texts; beyond either the oldest are forgotten.
const MOST_COMMENTS: usize = 1_000;
const MOST_COMMENT_BYTES: usize = 256 << 10;
/// Besides its text.
const COST_OF_A_COMMENT: usize = 128;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    Open,
    /// All there, and its checksums are being computed.
    Assembling,
    Complete,
    /// All there, and not what was announced.
    Broken,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Upload<K> {
    pub id: String,
    /// What the storage calls it, in the URLs of its parts.
    pub upload_id: String,
    #[serde(default = "multipart")]
    pub parts_are: PartsAre,
    pub client_id: String,
    pub project: Project,
    pub name: String,
    pub filetype: String,
    /// Unknown in real time until the final part is announced.
    pub filesize: Option<u64>,
    pub offset: i64,
    pub channel: u64,
    pub realtime: bool,
    pub has_placeholder: bool,
    pub created: Duration,
    pub completed: Option<Duration>,
    pub state: State,
    /// For so long after its last part it takes parts.
    #[serde(skip)]
    pub(super) assembly: Duration,
    pub sums: Option<Sums>,
    pub comments: VecDeque<Comment>,
    /// Parts sent again when nothing was to be sent any more.
    pub after_completion: u64,
    pub(super) parts: BTreeMap<u32, Part<K>>,
    /// How many of them are not there.
    pub(super) missing: usize,
}

/// What they were in a state that does not say.
fn multipart() -> PartsAre {
    PartsAre::Multipart
}

/// `K` is what is kept of its bytes.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Part<K> {
    pub size: u64,
    pub is_final: bool,
    pub times_started: u64,
    pub times_received: u64,
    pub bytes_received: u64,
    pub kept: Option<K>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    pub sha256: String,
    pub md5: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Comment {
    pub id: String,
    pub text: String,
    pub timestamp: Option<f64>,
}

/// Why the storage does not take a part.
#[derive(Debug, PartialEq, Eq)]
pub enum PutRefusal {
    NoSuchUpload,
    WrongLength { expected: u64 },
}

/// What a stored part led to.
#[derive(Debug)]
pub struct Stored<K> {
    /// What nobody needs any more, to be dropped when no lock is held.
    pub leftovers: Vec<K>,
    pub then: Then,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Then {
    Wait,
    /// All parts are there, and the file is to be put together.
    Assemble,
    /// All parts are there, and are not the file that was announced.
    Break,
}

impl<K> Part<K> {
    pub fn is_stored(&self) -> bool {
        self.kept.is_some()
    }
}

impl<K: Default> Upload<K> {
    pub fn new(
        now: Duration,
        client_id: &str,
        project: Project,
        parts_are: PartsAre,
        asset: super::asset::NewAsset,
        sizes: impl Iterator<Item = u64>,
        random: &mut Random,
    ) -> Self {
        let (filesize, realtime, has_placeholder) = match asset.kind {
            super::asset::Kind::Finished { filesize, .. } => (Some(filesize), false, false),
            super::asset::Kind::RealTime { placeholder } => (None, true, placeholder),
        };
        let mut upload = Self {
            id: random.uuid(),
            upload_id: random.opaque::<48>(),
            parts_are,
            client_id: client_id.to_owned(),
            project,
            name: asset.name,
            filetype: asset.filetype,
            filesize,
            offset: asset.offset,
            channel: asset.channel,
            realtime,
            has_placeholder,
            created: now,
            completed: None,
            state: State::Open,
            assembly: Duration::ZERO,
            sums: None,
            comments: VecDeque::new(),
            after_completion: 0,
            parts: BTreeMap::new(),
            missing: 0,
        };
        for (number, size) in (1..).zip(sizes) {
            upload.expect_part(number, size, false);
        }
        upload
    }

    pub fn part(&self, number: u32) -> Option<&Part<K>> {
        self.parts.get(&number)
    }

    pub fn parts(&self) -> impl ExactSizeIterator<Item = (u32, &Part<K>)> {
        self.parts.iter().map(|(number, part)| (*number, part))
    }

    pub fn highest_number(&self) -> Option<u32> {
        self.parts.last_key_value().map(|(number, _)| *number)
    }

    pub fn final_number(&self) -> Option<u32> {
        self.parts.last_key_value().filter(|(_, part)| part.is_final).map(|(number, _)| *number)
    }

    /// How many parts there will be, once that is known.
    pub fn announced_count(&self) -> Option<u32> {
        if self.realtime { self.final_number() } else { self.highest_number() }
    }

    /// Bytes of the parts that are there.
    pub fn stored_bytes(&self) -> u64 {
        self.parts.values().filter(|part| part.is_stored()).map(|part| part.size).sum()
    }

    pub fn parts_stored(&self) -> usize {
        self.parts.len() - self.missing
    }

    pub(super) fn expect_part(&mut self, number: u32, size: u64, is_final: bool) {
        let before = self.parts.len();
        let part = self.parts.entry(number).or_default();
        if part.size != size && part.kept.take().is_some() {
            self.missing += 1;
        }
        (part.size, part.is_final) = (size, is_final);
        self.missing += self.parts.len() - before;
    }

    /// A PUT of a part has begun.
    pub fn part_begins(&mut self, number: u32) {
        if self.state == State::Open || self.parts_are == PartsAre::Objects {
            if let Some(part) = self.parts.get_mut(&number) {
                part.times_started += 1;
            }
        }
    }

    pub fn part_grows(&mut self, number: u32, bytes: u64) {
        if let Some(part) = self.parts.get_mut(&number) {
            part.bytes_received += bytes;
        }
    }

    /// Whether the storage takes this many bytes for that part now.
    pub fn admit(&mut self, now: Duration, number: u32, bytes: u64) -> Result<(), PutRefusal> {
        if self.state != State::Open {
            self.after_completion += 1;
        }
        self.taken(now, number, bytes).map(|_| ())
    }

    fn taken(&mut self, now: Duration, number: u32, bytes: u64) -> Result<&mut Part<K>, PutRefusal> {
        // A finished multipart upload is none any more. An object is written again like any other.
        let is_open = self.state == State::Open || self.completed.is_some_and(|at| now < at + self.assembly);
        if !is_open && self.parts_are == PartsAre::Multipart {
            return Err(PutRefusal::NoSuchUpload);
        }
        let part = self.parts.get_mut(&number).ok_or(PutRefusal::NoSuchUpload)?;
        if part.size == bytes { Ok(part) } else { Err(PutRefusal::WrongLength { expected: part.size }) }
    }

    /// Puts a part in its place. It overwrites what was there before.
    pub fn store(
        &mut self,
        now: Duration,
        number: u32,
        bytes: u64,
        kept: K,
    ) -> Result<Stored<K>, PutRefusal> {
        let (is_open, parts_are) = (self.state == State::Open, self.parts_are);
        if !is_open && self.parts_are == PartsAre::Multipart {
            self.after_completion += 1;
        }
        let part = self.taken(now, number, bytes)?;
        part.times_received += 1;
        if !is_open && parts_are == PartsAre::Objects {
            // The file is put together already: nobody looks at the object any more.
            return Ok(Stored { leftovers: vec![kept], then: Then::Wait });
        }
        let leftovers: Vec<K> = part.kept.replace(kept).into_iter().collect();
        self.missing -= usize::from(leftovers.is_empty());
        let then = match self.is_whole() {
            _ if !is_open => Then::Wait,
            None => Then::Wait,
            Some(true) => {
                self.completed = Some(now);
                self.state = State::Assembling;
                Then::Assemble
            }
            Some(false) => {
                self.completed = Some(now);
                self.state = State::Broken;
                Then::Break
            }
        };
        Ok(Stored { leftovers, then })
    }

    /// The end of the assembly: checksums, none because the bytes were only counted, or a failure.
    pub fn assembled(&mut self, sums: Option<Option<Sums>>) {
        self.state = if sums.is_some() { State::Complete } else { State::Broken };
        self.sums = sums.flatten();
    }

    /// What is kept of its parts, in order.
    pub fn kept(&self) -> impl Iterator<Item = &K> {
        self.parts.values().filter_map(|part| part.kept.as_ref())
    }

    pub fn kept_mut(&mut self) -> impl Iterator<Item = &mut K> {
        self.parts.values_mut().filter_map(|part| part.kept.as_mut())
    }

    /// After it was read from a file: `find` tells what is there of a part that was kept, and its size.
    pub fn restore(&mut self, find: impl Fn(K, u64) -> Option<K>) {
        for part in self.parts.values_mut() {
            part.kept = part.kept.take().and_then(|kept| find(kept, part.size));
        }
        self.missing = self.parts.values().filter(|part| !part.is_stored()).count();
        if self.state == State::Assembling && self.missing > 0 {
            (self.state, self.completed) = (State::Open, None);
        }
    }

    pub(super) fn comment(&mut self, text: &str, timestamp: Option<f64>, random: &mut Random) {
        let mut bytes: usize =
            text.len() + self.comments.iter().map(|comment| comment.text.len()).sum::<usize>();
        while self.comments.len() >= MOST_COMMENTS || bytes > MOST_COMMENT_BYTES {
            let Some(oldest) = self.comments.pop_front() else { break };
            bytes -= oldest.text.len();
        }
        self.comments.push_back(Comment { id: random.uuid(), text: text.to_owned(), timestamp });
    }

    /// What its comments cost, roughly.
    pub fn comment_cost(&self) -> usize {
        self.comments.iter().map(|comment| comment.text.len() + COST_OF_A_COMMENT).sum()
    }

    /// `None` while something is missing; then whether the parts make up the file.
    fn is_whole(&self) -> Option<bool> {
        if self.missing > 0 {
            return None;
        }
        if !self.realtime {
            return Some(true);
        }
        let highest = self.final_number()?;
        let (sum, announced) = (self.stored_bytes(), self.filesize?);
        let has_gaps = self.parts.len() < usize::try_from(highest).unwrap_or(usize::MAX);
        // A part for the gap, such as a held-back head, may still be announced.
        if sum < announced && has_gaps { None } else { Some(sum == announced) }
    }
}
