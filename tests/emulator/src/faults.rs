//! Faults that tests order ahead of time, endpoint by endpoint.

use std::collections::{BTreeMap, VecDeque};

use hyper::header::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::endpoint::{Endpoint, GrantType};

const MOST_RULES: usize = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultEndpoint {
    Code,
    Token,
    Revoke,
    Me,
    Heartbeat,
    Health,
    /// Every call of the device API, also to paths that do not exist.
    Any,
}

/// What happens instead of the proper answer. See the README for each kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    Status {
        status: u16,
        #[serde(default)]
        body: Option<String>,
        #[serde(default)]
        headers: BTreeMap<String, String>,
        #[serde(default)]
        content_type: Option<String>,
    },
    Delay {
        ms: u64,
    },
    Reset {
        #[serde(default)]
        after_bytes: Option<usize>,
    },
    Close {},
    Stall {
        #[serde(default)]
        after_bytes: Option<usize>,
    },
    Truncate {
        #[serde(default)]
        bytes: Option<usize>,
    },
    Body {
        body: String,
        #[serde(default = "ok")]
        status: u16,
        #[serde(default)]
        content_type: Option<String>,
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    Big {
        bytes: u64,
    },
    Redirect {
        location: String,
        #[serde(default = "found")]
        status: u16,
    },
}

fn ok() -> u16 {
    200
}

fn found() -> u16 {
    302
}

fn once() -> u64 {
    1
}

impl Fault {
    /// Whether it can be put on the wire at all; the error names the part that cannot.
    pub fn check(&self) -> Result<(), &'static str> {
        let no_headers = BTreeMap::new();
        let (status, headers, value) = match self {
            Self::Status { status, headers, content_type, .. } | Self::Body { status, headers, content_type, .. } => {
                (*status, headers, content_type.as_deref())
            }
            Self::Redirect { location, status } => (*status, &no_headers, Some(location.as_str())),
            _ => return Ok(()),
        };
        if !(200..=599).contains(&status) {
            return Err("status");
        }
        let is_value = |value: &str| HeaderValue::from_str(value).is_ok();
        if !value.is_none_or(is_value) {
            return Err("content_type or location");
        }
        let is_header = |(name, value): (&String, &String)| HeaderName::from_bytes(name.as_bytes()).is_ok() && is_value(value);
        if headers.iter().all(is_header) { Ok(()) } else { Err("headers") }
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Delay { .. } => "delay",
            Self::Reset { .. } => "reset",
            Self::Close {} => "close",
            Self::Stall { .. } => "stall",
            Self::Truncate { .. } => "truncate",
            Self::Body { .. } => "body",
            Self::Big { .. } => "big",
            Self::Redirect { .. } => "redirect",
        }
    }
}

/// One order: which calls, how many, and what happens to them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub endpoint: FaultEndpoint,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantType>,
    #[serde(default = "once")]
    pub times: u64,
    #[serde(default)]
    pub skip: u64,
    /// The request is processed as usual and only its answer is lost or mangled.
    #[serde(default)]
    pub processed: bool,
    pub fault: Fault,
}

impl Rule {
    fn concerns(&self, endpoint: Endpoint, grant: Option<GrantType>) -> bool {
        let here = match self.endpoint {
            FaultEndpoint::Any => true,
            FaultEndpoint::Code => endpoint == Endpoint::Code,
            FaultEndpoint::Token => endpoint == Endpoint::Token,
            FaultEndpoint::Revoke => endpoint == Endpoint::Revoke,
            FaultEndpoint::Me => endpoint == Endpoint::Me,
            FaultEndpoint::Heartbeat => endpoint == Endpoint::Heartbeat,
            FaultEndpoint::Health => endpoint == Endpoint::Health,
        };
        here && (self.grant.is_none() || self.grant == grant)
    }
}

/// The fault that befalls a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Strike {
    pub fault: Fault,
    pub processed: bool,
}

#[derive(Debug, Default)]
pub struct Faults {
    rules: VecDeque<Rule>,
}

/// There are already as many rules as the emulator keeps.
#[derive(Debug, PartialEq, Eq)]
pub struct TooMany;

impl Faults {
    pub fn order(&mut self, rule: Rule) -> Result<(), TooMany> {
        if self.rules.len() >= MOST_RULES {
            return Err(TooMany);
        }
        if rule.times > 0 {
            self.rules.push_back(rule);
        }
        Ok(())
    }

    pub fn clear(&mut self) {
        self.rules.clear();
    }

    pub fn remaining(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// Rules are asked in the order they were given; one that still has calls to skip lets the
    /// call go on to the next rule.
    pub fn strike(&mut self, endpoint: Endpoint, grant: Option<GrantType>) -> Option<Strike> {
        let mut hit = None;
        for (at, rule) in self.rules.iter_mut().enumerate() {
            if !rule.concerns(endpoint, grant) {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            rule.times -= 1;
            hit = Some((at, rule.times, Strike { fault: rule.fault.clone(), processed: rule.processed }));
            break;
        }
        let (at, left, strike) = hit?;
        if left == 0 {
            self.rules.remove(at);
        }
        Some(strike)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(json: &str) -> Rule {
        serde_json::from_str(json).expect("a rule")
    }

    fn names(faults: &mut Faults, calls: usize) -> Vec<Option<&'static str>> {
        (0..calls).map(|_| faults.strike(Endpoint::Token, Some(GrantType::RefreshToken)).map(|hit| hit.fault.name())).collect()
    }

    #[test]
    fn skip_then_times_then_the_next_rule() {
        let mut faults = Faults::default();
        faults.order(rule(r#"{"endpoint":"token","skip":1,"times":2,"fault":{"kind":"status","status":503}}"#)).expect("room");
        faults.order(rule(r#"{"endpoint":"any","fault":{"kind":"reset"}}"#)).expect("room");
        assert_eq!(names(&mut faults, 4), [Some("reset"), Some("status"), Some("status"), None]);
        assert_eq!(faults.remaining().count(), 0);
    }

    #[test]
    fn endpoints_and_grants_are_told_apart() {
        let mut faults = Faults::default();
        faults.order(rule(r#"{"endpoint":"me","fault":{"kind":"close"}}"#)).expect("room");
        faults.order(rule(r#"{"endpoint":"token","grant":"device_code","fault":{"kind":"close"}}"#)).expect("room");
        assert_eq!(names(&mut faults, 2), [None, None]);
        assert!(faults.strike(Endpoint::Token, Some(GrantType::DeviceCode)).is_some());
        assert!(faults.strike(Endpoint::Me, None).is_some());
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        for (bad, why) in [
            (r#"{"kind":"status","status":99}"#, "status"),
            (r#"{"kind":"body","body":"","status":600}"#, "status"),
            (r#"{"kind":"status","status":503,"headers":{"a b":"c"}}"#, "headers"),
            (r#"{"kind":"redirect","location":"a\nb"}"#, "content_type or location"),
        ] {
            let fault: Fault = serde_json::from_str(bad).expect("a fault");
            assert_eq!(fault.check(), Err(why), "{bad}");
        }
    }

    #[test]
    fn every_kind_reads() {
        for fault in [
            r#"{"kind":"status","status":503,"body":"x","headers":{"Retry-After":"2"},"content_type":"text/html"}"#,
            r#"{"kind":"delay","ms":10}"#,
            r#"{"kind":"reset"}"#,
            r#"{"kind":"reset","after_bytes":3}"#,
            r#"{"kind":"close"}"#,
            r#"{"kind":"stall"}"#,
            r#"{"kind":"stall","after_bytes":0}"#,
            r#"{"kind":"truncate"}"#,
            r#"{"kind":"truncate","bytes":5}"#,
            r#"{"kind":"body","body":"<html>"}"#,
            r#"{"kind":"big","bytes":1000000}"#,
            r#"{"kind":"redirect","location":"https://elsewhere/"}"#,
        ] {
            let order = format!(r#"{{"endpoint":"any","processed":true,"fault":{fault}}}"#);
            assert!(serde_json::from_str::<Rule>(&order).is_ok(), "{order}");
        }
        for bad in [r#"{"kind":"reset","x":1}"#, r#"{"kind":"nonsense"}"#, r#"{"kind":"close","x":1}"#] {
            let order = format!(r#"{{"endpoint":"any","fault":{bad}}}"#);
            assert!(serde_json::from_str::<Rule>(&order).is_err(), "{order}");
        }
    }
}
