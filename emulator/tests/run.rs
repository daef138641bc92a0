//! `fio-emulator run` as a process: its operator, its report, and what it ends with.

mod client;

use std::fs;
use std::process::{Command, Output, Stdio};

use client::Outcome;
use client::scratch::Scratch;
use serde_json::Value;

/// Says that everything is done; what it is told first goes to a file.
const OPERATOR: &str = r#"read -r hello; printf '%s' "$hello" >"$HELLO"
while read -r line; do id=${line#*\"id\":}; printf '{"id":%s,"done":true}\n' "${id%%,*}"; done"#;

fn run(scratch: &Scratch, arguments: &[&str]) -> std::io::Result<Output> {
    let program = Command::new("timeout")
        .args(["60", env!("CARGO_BIN_EXE_fio-emulator")])
        .args(arguments)
        .env("HELLO", scratch.path("hello"))
        .stdin(Stdio::null())
        .output()?;
    Ok(program)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn file(scratch: &Scratch, name: &str, steps: &str) -> std::io::Result<String> {
    let path = scratch.path(name);
    fs::write(&path, format!("title = \"What {name} shows\"\n{steps}"))?;
    Ok(path)
}

#[test]
fn it_plays_all_and_reports() -> Outcome {
    let scratch = Scratch::new("run")?;
    let good = file(
        &scratch,
        "good.toml",
        "[[step]]\noperate = \"switch_on\"\n[[step]]\nclock = 1\n[[step]]\noperate = \"record\"\nbytes = 9",
    )?;
    let passed = run(&scratch, &["run", &good, "--operator", OPERATOR, "--client-secret", "mine"])?;
    assert_eq!(passed.status.code(), Some(0), "{}", said(&passed));
    assert!(
        said(&passed).contains("SCENARIOS: 1\n  passed  good (What good.toml shows)"),
        "{}",
        said(&passed)
    );
    assert_eq!(String::from_utf8_lossy(&passed.stdout).lines().count(), 1, "the line that says it is ready");
    let hello: Value = serde_json::from_str(&fs::read_to_string(scratch.path("hello"))?)?;
    let hello = &hello["hello"];
    assert_eq!(
        (&hello["client_secret"], &hello["scenarios"]),
        (&"mine".into(), &serde_json::json!(["good"]))
    );
    for address in ["url", "storage_url"] {
        assert!(hello[address].as_str().is_some_and(|url| url.starts_with("https://127.0.0.1:")), "{hello}");
    }
    assert!(hello["ca_file"].is_string());

    let bad = file(&scratch, "bad.toml", "[[step]]\nawait = { code = \"pending\" }\nwithin = 0.05")?;
    let (text, xml, json) = (scratch.path("r.txt"), scratch.path("r.xml"), scratch.path("r.json"));
    let reports = ["--report", &text, "--report", &xml, "--report", &json];
    let both = run(&scratch, &[&["run", &bad, &good, "--operator", OPERATOR][..], &reports].concat())?;
    assert_eq!(both.status.code(), Some(1), "{}", said(&both));
    assert!(!said(&both).contains("Integrator checklist"), "the report goes where it is wanted");
    let report = fs::read_to_string(&text)?;
    let failed = "FAILED  bad (What bad.toml shows), 0.1 s: step 1, “Wait until a device waits with a code.”: not within 0.05 s\n  passed  good";
    assert!(report.contains(failed), "{report}");
    let report = fs::read_to_string(&xml)?;
    assert!(report.contains(r#"<testsuite name="scenarios" tests="2" failures="1""#), "{report}");
    assert!(report.contains("<failure message=\"What bad.toml shows\">step 1, "), "{report}");
    let report: Value = serde_json::from_str(&fs::read_to_string(&json)?)?;
    let scenarios = report["scenarios"].as_array().ok_or("no scenarios")?;
    assert_eq!(scenarios.iter().map(|played| &played["state"]).collect::<Vec<_>>(), ["failed", "passed"]);
    assert_eq!((&scenarios[0]["step"], &scenarios[1]["step"]), (&1.into(), &Value::Null));
    Ok(())
}

#[test]
fn an_operator_that_does_not_work_fails_what_is_played() -> Outcome {
    let scratch = Scratch::new("operators")?;
    let steps = "[[step]]\nsay = \"Look.\"\noperate = \"switch_on\"\nwithin = 20";
    let (one, two) = (file(&scratch, "one.toml", steps)?, file(&scratch, "two.toml", steps)?);
    for (operator, expected) in [
        ("exit 3", "the operator has ended (exit status: 3)"),
        ("read -r x; read -r x; exit 4", "the operator has ended (exit status: 4)"),
        ("echo nonsense; cat >/dev/null", "the operator answered “nonsense”: "),
        (
            r#"echo '{"id":7,"done":true}'; cat >/dev/null"#,
            r#"answered “{"id":7,"done":true}”, which is no answer to 1"#,
        ),
        (r#"echo '{"id":1}'; cat >/dev/null"#, r#"answered “{"id":1}”, which is no answer to 1"#),
    ] {
        let output = run(&scratch, &["run", &one, &two, "--operator", operator])?;
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert_eq!(
            said.matches(expected).count(),
            4,
            "each fails, as it is played and in the report: {said}"
        );
    }
    let failing = r#"read -r x; read -r x; echo '{"id":1,"failed":"no battery"}'; read -r x; echo '{"id":2,"done":true}'; read -r x"#;
    let output = run(&scratch, &["run", &one, &two, "--operator", failing])?;
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("it could not be done: no battery"), "{}", said(&output));
    assert!(said(&output).contains("passed  two"), "a failure ends only its own scenario: {}", said(&output));
    Ok(())
}

#[test]
fn without_an_operator_a_person_is_told() -> Outcome {
    let scratch = Scratch::new("person")?;
    let steps = "[[step]]\nsay = \"It is in the box.\"\noperate = \"switch_on\"\nwithin = 0.05";
    let output = run(&scratch, &["run", &file(&scratch, "person.toml", steps)?])?;
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let told = "It is in the box.\n>>> Switch the device on, unless it is on.\n    Say on the page when it is done, or by POST /emulator/scenario/operated.\n";
    assert!(said.contains(told), "{said}");
    Ok(())
}

#[test]
fn a_signal_ends_it_with_a_report() -> Outcome {
    let scratch = Scratch::new("signal")?;
    let path = file(&scratch, "long.toml", "[[step]]\nawait = { code = \"pending\" }\nwithin = 60")?;
    let report = scratch.path("report.txt");
    let (child, _) = client::program::spawn_alone(&["run", &path, "--report", &report])?;
    client::program::terminate(&child)?;
    let output = child.wait_with_output()?;
    assert_eq!(output.status.code(), Some(1));
    let report = fs::read_to_string(&report)?;
    assert!(report.contains("FAILED  long") && report.contains("the emulator was stopped"), "{report}");
    Ok(())
}

#[test]
fn wrong_usage() -> Outcome {
    let scratch = Scratch::new("usage")?;
    let wrong = file(&scratch, "wrong.toml", "[[step]]\nclok = 1")?;
    for (arguments, expected) in [
        (&["run"][..], "SCENARIO"),
        (&["run", "nonsense"], "there is no scenario nonsense"),
        (&["run", &scratch.path("absent.toml")], "absent.toml cannot be read"),
        (&["run", &wrong], "wrong.toml: step 1: unknown field `clok`"),
        (&["scenarios", "--show", "nonsense"], "there is no scenario nonsense"),
        (&["--strict", "run", "all"], "cannot be used with"),
    ] {
        let output = run(&scratch, arguments)?;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(said(&output).contains(expected), "{arguments:?}: {}", said(&output));
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
    Ok(())
}

#[test]
fn the_built_in_ones_are_listed_and_shown() -> Outcome {
    let scratch = Scratch::new("list")?;
    let list = String::from_utf8(run(&scratch, &["scenarios"])?.stdout)?;
    assert!(list.contains("down_at_boot ") && list.contains("The answer to a refresh is lost"), "{list}");
    let shown = String::from_utf8(run(&scratch, &["scenarios", "--show", "down_at_boot"])?.stdout)?;
    let mine = scratch.path("mine.toml");
    fs::write(&mine, &shown)?;
    let read = fio_emulator::scenario::builtin::named(&mine)?;
    assert_eq!((read[0].name.as_str(), read[0].steps.len() > 5), ("mine", true));
    Ok(())
}
