//! HTTP/1.1 over TLS: connections, answers, and the three groups of paths (the device API, the
//! test API, the pages for people), and the storage on a listener of its own.

pub mod access;
pub mod answer;
pub mod asset_calls;
pub mod body;
pub mod budget;
pub mod connection;
pub mod deliver;
pub mod device_api;
pub mod device_calls;
pub mod exchange;
pub mod facts;
pub mod form;
pub mod listener;
pub mod origin;
pub mod pages;
pub mod payload;
pub mod places;
mod plain;
pub mod route;
pub mod storage_api;
pub mod strict;
pub mod test_api;
pub mod wire;
