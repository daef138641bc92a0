//! The rules, one family in each file.

pub mod asked_only;
pub mod files;
pub mod heartbeat;
pub mod information;
pub mod network;
pub mod offset;
pub mod parallel;
pub mod parts;
pub mod pause;
pub mod people;
pub mod polling;
pub mod refresh;
pub mod resume;
pub mod retries;
pub mod secrets;
pub mod speed;
pub mod transport;
pub mod version;

use super::rule::Rule;

/// All of them, in the order of the report.
pub fn all() -> Vec<Box<dyn Rule>> {
    vec![
        Box::new(polling::Polling::default()),
        Box::new(version::VersionHeader),
        Box::new(transport::Transport),
        Box::new(secrets::Secrets),
        Box::new(refresh::Refresh::default()),
        Box::new(information::Information::default()),
        Box::new(heartbeat::Heartbeat::default()),
        Box::new(offset::Offset::default()),
        Box::new(pause::Pause::default()),
        Box::new(parts::Parts),
        Box::new(parallel::Parallel::default()),
        Box::new(resume::Resume::default()),
        Box::new(retries::Retries::default()),
        Box::new(files::Files::default()),
        Box::new(network::Network::default()),
        Box::new(speed::Speed::default()),
        Box::new(people::People::default()),
        Box::new(asked_only::AskedOnly),
    ]
}
