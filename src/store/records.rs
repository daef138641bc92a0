//! What a record looks like in any store: framed, checked, and sealed when the vendor gave a key.
//!
//! | bytes | meaning |
//! | --- | --- |
//! | 4 | `FIOR` |
//! | 1 | version of the frame, 1 |
//! | 1 | 0 plain, 1 sealed |
//! | plain: 4 | CRC-32 of the key's name and the value, little-endian |
//! | sealed: 24 | nonce: HMAC-SHA-256 of new random numbers and the record, cut to its length |
//! | rest | the value; sealed: XChaCha20-Poly1305 of it |
//!
//! The header and the key's name are authenticated too, so that one record cannot be put in another's
//! place. A store with a key does not accept plain records: otherwise anybody who can write the medium
//! could plant tokens of their own. An old sealed record put back in place is not detected: no store
//! without a hardware counter can do that.

use super::{RecordStore, Store};
use crate::entropy::{Entropy, SystemEntropy};
use crate::error::Error;
use crate::secret::{SecretBytes, wipe_stack};
use crate::status::*;
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

const MAGIC: &[u8; 4] = b"FIOR";
const FRAME_VERSION: u8 = 1;
const PLAIN: u8 = 0;
const SEALED: u8 = 1;
const HEADER: usize = 6;
const NONCE: usize = 24;
const TAG: usize = 16;
pub const SEAL_KEY_LENGTH: usize = 32;

/// Where a record goes that cannot be trusted.
const ASIDE: &str = ".damaged";

/// [`SEAL_KEY_LENGTH`] bytes. On the heap, so that moving it leaves no copy on the stack.
pub type SealKey = SecretBytes;

pub struct Records {
    store: Box<dyn Store>,
    key: Option<SealKey>,
    entropy: Box<dyn Entropy>,
}

impl Records {
    pub fn new(store: Box<dyn Store>, key: Option<SealKey>) -> Records {
        Records { store, key, entropy: Box::new(SystemEntropy) }
    }

    pub fn with_entropy(self, entropy: Box<dyn Entropy>) -> Records {
        Records { entropy, ..self }
    }

    fn frame(&mut self, key: &str, value: &[u8]) -> Result<SecretBytes, Error> {
        let mut framed = Vec::with_capacity(HEADER + NONCE + value.len() + TAG);
        framed.extend_from_slice(MAGIC);
        framed.push(FRAME_VERSION);
        let Some(seal_key) = &self.key else {
            framed.push(PLAIN);
            framed.extend_from_slice(&checksum(key, value).to_le_bytes());
            framed.extend_from_slice(value);
            return Ok(SecretBytes::new(framed));
        };
        framed.push(SEALED);
        let mut random = [0; NONCE];
        self.entropy.fill(&mut random)?;
        let nonce = nonce(seal_key, &random, key, value)
            .ok_or_else(|| Error::new(FIO_E_STORE, "a record cannot be sealed with this key"))?;
        wipe_stack();
        framed.extend_from_slice(&nonce);
        let associated = associated_data(&framed[..HEADER], key);
        framed.extend_from_slice(value);
        let (_, body) = framed.split_at_mut(HEADER + NONCE);
        let tag = seal(seal_key, nonce, &associated, body);
        wipe_stack();
        let tag = tag.ok_or_else(|| Error::new(FIO_E_STORE, "a record is too large to be sealed"))?;
        framed.extend_from_slice(&tag);
        Ok(SecretBytes::new(framed))
    }

    fn open(&self, key: &str, framed: &[u8]) -> Result<SecretBytes, &'static str> {
        let (header, rest) = framed.split_at_checked(HEADER).ok_or("is truncated")?;
        if &header[..4] != MAGIC || header[4] != FRAME_VERSION {
            return Err("was not written by this library");
        }
        match (header[5], &self.key) {
            (PLAIN, None) => {
                let (sum, value) = rest.split_at_checked(4).ok_or("is truncated")?;
                if sum != checksum(key, value).to_le_bytes() {
                    return Err("is truncated or was changed");
                }
                Ok(SecretBytes::new(value.to_vec()))
            }
            (SEALED, Some(seal_key)) => {
                let (nonce, sealed) = rest.split_at_checked(NONCE).ok_or("is truncated")?;
                let (body, tag) =
                    sealed.len().checked_sub(TAG).map(|at| sealed.split_at(at)).ok_or("is truncated")?;
                let mut value = Zeroizing::new(body.to_vec());
                let opened = unseal(seal_key, nonce, &associated_data(header, key), &mut value, tag);
                wipe_stack();
                opened.ok_or("was changed, or sealed with another key")?;
                Ok(SecretBytes::new(std::mem::take(&mut *value)))
            }
            (SEALED, None) => Err("is sealed, and no key was given"),
            (PLAIN, Some(_)) => Err("is not sealed, although a key was given"),
            _ => Err("was written by a newer library"),
        }
    }
}

impl RecordStore for Records {
    fn load(&mut self, key: &str) -> Result<Option<SecretBytes>, Error> {
        let framed = match self.store.load(key) {
            Ok(Some(framed)) => framed,
            Ok(None) => return Ok(None),
            Err(error) if error.status == FIO_E_STORE_DAMAGED => {
                return Err(self.set_aside(key, &error.message));
            }
            Err(error) => return Err(error),
        };
        match self.open(key, framed.expose()) {
            Ok(value) => Ok(Some(value)),
            Err(reason) => Err(self.set_aside(key, reason)),
        }
    }

    fn save(&mut self, key: &str, value: &SecretBytes) -> Result<(), Error> {
        let framed = self.frame(key, value.expose())?;
        self.store.save(key, framed.expose())
    }

    fn list(&mut self) -> Result<Vec<String>, Error> {
        self.store.list()
    }

    fn erase(&mut self, key: &str) -> Result<(), Error> {
        self.store.erase(key)
    }

    fn set_aside(&mut self, key: &str, reason: &str) -> Error {
        let moved = self.store.set_aside(key, &format!("{key}{ASIDE}"));
        let kept = if moved.is_ok() { "kept aside" } else { "and could not be moved aside" };
        Error::told(FIO_E_STORE_DAMAGED, format!("the stored record '{key}' {reason}; {kept}"))
    }
}

/// The nonce follows from the record too: where the random numbers are bad, two records still have two nonces.
#[inline(never)]
fn nonce(seal_key: &SealKey, random: &[u8], key: &str, value: &[u8]) -> Option<[u8; NONCE]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(seal_key.expose()).ok()?;
    mac.update(b"fio-c2c nonce");
    mac.update(random);
    // No key contains a zero, so nothing else looks the same.
    mac.update(key.as_bytes());
    mac.update(&[0]);
    mac.update(value);
    mac.finalize().as_bytes().first_chunk().copied()
}

/// Ciphers leave keys and texts where they worked: not inlined, so that [`wipe_stack`] reaches it all.
#[inline(never)]
fn seal(key: &SealKey, nonce: [u8; NONCE], associated: &[u8], body: &mut [u8]) -> Option<Tag> {
    let cipher = XChaCha20Poly1305::new_from_slice(key.expose()).ok()?;
    cipher.encrypt_inout_detached(&XNonce::from(nonce), associated, body.into()).ok()
}

#[inline(never)]
fn unseal(key: &SealKey, nonce: &[u8], associated: &[u8], body: &mut [u8], tag: &[u8]) -> Option<()> {
    let (nonce, tag) = (XNonce::try_from(nonce).ok()?, Tag::try_from(tag).ok()?);
    let cipher = XChaCha20Poly1305::new_from_slice(key.expose()).ok()?;
    cipher.decrypt_inout_detached(&nonce, associated, body.into(), &tag).ok()
}

fn associated_data(header: &[u8], key: &str) -> Vec<u8> {
    [header, key.as_bytes()].concat()
}

fn checksum(key: &str, value: &[u8]) -> u32 {
    // Bit by bit: a record is too short for a table to be worth its size.
    let crc = key.as_bytes().iter().chain(value).fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    });
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::MemoryStore;

    fn records(key: Option<u8>) -> Records {
        Records::new(
            Box::new(MemoryStore::default()),
            key.map(|byte| SecretBytes::new(vec![byte; SEAL_KEY_LENGTH])),
        )
    }

    #[test]
    fn the_checksum_is_the_usual_crc_32() {
        assert_eq!(checksum("1234", b"56789"), 0xcbf4_3926);
    }

    fn value() -> SecretBytes {
        SecretBytes::new(b"the value".to_vec())
    }

    #[test]
    fn round_trip_plain_and_sealed() {
        for key in [None, Some(7)] {
            let mut records = records(key);
            records.save("auth", &value()).unwrap();
            assert_eq!(records.load("auth").unwrap(), Some(value()));
        }
    }

    #[test]
    fn sealed_means_unreadable_and_never_twice_the_same() {
        let mut records = records(Some(7));
        records.save("auth", &value()).unwrap();
        let first = records.store.load("auth").unwrap().unwrap();
        assert!(!first.expose().windows(5).any(|w| w == b"value"));
        records.save("auth", &value()).unwrap();
        assert_ne!(records.store.load("auth").unwrap().unwrap(), first);
    }

    #[test]
    fn bad_random_numbers_give_no_two_records_one_nonce() {
        struct Zeros;
        impl Entropy for Zeros {
            fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Error> {
                buffer.fill(0);
                Ok(())
            }
        }
        let mut records = records(Some(7)).with_entropy(Box::new(Zeros));
        let mut nonce = |key: &str, value: &[u8]| {
            let framed = records.frame(key, value).unwrap();
            framed.expose()[HEADER..HEADER + NONCE].to_vec()
        };
        let first = nonce("auth", b"one");
        assert!(
            first != nonce("auth", b"two")
                && first != nonce("other", b"one")
                && first == nonce("auth", b"one")
        );
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_found_and_kept_aside() {
        for key in [None, Some(7)] {
            let whole = records(key).frame("auth", value().expose()).unwrap();
            let mut broken: Vec<Vec<u8>> =
                (0..whole.len()).map(|cut| whole.expose()[..cut].to_vec()).collect();
            for bit in 0..whole.len() * 8 {
                let mut copy = whole.expose().to_vec();
                copy[bit / 8] ^= 1 << (bit % 8);
                broken.push(copy);
            }
            for bytes in broken {
                let mut records = records(key);
                records.store.save("auth", &bytes).unwrap();
                assert_eq!(records.load("auth").unwrap_err().status, FIO_E_STORE_DAMAGED);
                assert_eq!(records.load("auth").unwrap(), None);
                assert_eq!(records.store.load("auth.damaged").unwrap().unwrap().expose(), bytes);
            }
        }
    }

    #[test]
    fn a_record_cannot_stand_in_for_another() {
        for key in [None, Some(7)] {
            let mut records = records(key);
            records.save("a", &value()).unwrap();
            let bytes = records.store.load("a").unwrap().unwrap();
            records.store.save("b", bytes.expose()).unwrap();
            assert_eq!(records.load("b").unwrap_err().status, FIO_E_STORE_DAMAGED);
        }
    }

    #[test]
    fn another_key_or_none_does_not_open_it() {
        let whole = records(Some(7)).frame("auth", b"x").unwrap();
        assert!(records(Some(8)).open("auth", whole.expose()).is_err());
        assert!(records(None).open("auth", whole.expose()).is_err());
        let plain = records(None).frame("auth", b"x").unwrap();
        assert!(records(Some(7)).open("auth", plain.expose()).is_err());
    }
}
