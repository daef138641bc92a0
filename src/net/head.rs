//! The headers of an answer that matter to everybody.

use std::ffi::CString;
use std::time::Duration;

/// Kept from answer to answer for its memory; empty where there was no such header.
#[derive(Default)]
pub(crate) struct Head {
    retry_after: Vec<u8>,
    date: Vec<u8>,
}

impl Head {
    pub(crate) fn clear(&mut self) {
        self.retry_after.clear();
        self.date.clear();
    }

    pub(crate) fn line(&mut self, line: &[u8]) {
        // Two headers matter, so most lines are dismissed by their first letter.
        let (name, kept) = match line.first() {
            Some(b'r' | b'R') => ("retry-after:", &mut self.retry_after),
            Some(b'd' | b'D') => ("date:", &mut self.date),
            _ => return,
        };
        if let Some(value) = value_of(line, name) {
            kept.clear();
            kept.extend_from_slice(value);
        }
    }

    /// What `Retry-After` asks for.
    pub(crate) fn wait(&self) -> Option<Duration> {
        let text = |value| std::str::from_utf8(value).ok().filter(|text| !text.is_empty());
        text(&self.retry_after).and_then(|value| retry_after(value, text(&self.date)))
    }
}

/// `Retry-After` is a number of seconds or a date. A date is taken relative to the server's own
/// `Date`, because the device's clock may be wrong.
fn retry_after(value: &str, server_date: Option<&str>) -> Option<Duration> {
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that is too large for anything means very long, too; who uses it has a limit.
        return Some(Duration::from_secs(value.parse::<u32>().unwrap_or(u32::MAX).into()));
    }
    // libcurl reads more than dates: each of HTTP's three kinds begins with a day of the week.
    if !value.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return None;
    }
    let (until, now) = (seconds_of(value)?, seconds_of(server_date?)?);
    Some(Duration::from_secs(u64::try_from(until - now).unwrap_or(0)))
}

/// Seconds since 1970.
fn seconds_of(date: &str) -> Option<libc::time_t> {
    let date = CString::new(date).ok()?;
    // SAFETY: the text is terminated; the second argument is not used.
    let seconds = unsafe { curl_sys::curl_getdate(date.as_ptr(), std::ptr::null()) };
    (seconds >= 0).then_some(seconds)
}

/// The value of the header, if the line has it. The name comes in small letters, with its colon.
pub(crate) fn value_of<'a>(line: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let (start, value) = line.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name.as_bytes()).then(|| value.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_from_the_headers() {
        let mut head = Head::default();
        assert_eq!(head.wait(), None);
        head.line(b"retry-AFTER: 9\r\n");
        assert_eq!(head.wait(), Some(Duration::from_secs(9)));
        head.clear();
        for line in
            ["Date: Sun, 22 Nov 2026 10:00:00 GMT\r\n", "Retry-After: Sun, 22 Nov 2026 10:00:05 GMT\r\n"]
        {
            head.line(line.as_bytes());
        }
        assert_eq!(head.wait(), Some(Duration::from_secs(5)));
    }

    #[test]
    fn retry_after_takes_seconds_and_dates() {
        assert_eq!(retry_after("7", None), Some(Duration::from_secs(7)));
        let date = "Sun, 22 Nov 2026 10:00:00 GMT";
        assert_eq!(retry_after("Sun, 22 Nov 2026 10:01:30 GMT", Some(date)), Some(Duration::from_secs(90)));
        assert_eq!(retry_after("Sun, 22 Nov 2026 09:00:00 GMT", Some(date)), Some(Duration::ZERO));
        assert_eq!(retry_after("Sun, 22 Nov 2026 10:01:30 GMT", None), None);
        for (long, server_date) in
            [("86400", 86_400), ("4294967295", u32::MAX), ("99999999999999999999", u32::MAX)]
        {
            assert_eq!(retry_after(long, None), Some(Duration::from_secs(server_date.into())));
        }
        for (kind, seconds) in [("Sunday, 22-Nov-26 10:00:09 GMT", 9), ("Sun Nov 22 10:00:08 2026", 8)] {
            assert_eq!(retry_after(kind, Some(date)), Some(Duration::from_secs(seconds)), "{kind}");
        }
        for junk in [
            "",
            "-1",
            "+7",
            "7.5",
            "7 8",
            "7, 8",
            "0x10",
            "7s",
            "soon",
            "1e9",
            "Sun, 99 Foo 2026 10:00:05 GMT",
            "Sun",
            "\u{667}",
        ] {
            assert_eq!(retry_after(junk, Some(date)), None, "{junk}");
        }
        // A date of the server that is none says nothing of when it means.
        assert_eq!(retry_after("Sun, 22 Nov 2026 10:01:30 GMT", Some("yesterday")), None);
    }
}
