//! The C boundary and nothing else: checks, the guard, conversion. What the functions do is decided by
//! [`crate::client`]; what they promise is written here, since the header is made from these comments.
//!
//! Every exported function is literally written out (the header generator reads the source) and every
//! body begins with the guard (a test holds this).

// What is documented here is the header, in the form of Doxygen: [out] is no link there.
#![allow(rustdoc::broken_intra_doc_links, rustdoc::invalid_html_tags, rustdoc::bare_urls)]
#![allow(non_camel_case_types)] // the names are those of the header

mod args;
pub mod authorization;
mod body;
mod builder;
pub mod callbacks;
pub mod client;
#[cfg(feature = "uploads")]
pub mod comment;
mod completions;
pub mod config;
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

// What nearly every file in here needs.
use crate::client::{Client, limits, lock};
use crate::engine::Operation;
use crate::error::Error;
use crate::status::*;
use callbacks::*;
use client::{fio_client, guard_engine, guard_start, handle, inside};
use completions::{Callback, Registered};
use guard::{guard, guard_value};
use std::ffi::{c_char, c_void};
use std::ptr;
use views::{View, fio_device, fio_error};
