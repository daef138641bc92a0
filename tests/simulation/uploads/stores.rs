//! A store that fails is no reason to stand still.

use super::app::{New, paired};
use crate::store::WRITE_FAULTS;
use crate::world::MINUTE;
use fio_c2c::engine::effects::Event;
use fio_c2c::status::*;
use fio_c2c::upload::UploadState;

fn failures(world: &crate::world::World) -> usize {
    world.count_events(|event| matches!(event, Event::StoreFailed(_)))
}

#[test]
fn uploads_go_on_in_memory_while_the_store_cannot_be_written_and_it_is_told_once() {
    for fault in WRITE_FAULTS {
        let mut world = paired(4);
        world.disk.refuse_writes(Some(fault));
        let first = world.upload(New::file(500));
        assert_eq!(world.see_through(first, MINUTE), UploadState::Done);
        let second = world.upload(New::file(500));
        world.pause_upload(second).expect("it is not over");
        world.run_for(10 * MINUTE);
        assert_eq!(failures(&world), 1);
        world.disk.refuse_writes(None);
        world.run_for(2 * MINUTE);
        assert_eq!(world.count_events(|event| matches!(event, Event::StoreRecovered)), 1);
        world.restart();
        assert_eq!(
            (world.upload_state(first), world.upload_state(second)),
            (UploadState::Done, UploadState::Waiting)
        );
        world.resume_upload(second).expect("it is paused");
        assert_eq!(world.see_through(second, MINUTE), UploadState::Done);
    }
}

#[test]
fn a_store_that_cannot_be_read_at_the_start_is_read_later_and_its_uploads_go_on() {
    let mut world = paired(4);
    world.pause_queue(true);
    let old = world.upload(New::file(500));
    world.cut_power();
    world.disk.refuse_reads(Some(FIO_E_STORE));
    world.boot();
    let new = world.upload(New::file(500));
    assert_ne!(old, new);
    world.run_for(5 * MINUTE);
    world.disk.refuse_reads(None);
    world.run_for(5 * MINUTE);
    world.pause_queue(false);
    world.run_for(MINUTE);
    assert_eq!((world.upload_state(old), world.upload_state(new)), (UploadState::Done, UploadState::Done));
    world.judge_uploads();
}

#[test]
fn what_is_over_is_remembered_as_long_as_asked_for() {
    let mut world = paired(4);
    world.settings.uploads.history = 2;
    world.restart();
    let all: Vec<_> = (0..5).map(|_| world.upload(New::file(50))).collect();
    world.run_for(MINUTE);
    let left = world.ask(|engine, _| engine.upload_ids());
    assert_eq!(left.len(), 2);
    for id in all {
        let done = |event: &Event| matches!(event, Event::Upload(info) if info.id == id && info.state == UploadState::Done);
        assert_eq!(world.count_events(done), 1, "each is told, also if it is forgotten at once");
    }
}
