//! Files that are uploaded while they are recorded.

use super::app::{New, paired};
use crate::world::{HOUR, MINUTE, SECOND, World};
use fio_c2c::status::*;
use fio_c2c::upload::recording::Growth;
use fio_c2c::upload::{RecordingSpec, UploadId, UploadState};

const MIB: u64 = 1 << 20;

fn recording() -> (World, UploadId) {
    begun(New::recording())
}

fn begun(new: New) -> (World, UploadId) {
    let mut world = paired(3);
    let id = world.upload(new);
    (world, id)
}

/// One that stands at so many bytes, as it has for a while.
fn recorded(new: New, bytes: u64) -> (World, UploadId) {
    let (mut world, id) = begun(new);
    world.record(id, bytes).expect("it is running");
    world.run_for(MINUTE);
    (world, id)
}

const HELD_HEAD: u64 = 64 << 10;

fn with_held_head() -> (World, UploadId) {
    let spec = RecordingSpec { held_head: HELD_HEAD, ..RecordingSpec::default() };
    recorded(New { recording: Some(spec), ..New::recording() }, 13 * MIB)
}

/// What the device pushes instead of writing it to a card.
fn pushed(held_head: u64) -> (World, UploadId) {
    let (mut world, id) = begun(New::pushed(held_head));
    for _ in 0..7 {
        world.record(id, MIB).expect("there is room");
        world.run_for(10 * SECOND);
    }
    (world, id)
}

fn stored(world: &World) -> Vec<u32> {
    let parts = world.service.asset(0).parts();
    parts.filter(|(_, part)| part.is_stored()).map(|(number, _)| number).collect()
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
    let end = Growth::new(RecordingSpec::default()).start(2);
    let (mut world, id) = recorded(New::recording(), end);
    assert_eq!(stored(&world), [1], "the second may be the last");
    world.finish_recording(id, None).expect("it is running");
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    assert_eq!(stored(&world), [1, 2]);
    world.judge_uploads();
}

#[test]
fn a_held_head_goes_last_as_the_camera_has_rewritten_it() {
    let (mut world, id) = with_held_head();
    assert_eq!(stored(&world), [2]);
    world.rewrite_head(id, HELD_HEAD);
    world.stops_well(id);
}

#[test]
fn a_held_head_stays_held_over_a_power_cut() {
    let (mut world, id) = with_held_head();
    world.cut_power_and_boot();
    world.record(id, MIB).expect("it goes on");
    world.run_for(MINUTE);
    assert_eq!(stored(&world), [2]);
    world.rewrite_head(id, HELD_HEAD);
    world.stops_well(id);
}

#[test]
fn a_name_may_come_at_the_end() {
    let (mut world, id) = recorded(New { is_nameless: true, ..New::recording() }, 7 * MIB);
    assert!(world.service.asset(0).has_placeholder);
    world.finish_recording(id, None).expect("it is running");
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    assert_eq!(world.service.asset(0).name, format!("take {id}.mov"));
}

#[test]
fn a_power_cut_in_the_middle_ends_it_as_far_as_the_file_goes() {
    let (mut world, id) = recorded(New::recording(), 12 * MIB);
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
fn a_power_cut_that_costs_bytes_that_were_sent_sends_the_rest_again() {
    let (mut world, id) = recorded(New::recording(), 12 * MIB);
    let path = world.watch.of(id).path.clone();
    world.cut_power();
    world.card.change(&path, true, |contents| contents.size = 7 * MIB);
    world.boot();
    assert_eq!(world.see_through(id, HOUR), UploadState::Done);
    assert_eq!(world.info(id).size, 7 * MIB);
    world.judge_uploads();
}

/// The storage has the part, the device does not know, and its URLs are a matter of the past.
#[test]
fn a_power_cut_between_a_part_and_its_answer_is_no_obstacle() {
    let (mut world, id) = recording();
    world.record(id, 7 * MIB).expect("it is running");
    world.run_until_stored(1);
    world.cut_power_and_boot();
    world.record(id, MIB).expect("it goes on");
    world.finish_recording(id, None).expect("it is running");
    assert_eq!(world.see_through(id, HOUR), UploadState::Done);
    world.judge_uploads();
}

#[test]
fn after_a_power_cut_a_404_is_no_evidence_that_the_last_part_is_there() {
    let (mut world, id) = recording();
    world.record(id, 2 * MIB).expect("it is running");
    world.finish_recording(id, None).expect("it is running");
    world.run_until_stored(1);
    world.cut_power_and_boot();
    assert_eq!(world.see_through(id, HOUR), UploadState::Done);
    assert_eq!(world.service.assets.creations, 2);
    world.judge_uploads();
}

#[test]
fn pushed_data_is_a_recording_without_a_file() {
    let (mut world, id) = pushed(4096);
    world.rewrite_head(id, 4096);
    world.stops_well(id);
}

#[test]
fn pushed_data_goes_on_after_a_restart_where_it_is_missing() {
    let (mut world, id) = pushed(0);
    world.cut_power_and_boot();
    world.run_for(MINUTE);
    world.waits_for(id, FIO_E_SOURCE_NEEDED);
    world.attach(id).expect("it waits for that");
    assert_eq!(world.info(id).size, 5 * MIB, "from there on it has to be pushed again");
    world.record(id, 3 * MIB).expect("there is room");
    world.stops_well(id);
}

#[test]
fn a_finished_recording_that_lost_every_byte_cannot_be_retried() {
    let (mut world, id) = recorded(New::recording(), 7 * MIB);
    let path = world.watch.of(id).path.clone();
    world.finish_recording(id, None).expect("it is running");
    world.card.change(&path, true, |contents| contents.size = 0);
    assert_eq!(world.see_through(id, MINUTE), UploadState::Failed);
    assert_eq!(world.reason(id), FIO_E_SOURCE_CHANGED);
    let refused = world.retry(id).expect_err("nothing is left of it");
    assert_eq!((refused.status, world.upload_state(id)), (FIO_E_SOURCE_EMPTY, UploadState::Failed));
}
