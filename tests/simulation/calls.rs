//! Calls that carry the access token: what a 401 sets off, and what device information brings.

use crate::faults::{Fate, answered};
use crate::service::Rules;
use crate::world::{HOUR, MINUTE, SECOND, World};
use fio_c2c::engine::Operation;
use fio_c2c::engine::effects::Event;
use fio_c2c::status::*;

fn paired() -> World {
    let mut world = World::new(5, Rules::default());
    world.pair();
    world
}

#[test]
fn a_401_on_several_calls_at_once_leads_to_one_refresh_and_all_are_repeated() {
    let mut world = paired();
    world.service.expire_access();
    let heartbeats = world.service.visits.heartbeats;
    let operations =
        [Operation::DeviceInfo, Operation::Heartbeat, Operation::Heartbeat, Operation::DeviceInfo];
    let ops = operations.map(|operation| world.start(operation).expect("the device is paired"));
    world.run_for(MINUTE);
    for op in ops {
        assert_eq!(world.status(op), Some(FIO_OK));
    }
    assert_eq!(world.network.sent_refreshes, 1);
    assert_eq!(world.service.visits.heartbeats - heartbeats, 4);
}

#[test]
fn a_late_401_for_an_older_token_costs_no_second_refresh() {
    let mut world = paired();
    world.service.expire_access();
    world.network.plan([Fate::Through, Fate::Late(20 * SECOND)]);
    let quick = world.start(Operation::Heartbeat).expect("the device is paired");
    let slow = world.start(Operation::Heartbeat).expect("the device is paired");
    world.run_for(10 * SECOND);
    assert_eq!((world.status(quick), world.status(slow)), (Some(FIO_OK), None));
    assert_eq!(world.finish(slow, MINUTE), FIO_OK);
    assert_eq!(world.network.sent_refreshes, 1);
}

#[test]
fn a_token_that_is_refused_when_it_is_new_is_not_renewed_again() {
    let mut world = paired();
    let refused = || answered(401, r#"{"code":401,"message":"Not Authorized"}"#);
    // The call, its refresh, and its repetition.
    world.network.plan([refused(), Fate::Through, refused()]);
    assert_eq!(world.run(Operation::Heartbeat), FIO_E_UNAUTHORIZED);
    world.run_for(MINUTE);
    assert_eq!(world.network.sent_refreshes, 1);
}

#[test]
fn a_call_whose_token_has_ended_waits_for_the_refresh() {
    let mut world = paired();
    world.sleep_for(9 * HOUR);
    assert_eq!(world.run(Operation::Heartbeat), FIO_OK);
    assert_eq!((world.network.sent_refreshes, world.service.visits.heartbeats), (1, 1));
}

#[test]
fn a_call_ends_although_its_refresh_has_no_next_attempt() {
    let mut world = paired();
    // Without a clock the device renews first, and the call waits for it.
    world.boots_in_1970 = Some(10);
    world.network.weather.checks_dates = false;
    world.cut_power();
    world.service.expire_access();
    world.service.rules.refuses_client = true;
    // The refresh fails once; the call goes out meanwhile, and hears of its dead token only after the
    // service has refused the second attempt for good.
    world.network.plan([answered(503, ""), Fate::Late(30 * SECOND)]);
    world.boot();
    assert_eq!(world.run(Operation::Heartbeat), FIO_E_INVALID_CLIENT);
}

#[test]
fn a_change_of_project_is_told_once() {
    let mut world = paired();
    world.service.put_in("project-2");
    assert_eq!(world.run(Operation::DeviceInfo), FIO_OK);
    assert_eq!(world.run(Operation::DeviceInfo), FIO_OK);
    let from =
        |event: &Event| matches!(event, Event::ProjectChanged { previous, .. } if previous == "project-1");
    assert_eq!(world.count_events(from), 1);
    world.restart();
    assert_eq!(world.run(Operation::DeviceInfo), FIO_OK);
    assert_eq!(world.count_events(|event| matches!(event, Event::ProjectChanged { .. })), 0);
}

#[test]
fn a_change_of_project_while_the_device_was_off_is_told_after_the_next_start() {
    let mut world = paired();
    world.cut_power();
    world.service.put_in("project-2");
    world.boot();
    assert_eq!(world.run(Operation::DeviceInfo), FIO_OK);
    assert_eq!(world.count_events(|event| matches!(event, Event::ProjectChanged { .. })), 1);
}
