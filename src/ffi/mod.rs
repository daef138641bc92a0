//! The C boundary and nothing else: checks, the guard, conversion. What the functions do is decided
//! elsewhere; what they promise is written here, since the header is made from these comments.
//!
//! Every exported function is literally written out (the header generator reads the source) and every
//! body begins with the guard (a test holds this).

#![allow(non_camel_case_types)] // the names are those of the header

pub mod authorization;
mod args;
pub mod callbacks;
mod ca;
pub mod client;
pub mod config;
mod core;
pub mod device;
pub mod diagnosis;
pub mod drive;
mod guard;
pub mod pairing;
pub mod screen;
mod vendor;
pub mod views;

/// What a function returns: `FIO_OK` (0) or a negative `FIO_E_…`. New values may appear: treat an
/// unknown negative value as a failure.
pub type fio_status = i32;

/// One started operation. Ids are never reused; 0 (`FIO_OP_NONE`) is no operation.
pub type fio_op = u64;

/// No operation.
pub const FIO_OP_NONE: u64 = 0;
