//! Who may use what people and tests use.

mod client;

use client::{Client, FORM, Outcome, emulator};
use fio_emulator::run::Running;

const HOST: &str = "https://evil.example";

async fn client_at(running: &Running, source: &str) -> std::io::Result<Client> {
    Client::connect_from(source, &running.ca_file, running.address.port()).await
}

#[tokio::test]
async fn somebody_elses_name_leads_to_nothing() -> Outcome {
    let running = emulator(&["--host", "bench.example"]).await?;
    let origin = [("origin", HOST), ("sec-fetch-site", "same-origin")];
    for (method, path) in [
        ("GET", "/emulator/state"),
        ("POST", "/emulator/shutdown"),
        ("GET", "/emulator/events"),
        ("GET", "/"),
        ("GET", "/pair/123456"),
        ("POST", "/pair"),
        ("GET", "/page/page.js"),
    ] {
        let mut client = Client::connect(&running).await?.named(HOST);
        let reply = client.call(method, path, &origin, "").await?;
        assert_eq!(reply.status, 421, "{method} {path}");
    }
    assert!(!running.emulator.is_stopping());
    for name in
        ["https://localhost", "https://bench.example:8443", "https://192.168.0.7", "https://api.frame.io"]
    {
        let mut client = Client::connect(&running).await?.named(name);
        assert_eq!(
            client.call("GET", "/emulator/state", &[("origin", name)], "").await?.status,
            200,
            "{name}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_token_is_needed_where_others_can_reach_it() -> Outcome {
    let local = emulator(&[]).await?;
    assert!(local.ready_line().get("token").is_none() && local.page().is_none());
    let running = emulator(&["--listen", "0.0.0.0:0", "--storage-listen", "127.0.0.1:0"]).await?;
    let line = running.ready_line();
    let token = line["token"].as_str().ok_or("no token")?.to_owned();
    assert!(line["page_url"].as_str().is_some_and(|page| page.ends_with(&format!("/?token={token}"))));
    let mut client = Client::connect(&running).await?;
    for path in ["/emulator/state", "/emulator/uploads/x/content", "/emulator/events", "/emulator/nowhere"] {
        assert_eq!(client.call("GET", path, &[], "").await?.status, 401, "{path}");
        assert_eq!(
            client.call("GET", path, &[("x-emulator-token", "guess")], "").await?.status,
            401,
            "{path}"
        );
    }
    assert_eq!(client.call("POST", "/emulator/shutdown", &[], "").await?.status, 401);
    let own = [("x-emulator-token", token.as_str())];
    assert_eq!(client.call("GET", "/emulator/state", &own, "").await?.status, 200);
    // The page gives a browser a cookie, once it was opened with the token.
    let page = client.call("GET", "/", &[], "").await?;
    assert!(page.status == 401 && !page.head.contains("set-cookie"), "{}", page.head);
    assert_eq!(client.call("GET", "/?token=guess", &[], "").await?.status, 401);
    let page = client.call("GET", &format!("/?token={token}"), &[], "").await?;
    assert!(page.status == 200 && page.head.contains("; secure; httponly; samesite=strict"), "{}", page.head);
    let cookie = format!("emulator_token={token}");
    assert_eq!(client.call("GET", "/emulator/view", &[("cookie", &cookie)], "").await?.status, 200);
    assert_eq!(client.call("GET", "/", &[("cookie", &cookie)], "").await?.status, 200);
    // Devices and those who connect them need none.
    assert_eq!(client.code().await?.status, 200);
    for path in ["/pair", "/ca.pem", "/page/page.css", "/health"] {
        assert_eq!(client.call("GET", path, &[], "").await?.status, 200, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn codes_cannot_be_guessed() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Client::connect(&running).await?;
    let code = device.code().await?.text("user_code");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let form = |digits: &str| {
        format!(
            "form_token={}&user_code={digits}&project=Feature+A&decision=approve",
            running.emulator.form_token
        )
    };
    let mut guesser = client_at(&running, "127.0.0.2").await?;
    for _ in 0..5 {
        assert_eq!(guesser.call("POST", "/pair", &[FORM], &form(wrong)).await?.status, 404);
        // The page of a code tells whether a device waits with it.
        assert_eq!(guesser.call("GET", &format!("/pair/{wrong}"), &[], "").await?.status, 200);
    }
    let refused = guesser.call("POST", "/pair", &[FORM], &form(&code)).await?;
    assert!(refused.status == 429 && refused.head.contains("retry-after: 60"), "{}", refused.head);
    assert_eq!(guesser.call("GET", &format!("/pair/{code}"), &[], "").await?.status, 429);
    let mut person = client_at(&running, "127.0.0.3").await?;
    assert_eq!(person.call("POST", "/pair", &[FORM], &form(&code)).await?.status, 200);

    // Guesses from many addresses end the code that they are after.
    let code = device.code().await?.text("device_code");
    for last in 10..21 {
        let mut guesser = client_at(&running, &format!("127.0.0.{last}")).await?;
        for _ in 0..10 {
            assert_eq!(guesser.call("GET", "/pair/999999", &[], "").await?.status, 200);
        }
    }
    let reply = device.poll(&code).await?;
    assert!(reply.body.contains("expired_token"), "{}", reply.body);
    Ok(())
}
