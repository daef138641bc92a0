//! Giving an authorization back: the tokens leave the device first, whatever the network says.

use crate::faults::Fate;
use crate::service::Rules;
use crate::world::{MINUTE, SECOND, World};
use fio_c2c::engine::effects::Event;
use fio_c2c::engine::{AuthState, Operation};
use fio_c2c::status::*;

fn paired() -> World {
    let mut world = World::new(17, Rules::default());
    world.pair();
    world
}

#[test]
fn a_revocation_during_a_refresh_revokes_the_newest_token() {
    let mut world = paired();
    world.network.plan([Fate::Late(3 * SECOND)]);
    let refresh = world.start(Operation::Refresh).expect("the device is paired");
    while world.service.visits.refreshes == 0 {
        world.run_for(1);
    }
    let revoke = world.start(Operation::Revoke).expect("the device is paired");
    assert_eq!(world.status(refresh), Some(FIO_E_NOT_AUTHORIZED));
    assert_eq!(world.state(), AuthState::Unpaired);
    assert!(!world.disk.holds("auth"));
    assert_eq!(world.finish(revoke, MINUTE), FIO_OK);
    assert_eq!((world.service.visits.revokes, world.service.count_alive()), (1, 0));
    assert!(!world.disk.holds("auth"));
}

#[test]
fn a_refresh_that_fails_under_a_revocation_leaves_the_old_token_to_revoke() {
    let mut world = paired();
    world.network.plan([Fate::NeverArrives(FIO_E_RESET)]);
    world.start(Operation::Refresh).expect("the device is paired");
    assert_eq!(world.run(Operation::Revoke), FIO_OK);
    assert_eq!(world.service.count_alive(), 0);
}

#[test]
fn calls_under_way_end_when_the_authorization_is_given_back() {
    let mut world = paired();
    let heartbeat = world.start(Operation::Heartbeat).expect("the device is paired");
    let revoke = world.start(Operation::Revoke).expect("the device is paired");
    assert_eq!(world.status(heartbeat), Some(FIO_E_NOT_AUTHORIZED));
    assert_eq!(world.finish(revoke, MINUTE), FIO_OK);
}

#[test]
fn without_a_network_the_tokens_are_gone_all_the_same() {
    let mut world = paired();
    world.network.weather.outage = true;
    let revoke = world.start(Operation::Revoke).expect("the device is paired");
    assert!(!world.disk.holds("auth"));
    assert_ne!(world.finish(revoke, 10 * MINUTE), FIO_OK);
    assert_eq!(world.state(), AuthState::Unpaired);
    world.restart();
    assert_eq!(world.state(), AuthState::Unpaired);
}

#[test]
fn a_store_that_refuses_to_forget_is_asked_again_until_it_does() {
    let mut world = paired();
    world.disk.refuse_writes(Some(FIO_E_STORE_READ_ONLY));
    assert_eq!(world.run(Operation::Revoke), FIO_OK);
    assert_eq!(world.count_events(|event| matches!(event, Event::StoreFailed(_))), 1);
    assert!(world.disk.holds("auth"));
    world.disk.refuse_writes(None);
    world.run_for(2 * MINUTE);
    assert!(!world.disk.holds("auth"));
    assert_eq!(world.count_events(|event| matches!(event, Event::StoreRecovered)), 1);
}
