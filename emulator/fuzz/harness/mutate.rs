//! Values nobody expects.

use arbitrary::{Result, Unstructured};

const NUMBERS: [&str; 26] = [
    "0",
    "1",
    "-1",
    "2",
    "7",
    "60",
    "10000",
    "10001",
    "4294967295",
    "4294967296",
    "5242880",
    "5368709120",
    "5368709121",
    "5497558138880",
    "5497558138881",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "0.1",
    "-0.0",
    "1e308",
    "1e-320",
    "1e999",
];
const TEXTS: [&str; 20] = [
    "",
    " ",
    "A.mov",
    ".",
    ".mov",
    "../../etc/passwd",
    "/etc/passwd",
    "a/b\\c",
    "NUL",
    "\0",
    "\u{1b}[2J\r\n",
    "<b>&\"']]>",
    "\u{fffe}\u{ffff}",
    "\u{202e}x",
    "é",
    "true",
    "null",
    "video/quicktime",
    "%00%ff%zz",
    "CAM",
];

pub fn number(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(match u.int_in_range(0..=9)? {
        0..=6 => (*u.choose(&NUMBERS)?).to_owned(),
        7 => u.arbitrary::<i64>()?.to_string(),
        8 => u.arbitrary::<u16>()?.to_string(),
        _ => "9".repeat(u.int_in_range(1..=400)?),
    })
}

pub fn text(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(match u.int_in_range(0..=9)? {
        0..=5 => (*u.choose(&TEXTS)?).to_owned(),
        6 => number(u)?,
        7 => u.choose(&["x", "é", "/", ".", "\0"])?.repeat(u.int_in_range(1..=300)?),
        8 => "long ".repeat(u.int_in_range(1..=1_200)?),
        _ => String::from_utf8_lossy(u.bytes(u.len().min(12))?).into_owned(),
    })
}

/// A value where another was to be, as JSON, or as something that is none.
pub fn json(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(match u.int_in_range(0..=11)? {
        0..=4 => number(u)?,
        5..=7 => quoted(&text(u)?),
        8 => format!("\"{}\"", number(u)?),
        9 => (*u.choose(&["null", "true", "false", "[]", "{}", "[null]", "[[]]"])?).to_owned(),
        10 => {
            (*u.choose(&["NaN", "-Infinity", "\"\\ud800\"", "01", "'x'", "\"\u{1}\"", "", "+1"])?).to_owned()
        }
        _ => {
            let depth = u.int_in_range(1..=300)?;
            format!("{}{}", "[".repeat(depth), "]".repeat(depth))
        }
    })
}

pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// An object, mostly with the fields it is to have.
pub fn object(u: &mut Unstructured<'_>, fields: &[(&str, String)]) -> Result<Vec<u8>> {
    let mut shown = Vec::new();
    for (name, proper) in fields {
        match u.int_in_range(0..=15)? {
            0 => {}
            1..=3 => shown.push(format!("\"{name}\":{}", json(u)?)),
            4 => shown.push(format!("\"{name}\":{proper},\"{name}\":{}", json(u)?)),
            _ => shown.push(format!("\"{name}\":{proper}")),
        }
    }
    if u.ratio(1, 16)? {
        shown.push(format!("{}:{}", quoted(&text(u)?), json(u)?));
    }
    let mut bytes = format!("{{{}}}", shown.join(",")).into_bytes();
    match u.int_in_range(0..=19)? {
        0 => bytes.truncate(u.int_in_range(0..=bytes.len())?),
        1 => bytes = json(u)?.into_bytes(),
        2 => alter(u, &mut bytes)?,
        _ => {}
    }
    Ok(bytes)
}

/// One byte becomes another, goes, or is there twice.
pub fn alter(u: &mut Unstructured<'_>, bytes: &mut Vec<u8>) -> Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    let at = u.int_in_range(0..=bytes.len() - 1)?;
    match u.int_in_range(0..=2)? {
        0 => bytes[at] = u.arbitrary()?,
        1 => drop(bytes.remove(at)),
        _ => bytes.insert(at, u.arbitrary()?),
    }
    Ok(())
}

/// Fields as a form, urlencoded or multipart, with its content type.
pub fn form(u: &mut Unstructured<'_>, fields: &[(&str, String)]) -> Result<(String, Vec<u8>)> {
    let mut sent: Vec<(String, String)> = Vec::new();
    for (name, proper) in fields {
        match u.int_in_range(0..=15)? {
            0 => {}
            1 | 2 => sent.push(((*name).to_owned(), text(u)?)),
            3 => sent.extend([((*name).to_owned(), proper.clone()), ((*name).to_owned(), text(u)?)]),
            _ => sent.push(((*name).to_owned(), proper.clone())),
        }
    }
    let (kind, mut bytes) = if u.ratio(1, 3)? {
        let parts = sent.iter().map(|(name, value)| {
            format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        });
        ("multipart/form-data; boundary=XX", (parts.collect::<String>() + "--XX--\r\n").into_bytes())
    } else {
        let pairs: Vec<_> = sent.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        ("application/x-www-form-urlencoded", pairs.join("&").into_bytes())
    };
    if u.ratio(1, 12)? {
        alter(u, &mut bytes)?;
    }
    Ok((kind.to_owned(), bytes))
}

pub fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~:".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
