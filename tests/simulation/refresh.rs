//! Refreshes in a bad network, with a service that says no, and with a clock that cannot be right.

use crate::device::EPOCH;
use crate::faults::{Fate, Spoilt, answered};
use crate::service::Rules;
use crate::world::{DAY, HOUR, MINUTE, World};
use fio_c2c::engine::effects::Event;
use fio_c2c::engine::{AuthState, Operation};
use fio_c2c::status::*;

fn paired() -> World {
    let mut world = World::new(7, Rules::default());
    world.pair();
    world
}

#[test]
fn a_refresh_that_never_arrived_is_repeated_with_the_same_token() {
    let mut world = paired();
    let token = world.stored_refresh_token();
    world.network.plan([Fate::NeverArrives(FIO_E_RESET)]);
    let op = world.start(Operation::Refresh).expect("the device is paired");
    world.run_for(300);
    assert_eq!(world.stored_refresh_token(), token);
    assert_eq!(world.finish(op, MINUTE), FIO_OK);
    assert_eq!((world.network.sent_refreshes, world.service.visits.refreshes), (2, 1));
    assert_eq!(world.stored_refresh_token(), world.service.current_refresh_token());
}

#[test]
fn a_refresh_whose_answer_is_lost_ends_the_authorization_and_says_why() {
    for fate in
        [Fate::AnswerLost(FIO_E_RESET), Fate::AnswerSpoilt(Spoilt::Truncated), answered_by_a_gateway()]
    {
        let mut world = paired();
        world.network.plan([fate]);
        let op = world.start(Operation::Refresh).expect("the device is paired");
        world.run_for(10 * MINUTE);
        assert!(world.status(op).is_some());
        let lost: Vec<String> = world.events().filter_map(lost_message).collect();
        assert_eq!(lost.len(), 1);
        assert!(lost[0].contains("answer to an earlier refresh was lost"), "{}", lost[0]);
        assert_eq!(world.state(), AuthState::Unpaired);
        assert!(!world.disk.holds("auth"));
    }
}

fn answered_by_a_gateway() -> Fate {
    let Fate::AnsweredByOther(response) = answered(504, "<html>") else { unreachable!() };
    Fate::AnswerReplaced(response)
}

fn lost_message(event: &Event) -> Option<String> {
    match event {
        Event::AuthorizationLost(error) => Some(error.message.to_string()),
        _ => None,
    }
}

#[test]
fn a_disconnection_by_the_person_is_not_blamed_on_the_network() {
    let mut world = paired();
    world.service.revoke_all();
    let op = world.start(Operation::Refresh).expect("the device is paired");
    assert_eq!(world.finish(op, MINUTE), FIO_E_AUTHORIZATION_LOST);
    assert!(world.message(op).starts_with("the service refused to renew"), "{}", world.message(op));
}

#[test]
fn two_refresh_operations_share_one_request() {
    let mut world = paired();
    let ops = [(); 3].map(|()| world.start(Operation::Refresh).expect("the device is paired"));
    for op in ops {
        assert_eq!(world.finish(op, MINUTE), FIO_OK);
    }
    assert_eq!(world.network.sent_refreshes, 1);
}

#[test]
fn who_comes_while_a_refresh_is_in_flight_waits_for_it() {
    let mut world = paired();
    let first = world.start(Operation::Refresh).expect("the device is paired");
    world.tick();
    assert_eq!((world.network.sent_refreshes, world.status(first)), (1, None), "it is in flight");
    let second = world.start(Operation::Refresh).expect("the device is paired");
    world.tick();
    let sent = world.network.sent;
    let third = world.start(Operation::Heartbeat).expect("the device is paired");
    world.tick();
    assert_eq!(world.network.sent, sent, "the old token may die at any moment");
    for op in [first, second, third] {
        assert_eq!(world.finish(op, MINUTE), FIO_OK);
    }
    assert_eq!(world.network.sent_refreshes, 1);
}

#[test]
fn nothing_leaves_with_a_token_that_has_ended_while_the_next_one_is_on_its_way() {
    let mut world = paired();
    world.network.weather.outage = true;
    world.run_for(9 * HOUR);
    assert_eq!(world.state(), AuthState::Expired);
    world.network.weather.outage = false;
    let (refreshes, heartbeats) = (world.network.sent_refreshes, world.service.visits.heartbeats);
    let first = world.start(Operation::Heartbeat).expect("the device is paired");
    world.tick();
    assert_eq!((world.network.sent_refreshes, world.status(first)), (refreshes + 1, None), "it is in flight");
    let second = world.start(Operation::Heartbeat).expect("the device is paired");
    for op in [first, second] {
        assert_eq!(world.finish(op, MINUTE), FIO_OK);
    }
    assert_eq!(world.network.sent_refreshes, refreshes + 1);
    assert_eq!(world.service.visits.heartbeats, heartbeats + 2, "none was refused and sent again");
}

#[test]
fn the_same_words_from_something_in_between_do_not_end_the_authorization() {
    for answer in [
        answered(401, "<html>"),
        answered(400, ""),
        answered(403, "{}"),
        answered(404, ""),
        answered(200, "<html>"),
    ] {
        let mut world = paired();
        world.network.plan([answer]);
        let op = world.start(Operation::Refresh).expect("the device is paired");
        world.run_for(10 * MINUTE);
        assert!(world.status(op).is_some());
        assert!(world.is_paired());
        assert_eq!(world.stored_refresh_token(), world.service.current_refresh_token());
        assert_eq!(world.service.visits.refreshes, 1, "it went on by itself");
    }
}

#[test]
fn a_long_outage_is_sat_out_without_hammering() {
    let mut world = paired();
    world.network.weather.outage = true;
    world.run_for(3 * DAY);
    // Some 22 attempts an hour, for all but the first seven and a half hours.
    assert!((1000..2000).contains(&world.network.sent_refreshes), "{}", world.network.sent_refreshes);
    assert_eq!(world.state(), AuthState::Expired);
    world.network.weather.outage = false;
    world.run_for(6 * MINUTE);
    assert_eq!(world.state(), AuthState::Authorized);
}

#[test]
fn tokens_that_live_absurdly_short_are_not_renewed_more_than_once_a_second() {
    let mut world = paired();
    world.service.rules.access_life = 10;
    assert_eq!(world.run(Operation::Refresh), FIO_OK);
    world.run_for(MINUTE);
    assert!(world.network.sent_refreshes <= 62, "{}", world.network.sent_refreshes);
}

#[test]
fn a_withdrawn_secret_keeps_the_tokens_and_stops_the_attempts() {
    let mut world = paired();
    world.service.rules.refuses_client = true;
    assert_eq!(world.run(Operation::Refresh), FIO_E_INVALID_CLIENT);
    let sent = world.network.sent_refreshes;
    world.run_for(2 * DAY);
    assert_eq!(world.network.sent_refreshes, sent);
    world.service.rules.refuses_client = false;
    assert_eq!(world.run(Operation::Refresh), FIO_OK);
}

#[test]
fn a_clock_below_the_floor_refuses_to_start_anything() {
    let mut world = World::switched_off(7, Rules::default());
    world.settings.clock_floor = Some(EPOCH - DAY as i64);
    world.boots_in_1970 = Some(0);
    world.boot();
    for operation in
        [Operation::RequestCode, Operation::Pair { codes: 1 }, Operation::Refresh, Operation::Heartbeat]
    {
        assert_eq!(world.refusal(operation), FIO_E_CLOCK);
    }
    assert_eq!(world.network.sent, 0);
    world.set_clock_right();
    assert_eq!(world.run(Operation::RequestCode), FIO_OK);
}

#[test]
fn a_certificate_that_seems_out_of_date_is_blamed_on_a_clock_that_is_wrong() {
    let mut world = World::switched_off(7, Rules::default());
    world.settings.clock_floor = Some(EPOCH - DAY as i64);
    world.boot();
    world.network.plan([Fate::NeverArrives(FIO_E_TLS_NOT_YET_VALID)]);
    let op = world.start(Operation::RequestCode).expect("the clock is right");
    world.on().clock.shift_wall(-EPOCH);
    assert_eq!(world.finish(op, MINUTE), FIO_E_CLOCK);
}

#[test]
fn a_device_without_a_clock_renews_at_every_start() {
    let mut world = paired();
    world.network.weather.checks_dates = false;
    world.boots_in_1970 = Some(100);
    for day in 1..40 {
        world.cut_power();
        world.sleep_for(DAY);
        world.boot();
        // Later in the day than at the last start, as far as the clock can tell.
        world.boots_in_1970 = Some(100 + 60 * day);
        world.run_for(HOUR);
        assert_eq!(world.state(), AuthState::Authorized, "on day {day}");
    }
}

#[test]
fn a_service_that_asks_for_patience_is_left_alone_and_who_asks_hears_why() {
    let mut world = paired();
    let Fate::AnsweredByOther(response) = answered(429, "") else { unreachable!() };
    let retry_after = Some(std::time::Duration::from_secs(300));
    world.network.plan([Fate::AnsweredByOther(fio_c2c::api::Response { retry_after, ..response })]);
    let op = world.start(Operation::Refresh).expect("the device is paired");
    assert_eq!(world.finish(op, MINUTE), FIO_E_RATE_LIMITED);
    let sent = world.network.sent_refreshes;
    // Asked again in between, it answers for the service instead of bothering it.
    for _ in 0..5 {
        let op = world.start(Operation::Refresh).expect("the device is paired");
        assert_eq!(world.finish(op, MINUTE / 6), FIO_E_RATE_LIMITED);
    }
    assert_eq!(world.network.sent_refreshes, sent);
    world.run_for(6 * MINUTE);
    assert!(world.network.sent_refreshes > sent);
    assert_eq!(world.run(Operation::Refresh), FIO_OK);
}
