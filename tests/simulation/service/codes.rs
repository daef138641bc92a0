//! Codes from their grant to the person's decision, and the pace of those who poll for them.

use super::answers::{json, oauth_error};
use super::{Effect, Reply, Rules};
use fio_c2c::api::Response;

/// What `slow_down` adds to the interval.
const SLOW_DOWN: u64 = 5_000;

#[derive(Clone, Copy, PartialEq, Debug)]
enum Decision {
    Pending,
    Approved,
    Denied,
    /// The tokens were handed out: a code works once.
    Used,
}

struct Code {
    expires: u64,
    decision: Decision,
    /// Milliseconds between polls, as far as the device has been told.
    interval: u64,
    last_poll: u64,
}

#[derive(Default)]
pub struct Codes {
    list: Vec<Code>,
}

impl Codes {
    pub fn grant(&mut self, rules: &Rules, time: u64) -> Response {
        let number = self.list.len();
        self.list.push(Code {
            expires: time + rules.code_life * 1000,
            decision: Decision::Pending,
            interval: rules.interval * 1000,
            last_poll: time,
        });
        let (life, interval) = (rules.code_life, rules.interval);
        json(
            200,
            format!(
                r#"{{"device_code":"code-{number}","user_code":"{number:06}","expires_in":{life},"interval":{interval},
                "name":"cam","verification_uri":"https://pair.example","verification_uri_complete":null}}"#
            ),
        )
    }

    pub fn poll(
        &mut self,
        device_code: &str,
        slow_down: bool,
        time: u64,
        issue: impl FnOnce(u64) -> Reply,
    ) -> Reply {
        let number: usize =
            device_code.strip_prefix("code-").and_then(|n| n.parse().ok()).expect("a code of ours");
        let code = &mut self.list[number];
        let pause = time - code.last_poll;
        assert!(pause >= code.interval, "polled after {pause} ms where {} ms were demanded", code.interval);
        code.last_poll = time;
        if code.decision == Decision::Used {
            return oauth_error("invalid_grant").into();
        }
        if time >= code.expires {
            return oauth_error("expired_token").into();
        }
        match code.decision {
            _ if slow_down => Reply {
                response: oauth_error("slow_down"),
                effect: Some(Effect::SlowedDown { code: number }),
            },
            Decision::Pending => oauth_error("authorization_pending").into(),
            Decision::Denied => oauth_error("access_denied").into(),
            Decision::Approved | Decision::Used => {
                code.decision = Decision::Used;
                issue(time)
            }
        }
    }

    pub fn slowed_down(&mut self, code: usize) {
        self.list[code].interval += SLOW_DOWN;
    }

    /// The person decides on the code that was granted last.
    pub fn decide(&mut self, approve: bool) {
        if let Some(code) = self.list.last_mut().filter(|code| code.decision == Decision::Pending) {
            code.decision = if approve { Decision::Approved } else { Decision::Denied };
        }
    }

    pub fn count(&self) -> usize {
        self.list.len()
    }
}
