//! What this client must not let anybody see, and the one place where what comes in is searched for it.

use super::Context;
use super::transport::Answer;
use crate::api::Response;
use crate::error::Error;
use crate::prelude::*;
use crate::secret::{Secret, SecretBytes};
use crate::shown::Secrets;
use alloc::sync::Arc;

impl Context {
    /// Those of the moment: the log knows them too.
    pub fn set_secrets(&mut self, secrets: Vec<Secret>) {
        self.secrets = Arc::new(Secrets::new(secrets));
        self.log.set_secrets(&self.secrets);
    }

    /// An answer as the rest of the engine gets it: where it is no success, whoever wrote it may quote what they
    /// were sent, and their words become part of an error. A success is taken as it is: tokens are in it.
    pub fn without_secrets(&self, answer: Answer) -> Answer {
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
