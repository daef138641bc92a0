//! The device side of Frame.io Camera-to-Cloud as a C library.
//!
//! The house, from the door inwards; imports run one way only (a test holds this):
//!
//! | room | what is inside |
//! | --- | --- |
//! | [`ffi`] | the C boundary: checks, the guard, conversion |
//! | [`client`] | one device: the checked configuration, driving, who is told what, the end |
//! | [`engine`] | operations in flight, timers, who is told what |
//! | [`auth`] | pairing (RFC 8628) and token life, as pure state machines |
//! | [`upload`] | plans, transfers, recordings and the queue, as pure state machines |
//! | [`api`] | the wire: one file per resource, pure |
//! | [`retry`] | which failures, how long to wait |
//! | [`net`] | libcurl and the poller: the only place with sockets |
//! | [`store`] | records on disk or with the vendor |
//! | [`source`] | the bytes of an upload: files, callbacks, pushed data |
//! | [`status`], [`error`], [`secret`], [`clock`], [`entropy`], [`json`], [`log`], [`shown`], [`sys`], [`small_map`], [`sorted_map`], [`text`] | what everybody uses |

pub mod api;
pub mod auth;
pub mod client;
pub mod clock;
// A library without uploads (`make lib UPLOADS=no`) leaves what serves them there unused.
#[cfg_attr(fio_no_uploads, allow(dead_code))]
pub mod engine;
pub mod entropy;
pub mod error;
pub mod ffi;
#[cfg(fio_c_library)]
mod heap;
pub mod json;
pub mod log;
pub mod net;
pub mod retry;
pub mod secret;
pub mod shown;
pub mod small_map;
pub mod sorted_map;
pub mod source;
pub mod status;
pub mod store;
pub mod sys;
pub mod text;
pub mod upload;
