//! The power goes at each of the moments that matter to a refresh.

use crate::service::Rules;
use crate::store::Cut;
use crate::world::{HOUR, MINUTE, World};
use fio_c2c::engine::{AuthState, Operation};
use fio_c2c::status::*;

fn paired() -> World {
    let mut world = World::new(11, Rules::default());
    world.pair();
    world
}

/// Starts a refresh, lets the power go with the next write, and returns how many requests had left.
fn refresh_with_cut(world: &mut World, cut: Cut) -> u64 {
    world.disk.cut_power_at_write(Some(cut));
    world.start(Operation::Refresh).expect("the device is paired");
    world.run_for(MINUTE);
    assert!(world.device.is_none(), "the power went");
    let sent = world.network.sent_refreshes;
    world.boot();
    sent
}

#[test]
fn before_and_after_the_mark_nothing_is_lost() {
    for cut in [Cut::Before, Cut::After] {
        let mut world = paired();
        assert_eq!(refresh_with_cut(&mut world, cut), 0, "nothing leaves without power");
        assert_eq!(world.run(Operation::Refresh), FIO_OK);
    }
}

#[test]
fn a_start_that_finds_the_mark_renews_at_once_while_a_person_is_there() {
    for (cut, expected) in [(Cut::Before, 0), (Cut::After, 1)] {
        let mut world = paired();
        refresh_with_cut(&mut world, cut);
        world.run_for(MINUTE);
        assert_eq!(world.service.visits.refreshes, expected, "{cut:?}");
        assert_eq!(world.state(), AuthState::Authorized);
    }
}

#[test]
fn after_the_request_left_but_before_the_service_saw_it_nothing_is_lost() {
    let mut world = paired();
    world.network.weather.outage = true;
    world.start(Operation::Refresh).expect("the device is paired");
    assert_eq!(world.network.sent_refreshes, 1);
    world.cut_power();
    world.network.weather.outage = false;
    world.boot();
    assert_eq!(world.run(Operation::Refresh), FIO_OK);
    assert_eq!(world.service.visits.refreshes, 1);
}

#[test]
fn after_the_service_acted_the_authorization_is_lost_and_the_message_names_the_interruption() {
    let mut world = paired();
    world.start(Operation::Refresh).expect("the device is paired");
    while world.service.visits.refreshes == 0 {
        world.run_for(1);
    }
    world.cut_power();
    world.boot();
    assert_eq!(world.state(), AuthState::Authorized, "the device cannot know yet");
    let op = world.start(Operation::Refresh).expect("the device seems paired");
    assert_eq!(world.finish(op, MINUTE), FIO_E_AUTHORIZATION_LOST);
    let message = world.message(op);
    assert!(message.contains("lost (power or network)"), "{message}");
    assert_eq!(world.state(), AuthState::Unpaired);
    assert!(!world.disk.holds("auth"));
}

#[test]
fn a_new_pairing_forgets_the_interruption_of_the_old_one() {
    let mut world = paired();
    world.start(Operation::Refresh).expect("the device is paired");
    world.cut_power();
    world.boot();
    world.pair();
    world.service.revoke_all();
    let op = world.start(Operation::Refresh).expect("the device is paired");
    assert_eq!(world.finish(op, MINUTE), FIO_E_AUTHORIZATION_LOST);
    assert!(world.message(op).starts_with("the service refused"), "{}", world.message(op));
}

#[test]
fn after_the_new_pair_was_saved_nothing_is_lost() {
    let mut world = paired();
    world.start(Operation::Refresh).expect("the device is paired");
    world.disk.cut_power_at_write(Some(Cut::After));
    world.run_for(MINUTE);
    assert!(world.device.is_none(), "the power went");
    world.boot();
    assert_eq!(world.stored_refresh_token(), world.service.current_refresh_token());
    assert_eq!(world.run(Operation::Refresh), FIO_OK);
    assert_eq!(world.run(Operation::Heartbeat), FIO_OK);
}

#[test]
fn freeing_the_client_begins_no_refresh_that_nobody_would_hear_the_end_of() {
    let mut world = paired();
    world.start(Operation::Heartbeat).expect("the device is paired");
    // Overdue by now, but nobody has called the engine yet.
    world.sleep_for(9 * HOUR);
    world.shut_down();
    assert_eq!(world.network.sent_refreshes, 0);
    world.boot();
    assert_eq!(world.run(Operation::Heartbeat), FIO_OK);
}

#[test]
fn a_power_cut_while_pairing_leaves_the_device_paired_or_not_but_never_half() {
    for cut in [Cut::Before, Cut::After] {
        let mut world = World::new(11, Rules::default());
        world.start(Operation::Pair { codes: 1 }).expect("a pairing can be started");
        world.run_for(2_000);
        world.decide(true);
        world.disk.cut_power_at_write(Some(cut));
        world.run_for(MINUTE);
        assert!(world.device.is_none(), "the power went");
        world.boot();
        match cut {
            Cut::Before => assert_eq!(world.state(), AuthState::Unpaired),
            Cut::After => assert_eq!(world.run(Operation::DeviceInfo), FIO_OK),
        }
    }
}
