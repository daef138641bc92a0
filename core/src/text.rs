//! Searching in short texts. The search of the standard library is made for long ones, and is a multiple of
//! this in code.

fn find(text: &[u8], word: &str) -> Option<usize> {
    text.windows(word.len()).position(|window| window == word.as_bytes())
}

/// What stands after the first `start`, up to the `end` that follows.
pub fn between<'a>(text: &'a [u8], start: &str, end: &str) -> Option<&'a [u8]> {
    let after = &text[find(text, start)? + start.len()..];
    Some(&after[..find(after, end)?])
}

/// Whether one of the words is in it, in small or capital letters.
pub fn says(text: &str, words: &[&str]) -> bool {
    let is_there = |word: &&str| {
        text.as_bytes().windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
    };
    words.iter().any(is_there)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_is_found() {
        assert_eq!(between(b"x<a>b<a>c</a>d</a>", "<a>", "</a>"), Some(&b"b<a>c"[..]));
        assert_eq!(between(b"<a></a>", "<a>", "</a>"), Some(&b""[..]));
        for text in [&b""[..], b"<a>", b"</a><a>", b"<a"] {
            assert_eq!(between(text, "<a>", "</a>"), None);
        }
    }

    #[test]
    fn words_are_found_however_they_are_written() {
        assert!(says("Peer certificate EXPIRED", &["alert", "expired"]));
        assert!(!says("expire", &["alert", "expired"]));
        assert!(!says("", &["alert"]));
    }
}
