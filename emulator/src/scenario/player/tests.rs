//! Whole scenarios under a clock that nobody waits for.

use super::*;
use crate::endpoint::{Endpoint, GrantType};
use crate::scenario::file;
use crate::scenario::script::End;

/// The conditions that hold now.
struct Now<'a>(&'a [Condition]);

impl Facts for Now<'_> {
    fn hold(&self, condition: &Condition) -> bool {
        self.0.contains(condition)
    }
}

const NOTHING: Now<'static> = Now(&[]);

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn player(steps: &[&str]) -> Player {
    let steps: String = steps.iter().map(|step| format!("[[step]]\n{step}\n")).collect();
    let text = format!("title = \"A title\"\nrows = [\"refresh_once\"]\n{steps}");
    let scenario = file::parse("mine", &text).unwrap_or_else(|mistake| panic!("{mistake}"));
    Player::new(Arc::new(scenario), at(100))
}

fn over(status: u16) -> Seen<'static> {
    let end = Some(End { status: Some(status), error: None });
    Seen { endpoint: Endpoint::Token, grant: Some(GrantType::RefreshToken), part: None, end }
}

fn why(player: &Player) -> &str {
    match player.ending() {
        Some(Ending::Failed { why, .. }) => why,
        ending => panic!("{ending:?}"),
    }
}

const REFRESHED: &str =
    r#"await = { request = { endpoint = "token", grant = "refresh_token", status = 200 } }"#;
const TWICE: &str = r#"await = { request = { endpoint = "token", status = 200 }, times = 2 }"#;
const PAIRED: &str = r#"await = { device = "paired" }"#;
const IS_PAIRED: Now<'static> = Now(&[Condition::Device(crate::scenario::script::DeviceState::Paired)]);

#[test]
fn step_by_step_to_the_end() {
    let mut player = player(&["clock = 1", "operate = \"pair\"", PAIRED]);
    assert_eq!(player.next(at(100), 7, &NOTHING), Next::Do);
    player.done(at(100));
    assert_eq!(player.next(at(101), 7, &NOTHING), Next::Operate);
    assert_eq!(
        player.next(at(102), 8, &NOTHING),
        Next::Wait(at(160)),
        "asked once, and for 60 s from its begin"
    );
    assert_eq!(player.operated(8, Ok(()), at(103)), Err(NotAsked));
    assert_eq!(player.operated(7, Ok(()), at(103)), Ok(()));
    assert_eq!(player.operated(7, Ok(()), at(103)), Err(NotAsked));
    assert_eq!(player.next(at(103), 8, &NOTHING), Next::Wait(at(163)));
    assert_eq!(player.next(at(104), 8, &IS_PAIRED), Next::Judge);
    assert_eq!(player.judged(&Judgement::default(), at(104)), None);
    assert_eq!(player.ending(), Some(&Ending::Passed));
    assert_eq!(player.next(at(105), 8, &NOTHING), Next::Over);
}

#[test]
fn a_request_between_two_steps_is_not_missed() {
    let mut player = player(&["clock = 1", "operate = \"record\"", REFRESHED, TWICE]);
    assert_eq!(player.next(at(100), 1, &NOTHING), Next::Do);
    player.request(&over(200), at(100), &NOTHING);
    player.done(at(100));
    assert_eq!(player.next(at(100), 1, &NOTHING), Next::Operate);
    player.request(&over(503), at(101), &NOTHING);
    assert_eq!(player.operated(1, Ok(()), at(102)), Ok(()));
    // The wait for the first is over as soon as it begins; what came before counts for no other.
    assert_eq!(player.next(at(102), 2, &NOTHING), Next::Wait(at(162)));
    assert_eq!(player.at(), 3);
    player.request(&over(200), at(103), &NOTHING);
    assert_eq!(player.next(at(103), 2, &NOTHING), Next::Wait(at(162)), "the first of two");
    player.request(&over(200), at(103), &NOTHING);
    assert_eq!(player.next(at(103), 2, &NOTHING), Next::Judge);
}

#[test]
fn what_follows_a_condition_counts_from_the_moment_it_holds() {
    let mut player = player(&[PAIRED, REFRESHED]);
    assert_eq!(player.next(at(100), 1, &NOTHING), Next::Wait(at(160)));
    player.request(&over(200), at(101), &NOTHING);
    // This one makes it hold, and the next one is the first to count; nobody has looked between them.
    player.request(&over(200), at(102), &IS_PAIRED);
    assert_eq!(player.next(at(102), 1, &IS_PAIRED), Next::Wait(at(162)));
    player.request(&over(200), at(103), &IS_PAIRED);
    assert_eq!(player.next(at(103), 1, &IS_PAIRED), Next::Judge);
}

#[test]
fn begun_lost_and_told() {
    let begun = Seen { end: None, ..over(200) };
    let lost = Seen { end: Some(End { status: None, error: None }), ..over(200) };
    let told = Seen { end: Some(End { status: Some(400), error: Some("slow_down") }), ..over(400) };
    for (fields, fitting) in [
        ("begun = true", begun),
        ("lost = true", lost),
        ("error = \"slow_down\"", told),
        ("status = 400", told),
    ] {
        for seen in [begun, lost, told] {
            let step = format!("await = {{ request = {{ endpoint = \"token\", {fields} }} }}");
            let mut player = player(&[&step]);
            player.request(&seen, at(100), &NOTHING);
            assert_eq!(
                player.next(at(100), 1, &NOTHING) == Next::Judge,
                seen == fitting,
                "{fields} {seen:?}"
            );
        }
    }
}

#[test]
fn parts_and_grants_are_told_apart() {
    let step = r#"await = { request = { endpoint = "part", part = 2 } }"#;
    let end = Some(End { status: Some(200), error: None });
    let part = |part| Seen { endpoint: Endpoint::Part, grant: None, part: Some(part), end };
    let mut player = player(&[step]);
    player.request(&part(1), at(100), &NOTHING);
    player.request(&over(200), at(100), &NOTHING);
    assert_ne!(player.next(at(100), 1, &NOTHING), Next::Judge);
    player.request(&part(2), at(100), &NOTHING);
    assert_eq!(player.next(at(100), 1, &NOTHING), Next::Judge);
}

#[test]
fn nothing_waits_for_ever() {
    let mut player = player(&["clock = 1", &format!("{TWICE}\nwithin = 10")]);
    // Only waiting has an end: what the emulator does itself is done at once.
    assert_eq!(player.next(at(1_000), 1, &NOTHING), Next::Do);
    player.done(at(1_000));
    player.request(&over(200), at(1_001), &NOTHING);
    assert_eq!(player.next(at(1_009), 1, &NOTHING), Next::Wait(at(1_010)));
    assert_eq!(player.next(at(1_010), 1, &NOTHING), Next::Over);
    assert!(why(&player).starts_with("step 2, “Wait until"), "{}", why(&player));
    assert!(why(&player).ends_with("not within 10 s, only 1 of 2"), "{}", why(&player));
}

#[test]
fn what_comes_just_in_time_is_in_time() {
    let mut player = player(&[PAIRED]);
    assert_eq!(player.next(at(160), 1, &IS_PAIRED), Next::Judge);
}

#[test]
fn what_cannot_be_done_at_the_device_ends_it() {
    let mut player = player(&["operate = \"switch_on\"", PAIRED]);
    assert_eq!(player.next(at(100), 1, &NOTHING), Next::Operate);
    assert_eq!(player.operated(1, Err("no battery".into()), at(101)), Ok(()));
    assert_eq!(player.next(at(101), 2, &IS_PAIRED), Next::Over);
    assert!(why(&player).ends_with("it could not be done: no battery"), "{}", why(&player));
    player.fail("again");
    assert!(why(&player).ends_with("no battery"), "the first reason is the reason");
    let mut player = self::player(&["operate = \"switch_on\""]);
    assert_eq!(player.next(at(100), 1, &NOTHING), Next::Operate);
    assert_eq!(player.next(at(160), 2, &NOTHING), Next::Over, "nobody does it");
    assert_eq!(player.operated(1, Ok(()), at(161)), Err(NotAsked), "too late");
}

#[test]
fn rows_decide_and_have_a_moment_to_come_right() {
    let unfulfilled =
        || Judgement { unfulfilled: vec!["refresh_once (not exercised)".into()], ..Judgement::default() };
    let broken = || Judgement { broken: vec!["backoff".into()], ..unfulfilled() };
    let played = || {
        let mut player = player(&["clock = 1"]);
        assert_eq!(player.next(at(100), 1, &NOTHING), Next::Do);
        player.done(at(100));
        player
    };
    let mut player = played();
    assert_eq!(player.judged(&unfulfilled(), at(101)), Some(at(105)));
    assert_eq!(player.next(at(102), 1, &NOTHING), Next::Judge);
    assert_eq!(player.judged(&Judgement::default(), at(102)), None);
    assert_eq!(player.ending(), Some(&Ending::Passed));
    let mut player = played();
    assert_eq!(player.judged(&unfulfilled(), at(105)), None);
    assert_eq!(why(&player), "these rows are to be fulfilled: refresh_once (not exercised)");
    let mut player = played();
    assert_eq!(player.judged(&broken(), at(101)), None, "what is broken does not mend");
    assert_eq!(why(&player), "it broke backoff");
}
