//! Authorization as pure state machines: [`pairing`] is the device flow of RFC 8628, [`session`] the
//! life of the tokens it yields, [`record`] what of it outlives a power cut.

pub mod pairing;
pub mod record;
pub mod session;
