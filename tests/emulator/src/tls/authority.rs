//! A certificate authority made at start, and server certificates of every quality a client has to
//! tell apart.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use serde::Deserialize;
use time::{Duration, OffsetDateTime};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, version};

use crate::atomic;

/// Devices find the authority by this name and by its key.
const NAME: &str = "fio-emulator test CA";

/// What is right or wrong with a listener's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateKind {
    Valid,
    Expired,
    NotYetValid,
    WrongHost,
    SelfSigned,
    OtherCa,
}

pub struct Authority {
    pem: String,
    der: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
    names: Vec<String>,
}

impl Authority {
    /// `extra_names` join the names every valid certificate carries.
    pub fn new(extra_names: &[String]) -> Result<Self, rcgen::Error> {
        let mut names: Vec<String> =
            ["localhost", "127.0.0.1", "::1", "api.frame.io"].map(str::to_owned).into();
        names.extend(extra_names.iter().cloned());
        let key = KeyPair::generate()?;
        let params = authority_params(NAME);
        let certificate = params.self_signed(&key)?;
        let (pem, der) = (certificate.pem(), certificate.der().clone());
        Ok(Self { pem, der, issuer: Issuer::new(params, key), names })
    }

    /// The authority of a run before, from `ca.pem` and `ca.key`, so that devices go on trusting it; a new
    /// one where there is none.
    pub fn kept(dir: &Path, extra_names: &[String]) -> io::Result<Self> {
        let (certificate, key) = (dir.join("ca.pem"), dir.join("ca.key"));
        let new = Self::new(extra_names).map_err(io::Error::other)?;
        if !key.try_exists()? {
            atomic::write(&key, new.issuer.key().serialize_pem().as_bytes(), atomic::PRIVATE)?;
            atomic::write(&certificate, new.pem.as_bytes(), atomic::PUBLIC)?;
            return Ok(new);
        }
        let unusable = |why: String| io::Error::other(format!("{} cannot be used: {why}", dir.display()));
        let pem = std::fs::read_to_string(&certificate)?;
        let der =
            CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|error| unusable(error.to_string()))?;
        let key = KeyPair::from_pem(&std::fs::read_to_string(&key)?)
            .map_err(|error| unusable(error.to_string()))?;
        Ok(Self { pem, der, issuer: Issuer::new(authority_params(NAME), key), names: new.names })
    }

    /// Writes `ca.pem` and, for cameras that load binary certificates, `ca.crt`.
    pub fn write(&self, dir: &Path) -> io::Result<PathBuf> {
        std::fs::create_dir_all(dir)?;
        let dir = dir.canonicalize()?;
        let pem = dir.join("ca.pem");
        atomic::write(&pem, self.pem.as_bytes(), atomic::PUBLIC)?;
        atomic::write(&dir.join("ca.crt"), &self.der, atomic::PUBLIC)?;
        Ok(pem)
    }

    pub fn pem(&self) -> &str {
        &self.pem
    }

    pub fn der(&self) -> &[u8] {
        &self.der
    }

    pub fn acceptor(&self, kind: CertificateKind) -> io::Result<TlsAcceptor> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = self.certificate(kind, &key).map_err(io::Error::other)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&version::TLS12, &version::TLS13])
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    fn certificate(&self, kind: CertificateKind, key: &KeyPair) -> Result<Certificate, rcgen::Error> {
        let names = match kind {
            CertificateKind::WrongHost => vec!["wrong.host.invalid".to_owned()],
            _ => self.names.clone(),
        };
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = named("fio-emulator");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let (from_days, to_days) = match kind {
            CertificateKind::Expired => (-300, -2),
            CertificateKind::NotYetValid => (2, 300),
            _ => (-1, 365),
        };
        let now = OffsetDateTime::now_utc();
        params.not_before = now + Duration::days(from_days);
        params.not_after = now + Duration::days(to_days);
        match kind {
            CertificateKind::SelfSigned => params.self_signed(key),
            CertificateKind::OtherCa => {
                let other = Issuer::new(authority_params("another CA"), KeyPair::generate()?);
                params.signed_by(key, &other)
            }
            _ => params.signed_by(key, &self.issuer),
        }
    }
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages =
        vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    // Old enough for every certificate this authority signs, the expired one included.
    let now = OffsetDateTime::now_utc();
    params.not_before = now - Duration::days(365);
    params.not_after = now + Duration::days(3_650);
    params
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}
