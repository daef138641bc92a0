//! The device side of Frame.io Camera-to-Cloud as a C library: everything that touches the world. What decides
//! is in the crate `fio-c2c-core`.
//!
//! | module | what is inside; imports run from top to bottom (a test holds this) |
//! | --- | --- |
//! | [`ffi`] | `extern "C"`: checks, the guard, conversion |
//! | [`client`] | one device: the checked configuration, driving, who is told what, the end |
//! | [`net`] | libcurl and the poller: the only place with sockets |
//! | [`store`] | records on disk or with the vendor |
//! | [`source`] | the bytes of an upload: files, callbacks, pushed data |
//! | [`log`], [`entropy`], [`sys`] | what all use |

pub mod client;
pub mod entropy;
pub mod ffi;
#[cfg(fio_c_library)]
mod heap;
pub mod log;
pub mod net;
pub mod source;
pub mod store;
pub mod sys;

pub use fio_c2c_core::{
    api, clock, context, engine, error, failure, json, link, secret, shown, small_map, sorted_map, status,
    text, token, upload,
};
