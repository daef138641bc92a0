//! Another site's page makes a browser ask: the test API refuses, and so do the forms of the pages.

#[path = "../fuzz/harness/mod.rs"]
mod harness;

use fio_emulator::http::listener::Site;
use harness::answers::{first, shown};
use harness::bench::{self, Bench};

/// Every call of the API for tests.
const CALLS: [(&str, &str, &str); 30] = [
    ("GET", "/emulator/state", ""),
    ("GET", "/emulator/view", ""),
    ("GET", "/emulator/events", ""),
    ("GET", "/emulator/changes", ""),
    ("GET", "/emulator/settings", ""),
    ("GET", "/emulator/person", ""),
    ("GET", "/emulator/clock", ""),
    ("GET", "/emulator/network", ""),
    ("GET", "/emulator/faults", ""),
    ("GET", "/emulator/answers", ""),
    ("GET", "/emulator/requests", ""),
    ("GET", "/emulator/uploads", ""),
    ("GET", "/emulator/uploads/x/content", ""),
    ("GET", "/emulator/checklist", ""),
    ("GET", "/emulator/report", ""),
    ("GET", "/emulator/scenario", ""),
    ("POST", "/emulator/approve", ""),
    ("POST", "/emulator/deny", ""),
    ("POST", "/emulator/person", r#"{"decision":"approve"}"#),
    ("POST", "/emulator/clock", r#"{"advance_seconds":1}"#),
    ("POST", "/emulator/network", r#"{"state":"down"}"#),
    ("POST", "/emulator/settings", r#"{"strict":true}"#),
    ("POST", "/emulator/faults", r#"{"endpoint":"any","fault":{"kind":"close"}}"#),
    ("POST", "/emulator/answers", r#"{"row":"shows_user_code","answer":"yes"}"#),
    ("POST", "/emulator/devices/CAM/pause", ""),
    ("POST", "/emulator/listeners", r#"{"certificate":"expired"}"#),
    ("POST", "/emulator/shutdown", ""),
    ("POST", "/emulator/scenario", r#"{"name":"pairing"}"#),
    ("DELETE", "/emulator/requests", ""),
    ("DELETE", "/emulator/uploads", ""),
];
const OTHERS: [&str; 6] = [
    "origin: https://evil.example",
    "origin: http://127.0.0.1:8",
    "origin: https://127.0.0.1:9",
    "origin: null",
    "sec-fetch-site: cross-site",
    "sec-fetch-site: same-site",
];

async fn ask(bench: &Bench, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:8\r\n{headers}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut connection = bench.connect(Site::Service);
    let enough = |said: &[u8]| first(said, false).is_some();
    let said = bench.talk(&mut connection, std::iter::once(request.as_bytes()), enough).await;
    (first(&said, false).map_or(0, |answer| answer.status), shown(&said).to_ascii_lowercase())
}

async fn state(bench: &Bench) -> String {
    let world = bench.emulator.world();
    let faults: Vec<_> = world.faults.remaining().collect();
    let devices: Vec<_> = world.service.devices.iter().map(|device| device.pauses.is_on()).collect();
    let codes: Vec<_> = world.service.codes.iter().collect();
    let service = &world.service;
    format!(
        "{faults:?} {devices:?} {codes:?} {:?} {:?} {} {} {:?} {} {}",
        service.settings,
        service.person,
        service.uploads.iter().len(),
        world.journal.last_seq(),
        bench.emulator.clock.offset(),
        bench.emulator.network.is_down(),
        bench.emulator.is_stopping(),
    )
}

#[test]
fn the_test_api_is_not_for_other_sites() {
    bench::with(async |bench| {
        let before = state(bench).await;
        for (method, path, body) in CALLS {
            for other in OTHERS {
                let (status, said) = ask(bench, method, path, other, body).await;
                assert_eq!(status, 403, "{method} {path} {other}: {said}");
                assert!(!said.contains("access-control-"), "{said}");
            }
        }
        assert_eq!(state(bench).await, before);
        for own in ["origin: https://127.0.0.1:8", "sec-fetch-site: same-origin", "x: y"] {
            assert_eq!(ask(bench, "GET", "/emulator/state", own, "").await.0, 200, "{own}");
        }
    });
}

#[test]
fn another_site_cannot_decide_about_a_code_even_with_the_token_of_the_form() {
    bench::with(async |bench| {
        let form = |token: &str| {
            format!(
                "form_token={token}&user_code={}&project=Feature+A&decision=approve",
                bench.known.user_code
            )
        };
        let before = state(bench).await;
        let kind = "content-type: application/x-www-form-urlencoded";
        for other in OTHERS {
            let headers = format!("{other}\r\n{kind}");
            let (status, said) = ask(bench, "POST", "/pair", &headers, &form(&bench.known.form_token)).await;
            assert_eq!(status, 403, "{other}: {said}");
        }
        for token in ["", "guessed"] {
            assert_eq!(ask(bench, "POST", "/pair", kind, &form(token)).await.0, 403);
        }
        assert_eq!(state(bench).await, before);
        assert_eq!(ask(bench, "POST", "/pair", kind, &form(&bench.known.form_token)).await.0, 200);
        assert_ne!(state(bench).await, before);
    });
}

/// A link leads to them from anywhere, such as the one in a QR code; nobody else may read or frame them.
#[test]
fn pages_open_from_anywhere_and_show_nothing_to_others() {
    bench::with(async |bench| {
        let pair = format!("/pair/{}", bench.known.user_code);
        for path in ["/", "/pair", &pair] {
            let (status, said) = ask(bench, "GET", path, "sec-fetch-site: cross-site", "").await;
            assert_eq!(status, 200, "{path}");
            for header in ["frame-ancestors 'none'", "cross-origin-resource-policy: same-origin", "no-store"]
            {
                assert!(said.contains(header), "{path} {header}: {said}");
            }
            assert!(!said.contains("access-control-"), "{path}");
        }
    });
}
