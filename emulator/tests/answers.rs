//! What the engineer answers, from the call to the reports.

mod client;

use std::fs;
use std::process::Command;
use std::time::Duration;

use client::checklist::{checklist, row};
use client::program::{ca_file, ends, port, spawn, terminate};
use client::scratch::Scratch;
use client::{Client, Outcome, emulator};
use serde_json::{Value, json};

async fn answer(client: &mut Client, body: &Value) -> Result<Value, Box<dyn std::error::Error>> {
    let reply = client.call("POST", "/emulator/answers", &[], &body.to_string()).await?;
    if reply.status == 200 { Ok(reply.json()) } else { Err(reply.body.into()) }
}

#[tokio::test]
async fn answers_are_in_every_report() -> Outcome {
    let running = emulator(&[]).await?;
    let mut client = Client::connect(&running).await?;
    let note = json!({"row": "shows_user_code", "answer": "yes", "note": "on the <LCD>"});
    let told = answer(&mut client, &note).await?;
    assert_eq!((&told["name"], &told["status"]), (&json!("shows_user_code"), &json!("confirmed")));
    answer(&mut client, &json!({"row": "shows_project", "answer": "no"})).await?;
    answer(&mut client, &json!({"row": "ethernet", "answer": "not_applicable"})).await?;

    let report = checklist(&running).await?;
    let summary = &report["summary"];
    assert_eq!([&summary["confirmed"], &summary["denied"], &summary["not_applicable"]], [1, 1, 1]);
    let known = row(&running, "shows_user_code").await?;
    assert_eq!(
        (&known["answer"]["answer"], &known["answer"]["note"]),
        (&json!("yes"), &json!("on the <LCD>"))
    );
    assert!(known["answer"]["date"].as_str().is_some_and(|date| date.ends_with('Z')), "{known}");
    assert_eq!(row(&running, "shows_link_or_qr").await?["answer"], Value::Null);

    let mut report = async |format: &str| {
        let reply = client.call("GET", &format!("/emulator/report?format={format}"), &[], "").await?;
        Ok::<_, std::io::Error>(reply)
    };
    let text = report("text").await?;
    assert!(text.head.contains("text/plain"), "{}", text.head);
    let body = &text.body;
    assert!(body.contains("DENIED BY THE ENGINEER: 1\n\n  shows_project\n"), "{body}");
    assert!(
        body.contains("    ? Does the device show the code, leading zeros included?\n    = yes, "),
        "{body}"
    );
    let junit = report("junit").await?;
    assert!(
        junit.head.contains("application/xml") && junit.body.contains(r#"failures="1""#),
        "{}",
        junit.body
    );
    assert!(junit.body.contains(r#"name="shows_project"><failure message="The name of"#), "{}", junit.body);
    assert!(junit.body.contains(": yes: on the &lt;LCD&gt;</system-out>"), "{}", junit.body);
    assert_eq!(report("json").await?.json()["summary"]["denied"], 1);
    assert_eq!(report("pdf").await?.status, 400);

    let back = answer(&mut client, &json!({"row": "shows_project", "answer": null})).await?;
    assert_eq!((&back["status"], &back["answer"]), (&json!("ask_the_engineer"), &Value::Null));
    for bad in [json!({"row": "polling_pace", "answer": "yes"}), json!({"row": "shows_project"})] {
        assert!(answer(&mut client, &bad).await.is_err(), "{bad}");
    }
    Ok(())
}

#[tokio::test]
async fn an_engineer_answers_once() -> Outcome {
    let scratch = Scratch::new("answered")?;
    let state = scratch.path("state");
    let (child, ready) = spawn(&["--state", &state])?;
    let mut client = Client::connect_to(ca_file(&ready)?, port(&ready, "url")?).await?;
    answer(&mut client, &json!({"row": "ethernet", "answer": "yes", "note": "RJ45"})).await?;
    let form = client.call("GET", "/emulator/answers", &[], "").await?.body;
    drop(client);
    terminate(&child)?;
    tokio::task::spawn_blocking(move || ends(child).map_err(|error| error.to_string())).await??;

    let again = emulator(&["--state", &state]).await?;
    let kept = row(&again, "ethernet").await?;
    assert_eq!((&kept["status"], &kept["answer"]["note"]), (&json!("confirmed"), &json!("RJ45")));

    // The form of one session is the file of another.
    let file = scratch.path("answers.json");
    fs::write(&file, form)?;
    let other = emulator(&["--answers", &file]).await?;
    assert_eq!(row(&other, "ethernet").await?["answer"], kept["answer"]);
    assert_eq!(row(&other, "dhcp_and_static").await?["status"], "ask_the_engineer");

    // What was kept before there were answers is read as well, and a file has the last word.
    drop(again);
    let saved = scratch.0.join("state/state.json");
    let mut older: Value = serde_json::from_str(&fs::read_to_string(&saved)?)?;
    assert!(older.as_object_mut().and_then(|older| older.remove("answers")).is_some());
    fs::write(&saved, older.to_string())?;
    fs::write(&file, r#"{"ethernet": {"answer": "no"}}"#)?;
    let older = emulator(&["--state", &state, "--answers", &file]).await?;
    assert_eq!(row(&older, "ethernet").await?["status"], "denied");
    Ok(())
}

#[test]
fn a_file_that_cannot_be_used_is_told_at_the_start() -> Outcome {
    let scratch = Scratch::new("answers")?;
    let file = scratch.path("answers.json");
    for (text, why) in [
        (Some(r#"{"shows_code": {"answer": "yes"}}"#), "\"shows_code\" is no row of the checklist"),
        (Some(r#"{"ethernet": {"answer": "perhaps"}}"#), "unknown variant `perhaps`"),
        (Some(r#"{"ethernet": "yes"}"#), "at line 1"),
        (None, "No such file"),
    ] {
        match text {
            Some(text) => fs::write(&file, text)?,
            None => fs::remove_file(&file)?,
        }
        let program = Command::new(env!("CARGO_BIN_EXE_fio-emulator")).args(["--answers", &file]).output()?;
        let said = String::from_utf8_lossy(&program.stderr).into_owned();
        assert!(!program.status.success() && program.stdout.is_empty(), "{said}");
        assert!(said.contains(&file) && said.contains(why), "{said}");
    }
    Ok(())
}

#[tokio::test]
async fn who_waits_hears_of_the_next_change() -> Outcome {
    let running = emulator(&[]).await?;
    let mut waiting = Client::connect(&running).await?;
    let now = waiting.call("GET", "/emulator/changes", &[], "").await?.json()["changes"].clone();
    let same = waiting.call("GET", &format!("/emulator/changes?seen={now}&wait=0.01"), &[], "").await?;
    assert_eq!(same.json()["changes"], now, "nothing happened");

    waiting.send("GET", &format!("/emulator/changes?seen={now}&wait=60"), &[], "").await?;
    Client::connect(&running).await?.call("GET", "/health", &[], "").await?;
    let told = tokio::time::timeout(Duration::from_secs(20), waiting.receive()).await??;
    assert!(told.json()["changes"].as_u64() > now.as_u64(), "{}", told.body);

    let now = running.emulator.changes();
    waiting.send("GET", &format!("/emulator/changes?seen={now}&wait=60"), &[], "").await?;
    running.emulator.shut_down();
    tokio::time::timeout(Duration::from_secs(20), running.stopped()).await?;
    Ok(())
}
