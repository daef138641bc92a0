//! An emulator of the Frame.io Camera-to-Cloud device API.
//!
//! The service proper is a crate of its own, [`fio_emulator_service`]: state machines that are told the time. Around it are
//! the order book of [`faults`], the [`journal`] of requests, the [`storage`] of
//! parts, the [`checklist`] that judges devices, [`scenario`]s that are played with them, and [`http`], which is the only part that touches a socket. [`run`] puts them together.

#![forbid(unsafe_code)]

pub mod answers_file;
pub mod atomic;
pub mod checklist;
pub mod cli;
pub mod clock;
pub mod emulator;
pub mod endpoint;
pub mod faults;
pub mod form;
pub mod http;
pub mod journal;
pub mod mask;
pub mod network;
pub mod people;
pub mod report_files;
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
