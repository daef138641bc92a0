//! The bytes of an upload: files, and data the application pushes.

pub mod file;
#[cfg(feature = "uploads")]
pub mod pushed;

pub use fio_c2c_core::source::*;
