//! A store that cannot be written for a while must not cost the pairing, nor hide that it is in danger.

use crate::faults::answered;
use crate::service::Rules;
use crate::world::{HOUR, MINUTE, World};
use fio_c2c::engine::effects::Event;
use fio_c2c::engine::{AuthState, Operation};
use fio_c2c::status::*;

fn paired() -> World {
    let mut world = World::new(19, Rules::default());
    world.pair();
    world
}

fn failed(event: &Event) -> bool {
    matches!(event, Event::StoreFailed(_))
}

fn recovered(event: &Event) -> bool {
    matches!(event, Event::StoreRecovered)
}

#[test]
fn a_pair_that_cannot_be_stored_is_told_once_and_stored_when_the_disk_is_back() {
    let mut world = paired();
    let op = world.start(Operation::Refresh).expect("the device is paired");
    world.disk.refuse_writes(Some(FIO_E_STORE_FULL));
    assert_eq!(world.finish(op, MINUTE), FIO_OK);
    world.run_for(10 * MINUTE);
    assert_eq!((world.count_events(failed), world.count_events(recovered)), (1, 0));
    assert_ne!(world.stored_refresh_token(), world.service.current_refresh_token());
    assert_eq!(world.run(Operation::Heartbeat), FIO_OK, "the tokens are good all the same");

    world.disk.refuse_writes(None);
    world.run_for(2 * MINUTE);
    assert_eq!((world.count_events(failed), world.count_events(recovered)), (1, 1));
    assert_eq!(world.stored_refresh_token(), world.service.current_refresh_token());
}

#[test]
fn a_scheduled_refresh_waits_for_the_store_while_the_access_token_lives() {
    let mut world = paired();
    world.run_for(7 * HOUR);
    world.disk.refuse_writes(Some(FIO_E_STORE));
    world.run_for(50 * MINUTE);
    assert_eq!(world.network.sent_refreshes, 0);
    assert_eq!(world.count_events(failed), 1);
    world.disk.refuse_writes(None);
    world.run_for(2 * MINUTE);
    assert_eq!(world.network.sent_refreshes, 1);
    assert_eq!(world.stored_refresh_token(), world.service.current_refresh_token());
}

#[test]
fn when_the_access_token_ends_the_refresh_waits_no_longer() {
    let mut world = paired();
    world.run_for(7 * HOUR);
    world.disk.refuse_writes(Some(FIO_E_STORE));
    world.run_for(70 * MINUTE);
    assert_eq!(world.network.sent_refreshes, 1);
    assert_eq!(world.state(), AuthState::Authorized);
}

#[test]
fn who_waits_for_a_refresh_is_not_kept_waiting_by_the_store() {
    let mut world = paired();
    world.disk.refuse_writes(Some(FIO_E_STORE));
    world.network.plan([answered(503, "")]);
    let op = world.start(Operation::Refresh).expect("the device is paired");
    assert_eq!(world.finish(op, MINUTE), FIO_OK);
}

#[test]
fn tokens_of_the_past_in_a_store_that_fell_behind_are_not_taken_for_newer_ones() {
    let mut world = paired();
    world.disk.refuse_writes(Some(FIO_E_STORE));
    assert_eq!(world.run(Operation::Refresh), FIO_OK);
    world.service.revoke_all();
    assert_eq!(world.run(Operation::Refresh), FIO_E_AUTHORIZATION_LOST);
    assert_eq!(world.state(), AuthState::Unpaired);
}
