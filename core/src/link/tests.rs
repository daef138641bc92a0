use super::memory::{Memory, key_of};
use super::*;
use alloc::vec;

const MB: u64 = 1_000_000;

fn at(seconds: u64) -> Instant {
    Instant(seconds * 1_000)
}

fn known(goodput: u64, hold: u64) -> Known {
    Known { goodput, hold, at_once: 1 }
}

/// Parts of that size go over a link of that many bytes a second, as many at once as it wants, for so long.
fn carry(link: &mut Link, rate: u64, length: u64, from: Instant, span: u64) -> u32 {
    carry_each(link, rate, rate, length, from, span)
}

/// A connection carries no more than `each`.
fn carry_each(link: &mut Link, rate: u64, each: u64, length: u64, from: Instant, span: u64) -> u32 {
    let (mut next, mut under) = (1_000_000 + from.0 * 100, Vec::<(u64, u64)>::new());
    let mut most = 0;
    for time in (from.0..from.0 + span).step_by(50) {
        let now = Instant(time);
        while (under.len() as u32) < link.at_once() {
            link.part_begun(next, length, now);
            under.push((next, 0));
            next += 1;
        }
        let share = (rate / under.len() as u64).min(each) / 20;
        under.iter_mut().for_each(|(_, sent)| *sent += share);
        if link.wants_progress(now) {
            let all = under.clone();
            let arrived = |id| all.iter().find(|(other, _)| *other == id).map_or(0, |(_, sent)| *sent);
            link.note_progress(arrived);
            for _ in 0..link.look(now).too_many {
                let Some(id) = link.youngest() else { break };
                link.part_dropped(id);
                under.retain(|(other, _)| *other != id);
            }
            most = most.max(link.parallel.proven());
        }
        under.retain(|(id, sent)| {
            let is_through = *sent >= length;
            if is_through {
                link.part_answered(*id, true, now);
            }
            !is_through
        });
    }
    for (id, _) in under {
        link.part_lost(id, Instant(from.0 + span));
    }
    most
}

#[test]
fn a_fast_line_has_all_its_parts_within_a_second() {
    let mut link = Link::new(5);
    assert_eq!(link.at_once(), 1);
    assert_eq!(carry(&mut link, 100 * MB, 40 << 20, at(1), 1_000), 5);
}

#[test]
fn parts_that_arrive_faster_than_anybody_looks_are_more_soon() {
    let mut link = Link::new(5);
    let mut now = at(1);
    for part in 0..60 {
        link.part_begun(part, 25 * MB, now);
        now = now + Duration::from_millis(16);
        if link.wants_progress(now) {
            link.note_progress(|_| 12 * MB);
            link.look(now);
        }
        link.part_answered(part, true, now);
    }
    assert_eq!(link.at_once(), 5);
}

#[test]
fn a_weak_link_sends_one_part_after_the_other() {
    let mut link = Link::new(5);
    assert_eq!(carry(&mut link, MB / 4, 5 << 20, at(1), 200_000), 1);
    assert!((240_000..260_000).contains(&link.goodput()), "{}", link.goodput());
}

#[test]
fn one_more_that_is_no_gain_is_taken_back() {
    let mut link = Link::new(5);
    assert_eq!(carry(&mut link, 3 * MB / 2, 6 << 20, at(1), 300_000), 1);
}

#[test]
fn how_long_it_holds_is_learned_from_breaks() {
    let mut link = Link::new(5);
    let mut time = 1;
    for _ in 0..5 {
        carry(&mut link, MB / 4, 5 << 20, at(time), 30_000);
        assert!(link.is_lost());
        time += 33;
    }
    assert!((20_000..31_000).contains(&link.known().hold), "{:?}", link.known());
    assert_eq!(link.part_size(100 * MB), Some(5 << 20));
    // A link that has held for long is not that link any more.
    carry(&mut link, MB / 4, 5 << 20, at(time), 400_000);
    let forgotten = 0;
    carry(&mut link, MB / 4, 5 << 20, at(time + 401), 1_000);
    assert!(link.known().hold > 60_000 || link.known().hold == forgotten, "{:?}", link.known());
}

#[test]
fn parts_that_break_together_are_one_break() {
    let mut link = Link::new(5);
    for id in 0..4 {
        link.part_begun(id, 10 * MB, at(1));
    }
    link.note_progress(|_| MB);
    link.look(at(20));
    (0..3).for_each(|id| link.part_lost(id, at(21)));
    assert_eq!((link.barren_breaks(), link.known().hold), (1, 19_000));
    // What moved before the break and is told only now does not bring the network back.
    link.note_progress(|_| 2 * MB);
    assert!(!link.look(at(22)).is_back);
    link.part_begun(9, 10 * MB, at(23));
    link.note_progress(|id| if id == 9 { MB } else { 0 });
    assert!(link.look(at(24)).is_back);
}

#[test]
fn a_lost_network_is_tried_every_second_or_two_and_later_less_often() {
    let mut random = fastrand::Rng::with_seed(1);
    let mut link = Link::new(5);
    link.call_lost(at(10));
    for (seconds, least, most) in
        [(10, 1_000, 2_000), (50, 1_000, 2_000), (610, 13_000, 27_000), (90_000, 40_000, 80_000)]
    {
        for _ in 0..100 {
            let pause = milliseconds(link.pause(at(seconds), &mut random));
            assert!((least..=most).contains(&pause), "{pause} after {seconds} s");
        }
    }
    assert!(link.call_answered(at(90_001)));
    assert!(!link.is_lost());
}

#[test]
fn the_number_of_parts_follows_the_link() {
    let mut link = Link::new(5);
    let parts = |link: &Link, size: u64| link.parts(size);
    // Nobody knows it: small files in the smallest parts, large ones in not too many.
    assert_eq!((parts(&link, 60 * MB), parts(&link, 9 * MB), parts(&link, 2_000 * MB)), (12, 0, 51));
    link.change(known(MB / 4, 0));
    assert_eq!(link.part_size(2_000 * MB), Some(25 * MB / 4));
    link.change(known(MB, 20_000));
    assert_eq!(link.part_size(2_000 * MB), Some(10 * MB));
    // A fast one leaves it to the service.
    link.change(known(100 * MB, 0));
    assert_eq!(parts(&link, 2_000 * MB), 0);
}

#[test]
fn an_asset_is_given_up_only_for_parts_that_arrive() {
    let mut link = Link::new(5);
    link.change(known(MB / 4, 30_000));
    assert!(!link.wants_smaller(60 * MB, 20 * MB, 0), "nothing has broken yet");
    link.barren = 2;
    assert!(link.wants_smaller(60 * MB, 20 * MB, 0), "7.5 MB a window never make 20");
    assert!(!link.wants_smaller(60 * MB, 7 * MB, 0), "nearly as small as can be");
    link.change(known(MB, 30_000));
    link.barren = 2;
    assert!(!link.wants_smaller(200 * MB, 28 * MB, 160 * MB), "most of it is there");
    link.change(known(MB / 10, 10_000));
    link.barren = 5;
    assert!(!link.wants_smaller(60 * MB, 20 * MB, 0), "not even the smallest would arrive");
}

#[test]
fn a_memory_comes_back_as_it_was_and_damage_is_noticed() {
    let key = key_of(&["wlan0".to_owned()]);
    assert_ne!(key, key_of(&[]));
    let mut memory =
        Memory { wall: 1_800_000_000, busy_for: Some(7_000), links: vec![(key, known(5, 40_000))] };
    let encoded = memory.encode();
    assert_eq!(Memory::decode(&encoded), Some(memory.clone()));
    memory.note_power_cut();
    assert_eq!((memory.busy_for, memory.of(key).hold), (None, 23_500));
    for other in 0..9 {
        memory.set(other, known(other, 0));
    }
    assert_eq!(
        (memory.links.len(), memory.of(8).goodput, memory.of(key)),
        (memory::MOST_LINKS, 8, Known::default())
    );
    for bad in [
        "",
        "v2 0 0 0\n",
        "v1 0 0\n",
        "v1 0 2 0\n",
        "v1 0 0 0\nx 1 1 1\n",
        "v1 0 0 0\n1 999999999999999 0 1\n",
        "v1 0 0 0\n1 1 1\n",
    ] {
        assert_eq!(Memory::decode(bad.as_bytes()), None, "{bad}");
    }
    // No text that was damaged makes anything but nothing or a plausible memory.
    for at in 0..encoded.len() {
        for byte in [0, b' ', b'9', 0xff] {
            let mut damaged = encoded.clone();
            damaged[at] = byte;
            if let Some(memory) = Memory::decode(&damaged) {
                assert!(memory.links.iter().all(|(_, known)| known.goodput <= 100_000_000_000));
            }
        }
    }
    assert!(
        memory.is_fresh(1_800_000_100) && !memory.is_fresh(1_799_999_999) && !memory.is_fresh(1_800_050_000)
    );
}

#[test]
fn a_file_goes_in_two_parts_at_least_where_the_storage_takes_them() {
    let mut link = Link::new(5);
    // A part of 25 s would have all of it.
    link.change(Known { goodput: 1 << 20, hold: 0, at_once: 1 });
    assert_eq!(link.parts(2 * shape::SMALLEST_PART - 1), 0);
    assert_eq!(link.parts(2 * shape::SMALLEST_PART), 2);
    assert_eq!(link.parts(24 << 20), 2);
    assert_eq!(link.parts(51 << 20), 3);
}

#[test]
fn where_each_connection_has_a_share_many_go_together_soon() {
    let mut link = Link::new(8);
    assert_eq!(carry_each(&mut link, 2 * MB, MB / 2, 6 << 20, at(1), 15_000), 4);
}

#[test]
fn a_quiet_part_leaves_its_place_to_another_and_takes_it_back() {
    let mut link = Link::new(4);
    let arrived = |seconds: u64| {
        move |id: RequestId| if id == 1 { MB * seconds.min(3) + if seconds >= 9 { MB } else { 0 } } else { 0 }
    };
    link.parallel = Parallel::new(1);
    link.part_begun(1, 50 * MB, at(1));
    let look = |link: &mut Link, seconds: u64| {
        link.note_progress(arrived(seconds));
        link.look(at(1 + seconds))
    };
    for seconds in 1..=3 {
        look(&mut link, seconds);
    }
    for seconds in 4..=6 {
        look(&mut link, seconds);
        assert!(link.is_full(), "after {seconds} s");
    }
    look(&mut link, 7);
    assert!(!link.is_full());
    link.part_begun(2, 50 * MB, at(8));
    assert!(link.is_full(), "one for one");
    look(&mut link, 8);
    // The first moves again: the line is its own.
    assert_eq!((look(&mut link, 9).too_many, link.youngest()), (1, Some(2)));
}

#[test]
fn a_link_that_breaks_before_a_part_is_through_is_too_weak_for_it() {
    let mut link = Link::new(4);
    for outage in 0..2 {
        assert!(!link.is_too_weak_for(shape::SMALLEST_PART), "after {outage} breaks");
        carry(&mut link, MB / 10, 5 << 20, at(1 + outage * 25), 20_000);
    }
    assert!(link.is_too_weak_for(shape::SMALLEST_PART));
    assert!(!link.is_too_weak_for(MB), "something smaller does get through");
    // What is stored shows that it does.
    link.part_begun(7, MB, at(90));
    link.part_answered(7, true, at(95));
    assert!(!link.is_too_weak_for(shape::SMALLEST_PART));
}

#[test]
fn when_a_part_is_safe_follows_from_what_arrives_and_from_the_others() {
    let mut link = Link::new(4);
    assert_eq!(link.part_safe_in(|_| true), None);
    carry(&mut link, MB, 5 << 20, at(1), 60_000);
    link.change(Known { hold: 0, ..link.known() });
    link.part_begun(1, 10 * MB, at(70));
    link.part_begun(2, 10 * MB, at(70));
    link.note_progress(|id| if id == 1 { 4 * MB } else { MB });
    link.look(at(74));
    let seconds = |span: Option<Duration>| span.map(|span| span.as_secs());
    let rate = link.goodput();
    assert_eq!(seconds(link.part_safe_in(|_| true)), Some(6 * MB * 2 / rate));
    assert_eq!(seconds(link.part_safe_in(|id| id == 2)), Some(9 * MB * 2 / rate));
    assert_eq!(link.part_safe_in(|id| id == 3), None);
}
