//! No line of the log says anything that would help a thief.

use crate::ask::CLIENT_SECRET;
use fio_c2c::log::{Level, Log, log_to};
use std::sync::Arc;

const SECRETS: [&str; 6] = ["storage.example", "X-Amz", "token-", CLIENT_SECRET, "code-", "upload_urls"];

/// A log to look at.
pub fn printed() -> Log {
    log_to(Level::Trace as i32, Some(Arc::new(|level, line: &str| println!("{level:?}: {line}"))))
}

/// A log that writes everything and fails the test over a secret.
pub fn suspicious() -> Log {
    log_to(
        Level::Trace as i32,
        Some(Arc::new(|_, line: &str| {
            for secret in SECRETS {
                assert!(!line.contains(secret), "a secret in the log: {line}");
            }
        })),
    )
}
