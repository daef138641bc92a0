//! The bytes of an upload: files, and data the application pushes.

pub mod file;
pub mod pushed;

pub use fio_c2c_core::source::*;
