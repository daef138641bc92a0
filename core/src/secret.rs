//! Values that must not be seen: wiped when dropped, never printed.

use crate::prelude::*;
use core::fmt;
use core::mem::MaybeUninit;
use zeroize::Zeroizing;

/// A secret text (token, client secret, device code). It has no `Display`, its `Debug` prints
/// nothing of it, and its memory is overwritten when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Box<str>>);

impl Secret {
    pub fn new(text: &str) -> Secret {
        // A boxed slice has no spare capacity, so nothing is left behind by growing.
        Secret(Zeroizing::new(text.into()))
    }

    /// The only way to the text. Callers are the places that put it on the wire, into the store, or
    /// into the caller's buffer.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Bytes that contain a secret: request bodies, stored records, answers with tokens.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    pub fn new(mut bytes: Vec<u8>) -> SecretBytes {
        // From here on the memory behind the end is never written before the end has passed it.
        wipe(bytes.spare_capacity_mut());
        SecretBytes(bytes)
    }

    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends, wiping the old memory when it has to move.
    pub fn extend(&mut self, more: &[u8]) {
        let wanted = self.0.len() + more.len();
        if wanted > self.0.capacity() {
            self.reserve_to(wanted.max(2 * self.0.capacity()).max(64));
        }
        self.0.extend_from_slice(more);
    }

    /// Room for so many bytes in all. The old memory is wiped.
    pub fn reserve_to(&mut self, capacity: usize) {
        if capacity > self.0.capacity() {
            let mut bigger = Vec::with_capacity(capacity);
            bigger.extend_from_slice(&self.0);
            self.clear();
            self.0 = bigger;
        }
    }

    /// Wipes all that was written. Memory that was only reserved is left alone: the system has not given it yet.
    pub fn clear(&mut self) {
        let written = self.0.len();
        self.0.clear();
        wipe(&mut self.0.spare_capacity_mut()[..written]);
    }
}

/// At the speed of `memset`, which the compiler must not leave out.
fn wipe(memory: &mut [MaybeUninit<u8>]) {
    memory.fill(MaybeUninit::new(0));
    zeroize::optimization_barrier(memory);
}

impl Drop for SecretBytes {
    fn drop(&mut self) {
        self.clear();
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} secret bytes)", self.len())
    }
}

/// Overwrites what a call has just left on the stack. To be called by the same function, right after it.
#[inline(never)]
pub fn wipe_stack() {
    const DEEPEST: usize = 8 << 10;
    core::hint::black_box(&mut [0u8; DEEPEST]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let shown = format!("{:?} {:?}", Secret::new("hunter2"), SecretBytes::new(b"hunter2".to_vec()));
        assert!(!shown.contains("hunter"));
    }

    #[test]
    fn extend_keeps_the_bytes_across_moves() {
        let mut bytes = SecretBytes::default();
        for i in 0..5000u32 {
            bytes.extend(&i.to_le_bytes());
        }
        assert_eq!(bytes.len(), 20_000);
        assert_eq!(bytes.expose()[4 * 4321..4 * 4322], 4321u32.to_le_bytes());
    }
}
