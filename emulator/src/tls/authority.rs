//! A certificate authority made at start, and server certificates of every quality a client has to
//! tell apart.

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
};
use serde::{Deserialize, Serialize};
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

/// What the authority may vouch for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// This computer, private networks, the service, and the names it was started with.
    Private,
    /// For devices that do not know name constraints.
    Everything,
}

/// How long devices can trust it.
const LIFE: Duration = Duration::days(365);
/// Names that nobody has on the internet (RFC 6761, RFC 6762, RFC 8375), the service's, and that of the listener with
/// the wrong host.
const NAMES: [&str; 8] =
    ["localhost", "api.frame.io", "local", "lan", "home.arpa", "internal", "test", "wrong.host.invalid"];
const NETWORKS: [&str; 9] = [
    "127.0.0.0/8",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "100.64.0.0/10",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
];

/// What the next run has to know of an authority beside its key.
#[derive(Debug, Serialize, Deserialize)]
struct Terms {
    /// In seconds since 1970.
    until: i64,
    /// Names and addresses beside those above; none where it is good for all.
    names: Option<Vec<String>>,
}

impl Terms {
    fn new(extra_names: &[String], scope: Scope) -> Self {
        let names = (scope == Scope::Private).then(|| extra_names.to_vec());
        Self { until: (OffsetDateTime::now_utc() + LIFE).unix_timestamp(), names }
    }

    fn constraints(&self) -> Option<NameConstraints> {
        let extra = self.names.as_ref()?;
        let (addresses, names): (Vec<_>, Vec<_>) =
            extra.iter().partition(|name| name.parse::<IpAddr>().is_ok());
        let names = NAMES.iter().map(|name| (*name).to_owned()).chain(names.into_iter().cloned());
        let own = addresses.iter().filter_map(|address| address.parse().ok());
        let own = own.map(|address: IpAddr| {
            CidrSubnet::from_addr_prefix(address, if address.is_ipv4() { 32 } else { 128 })
        });
        let networks = NETWORKS.iter().filter_map(|network| network.parse().ok()).chain(own);
        let permitted_subtrees =
            names.map(GeneralSubtree::DnsName).chain(networks.map(GeneralSubtree::IpAddress)).collect();
        Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() })
    }

    /// Why it is of no use for a run with these names.
    fn problem(&self, extra_names: &[String]) -> Option<String> {
        if self.until <= OffsetDateTime::now_utc().unix_timestamp() {
            return Some("its year is over".into());
        }
        let names = self.names.as_ref()?;
        let unknown = extra_names.iter().find(|name| !names.contains(name))?;
        Some(format!("it was not made for {unknown}"))
    }
}

pub struct Authority {
    pem: String,
    der: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
    names: Vec<String>,
    terms: Terms,
}

impl Authority {
    /// `extra_names` join the names every valid certificate carries.
    pub fn new(extra_names: &[String]) -> Result<Self, rcgen::Error> {
        Self::with(extra_names, Scope::Private)
    }

    pub fn with(extra_names: &[String], scope: Scope) -> Result<Self, rcgen::Error> {
        let terms = Terms::new(extra_names, scope);
        let mut names: Vec<String> =
            ["localhost", "127.0.0.1", "::1", "api.frame.io"].map(str::to_owned).into();
        names.extend(extra_names.iter().cloned());
        let key = KeyPair::generate()?;
        let mut params = authority_params(NAME);
        params.name_constraints = terms.constraints();
        let certificate = params.self_signed(&key)?;
        let (pem, der) = (certificate.pem(), certificate.der().clone());
        Ok(Self { pem, der, issuer: Issuer::new(params, key), names, terms })
    }

    /// The authority of a run before, from `ca.pem` and `ca.key`, so that devices go on trusting it; a new
    /// one where there is none.
    pub fn kept(dir: &Path, extra_names: &[String], scope: Scope) -> io::Result<Self> {
        let (certificate, key) = (dir.join("ca.pem"), dir.join("ca.key"));
        let terms = dir.join("ca.json");
        let new = Self::with(extra_names, scope).map_err(io::Error::other)?;
        if !key.try_exists()? {
            atomic::write(&key, new.issuer.key().serialize_pem().as_bytes(), atomic::PRIVATE)?;
            atomic::write(&certificate, new.pem.as_bytes(), atomic::PUBLIC)?;
            atomic::write(&terms, &serde_json::to_vec(&new.terms)?, atomic::PUBLIC)?;
            return Ok(new);
        }
        let unusable = |why: String| io::Error::other(format!("{} cannot be used: {why}", dir.display()));
        // An authority from before there were any has none, and is good for all names.
        let terms = match terms.try_exists()? {
            true => serde_json::from_slice(&std::fs::read(&terms)?)?,
            false => Terms { names: None, ..Terms::new(&[], scope) },
        };
        if let Some(problem) = terms.problem(extra_names) {
            return Err(unusable(format!(
                "{problem}. Without its ca.pem, ca.key and ca.json there will be a new authority, which devices have to be given"
            )));
        }
        let pem = std::fs::read_to_string(&certificate)?;
        let der =
            CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|error| unusable(error.to_string()))?;
        let key = KeyPair::from_pem(&std::fs::read_to_string(&key)?)
            .map_err(|error| unusable(error.to_string()))?;
        Ok(Self { pem, der, issuer: Issuer::new(authority_params(NAME), key), names: new.names, terms })
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

    /// What the certificates of valid listeners are for.
    pub fn names(&self) -> &[String] {
        &self.names
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
    // The clocks of devices are not always right.
    let now = OffsetDateTime::now_utc();
    params.not_before = now - Duration::days(1);
    params.not_after = now + LIFE;
    params
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

#[cfg(test)]
mod tests {
    use tokio_rustls::rustls::RootCertStore;
    use tokio_rustls::rustls::client::WebPkiServerVerifier;
    use tokio_rustls::rustls::client::danger::ServerCertVerifier;
    use tokio_rustls::rustls::pki_types::{ServerName, UnixTime};

    use super::*;

    /// Whether a client that trusts the authority believes it about this name.
    fn is_believed(authority: &Authority, name: &str) -> bool {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([name.to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &authority.issuer).expect("a certificate");
        let mut roots = RootCertStore::empty();
        roots.add(authority.der.clone()).expect("an authority");
        let provider = Arc::new(ring::default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(roots.into(), provider).build().expect("a verifier");
        let name = ServerName::try_from(name).expect("a name");
        verifier.verify_server_cert(certificate.der(), &[], &name, &[], UnixTime::now()).is_ok()
    }

    #[test]
    fn it_vouches_for_private_names_only() {
        let authority =
            Authority::new(&["bench.example".into(), "203.0.113.7".into()]).expect("an authority");
        for name in
            ["localhost", "127.0.0.1", "::1", "192.168.0.7", "fd00::7", "camera.local", "api.frame.io"]
        {
            assert!(is_believed(&authority, name), "{name}");
        }
        for name in ["bench.example", "203.0.113.7"] {
            assert!(is_believed(&authority, name), "{name}, because it was asked for");
        }
        for name in ["frame.io", "example.com", "203.0.113.8", "2001:db8::1", "api.frame.io.example"] {
            assert!(!is_believed(&authority, name), "{name}");
        }
        let everything = Authority::with(&[], Scope::Everything).expect("an authority");
        assert!(is_believed(&everything, "example.com"));
    }

    #[test]
    fn it_lives_a_year() {
        let params = authority_params(NAME);
        let life = params.not_after - OffsetDateTime::now_utc();
        assert!(life <= Duration::days(365) && life > Duration::days(364), "{life}");
        let until = Terms::new(&[], Scope::Private).until - OffsetDateTime::now_utc().unix_timestamp();
        assert!(
            (Duration::days(364).whole_seconds()..=Duration::days(365).whole_seconds()).contains(&until),
            "{until}"
        );
    }

    #[test]
    fn it_says_why_it_is_of_no_use_any_more() {
        let terms = Terms::new(&["bench.example".into()], Scope::Private);
        assert_eq!(terms.problem(&["bench.example".into()]), None);
        assert_eq!(terms.problem(&["other".into()]).as_deref(), Some("it was not made for other"));
        assert_eq!(Terms::new(&[], Scope::Everything).problem(&["other".into()]), None);
        let past = Terms { until: 0, ..terms };
        assert_eq!(past.problem(&[]).as_deref(), Some("its year is over"));
    }
}
