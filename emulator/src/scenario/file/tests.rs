//! What a file can say, and what is said of one that is wrong.

use super::*;
use crate::scenario::script::UploadState;

fn of_step(step: &str) -> Result<Scenario, String> {
    let text = format!("title = \"A title\"\n[[step]]\n{step}\n");
    parse("mine", &text).map_err(|mistake| mistake.to_string())
}

fn action_of(step: &str) -> Action {
    match of_step(step) {
        Ok(scenario) => scenario.steps[0].action.clone(),
        Err(mistake) => panic!("{mistake}"),
    }
}

#[test]
fn a_whole_file() {
    let scenario = parse(
        "mine",
        r#"
            title = "A title"
            about = "What it is about"
            rows = ["refresh_once"]
            [[step]]
            say = "Now."
            within = 2.5
            operate = "record"
            name = "A001.mov"
            bytes = 12_000_000
            [[step]]
            await = { request = { endpoint = "token", grant = "refresh_token", status = 200 }, times = 2 }
        "#,
    );
    let scenario = scenario.unwrap_or_else(|mistake| panic!("{mistake}"));
    assert_eq!((scenario.name.as_str(), scenario.title.as_str()), ("mine", "A title"));
    assert_eq!(
        (scenario.about.as_str(), &scenario.rows[..]),
        ("What it is about", &["refresh_once".into()][..])
    );
    let [record, wait] = &scenario.steps[..] else { panic!("two steps") };
    assert_eq!((record.say.as_deref(), record.within), (Some("Now."), Duration::from_millis(2_500)));
    assert!(matches!(&record.action, Action::Operate(operation) if *operation == Operation {
        operate: Operate::Record, name: Some("A001.mov".into()), bytes: Some(12_000_000) }));
    assert_eq!(wait.within, Duration::from_secs(60));
    assert!(matches!(&wait.action, Action::Await(Condition::Request { times: 2, .. })));
}

#[test]
fn every_kind_of_step() {
    for operate in [
        "switch_on",
        "switch_off",
        "cut_power",
        "pair",
        "cancel_pairing",
        "record",
        "cancel_upload",
        "cancel_all_uploads",
        "change_network",
        "idle",
    ] {
        assert!(matches!(action_of(&format!("operate = \"{operate}\"")), Action::Operate(_)));
    }
    let fault =
        r#"fault = { endpoint = "token", processed = true, fault = { kind = "status", status = 503 } }"#;
    assert!(matches!(action_of(fault), Action::Fault(Rule { processed: true, times: 1, .. })));
    assert!(matches!(action_of("clear_faults = true"), Action::ClearFaults));
    assert!(matches!(action_of("clock = 28800"), Action::Clock(seconds) if seconds == 28_800.0));
    assert!(matches!(action_of("settings = { interval = 1 }"), Action::Settings(_)));
    let person = r#"person = { decision = "approve", project = " B " }"#;
    assert!(matches!(action_of(person), Action::Person(Person { project: Some(name), .. }) if name == "B"));
    assert!(matches!(action_of(r#"device = "pause""#), Action::Device(Act::Pause)));
    assert!(matches!(action_of(r#"device = "resume""#), Action::Device(Act::Resume)));
    assert!(matches!(action_of(r#"device = "revoke""#), Action::Device(Act::Revoke)));
    assert!(matches!(action_of(r#"project = "B""#), Action::Device(Act::MoveTo(name)) if name == "B"));
    assert!(matches!(action_of(r#"network = "down""#), Action::Network(Link::Down)));
}

#[test]
fn every_condition() {
    for (text, expected) in [
        (r#"device = "paired""#, Condition::Device(DeviceState::Paired)),
        (r#"device = "unpaired""#, Condition::Device(DeviceState::Unpaired)),
        (r#"device = "online""#, Condition::Device(DeviceState::Online)),
        (r#"device = "paused""#, Condition::Device(DeviceState::Paused)),
        (r#"code = "pending""#, Condition::CodePending),
        (
            r#"uploads = { state = "open" }"#,
            Condition::Uploads(Uploads { state: UploadState::Open, count: 1, of_at_most: None }),
        ),
        (
            r#"uploads = { state = "complete", count = 3 }"#,
            Condition::Uploads(Uploads { state: UploadState::Complete, count: 3, of_at_most: None }),
        ),
        (
            r#"uploads = { state = "complete", of_at_most = 3 }"#,
            Condition::Uploads(Uploads { state: UploadState::Complete, count: 1, of_at_most: Some(3) }),
        ),
        ("parts_stored = 2", Condition::PartsStored(2)),
        (r#"faults = "struck""#, Condition::FaultsStruck),
        ("refused_connections = 4", Condition::RefusedConnections(4)),
    ] {
        let Action::Await(condition) = action_of(&format!("await = {{ {text} }}")) else { panic!("{text}") };
        assert_eq!(condition, expected, "{text}");
    }
}

#[test]
fn what_is_wrong_with_a_step() {
    for (step, expected) in [
        ("say = \"Nothing\"", "it does nothing: one of operate, await,"),
        ("clock = 1\nnetwork = \"up\"", "it does several things at once: only one of operate, await,"),
        ("clok = 1", "unknown field `clok`"),
        ("clock = \"1\"", "clock"),
        ("clock = -1", "clock is out of range"),
        ("clock = 1e300", "clock is out of range"),
        ("clock = nan", "clock is out of range"),
        ("clock = 1\nwithin = 0", "within is not between 0 and 86400 seconds"),
        ("clock = 1\nwithin = inf", "within is not between 0 and 86400 seconds"),
        ("clock = 1\nname = \"A.mov\"", "name and bytes are for operate"),
        ("operate = \"dance\"", "unknown variant `dance`"),
        ("operate = \"pair\"\nname = \"A.mov\"", "name is for record and cancel_upload"),
        ("operate = \"cancel_upload\"\nbytes = 1", "bytes is for record"),
        ("operate = \"record\"\nbytes = 0", "bytes is 0"),
        ("operate = \"record\"\nbytes = -1", "bytes"),
        ("clear_faults = false", "clear_faults can only be true"),
        ("settings = { interval = -1 }", "settings: interval is out of range"),
        ("settings = { speed = 1 }", "unknown field `speed`"),
        (
            "person = { decision = \"approve\", project = \" \" }",
            "person: project is not a name for a project",
        ),
        ("project = \"\"", "project is not a name for a project"),
        ("device = \"dance\"", "unknown variant `dance`"),
        ("network = \"slow\"", "unknown variant `slow`"),
        ("fault = { endpoint = \"me\" }", "missing field `fault`"),
        (
            "fault = { endpoint = \"me\", fault = { kind = \"status\", status = 99 } }",
            "fault: status cannot be sent",
        ),
        ("await = {}", "await: it is to have one condition"),
        ("await = { code = \"pending\", parts_stored = 1 }", "await: it is to have one condition"),
        ("await = { code = \"used\" }", "unknown variant `used`"),
        ("await = { code = \"pending\", times = 2 }", "await: times is for request"),
        ("await = { request = { endpoint = \"me\" }, times = 0 }", "await: times is 0"),
        ("await = { request = { endpoint = \"you\" } }", "unknown variant `you`"),
        (
            "await = { request = { endpoint = \"me\", begun = true, status = 200 } }",
            "await: request: what has only begun",
        ),
        (
            "await = { request = { endpoint = \"me\", begun = true, lost = true } }",
            "await: request: what has only begun",
        ),
        (
            "await = { request = { endpoint = \"me\", lost = true, status = 200 } }",
            "await: request: what is lost",
        ),
    ] {
        let mistake = of_step(step).expect_err(step);
        assert!(mistake.starts_with("mine: step 1: ") && mistake.contains(expected), "{step}\n{mistake}");
        assert!(!mistake.contains('\n'), "{mistake}");
    }
}

#[test]
fn the_second_step_is_called_the_second() {
    let mistake = of_step("clock = 1\n[[step]]\nclock = 2\ntimes = 3").expect_err("a mistake");
    assert!(mistake.starts_with("mine: step 2: unknown field `times`"), "{mistake}");
}

#[test]
fn what_is_wrong_with_the_whole() {
    for (text, expected) in [
        ("", "missing field `title`"),
        ("title = ", "mine: TOML parse error at line 1"),
        ("title = \" \"", "mine: title is empty"),
        ("title = \"A\"", "mine: it has 0 steps"),
        ("title = \"A\"\nrows = [\"no_such_row\"]", "mine: rows: the checklist has no row `no_such_row`"),
        ("title = \"A\"\ncolour = \"red\"", "unknown field `colour`"),
        ("title = 7", "title"),
    ] {
        let mistake = parse("mine", text).expect_err(text).to_string();
        assert!(mistake.starts_with("mine: ") && mistake.contains(expected), "{text}\n{mistake}");
    }
    let many = format!("title = \"A\"\n{}", "[[step]]\nclock = 1\n".repeat(MOST_STEPS + 1));
    assert!(parse("mine", &many).is_err());
}

#[test]
fn the_manual_shows_what_can_be_read() {
    for manual in [include_str!("../../../README.md"), include_str!("../../../../docs/certification.md")] {
        let blocks: Vec<_> =
            manual.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert!(!blocks.is_empty());
        for block in blocks {
            if let Err(mistake) = parse("the manual", block) {
                panic!("{mistake}");
            }
        }
    }
}
