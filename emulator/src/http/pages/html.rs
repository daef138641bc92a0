//! The HTML of the pages. Whatever somebody else wrote goes through [`escape`].

/// Safe inside an element and inside a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
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

pub(crate) fn pair<'a>(
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

pub(crate) fn message(title: &str, text: &str) -> String {
    let (title, text) = (escape(title), escape(text));
    layout(
        &title,
        &format!(
            r#"<div class="card" role="status"><h1>{title}</h1><p>{text}</p><p><a href="/">Look after devices</a></p></div>"#
        ),
    )
}

fn layout(title: &str, main: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – Camera-to-Cloud emulator</title><link rel="icon" href="/page/icon.svg"><link rel="stylesheet" href="/page/page.css"></head>
<body class="narrow"><header><nav aria-label="Pages"><a href="/">Devices</a> <a href="/pair">Connect a device</a></nav></header>
<main>{main}</main><footer>This is an emulator: nothing here leaves this computer.</footer></body></html>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_text() {
        let nasty = r#""><script>alert('x')</script>&"#;
        for page in
            [pair("token", nasty, Some(nasty), [nasty].into_iter(), Some(nasty)), message(nasty, nasty)]
        {
            assert!(!page.contains("<script"), "{page}");
            assert!(!page.contains("alert('"), "{page}");
        }
    }
}
