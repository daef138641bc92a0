//! The pages, and who may use them and the test API.

mod client;

use client::{Client, FORM, Outcome, emulator};

fn form_token(page: &str) -> Option<&str> {
    page.split_once(r#"name="form_token" value=""#)?.1.split('"').next()
}

#[tokio::test]
async fn a_person_approves_without_scripts() -> Outcome {
    let running = emulator(&[]).await?;
    let mut client = Client::connect(&running).await?;
    let code = client.code().await?;
    let digits = code.text("user_code");
    let page = client.call("GET", &format!("/pair/{digits}"), &[], "").await?;
    assert!(page.body.contains(&format!(r#"value="{digits}""#)) && page.body.contains("Waiting:"));
    let token = form_token(&page.body).ok_or("no form token")?.to_owned();

    let form = format!(
        "form_token={token}&user_code={digits}&project=Feature+A&new_project=Tom+%26+Jerry&decision=approve"
    );
    let done = client.call("POST", "/pair", &[FORM], &form).await?;
    assert!(done.status == 200 && done.body.contains("Tom &amp; Jerry"), "{}", done.body);
    assert_eq!(client.call("POST", "/pair", &[FORM], &form).await?.status, 404, "the code no longer waits");

    let tokens = client.poll(&code.text("device_code")).await?;
    let me = client.bearer("GET", "/v2/devices/me", &tokens.text("access_token")).await?;
    assert_eq!(me.json()["project"]["name"], "Tom & Jerry");
    Ok(())
}

#[tokio::test]
async fn the_authority_can_be_downloaded() -> Outcome {
    let running = emulator(&[]).await?;
    let mut client = Client::connect(&running).await?;
    client.send("GET", "/ca.crt", &[], "").await?;
    assert_eq!(client.receive_bytes().await?, std::fs::read(running.ca_file.with_extension("crt"))?);
    let pem = client.call("GET", "/ca.pem", &[], "").await?;
    assert_eq!(pem.body, std::fs::read_to_string(&running.ca_file)?);
    assert!(pem.head.contains("content-type: application/x-pem-file"));
    assert_eq!(client.call("POST", "/ca.pem", &[], "").await?.status, 405);
    let page = client.call("GET", "/", &[], "").await?.body;
    assert!(page.contains(r#"href="/ca.crt""#));
    let log = client.call("GET", "/emulator/requests", &[], "").await?.json();
    assert_eq!(log["last_seq"], 0, "people are no devices");
    Ok(())
}

#[tokio::test]
async fn other_sites_are_refused() -> Outcome {
    let running = emulator(&[]).await?;
    let mut client = Client::connect(&running).await?;
    let digits = client.code().await?.text("user_code");
    let page = client.call("GET", "/pair", &[], "").await?;
    let token = form_token(&page.body).ok_or("no form token")?.to_owned();
    let form = |token: &str| format!("form_token={token}&user_code={digits}&project=A&decision=approve");
    let foreign = ("origin", "https://evil.example");
    assert_eq!(client.call("POST", "/pair", &[FORM], &form("guess")).await?.status, 403);
    assert_eq!(client.call("POST", "/pair", &[FORM, foreign], &form(&token)).await?.status, 403);
    let cross_site = ("sec-fetch-site", "cross-site");
    assert_eq!(client.call("POST", "/pair", &[FORM, cross_site], &form(&token)).await?.status, 403);
    assert_eq!(client.call("POST", "/emulator/approve", &[foreign], "").await?.status, 403);
    assert_eq!(
        client.call("POST", "/emulator/approve", &[("origin", "https://127.0.0.1")], "").await?.status,
        200
    );
    Ok(())
}

#[tokio::test]
async fn tests_steer_devices_and_the_person() -> Outcome {
    let running = emulator(&["--person", "approve", "--person-after-polls", "1", "--interval", "0"]).await?;
    let mut client = Client::connect(&running).await?;
    let code = client.code().await?.text("device_code");
    assert_eq!(client.poll(&code).await?.text("error"), "authorization_pending");
    let tokens = client.poll(&code).await?;
    let before = client.bearer("GET", "/v2/devices/me", &tokens.text("access_token")).await?;
    let moved =
        client.call("POST", "/emulator/devices/CAM/project", &[], r#"{"project":"Elsewhere"}"#).await?;
    assert_eq!(moved.json()["project"]["name"], "Elsewhere");
    let after = client.bearer("GET", "/v2/devices/me", &tokens.text("access_token")).await?;
    assert_ne!(before.text("project_id"), after.text("project_id"));

    client.call("POST", "/emulator/person", &[], r#"{"decision":"deny","after_polls":0}"#).await?;
    let code = client.code().await?.text("device_code");
    assert_eq!(client.poll(&code).await?.text("error"), "access_denied");

    client.call("POST", "/emulator/person", &[], r#"{"decision":"ignore"}"#).await?;
    let code = client.code().await?.text("device_code");
    assert_eq!(client.call("POST", "/emulator/expire", &[], "").await?.status, 200);
    assert_eq!(client.poll(&code).await?.text("error"), "expired_token");
    assert_eq!(client.call("POST", "/emulator/deny", &[], "").await?.status, 404);

    for (path, body) in [
        ("/emulator/clock", r#"{"advance_seconds":-1}"#),
        ("/emulator/settings", r#"{"interval":-1}"#),
        ("/emulator/settings", r#"{"intervall":1}"#),
        ("/emulator/person", r#"{"decision":"maybe"}"#),
        ("/emulator/faults", r#"{"endpoint":"code","fault":{"kind":"status","status":99}}"#),
        ("/emulator/listeners", "nonsense"),
    ] {
        assert_eq!(client.call("POST", path, &[], body).await?.status, 400, "{path} {body}");
    }
    Ok(())
}
