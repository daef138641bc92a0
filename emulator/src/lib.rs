//! An emulator of the Frame.io Camera-to-Cloud device API.
//!
//! [`service`] is a crate of its own: what Frame.io does, told the time and asked by its caller, without any network.
//! Around it are the order book of [`faults`], the [`journal`] of requests, the [`storage`] of parts, the
//! [`checklist`] that judges devices, [`scenario`]s that are played with them, and [`http`], the only part that touches
//! a socket. [`run`] puts them together.

#![forbid(unsafe_code)]

pub mod atomic;
pub mod checklist;
pub mod cli;
pub mod clock;
pub mod emulator;
pub mod endpoint;
pub mod faults;
pub mod http;
pub mod journal;
pub mod mask;
pub mod network;
pub mod people;
pub mod request_log;
pub mod run;
pub mod scenario;
pub mod service;
pub mod size;
pub mod state;
pub mod storage;
pub mod tls;
pub mod trouble;

pub use fio_emulator_service::settings;
use fio_emulator_service::{errors, random};
