//! Faults that tests order ahead of time, endpoint by endpoint.

pub mod kinds;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::endpoint::{Endpoint, GrantType};
use kinds::Fault;

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

fn once() -> u64 {
    1
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
        (0..calls)
            .map(|_| {
                faults.strike(Endpoint::Token, Some(GrantType::RefreshToken)).map(|hit| hit.fault.name())
            })
            .collect()
    }

    #[test]
    fn skip_then_times_then_the_next_rule() {
        let mut faults = Faults::default();
        faults
            .order(rule(r#"{"endpoint":"token","skip":1,"times":2,"fault":{"kind":"status","status":503}}"#))
            .expect("room");
        faults.order(rule(r#"{"endpoint":"any","fault":{"kind":"reset"}}"#)).expect("room");
        assert_eq!(names(&mut faults, 4), [Some("reset"), Some("status"), Some("status"), None]);
        assert_eq!(faults.remaining().count(), 0);
    }

    #[test]
    fn endpoints_and_grants_are_told_apart() {
        let mut faults = Faults::default();
        faults.order(rule(r#"{"endpoint":"me","fault":{"kind":"close"}}"#)).expect("room");
        faults
            .order(rule(r#"{"endpoint":"token","grant":"device_code","fault":{"kind":"close"}}"#))
            .expect("room");
        assert_eq!(names(&mut faults, 2), [None, None]);
        assert!(faults.strike(Endpoint::Token, Some(GrantType::DeviceCode)).is_some());
        assert!(faults.strike(Endpoint::Me, None).is_some());
    }
}
