//! The world outside: libcurl and the poller, behind the engine's `Transport`.

#[cfg(feature = "uploads")]
mod bandwidth;
mod call;
pub mod clock;
mod constants;
pub mod curl;
#[cfg(feature = "bundled")]
mod environment;
mod exchange;
mod failure;
mod head;
mod headers;
#[cfg(feature = "uploads")]
mod interface;
#[cfg(target_os = "linux")]
mod memory;
#[cfg(all(feature = "uploads", target_os = "linux"))]
mod network_watch;
#[cfg(not(feature = "uploads"))]
mod no_parts;
mod options;
#[cfg(feature = "uploads")]
mod part;
#[cfg(feature = "uploads")]
mod part_options;
#[cfg(feature = "uploads")]
mod parts;
#[cfg(target_os = "linux")]
pub mod poller;
#[cfg(feature = "bundled")]
mod rustls;
pub mod shortage;
#[cfg(feature = "uploads")]
mod stall;
pub mod tls;
mod trace;
#[cfg(feature = "uploads")]
mod upload;
mod url;
pub mod versions;
mod waiting;
