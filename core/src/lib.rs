//! What decides in fio-c2c. It never reads a clock, a file or a socket: it is told what time it is and what
//! arrived, and answers with what to send, what to save and when to wake it.
//!
//! Imports run from top to bottom:
//!
//! | module | what is inside |
//! | --- | --- |
//! | [`engine`] | composes the machines; the only one that knows all of them |
//! | [`upload`] | plans, transfers, recordings and the queue |
//! | [`auth`] | pairing (RFC 8628) and the life of tokens (RFC 6749) |
//! | [`api`] | requests and answers, one file per resource |
//! | [`retry`] | which failures are tried again, and when |
//! | [`source`], [`store`], [`clock`], [`log`] | what the world has to offer: traits |
//! | [`status`], [`error`], [`secret`], [`shown`], [`json`], [`small_map`], [`sorted_map`], [`text`] | what all use |

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod api;
pub mod auth;
pub mod clock;
// Without uploads what serves them there is unused.
#[cfg_attr(not(feature = "uploads"), allow(dead_code))]
pub mod engine;
pub mod error;
pub mod json;
pub mod link;
pub mod log;
mod prelude;
pub mod retry;
pub mod secret;
pub mod shown;
pub mod small_map;
pub mod sorted_map;
pub mod source;
pub mod status;
pub mod store;
pub mod text;
pub mod upload;
