//! Random identifiers and secrets.

use uuid::Builder;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Where they come from.
#[derive(Debug, Clone, Default)]
pub enum Random {
    /// The operating system.
    #[default]
    System,
    /// A sequence that its seed decides, for simulations. All that is made begins with a mark, by which it is
    /// known wherever it turns up.
    Seeded(fastrand::Rng, &'static str),
}

impl Random {
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        match self {
            // Without random numbers there is nothing to go on with.
            #[allow(clippy::expect_used)]
            Self::System => getrandom::fill(&mut bytes).expect("the operating system has random numbers"),
            Self::Seeded(random, _) => random.fill(&mut bytes),
        }
        bytes
    }

    pub fn uuid(&mut self) -> String {
        let id = Builder::from_random_bytes(self.bytes()).into_uuid();
        format!("{}{id}", self.mark())
    }

    /// `N` characters that are safe in a URL, a form and a header.
    pub fn opaque<const N: usize>(&mut self) -> String {
        let bytes = self.bytes::<N>();
        let letters = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 63)]));
        self.mark().chars().chain(letters).collect()
    }

    fn mark(&self) -> &'static str {
        if let Self::Seeded(_, mark) = self { mark } else { "" }
    }

    /// Six decimal digits; the leading ones may be zero.
    pub fn six_digits(&mut self) -> String {
        format!("{:06}", u64::from_be_bytes(self.bytes()) % 1_000_000)
    }
}

pub fn uuid() -> String {
    Random::System.uuid()
}

pub fn bytes<const N: usize>() -> [u8; N] {
    Random::System.bytes()
}

pub fn opaque<const N: usize>() -> String {
    Random::System.opaque::<N>()
}

/// A generator whose sequence its seed decides; without one it is different every time.
pub fn dice(seed: Option<u64>) -> fastrand::Rng {
    fastrand::Rng::with_seed(seed.unwrap_or_else(|| u64::from_be_bytes(bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        assert_eq!(opaque::<74>().len(), 74);
        assert_ne!(opaque::<74>(), opaque::<74>());
        let digits = Random::System.six_digits();
        assert!(digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit()), "{digits}");
        let seeded = || Random::Seeded(fastrand::Rng::with_seed(7), "id-").opaque::<9>();
        assert!(seeded().starts_with("id-") && seeded().len() == 12 && seeded() == seeded());
    }
}
