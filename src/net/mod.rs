//! The world outside: libcurl and the poller, behind the engine's `Transport`.

pub mod clock;
pub mod curl;
mod exchange;
mod failure;
#[cfg(target_os = "linux")]
mod memory;
#[cfg(target_os = "linux")]
pub mod poller;
mod url;
