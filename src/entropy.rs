//! Where random numbers come from: nonces of sealed records, and the jitter of retries.

use crate::error::Error;

pub trait Entropy {
    /// Fills the buffer with numbers nobody can predict.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Error>;
}

/// The operating system's generator.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Error> {
        getrandom::fill(buffer)
            .map_err(|_| Error::new(crate::status::FIO_E_ENTROPY, "the system gives no random numbers"))
    }
}
