//! What this client must not let anybody see, and the one place where what comes in is searched for it.

use super::Engine;
use super::transport::Answer;
use crate::api::Response;
use crate::error::Error;
use crate::prelude::*;
use crate::secret::SecretBytes;
use crate::shown::Secrets;
use alloc::sync::Arc;

/// Tells whether the secrets are still those of the last look: the pair of tokens, the code, and the revocations.
pub(super) type Version = (u64, Option<u64>, u64);

impl Engine {
    /// Lets the log know the secrets of the moment, if they have changed.
    pub(super) fn note_secrets(&mut self) {
        let version = (
            self.session.tokens().map_or(0, |tokens| tokens.generation),
            self.pairing.code_number(),
            self.revocations.newest(),
        );
        if self.secrets_version == Some(version) {
            return;
        }
        self.secrets_version = Some(version);
        let mut secrets = vec![self.settings.client_secret.clone()];
        if let Some(tokens) = self.session.tokens() {
            secrets.push(tokens.access.clone());
            secrets.extend(tokens.refresh.clone());
        }
        secrets.extend(self.pairing.device_code().cloned());
        secrets.extend(self.revocations.tokens().cloned());
        self.secrets = Arc::new(Secrets::new(secrets));
        self.log.set_secrets(&self.secrets);
    }

    /// An answer as the rest of the engine gets it: where it is no success, whoever wrote it may quote what they
    /// were sent, and their words become part of an error. A success is taken as it is: tokens are in it.
    pub(super) fn without_secrets(&self, answer: Answer) -> Answer {
        match answer {
            Answer::Api(Ok(response)) => Answer::Api(Ok(self.without_own(response))),
            Answer::Api(Err(error)) => Answer::Api(Err(self.in_own_words(error))),
            Answer::Part(mut outcome) => {
                outcome.answer = match outcome.answer {
                    Ok(mut sent) => {
                        sent.response = self.without_own(sent.response);
                        Ok(sent)
                    }
                    Err(error) => Err(self.in_own_words(error)),
                };
                Answer::Part(outcome)
            }
        }
    }

    fn without_own(&self, mut response: Response) -> Response {
        if !response.is_success() {
            if let Some(body) = self.secrets.hide(response.body.expose()) {
                response.body = SecretBytes::new(body);
            }
        }
        response
    }

    /// libcurl's words, a callback's, or a file's name.
    fn in_own_words(&self, mut error: Error) -> Error {
        let shown = self.secrets.hide_in_text(&error.message).into_owned();
        if shown != error.message {
            error.message = shown.into();
        }
        error
    }
}
