//! What clients call their files never becomes a path.

// A failure here is a failed test, in helpers as well.
#![allow(clippy::expect_used, clippy::unwrap_used)]

#[path = "../fuzz/harness/mod.rs"]
mod harness;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use fio_emulator::http::listener::Site;
use fio_emulator::state;
use harness::answers::first;
use harness::bench::{self, Bench};
use serde_json::{Value, json};

async fn ask(bench: &Bench, site: Site, head: &str, body: &str) -> (u16, Value) {
    let request = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let mut connection = bench.connect(site);
    let enough = |said: &[u8]| first(said, false).is_some();
    let said = bench.talk(&mut connection, std::iter::once(request.as_bytes()), enough).await;
    let answer = first(&said, false).expect("an answer");
    (answer.status, serde_json::from_slice(answer.body).unwrap_or(Value::Null))
}

async fn create(bench: &Bench, body: Value) -> (u16, Value) {
    let head = format!(
        "POST /v2/devices/assets HTTP/1.1\r\nhost: x\r\nx-client-version: 1.2.3\r\nauthorization: Bearer {}\r\n\
         content-type: application/json",
        bench.known.access_token
    );
    ask(bench, Site::Service, &head, &body.to_string()).await
}

fn files(dir: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        }
        found.insert(path);
    }
}

#[test]
fn names_stay_names() {
    let long = "x".repeat(251) + ".mov";
    let names = [
        "../../etc/passwd",
        "../escaped.mov",
        "/etc/passwd",
        "..",
        ".",
        "/",
        "//",
        "a/b/c.mov",
        "a\\..\\b.mov",
        "C:\\x.mov",
        "CON",
        "NUL.mov",
        "a\0b.mov",
        "\0",
        "state.json",
        "../state.json",
        "../ca.key",
        "-rf",
        "~/x.mov",
        "$(touch x).mov",
        "a\nb.mov",
        "\u{202e}vom.a",
        "%2e%2e%2fx.mov",
        "file:///etc/passwd",
        &long,
    ];
    bench::with(async |bench| {
        bench.emulator.world().service.settings.keep_content = true;
        let neighbours = |bench: &Bench| {
            let dir = bench.dir.parent().expect("a parent").to_owned();
            fs::read_dir(dir)
                .expect("a directory")
                .map(|entry| entry.expect("an entry").file_name())
                .filter(|name| !name.to_string_lossy().starts_with("fio-emulator-"))
                .collect::<BTreeSet<_>>()
        };
        let beside = neighbours(bench);
        for name in names {
            let asked = json!({ "name": name, "filetype": "video/quicktime", "filesize": 7, "offset": 0, "parts": 1 });
            let (status, asset) = create(bench, asked).await;
            assert_eq!((status, asset["name"].as_str()), (200, Some(name)));
            let url = asset["upload_urls"][0].as_str().expect("an address");
            let head = format!(
                "PUT {} HTTP/1.1\r\nhost: {}\r\ncontent-type: video/quicktime\r\nx-amz-acl: private",
                url.strip_prefix(&bench.emulator.storage.url).expect("an address of the storage"),
                bench::STORAGE_HOST
            );
            assert_eq!(ask(bench, Site::Storage, &head, "1234567").await.0, 200, "{name:?}");
            let extension = json!({ "extension": format!(".{name}"), "filetype": "video/quicktime", "offset": 0,
                "is_realtime_upload": true });
            let (status, _) = create(bench, extension).await;
            assert!(matches!(status, 200 | 422), "{name:?}: {status}");
        }
        bench.emulator.storage.all_assembled().await;
        state::leave(&bench.emulator).expect("a state");
        let mut found = BTreeSet::new();
        files(&bench.dir, &mut found);
        let parts = bench.dir.join("parts");
        let is_ours = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            *path == parts
                || *path == bench.dir.join("state.json")
                || (path.parent() == Some(&parts)
                    && name.len() == 16
                    && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)))
        };
        let others: Vec<_> = found.iter().filter(|path| !is_ours(path)).collect();
        assert!(others.is_empty(), "{others:?}");
        assert_eq!(found.len(), names.len() + 2, "one file for each that is kept");
        assert_eq!(neighbours(bench), beside);
    });
}

#[test]
fn paths_in_addresses_lead_nowhere() {
    bench::with(async |bench| {
        for id in ["..%2f..%2fstate.json", "../../state.json", "%00", "/etc/passwd", ""] {
            for rest in ["content", "picture"] {
                let head = format!("GET /emulator/uploads/{id}/{rest} HTTP/1.1\r\nhost: x");
                assert_eq!(ask(bench, Site::Service, &head, "").await.0, 404, "{id}");
            }
            let head = format!("PUT /parts/{id}/1 HTTP/1.1\r\nhost: x");
            assert!(matches!(ask(bench, Site::Storage, &head, "").await.0, 403 | 404), "{id}");
            let head = format!("GET /page/{id} HTTP/1.1\r\nhost: x");
            assert_eq!(ask(bench, Site::Service, &head, "").await.0, 404, "{id}");
        }
    });
}
