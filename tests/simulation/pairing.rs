//! Codes, polls and whole pairings. The service of these tests fails any poll that comes too early.

use crate::faults::{Fate, answered};
use crate::service::Rules;
use crate::world::{HOUR, MINUTE, SECOND, World};
use fio_c2c::api::Endpoint;
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
fn a_poll_that_is_canceled_and_started_again_keeps_the_pace() {
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
    world.decide(true);
    world.network.plan([Fate::Late(30 * SECOND)]);
    let op = world.start(Operation::Poll).expect("there is a code");
    while world.service.count_alive() == 0 {
        world.run_for(10);
    }
    world.cancel(op).expect("the answer is not there yet");
    world.run_for(MINUTE);
}

#[test]
fn an_approval_that_arrives_after_the_poll_was_canceled_is_kept_for_the_next() {
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
fn a_pairing_that_was_canceled_and_then_approved_is_revoked() {
    let mut world = world();
    let op = world.start(Operation::Pair { codes: 1 }).expect("a pairing can be started");
    world.run_for(2 * SECOND);
    world.decide(true);
    world.network.plan([Fate::Late(30 * SECOND)]);
    while world.service.count_alive() == 0 {
        world.run_for(10);
    }
    world.cancel(op).expect("the answer is not there yet");
    world.run_for(MINUTE);
    assert_eq!(world.state(), AuthState::Unpaired);
    assert_eq!((world.service.visits.revokes, world.service.count_alive()), (1, 0));
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
    world.decide(true);
    assert_eq!(world.finish(op, MINUTE), FIO_OK);
}

#[test]
fn a_refusal_by_the_person_ends_the_poll() {
    let mut world = with_code(Rules::default());
    world.decide(false);
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
    assert_eq!(world.service.count_codes(), 3);
}

#[test]
fn a_whole_pairing_survives_a_network_that_is_away_while_codes_change() {
    let mut world = world();
    let op = world.start(Operation::Pair { codes: 3 }).expect("a pairing can be started");
    world.run_for(110 * SECOND);
    world.network.weather.outage = true;
    world.run_for(12 * SECOND);
    world.network.weather.outage = false;
    while world.service.count_codes() < 2 {
        world.run_for(SECOND);
        assert_eq!(world.status(op), None);
    }
    world.decide(true);
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

/// What may come back in place of an answer to a poll, and is not the person's decision.
fn odd_answers() -> Vec<Fate> {
    let page = "<html>Log in to the hotel's network</html>";
    let shape = r#"{"errors":[{"title":"Forbidden"}]}"#;
    let of_http =
        [200, 204, 302, 400, 401, 402, 403, 404, 407, 408, 409, 413, 418, 422, 425, 429, 451, 500, 503, 511]
            .into_iter()
            .flat_map(|status| [answered(status, ""), answered(status, page), answered(status, shape)]);
    let of_oauth = [
        (400, "server_error"),
        (400, "temporarily_unavailable"),
        (401, "something_new"),
        (403, "access_denied"),
        (429, "expired_token"),
        (503, "invalid_grant"),
    ];
    let of_oauth =
        of_oauth.into_iter().map(|(status, name)| answered(status, &format!(r#"{{"error":"{name}"}}"#)));
    let never = [
        FIO_E_CA_FILE,
        FIO_E_TLS,
        FIO_E_TLS_EXPIRED,
        FIO_E_TLS_NOT_YET_VALID,
        FIO_E_TLS_HOST,
        FIO_E_TLS_UNTRUSTED,
        FIO_E_TLS_VERSION,
        FIO_E_TOO_LARGE,
        FIO_E_NOMEM,
        FIO_E_RESET,
    ];
    of_http.chain(of_oauth).chain(never.map(Fate::NeverArrives)).collect()
}

#[test]
fn no_odd_answer_to_a_poll_ends_a_code_that_lives() {
    for fate in odd_answers() {
        for times in [1, 4] {
            let mut world = with_code(Rules::default());
            let sent = world.network.sent;
            world.network.plan(vec![fate.clone(); times]);
            let op = world.start(Operation::Poll).expect("there is a code");
            while world.network.sent < sent + times as u64 {
                world.run_for(SECOND);
                assert_eq!(world.status(op), None, "{fate:?}");
            }
            world.decide(true);
            assert_eq!(world.finish(op, MINUTE), FIO_OK, "{fate:?}");
            let told = world.count_events(|event| matches!(event, Event::Retrying { .. }));
            assert_eq!(told, times, "{fate:?}");
        }
    }
}

#[test]
fn odd_answers_slow_the_polls_down_and_are_named_when_the_code_runs_out() {
    let mut world = with_code(Rules::default());
    world.network.plan(vec![answered(403, "<html>"); 20]);
    let sent = world.network.sent;
    let op = world.start(Operation::Poll).expect("there is a code");
    assert_eq!(world.finish(op, 3 * MINUTE), FIO_E_EXPIRED_TOKEN);
    // After 5 s, and then 10, 20, 30, 30 later.
    assert_eq!(world.network.sent - sent, 5);
    assert!(world.message(op).contains("(403)"), "{}", world.message(op));
}

#[test]
fn a_client_that_is_refused_stops_polling_at_once() {
    let mut world = with_code(Rules::default());
    world.service.rules.refuses_client = true;
    let op = world.start(Operation::Poll).expect("there is a code");
    assert_eq!(world.finish(op, 10 * SECOND), FIO_E_INVALID_CLIENT);
    assert_eq!(world.network.sent, 2);
}

#[test]
fn a_whole_pairing_waits_for_its_network() {
    let mut world = world();
    world.network.weather.outage = true;
    let op = world.start(Operation::Pair { codes: 1 }).expect("a pairing can be started");
    world.run_for(HOUR);
    assert_eq!(world.status(op), None);
    let told = world.count_events(|event| matches!(event, Event::Retrying { .. }));
    // Half a minute and less between them, and not a storm.
    assert!((120..1200).contains(&told), "{told}");
    world.network.weather.outage = false;
    world.run_for(MINUTE);
    assert_eq!(world.notices.iter().filter_map(shown_number).collect::<Vec<_>>(), [1]);
    world.decide(true);
    assert_eq!(world.finish(op, MINUTE), FIO_OK);
}

#[test]
fn a_whole_pairing_waits_out_a_captive_portal() {
    let portal = [answered(302, ""), answered(200, "<html>"), answered(403, ""), answered(511, "<html>")];
    let untrusted = [FIO_E_TLS_UNTRUSTED, FIO_E_TLS_HOST, FIO_E_CA_FILE].map(Fate::NeverArrives);
    for fate in portal.into_iter().chain(untrusted) {
        let mut world = world();
        world.network.plan(vec![fate.clone(); 3]);
        let op = world.start(Operation::Pair { codes: 1 }).expect("a pairing can be started");
        world.run_for(MINUTE);
        assert_eq!(world.notices.iter().filter_map(shown_number).collect::<Vec<_>>(), [1], "{fate:?}");
        world.cancel(op).expect("it is still running");
    }
}

#[test]
fn a_pairing_that_waits_for_a_network_can_be_canceled() {
    let mut world = world();
    world.network.weather.outage = true;
    let op = world.start(Operation::Pair { codes: 1 }).expect("a pairing can be started");
    world.run_for(MINUTE);
    world.cancel(op).expect("it is still running");
    assert_eq!(world.status(op), Some(FIO_E_CANCELED));
    world.run_for(SECOND);
    let sent = world.network.sent;
    world.network.weather.outage = false;
    world.run_for(HOUR);
    assert_eq!((world.network.sent, world.on().deadline()), (sent, None));
}

#[test]
fn a_whole_pairing_ends_at_once_where_the_service_refuses_it() {
    let mut world = world();
    world.service.rules.refuses_client = true;
    let op = world.start(Operation::Pair { codes: 9 }).expect("a pairing can be started");
    assert_eq!(world.finish(op, 5 * SECOND), FIO_E_INVALID_CLIENT);
    // A code alone fails by its rule, whatever the reason.
    world.service.rules.refuses_client = false;
    world.network.weather.outage = true;
    assert_ne!(world.run(Operation::RequestCode), FIO_OK);
}

#[test]
fn an_endpoint_that_wants_the_other_encoding_is_found_out_once_and_remembered() {
    let all = [Endpoint::DeviceCode, Endpoint::Token, Endpoint::Revoke];
    for wanted in [&all[..], &all[..1], &all[1..2], &all[2..]] {
        let mut world = World::new(3, Rules { other_encoding: wanted.to_vec(), ..Rules::default() });
        for life in 0..3 {
            world.pair();
            assert_eq!(world.run(Operation::Refresh), FIO_OK);
            world.restart();
            assert_eq!(world.run(Operation::Refresh), FIO_OK);
            assert_eq!(world.run(Operation::Revoke), FIO_OK);
            world.run_for(MINUTE);
            assert_eq!(world.service.visits.unreadable as usize, wanted.len(), "{wanted:?}, life {life}");
            world.restart();
        }
        assert_eq!(world.losses, []);
        // The service comes to its senses: that is found out too.
        world.service.rules.other_encoding.clear();
        world.pair();
    }
}

#[test]
fn a_refresh_token_that_was_used_is_told_as_such_whatever_the_encodings() {
    let mut world = world();
    world.pair();
    world.restart();
    let refreshes = world.network.sent_refreshes;
    world.network.plan([Fate::AnswerLost(FIO_E_RESET)]);
    let op = world.start(Operation::Refresh).expect("the device is paired");
    assert_eq!(world.finish(op, 10 * MINUTE), FIO_E_AUTHORIZATION_LOST);
    assert_eq!((world.network.sent_refreshes - refreshes, world.losses.len()), (2, 1));
}

#[test]
fn where_neither_encoding_helps_the_refusal_is_told() {
    let mut world = world();
    let refused = answered(400, r#"{"error":"invalid_request"}"#);
    world.network.plan(vec![refused.clone(); 2]);
    assert_eq!(world.run(Operation::RequestCode), FIO_E_INVALID_REQUEST);
    assert_eq!(world.network.sent, 2);
    assert_eq!(world.run(Operation::RequestCode), FIO_OK);
    world.network.plan(vec![refused; 2]);
    assert_eq!(world.run(Operation::Poll), FIO_E_INVALID_REQUEST);
    assert_eq!(world.network.sent, 5);
}

#[test]
fn a_service_that_names_no_project_can_be_paired_with() {
    let mut world = World::new(3, Rules { names_no_project: true, ..Rules::default() });
    world.pair();
    world.restart();
    assert_eq!(world.run(Operation::DeviceInfo), FIO_OK);
}
