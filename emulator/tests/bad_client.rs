//! A device that does it all wrong, and what the checklist says about it: the row, and the request.

mod client;

use client::checklist::{broken, culprit, row};
use client::device::Device;
use client::{Client, FORM, Outcome, VERSION, emulator};
use serde_json::Value;

const BEAT: &str = "/v2/devices/heartbeat";

fn seqs(row: &Value) -> Vec<u64> {
    let requests = row["breaches"][0]["requests"].as_array().into_iter().flatten();
    requests.filter_map(|quote| quote["seq"].as_u64()).collect()
}

#[tokio::test]
async fn it_polls_too_fast() -> Outcome {
    let running = emulator(&[]).await?;
    let mut client = Client::connect(&running).await?;
    let code = client.code().await?.text("device_code");
    for error in ["authorization_pending", "slow_down", "slow_down"] {
        assert_eq!(client.poll(&code).await?.text("error"), error);
    }
    assert_eq!(broken(&running).await?, ["polling_pace", "slow_down_obeyed"]);
    let pace = row(&running, "polling_pace").await?;
    assert_eq!((pace["broken"].as_u64(), seqs(&pace)), (Some(2), vec![2, 3]));
    assert_eq!(culprit(&pace)["oauth_error"], "slow_down");
    assert_eq!(seqs(&row(&running, "slow_down_obeyed").await?), [3, 4]);
    assert!(!pace.to_string().contains(&code), "the code is masked");
    Ok(())
}

#[tokio::test]
async fn it_refreshes_twice() -> Outcome {
    let running = emulator(&[]).await?;
    let mut client = Client::connect(&running).await?;
    let token = client.pair().await?.text("refresh_token");
    assert_eq!(client.refresh(&token).await?.status, 200);
    assert_eq!(client.refresh(&token).await?.status, 400);
    assert_eq!(broken(&running).await?, ["refresh_once"]);
    let row = row(&running, "refresh_once").await?;
    assert_eq!(seqs(&row), [3, 4]);
    assert_eq!((&row["breaches"][0]["device"], &culprit(&row)["status"]), (&"CAM".into(), &400.into()));
    assert!(!row.to_string().contains(&token), "the token is masked");
    Ok(())
}

#[tokio::test]
async fn it_ignores_a_pause() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    let create = |offset: u32| {
        format!(r#"{{"name":"A.mov","filetype":"video/quicktime","filesize":7,"offset":{offset}}}"#)
    };
    device.steer("POST", "/emulator/devices/CAM/pause", "").await?;
    device.steer("POST", "/emulator/clock", r#"{"advance_seconds":60}"#).await?;
    assert_eq!(device.post("/v2/devices/assets", &create(30)).await?.status, 409);
    device.steer("POST", "/emulator/devices/CAM/resume", "").await?;
    assert_eq!(device.post("/v2/devices/assets", &create(0)).await?.status, 200);
    assert_eq!(broken(&running).await?, ["pause_honoured"]);
    let row = row(&running, "pause_honoured").await?;
    assert_eq!((seqs(&row), &culprit(&row)["status"]), (vec![3, 4], &200.into()));
    assert!(culprit(&row)["fields"].to_string().contains(r#"["offset","0"]"#));
    Ok(())
}

#[tokio::test]
async fn it_names_no_version() -> Outcome {
    let running = emulator(&[]).await?;
    let mut client = Client::connect(&running).await?;
    let body = "client_id=CAM&client_secret=emulator-secret&scope=asset_create";
    client.call("POST", "/v2/auth/device/code", &[FORM, ("x-client-version", "v2")], body).await?;
    client.call("POST", "/v2/auth/device/code", &[FORM], body).await?;
    assert_eq!(broken(&running).await?, ["version_header", "version_is_semantic"]);
    assert_eq!(seqs(&row(&running, "version_is_semantic").await?), [1]);
    assert_eq!(seqs(&row(&running, "version_header").await?), [2]);
    Ok(())
}

#[tokio::test]
async fn it_sends_the_token_to_the_storage() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    let asset = device.create(7, r#","parts":1"#).await?;
    let mut storage = Client::connect_to_storage(&running).await?;
    let authorization = format!("Bearer {}", device.token);
    storage.begin_put(&asset.urls[0], 7, &[("authorization", &authorization)]).await?;
    storage.send_body(b"1234567").await?;
    assert_eq!(storage.receive().await?.status, 400);
    assert_eq!(broken(&running).await?, ["token_not_to_storage"]);
    let row = row(&running, "token_not_to_storage").await?;
    assert_eq!((seqs(&row), &row["breaches"][0]["device"]), (vec![4], &"CAM".into()));
    assert!(row.to_string().contains("Bearer #") && !row.to_string().contains(&device.token));
    Ok(())
}

#[tokio::test]
async fn it_starts_over_after_a_cut() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    let asset = device.create(14, r#","parts":2"#).await?;
    Client::connect_to_storage(&running).await?.put(&asset.urls[0], b"1234567").await?;
    device.steer("POST", "/emulator/clock", r#"{"advance_seconds":30}"#).await?;
    device.steer("POST", "/emulator/faults", r#"{"endpoint":"part","fault":{"kind":"reset"}}"#).await?;
    assert!(Client::connect_to_storage(&running).await?.put(&asset.urls[1], b"1234567").await.is_err());
    Client::connect_to_storage(&running).await?.put(&asset.urls[0], b"1234567").await?;
    device.create(14, r#","parts":2"#).await?;
    assert_eq!(broken(&running).await?, ["resume_from_last_part"]);
    let row = row(&running, "resume_from_last_part").await?;
    assert_eq!((row["broken"].as_u64(), seqs(&row)), (Some(2), vec![5, 6]));
    assert_eq!(row["breaches"][0]["requests"][0]["fault"], "reset");
    Ok(())
}

#[tokio::test]
async fn it_hammers_and_never_asks_who_it_is() -> Outcome {
    let running = emulator(&[]).await?;
    let mut device = Device::paired(&running).await?;
    let fault = r#"{"endpoint":"heartbeat","times":11,"fault":{"kind":"status","status":503}}"#;
    device.steer("POST", "/emulator/faults", fault).await?;
    for _ in 0..11 {
        assert_eq!(device.post(BEAT, "").await?.status, 503);
    }
    assert_eq!(broken(&running).await?, ["device_information", "backoff"]);
    for _ in 0..2 {
        assert_eq!(device.post(BEAT, "").await?.status, 204);
    }
    assert_eq!(broken(&running).await?, ["device_information", "heartbeat_not_too_often", "backoff"]);
    assert_eq!(seqs(&row(&running, "heartbeat_not_too_often").await?), [14, 15]);
    Ok(())
}

#[tokio::test]
async fn a_strict_service_refuses_what_a_lenient_one_records() -> Outcome {
    for (arguments, strict) in [(&["--strict"][..], true), (&[], false)] {
        let running = emulator(arguments).await?;
        let mut client = Client::connect(&running).await?;
        let code = client.code().await?.text("device_code");
        client.poll(&code).await?;
        client.call("POST", "/emulator/approve", &[], "").await?;
        let hasty = client.poll(&code).await?;
        assert_eq!(hasty.text("error"), if strict { "slow_down" } else { "" });

        let mut device = Device::paired(&running).await?;
        let authorization = format!("Bearer {}", device.token);
        let bearer = ("authorization", authorization.as_str());
        let expected = |status| if strict { status } else { 200 };
        let me = "/v2/devices/me";
        for headers in [&[bearer][..], &[bearer, ("x-client-version", "2")]] {
            assert_eq!(device.client.call("GET", me, headers, "").await?.status, expected(400));
        }
        let query = device.client.call("GET", "/v2/devices/me?x=1", &[bearer, VERSION], "").await?;
        assert_eq!(query.status, expected(400));
        for body in [
            r#"{"name":"A.mov","filetype":"video/quicktime","filesize":7}"#,
            r#"{"name":"A.mov","filetype":"video/quicktime","filesize":7,"offset":-1}"#,
        ] {
            assert_eq!(device.post("/v2/devices/assets", body).await?.status, expected(422), "{body}");
        }
        device.post(BEAT, "").await?;
        let again = device.post(BEAT, "").await?;
        assert_eq!(again.status, if strict { 429 } else { 204 });
        assert_eq!(again.head.contains("retry-after: 60"), strict);
        let fields = "client_id=CAM&client_secret=emulator-secret&scope=offline";
        let path = "/v2/auth/device/code";
        let code = device.client.call("POST", path, &[FORM, VERSION, bearer], fields).await?;
        assert_eq!((code.status, code.text("error").as_str() == "invalid_request"), (expected(400), strict));
        assert_eq!(device.client.call("GET", "/health", &[], "").await?.status, 200);
        let found = broken(&running).await?;
        for name in ["version_header", "secrets_in_their_place", "offset_present", "offset_plausible"] {
            assert!(found.iter().any(|row| row == name), "{name} {found:?}");
        }
    }
    Ok(())
}
