//! Files that are uploaded while they are recorded.

use super::app::{New, paired};
use crate::world::{HOUR, MINUTE, SECOND, World};
use fio_c2c::status::*;
use fio_c2c::upload::recording::Growth;
use fio_c2c::upload::{RecordingSpec, UploadId, UploadState};

const MIB: u64 = 1 << 20;

fn recording() -> (World, UploadId) {
    let mut world = paired(3);
    let id = world.upload(New::recording());
    (world, id)
}

fn stored(world: &World) -> Vec<u32> {
    let slots = &world.service.assets.list[0].slots;
    slots.iter().filter(|(_, slot)| slot.stored.is_some()).map(|(&number, _)| number).collect()
}

#[test]
fn parts_leave_while_it_is_recorded_and_the_last_one_at_its_end() {
    let (mut world, id) = recording();
    for _ in 0..12 {
        world.record(id, MIB).expect("it is running");
        world.run_for(10 * SECOND);
    }
    assert_eq!(stored(&world), [1, 2]);
    world.finish_recording(id, None).expect("it is running");
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    assert_eq!(stored(&world), [1, 2, 3]);
    world.judge_uploads();
}

#[test]
fn one_that_ends_exactly_where_a_part_ends_has_no_empty_part() {
    let (mut world, id) = recording();
    let end = Growth::new(RecordingSpec::default()).start(2);
    world.record(id, end).expect("it is running");
    world.run_for(MINUTE);
    assert_eq!(stored(&world), [1], "the second may be the last");
    world.finish_recording(id, None).expect("it is running");
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    assert_eq!(stored(&world), [1, 2]);
    world.judge_uploads();
}

#[test]
fn a_held_head_goes_last_as_the_camera_has_rewritten_it() {
    let mut world = paired(3);
    let held_head = 64 << 10;
    let spec = RecordingSpec { held_head, ..RecordingSpec::default() };
    let id = world.upload(New { recording: Some(spec), ..New::recording() });
    world.record(id, 13 * MIB).expect("it is running");
    world.run_for(MINUTE);
    assert_eq!(stored(&world), [2]);
    world.rewrite_head(id, held_head);
    world.finish_recording(id, None).expect("it is running");
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    world.judge_uploads();
}

#[test]
fn a_held_head_stays_held_over_a_power_cut() {
    let mut world = paired(3);
    let held_head = 64 << 10;
    let spec = RecordingSpec { held_head, ..RecordingSpec::default() };
    let id = world.upload(New { recording: Some(spec), ..New::recording() });
    world.record(id, 13 * MIB).expect("it is running");
    world.run_for(MINUTE);
    world.cut_power();
    world.boot();
    world.record(id, MIB).expect("it goes on");
    world.run_for(MINUTE);
    assert_eq!(stored(&world), [2]);
    world.rewrite_head(id, held_head);
    world.finish_recording(id, None).expect("it is running");
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    world.judge_uploads();
}

#[test]
fn a_name_may_come_at_the_end() {
    let mut world = paired(3);
    let id = world.upload(New { is_nameless: true, ..New::recording() });
    world.record(id, 7 * MIB).expect("it is running");
    world.run_for(MINUTE);
    assert_eq!(world.service.assets.list[0].name, None);
    world.finish_recording(id, None).expect("it is running");
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    assert_eq!(world.service.assets.list[0].name, Some(format!("take {id}.mov")));
}

#[test]
fn a_power_cut_in_the_middle_ends_it_as_far_as_the_file_goes() {
    let (mut world, id) = recording();
    world.record(id, 12 * MIB).expect("it is running");
    world.run_for(MINUTE);
    let path = world.watch.of(id).path.clone();
    world.cut_power();
    // What the card had still to write.
    world.card.change(&path, false, |contents| contents.size += 1234);
    world.boot();
    assert_eq!(world.see_through(id, HOUR), UploadState::Done);
    assert_eq!((world.info(id).size, world.service.assets.creations), (12 * MIB + 1234, 1));
    world.judge_uploads();
}

#[test]
fn a_power_cut_that_costs_bytes_that_were_sent_sends_the_rest_anew() {
    let (mut world, id) = recording();
    world.record(id, 12 * MIB).expect("it is running");
    world.run_for(MINUTE);
    let path = world.watch.of(id).path.clone();
    world.cut_power();
    world.card.change(&path, true, |contents| contents.size = 7 * MIB);
    world.boot();
    assert_eq!(world.see_through(id, HOUR), UploadState::Done);
    assert_eq!(world.info(id).size, 7 * MIB);
    world.judge_uploads();
}

/// The storage has the part, the device does not know, and its addresses are a matter of the past.
#[test]
fn a_power_cut_between_a_part_and_its_answer_is_no_obstacle() {
    let (mut world, id) = recording();
    world.record(id, 7 * MIB).expect("it is running");
    while world.service.assets.list.is_empty() || stored(&world).is_empty() {
        world.run_for(1);
    }
    world.cut_power();
    world.boot();
    world.record(id, MIB).expect("it goes on");
    world.finish_recording(id, None).expect("it is running");
    assert_eq!(world.see_through(id, HOUR), UploadState::Done);
    world.judge_uploads();
}

#[test]
fn the_lost_answer_of_the_last_part_and_a_power_cut_leave_it_done_once() {
    let (mut world, id) = recording();
    world.record(id, 2 * MIB).expect("it is running");
    world.finish_recording(id, None).expect("it is running");
    while world.service.assets.list.is_empty() || stored(&world).is_empty() {
        world.run_for(1);
    }
    world.cut_power();
    world.boot();
    assert_eq!(world.see_through(id, HOUR), UploadState::Done);
    assert_eq!(world.service.assets.creations, 1);
    world.judge_uploads();
}

#[test]
fn pushed_data_is_a_recording_without_a_file() {
    let mut world = paired(3);
    let id = world.upload(New::pushed(4096));
    for _ in 0..7 {
        world.record(id, MIB).expect("there is room");
        world.run_for(10 * SECOND);
    }
    world.rewrite_head(id, 4096);
    world.finish_recording(id, None).expect("it is running");
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    world.judge_uploads();
}

#[test]
fn pushed_data_goes_on_after_a_restart_where_it_is_missing() {
    let mut world = paired(3);
    let id = world.upload(New::pushed(0));
    for _ in 0..7 {
        world.record(id, MIB).expect("there is room");
        world.run_for(10 * SECOND);
    }
    world.cut_power();
    world.boot();
    world.run_for(MINUTE);
    assert_eq!((world.upload_state(id), world.reason(id)), (UploadState::Waiting, FIO_E_SOURCE_NEEDED));
    world.attach(id).expect("it waits for that");
    assert_eq!(world.info(id).size, 5 * MIB, "from there on it has to be pushed again");
    world.record(id, 3 * MIB).expect("there is room");
    world.finish_recording(id, None).expect("it is running");
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    world.judge_uploads();
}
