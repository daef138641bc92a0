//! What all connections of one client have in common: whom they trust, how they agree on keys, which cipher they offer
//! first, and in the bundled build the sessions that the next of them resumes. The system's libcurl keeps those itself.

#[cfg(feature = "bundled")]
mod authorities;
#[cfg(not(feature = "bundled"))]
mod by_option;
#[cfg(any(feature = "bundled", feature = "uploads"))]
mod ciphers;
#[cfg(feature = "bundled")]
mod context;
mod key_exchange;

#[cfg(feature = "bundled")]
pub use authorities::Failure;
#[cfg(not(feature = "bundled"))]
pub use by_option::Context;
#[cfg(feature = "bundled")]
pub use context::{Chosen, Context, answered, begun, chosen, ended};
pub use key_exchange::KeyExchange;

use std::path::PathBuf;
use std::sync::Arc;

/// Where the trusted certificates come from. There is no hidden store: one of these is always set.
#[derive(Clone)]
pub enum CaSource {
    File(PathBuf),
    Pem(Arc<[u8]>),
}
