//! Texts from outside (service, storage, store, file names, libcurl's words) on their way to a log, an error, an
//! event or a view. Two things are taken out: characters that act on a terminal or a screen instead of being
//! shown, and the client's own secrets, which whoever was sent them may quote.

use crate::prelude::*;
use crate::secret::Secret;
use alloc::borrow::Cow;

/// A shorter secret would be found in ordinary words.
const SHORTEST_SECRET: usize = 8;

const NOT_SHOWN: &[u8] = b"(not shown)";

/// Whether a character does nothing but stand there: it is no control (escape sequences begin with one), no line
/// end, and does not change the direction of the text around it.
pub fn is_plain(c: char) -> bool {
    let turns =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !c.is_control() && !turns && !matches!(c, '\u{2028}' | '\u{2029}')
}

/// Without what is not plain; what separates words becomes a space.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return text.into();
    }
    let shown = |c: char| match c {
        _ if is_plain(c) => Some(c),
        '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' => Some(' '),
        _ => None,
    };
    text.chars().filter_map(shown).collect::<String>().into()
}

/// The secrets that a client has at the moment.
#[derive(Default)]
pub struct Secrets {
    list: Vec<Secret>,
    /// The bytes that one of them may begin with, plain or escaped.
    first: Bytes,
    /// The bytes that may follow a plain first one.
    second: Bytes,
}

/// A set with a bit for each.
#[derive(Default)]
struct Bytes([u64; 4]);

impl Bytes {
    fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }
}

const ESCAPES: &[u8] = b"%\\+";

impl Secrets {
    pub fn new(secrets: Vec<Secret>) -> Secrets {
        let mut known = Secrets::default();
        for &escape in ESCAPES {
            known.first.insert(escape);
            known.second.insert(escape);
        }
        for secret in secrets {
            match *secret.expose().as_bytes() {
                [first, second, ..] if secret.expose().len() >= SHORTEST_SECRET => {
                    known.first.insert(first);
                    known.second.insert(second);
                    known.list.push(secret);
                }
                _ => {}
            }
        }
        known
    }

    /// The next place with a secret, and how many bytes it takes there. Every answer of a poll is searched: nearly
    /// every place is ruled out by its first two bytes.
    fn next_in(&self, text: &[u8], from: usize) -> Option<(usize, usize)> {
        // No form of a secret is shorter than the secret.
        let end = (text.len() + 1).saturating_sub(SHORTEST_SECRET);
        (from..end).find_map(|at| {
            let (first, second) = (text[at], text[at + 1]);
            let is_likely =
                self.first.contains(first) && (self.second.contains(second) || ESCAPES.contains(&first));
            if !is_likely {
                return None;
            }
            let length = self.list.iter().find_map(|secret| length_of(secret.expose(), &text[at..]))?;
            Some((at, length))
        })
    }

    /// Whether one of them is in the text.
    pub fn are_in(&self, text: &[u8]) -> bool {
        self.next_in(text, 0).is_some()
    }

    /// The text with each secret replaced, as it is or percent-encoded or escaped as JSON has it, in whole or in
    /// part. `None` if there is none in it.
    pub fn hide(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut shown = Vec::new();
        let mut done = 0;
        while let Some((at, length)) = self.next_in(text, done) {
            shown.extend_from_slice(&text[done..at]);
            shown.extend_from_slice(NOT_SHOWN);
            done = at + length;
        }
        if done == 0 {
            return None;
        }
        shown.extend_from_slice(&text[done..]);
        Some(shown)
    }

    pub fn hide_in_text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.hide(text.as_bytes()) {
            None => text.into(),
            Some(shown) => String::from_utf8_lossy(&shown).into_owned().into(),
        }
    }
}

/// How many bytes of a text the secret takes, if it stands at the text's beginning in one of its forms.
fn length_of(secret: &str, text: &[u8]) -> Option<usize> {
    // A secret with `%` or `\` in it may be read in either way.
    let length = |is_plain_first: bool| {
        secret.chars().try_fold(0, |taken, c| {
            let rest = &text[taken..];
            let plain = || plain_length(c, rest);
            let encoded = || encoded_length(c, rest);
            let length = if is_plain_first { plain().or_else(encoded) } else { encoded().or_else(plain) };
            Some(taken + length?)
        })
    };
    length(true).or_else(|| length(false))
}

fn plain_length(c: char, text: &[u8]) -> Option<usize> {
    text.starts_with(c.encode_utf8(&mut [0; 4]).as_bytes()).then_some(c.len_utf8())
}

fn encoded_length(c: char, text: &[u8]) -> Option<usize> {
    let mut bytes = [0; 4];
    let bytes = c.encode_utf8(&mut bytes).as_bytes();
    match text.first()? {
        b'%' => {
            let is_there = |(at, byte): (usize, &u8)| {
                let encoded = text.get(3 * at..3 * at + 3);
                encoded.is_some_and(|encoded| {
                    encoded[0] == b'%' && number(&encoded[1..]) == Some((*byte).into())
                })
            };
            bytes.iter().enumerate().all(is_there).then_some(3 * bytes.len())
        }
        b'+' => (c == ' ').then_some(1),
        b'\\' if c == '\\' && text.starts_with(b"\\\\") => Some(2),
        b'\\' => {
            // More than one, where a JSON text stands in a text of another.
            let slashes = text.iter().take_while(|&&byte| byte == b'\\').count();
            let rest = &text[slashes..];
            let length = plain_length(c, rest).or_else(|| unicode_length(c, rest, slashes))?;
            Some(slashes + length)
        }
        _ => None,
    }
}

/// `uXXXX`, twice with so many `\` between for a character beyond the first plane.
fn unicode_length(c: char, text: &[u8], slashes: usize) -> Option<usize> {
    let mut units = [0; 2];
    let units = c.encode_utf16(&mut units);
    let step = slashes + 5;
    let is_there = |(at, unit): (usize, &u16)| {
        let escaped = text.get(at * step..at * step + 5);
        escaped.is_some_and(|escaped| escaped[0] == b'u' && number(&escaped[1..]) == Some(*unit))
    };
    units.iter().enumerate().all(is_there).then_some((units.len() - 1) * step + 5)
}

/// Of hexadecimal digits.
fn number(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0u16, |number, &digit| {
        Some(number << 4 | u16::try_from(char::from(digit).to_digit(16)?).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_screen_is_taken_out() {
        assert_eq!(clean("\u{1b}[31mred\u{9b}0m\u{7}"), "[31mred0m");
        assert_eq!(clean("one\r\ntwo\tthree\u{2028}four"), "one  two three four");
        for turning in
            "\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{200e}\u{200f}\u{61c}"
                .chars()
        {
            assert_eq!(clean(&format!("a{turning}b")), "ab");
        }
        let plain = "Ärger: «日本» עברית 👩‍🎬";
        assert!(matches!(clean(plain), Cow::Borrowed(text) if text == plain));
    }

    #[test]
    fn a_secret_is_found_in_every_form() {
        let secrets = Secrets::new(vec![
            Secret::new("k\"y/ü +\\%z"),
            Secret::new("other-secret"),
            Secret::new("short"),
        ]);
        for form in [
            "k\"y/ü +\\%z",
            "k%22y%2F%C3%BC+%2B%5C%25z",
            "%6b%22%79%2f%c3%bc%20%2b%5c%25%7a",
            r#"k\"y\/ü +\\%z"#,
            r#"\u006b\u0022y/\u00FC +\u005c%z"#,
            r#"\\u006b\\\"y\\/\\u00FC +\\%z"#,
            "other-secret",
            "o\\u0074her%2dsecret",
        ] {
            for (before, after) in [("", ""), ("say ", " again"), ("k", "k"), ("/", "%")] {
                let shown = secrets.hide_in_text(&format!("{before}{form}{after}")).into_owned();
                assert_eq!(shown, format!("{before}(not shown){after}"), "{form}");
            }
        }
        assert_eq!(secrets.hide_in_text("other-secretother-secret"), "(not shown)(not shown)");
        for other in ["", "other-secre", "k\"y/u", "short", "%", "\\u00", "%6", "k%22y%2F%C3%"] {
            assert!(matches!(secrets.hide_in_text(other), Cow::Borrowed(_)), "{other}");
        }
    }

    #[test]
    fn a_character_of_two_units_is_found_too() {
        let secrets = Secrets::new(vec![Secret::new("𝄞secret𝄞")]);
        assert_eq!(secrets.hide_in_text(r"x\uD834\uDD1Esecret%F0%9D%84%9E"), "x(not shown)");
    }
}
