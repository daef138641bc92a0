//! Authorizations and their tokens: one access and one refresh token at a time, rotated together.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::scope::Scope;
use crate::errors::{OAuthError, Refusal};
use crate::hash::sha256 as hash;
use crate::random::Random;
use crate::settings::{Settings, seconds};

/// Spent refresh tokens and ended grants remembered; older ones answer as unknown.
const MOST_SPENT: usize = 50_000;
const MOST_ENDED: usize = 4_096;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GrantId(u64);

#[derive(Debug, Serialize, Deserialize)]
pub struct Grant {
    pub id: String,
    pub client_id: String,
    pub scope: Scope,
    pub refreshes: u64,
    pub ended: bool,
    pub access_expires_at: Duration,
    pub refresh_expires_at: Duration,
    /// Hashes, as all tokens here: nobody needs the tokens themselves but the device.
    access: String,
    refresh: Option<String>,
}

/// A fresh pair, as the token endpoint hands it out.
#[derive(Debug, Clone, PartialEq)]
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: Option<String>,
    pub expires_in: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Use {
    Access,
    Refresh,
    SpentRefresh,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Grants {
    grants: HashMap<GrantId, Grant>,
    tokens: HashMap<String, (GrantId, Use)>,
    spent: VecDeque<String>,
    ended: VecDeque<GrantId>,
    issued: u64,
    #[serde(skip)]
    pub(crate) random: Random,
}

impl Grants {
    pub fn authorize(
        &mut self,
        now: Duration,
        settings: &Settings,
        client_id: &str,
        scope: Scope,
    ) -> (GrantId, Tokens) {
        self.issued += 1;
        let id = GrantId(self.issued);
        self.grants.insert(
            id,
            Grant {
                id: self.random.uuid(),
                client_id: client_id.to_owned(),
                scope,
                refreshes: 0,
                ended: false,
                access_expires_at: now,
                refresh_expires_at: now,
                access: String::new(),
                refresh: None,
            },
        );
        (id, self.issue(now, settings, id, scope.offline))
    }

    /// The grant a bearer token gives access to now.
    pub fn bearer(&self, now: Duration, access_token: &str) -> Option<GrantId> {
        let (id, Use::Access) = *self.tokens.get(&hash(access_token))? else {
            return None;
        };
        let grant = self.grants.get(&id)?;
        (!grant.ended && now < grant.access_expires_at).then_some(id)
    }

    /// RFC 6749 section 6, with rotation: success ends both tokens that were valid before.
    pub fn refresh(
        &mut self,
        now: Duration,
        settings: &Settings,
        client_id: &str,
        token: &str,
    ) -> Result<(GrantId, Tokens), Refusal> {
        let token = hash(token);
        let Some((id, kind)) = self.tokens.get(&token).copied() else {
            return Err(OAuthError::InvalidGrant.into());
        };
        let Some(grant) = self.grants.get_mut(&id) else {
            return Err(OAuthError::InvalidGrant.into());
        };
        if kind == Use::Access || grant.client_id != client_id {
            return Err(OAuthError::InvalidGrant.into());
        }
        if grant.ended {
            return Err(Refusal::NotAuthorized);
        }
        if kind == Use::SpentRefresh {
            return Err(OAuthError::InvalidRequest.into());
        }
        if now >= grant.refresh_expires_at {
            return Err(Refusal::NotAuthorized);
        }
        grant.refreshes += 1;
        let old_access = std::mem::take(&mut grant.access);
        self.tokens.remove(&old_access);
        self.tokens.insert(token.clone(), (id, Use::SpentRefresh));
        self.spent.push_back(token);
        if self.spent.len() > MOST_SPENT {
            if let Some(oldest) = self.spent.pop_front() {
                self.tokens.remove(&oldest);
            }
        }
        Ok((id, self.issue(now, settings, id, true)))
    }

    /// RFC 7009: either token ends the whole authorization. An unknown token is no error; one of
    /// another device is.
    pub fn revoke(&mut self, client_id: &str, token: &str) -> Result<Option<GrantId>, OAuthError> {
        let Some((id, kind)) = self.tokens.get(&hash(token)).copied() else {
            return Ok(None);
        };
        if self.grants.get(&id).is_none_or(|grant| grant.client_id != client_id) {
            return Err(OAuthError::InvalidGrant);
        }
        // A spent token is no longer a valid one, so it revokes nothing.
        if kind == Use::SpentRefresh {
            return Ok(None);
        }
        self.end(id);
        Ok(Some(id))
    }

    /// Ends a grant; its refresh tokens answer from now on as invalidated, not as unknown.
    pub fn end(&mut self, id: GrantId) {
        let Some(grant) = self.grants.get_mut(&id) else {
            return;
        };
        if std::mem::replace(&mut grant.ended, true) {
            return;
        }
        self.ended.push_back(id);
        if self.ended.len() > MOST_ENDED {
            if let Some(forgotten) = self.ended.pop_front().and_then(|id| self.grants.remove(&id)) {
                self.tokens.remove(&forgotten.access);
                forgotten.refresh.map(|token| self.tokens.remove(&token));
            }
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Grant> {
        self.grants.values()
    }

    /// The access tokens that were issued until now end before their time.
    pub fn expire_access(&mut self) {
        self.grants.values_mut().for_each(|grant| grant.access_expires_at = Duration::ZERO);
    }

    pub fn get(&self, id: GrantId) -> Option<&Grant> {
        self.grants.get(&id)
    }

    fn issue(&mut self, now: Duration, settings: &Settings, id: GrantId, offline: bool) -> Tokens {
        let tokens = Tokens {
            access_token: self.random.opaque::<64>(),
            refresh_token: offline.then(|| self.random.uuid()),
            expires_in: settings.access_token_seconds,
        };
        let (access, refresh) = (hash(&tokens.access_token), tokens.refresh_token.as_deref().map(hash));
        self.tokens.insert(access.clone(), (id, Use::Access));
        if let Some(token) = &refresh {
            self.tokens.insert(token.clone(), (id, Use::Refresh));
        }
        if let Some(grant) = self.grants.get_mut(&id) {
            (grant.access, grant.refresh) = (access, refresh);
            grant.access_expires_at = now + seconds(settings.access_token_seconds);
            grant.refresh_expires_at = now + seconds(settings.refresh_token_seconds);
        }
        tokens
    }
}
