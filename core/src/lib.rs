//! What decides in fio-c2c. It never reads a clock, a file or a socket: it is told what time it is and what
//! arrived, and answers with what to send, what to save and when to wake it.
//!
//! Imports run from top to bottom:
//!
//! | module | what is inside |
//! | --- | --- |
//! | [`engine`] | composes the machines; the only one that knows all of them |
//! | `pairing` | codes and polls (RFC 8628) |
//! | [`token`] | the tokens: stored, and renewed in time (RFC 6749) |
//! | `call` | requests with a bearer token: device information, heartbeats, comments, those of uploads |
//! | `device` | what is known of the device |
//! | `presence` | heartbeats |
//! | `revocation` | giving an authorization back (RFC 7009) |
//! | [`context`] | what all machines use: time, random numbers, log, the ways out |
//! | [`upload`] | plans, transfers, recordings and the queue |
//! | [`api`] | requests and answers, one file per resource |
//! | [`failure`] | what a failure means: whether and when again, and what becomes of what it happened to |
//! | [`source`], [`store`], [`clock`], [`log`] | what the world has to offer: traits |
//! | [`status`], [`error`], [`secret`], [`shown`], [`json`], [`small_map`], [`sorted_map`], [`text`] | what all use |

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod api;
// Without uploads what serves them there is unused.
#[cfg_attr(not(feature = "uploads"), allow(dead_code))]
mod call;
pub mod clock;
#[cfg_attr(not(feature = "uploads"), allow(dead_code))]
pub mod context;
mod device;
// Without uploads what serves them there is unused.
#[cfg_attr(not(feature = "uploads"), allow(dead_code))]
pub mod engine;
pub mod error;
pub mod failure;
pub mod json;
pub mod link;
pub mod log;
mod pairing;
mod prelude;
mod presence;
mod revocation;
pub mod secret;
pub mod shown;
pub mod small_map;
pub mod sorted_map;
pub mod source;
pub mod status;
pub mod store;
pub mod text;
pub mod token;
pub mod upload;
