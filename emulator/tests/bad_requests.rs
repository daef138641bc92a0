//! What malformed, unknown, and too long requests get.

#[path = "../fuzz/harness/mod.rs"]
mod harness;

use fio_emulator::http::listener::Site;
use harness::answers::{first, shown};
use harness::bench::{self, Bench};
use serde_json::{Value, json};

/// All that is said until the connection ends, as statuses and bodies.
async fn answers(bench: &Bench, site: Site, sent: &[u8]) -> Vec<(u16, Vec<u8>)> {
    let mut connection = bench.connect(site);
    let said = bench.talk(&mut connection, std::iter::once(sent), |_| false).await;
    let (mut rest, mut found) = (&said[..], Vec::new());
    while !rest.is_empty() {
        let answer =
            first(rest, sent.starts_with(b"HEAD")).unwrap_or_else(|| panic!("half: {}", shown(&said)));
        found.push((answer.status, answer.body.to_vec()));
        rest = &rest[answer.length..];
    }
    found
}

async fn statuses(bench: &Bench, sent: &[u8]) -> Vec<u16> {
    answers(bench, Site::Service, sent).await.into_iter().map(|(status, _)| status).collect()
}

fn json_of((_, body): &(u16, Vec<u8>)) -> Value {
    serde_json::from_slice(body).unwrap_or(Value::Null)
}

/// The shape of errors outside of OAuth.
fn assert_detailed(answer: &(u16, Vec<u8>), context: &str) {
    let (status, body) = (answer.0, json_of(answer));
    let error = &body["errors"][0];
    assert_eq!(
        (&body["code"], &error["code"], &error["status"]),
        (&json!(status), &json!(status), &json!(status)),
        "{context}: {body}"
    );
    assert!(
        body["message"].is_string() && error["title"] == body["message"] && error["detail"].is_string(),
        "{context}: {body}"
    );
}

#[test]
fn unknown_paths_are_a_404_in_the_detailed_shape_for_every_method() {
    const PATHS: [&str; 12] = [
        "/nowhere",
        "/v2",
        "/v2/",
        "/v3/devices/me",
        "/v2/devices/me/",
        "/v2/devices/assets/an-id",
        "//",
        "/emulator",
        "/emulator/nowhere",
        "/page/nowhere",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/../../etc/passwd",
    ];
    bench::with(async |bench| {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "ODD"] {
            for path in PATHS {
                let request = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
                let answers = answers(bench, Site::Service, request.as_bytes()).await;
                assert_eq!(answers.iter().map(|(status, _)| *status).collect::<Vec<_>>(), [404], "{request}");
                if method != "HEAD" {
                    assert_detailed(&answers[0], &request);
                }
            }
        }
        let request = b"GET /nowhere HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        let answers = answers(bench, Site::Storage, request).await;
        assert!(answers[0].0 == 404 && shown(&answers[0].1).contains("<Code>NoSuchBucket</Code>"));
    });
}

#[test]
fn framing_that_makes_no_sense_is_a_400_and_the_end_of_the_connection() {
    const AFTER: &str = "GET /health HTTP/1.1\r\nhost: x\r\n\r\n";
    bench::with(async |bench| {
        for head in [
            "GET /health\r\n",
            "GET /health HTTP/1.1 \r\nhost: x\r\n",
            "GET  /health HTTP/1.1\r\nhost: x\r\n",
            "GET /he\0alth HTTP/1.1\r\nhost: x\r\n",
            "GET /health HTTP/1.1\r\nhost: x\r\nx: \0\r\n",
            "GET /health HTTP/1.1\r\nhost x\r\n",
            "GET /health HTTP/1.1\r\nhost : x\r\n",
            "GET /health HTTP/1.1\r\nhost: x\r\n folded\r\n",
            "GET /health HTTP/1.1\r\n",
            "GET /health HTTP/1.1\r\nhost: x\r\nhost: y\r\n",
            "POST /health HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n",
            "POST /health HTTP/1.1\r\nhost: x\r\ncontent-length: 5, 6\r\n",
            "POST /health HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n",
            "POST /health HTTP/1.1\r\nhost: x\r\ncontent-length: +1\r\n",
            "POST /health HTTP/1.1\r\nhost: x\r\ncontent-length: 0x1\r\n",
            "POST /health HTTP/1.1\r\nhost: x\r\ncontent-length: 18446744073709551616\r\n",
            "POST /health HTTP/1.1\r\nhost: x\r\ntransfer-encoding: identity\r\n",
            "POST /health HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, gzip\r\n",
            "POST /health HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n",
        ] {
            assert_eq!(statuses(bench, format!("{head}\r\n{AFTER}").as_bytes()).await, [400], "{head:?}");
        }
        for chunks in ["z\r\n", "fffffffffffffffff\r\n", "-1\r\n", "5\r\nhello0\r\n\r\n", "5;\0x\r\nhi"] {
            let request = format!(
                "POST /v2/auth/token HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n{chunks}\r\n{AFTER}"
            );
            assert_eq!(statuses(bench, request.as_bytes()).await, [400], "{chunks:?}");
        }
        assert_eq!(
            statuses(bench, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await,
            [0; 0],
            "HTTP/2 is not spoken here"
        );
    });
}

/// RFC 9112 section 6.3: the chunks count. Whatever looks like a request in them is none.
#[test]
fn a_length_beside_chunks_hides_no_request() {
    bench::with(async |bench| {
        let inner = "GET /emulator/state HTTP/1.1\r\nhost: x\r\n\r\n";
        let chunk = format!("{:x}\r\n{inner}\r\n0\r\n\r\n", inner.len());
        for lengths in ["content-length: 4\r\n", "content-length: 0\r\n"] {
            let request = format!(
                "POST /health HTTP/1.1\r\nhost: x\r\n{lengths}transfer-encoding: chunked\r\n\r\n{chunk}"
            );
            assert_eq!(statuses(bench, request.as_bytes()).await, [405], "{request}");
        }
    });
}

#[test]
fn pipelined_requests_are_answered_one_by_one_and_in_order() {
    bench::with(async |bench| {
        let two = "GET /health HTTP/1.1\r\nhost: x\r\n\r\nPOST /nowhere HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nab";
        let found = statuses(bench, two.repeat(200).as_bytes()).await;
        assert_eq!(found, [200, 404].repeat(200));
    });
}

#[test]
fn what_is_too_long_is_refused_and_others_are_served() {
    bench::with(async |bench| {
        let mut other = bench.connect(Site::Service);
        let health = async |bench: &Bench, other: &mut _| {
            let request = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n";
            let said =
                bench.talk(other, std::iter::once(&request[..]), |said| first(said, false).is_some()).await;
            first(&said, false).map(|answer| answer.status)
        };
        let long = "x".repeat(70_000);
        let many: String = (0..101).map(|at| format!("x-{at}: y\r\n")).collect();
        for head in [format!("x: {long}\r\n"), format!("{long}: x\r\n"), many] {
            let request = format!("GET /health HTTP/1.1\r\nhost: x\r\n{head}\r\n");
            assert_eq!(statuses(bench, request.as_bytes()).await, [431]);
            assert_eq!(health(bench, &mut other).await, Some(200));
        }
        let request = format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n");
        assert!(matches!(statuses(bench, request.as_bytes()).await[..], [414 | 431]));
        for (announced, sent) in [(2_u64 << 20, 2 << 20), (100 << 20, 1 << 10), (1 << 62, 0)] {
            for path in ["/v2/auth/device/code", "/v2/devices/assets", "/emulator/faults", "/pair"] {
                let mut request =
                    format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {announced}\r\n\r\n");
                request.push_str(&"x".repeat(sent));
                let answers = answers(bench, Site::Service, request.as_bytes()).await;
                assert_eq!((answers.len(), answers[0].0), (1, 413), "{path}");
                assert_detailed(&answers[0], path);
                assert_eq!(health(bench, &mut other).await, Some(200));
            }
        }
        // A form has a few fields; 10,000 parts need more than that to be announced.
        let body = "x".repeat((64 << 10) + 1);
        for (path, status) in [
            ("/v2/auth/device/code", 413),
            ("/v2/auth/token", 413),
            ("/pair", 413),
            ("/v2/devices/heartbeat", 413),
            ("/v2/devices/assets", 401),
            ("/emulator/faults", 400),
        ] {
            let length = body.len();
            let request = format!(
                "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            );
            assert_eq!(statuses(bench, request.as_bytes()).await, [status], "{path}");
            // At the limit it is read.
            let request = request.replacen(&length.to_string(), &(length - 1).to_string(), 1);
            assert_ne!(statuses(bench, &request.as_bytes()[..request.len() - 1]).await, [413], "{path}");
        }
    });
}

#[test]
fn bodies_that_cannot_be_read_get_the_error_of_their_endpoint() {
    const FORM: &str = "application/x-www-form-urlencoded";
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let asset = |name: &str, value: &str| {
        let proper =
            [("name", r#""A.mov""#), ("filetype", r#""video/mp4""#), ("filesize", "7"), ("offset", "0")];
        let fields =
            proper.map(|(field, kept)| format!("\"{field}\":{}", if field == name { value } else { kept }));
        format!("{{{}}}", fields.join(",")).into_bytes()
    };
    let mut cases: Vec<(&str, &str, Vec<u8>, u16)> = vec![
        ("/v2/devices/assets", "application/json", deep.clone().into_bytes(), 400),
        ("/v2/devices/assets", "application/json", b"\xff".to_vec(), 400),
        ("/v2/devices/assets", "application/json", asset("name", "\"\u{0}\""), 400),
        ("/v2/devices/assets", "application/json", asset("name", r#""\ud800""#), 400),
        ("/v2/devices/assets", "text/plain", asset("", ""), 400),
        ("/v2/devices/assets", FORM, "a=1&".repeat(100).into_bytes(), 400),
        ("/emulator/clock", "application/json", br#"{"advance_seconds":1e999}"#.to_vec(), 400),
        ("/emulator/clock", "application/json", br#"{"advance_seconds":NaN}"#.to_vec(), 400),
        ("/emulator/clock", "application/json", br#"{"advance_seconds":-1}"#.to_vec(), 400),
        ("/emulator/settings", "application/json", br#"{"interval":1e308}"#.to_vec(), 400),
        ("/emulator/settings", "application/json", deep.into_bytes(), 400),
        ("/emulator/told", "application/json", b"{\"client_id\":\"\xff\"}".to_vec(), 400),
    ];
    for (field, value, status) in [
        ("filesize", "1e999", 400),
        ("filesize", "NaN", 400),
        ("filesize", "1e3", 422),
        ("filesize", "7.5", 422),
        ("filesize", "0", 422),
        ("filesize", "-1", 422),
        ("filesize", "18446744073709551616", 422),
        ("filesize", "5497558138881", 422),
        ("offset", "9223372036854775808", 422),
        ("offset", "\"x\"", 422),
        ("offset", "9223372036854775807", 200),
        ("offset", "-9223372036854775808", 200),
        ("name", "\"\"", 422),
        ("name", "7", 422),
        ("filetype", "\"a/\\u0000\"", 422),
        ("filetype", "\"video\"", 422),
    ] {
        cases.push(("/v2/devices/assets", "application/json", asset(field, value), status));
    }
    let text = format!("\"a/{}\"", "x".repeat(300));
    cases.push(("/v2/devices/assets", "application/json", asset("filetype", &text), 422));
    bench::with(async |bench| {
        for (path, kind, body, status) in cases {
            let token = &bench.known.access_token;
            let mut request = format!(
                "POST {path} HTTP/1.1\r\nhost: x\r\nx-client-version: 1.2.3\r\nauthorization: Bearer {token}\r\n\
                 content-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            ).into_bytes();
            request.extend_from_slice(&body);
            let answers = answers(bench, Site::Service, &request).await;
            assert_eq!(
                answers.iter().map(|(status, _)| *status).collect::<Vec<_>>(),
                [status],
                "{}",
                shown(&body)
            );
            if status != 200 {
                assert_detailed(&answers[0], path);
            }
        }
        for (kind, body) in [
            (FORM, &b"client_id=%ff&client_secret=emulator-secret"[..]),
            ("application/json", b"{}"),
            (FORM, b"\xff\0"),
            ("multipart/form-data", b"--XX"),
            ("multipart/form-data; boundary=XX", b"--XX\r\n\xff\r\n\r\n"),
            (FORM, b""),
        ] {
            for path in ["/v2/auth/device/code", "/v2/auth/token", "/v2/auth/revoke"] {
                let mut request = format!(
                    "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                ).into_bytes();
                request.extend_from_slice(body);
                let answers = answers(bench, Site::Service, &request).await;
                assert_eq!(answers[0].0, 400, "{path} {}", shown(body));
                assert_eq!(
                    json_of(&answers[0]),
                    json!({ "error": "invalid_request" }),
                    "{path} {}",
                    shown(body)
                );
            }
        }
    });
}

#[test]
fn bytes_that_are_no_text_are_no_trouble() {
    bench::with(async |bench| {
        for (request, status) in [
            (&b"GET /v2/devices/\xff\xfe HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"[..], 400),
            (b"GET /v2/devices/me HTTP/1.1\r\nhost: x\r\nx-client-version: \xff\r\nconnection: close\r\n\r\n", 401),
            (b"GET /v2/devices/me HTTP/1.1\r\nhost: x\r\nauthorization: \xff \xff\r\nconnection: close\r\n\r\n", 401),
            (b"GET /emulator/devices/%ff/pause HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", 404),
            (b"GET /pair/%ff%00 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", 200),
            (b"GET /emulator/state HTTP/1.1\r\nhost: x\r\norigin: \xff\r\nconnection: close\r\n\r\n", 403),
        ] {
            assert_eq!(statuses(bench, request).await, [status], "{}", shown(request));
        }
    });
}
