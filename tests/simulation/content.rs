//! What the bytes of a file are: a function of the file, its version and the place, so that a file of
//! many mebibytes costs nothing and what was stored of it can be checked anywhere.

/// The bytes of a file at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Contents {
    pub seed: u64,
    pub version: u32,
    /// So many bytes at the beginning have a version of their own.
    pub head: u64,
    pub head_version: u32,
    pub size: u64,
}

/// Some bytes as they were read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sample {
    pub offset: u64,
    pub bytes: Vec<u8>,
}

impl Contents {
    pub fn new(seed: u64, size: u64) -> Contents {
        Contents { seed, version: 0, head: 0, head_version: 0, size }
    }

    fn byte(&self, offset: u64) -> u8 {
        let version = if offset < self.head { self.head_version } else { self.version };
        let mut word = (self.seed ^ u64::from(version) << 40).wrapping_add(offset / 8);
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word >> (offset % 8 * 8)) as u8
    }

    /// Fills a buffer as far as the file goes, and says how far that is.
    pub fn read(&self, offset: u64, buffer: &mut [u8]) -> usize {
        let count = self.size.saturating_sub(offset).min(buffer.len() as u64) as usize;
        for (at, byte) in buffer[..count].iter_mut().enumerate() {
            *byte = self.byte(offset + at as u64);
        }
        count
    }

    pub fn bytes(&self, offset: u64, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        let there = self.read(offset, &mut bytes);
        bytes.truncate(there);
        bytes
    }

    pub fn holds(&self, sample: &Sample) -> bool {
        self.bytes(sample.offset, sample.bytes.len()) == sample.bytes
    }
}

/// The places of a part that are looked at: all of a small one; of a large one its ends and some others.
pub fn spots(offset: u64, length: u64) -> Vec<(u64, usize)> {
    const WIDTH: u64 = 24;
    if length <= 256 {
        let half = length / 2;
        return [(offset, half as usize), (offset + half, (length - half) as usize)]
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .collect();
    }
    let inner = [3, 11, 17, 29].map(|share| offset + (length - WIDTH) / 31 * share);
    let all = [offset, inner[0], inner[1], inner[2], inner[3], offset + length - WIDTH];
    all.map(|at| (at, WIDTH as usize)).to_vec()
}
