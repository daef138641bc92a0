//! No clip is sent twice by an application that starts an upload for everything on its card, as often as it
//! likes.

use super::app::{New, paired};
use crate::files::Fault;
use crate::store::Cut;
use crate::world::{MINUTE, World};
use fio_c2c::engine::effects::Event;
use fio_c2c::secret::SecretBytes;
use fio_c2c::status::*;
use fio_c2c::store::RecordStore;
use fio_c2c::store::records::Records;
use fio_c2c::upload::tags::{BLOCK, Remembered, TAIL, TAIL_KEY, TagMemory, block_key};
use fio_c2c::upload::{Known, UploadId, UploadState};

/// A device that remembers so many uploads in its list, and of so many others the tags.
fn remembering(history: u32, others: u64) -> World {
    let mut world = paired(5);
    let mut records = Records::new(Box::new(world.disk.clone()), None);
    let mut memory = TagMemory::new([3; 16]);
    for id in 1..=others {
        memory.add(&other(id), Remembered { id, was_canceled: false });
        while let Some(folded) = memory.fold() {
            let (key, bytes) = memory.encode_folded(&folded);
            records.save(&key, &SecretBytes::new(bytes)).expect("the disk is well");
            memory.folded(folded);
        }
    }
    if others > 0 {
        records.save(TAIL_KEY, &SecretBytes::new(memory.encode_tail())).expect("the disk is well");
        // Their ids were given.
        let given = [&(others + 1).to_le_bytes()[..], &[0, 1]].concat();
        records.save("queue", &SecretBytes::new(given)).expect("the disk is well");
    }
    world.settings.uploads.history = history;
    world.restart();
    world
}

fn other(id: UploadId) -> Vec<u8> {
    format!("other {id}").into_bytes()
}

fn known(world: &mut World, tag: &[u8]) -> Option<Known> {
    world.ask(|engine, _| engine.uploads().find_tag(tag))
}

fn known_others(world: &mut World, others: u64) -> u64 {
    let known = |id: &u64| {
        let expected = Known { id: *id, state: UploadState::Done };
        world.ask(|engine, _| engine.uploads().find_tag(&other(*id))) == Some(expected)
    };
    (1..=others).filter(known).count() as u64
}

/// Adds uploads until so many of them have a tag; returns their keys.
fn add_tagged(world: &mut World, count: usize) -> Vec<String> {
    let mut keys = Vec::new();
    while keys.len() < count {
        let id = world.upload(New::file(50));
        if !world.watch.of(id).tag.is_empty() {
            keys.push(world.watch.of(id).key.clone());
        }
    }
    keys
}

/// The application looks at its card, on which there are so many clips. Returns how many uploads were taken.
fn scan(world: &mut World, clips: usize) -> usize {
    let mut taken = 0;
    for number in 0..clips {
        if world.device.is_none() {
            break;
        }
        let key = format!("video/x-{number}");
        match world.watch.tracked.get(&key) {
            None => {
                world.upload(New::file(50));
                taken += 1;
            }
            // Those without a tag are not known again.
            Some(tracked) if tracked.tag.is_empty() => {}
            Some(tracked) => {
                let before = tracked.id;
                match world.start_again(&key, false) {
                    Ok(_) => taken += 1,
                    Err(error) => {
                        assert_eq!(error.status, FIO_E_UPLOAD_EXISTS);
                        let tag = world.watch.tracked[&key].tag.clone();
                        assert_eq!(known(world, &tag).map(|known| known.id), Some(before));
                    }
                }
            }
        }
    }
    taken
}

fn assert_each_was_sent_once(world: &World, clips: usize) {
    for tracked in world.watch.tracked.values().filter(|tracked| !tracked.tag.is_empty()) {
        let times = world.service.complete(&tracked.key).count();
        assert_eq!(times, 1, "{} was sent {times} times", tracked.key);
    }
    assert_eq!(world.watch.tracked.len(), clips);
}

#[test]
fn a_card_that_is_looked_at_again_after_a_restart_is_not_sent_again() {
    let mut world = paired(5);
    assert_eq!(scan(&mut world, 150), 150);
    world.run_for(10 * MINUTE);
    let listed = world.ask(|engine, _| engine.uploads().queue().ids()).len();
    assert_eq!(listed as u32, world.settings.uploads.history);
    for _ in 0..2 {
        world.restart();
        assert_eq!(scan(&mut world, 150), 0);
        world.run_for(10 * MINUTE);
    }
    assert_each_was_sent_once(&world, 150);
    world.judge_uploads();
}

#[test]
fn a_power_cut_at_each_of_the_writes_sends_no_clip_twice_and_loses_none() {
    // The tail is moved to a block when the third clip leaves the list.
    const OTHERS: u64 = TAIL as u64 - 2;
    const CLIPS: usize = 8;
    for cut in [Cut::Before, Cut::After] {
        for writes in 0.. {
            let mut world = remembering(1, OTHERS);
            // What says NoSuchUpload after a cut is sent once more, whatever its tag.
            world.service.assets.rules.parts_are_objects = true;
            world.disk.cut_power_after_writes(writes, cut);
            scan(&mut world, CLIPS);
            world.run_for(MINUTE);
            let has_gone = world.device.is_none();
            world.disk.cut_power_at_write(None);
            if has_gone {
                world.boot();
            }
            scan(&mut world, CLIPS);
            world.run_for(MINUTE);
            assert_each_was_sent_once(&world, CLIPS);
            assert_eq!(known_others(&mut world, OTHERS), OTHERS, "{cut:?} after {writes}");
            assert!(world.disk.holds(&block_key(0)), "the tail was moved");
            world.restart();
            assert_eq!(scan(&mut world, CLIPS), 0, "{cut:?} after {writes}");
            world.judge_uploads();
            if !has_gone {
                assert!(writes > 40, "the power went at only {writes} writes");
                break;
            }
        }
    }
}

#[test]
fn one_more_costs_a_small_write_and_no_read_however_many_tags_are_remembered() {
    let costs: Vec<_> = [0, 1_000, 90_000]
        .into_iter()
        .map(|others| {
            let mut world = remembering(0, others);
            let before = (world.disk.loads(), world.disk.writes());
            add_tagged(&mut world, 40);
            world.run_for(10 * MINUTE);
            assert_eq!(known_others(&mut world, others), others);
            let blocks = others as usize / BLOCK + 1;
            let records = world.disk.keys().iter().filter(|key| key.starts_with("tags")).count();
            assert!(records <= blocks + 1, "{records} records for {others} tags");
            let tail = world.disk.get(TAIL_KEY).expect("it was written").len();
            assert!(tail <= 3_300, "{tail} bytes are written for one");
            (world.disk.loads() - before.0, world.disk.writes() - before.1)
        })
        .collect();
    // One more where the tail is moved meanwhile.
    let (loads, writes) = costs[0];
    assert!(costs.iter().all(|cost| cost.0 == loads && cost.1.abs_diff(writes) <= 1), "{costs:?}");
    assert_eq!(loads, 0);
}

#[test]
fn what_is_not_done_is_known_too_and_a_start_says_how_it_stands() {
    let mut world = remembering(100, 0);
    let keys = add_tagged(&mut world, 4);
    let ids: Vec<_> = keys.iter().map(|key| world.watch.tracked[key].id).collect();
    world.pause_upload(ids[0]).expect("it is not over");
    world.cancel_upload(ids[1]).expect("it is not over");
    let path = world.watch.of(ids[2]).path.clone();
    world.card.fail(&path, Some(Fault::Missing));
    world.run_for(MINUTE);
    let words = ["in the queue", "canceled", "has failed", "sent already"];
    for life in 0..2 {
        for (key, word) in keys.iter().zip(words) {
            let error = world.start_again(key, false).expect_err("it is known");
            assert_eq!(error.status, FIO_E_UPLOAD_EXISTS);
            assert!(error.message.contains(word), "{error} in life {life}");
        }
        world.restart();
    }
    // Taken off the list, what was sent or canceled stays known; what failed may be started again.
    for id in &ids[1..] {
        world.remove(*id).expect("it is over");
    }
    world.restart();
    world.card.fail(&path, None);
    assert!(world.start_again(&keys[1], false).is_err() && world.start_again(&keys[3], false).is_err());
    let tag = world.watch.tracked[&keys[1]].tag.clone();
    let canceled = Known { id: ids[1], state: UploadState::Canceled };
    assert_eq!(known(&mut world, &tag), Some(canceled));
    let again = world.start_again(&keys[2], false).expect("it is not known any more");
    assert_eq!(world.see_through(again, MINUTE), UploadState::Done);
    // A person wants the one that was canceled after all.
    let again = world.start_again(&keys[1], true).expect("it is wanted");
    assert_eq!(world.see_through(again, MINUTE), UploadState::Done);
    assert_eq!(known(&mut world, &tag), Some(Known { id: again, state: UploadState::Done }));
}

#[test]
fn after_forgetting_everything_is_sent_again_and_a_power_cut_forgets_all_or_nothing() {
    const OTHERS: u64 = 3_000;
    for cut in [Cut::Before, Cut::After] {
        for writes in 0.. {
            let mut world = remembering(1, OTHERS);
            let keys = add_tagged(&mut world, 3);
            let waits = world.watch.tracked[&keys[2]].id;
            world.pause_upload(waits).expect("it is not over");
            world.run_for(MINUTE);
            world.disk.cut_power_after_writes(writes, cut);
            world.call_uploads(|uploads, _| uploads.forget_tags()).expect("the store is read");
            let has_gone = world.device.is_none();
            world.disk.cut_power_at_write(None);
            world.watch.were_tags_forgotten = true;
            if has_gone {
                world.boot();
            } else {
                world.restart();
            }
            let others = known_others(&mut world, OTHERS);
            let is_forgotten = others == 0;
            assert!(is_forgotten || others == OTHERS, "{others} are left, {cut:?} after {writes}");
            for key in &keys[..2] {
                let tag = world.watch.tracked[key].tag.clone();
                assert_eq!(known(&mut world, &tag).is_none(), is_forgotten, "{cut:?} after {writes}");
            }
            let tag = world.watch.tracked[&keys[2]].tag.clone();
            assert_eq!(known(&mut world, &tag).map(|known| known.id), Some(waits));
            assert_eq!(is_forgotten, !has_gone || writes > 0 || cut == Cut::After);
            if is_forgotten {
                assert!(
                    !world.disk.holds(&block_key(0)),
                    "the blocks are erased, at the next start at the latest"
                );
                // What is sent from now on is remembered again.
                let again = world.start_again(&keys[0], false).expect("it is not known");
                assert_eq!(world.see_through(again, MINUTE), UploadState::Done);
                world.resume_upload(waits).expect("it is paused");
                world.run_for(MINUTE);
                world.restart();
                assert!(world.start_again(&keys[0], false).is_err());
                assert!(world.start_again(&keys[2], false).is_err());
            }
            if !has_gone {
                assert!(writes >= 2);
                break;
            }
        }
    }
}

#[test]
fn a_damaged_record_of_tags_is_told_and_left_out_and_the_others_count() {
    const OTHERS: u64 = 5_000;
    for (damaged, lost) in [(TAIL_KEY.to_owned(), OTHERS % TAIL as u64), (block_key(1), BLOCK as u64)] {
        for is_foreign in [false, true] {
            let mut world = remembering(0, OTHERS);
            let mut bytes = world.disk.get(&damaged).expect("it is there");
            if is_foreign {
                let mut records = Records::new(Box::new(world.disk.clone()), None);
                records
                    .save(&damaged, &SecretBytes::new(b"from a later version".to_vec()))
                    .expect("it is well");
            } else {
                bytes[50] ^= 1;
                world.disk.put(&damaged, &bytes);
            }
            world.restart();
            let is_it = |event: &Event| matches!(event, Event::StoreDamaged(error) if error.message.contains(&damaged));
            assert_eq!(world.count_events(is_it), 1, "{damaged}");
            assert!(world.disk.holds(&format!("{damaged}.damaged")));
            assert_eq!(known_others(&mut world, OTHERS), OTHERS - lost, "{damaged}");
            let keys = add_tagged(&mut world, 3);
            world.run_for(MINUTE);
            world.restart();
            assert_eq!(world.count_events(is_it), 0);
            assert_eq!(known_others(&mut world, OTHERS), OTHERS - lost, "{damaged}");
            assert!(keys.iter().all(|key| world.start_again(key, false).is_err()));
        }
    }
}

#[test]
fn nothing_is_forgotten_while_the_store_cannot_be_read_or_written() {
    let mut world = remembering(0, 1_000);
    world.cut_power();
    world.disk.refuse_reads(Some(FIO_E_STORE));
    world.boot();
    let first = add_tagged(&mut world, 5);
    world.run_for(MINUTE);
    assert!(
        world
            .call_uploads(|uploads, _| uploads.forget_tags())
            .is_err_and(|error| error.status == FIO_E_STORE)
    );
    assert!(first.iter().all(|key| world.start_again(key, false).is_err()));
    world.disk.refuse_reads(None);
    world.run_for(10 * MINUTE);
    assert_eq!(known_others(&mut world, 1_000), 1_000);
    world.disk.refuse_writes(Some(FIO_E_STORE_FULL));
    let second = add_tagged(&mut world, 5);
    world.run_for(MINUTE);
    for key in &second {
        world.remove(world.watch.tracked[key].id).expect("it is over");
    }
    assert!(second.iter().all(|key| world.start_again(key, false).is_err()));
    world.disk.refuse_writes(None);
    world.run_for(10 * MINUTE);
    world.restart();
    assert_eq!(known_others(&mut world, 1_000), 1_000);
    assert!(first.iter().chain(&second).all(|key| world.start_again(key, false).is_err()));
    let left: Vec<String> = world.disk.keys().into_iter().filter(|key| key.starts_with("upload-")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn so_many_are_remembered_as_the_application_says() {
    let mut world = remembering(1, 9_000);
    world.settings.uploads.tags_remembered = 4_000;
    world.restart();
    let left = known_others(&mut world, 9_000);
    assert!((4_000..4_000 + BLOCK as u64).contains(&left), "{left}");
    assert!(known(&mut world, &other(9_000)).is_some() && known(&mut world, &other(1)).is_none());
    // Without a memory, the list is all there is.
    world.settings.uploads.tags_remembered = 0;
    world.restart();
    let keys = add_tagged(&mut world, 3);
    world.run_for(MINUTE);
    assert_eq!(known_others(&mut world, 9_000), 0);
    let listed = world.ask(|engine, _| engine.uploads().queue().ids());
    for key in &keys {
        let is_listed = listed.contains(&world.watch.tracked[key].id);
        assert_eq!(world.start_again(key, false).is_err(), is_listed);
    }
    assert_eq!(world.disk.keys().iter().filter(|key| key.starts_with("tags-")).count(), 0);
}
