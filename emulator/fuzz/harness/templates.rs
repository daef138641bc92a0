//! The calls that the emulator knows, nearly as they are meant.

use arbitrary::{Result, Unstructured};
use fio_emulator::http::listener::Site;

use super::bench::{Known, STORAGE_HOST};
use super::call::Call;
use super::mutate::{self, form, object, quoted};

const JSON: &str = "application/json";
const FILETYPE: &str = "video/quicktime";

pub fn call(u: &mut Unstructured<'_>, known: &Known) -> Result<Call> {
    let call = match u.int_in_range(0..=19)? {
        0..=2 => auth(u, known)?,
        3..=5 => asset(u, known)?,
        6 => parts(u, known)?,
        7 => comment(u, known)?,
        8..=11 => put(u, known)?,
        12 => plain(u, known)?,
        13 | 14 => fault(u)?,
        15 => settings(u)?,
        16..=18 => steer(u, known)?,
        _ => page(u, known)?,
    };
    call.disturbed(u)
}

fn device(method: &str, path: &str) -> Call {
    Call::new(Site::Service, method, path).with("host", "127.0.0.1:8").with("x-client-version", "1.2.3")
}

fn with_token(call: Call, known: &Known) -> Call {
    call.with("authorization", &format!("Bearer {}", known.access_token))
}

fn auth(u: &mut Unstructured<'_>, known: &Known) -> Result<Call> {
    let client = *u.choose(&["CAM", "CAM", "OTHER"])?;
    let mut fields = vec![("client_id", client.to_owned()), ("client_secret", "emulator-secret".to_owned())];
    let path = match u.int_in_range(0..=3)? {
        0 => {
            fields.push(("scope", "asset_create offline".into()));
            *u.choose(&["/v2/auth/device/code", "/v2/device/code"])?
        }
        1 => {
            fields.push(("grant_type", "urn:ietf:params:oauth:grant-type:device_code".into()));
            fields.push(("device_code", known.device_code.clone()));
            "/v2/auth/token"
        }
        2 => {
            fields.push(("grant_type", "refresh_token".into()));
            fields.push((*u.choose(&["refresh_token", "refresh_tokem"])?, known.refresh_token.clone()));
            "/v2/auth/token"
        }
        _ => {
            fields.push(("token", known.access_token.clone()));
            "/v2/auth/revoke"
        }
    };
    let (kind, body) = form(u, &fields)?;
    Ok(device("POST", path).body(&kind, body))
}

fn asset(u: &mut Unstructured<'_>, known: &Known) -> Result<Call> {
    let mut fields = vec![("filetype", quoted(FILETYPE)), ("offset", "0".into()), ("channel", "0".into())];
    if u.ratio(1, 2)? {
        fields.push(("is_realtime_upload", "true".into()));
        fields.push(if u.ratio(1, 2)? { ("extension", quoted(".mov")) } else { ("name", quoted("B.mov")) });
    } else {
        fields.push(("name", quoted("A.mov")));
        fields.push(("filesize", u.int_in_range(1..=40)?.to_string()));
        fields.push(("parts", u.int_in_range(1..=4)?.to_string()));
    }
    let path = *u.choose(&["/v2/devices/assets", "/v2/assets"])?;
    let call = with_token(device("POST", path), known);
    if u.ratio(1, 6)? {
        let fields: Vec<_> =
            fields.into_iter().map(|(name, value)| (name, value.trim_matches('"').to_owned())).collect();
        let (kind, body) = form(u, &fields)?;
        return Ok(call.body(&kind, body));
    }
    Ok(call.body(JSON, object(u, &fields)?))
}

fn id<'k>(u: &mut Unstructured<'_>, known: &'k Known) -> Result<&'k str> {
    Ok(&u.choose(&known.assets)?.0)
}

fn parts(u: &mut Unstructured<'_>, known: &Known) -> Result<Call> {
    let mut list = Vec::new();
    for _ in 0..u.int_in_range(0..=3)? {
        let fields = [
            ("number", u.int_in_range(1..=4)?.to_string()),
            ("size", u.int_in_range(1..=20)?.to_string()),
            ("is_final", u.arbitrary::<bool>()?.to_string()),
        ];
        list.push(String::from_utf8_lossy(&object(u, &fields)?).into_owned());
    }
    let mut fields = vec![("parts", format!("[{}]", list.join(",")))];
    if u.ratio(1, 2)? {
        fields.push(("asset_filesize", u.int_in_range(1..=40)?.to_string()));
    }
    if u.ratio(1, 4)? {
        fields.push(("asset_name", quoted("C.mov")));
    }
    let path = format!("/v2/devices/assets/{}/realtime_upload/parts", id(u, known)?);
    Ok(with_token(device("POST", &path), known).body(JSON, object(u, &fields)?))
}

fn comment(u: &mut Unstructured<'_>, known: &Known) -> Result<Call> {
    let path = format!("/v2/devices/assets/{}/comments", id(u, known)?);
    let body = object(u, &[("text", quoted("slate")), ("timestamp", "1.5".into())])?;
    Ok(with_token(device("POST", &path), known).body(JSON, body))
}

fn put(u: &mut Unstructured<'_>, known: &Known) -> Result<Call> {
    let (_, urls) = u.choose(&known.assets)?;
    let url = if urls.is_empty() { "/parts/none/1?X-Amz-Date=x" } else { u.choose(urls)?.as_str() };
    let mut url = url.as_bytes().to_vec();
    if u.ratio(1, 6)? {
        mutate::alter(u, &mut url)?;
    }
    let mut call = Call::new(Site::Storage, "PUT", "")
        .with("host", STORAGE_HOST)
        .with("x-amz-acl", "private")
        .body(FILETYPE, vec![b'x'; u.int_in_range(0..=40)?]);
    call.target = url;
    Ok(call)
}

fn plain(u: &mut Unstructured<'_>, known: &Known) -> Result<Call> {
    let paths = [
        ("GET", "/v2/devices/me"),
        ("POST", "/v2/devices/heartbeat"),
        ("GET", "/health"),
        ("GET", "/"),
        ("GET", "/pair"),
        ("GET", "/pair/000000"),
        ("GET", "/ca.crt"),
        ("GET", "/ca.pem"),
        ("GET", "/nowhere"),
        ("GET", "*"),
        ("GET", "//"),
        ("GET", "/v2/devices/assets//comments"),
        ("GET", "/parts/x/1"),
        ("GET", "https://127.0.0.1:8/health"),
    ];
    let (method, path) = *u.choose(&paths)?;
    let call = device(method, path);
    Ok(if u.ratio(3, 4)? { with_token(call, known) } else { call })
}

fn fault(u: &mut Unstructured<'_>) -> Result<Call> {
    let kinds: [&[(&str, &str)]; 10] = [
        &[
            ("kind", "\"status\""),
            ("status", "503"),
            ("headers", r#"{"Retry-After":"2"}"#),
            ("body", "\"x\""),
        ],
        &[
            ("kind", "\"status\""),
            ("status", "429"),
            ("headers", r#"{"Retry-After":"18446744073709551615"}"#),
        ],
        &[("kind", "\"body\""), ("body", "\"<html>\""), ("status", "200"), ("content_type", "\"text/html\"")],
        &[("kind", "\"big\""), ("bytes", "70000")],
        &[("kind", "\"redirect\""), ("location", "\"https://x/\""), ("status", "302")],
        &[("kind", "\"delay\""), ("ms", "1500")],
        &[("kind", "\"close\""), ("after_request_bytes", "0")],
        &[("kind", "\"reset\""), ("after_bytes", "3"), ("after_request_bytes", "0")],
        &[("kind", "\"throttle\""), ("bytes_per_second", "7")],
        &[("kind", "\"truncate\""), ("bytes", "5")],
    ];
    let kind: Vec<_> = u.choose(&kinds)?.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let mut fault = object(u, &kind)?;
    if u.ratio(1, 12)? {
        let name = *u.choose(&[
            "content-length",
            "transfer-encoding",
            "connection",
            "date",
            "set-cookie",
            "trailer",
        ])?;
        let value = *u.choose(&["5", "chunked", "close", "x", "upgrade"])?;
        let status = *u.choose(&["200", "204", "304", "503", "599"])?;
        fault =
            format!(r#"{{"kind":"status","status":{status},"body":"abc","headers":{{"{name}":"{value}"}}}}"#)
                .into();
    }
    let endpoint = *u.choose(&[
        "any",
        "any",
        "part",
        "asset",
        "token",
        "code",
        "me",
        "heartbeat",
        "realtime_parts",
        "comment",
    ])?;
    let mut fields = vec![
        ("endpoint", quoted(endpoint)),
        ("times", u.int_in_range(1..=3)?.to_string()),
        ("processed", u.arbitrary::<bool>()?.to_string()),
        ("fault", String::from_utf8_lossy(&fault).into_owned()),
    ];
    if u.ratio(1, 4)? {
        fields.extend([("skip", "1".to_owned()), ("chance", "0.5".into()), ("seed", "7".into())]);
    }
    Ok(tester("POST", "/emulator/faults").body(JSON, object(u, &fields)?))
}

fn settings(u: &mut Unstructured<'_>) -> Result<Call> {
    let all = [
        ("interval", "5"),
        ("expires_in", "120"),
        ("access_token_seconds", "1000000000"),
        ("refresh_token_seconds", "0"),
        ("code_path", "\"both\""),
        ("refuse_multipart", "true"),
        ("omit_name", "true"),
        ("omit_interval", "true"),
        ("verification_complete", "\"null\""),
        ("storage", "\"discard\""),
        ("part_bytes", "3"),
        ("minimum_part_bytes", "0"),
        ("url_seconds", "604800"),
        ("asset_urls", "\"many\""),
        ("asset_urls", "\"relative\""),
        ("etag", "\"absent\""),
        ("keep_content", "true"),
        ("device_clock", "\"moved\""),
        ("strict", "true"),
        ("minimum_part_bytes", "0"),
    ];
    let mut fields = Vec::new();
    for _ in 0..u.int_in_range(1..=3)? {
        let (name, value) = *u.choose(&all)?;
        fields.push((name, value.to_owned()));
    }
    fields.sort();
    fields.dedup_by_key(|(name, _)| *name);
    Ok(tester("POST", "/emulator/settings").body(JSON, object(u, &fields)?))
}

fn tester(method: &str, path: &str) -> Call {
    Call::new(Site::Service, method, path).with("host", "127.0.0.1:8")
}

/// Method, path, and the fields of the body.
type Steering<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

/// The rest of the API for tests.
fn steer(u: &mut Unstructured<'_>, known: &Known) -> Result<Call> {
    let content = format!("/emulator/uploads/{}/content", id(u, known)?);
    let calls: &[Steering<'_>] = &[
        ("GET", "/emulator/state", &[]),
        ("POST", "/emulator/approve", &[("project", "\"P\"")]),
        ("POST", "/emulator/deny", &[]),
        ("POST", "/emulator/expire", &[]),
        (
            "POST",
            "/emulator/person",
            &[("decision", "\"approve\""), ("after_polls", "1"), ("project", "\"P\"")],
        ),
        ("POST", "/emulator/clock", &[("advance_seconds", "28800")]),
        ("POST", "/emulator/clock", &[("advance_seconds", "3162239999")]),
        ("GET", "/emulator/requests?since=3", &[]),
        ("DELETE", "/emulator/requests", &[]),
        ("GET", "/emulator/uploads", &[]),
        ("GET", "/emulator/uploads?brief=1", &[]),
        ("DELETE", "/emulator/uploads", &[]),
        ("DELETE", "/emulator/faults", &[]),
        ("GET", &content, &[]),
        ("POST", "/emulator/devices/CAM/project", &[("project", "\"Q\"")]),
        ("POST", "/emulator/devices/CAM/pause", &[]),
        ("POST", "/emulator/devices/CAM/resume", &[]),
        ("POST", "/emulator/devices/CAM/revoke", &[]),
        ("GET", "/emulator/checklist", &[]),
        (
            "POST",
            "/emulator/told",
            &[("client_id", "\"CAM\""), ("what", "\"upload_canceled\""), ("name", "\"A.mov\"")],
        ),
        ("POST", "/emulator/told", &[("client_id", "\"CAM\""), ("what", "\"power_cut\"")]),
        (
            "POST",
            "/emulator/answers",
            &[("row", "\"shows_user_code\""), ("answer", "\"no\""), ("note", "\"n\"")],
        ),
        ("GET", "/emulator/answers", &[]),
        ("GET", "/emulator/view", &[]),
        ("GET", "/emulator/changes?beyond=0", &[]),
        ("GET", "/emulator/events", &[]),
        ("GET", "/emulator/report?format=junit", &[]),
        ("POST", "/emulator/network", &[("state", "\"down\"")]),
        ("POST", "/emulator/network", &[("state", "\"up\"")]),
        ("POST", "/emulator/listeners", &[("certificate", "\"expired\"")]),
        ("GET", "/emulator/scenario", &[]),
        ("POST", "/emulator/scenario", &[("name", "\"pairing\"")]),
        ("POST", "/emulator/scenario", &[("toml", "\"title = 'x'\\n[[step]]\\nclock = 1\\n\"")]),
        ("POST", "/emulator/scenario/operated", &[("id", "1"), ("failed", "\"why\"")]),
        ("DELETE", "/emulator/scenario", &[]),
    ];
    let (method, path, fields) = u.choose(calls)?;
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let call = tester(method, path);
    Ok(if *method == "POST" { call.body(JSON, object(u, &fields)?) } else { call })
}

fn page(u: &mut Unstructured<'_>, known: &Known) -> Result<Call> {
    let fields = [
        ("form_token", known.form_token.clone()),
        ("user_code", known.user_code.clone()),
        ("project", "Feature A".into()),
        ("decision", (*u.choose(&["approve", "deny"])?).to_owned()),
    ];
    let (kind, body) = form(u, &fields)?;
    Ok(tester("POST", "/pair").with("origin", "https://127.0.0.1:8").body(&kind, body))
}
