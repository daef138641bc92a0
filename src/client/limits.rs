//! What an application may say: every range and limit that the core does not hold itself, once.

use crate::error::Error;
use crate::status::*;
use std::fmt;
use std::ops::RangeInclusive;

pub const CLIENT_ID: usize = 255;
pub const CLIENT_SECRET: usize = 1023;
pub const CLIENT_VERSION: usize = 127;
pub const BASE_URL: usize = 255;
/// Of files that are no media: certificates and the store.
pub const PATH: usize = 4095;
pub const HOST: usize = 253;
pub const ADDRESS: usize = 45;
pub const PORT: RangeInclusive<u64> = 1..=65_535;
pub const TIMEOUT_MS: RangeInclusive<u64> = 1..=600_000;
pub const STALL_MS: RangeInclusive<u64> = 1000..=600_000;
pub const LOG_LEVEL: RangeInclusive<u64> = 0..=5;
pub const PARALLEL_PARTS: RangeInclusive<u64> = 1..=32;
/// Or 0.
pub const PROGRESS_MS: RangeInclusive<u64> = 100..=60_000;
pub const HISTORY: RangeInclusive<u64> = 0..=10_000;
pub const TAG_MEMORY: RangeInclusive<u64> = 0..=1_000_000;
pub const CODES: RangeInclusive<u64> = 1..=1000;
pub const QR_TEXT: usize = 1023;
const INTERFACES: usize = 16;
const INTERFACE: usize = 15;
#[cfg(feature = "uploads")]
const COMMENT: usize = 10_000;

/// A number in its range.
pub fn within(
    value: impl TryInto<u64>,
    range: RangeInclusive<u64>,
    what: &'static str,
) -> Result<u64, Error> {
    in_range(value.try_into().ok(), &range, what)
}

fn in_range(value: Option<u64>, range: &RangeInclusive<u64>, what: &'static str) -> Result<u64, Error> {
    value.filter(|value| range.contains(value)).ok_or_else(|| {
        let (least, most) = (range.start(), range.end());
        Error::told(FIO_E_ARGUMENT, format!("{what} is outside {least} to {most}"))
    })
}

/// A text that can go into a header, a form or a log.
pub fn text<'a>(text: &'a str, longest: usize, what: &'static str) -> Result<&'a str, Error> {
    let wrong = |why: fmt::Arguments<'_>| Err(Error::told(FIO_E_ARGUMENT, format!("{what} {why}")));
    if !(1..=longest).contains(&text.len()) {
        return wrong(format_args!("does not have 1 to {longest} bytes"));
    }
    if text.chars().any(char::is_control) {
        return wrong(format_args!("contains control characters"));
    }
    Ok(text)
}

/// Names of network interfaces: visible ASCII characters without slashes and exclamation marks (libcurl gives
/// those a meaning).
pub fn interfaces<'a>(
    count: usize,
    name: &mut dyn FnMut(usize) -> Result<&'a str, Error>,
) -> Result<Vec<String>, Error> {
    if count > INTERFACES {
        return Err(Error::new(FIO_E_ARGUMENT, "more than 16 interfaces"));
    }
    let checked = |place| {
        let name = text(name(place)?, INTERFACE, "the name of an interface")?;
        if !name.bytes().all(|byte| byte.is_ascii_graphic() && !b"/!".contains(&byte)) {
            return Err(Error::new(FIO_E_ARGUMENT, "this is not the name of an interface"));
        }
        Ok(name.to_owned())
    };
    (0..count).map(checked).collect()
}

/// The text of a comment: line breaks and tabs are allowed.
#[cfg(feature = "uploads")]
pub fn comment(text: &str) -> Result<&str, Error> {
    if !(1..=COMMENT).contains(&text.len()) {
        return Err(Error::new(FIO_E_ARGUMENT, "the text does not have 1 to 10000 bytes"));
    }
    if text.chars().any(|c| c.is_control() && !['\n', '\r', '\t'].contains(&c)) {
        return Err(Error::new(FIO_E_ARGUMENT, "the text contains control characters"));
    }
    Ok(text)
}

/// The frame of a comment; a negative one stands for the whole asset.
#[cfg(feature = "uploads")]
pub fn frame(frame: f64) -> Result<Option<f64>, Error> {
    if !frame.is_finite() {
        return Err(Error::new(FIO_E_ARGUMENT, "the frame is no number"));
    }
    Ok((frame >= 0.0).then_some(frame.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_a_range_are_in_it() {
        for good in [1, 600_000] {
            assert_eq!(within(good, TIMEOUT_MS, "a time-out"), Ok(good as u64));
        }
        for bad in [-1, 0, 600_001] {
            let error = within(bad, TIMEOUT_MS, "a time-out").unwrap_err();
            assert_eq!(error.status, FIO_E_ARGUMENT);
            assert_eq!(error.message, "a time-out is outside 1 to 600000");
        }
        assert!(within(u64::MAX, TIMEOUT_MS, "a time-out").is_err());
    }

    #[test]
    fn texts_are_neither_empty_nor_too_long_and_control_nothing() {
        assert_eq!(text("größer", 8, "it"), Ok("größer"));
        for bad in ["", "größer!", "a\nb", "\u{9b}2J"] {
            assert_eq!(text(bad, 8, "it").unwrap_err().status, FIO_E_ARGUMENT, "{bad:?}");
        }
    }

    #[test]
    fn interfaces_have_names_that_libcurl_gives_no_other_meaning() {
        let given = |names: &'static [&'static str]| interfaces(names.len(), &mut |place| Ok(names[place]));
        assert_eq!(given(&["wlan0", "eth0.1"]), Ok(vec!["wlan0".to_owned(), "eth0.1".to_owned()]));
        assert_eq!(given(&[]), Ok(Vec::new()));
        for bad in [&["host!x"][..], &["a/b"], &[""], &["sixteen-letters-"], &["wlan 0"], &["a"; 17]] {
            assert_eq!(given(bad).unwrap_err().status, FIO_E_ARGUMENT, "{bad:?}");
        }
    }

    #[cfg(feature = "uploads")]
    #[test]
    fn comments_are_for_a_person() {
        assert!(comment("two\r\n\tlines: größer").is_ok());
        assert!(comment(&"a".repeat(10_000)).is_ok());
        for bad in ["", &"a".repeat(10_001), "\x1b[2J"] {
            assert_eq!(comment(bad).unwrap_err().status, FIO_E_ARGUMENT);
        }
        assert_eq!((frame(0.0), frame(-0.5), frame(2.5)), (Ok(Some(0.0)), Ok(None), Ok(Some(2.5))));
        assert!([f64::NAN, f64::INFINITY].iter().all(|bad| frame(*bad).is_err()));
    }
}
