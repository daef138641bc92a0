//! Keeping the store and the session the same, also when the disk is full or read-only for a while.

use super::Engine;
use super::effects::Event;
use super::encodings::AuthEndpoint;
use super::store_retry::StoreRetry;
use crate::auth::record::{self, AuthRecord, Unusable};
use crate::clock::Instant;
use crate::error::Error;
use crate::prelude::*;
use crate::secret::SecretBytes;
use crate::status::FIO_E_STORE_DAMAGED;

/// Remembers, a word on each line, where this service differs: which path the code request takes, and which
/// encodings its auth endpoints want.
const SERVICE_KEY: &str = "service";
const LEGACY_PATH: &str = "device-code-path=legacy";

#[derive(Debug, Default)]
pub(super) struct Persistence {
    /// The project the device was last seen in.
    pub project_id: Option<String>,
    /// The store still holds the mark of a refresh whose answer was never seen.
    pub refresh_was_interrupted: bool,
    /// The store is behind.
    unsaved: StoreRetry,
    /// The store could not be read at the start.
    unread: StoreRetry,
}

impl Persistence {
    pub fn deadline(&self) -> Option<Instant> {
        self.unsaved.at().into_iter().chain(self.unread.at()).min()
    }
}

impl Engine {
    pub(super) fn restore(&mut self) {
        match self.cx.records.load(SERVICE_KEY) {
            Ok(value) => {
                let value = value.unwrap_or_default();
                let is_stored =
                    |word: &str| value.expose().split(|&b| b == b'\n').any(|line| line == word.as_bytes());
                self.pairing.use_legacy_path(is_stored(LEGACY_PATH));
                self.encodings.restore(is_stored);
            }
            Err(error) => self.store_complaint(error),
        }
        self.take_up();
        if self.uploads.has_limits() {
            self.limit_uploads(self.upload_limits().clone(), self.cx.now);
        }
        self.restore_uploads();
        self.step();
    }

    /// Takes up the stored authorization. A store that cannot be read (a card that is not there yet) is
    /// told once and read again later: what it holds is not to be given up for a slow start.
    fn take_up(&mut self) {
        let loaded = self.load_auth();
        if loaded.is_ok() && self.persistence.unread.worked() {
            self.cx.tell(Event::StoreRecovered);
        }
        match loaded {
            Ok(Some(record)) => {
                self.persistence.project_id = record.project_id;
                self.persistence.refresh_was_interrupted = record.refreshing;
                self.session.restore(record.tokens, self.cx.now);
                self.encodings.tokens_found(record.encoding);
                if record.refreshing {
                    self.session.renew_first();
                }
                self.authorization_found();
                self.restore_presence();
                self.tell_known_device();
            }
            Ok(None) => {}
            Err(error) if error.status == FIO_E_STORE_DAMAGED => {
                // It can be read; what it holds is the trouble.
                self.persistence.unread.worked();
                self.store_complaint(error);
            }
            Err(error) => {
                if self.persistence.unread.failed(self.cx.now.mono, &mut self.cx.random) {
                    self.store_complaint(error);
                }
            }
        }
    }

    pub(super) fn store_complaint(&mut self, error: Error) {
        self.cx.tell(if error.status == FIO_E_STORE_DAMAGED {
            Event::StoreDamaged(error)
        } else {
            Event::StoreFailed(error)
        });
    }

    fn load_auth(&mut self) -> Result<Option<AuthRecord>, Error> {
        let Some(bytes) = self.cx.records.load(record::KEY)? else { return Ok(None) };
        AuthRecord::decode(&bytes, &self.cx.settings.client_id, &self.cx.settings.origin).map(Some).map_err(
            |why| {
                self.cx.records.set_aside(
                    record::KEY,
                    match why {
                        Unusable::Foreign => "was not written by this library, or by a newer one",
                        Unusable::OtherClient => "belongs to another client id",
                        Unusable::OtherOrigin => "belongs to another base URL",
                    },
                )
            },
        )
    }

    /// Writes the session as it is now; `refreshing` is the mark set before a refresh leaves. On
    /// failure the application is told once and the write is repeated until it succeeds.
    pub(super) fn persist(&mut self, refreshing: bool) -> Result<(), Error> {
        let encoding = self.encoding_of(AuthEndpoint::Token);
        let written = match self.session.tokens() {
            Some(tokens) => {
                // That of an earlier pairing must not be taken for the one of this, after a power cut.
                let is_known = !self.uploads.is_newly_paired();
                let project = self.persistence.project_id.as_deref().filter(|_| is_known);
                let value = AuthRecord::encode(
                    tokens,
                    refreshing,
                    project,
                    encoding,
                    &self.cx.settings.client_id,
                    &self.cx.settings.origin,
                );
                self.cx.records.save(record::KEY, &value)
            }
            None => self.cx.records.erase(record::KEY),
        };
        match written {
            Ok(()) => {
                // What could not be read has just been replaced.
                self.persistence.unread.worked();
                if self.persistence.unsaved.worked() {
                    self.cx.tell(Event::StoreRecovered);
                }
                Ok(())
            }
            Err(error) => {
                if self.persistence.unsaved.failed(self.cx.now.mono, &mut self.cx.random) {
                    self.cx.tell(Event::StoreFailed(error.clone()));
                }
                Err(error)
            }
        }
    }

    pub(super) fn step_persistence(&mut self) {
        if self.persistence.unread.is_due(self.cx.now.mono) {
            if self.session.tokens().is_none() {
                self.take_up();
            } else {
                self.persistence.unread.worked();
            }
        }
        if self.persistence.unsaved.is_due(self.cx.now.mono) {
            // The outcome is told as an event and in the next deadline.
            let _ = self.persist(self.session.is_refreshing());
        }
    }

    pub(super) fn remember_service(&mut self) {
        let path = self.pairing.uses_legacy_path().then_some(LEGACY_PATH);
        let words: Vec<&str> = path.into_iter().chain(self.encodings.words()).collect();
        let saved = if words.is_empty() {
            self.cx.records.erase(SERVICE_KEY)
        } else {
            self.cx.records.save(SERVICE_KEY, &SecretBytes::new(words.join("\n").into_bytes()))
        };
        // Losing this costs a request that is refused after the next start, so it is told but not repeated.
        if let Err(error) = saved {
            self.store_complaint(error);
        }
    }

    /// The record as another process may have left it meanwhile, if its refresh token is not `used`.
    pub(super) fn pair_stored_by_another(&mut self, used: &str) -> Option<AuthRecord> {
        if self.persistence.unsaved.is_failing() {
            // Writes of our own have failed: what differs in the store is our own past.
            return None;
        }
        let stored = self.load_auth().ok()??;
        let refresh = stored.tokens.refresh.as_ref()?;
        (refresh.expose() != used).then_some(stored)
    }
}
