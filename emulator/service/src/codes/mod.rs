//! Device codes and user codes (RFC 8628): issued, polled, decided, expired, used.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;

use super::scope::Scope;
use crate::errors::OAuthError;
use crate::random::Random;
use crate::settings::{Settings, seconds};

/// Wrong codes that are tried while one is pending, a chance of one in ten thousand to hit it.
const MOST_GUESSES: u32 = 100;
/// Codes remembered; beyond it the oldest are forgotten and answer as unknown ones.
pub const MOST_CODES: usize = 4_096;
/// RFC 8628 section 3.5: each `slow_down` adds five seconds for the rest of the code's life.
const SLOW_DOWN: Duration = Duration::from_secs(5);
/// How early a poll may come without being told off: timers and networks are not exact.
const LEAST_TOLERANCE: Duration = Duration::from_millis(20);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeStatus {
    Pending,
    Approved,
    Denied,
    Expired,
    Used,
}

#[derive(Debug)]
pub struct DeviceCode {
    pub device_code: String,
    pub user_code: String,
    pub client_id: String,
    pub scope: Scope,
    pub expires_at: Duration,
    pub firmware: Option<String>,
    /// Every poll seen.
    pub polls: u64,
    /// Polls answered with `authorization_pending`.
    pub pending_polls: u64,
    pub slow_downs: u64,
    /// The least time between polls, grown by each `slow_down`.
    pub interval: Duration,
    /// So many of them come without a reason.
    slow_downs_ordered: u64,
    decision: Decision,
    last_poll: Option<Duration>,
    /// Codes that were tried while it was pending, and were none.
    wrong_guesses: u32,
    /// A hasty poll is not even told the decision.
    strict: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Decision {
    Pending,
    Approved { project: String },
    Denied,
    Used,
}

impl DeviceCode {
    pub fn status(&self, now: Duration) -> CodeStatus {
        match self.decision {
            Decision::Used => CodeStatus::Used,
            _ if now >= self.expires_at => CodeStatus::Expired,
            Decision::Pending => CodeStatus::Pending,
            Decision::Approved { .. } => CodeStatus::Approved,
            Decision::Denied => CodeStatus::Denied,
        }
    }

    /// Notes a poll's arrival and says whether it came too early after the one before.
    fn arrived(&mut self, now: Duration) -> bool {
        self.polls += 1;
        let tolerance = (self.interval / 10).max(LEAST_TOLERANCE);
        let early = self.last_poll.is_some_and(|last| now.saturating_sub(last) + tolerance < self.interval);
        self.last_poll = Some(now);
        early
    }
}

/// What a poll came to. `too_fast` is told even when the answer is not `slow_down`.
#[derive(Debug, PartialEq, Eq)]
pub struct Poll {
    pub outcome: Result<Approved, OAuthError>,
    pub too_fast: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Approved {
    pub scope: Scope,
    pub project: String,
    pub firmware: Option<String>,
}

/// A person's decision about a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Approve { project: String },
    Deny,
    Expire,
}

#[derive(Debug, Default)]
pub struct Codes {
    codes: VecDeque<DeviceCode>,
    pub(crate) random: Random,
}

impl Codes {
    pub fn issue(
        &mut self,
        now: Duration,
        settings: &Settings,
        client_id: &str,
        scope: Scope,
        firmware: Option<String>,
    ) -> &DeviceCode {
        while self.codes.len() >= MOST_CODES {
            self.codes.pop_front();
        }
        let mut user_code = self.random.six_digits();
        while self.pending(now, &user_code).is_some() {
            user_code = self.random.six_digits();
        }
        self.codes.push_back(DeviceCode {
            device_code: self.random.opaque::<74>(),
            user_code,
            client_id: client_id.to_owned(),
            scope,
            expires_at: now + seconds(settings.expires_in),
            firmware,
            polls: 0,
            pending_polls: 0,
            slow_downs: 0,
            interval: seconds(settings.interval),
            slow_downs_ordered: settings.slow_downs,
            decision: Decision::Pending,
            last_poll: None,
            strict: settings.strict,
            wrong_guesses: 0,
        });
        let newest = self.codes.len() - 1;
        &self.codes[newest]
    }

    pub fn find(&self, device_code: &str) -> Option<&DeviceCode> {
        self.codes.iter().rev().find(|code| code.device_code == device_code)
    }

    pub fn poll(&mut self, now: Duration, client_id: &str, device_code: &str) -> Poll {
        let found = self
            .codes
            .iter_mut()
            .rev()
            .find(|code| code.device_code == device_code && code.client_id == client_id);
        let Some(code) = found else {
            return Poll { outcome: Err(OAuthError::InvalidGrant), too_fast: false };
        };
        let too_fast = code.arrived(now);
        let status = code.status(now);
        let may_wait = status == CodeStatus::Pending || (code.strict && status == CodeStatus::Approved);
        let outcome = match status {
            CodeStatus::Used => Err(OAuthError::InvalidGrant),
            CodeStatus::Expired => Err(OAuthError::ExpiredToken),
            CodeStatus::Denied => Err(OAuthError::AccessDenied),
            // slow_down is a variant of authorization_pending: once the person has decided, the
            // decision is what the device is told.
            _ if may_wait && (too_fast || code.slow_downs < code.slow_downs_ordered) => {
                code.slow_downs += 1;
                code.interval += SLOW_DOWN;
                Err(OAuthError::SlowDown)
            }
            CodeStatus::Pending => {
                code.pending_polls += 1;
                Err(OAuthError::AuthorizationPending)
            }
            CodeStatus::Approved => match std::mem::replace(&mut code.decision, Decision::Used) {
                Decision::Approved { project } => {
                    Ok(Approved { scope: code.scope, project, firmware: code.firmware.clone() })
                }
                _ => Err(OAuthError::InvalidGrant),
            },
        };
        Poll { outcome, too_fast }
    }

    /// Applies a verdict to the pending code with these digits or, without digits, to the newest
    /// pending one; answers with the digits.
    pub fn decide(&mut self, now: Duration, user_code: Option<&str>, verdict: Verdict) -> Option<String> {
        let code = self
            .codes
            .iter_mut()
            .rev()
            .filter(|code| code.status(now) == CodeStatus::Pending)
            .find(|code| user_code.is_none_or(|digits| digits == code.user_code))?;
        match verdict {
            Verdict::Approve { project } => code.decision = Decision::Approved { project },
            Verdict::Deny => code.decision = Decision::Denied,
            Verdict::Expire => code.expires_at = now,
        }
        Some(code.user_code.clone())
    }

    /// Somebody tried digits that are no pending code's. Anybody who goes on with that from many addresses would hit one at
    /// some time, so codes that were guessed around for too often end.
    pub fn guessed(&mut self, now: Duration) {
        for code in self.codes.iter_mut().filter(|code| code.status(now) == CodeStatus::Pending) {
            code.wrong_guesses += 1;
            if code.wrong_guesses > MOST_GUESSES {
                code.expires_at = now;
            }
        }
    }

    pub fn pending(&self, now: Duration, user_code: &str) -> Option<&DeviceCode> {
        self.codes
            .iter()
            .rev()
            .find(|code| code.user_code == user_code && code.status(now) == CodeStatus::Pending)
    }

    pub fn has_pending(&self, now: Duration) -> bool {
        self.codes.iter().rev().any(|code| code.status(now) == CodeStatus::Pending)
    }

    pub fn newest(&self) -> Option<&DeviceCode> {
        self.codes.back()
    }

    /// All codes remembered, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &DeviceCode> {
        self.codes.iter()
    }
}
