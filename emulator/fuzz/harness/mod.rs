//! What both fuzz targets and the test that replays their corpus have in common. A violation of what
//! has to hold is a panic.

#![allow(dead_code, unreachable_pub, reason = "each fuzz target uses its own part of it")]
#![allow(clippy::expect_used, clippy::unwrap_used)]

pub mod answers;
pub mod bench;
mod call;
pub mod connection;
mod invariants;
mod mutate;
pub mod requests;
mod templates;
