//! The bundled build: one configuration of rustls for all connections of a client. libcurl makes one for each connection,
//! which reads and parses the certificates of the authorities every time and forgets every session.
//!
//! libcurl knows a client's by a name in place of the file of certificates; `src/net/rustls.rs` puts it in.

use super::CaSource;
use super::authorities::{Authorities, Failure};
use super::ciphers;
use super::key_exchange::{Exchange, Handshake, KeyExchange, Share};
use crate::net::options;
use curl::easy::{Easy2, Handler};
use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{cipher_suite, default_provider, kx_group};
use rustls::{ClientConfig, SupportedCipherSuite};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

const NAME: &str = "fio-c2c client ";
/// The service's own server and some of the storage; rustls keeps the last eight tickets of each.
const MOST_SERVERS: usize = 4;
const TICKETS_OF_ONE: usize = 8;

/// All that live, by number. Numbers are never used again.
static CONTEXTS: Mutex<BTreeMap<u64, Weak<Shared>>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(1);

struct Shared {
    number: u64,
    ca: CaSource,
    exchange: Exchange,
    made: Mutex<Option<Made>>,
    /// A connection ended in which nothing came back.
    is_silent: AtomicBool,
}

/// Sessions are with the configuration: one that other authorities vouched for is not resumed, and what a server chose
/// without the post-quantum share is no hint for a connection with it.
struct Made {
    authorities: Authorities,
    hybrid: Option<Arc<ClientConfig>>,
    classical: Option<Arc<ClientConfig>>,
}

/// A client's.
#[derive(Clone)]
pub struct Context(Arc<Shared>);

impl Context {
    pub fn new(ca: CaSource, told: KeyExchange) -> Context {
        let shared = Arc::new(Shared {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            ca,
            exchange: Exchange::new(told),
            made: Mutex::new(None),
            is_silent: AtomicBool::new(false),
        });
        lock(&CONTEXTS).insert(shared.number, Arc::downgrade(&shared));
        Context(shared)
    }

    pub fn source(&self) -> &CaSource {
        &self.0.ca
    }

    /// Of a handle that is new.
    pub fn configure<H: Handler>(&self, easy: &mut Easy2<H>) -> Result<(), curl::Error> {
        easy.cainfo(format!("{NAME}{}", self.0.number))
    }

    /// As for all: the order is in the configuration.
    #[cfg(feature = "uploads")]
    pub fn prefer_quick_ciphers<H: Handler>(&self, _: &mut Easy2<H>) -> Result<(), curl::Error> {
        Ok(())
    }

    /// Handles stay as they are: each connection asks.
    pub fn generation(&self) -> u32 {
        0
    }

    /// From a transfer that is over.
    pub fn learn_from<H>(&self, easy: &mut Easy2<H>, result: Result<(), &curl::Error>, _: bool) {
        // libcurl has closed the connection by now.
        let is_silent = self.0.is_silent.swap(false, Ordering::Relaxed);
        if let Some(handshake) = Handshake::of(result, options::connections_made(easy), is_silent) {
            self.0.exchange.learn(handshake);
        }
    }

    pub fn forget_network(&self) {
        self.0.exchange.forget();
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        lock(&CONTEXTS).remove(&self.number);
    }
}

/// A connection that is about to be made.
pub struct Chosen {
    pub config: Arc<ClientConfig>,
    client: Weak<Shared>,
}

/// What the next connection of the client with this name is made with. `None` if there is no such client.
pub fn chosen(name: &str) -> Option<Result<Chosen, Failure>> {
    let number = name.strip_prefix(NAME)?.parse().ok()?;
    let shared = lock(&CONTEXTS).get(&number)?.upgrade()?;
    Some(shared.config().map(|config| Chosen { config, client: Arc::downgrade(&shared) }))
}

/// Connections in which nothing has come back yet, by the place of what rustls has of each.
static UNANSWERED: Mutex<Vec<(usize, Weak<Shared>)>> = Mutex::new(Vec::new());
/// How many they are: most of the time none, and every read of a connection asks.
static UNANSWERED_COUNT: AtomicUsize = AtomicUsize::new(0);

pub fn begun(connection: usize, chosen: Chosen) {
    let mut unanswered = lock(&UNANSWERED);
    unanswered.push((connection, chosen.client));
    UNANSWERED_COUNT.store(unanswered.len(), Ordering::Relaxed);
}

/// Something came.
pub fn answered(connection: usize) {
    // A connection is found missing only if this thread has not been told of it: not by the one that reads from it.
    if UNANSWERED_COUNT.load(Ordering::Relaxed) > 0 {
        take_unanswered(connection);
    }
}

pub fn ended(connection: usize) {
    if UNANSWERED_COUNT.load(Ordering::Relaxed) > 0 {
        if let Some(client) = take_unanswered(connection) {
            client.is_silent.store(true, Ordering::Relaxed);
        }
    }
}

fn take_unanswered(connection: usize) -> Option<Arc<Shared>> {
    let mut unanswered = lock(&UNANSWERED);
    let index = unanswered.iter().position(|(of, _)| *of == connection)?;
    let (_, client) = unanswered.swap_remove(index);
    UNANSWERED_COUNT.store(unanswered.len(), Ordering::Relaxed);
    client.upgrade()
}

impl Shared {
    fn config(&self) -> Result<Arc<ClientConfig>, Failure> {
        let mut slot = lock(&self.made);
        let share = self.exchange.share();
        let is_current = match &*slot {
            Some(made) => made.authorities.are_current(&self.ca)?,
            None => false,
        };
        if !is_current {
            let authorities = Authorities::of(&self.ca, provider(share))?;
            *slot = Some(Made { authorities, hybrid: None, classical: None });
        }
        let Some(made) = &mut *slot else { return Err(Failure::Unusable) };
        let place = match share {
            Share::Hybrid => &mut made.hybrid,
            Share::Classical => &mut made.classical,
        };
        match place {
            Some(config) => Ok(config.clone()),
            None => Ok(place.insert(configuration(share, &made.authorities)?).clone()),
        }
    }
}

fn configuration(share: Share, authorities: &Authorities) -> Result<Arc<ClientConfig>, Failure> {
    let builder = ClientConfig::builder_with_provider(provider(share).clone());
    let builder = builder.with_safe_default_protocol_versions().map_err(|_| Failure::Unusable)?;
    let mut config = builder.with_webpki_verifier(authorities.verifier.clone()).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = Resumption::in_memory_sessions(MOST_SERVERS * TICKETS_OF_ONE);
    Ok(Arc::new(config))
}

fn provider(share: Share) -> &'static Arc<CryptoProvider> {
    static HYBRID: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    static CLASSICAL: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    let (place, groups) = match share {
        Share::Hybrid => (
            &HYBRID,
            vec![kx_group::X25519MLKEM768, kx_group::X25519, kx_group::SECP256R1, kx_group::SECP384R1],
        ),
        Share::Classical => (&CLASSICAL, vec![kx_group::X25519, kx_group::SECP256R1, kx_group::SECP384R1]),
    };
    place.get_or_init(|| {
        let cipher_suites = suites(ciphers::has_aes());
        Arc::new(CryptoProvider { cipher_suites, kx_groups: groups, ..default_provider() })
    })
}

fn suites(has_aes: bool) -> Vec<SupportedCipherSuite> {
    use cipher_suite as of;
    let [chacha, aes_128, aes_256] = [
        [
            of::TLS13_CHACHA20_POLY1305_SHA256,
            of::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
            of::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        ],
        [
            of::TLS13_AES_128_GCM_SHA256,
            of::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            of::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        ],
        [
            of::TLS13_AES_256_GCM_SHA384,
            of::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            of::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        ],
    ];
    let order = if has_aes { [aes_128, aes_256, chacha] } else { [chacha, aes_128, aes_256] };
    (0..3).flat_map(|kind| order.map(|of_one| of_one[kind])).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::CipherSuite;
    use rustls::NamedGroup;

    #[test]
    fn ciphers_follow_the_processor() {
        let names = |has_aes| suites(has_aes).iter().map(SupportedCipherSuite::suite).collect::<Vec<_>>();
        let of_tls_13 = |has_aes| names(has_aes)[..3].to_vec();
        use CipherSuite as of;
        assert_eq!(
            of_tls_13(true),
            [of::TLS13_AES_128_GCM_SHA256, of::TLS13_AES_256_GCM_SHA384, of::TLS13_CHACHA20_POLY1305_SHA256]
        );
        assert_eq!(of_tls_13(false)[0], of::TLS13_CHACHA20_POLY1305_SHA256);
        assert_eq!(names(true)[3], of::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256);
        assert_eq!(names(false)[3], of::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256);
        // None is lost, and none is new.
        for has_aes in [true, false] {
            let mut ours = names(has_aes);
            let mut all: Vec<_> =
                default_provider().cipher_suites.iter().map(SupportedCipherSuite::suite).collect();
            ours.sort_by_key(|&suite| u16::from(suite));
            all.sort_by_key(|&suite| u16::from(suite));
            assert_eq!(ours, all);
        }
    }

    #[test]
    fn a_client_is_found_by_its_name_while_it_lives() {
        let pem = include_str!("../../../tests/python/loopback_ca.pem");
        let context = Context::new(CaSource::Pem(pem.as_bytes().into()), KeyExchange::default());
        let name = format!("{NAME}{}", context.0.number);
        let config = || chosen(&name).map(|found| found.unwrap().config);
        let (first, second) = (config().unwrap(), config().unwrap());
        assert!(Arc::ptr_eq(&first, &second));
        context.0.exchange.learn(Handshake::Silent);
        let classical = config().unwrap();
        assert!(!Arc::ptr_eq(&first, &classical));
        context.forget_network();
        assert!(Arc::ptr_eq(&first, &config().unwrap()));
        drop(context);
        assert!(config().is_none());
        for name in ["/etc/ssl/certs/ca-certificates.crt", NAME, "fio-c2c client x"] {
            assert!(chosen(name).is_none(), "{name}");
        }
    }

    #[test]
    fn a_connection_that_ends_without_an_answer_was_silent() {
        let pem = include_str!("../../../tests/python/loopback_ca.pem");
        let context = Context::new(CaSource::Pem(pem.as_bytes().into()), KeyExchange::default());
        let name = format!("{NAME}{}", context.0.number);
        let begin = |connection| begun(connection, chosen(&name).unwrap().unwrap());
        let was_silent = || context.0.is_silent.swap(false, Ordering::Relaxed);
        begin(1);
        begin(2);
        answered(2);
        ended(2);
        assert!(!was_silent());
        ended(1);
        assert!(was_silent());
        ended(1);
        assert!(!was_silent());
    }

    #[test]
    fn only_the_first_share_is_given_up() {
        let groups = |share| provider(share).kx_groups.iter().map(|group| group.name()).collect::<Vec<_>>();
        assert_eq!(groups(Share::Hybrid)[0], NamedGroup::X25519MLKEM768);
        assert_eq!(groups(Share::Hybrid)[1..], groups(Share::Classical)[..]);
    }
}
