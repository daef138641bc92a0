//! Faults that tests order ahead of time, endpoint by endpoint.

pub mod kinds;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::endpoint::{Endpoint, GrantType};
use kinds::Fault;

use crate::random;

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
    Asset,
    RealtimeParts,
    Comment,
    /// The upload of a part to the storage.
    Part,
    /// Every call of the device API, also to paths that do not exist, but none of the storage.
    Any,
}

impl FaultEndpoint {
    pub fn is(self, endpoint: Endpoint) -> bool {
        match self {
            Self::Any => endpoint != Endpoint::Part,
            Self::Asset => endpoint == Endpoint::Asset,
            Self::RealtimeParts => endpoint == Endpoint::RealtimeParts,
            Self::Comment => endpoint == Endpoint::Comment,
            Self::Part => endpoint == Endpoint::Part,
            Self::Code => endpoint == Endpoint::Code,
            Self::Token => endpoint == Endpoint::Token,
            Self::Revoke => endpoint == Endpoint::Revoke,
            Self::Me => endpoint == Endpoint::Me,
            Self::Heartbeat => endpoint == Endpoint::Heartbeat,
            Self::Health => endpoint == Endpoint::Health,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Asset => "asset",
            Self::RealtimeParts => "realtime_parts",
            Self::Comment => "comment",
            Self::Part => "part",
            Self::Code => "code",
            Self::Token => "token",
            Self::Revoke => "revoke",
            Self::Me => "me",
            Self::Heartbeat => "heartbeat",
            Self::Health => "health",
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
    /// Only for the asset of this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only for the part of this number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<u32>,
    /// How probable it is that a call is hit; certain by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chance: Option<f64>,
    /// Makes the same calls be hit in every run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
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

/// What rules look at in a call.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    pub endpoint: Endpoint,
    pub grant: Option<GrantType>,
    /// The name of the asset it is about.
    pub name: Option<&'a str>,
    pub part: Option<u32>,
}

impl Rule {
    /// Whether it makes sense; the error names the field that does not.
    pub fn check(&self) -> Result<(), &'static str> {
        if !self.chance.is_none_or(|chance| (0.0..=1.0).contains(&chance)) {
            return Err("chance");
        }
        if self.fault.is_about_upload() && self.endpoint != FaultEndpoint::Part {
            return Err("a fault in the middle of a part, at another endpoint,");
        }
        if self.fault.is_of_storage() && self.endpoint != FaultEndpoint::Part {
            return Err("an error of the storage, at another endpoint,");
        }
        self.fault.check()
    }

    fn concerns(&self, call: &Target<'_>) -> bool {
        let here = self.endpoint.is(call.endpoint);
        here && (self.grant.is_none() || self.grant == call.grant)
            && (self.name.is_none() || self.name.as_deref() == call.name)
            && (self.part.is_none() || self.part == call.part)
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
    orders: VecDeque<Order>,
}

/// A rule, and what it still has to do.
#[derive(Debug)]
struct Order {
    rule: Rule,
    dice: fastrand::Rng,
}

/// There are already as many rules as the emulator keeps.
#[derive(Debug, PartialEq, Eq)]
pub struct TooMany;

impl Faults {
    pub fn order(&mut self, rule: Rule) -> Result<(), TooMany> {
        if self.orders.len() >= MOST_RULES {
            return Err(TooMany);
        }
        if rule.times > 0 {
            self.orders.push_back(Order { dice: random::dice(rule.seed), rule });
        }
        Ok(())
    }

    pub fn clear(&mut self) {
        self.orders.clear();
    }

    pub fn remaining(&self) -> impl Iterator<Item = &Rule> {
        self.orders.iter().map(|order| &order.rule)
    }

    /// Rules are asked in the order they were given; one that still has calls to skip, or by chance
    /// misses this one, lets the call go on to the next rule.
    pub fn strike(&mut self, call: &Target<'_>) -> Option<Strike> {
        let mut hit = None;
        for (at, Order { rule, dice }) in self.orders.iter_mut().enumerate() {
            if !rule.concerns(call) {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            if rule.chance.is_some_and(|chance| dice.f64() >= chance) {
                continue;
            }
            rule.times -= 1;
            hit = Some((at, rule.times, Strike { fault: rule.fault.clone(), processed: rule.processed }));
            break;
        }
        let (at, left, strike) = hit?;
        if left == 0 {
            self.orders.remove(at);
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

    const REFRESH: Target<'static> =
        Target { endpoint: Endpoint::Token, grant: Some(GrantType::RefreshToken), name: None, part: None };

    fn names(faults: &mut Faults, calls: usize) -> Vec<Option<&'static str>> {
        (0..calls).map(|_| faults.strike(&REFRESH).map(|hit| hit.fault.name())).collect()
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
        assert!(faults.strike(&Target { grant: Some(GrantType::DeviceCode), ..REFRESH }).is_some());
        assert!(faults.strike(&Target { endpoint: Endpoint::Me, grant: None, ..REFRESH }).is_some());
    }

    #[test]
    fn assets_and_parts_are_told_apart() {
        let mut faults = Faults::default();
        faults
            .order(rule(r#"{"endpoint":"part","name":"A.mov","part":3,"fault":{"kind":"close"}}"#))
            .expect("room");
        faults.order(rule(r#"{"endpoint":"any","fault":{"kind":"stall"}}"#)).expect("room");
        let part = Target { endpoint: Endpoint::Part, grant: None, name: Some("A.mov"), part: Some(3) };
        for other in [
            Target { part: Some(2), ..part },
            Target { name: Some("B.mov"), ..part },
            Target { name: None, ..part },
        ] {
            assert_eq!(faults.strike(&other), None, "{other:?}");
        }
        assert_eq!(faults.strike(&part).map(|hit| hit.fault.name()), Some("close"));
        assert_eq!(faults.strike(&part), None, "the storage is not part of the device API");
    }

    #[test]
    fn chance_hits_its_share_and_a_seed_repeats_it() {
        let run = |seed: &str| {
            let mut faults = Faults::default();
            let text = format!(
                r#"{{"endpoint":"token","times":1000,"chance":0.25{seed},"fault":{{"kind":"close"}}}}"#
            );
            faults.order(rule(&text)).expect("room");
            names(&mut faults, 1_000)
        };
        let hits = run(r#","seed":7"#);
        assert_eq!(hits, run(r#","seed":7"#));
        assert_ne!(hits, run(r#","seed":8"#));
        assert_ne!(run(""), run(""));
        let share = hits.iter().flatten().count();
        assert!((150..350).contains(&share), "{share}");
        let mut faults = Faults::default();
        faults
            .order(rule(r#"{"endpoint":"any","times":2,"chance":1,"fault":{"kind":"close"}}"#))
            .expect("room");
        assert_eq!(names(&mut faults, 3), [Some("close"), Some("close"), None], "times is still the bound");
    }

    #[test]
    fn what_makes_no_sense() {
        for (bad, why) in [
            (r#"{"endpoint":"any","chance":1.5,"fault":{"kind":"close"}}"#, "chance"),
            (
                r#"{"endpoint":"asset","fault":{"kind":"close","after_request_bytes":1}}"#,
                "a fault in the middle of a part, at another endpoint,",
            ),
            (
                r#"{"endpoint":"asset","fault":{"kind":"s3","code":"SlowDown"}}"#,
                "an error of the storage, at another endpoint,",
            ),
            (r#"{"endpoint":"part","fault":{"kind":"status","status":0}}"#, "status"),
        ] {
            assert_eq!(rule(bad).check(), Err(why), "{bad}");
        }
    }
}
