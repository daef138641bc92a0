//! The emulator's own certificate authority and the certificates it shows.

pub mod authority;
