//! Scenarios, played with a device over real sockets, and the test API for them.

mod client;
mod scripted;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use client::checklist::broken;
use client::{Client, Outcome, emulator};
use fio_emulator::checklist::played::Played;
use fio_emulator::run::Running;
use fio_emulator::scenario::{builtin, stage};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(60);

async fn play(running: &Running, name: &str) -> Result<Played, Box<dyn Error>> {
    let scenario = builtin::named(name)?;
    let run = stage::begin(&running.emulator, Arc::clone(&scenario[0])).map_err(|_| "busy")?;
    tokio::time::timeout(LIMIT, stage::play(&running.emulator, run)).await?;
    running.emulator.world().scenarios.played.last().cloned().ok_or_else(|| "not played".into())
}

async fn steer(
    running: &Running,
    method: &str,
    path: &str,
    body: &str,
) -> Result<(u16, Value), Box<dyn Error>> {
    let reply = Client::connect(running).await?.call(method, path, &[], body).await?;
    Ok((reply.status, reply.json()))
}

async fn begin(running: &Running, steps: &str) -> Result<Value, Box<dyn Error>> {
    let body = json!({ "toml": format!("title = \"Mine\"\n{steps}") }).to_string();
    match steer(running, "POST", "/emulator/scenario", &body).await? {
        (200, report) => Ok(report),
        (status, report) => Err(format!("{status} {report}").into()),
    }
}

/// What `GET /emulator/scenario` tells once the scenario is as wanted.
async fn until(running: &Running, is_so: impl Fn(&Value) -> bool) -> Result<Value, Box<dyn Error>> {
    let looking = async {
        loop {
            let seen = running.emulator.changes();
            let (_, report) = steer(running, "GET", "/emulator/scenario", "").await?;
            if is_so(&report) {
                return Ok(report);
            }
            running.emulator.changes_beyond(Some(seen)).await;
        }
    };
    tokio::time::timeout(LIMIT, looking).await?
}

async fn failure(running: &Running) -> Result<String, Box<dyn Error>> {
    let report = until(running, |report| report["scenario"].is_null()).await?;
    let played = report["played"].as_array().and_then(|played| played.last()).cloned().unwrap_or_default();
    assert_eq!(played["state"], "failed", "{played}");
    Ok(played["why"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_device_that_does_it_right_passes() -> Outcome {
    let running = emulator(&["--person-project", "Bench"]).await?;
    scripted::attend(&running);
    for name in ["lost_refresh_reply", "down_at_boot"] {
        let played = play(&running, name).await?;
        assert_eq!((played.has_passed(), played.why), (true, None), "{name}");
    }
    assert_eq!(broken(&running).await?, [""; 0]);
    let (_, state) = steer(&running, "GET", "/emulator/state", "").await?;
    assert_eq!(state["person"]["decision"], "ignore", "as the options said");
    assert_eq!(state["person"]["project"], "Bench");
    assert_eq!((&state["network"]["state"], &state["faults"]), (&json!("up"), &json!([])));
    Ok(())
}

#[tokio::test]
async fn it_is_told_step_by_step_and_operated_by_somebody_who_looks_on() -> Outcome {
    let running = emulator(&[]).await?;
    let (_, idle) = steer(&running, "GET", "/emulator/scenario", "").await?;
    assert_eq!((&idle["scenario"], &idle["played"]), (&Value::Null, &json!([])));
    assert_eq!(idle["known"].as_array().map(Vec::len), Some(builtin::FILES.len()));
    begin(
        &running,
        "about = \"All\"\n[[step]]\nclock = 5\n[[step]]\noperate = \"record\"\nname = \"A.wav\"\nbytes = 7",
    )
    .await?;
    let report = until(&running, |report| !report["scenario"]["operation"].is_null()).await?;
    let scenario = &report["scenario"];
    assert_eq!((&scenario["title"], &scenario["about"]), (&json!("Mine"), &json!("All")));
    assert_eq!(
        (&scenario["step"], &scenario["steps"], &scenario["state"]),
        (&json!(2), &json!(2), &json!("running"))
    );
    let operation = &scenario["operation"];
    assert_eq!(
        (&operation["operate"], &operation["name"], &operation["bytes"]),
        (&json!("record"), &json!("A.wav"), &json!(7))
    );
    assert_eq!(operation["words"], scenario["doing"]);
    assert_eq!(operation["words"], "Record a clip of about 7 B, as a .wav file, and let it upload.");

    let another = r#"{"name":"down_at_boot"}"#;
    assert_eq!(steer(&running, "POST", "/emulator/scenario", another).await?.0, 409);
    let wrong = json!({ "id": operation["id"].as_u64().unwrap_or(0) + 1 }).to_string();
    assert_eq!(steer(&running, "POST", "/emulator/scenario/operated", &wrong).await?.0, 409);
    let done = json!({ "id": operation["id"] }).to_string();
    assert_eq!(steer(&running, "POST", "/emulator/scenario/operated", &done).await?.0, 200);
    let report = until(&running, |report| report["scenario"].is_null()).await?;
    assert_eq!(report["played"][0]["state"], "passed");
    assert_eq!(report["played"][0]["why"], Value::Null);
    assert_eq!(steer(&running, "POST", "/emulator/scenario/operated", &done).await?.0, 409);
    for (method, path, body, status) in [
        ("POST", "/emulator/scenario", r#"{"name":"nonsense"}"#, 404),
        ("POST", "/emulator/scenario", r#"{"toml":"title = 7"}"#, 400),
        ("POST", "/emulator/scenario", r#"{}"#, 400),
        ("PUT", "/emulator/scenario", "", 405),
        ("GET", "/emulator/scenario/operated", "", 405),
        ("GET", "/emulator/scenario/nonsense", "", 404),
    ] {
        assert_eq!(steer(&running, method, path, body).await?.0, status, "{method} {path} {body}");
    }
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_done_fails_and_so_does_what_takes_too_long() -> Outcome {
    let running = emulator(&[]).await?;
    begin(&running, "[[step]]\nsay = \"Now\"\noperate = \"switch_on\"").await?;
    let report = until(&running, |report| !report["scenario"]["operation"].is_null()).await?;
    assert_eq!(report["scenario"]["doing"], "Now");
    let failed = json!({ "id": report["scenario"]["operation"]["id"], "failed": "no battery" }).to_string();
    steer(&running, "POST", "/emulator/scenario/operated", &failed).await?;
    let why = failure(&running).await?;
    assert!(why.starts_with("step 1, ") && why.ends_with("it could not be done: no battery"), "{why}");

    begin(&running, "[[step]]\nawait = { device = \"paired\" }\nwithin = 0.05").await?;
    let why = failure(&running).await?;
    assert_eq!(why, "step 1, “Wait until the device is paired.”: not within 0.05 s");

    begin(&running, "[[step]]\ndevice = \"pause\"").await?;
    assert!(failure(&running).await?.ends_with("there is no such device"));

    begin(&running, "[[step]]\nnetwork = \"down\"\n[[step]]\nawait = { code = \"pending\" }").await?;
    until(&running, |report| report["scenario"]["step"] == 2).await?;
    steer(&running, "DELETE", "/emulator/scenario", "").await?;
    assert!(failure(&running).await?.ends_with("it was ended"));
    let (_, network) = steer(&running, "GET", "/emulator/network", "").await?;
    assert_eq!(network["state"], "up", "it is left as it was");
    Ok(())
}

#[tokio::test]
async fn a_row_that_is_broken_meanwhile_fails_it_and_one_broken_before_does_not() -> Outcome {
    let running = emulator(&[]).await?;
    let wait = "[[step]]\nawait = { request = { endpoint = \"me\", status = 401 } }";
    for version in ["1.2.3", "nonsense"] {
        begin(&running, wait).await?;
        let headers = [("x-client-version", version)];
        Client::connect(&running).await?.call("GET", "/v2/devices/me", &headers, "").await?;
        let report = until(&running, |report| report["scenario"].is_null()).await?;
        let expected = if version == "nonsense" { "failed" } else { "passed" };
        let played = report["played"].as_array().and_then(|played| played.last()).ok_or("none")?;
        assert_eq!(played["state"], expected, "{played}");
    }
    assert_eq!(failure(&running).await?, "it broke version_is_semantic");
    // Broken before, and not again.
    begin(&running, "[[step]]\nclock = 1").await?;
    let report = until(&running, |report| report["scenario"].is_null()).await?;
    assert_eq!(report["played"][2]["state"], "passed", "{report}");
    Ok(())
}

#[tokio::test]
async fn the_checklist_is_told_what_was_done_at_the_device() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = client::device::Device::paired(&running).await?;
    let rows = "rows = [\"upload_can_be_canceled\", \"network_change\"]";
    let cancel = "[[step]]\noperate = \"cancel_upload\"\n[[step]]\noperate = \"change_network\"";
    let wait = "[[step]]\nawait = { uploads = { state = \"open\" } }";
    let then = "[[step]]\nawait = { request = { endpoint = \"heartbeat\" } }";
    begin(&running, &format!("{rows}\n{wait}\n{cancel}\n{then}")).await?;
    device.create(7, "").await?;
    for number in [1, 2] {
        let report = until(&running, |report| report["scenario"]["operation"]["id"] == number).await?;
        assert_eq!(report["scenario"]["step"], number + 1);
        let done = json!({ "id": number }).to_string();
        assert_eq!(steer(&running, "POST", "/emulator/scenario/operated", &done).await?.0, 200);
    }
    device.post("/v2/devices/heartbeat", "").await?;
    let report = until(&running, |report| report["scenario"].is_null()).await?;
    assert_eq!(report["played"][0]["state"], "passed", "{report}");
    Ok(())
}
