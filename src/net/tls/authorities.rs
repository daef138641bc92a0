//! Certificates of authorities, parsed once: for a file as long as it is the same, for bytes as long as a client has them,
//! however many clients and connections trust them.

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::CaSource;

#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    Unreadable,
    /// No certificate, or one that is none.
    Unusable,
}

impl From<io::Error> for Failure {
    fn from(_: io::Error) -> Failure {
        Failure::Unreadable
    }
}

/// What a file is known by until it is written again or replaced.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(about: &Metadata) -> Stamp {
        Stamp {
            device: about.dev(),
            inode: about.ino(),
            size: about.size(),
            modified: (about.mtime(), about.mtime_nsec()),
            changed: (about.ctime(), about.ctime_nsec()),
        }
    }
}

#[derive(Clone)]
enum Origin {
    File(Stamp),
    Pem(Arc<[u8]>),
}

impl Origin {
    fn is(&self, other: &Origin) -> bool {
        match (self, other) {
            (Origin::File(one), Origin::File(other)) => one == other,
            (Origin::Pem(one), Origin::Pem(other)) => Arc::ptr_eq(one, other) || one == other,
            _ => false,
        }
    }
}

/// Those that some client of this process trusts.
static KNOWN: Mutex<Vec<(Origin, Weak<WebPkiServerVerifier>)>> = Mutex::new(Vec::new());

/// A client's.
#[derive(Clone)]
pub(crate) struct Authorities {
    origin: Origin,
    pub verifier: Arc<WebPkiServerVerifier>,
}

impl Authorities {
    pub(crate) fn of(source: &CaSource, provider: &Arc<CryptoProvider>) -> Result<Authorities, Failure> {
        match source {
            CaSource::File(path) => {
                let mut file = File::open(path)?;
                let origin = Origin::File(Stamp::of(&file.metadata()?));
                Authorities::known_or(origin, provider, || {
                    let mut pem = Vec::new();
                    file.read_to_end(&mut pem)?;
                    Ok(pem)
                })
            }
            CaSource::Pem(pem) => {
                Authorities::known_or(Origin::Pem(pem.clone()), provider, || Ok(pem.to_vec()))
            }
        }
    }

    /// Whether the file is still the one they were read from. An error says that there is none to be read.
    pub(crate) fn are_current(&self, source: &CaSource) -> Result<bool, Failure> {
        match (source, &self.origin) {
            (CaSource::File(path), Origin::File(stamp)) => Ok(*stamp == stamp_at(path)?),
            _ => Ok(true),
        }
    }

    fn known_or(
        origin: Origin,
        provider: &Arc<CryptoProvider>,
        read: impl FnOnce() -> Result<Vec<u8>, Failure>,
    ) -> Result<Authorities, Failure> {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(verifier) =
            known.iter().find(|(of, _)| of.is(&origin)).and_then(|(_, weak)| weak.upgrade())
        {
            return Ok(Authorities { origin, verifier });
        }
        let verifier = verifier(&read()?, provider)?;
        known.retain(|(_, weak)| weak.strong_count() > 0);
        known.push((origin.clone(), Arc::downgrade(&verifier)));
        Ok(Authorities { origin, verifier })
    }
}

fn stamp_at(path: &Path) -> Result<Stamp, Failure> {
    Ok(Stamp::of(&std::fs::metadata(path)?))
}

/// As strict as rustls-ffi when libcurl asks it to: every certificate has to be one.
fn verifier(pem: &[u8], provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, Failure> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let mut roots = RootCertStore::empty();
    let (parsed, rejected) = roots.add_parsable_certificates(certificates.map_err(|_| Failure::Unusable)?);
    if parsed == 0 || rejected > 0 {
        return Err(Failure::Unusable);
    }
    roots.roots.shrink_to_fit();
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|_| Failure::Unusable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    const ONE: &str = include_str!("../../../tests/python/loopback_ca.pem");

    fn provider() -> Arc<CryptoProvider> {
        Arc::new(rustls::crypto::aws_lc_rs::default_provider())
    }

    fn of(source: &CaSource) -> Result<Authorities, Failure> {
        Authorities::of(source, &provider())
    }

    fn scratch(name: &str, text: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("fio-c2c-{name}-{}.pem", std::process::id()));
        std::fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn a_file_is_parsed_once_until_it_is_another_one() {
        let path = scratch("authorities", ONE);
        let source = CaSource::File(path.clone());
        let (first, second) = (of(&source).unwrap(), of(&source).unwrap());
        assert!(Arc::ptr_eq(&first.verifier, &second.verifier));
        assert_eq!(first.are_current(&source), Ok(true));
        let other = scratch("authorities-too", &format!("{ONE}{ONE}"));
        std::fs::rename(&other, &path).unwrap();
        assert_eq!(first.are_current(&source), Ok(false));
        let third = of(&source).unwrap();
        assert!(!Arc::ptr_eq(&first.verifier, &third.verifier));
        std::fs::remove_file(&path).unwrap();
        assert_eq!(third.are_current(&source), Err(Failure::Unreadable));
        assert_eq!(of(&source).err(), Some(Failure::Unreadable));
    }

    #[test]
    fn equal_bytes_are_parsed_once_and_forgotten_with_the_last_client() {
        let source = |text: &str| CaSource::Pem(text.as_bytes().into());
        let (first, second) = (of(&source(ONE)).unwrap(), of(&source(ONE)).unwrap());
        assert!(Arc::ptr_eq(&first.verifier, &second.verifier));
        let twice = of(&source(&format!("{ONE}# twice\n{ONE}"))).unwrap();
        assert!(!Arc::ptr_eq(&first.verifier, &twice.verifier));
        let weak = Arc::downgrade(&first.verifier);
        drop((first, second));
        assert_eq!(weak.strong_count(), 0);
    }

    #[test]
    fn a_certificate_that_is_none_spoils_the_file() {
        let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for text in ["", "no certificate", bad, &format!("{ONE}{bad}")] {
            assert_eq!(of(&CaSource::Pem(text.as_bytes().into())).err(), Some(Failure::Unusable), "{text}");
        }
    }
}
