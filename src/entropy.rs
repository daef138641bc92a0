//! Where random numbers come from: nonces of sealed records, and the jitter of retries.

use crate::error::Error;
use crate::status::FIO_E_ENTROPY;
use zeroize::Zeroizing;

pub trait Entropy {
    /// Fills the buffer with numbers nobody can predict.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Error>;
}

/// The operating system's generator.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Error> {
        getrandom::fill(buffer).map_err(|_| Error::new(FIO_E_ENTROPY, "the system gives no random numbers"))
    }
}

/// A generator of the application, mixed with the system's, so that one good one is enough. A device may have
/// none of the system's.
pub struct MixedEntropy(pub Box<dyn Entropy>);

/// An untouched end of so many bytes is no accident.
const UNTOUCHED: usize = 8;

impl Entropy for MixedEntropy {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Error> {
        let length = buffer.len();
        let mut own = Zeroizing::new(vec![0xa5; 2 * length]);
        let has_system = getrandom::fill(&mut own).is_ok();
        let (before, mixed_in) = own.split_at(length);
        // What stands there first is known to nobody: so it is seen if it still does afterwards.
        buffer.copy_from_slice(before);
        self.0.fill(buffer)?;
        let end = length.saturating_sub(UNTOUCHED);
        if length > 0 && buffer[end..] == before[end..] {
            return Err(Error::new(
                FIO_E_ENTROPY,
                "the application's entropy callback did not fill the buffer",
            ));
        }
        if has_system {
            for (byte, more) in buffer.iter_mut().zip(mixed_in) {
                *byte ^= more;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Filling(fn(&mut [u8]));

    impl Entropy for Filling {
        fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Error> {
            (self.0)(buffer);
            Ok(())
        }
    }

    fn filled(fill: fn(&mut [u8])) -> Result<[u8; 24], i32> {
        let mut buffer = [0; 24];
        MixedEntropy(Box::new(Filling(fill))).fill(&mut buffer).map(|()| buffer).map_err(|error| error.status)
    }

    #[test]
    fn a_generator_that_always_says_the_same_is_made_up_for_by_the_systems() {
        let zeros = |buffer: &mut [u8]| buffer.fill(0);
        assert_ne!(filled(zeros).unwrap(), filled(zeros).unwrap());
    }

    #[test]
    fn a_buffer_that_is_not_filled_to_its_end_is_an_error() {
        assert_eq!(filled(|_| ()).unwrap_err(), FIO_E_ENTROPY);
        assert_eq!(filled(|buffer| buffer[..16].fill(1)).unwrap_err(), FIO_E_ENTROPY);
    }
}
