//! What rules are told: requests, their answers, and what people do. All of it is plain data, so that a
//! rule can be tested without a network.

use std::net::IpAddr;
use std::time::Duration;

use crate::endpoint::{Endpoint, GrantType};

/// When something happened, on the emulator's clock, and how far tests had moved that clock by then.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moment {
    pub clock: Duration,
    pub moved: Duration,
}

impl Moment {
    /// The time between, where moving the clock counts as waiting: for rules that ask for patience.
    pub fn since(self, earlier: Self) -> Duration {
        self.clock.saturating_sub(earlier.clock)
    }

    /// The time between as a device has felt it: for rules that ask for haste.
    pub fn really_since(self, earlier: Self) -> Duration {
        self.really().saturating_sub(earlier.really())
    }

    /// On a clock that nobody moves.
    pub fn really(self) -> Duration {
        self.clock.saturating_sub(self.moved)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    #[default]
    Missing,
    NotSemantic,
    Semantic,
}

/// What the creation of an asset says about the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Creation {
    /// Name and size; what a second creation of the same file has in common with the first.
    pub file: String,
    pub filetype: String,
    pub offset: Option<i64>,
    pub realtime: bool,
}

/// A request, as it arrived. Tokens and codes are hashes here, as in the request log.
#[derive(Debug, Clone)]
pub struct Asked {
    pub seq: u64,
    pub at: Moment,
    /// Whether its pace says something: not when a test moves the device's own clock.
    pub timed: bool,
    pub connection: u64,
    pub peer: Option<IpAddr>,
    /// The client id, when the request or what is known of its token tells it.
    pub device: Option<String>,
    pub endpoint: Endpoint,
    pub grant: Option<GrantType>,
    pub version: Version,
    /// Of the `Authorization` header.
    pub bearer: Option<String>,
    /// The device code of a poll, or the refresh token of a refresh.
    pub secret: Option<String>,
    pub has_query: bool,
    /// A header that only something between the device and the service adds.
    pub intermediary: Option<&'static str>,
    pub asset: Option<String>,
    pub part: Option<u32>,
    pub creation: Option<Creation>,
}

impl Asked {
    pub fn is(&self, endpoint: Endpoint) -> bool {
        self.endpoint == endpoint
    }

    pub fn is_refresh(&self) -> bool {
        self.is(Endpoint::Token) && self.grant == Some(GrantType::RefreshToken)
    }

    pub fn is_poll(&self) -> bool {
        self.is(Endpoint::Token) && self.grant == Some(GrantType::DeviceCode)
    }

    /// The same thing asked for again is another attempt at it.
    pub fn thing(&self) -> String {
        let file = self.creation.as_ref().map(|creation| creation.file.as_str()).or(self.asset.as_deref());
        format!("{:?} {:?} {} {}", self.endpoint, self.grant, file.unwrap_or(""), self.part.unwrap_or(0))
    }
}

/// What the service knows about its answer beyond the status.
#[derive(Debug, Clone, Default)]
pub struct Told {
    pub oauth_error: Option<&'static str>,
    /// Hashes of the tokens in it.
    pub access_token: Option<String>,
    pub refresh_token: Option<String>,
    /// The hash of a device code in it, and how long to wait between polls.
    pub device_code: Option<(String, Duration)>,
    /// How long the access token in it lives.
    pub lives: Option<Duration>,
    /// How long it can be renewed; never without a refresh token.
    pub renewable_for: Option<Duration>,
    pub paused: bool,
    pub retry_after: Option<Duration>,
    /// The asset it created.
    pub created: Option<String>,
    /// It was the last part of its file.
    pub completed: bool,
    pub violations: Vec<&'static str>,
}

/// The end of a request.
#[derive(Debug, Clone)]
pub struct Answered<'a> {
    pub asked: &'a Asked,
    pub at: Moment,
    /// `None` when no answer left, or not the whole of one.
    pub status: Option<u16>,
    /// The fault that was ordered for it.
    pub fault: Option<&'static str>,
    pub body_bytes: u64,
    pub told: &'a Told,
}

impl Answered<'_> {
    /// Whether the device was sent what the service had to say, and not what a fault made of it.
    pub fn is_proper(&self) -> bool {
        self.status.is_some() && matches!(self.fault, None | Some("delay" | "throttle"))
    }

    /// Whether the device can be held to having read it.
    pub fn is_certain(&self) -> bool {
        self.status.is_some() && self.fault.is_none()
    }

    pub fn succeeded(&self) -> bool {
        self.is_proper() && self.status.is_some_and(|status| status < 300)
    }

    /// Nothing that the device could read came back.
    pub fn is_lost(&self) -> bool {
        self.status.is_none()
    }

    /// What a device is to try again: something on the way, or a server in trouble.
    pub fn is_passing_failure(&self) -> bool {
        self.status.is_none_or(|status| status == 429 || status >= 500)
    }
}

/// What a person did, to the service or at the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    Paused,
    Resumed,
    Disconnected,
    MovedToProject,
    /// At the device, as somebody told the emulator.
    PowerCut,
    NetworkChanged,
    PairingCanceled,
    /// Of one file or, without a name, of all.
    UploadCanceled {
        name: Option<String>,
    },
}

#[derive(Debug, Clone)]
pub enum Event<'a> {
    Asked(&'a Asked),
    Answered(&'a Answered<'a>),
    /// A request without TLS, at either port; it is in the request log, too.
    PlainHttp {
        seq: u64,
    },
    Deed {
        at: Moment,
        device: &'a str,
        deed: &'a Deed,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moved_clock_is_patience_and_no_delay() {
        let seconds = Duration::from_secs;
        let before = Moment { clock: seconds(10), moved: seconds(0) };
        let after = Moment { clock: seconds(28_815), moved: seconds(28_800) };
        assert_eq!(after.since(before), seconds(28_805));
        assert_eq!(after.really_since(before), seconds(5));
    }
}
