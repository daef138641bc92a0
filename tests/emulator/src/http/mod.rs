//! HTTP/1.1 over TLS: connections, answers, and the three groups of paths (the device API, the
//! test API, the pages for people).

pub mod answer;
pub mod body;
pub mod connection;
pub mod deliver;
pub mod device_api;
pub mod device_calls;
pub mod listener;
pub mod origin;
pub mod pages;
pub mod route;
pub mod test_api;
pub mod wire;
