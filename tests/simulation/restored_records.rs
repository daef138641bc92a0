//! What a start finds in the store and must not use is set aside and told.

use crate::service::Rules;
use crate::world::{MINUTE, World, seal_key};
use fio_c2c::engine::effects::Event;
use fio_c2c::engine::{AuthState, Operation};
use fio_c2c::error::Error;
use fio_c2c::status::*;

fn paired_and_switched_off() -> World {
    let mut world = World::new(13, Rules::default());
    world.pair();
    world.cut_power();
    world
}

/// Starts, and holds that the record was set aside and one event says so.
fn finds_nothing_usable(world: &mut World, why: &str) {
    let record = world.disk.get("auth").expect("there is a record");
    world.boot();
    assert_eq!(world.state(), AuthState::Unpaired);
    let complaints: Vec<&Error> = world.events().filter_map(complaint).collect();
    assert_eq!(complaints.len(), 1, "{:?}", world.notices);
    assert_eq!(complaints[0].status, FIO_E_STORE_DAMAGED);
    assert!(complaints[0].message.contains(why), "{}", complaints[0]);
    assert!(!world.disk.holds("auth"));
    assert_eq!(world.disk.get("auth.damaged"), Some(record));
    assert_eq!(world.network.in_flight(), 0);
}

fn complaint(event: &Event) -> Option<&Error> {
    match event {
        Event::StoreDamaged(error) => Some(error),
        _ => None,
    }
}

#[test]
fn a_record_of_another_client_id_is_set_aside() {
    let mut world = paired_and_switched_off();
    world.settings.client_id = "CAM-0043".into();
    finds_nothing_usable(&mut world, "another client id");
}

#[test]
fn a_record_of_another_origin_is_set_aside() {
    let mut world = paired_and_switched_off();
    world.settings.origin = "https://elsewhere.example".into();
    finds_nothing_usable(&mut world, "another base URL");
}

#[test]
fn a_damaged_record_is_set_aside_and_a_new_pairing_takes_its_place() {
    let mut world = paired_and_switched_off();
    let mut record = world.disk.get("auth").expect("there is a record");
    let middle = record.len() / 2;
    record[middle] ^= 1;
    world.disk.put("auth", &record);
    finds_nothing_usable(&mut world, "changed");
    world.pair();
    world.restart();
    assert!(world.is_paired());
}

#[test]
fn a_record_in_the_open_is_not_trusted_by_a_device_that_seals() {
    let mut world = paired_and_switched_off();
    world.seal_key = Some(seal_key(7));
    finds_nothing_usable(&mut world, "not sealed");
}

#[test]
fn a_sealed_record_is_taken_up_with_its_key_and_set_aside_without() {
    let mut world = World::switched_off(13, Rules::default());
    world.seal_key = Some(seal_key(7));
    world.boot();
    world.pair();
    world.restart();
    assert!(world.is_paired());
    world.cut_power();
    world.seal_key = Some(seal_key(8));
    finds_nothing_usable(&mut world, "another key");
}

#[test]
fn a_store_that_cannot_be_read_is_told_once_and_read_again_until_it_can() {
    let mut world = paired_and_switched_off();
    world.disk.refuse_reads(Some(FIO_E_STORE));
    world.boot();
    world.run_for(10 * MINUTE);
    assert!(!world.is_paired());
    assert_eq!(world.count_events(|event| matches!(event, Event::StoreFailed(_))), 3, "one for each record");
    world.disk.refuse_reads(None);
    world.run_for(2 * MINUTE);
    assert!(world.is_paired());
    assert_eq!(world.count_events(|event| matches!(event, Event::StoreRecovered)), 2, "pairing and queue");
}

#[test]
fn a_new_pairing_ends_the_wait_for_a_store_that_could_not_be_read() {
    let mut world = paired_and_switched_off();
    world.disk.refuse_reads(Some(FIO_E_STORE));
    world.boot();
    world.pair();
    world.disk.refuse_reads(None);
    world.run_for(10 * MINUTE);
    world.restart();
    assert!(world.is_paired());
    assert_eq!(world.run(Operation::Refresh), FIO_OK);
}
