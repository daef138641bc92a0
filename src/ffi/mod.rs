//! The C boundary and nothing else: checks, the guard, conversion. What the functions do is decided
//! elsewhere; what they promise is written here, since the header is made from these comments.
//!
//! Every exported function is literally written out (the header generator reads the source) and every
//! body begins with the guard (a test holds this).

#![allow(non_camel_case_types)] // the names are those of the header

mod args;
pub mod authorization;
mod body;
mod ca;
pub mod callbacks;
pub mod client;
#[cfg(feature = "uploads")]
pub mod comment;
pub mod config;
mod core;
pub mod device;
pub mod diagnosis;
pub mod drive;
mod guard;
pub mod pairing;
#[cfg(feature = "uploads")]
pub mod queue;
mod registry;
pub mod screen;
pub mod types;
#[cfg(feature = "uploads")]
pub mod upload;
mod vendor;
pub mod views;

pub use types::*;
