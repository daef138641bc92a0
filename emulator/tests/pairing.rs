//! A device's whole life over one real TLS connection.

mod client;

use client::{Client, Outcome, VERSION, emulator};

#[tokio::test]
async fn from_the_code_to_the_revocation_on_one_connection() -> Outcome {
    let running = emulator(&[]).await?;
    let mut client = Client::connect(&running).await?;

    let code = client.code().await?;
    assert_eq!(code.status, 200);
    assert_eq!(code.json()["expires_in"].to_string(), "120");
    assert_eq!(code.json()["interval"].to_string(), "5");
    assert!(code.json()["verification_uri_complete"].is_null());
    let device_code = code.text("device_code");

    assert_eq!(client.poll(&device_code).await?.text("error"), "authorization_pending");
    assert_eq!(client.poll(&device_code).await?.text("error"), "slow_down");
    let digits = code.text("user_code");
    let approval = format!(r#"{{"user_code":"{digits}","project":"Night shoot"}}"#);
    assert_eq!(client.call("POST", "/emulator/approve", &[], &approval).await?.status, 200);
    let first = client.poll(&device_code).await?;
    assert_eq!(first.status, 200);
    assert_eq!(first.text("token_type"), "bearer");
    assert_eq!(client.poll(&device_code).await?.text("error"), "invalid_grant");

    let me = client.bearer("GET", "/v2/devices/me", &first.text("access_token")).await?;
    assert_eq!((me.status, me.json()["project"]["name"].as_str()), (200, Some("Night shoot")));
    assert_eq!(me.text("last_known_firmware_version"), "1.2.3");
    assert_eq!(
        client.bearer("POST", "/v2/devices/heartbeat", &first.text("access_token")).await?.status,
        204
    );

    client.call("POST", "/emulator/clock", &[], r#"{"advance_seconds":28800}"#).await?;
    let expired = client.bearer("GET", "/v2/devices/me", &first.text("access_token")).await?;
    assert_eq!((expired.status, expired.json()["errors"][0]["status"].as_u64()), (401, Some(401)));

    let second = client.refresh(&first.text("refresh_token")).await?;
    assert_eq!(second.status, 200);
    let reused = client.refresh(&first.text("refresh_token")).await?;
    assert_eq!((reused.status, reused.text("error").as_str()), (400, "invalid_request"));

    let revoked = client.auth("/v2/auth/revoke", &format!("token={}", second.text("access_token"))).await?;
    assert_eq!((revoked.status, revoked.body.as_str()), (200, r#"{"success":true}"#));
    assert_eq!(client.auth("/v2/auth/revoke", "token=unknown").await?.status, 200);
    assert_eq!(client.refresh(&second.text("refresh_token")).await?.status, 401);

    let log = client.call("GET", "/emulator/requests", &[], "").await?;
    for secret in
        ["emulator-secret", &device_code, &first.text("access_token"), &second.text("refresh_token")]
    {
        assert!(!log.body.contains(secret), "the log shows a secret");
    }
    let log = log.json();
    let requests = log["requests"].as_array().ok_or("no requests")?;
    assert!(requests.iter().all(|request| request["connection"] == requests[0]["connection"]));
    let violations: Vec<_> =
        requests.iter().flat_map(|request| request["violations"].as_array()).flatten().collect();
    assert_eq!(violations, ["polled_too_fast"; 3]);
    Ok(())
}

#[tokio::test]
async fn multipart_and_the_pairing_address() -> Outcome {
    let running = emulator(&["--public-url", "https://192.168.0.7/"]).await?;
    let mut client = Client::connect(&running).await?;
    let mut body = String::new();
    for (name, value) in
        [("client_id", "CAM"), ("client_secret", "emulator-secret"), ("scope", "asset_create offline")]
    {
        body.push_str(&format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    body.push_str("--X--\r\n");
    let headers =
        [VERSION, ("content-type", "multipart/form-data; boundary=X"), ("x-client-platypus-enabled", "true")];
    let code = client.call("POST", "/v2/device/code", &headers, &body).await?;
    assert_eq!(code.status, 200);
    let complete = format!("https://192.168.0.7/pair/{}", code.text("user_code"));
    assert_eq!(code.text("verification_uri_complete"), complete);

    let settings = r#"{"refuse_multipart":true,"code_path":"legacy","omit_name":true}"#;
    client.call("POST", "/emulator/settings", &[], settings).await?;
    assert_eq!(
        client.call("POST", "/v2/device/code", &headers, &body).await?.text("error"),
        "invalid_request"
    );
    let gone = client.code().await?;
    assert_eq!((gone.status, gone.json()["code"].as_u64()), (404, Some(404)));
    let legacy = client.auth("/v2/device/code", "scope=asset_create").await?;
    assert_eq!((legacy.status, legacy.json().get("name")), (200, None));
    Ok(())
}

#[tokio::test]
async fn what_a_wrong_request_is_told() -> Outcome {
    let running = emulator(&[]).await?;
    let mut client = Client::connect(&running).await?;
    let form = [VERSION, client::FORM];
    for (body, error) in [
        ("client_id=CAM&client_secret=wrong&scope=offline", "invalid_client"),
        ("client_id=CAM&client_secret=emulator-secret&scope=everything", "invalid_scope"),
        ("client_id=CAM&client_secret=emulator-secret", "invalid_request"),
        ("client_id=CAM&client_id=CAM&client_secret=emulator-secret&scope=offline", "invalid_request"),
        ("", "invalid_request"),
    ] {
        let reply = client.call("POST", "/v2/auth/device/code", &form, body).await?;
        assert_eq!((reply.status, reply.text("error").as_str()), (400, error), "{body}");
    }
    assert_eq!(
        client.auth("/v2/auth/token", "grant_type=password").await?.text("error"),
        "unsupported_grant_type"
    );
    for (method, path, status) in
        [("GET", "/v2/nothing", 404), ("GET", "/v2/auth/token", 405), ("GET", "/v2/devices/me", 401)]
    {
        let reply = client.call(method, path, &[VERSION], "").await?;
        assert_eq!(
            (reply.status, reply.json()["code"].as_u64()),
            (status, Some(u64::from(status))),
            "{path}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn one_connection_serves_hundreds_of_calls() -> Outcome {
    let running = emulator(&["--interval", "0"]).await?;
    let mut client = Client::connect(&running).await?;
    let code = client.code().await?.text("device_code");
    for _ in 0..500 {
        assert_eq!(client.poll(&code).await?.text("error"), "authorization_pending");
    }
    Ok(())
}
