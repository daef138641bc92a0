//! What the comparison is with: so many parts at once, of that size, whatever the link is like. It tries again every
//! second or two and knows nothing.

use super::Played;
use super::cells::{Cell, How};
use super::line::{End, Line, REQUEST};
use std::collections::{BTreeMap, VecDeque};

pub const SIZES: [u64; 6] = [5, 8, 12, 20, 32, 64];
pub const MOST_AT_ONCE: usize = 8;

pub fn play(cell: &Cell, seed: u64, at_once: usize, mebibytes: u64, limit: u64) -> Played {
    let mut line = Line::new(cell, seed);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut parts: VecDeque<(usize, u64)> = VecDeque::new();
    for (clip, &size) in cell.clips.iter().enumerate() {
        // As the service shapes them: of equal size, none too small.
        let most = (size / (5 << 20)).max(1);
        let count = size.div_ceil(mebibytes << 20).clamp(1, most);
        let each = size.div_ceil(count);
        parts.extend((0..count).map(|part| (clip, each.min(size - part * each))));
    }
    let mut made = vec![false; cell.clips.len()];
    let mut under: BTreeMap<u64, Option<(usize, u64)>> = BTreeMap::new();
    let (mut next_id, mut not_before) = (1, 0);
    while line.now < limit {
        while line.is_up_for_power(cell) && line.now >= not_before && under.len() < at_once {
            let Some(&(clip, length)) = parts.front() else { break };
            let part = if made[clip] {
                parts.pop_front();
                Some((clip, length))
            } else if under.values().any(Option::is_none) {
                break;
            } else {
                None
            };
            line.begin(next_id, if part.is_some() { length } else { REQUEST });
            under.insert(next_id, part);
            next_id += 1;
        }
        if under.is_empty() && parts.is_empty() {
            return Played { time: Some(line.now), sent: line.sent, ..Played::default() };
        }
        let was_up = line.is_up();
        let wake = if not_before > line.now { not_before } else { u64::MAX };
        let next = line.next_event().min(wake);
        line.advance(next);
        if cell.how == How::Power && was_up && !line.is_up() {
            give_back(&mut parts, std::mem::take(&mut under));
            line.clear();
        }
        while let Some((id, end)) = line.take_over() {
            let Some(part) = under.remove(&id) else { continue };
            match (end, part) {
                (End::Answered, Some(_)) => {}
                (End::Answered, None) => made[parts[0].0] = true,
                (End::Lost(_), part) => {
                    give_back(&mut parts, [(id, part)]);
                    not_before = line.now + random.u64(1_000..2_000);
                }
            }
        }
    }
    Played { time: None, sent: line.sent, ..Played::default() }
}

fn give_back(
    parts: &mut VecDeque<(usize, u64)>,
    lost: impl IntoIterator<Item = (u64, Option<(usize, u64)>)>,
) {
    for part in lost.into_iter().filter_map(|(_, part)| part) {
        parts.push_front(part);
    }
}
