//! Codes, polls and whole pairings. The service of these tests fails any poll that comes too early.

use crate::faults::{Fate, answered};
use crate::service::Rules;
use crate::world::{MINUTE, SECOND, World};
use fio_c2c::engine::effects::{Event, Notice};
use fio_c2c::engine::{AuthState, Operation};
use fio_c2c::status::*;

fn world() -> World {
    World::new(3, Rules::default())
}

fn with_code(rules: Rules) -> World {
    let mut world = World::new(3, rules);
    assert_eq!(world.run(Operation::RequestCode), FIO_OK);
    world
}

#[test]
fn nothing_can_be_done_in_the_wrong_order() {
    let mut world = world();
    assert_eq!(world.refusal(Operation::Poll), FIO_E_NO_CODE);
    for operation in [Operation::Refresh, Operation::Revoke, Operation::DeviceInfo, Operation::Heartbeat] {
        assert_eq!(world.refusal(operation), FIO_E_NOT_AUTHORIZED);
    }
    assert_eq!(world.refusal(Operation::Pair { codes: 0 }), FIO_E_ARGUMENT);
    world.start(Operation::RequestCode).expect("a code can be asked for");
    for operation in [Operation::RequestCode, Operation::Poll, Operation::Pair { codes: 1 }] {
        assert_eq!(world.refusal(operation), FIO_E_IN_PROGRESS);
    }
    assert_eq!(world.network.sent, 1);
}

#[test]
fn a_poll_that_is_cancelled_and_started_again_keeps_the_pace() {
    let mut world = with_code(Rules::default());
    let began = world.time;
    while world.time < began + MINUTE {
        let op = world.start(Operation::Poll).expect("a poll can be started");
        world.run_for(130);
        world.cancel(op).expect("it is still running");
    }
    // The pace itself is the service's to judge; this is that it went on at all.
    assert!(
        (9..=12).contains(&world.service.visits.polls),
        "{} polls in a minute",
        world.service.visits.polls
    );
}

/// The person approves; the answer that says so comes when nobody is polling any more.
fn approve_after_cancel(world: &mut World) {
    world.service.codes.decide(true);
    world.network.plan([Fate::Late(30 * SECOND)]);
    let op = world.start(Operation::Poll).expect("there is a code");
    while world.service.grants.count_alive() == 0 {
        world.run_for(10);
    }
    world.cancel(op).expect("the answer is not there yet");
    world.run_for(MINUTE);
}

#[test]
fn an_approval_that_arrives_after_the_poll_was_cancelled_is_kept_for_the_next() {
    let mut world = with_code(Rules::default());
    approve_after_cancel(&mut world);
    assert_eq!(world.state(), AuthState::Authorized);
    assert_eq!(world.count_events(|event| matches!(event, Event::Authorized)), 1);
    assert!(world.disk.holds("auth"));

    let polls = world.service.visits.polls;
    let again = world.start(Operation::Poll).expect("there is something to report");
    assert_eq!(world.status(again), Some(FIO_OK));
    assert_eq!(world.service.visits.polls, polls);
    assert_eq!(world.refusal(Operation::Poll), FIO_E_NO_CODE);
}

#[test]
fn an_approval_nobody_polled_for_is_not_reported_after_a_revocation() {
    let mut world = with_code(Rules::default());
    approve_after_cancel(&mut world);
    assert_eq!(world.run(Operation::Revoke), FIO_OK);
    assert_eq!(world.refusal(Operation::Poll), FIO_E_NO_CODE);
}

#[test]
fn a_pairing_that_was_cancelled_and_then_approved_is_revoked() {
    let mut world = world();
    let op = world.start(Operation::Pair { codes: 1 }).expect("a pairing can be started");
    world.run_for(2 * SECOND);
    world.service.codes.decide(true);
    world.network.plan([Fate::Late(30 * SECOND)]);
    while world.service.grants.count_alive() == 0 {
        world.run_for(10);
    }
    world.cancel(op).expect("the answer is not there yet");
    world.run_for(MINUTE);
    assert_eq!(world.state(), AuthState::Unpaired);
    assert_eq!((world.service.visits.revokes, world.service.grants.count_alive()), (1, 0));
    assert!(!world.disk.holds("auth"));
}

#[test]
fn slow_down_is_obeyed_from_then_on() {
    let mut world = with_code(Rules { code_life: 900, slow_down_percent: 100, ..Rules::default() });
    let op = world.start(Operation::Poll).expect("there is a code");
    // After 5 s, and then 10, 15 and 20 s later.
    world.run_for(40 * SECOND);
    assert_eq!(world.service.visits.polls, 3);
    world.run_for(15 * SECOND);
    assert_eq!(world.service.visits.polls, 4);
    world.service.rules.slow_down_percent = 0;
    world.run_for(2 * MINUTE);
    // Every 25 s by now.
    assert!((8..=9).contains(&world.service.visits.polls), "{}", world.service.visits.polls);
    world.service.codes.decide(true);
    assert_eq!(world.finish(op, MINUTE), FIO_OK);
}

#[test]
fn a_refusal_by_the_person_ends_the_poll() {
    let mut world = with_code(Rules::default());
    world.service.codes.decide(false);
    assert_eq!(world.run(Operation::Poll), FIO_E_ACCESS_DENIED);
    assert_eq!(world.refusal(Operation::Poll), FIO_E_NO_CODE);
}

#[test]
fn a_whole_pairing_shows_a_new_code_when_one_expires_and_ends_after_the_last() {
    let mut world = world();
    let op = world.start(Operation::Pair { codes: 3 }).expect("a pairing can be started");
    assert_eq!(world.finish(op, 7 * MINUTE), FIO_E_EXPIRED_TOKEN);
    assert!(world.time >= 6 * MINUTE, "each code has its two minutes");
    let numbers: Vec<u32> = world.notices.iter().filter_map(shown_number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(world.service.codes.count(), 3);
}

#[test]
fn a_whole_pairing_survives_a_network_that_is_away_while_codes_change() {
    let mut world = world();
    let op = world.start(Operation::Pair { codes: 3 }).expect("a pairing can be started");
    world.run_for(110 * SECOND);
    world.network.weather.outage = true;
    world.run_for(12 * SECOND);
    world.network.weather.outage = false;
    while world.service.codes.count() < 2 {
        world.run_for(SECOND);
        assert_eq!(world.status(op), None);
    }
    world.service.codes.decide(true);
    assert_eq!(world.finish(op, MINUTE), FIO_OK);
}

fn shown_number(notice: &Notice) -> Option<u32> {
    match notice {
        Notice::ShowCode(_, shown) => Some(shown.number),
        _ => None,
    }
}

#[test]
fn the_older_code_path_is_found_by_a_404_and_remembered_across_a_restart() {
    let mut world = with_code(Rules { newer_code_path: false, older_code_path: true, ..Rules::default() });
    assert_eq!((world.service.visits.code_newer, world.service.visits.code_older), (1, 1));
    world.restart();
    assert_eq!(world.run(Operation::RequestCode), FIO_OK);
    assert_eq!((world.service.visits.code_newer, world.service.visits.code_older), (1, 2));
    // The service changes sides, and so does the device.
    world.service.rules.newer_code_path = true;
    world.service.rules.older_code_path = false;
    assert_eq!(world.run(Operation::RequestCode), FIO_OK);
    world.restart();
    assert_eq!(world.run(Operation::RequestCode), FIO_OK);
    assert_eq!((world.service.visits.code_newer, world.service.visits.code_older), (3, 3));
}

#[test]
fn a_404_from_something_in_between_on_both_paths_changes_nothing() {
    let mut world = world();
    world.network.plan([answered(404, ""), answered(404, "<html>")]);
    assert_eq!(world.run(Operation::RequestCode), FIO_E_NOT_FOUND);
    assert_eq!(world.run(Operation::RequestCode), FIO_OK);
    assert_eq!((world.service.visits.code_newer, world.service.visits.code_older), (1, 0));
}
