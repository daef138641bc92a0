//! With nothing to do uploads sleep, and what is done costs the same however long the queue is.

use super::app::{New, paired};
use crate::world::{MINUTE, World};
use fio_c2c::engine::Operation;
use fio_c2c::status::FIO_OK;
use fio_c2c::upload::UploadState;

fn sleeps(world: &mut World) {
    let end = world.time + 10 * MINUTE;
    let (sent, writes) = (world.network.sent, world.disk.writes());
    while world.time < end {
        assert!(world.on().deadline().is_none_or(|at| at > end), "asks to be woken");
        world.run_for(1_000);
    }
    world.tick();
    assert_eq!((world.network.sent, world.disk.writes()), (sent, writes));
}

#[test]
fn an_empty_queue_sleeps() {
    let mut world = paired(5);
    sleeps(&mut world);
    let id = world.upload(New::file(500));
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    world.run_for(MINUTE);
    sleeps(&mut world);
}

#[test]
fn a_queue_of_what_must_wait_sleeps() {
    let mut world = paired(5);
    let paused = world.upload(New::file(500));
    world.pause_upload(paused).expect("it is not over");
    world.pause_queue(true);
    let other = world.upload(New::file(500));
    world.service.put_in("project-2");
    assert_eq!(world.run(Operation::DeviceInfo), FIO_OK);
    world.pause_queue(false);
    world.run_for(MINUTE);
    assert_eq!([paused, other].map(|id| world.upload_state(id)), [UploadState::Waiting; 2]);
    sleeps(&mut world);
}

#[test]
fn a_paused_queue_sleeps() {
    let mut world = paired(5);
    for _ in 0..20 {
        world.upload(New::file(500));
    }
    world.pause_queue(true);
    world.run_for(MINUTE);
    sleeps(&mut world);
}

#[test]
fn a_recording_that_does_not_grow_lets_the_engine_sleep() {
    let mut world = paired(5);
    world.settings.uploads.progress_interval = std::time::Duration::ZERO;
    world.restart();
    let id = world.upload(New::recording());
    world.record(id, 1 << 20).expect("it is running");
    world.run_for(MINUTE);
    sleeps(&mut world);
}
