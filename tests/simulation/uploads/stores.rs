//! A store that fails is no reason to stand still.

use super::app::{New, paired};
use crate::store::WRITE_FAULTS;
use crate::world::{MINUTE, World};
use fio_c2c::engine::effects::Event;
use fio_c2c::status::*;
use fio_c2c::upload::{UploadId, UploadState, record};

fn failures(world: &World) -> usize {
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
    let left = world.ask(|engine, _| engine.uploads().queue().ids());
    assert_eq!(left.len(), 2);
    for id in all {
        let done = |event: &Event| matches!(event, Event::Upload(info) if info.id == id && info.state == UploadState::Done);
        assert_eq!(world.count_events(done), 1, "each is told, also if it is forgotten at once");
    }
}

/// Half sent, with URLs in a record of their own, and without power.
fn half_sent_and_switched_off() -> (World, UploadId) {
    let mut world = paired(4);
    world.settings.uploads.parallel_parts = 1;
    world.restart();
    let id = world.upload(New::file(20_000));
    world.run_until_stored(100);
    assert!(world.disk.holds(&record::url_key(id)));
    world.cut_power();
    (world, id)
}

#[test]
fn a_record_that_cannot_be_read_at_first_is_told_and_read_again_and_costs_no_part() {
    for (prefix, times) in
        [("upload-", 1), ("upload-", 4), ("addresses-", 1), ("addresses-", 4), ("queue", 3)]
    {
        let (mut world, id) = half_sent_and_switched_off();
        world.disk.refuse_reads_of(prefix, times);
        world.boot();
        let new = world.upload(New::file(500));
        assert_ne!(new, id, "{prefix}");
        assert_eq!(world.see_through(new, 10 * MINUTE), UploadState::Done, "{prefix}");
        world.run_for(10 * MINUTE);
        assert_eq!(world.upload_state(id), UploadState::Done, "{prefix}");
        assert_eq!(world.service.assets.creations, 2, "{prefix}");
        // The one that was under way when the power went may go twice.
        assert!((205..=206).contains(&world.network.sent_parts), "{prefix}: {}", world.network.sent_parts);
        assert_eq!(failures(&world), 1, "{prefix}");
        assert_eq!(world.count_events(|event| matches!(event, Event::StoreRecovered)), 1, "{prefix}");
        world.judge_uploads();
    }
}

#[test]
fn an_upload_whose_urls_cannot_be_read_says_what_it_waits_for() {
    let (mut world, id) = half_sent_and_switched_off();
    world.disk.refuse_reads_of("addresses-", u32::MAX);
    world.boot();
    world.run_for(MINUTE);
    assert_eq!((world.upload_state(id), world.reason(id)), (UploadState::Waiting, FIO_E_NOMEM));
    // Another one is not kept waiting by it.
    let other = world.upload(New::file(500));
    assert_eq!(world.see_through(other, MINUTE), UploadState::Done);
    world.disk.refuse_reads_of("addresses-", 0);
    assert_eq!(world.see_through(id, 10 * MINUTE), UploadState::Done);
    world.judge_uploads();
}

#[test]
fn ids_are_not_given_twice_while_a_record_is_unread() {
    for prefix in ["upload-", "queue"] {
        let (mut world, id) = half_sent_and_switched_off();
        world.disk.refuse_reads_of(prefix, u32::MAX);
        world.boot();
        let first = world.upload(New::file(500));
        world.cut_power();
        world.boot();
        let second = world.upload(New::file(500));
        assert!(first != id && second != id && first != second, "{prefix}: {id}, {first}, {second}");
    }
}

#[test]
fn a_queue_that_may_be_paused_does_not_go_on_before_that_is_known() {
    let mut world = paired(4);
    world.pause_queue(true);
    let id = world.upload(New::file(500));
    world.cut_power();
    world.disk.refuse_reads_of("queue", 2);
    world.boot();
    world.run_for(10 * MINUTE);
    assert_eq!((world.upload_state(id), world.network.sent_parts), (UploadState::Waiting, 0));
    assert_eq!(world.reason(id), FIO_E_UPLOAD_PAUSED);
    world.pause_queue(false);
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
}

#[test]
fn damaged_urls_are_told_and_the_upload_starts_over() {
    let (mut world, id) = half_sent_and_switched_off();
    let key = record::url_key(id);
    let mut bytes = world.disk.get(&key).expect("it has URLs of their own");
    bytes[100] ^= 1;
    world.disk.put(&key, &bytes);
    world.boot();
    assert_eq!(world.see_through(id, 10 * MINUTE), UploadState::Done);
    let damaged = |event: &Event| matches!(event, Event::StoreDamaged(error) if error.message.contains(&key));
    assert_eq!(world.count_events(damaged), 1);
    assert_eq!(world.disk.get(&format!("{key}.damaged")), Some(bytes));
    assert_eq!(world.service.assets.creations, 2);
}
