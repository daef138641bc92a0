//! Random identifiers and secrets. All of them come from version 4 UUIDs, whose generator is the
//! operating system's.

use uuid::Uuid;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub fn uuid() -> String {
    Uuid::new_v4().to_string()
}

pub fn bytes<const N: usize>() -> [u8; N] {
    let mut out = [0; N];
    // Bytes 6 and 8 of a UUID hold its version and variant: only the other fourteen are random.
    for chunk in out.chunks_mut(14) {
        let id = Uuid::new_v4().into_bytes();
        let random = id.iter().enumerate().filter(|(at, _)| !matches!(at, 6 | 8)).map(|(_, byte)| *byte);
        for (slot, byte) in chunk.iter_mut().zip(random) {
            *slot = byte;
        }
    }
    out
}

/// `N` characters that are safe in a URL, a form and a header.
pub fn opaque<const N: usize>() -> String {
    bytes::<N>().iter().map(|byte| char::from(ALPHABET[usize::from(byte & 63)])).collect()
}

/// A generator whose sequence its seed decides; without one it is different every time.
pub fn dice(seed: Option<u64>) -> fastrand::Rng {
    fastrand::Rng::with_seed(seed.unwrap_or_else(|| u64::from_be_bytes(bytes::<8>())))
}

/// Six decimal digits; the leading ones may be zero.
pub fn six_digits() -> String {
    format!("{:06}", u64::from_be_bytes(bytes::<8>()) % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        assert_eq!(opaque::<74>().len(), 74);
        assert_ne!(opaque::<74>(), opaque::<74>());
        let digits = six_digits();
        assert!(digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit()), "{digits}");
    }
}
