//! Pauses and projects: footage goes to no production it was not made for, nor to any if it was made in
//! a pause.

use super::app::{New, paired};
use crate::world::{HOUR, MINUTE, SECOND, World};
use fio_c2c::engine::Operation;
use fio_c2c::status::*;
use fio_c2c::upload::{UploadId, UploadState};

/// A file that was queued for one project, of a device that is in another by now.
fn left_behind() -> (World, UploadId) {
    let mut world = paired(2);
    world.pause_queue(true);
    let id = world.upload(New::file(300));
    world.move_device("project-2");
    world.pause_queue(false);
    (world, id)
}

#[test]
fn media_of_a_pause_is_skipped_and_no_other() {
    let mut world = paired(2);
    world.run_for(HOUR);
    let time = world.time;
    world.service.set_paused(true, time - 30 * MINUTE);
    world.service.set_paused(false, time - 20 * MINUTE);
    let before = world.upload(New { age: 40 * MINUTE, says_when: true, ..New::file(300) });
    let during = world.upload(New { age: 25 * MINUTE, says_when: true, ..New::file(300) });
    let after = world.upload(New { age: 5 * MINUTE, says_when: true, ..New::file(300) });
    world.run_for(MINUTE);
    let states = [before, during, after].map(|id| world.upload_state(id));
    assert_eq!(states, [UploadState::Done, UploadState::Skipped, UploadState::Done]);
    assert_eq!(world.reason(during), FIO_E_CHANNEL_PAUSED);
    world.judge_uploads();
}

#[test]
fn what_was_queued_for_one_project_waits_while_the_device_is_in_another() {
    let (mut world, id) = left_behind();
    world.run_for(HOUR);
    world.waits_for(id, FIO_E_OTHER_PROJECT);
    let other = world.upload(New::file(300));
    assert_eq!(world.see_through(other, MINUTE), UploadState::Done);

    world.move_device("project-1");
    world.ends_well(id);
}

#[test]
fn uploads_go_on_where_the_service_names_no_project() {
    for asset_names_it in [false, true] {
        let mut world = paired(2);
        world.run(Operation::Revoke);
        world.service.rules.names_no_project = true;
        world.service.assets.rules.names_project = asset_names_it;
        world.pair();
        let first = world.upload(New::file(300));
        world.ends_well(first);
        world.restart();
        let second = world.upload(New::file(300));
        world.ends_well(second);
        assert_eq!(world.service.assets.creations, 2);
    }
}

#[test]
fn what_is_known_of_the_project_stays_when_the_service_stops_naming_it() {
    let (mut world, id) = left_behind();
    world.waits_for(id, FIO_E_OTHER_PROJECT);
    world.service.rules.names_no_project = true;
    assert_eq!(world.run(Operation::DeviceInfo), FIO_OK);
    world.run_for(HOUR);
    world.waits_for(id, FIO_E_OTHER_PROJECT);
    assert_eq!(world.service.assets.creations, 0);
}

#[test]
fn a_move_sends_it_to_the_present_project() {
    let (mut world, id) = left_behind();
    world.move_to_project(id).expect("it waits for another project");
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    assert_eq!(world.service.asset(0).project.name, "project-2");
    world.judge_uploads();
}

#[test]
fn a_move_of_the_device_in_the_moment_of_the_creation_puts_no_bytes_in_the_wrong_place() {
    let mut world = paired(2);
    world.service.put_in("project-2");
    let id = world.upload(New::file(300));
    world.run_for(MINUTE);
    world.waits_for(id, FIO_E_OTHER_PROJECT);
    assert_eq!(world.service.asset(0).parts_stored(), 0);
    world.judge_uploads();
}

#[test]
fn after_a_start_nothing_is_begun_before_the_service_has_named_the_project() {
    let mut world = paired(2);
    world.pause_queue(true);
    let id = world.upload(New::file(300));
    world.cut_power();
    world.service.put_in("project-2");
    world.boot();
    world.pause_queue(false);
    world.run_for(MINUTE);
    assert_eq!((world.upload_state(id), world.service.assets.creations), (UploadState::Waiting, 0));
}

#[test]
fn what_is_queued_after_a_new_pairing_is_for_its_project() {
    let mut world = paired(2);
    world.lose_authorization();
    world.service.put_in("project-2");
    // The new pairing is there, and its device information is not: no answer for a while.
    let op = world.start(Operation::Pair { codes: 1 }).expect("a pairing can be started");
    world.run_for(2 * SECOND);
    world.decide(true);
    while !world.is_paired() {
        world.run_for(1);
    }
    let id = world.upload(New::file(300));
    assert_eq!(world.finish(op, MINUTE), FIO_OK);
    world.ends_well(id);
}

#[test]
fn what_is_queued_without_a_pairing_is_for_the_next() {
    let mut world = World::new(2, Default::default());
    let id = world.upload(New::file(300));
    world.run_for(MINUTE);
    world.waits_for(id, FIO_E_NOT_AUTHORIZED);
    world.pair();
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
}

#[test]
fn what_was_never_sent_is_not_done_when_the_authorization_ends_in_a_pause() {
    let mut world = paired(2);
    let id = world.upload(New::file(300));
    world.pause_queue(true);
    world.lose_authorization();
    world.pause_queue(false);
    world.run_for(MINUTE);
    world.waits_for(id, FIO_E_NOT_AUTHORIZED);
    world.pair();
    world.ends_well(id);
}
