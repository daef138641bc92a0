//! The world outside: libcurl and the poller, behind the engine's `Transport`.

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
mod interface;
#[cfg(target_os = "linux")]
mod memory;
mod options;
mod part;
#[cfg(target_os = "linux")]
pub mod poller;
#[cfg(feature = "bundled")]
mod rustls;
pub mod shortage;
mod stall;
mod trace;
mod upload;
mod url;
pub mod versions;
mod waiting;
