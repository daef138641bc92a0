//! Which tags were dealt with: sent, or canceled. It outlives the uploads themselves, which only so many are
//! kept of: a clip costs 24 bytes here, and some hundred there.
//!
//! A tag is kept as its HMAC-MD5 (RFC 2104) under a random key of this store, so that no two tags can be made
//! to look the same, and with the id its upload had. New ones go into the tail, a record of at most 3 KiB that
//! is written with each; a full tail is moved to the newest block, a record of at most 48 KiB. So what it costs
//! to remember one more does not depend on how many there are. The oldest block is dropped as a whole.
//!
//! | record | bytes | meaning |
//! | --- | --- | --- |
//! | both | 1 | version, 1 |
//! | both | 16 | the key |
//! | tail | 4 | number of the oldest block that counts, little-endian as all |
//! | tail | 8 | uploads that are over, with a lower id than this |
//! | tail | 8 | and that ended as this one at the latest, do not count any more |
//! | both | 24 each | hash; id, with its highest bit set for one that was canceled |

use super::UploadId;
use super::record::BEYOND_ALL_IDS;
use crate::prelude::*;
use alloc::collections::VecDeque;
use md5::{Digest, Md5};

pub const TAIL_KEY: &str = "tags";
const BLOCK_KEY: &str = "tags-";
/// So many tags are in the tail before they are moved.
pub const TAIL: usize = 128;
/// So many are in a block.
pub const BLOCK: usize = 2048;
const VERSION: u8 = 1;
const KEY: usize = 16;
const HASH: usize = 16;
const ENTRY: usize = HASH + 8;
/// What stands before the entries of a block, and of the tail.
const BLOCK_HEAD: usize = 1 + KEY;
const TAIL_HEAD: usize = BLOCK_HEAD + 4 + 8 + 8;
/// Ids never get there.
const CANCELED: UploadId = 1 << 63;

pub type TagKey = [u8; KEY];

/// No device fills so many: what says so is not of this library.
const BEYOND_ALL_BLOCKS: u32 = 1 << 31;

pub fn block_key(number: u32) -> String {
    format!("{BLOCK_KEY}{number:08x}")
}

/// The number of a block from the key of its record.
pub fn block_of(key: &str) -> Option<u32> {
    let digits = key.strip_prefix(BLOCK_KEY)?;
    let is_plain = digits.len() == 8 && digits.bytes().all(|byte| b"0123456789abcdef".contains(&byte));
    let number = is_plain.then(|| u32::from_str_radix(digits, 16).ok()).flatten();
    number.filter(|number| *number < BEYOND_ALL_BLOCKS)
}

/// How the upload of a tag ended, and which it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    pub id: UploadId,
    pub was_canceled: bool,
}

type Hash = [u8; HASH];

#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry {
    hash: Hash,
    mark: UploadId,
}

struct Block {
    number: u32,
    /// By their hashes.
    entries: Box<[Entry]>,
}

#[derive(Default)]
pub struct TagMemory {
    key: TagKey,
    /// The key is that of the store.
    has_stored_key: bool,
    /// Oldest first.
    blocks: VecDeque<Block>,
    /// As they came.
    tail: Vec<Entry>,
    /// Blocks with lower numbers do not count any more.
    first: u32,
    /// Uploads that were over when everything was forgotten: ids below the first, ended as the second at most.
    floor: (UploadId, u64),
}

/// A block that takes up the tail: to be written before it is used.
pub struct Folded {
    block: Block,
    taken: usize,
}

impl TagMemory {
    pub fn new(key: TagKey) -> TagMemory {
        TagMemory { key, ..TagMemory::default() }
    }

    pub fn len(&self) -> usize {
        self.blocks.iter().map(|block| block.entries.len()).sum::<usize>() + self.tail.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn hash(&self, tag: &[u8]) -> Hash {
        let padded = |pad: u8| {
            let mut block = [pad; 64];
            block.iter_mut().zip(self.key).for_each(|(byte, key)| *byte ^= key);
            Md5::new_with_prefix(block)
        };
        let inner = padded(0x36).chain_update(tag).finalize();
        padded(0x5c).chain_update(inner).finalize().into()
    }

    /// The newest upload of a tag.
    pub fn find(&self, tag: &[u8]) -> Option<Remembered> {
        if self.is_empty() {
            return None;
        }
        let hash = self.hash(tag);
        let in_tail = self.tail.iter().rev().find(|entry| entry.hash == hash);
        let found = in_tail.or_else(|| self.blocks.iter().rev().find_map(|block| block.find(&hash)))?;
        Some(Remembered { id: found.mark & !CANCELED, was_canceled: found.mark & CANCELED != 0 })
    }

    pub fn add(&mut self, tag: &[u8], upload: Remembered) {
        let hash = self.hash(tag);
        self.tail.retain(|entry| entry.hash != hash);
        self.tail.push(Entry { hash, mark: upload.id | if upload.was_canceled { CANCELED } else { 0 } });
    }

    /// The block that a full tail goes to.
    pub fn fold(&self) -> Option<Folded> {
        if self.tail.len() <= TAIL {
            return None;
        }
        let taken = &self.tail[..TAIL];
        let newest = self.blocks.back().filter(|block| block.entries.len() + TAIL <= BLOCK);
        let number = newest.map_or_else(|| self.next_number(), |block| block.number);
        let mut entries = taken.to_vec();
        // Of one that was there before, the later counts.
        let kept = newest.into_iter().flat_map(|block| block.entries.iter());
        entries.extend(kept.filter(|own| taken.iter().all(|entry| entry.hash != own.hash)));
        entries.sort_unstable_by_key(|entry| entry.hash);
        Some(Folded { block: Block { number, entries: entries.into() }, taken: TAIL })
    }

    /// What [`TagMemory::fold`] made was written.
    pub fn folded(&mut self, folded: Folded) {
        if self.blocks.back().is_some_and(|newest| newest.number == folded.block.number) {
            self.blocks.pop_back();
        }
        self.blocks.push_back(folded.block);
        self.tail.drain(..folded.taken);
    }

    fn next_number(&self) -> u32 {
        self.blocks.back().map_or(self.first, |block| block.number + 1)
    }

    /// Drops the oldest ones as long as `most` are left; returns the blocks that are gone.
    pub fn trim(&mut self, most: usize) -> Vec<u32> {
        let mut dropped = Vec::new();
        let mut left = self.len();
        while let Some(oldest) = self.blocks.front().filter(|block| left - block.entries.len() >= most) {
            left -= oldest.entries.len();
            self.first = oldest.number + 1;
            dropped.push(oldest.number);
            self.blocks.pop_front();
        }
        if most == 0 {
            self.tail.clear();
        }
        dropped
    }

    /// Forgets all, uploads included that are over by now: those with a lower id than `next_id` that ended as
    /// `last_ended` at the latest. Returns the blocks that are gone, once the tail is written.
    pub fn forget(&mut self, next_id: UploadId, last_ended: u64) -> Vec<u32> {
        self.first = self.next_number();
        self.floor = (next_id, last_ended);
        self.tail.clear();
        self.blocks.drain(..).map(|block| block.number).collect()
    }

    /// Whether an upload that is over was over when everything was forgotten.
    pub fn is_forgotten(&self, id: UploadId, ended_as: u64) -> bool {
        id < self.floor.0 && ended_as <= self.floor.1
    }

    /// The last upload that had ended then.
    pub fn floor_end(&self) -> u64 {
        self.floor.1
    }

    /// Whether a block still counts.
    pub fn counts(&self, number: u32) -> bool {
        number >= self.first
    }

    pub fn encode_tail(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(TAIL_HEAD + self.tail.len() * ENTRY);
        bytes.push(VERSION);
        bytes.extend(self.key);
        bytes.extend(self.first.to_le_bytes());
        bytes.extend(self.floor.0.to_le_bytes());
        bytes.extend(self.floor.1.to_le_bytes());
        encode(&mut bytes, &self.tail);
        bytes
    }

    pub fn encode_folded(&self, folded: &Folded) -> (String, Vec<u8>) {
        let mut bytes = Vec::with_capacity(BLOCK_HEAD + folded.block.entries.len() * ENTRY);
        bytes.push(VERSION);
        bytes.extend(self.key);
        encode(&mut bytes, &folded.block.entries);
        (block_key(folded.block.number), bytes)
    }

    /// Takes up the tail. `false` if it is not one of this library.
    pub fn read_tail(&mut self, bytes: &[u8]) -> bool {
        let Some((head, entries)) = bytes.split_at_checked(TAIL_HEAD) else { return false };
        let Some(tail) = decode(entries).filter(|_| head[0] == VERSION) else { return false };
        let first = head[BLOCK_HEAD..BLOCK_HEAD + 4].try_into().map_or(0, u32::from_le_bytes);
        let number = |at: usize| head[at..at + 8].try_into().map_or(0, u64::from_le_bytes);
        let floor = (number(BLOCK_HEAD + 4), number(BLOCK_HEAD + 12));
        if first > BEYOND_ALL_BLOCKS || floor.0.max(floor.1) >= BEYOND_ALL_IDS {
            return false;
        }
        self.key.copy_from_slice(&head[1..BLOCK_HEAD]);
        self.has_stored_key = true;
        self.first = first;
        self.floor = floor;
        self.tail = tail;
        true
    }

    /// Takes up a block, the newest first. `false` if it is not one of this library, or has another key.
    pub fn read_block(&mut self, number: u32, bytes: &[u8]) -> bool {
        let Some((head, entries)) = bytes.split_at_checked(BLOCK_HEAD) else { return false };
        let Some(mut entries) = decode(entries).filter(|_| head[0] == VERSION) else { return false };
        if !self.has_stored_key {
            // The tail is lost: the newest block says which key it is.
            self.key.copy_from_slice(&head[1..]);
            self.has_stored_key = true;
        }
        if head[1..] != self.key {
            return false;
        }
        entries.sort_unstable_by_key(|entry| entry.hash);
        let block = Block { number, entries: entries.into() };
        if self.blocks.is_empty() {
            // The power went between the two writes of a move.
            self.tail.retain(|entry| block.find(&entry.hash) != Some(entry));
        }
        self.blocks.push_front(block);
        true
    }
}

impl Block {
    fn find(&self, hash: &Hash) -> Option<&Entry> {
        self.entries.binary_search_by_key(hash, |entry| entry.hash).ok().map(|at| &self.entries[at])
    }
}

fn encode(bytes: &mut Vec<u8>, entries: &[Entry]) {
    for entry in entries {
        bytes.extend(entry.hash);
        bytes.extend(entry.mark.to_le_bytes());
    }
}

fn decode(bytes: &[u8]) -> Option<Vec<Entry>> {
    let entries = bytes.chunks_exact(ENTRY);
    entries.remainder().is_empty().then_some(())?;
    entries
        .map(|entry| {
            let (hash, mark) = entry.split_first_chunk::<HASH>()?;
            Some(Entry { hash: *hash, mark: UploadId::from_le_bytes(mark.try_into().ok()?) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As it stands in a store, and how many bytes of it the last addition wrote.
    #[derive(Default)]
    struct Stored {
        tail: Vec<u8>,
        blocks: alloc::collections::BTreeMap<u32, Vec<u8>>,
        written: usize,
    }

    fn tag(number: u64) -> Vec<u8> {
        format!("A001C{number:06}").into_bytes()
    }

    fn done(id: UploadId) -> Remembered {
        Remembered { id, was_canceled: false }
    }

    impl Stored {
        fn save(&mut self, memory: &mut TagMemory) {
            self.written = 0;
            while let Some(folded) = memory.fold() {
                let (key, bytes) = memory.encode_folded(&folded);
                self.written += bytes.len();
                self.blocks.insert(block_of(&key).unwrap(), bytes);
                memory.folded(folded);
            }
            self.tail = memory.encode_tail();
            self.written += self.tail.len();
        }

        fn load(&self) -> TagMemory {
            let mut memory = TagMemory::new([9; KEY]);
            assert!(self.tail.is_empty() || memory.read_tail(&self.tail));
            for (number, bytes) in self.blocks.iter().rev() {
                assert!(!memory.counts(*number) || memory.read_block(*number, bytes));
            }
            memory
        }
    }

    fn filled(count: u64) -> (TagMemory, Stored) {
        let (mut memory, mut stored) = (TagMemory::new([7; KEY]), Stored::default());
        for number in 1..=count {
            memory.add(&tag(number), done(number));
            stored.save(&mut memory);
        }
        (memory, stored)
    }

    #[test]
    fn the_hash_is_the_hmac_of_rfc_2202() {
        let hash = TagMemory::new([0x0b; KEY]).hash(b"Hi There");
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "9294727a3638bb1c13f48ef8158bfc9d");
    }

    #[test]
    fn every_tag_is_found_again_and_no_other() {
        for count in [1, 128, 129, 2_048, 2_300, 5_000] {
            let (memory, stored) = filled(count);
            for memory in [memory, stored.load()] {
                assert_eq!(memory.len() as u64, count);
                for number in 1..=count {
                    assert_eq!(memory.find(&tag(number)), Some(done(number)));
                }
                assert_eq!((memory.find(&tag(0)), memory.find(b"")), (None, None));
            }
        }
    }

    #[test]
    fn the_newest_upload_of_a_tag_counts_wherever_the_others_are() {
        let (mut memory, mut stored) = filled(300);
        let again = Remembered { id: 900, was_canceled: true };
        memory.add(&tag(5), again);
        stored.save(&mut memory);
        assert_eq!((memory.find(&tag(5)), stored.load().find(&tag(5))), (Some(again), Some(again)));
        for number in 1_000..1_200 {
            memory.add(&tag(number), done(number));
        }
        stored.save(&mut memory);
        assert_eq!((memory.find(&tag(5)), stored.load().find(&tag(5))), (Some(again), Some(again)));
        // In the same block as the first one, whose place it took.
        assert_eq!(memory.len(), 300 + 200);
    }

    #[test]
    fn one_more_costs_the_same_however_many_there_are_and_all_of_them_24_bytes_each() {
        let (mut memory, mut stored) = (TagMemory::new([7; KEY]), Stored::default());
        let (mut written, mut most) = (0, 0);
        for number in 0..50_000 {
            memory.add(&tag(number), done(number));
            stored.save(&mut memory);
            written += stored.written;
            most = most.max(stored.written);
        }
        let largest = TAIL_HEAD + TAIL * ENTRY;
        assert!(largest <= 3_200 && stored.tail.len() <= largest);
        assert!(most <= largest + BLOCK_HEAD + BLOCK * ENTRY && most <= 53_000, "{most}");
        // Half a tail in the mean, and each time one is moved half a block.
        assert!(written / 50_000 <= 2_000, "{} bytes are written for each", written / 50_000);
        assert!(stored.blocks.len() <= 50_000 / BLOCK + 1, "{} records", stored.blocks.len());
        let bytes: usize = stored.tail.len() + stored.blocks.values().map(Vec::len).sum::<usize>();
        assert!(bytes <= 50_000 * 24 + 1_000, "{bytes} bytes");
        assert_eq!(size_of::<Entry>(), 24);
    }

    #[test]
    fn a_power_cut_between_the_two_writes_of_a_move_leaves_each_tag_once() {
        let (mut memory, before) = filled(128);
        let mut after = Stored { tail: before.tail.clone(), ..Stored::default() };
        memory.add(&tag(129), done(129));
        let folded = memory.fold().unwrap();
        let (key, bytes) = memory.encode_folded(&folded);
        after.blocks.insert(block_of(&key).unwrap(), bytes);
        let found = after.load();
        assert_eq!(found.len(), 128);
        assert!((1..=128).all(|number| found.find(&tag(number)) == Some(done(number))));
    }

    #[test]
    fn the_oldest_go_in_blocks_and_as_many_are_left_as_were_asked_for() {
        let (mut memory, mut stored) = filled(10_000);
        for number in memory.trim(5_000) {
            stored.blocks.remove(&number);
        }
        stored.save(&mut memory);
        let again = stored.load();
        assert_eq!(memory.len(), again.len());
        assert!((5_000..5_000 + BLOCK).contains(&again.len()), "{}", again.len());
        assert!((5_001..=10_000).all(|number| again.find(&tag(number)) == Some(done(number))));
        assert_eq!(again.find(&tag(1)), None);
        memory.trim(0);
        assert!(memory.is_empty());
        memory.add(&tag(1), done(1));
        stored.save(&mut memory);
        // The blocks that could not be erased do not count.
        assert_eq!(stored.load().len(), 1);
    }

    #[test]
    fn what_was_forgotten_stays_so_also_if_its_blocks_could_not_be_erased() {
        let (mut memory, mut stored) = filled(3_000);
        assert_eq!(memory.forget(3_001, 17), [0, 1]);
        stored.save(&mut memory);
        let mut again = stored.load();
        assert!(again.is_empty() && again.find(&tag(3)).is_none());
        assert!(again.is_forgotten(3_000, 17) && !again.is_forgotten(3_001, 1) && !again.is_forgotten(3, 18));
        assert_eq!(again.floor_end(), 17);
        for number in 1..=200 {
            again.add(&tag(number), done(number));
            stored.save(&mut again);
        }
        assert_eq!(stored.load().len(), 200);
    }

    #[test]
    fn a_lost_tail_costs_the_tail_and_a_lost_block_the_block() {
        let (_, stored) = filled(5_000);
        let without_tail = Stored { blocks: stored.blocks.clone(), ..Stored::default() };
        let mut memory = without_tail.load();
        assert!(memory.len() >= 5_000 - TAIL && memory.find(&tag(1)) == Some(done(1)));
        // What is new is found among what is old.
        memory.add(b"new", done(9));
        assert_eq!((memory.find(b"new"), memory.find(&tag(2))), (Some(done(9)), Some(done(2))));
        let mut without_block = Stored { tail: stored.tail, blocks: stored.blocks, written: 0 };
        without_block.blocks.remove(&1);
        let memory = without_block.load();
        assert!(memory.find(&tag(1)).is_some() && memory.find(&tag(5_000)).is_some());
        assert_eq!(memory.find(&tag(3_000)), None);
    }

    #[test]
    fn records_of_others_are_refused_and_nothing_brings_it_down() {
        let (memory, stored) = filled(200);
        let block = &stored.blocks[&0];
        let mut other = TagMemory::new([1; KEY]);
        other.add(b"x", done(1));
        assert!(other.read_tail(&other.encode_tail()) && !other.read_block(0, block));
        for cut in 0..block.len() {
            let _ = TagMemory::default().read_block(0, &block[..cut]);
        }
        for cut in 0..stored.tail.len() {
            let _ = TagMemory::default().read_tail(&stored.tail[..cut]);
        }
        assert!(!TagMemory::default().read_tail(b"") && !TagMemory::default().read_block(0, b"\x02"));
        assert_eq!(memory.len(), 200);
        for key in ["tags", "tags-1", "tags-0000000g", "tags-00000001.damaged", "upload-0000000000000001"] {
            assert_eq!(block_of(key), None);
        }
        assert_eq!(block_of(&block_key(0x1a)), Some(0x1a));
    }
}
