//! The world outside: libcurl and the poller, behind the engine's `Transport`.

mod bandwidth;
mod call;
pub mod clock;
pub mod curl;
mod exchange;
mod failure;
mod head;
#[cfg(target_os = "linux")]
mod memory;
mod options;
mod part;
#[cfg(target_os = "linux")]
pub mod poller;
mod stall;
mod trace;
mod upload;
mod url;
mod waiting;
