//! The HTML of the pages. Whatever somebody else wrote goes through [`escape`].

use super::size::{percent, readable};
use super::style::STYLE;
use crate::service::devices::DeviceStatus;
use crate::service::uploads::upload::State;

pub struct DeviceRow<'a> {
    pub client_id: &'a str,
    pub name: &'a str,
    pub project: &'a str,
    pub firmware: &'a str,
    pub status: DeviceStatus,
    pub authorized: bool,
    pub seen_seconds_ago: u64,
}

pub struct UploadRow<'a> {
    pub name: &'a str,
    pub device: &'a str,
    /// Unknown while it is being recorded.
    pub size: Option<u64>,
    pub stored: u64,
    pub state: State,
    pub sha256: Option<&'a str>,
}

/// Safe inside an element and inside a quoted attribute.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

pub fn pair<'a>(
    form_token: &str,
    digits: &str,
    waiting: Option<&str>,
    projects: impl Iterator<Item = &'a str>,
    problem: Option<&str>,
) -> String {
    let digits = escape(digits);
    let (alert, invalid) = match problem {
        Some(problem) => (
            format!(r#"<p id="problem" class="problem" role="alert">{}</p>"#, escape(problem)),
            r#" aria-invalid="true" aria-describedby="problem code-help""#,
        ),
        None => (String::new(), r#" aria-describedby="code-help""#),
    };
    let waiting =
        waiting.map_or(String::new(), |name| format!("<p>Waiting: <strong>{}</strong></p>", escape(name)));
    let options: String = projects.map(|name| format!("<option>{}</option>", escape(name))).collect();
    layout(
        "Connect a device",
        &format!(
            r#"<h1>Connect a device</h1>{alert}{waiting}
<form method="post" action="/pair" class="card">
<input type="hidden" name="form_token" value="{form_token}">
<label for="code">Code</label>
<input id="code" name="user_code" class="code" value="{digits}" inputmode="numeric" autocomplete="one-time-code" maxlength="9" required autofocus{invalid}>
<p id="code-help" class="help">The six digits on the device’s screen</p>
<label for="project">Project</label>
<select id="project" name="project">{options}</select>
<label for="new-project">Or a new project</label>
<input id="new-project" name="new_project" maxlength="255" autocomplete="off">
<div class="actions">
<button name="decision" value="approve">Approve</button>
<button name="decision" value="deny" class="quiet">Deny</button>
</div>
</form>"#
        ),
    )
}

const AUTHORITY: &str = r#"<h2>Certificate authority</h2><p>Devices trust the emulator once they have its authority: <a href="/ca.crt" download>ca.crt</a> (DER) or <a href="/ca.pem" download>ca.pem</a>.</p>"#;

pub fn devices(
    form_token: &str,
    rows: &[DeviceRow<'_>],
    uploads: &[UploadRow<'_>],
    warning: Option<&str>,
) -> String {
    let list = if rows.is_empty() {
        "<p>No device is connected yet.</p>".to_owned()
    } else {
        format!(
            "<ul class=\"devices\">{}</ul>",
            rows.iter().map(|row| device(form_token, row)).collect::<String>()
        )
    };
    let uploads = if uploads.is_empty() {
        String::new()
    } else {
        format!(
            "<h2>Uploads</h2><ul class=\"devices\">{}</ul>",
            uploads.iter().map(upload).collect::<String>()
        )
    };
    let warning = warning.map_or(String::new(), |warning| {
        format!(r#"<p id="warning" class="problem" role="note">{}</p>"#, escape(warning))
    });
    layout("Devices", &format!("<h1>Devices</h1>{warning}{list}{uploads}{AUTHORITY}"))
}

fn upload(row: &UploadRow<'_>) -> String {
    let (class, state) = match row.state {
        State::Open => ("paused", "open"),
        State::Assembling => ("paused", "assembling"),
        State::Complete => ("online", "complete"),
        State::Broken => ("offline", "broken"),
    };
    let progress = match row.size {
        Some(size) => format!("{} % of {}", percent(row.stored, size), readable(size)),
        None => format!("{}, still recording", readable(row.stored)),
    };
    let sum = row.sha256.map_or(String::new(), |sum| format!("<dt>SHA-256</dt><dd>{}</dd>", escape(sum)));
    format!(
        r#"<li class="card"><h3>{} <span class="badge {class}">{state}</span></h3>
<dl><dt>Device</dt><dd>{}</dd><dt>Progress</dt><dd>{progress}</dd>{sum}</dl></li>"#,
        escape(row.name),
        escape(row.device)
    )
}

fn device(form_token: &str, row: &DeviceRow<'_>) -> String {
    let status = match row.status {
        _ if !row.authorized => "disconnected",
        DeviceStatus::Online => "online",
        DeviceStatus::Offline => "offline",
        DeviceStatus::Paused => "paused",
    };
    let name = escape(row.name);
    let buttons = if row.authorized {
        let (action, label) =
            if row.status == DeviceStatus::Paused { ("resume", "Resume") } else { ("pause", "Pause") };
        format!(
            r#"<form method="post" action="/devices/act" class="actions">
<input type="hidden" name="form_token" value="{form_token}"><input type="hidden" name="client_id" value="{}">
<button name="action" value="{action}" aria-label="{label} {name}">{label}</button>
<button name="action" value="revoke" class="quiet" aria-label="Disconnect {name}">Disconnect</button></form>"#,
            escape(row.client_id)
        )
    } else {
        String::new()
    };
    format!(
        r#"<li class="card"><h2>{name} <span class="badge {status}">{status}</span></h2>
<dl><dt>Project</dt><dd>{}</dd><dt>Firmware</dt><dd>{}</dd><dt>Last seen</dt><dd>{}</dd></dl>{buttons}</li>"#,
        escape(row.project),
        escape(row.firmware),
        ago(row.seen_seconds_ago)
    )
}

pub fn message(title: &str, text: &str) -> String {
    let (title, text) = (escape(title), escape(text));
    layout(&title, &format!(r#"<div class="card" role="status"><h1>{title}</h1><p>{text}</p></div>"#))
}

fn ago(seconds: u64) -> String {
    match seconds {
        0..=59 => format!("{seconds} s ago"),
        60..=3_599 => format!("{} min ago", seconds / 60),
        3_600..=172_799 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

fn layout(title: &str, main: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – Camera-to-Cloud emulator</title><style>{STYLE}</style></head>
<body><header><nav aria-label="Pages"><a href="/">Devices</a> <a href="/pair">Connect a device</a></nav></header>
<main>{main}</main><footer>This is an emulator: nothing here leaves this computer.</footer></body></html>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_on_the_page() {
        assert!(devices("token", &[], &[], Some("Beware.")).contains(r#"role="note">Beware.</p>"#));
        assert!(!devices("token", &[], &[], None).contains("role=\"note\""));
    }

    #[test]
    fn foreign_text_stays_text() {
        let nasty = r#""><script>alert('x')</script>&"#;
        let row = DeviceRow {
            client_id: nasty,
            name: nasty,
            project: nasty,
            firmware: nasty,
            status: DeviceStatus::Online,
            authorized: true,
            seen_seconds_ago: 61,
        };
        let upload = UploadRow {
            name: nasty,
            device: nasty,
            size: Some(7),
            stored: 3,
            state: State::Complete,
            sha256: Some(nasty),
        };
        for page in [
            devices("token", &[row], &[upload], Some(nasty)),
            pair("token", nasty, Some(nasty), [nasty].into_iter(), Some(nasty)),
            message(nasty, nasty),
        ] {
            assert!(!page.contains("<script"), "{page}");
            assert!(!page.contains("alert('"), "{page}");
        }
    }
}
