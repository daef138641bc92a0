//! What this client must not let anybody see, and the one place where what comes in is searched for it.

use super::effects::ShownCode;
use super::transport::Answer;
use super::{Context, Purpose};
use crate::api::Response;
use crate::error::Error;
use crate::prelude::*;
use crate::secret::{Secret, SecretBytes};
use crate::shown::Secrets;
use alloc::sync::Arc;

/// No true answer that quotes what it was sent is longer: a copy of it is not made.
const LONGEST_QUOTE: usize = 64 << 10;

impl Context {
    /// Those of the moment: the log knows them too.
    pub fn set_secrets(&mut self, secrets: Vec<Secret>) {
        self.secrets = Arc::new(Secrets::new(secrets));
        self.log.set_secrets(&self.secrets);
    }

    /// An answer as the rest of the engine gets it: anybody who wrote it may quote what they were sent, and their words
    /// become part of an error, an event or a view. Only where tokens or a code are given it is taken as it is.
    pub(crate) fn without_secrets(&self, purpose: Purpose, answer: Answer) -> Answer {
        let gives_secrets = !matches!(purpose, Purpose::Call { .. } | Purpose::Part { .. });
        let searched = |response: Response| {
            if gives_secrets && response.is_success() { response } else { self.without_own(response) }
        };
        match answer {
            Answer::Api(answer) => {
                Answer::Api(answer.map(searched).map_err(|error| self.in_own_words(error)))
            }
            Answer::Part(mut outcome) => {
                outcome.answer = outcome.answer.map_err(|error| self.in_own_words(error)).map(|mut sent| {
                    sent.response = searched(sent.response);
                    sent
                });
                Answer::Part(outcome)
            }
        }
    }

    fn without_own(&self, mut response: Response) -> Response {
        let secrets = &self.secrets;
        let body = response.body.expose();
        if body.len() > LONGEST_QUOTE {
            if secrets.are_in(body) {
                response.body = SecretBytes::default();
            }
        } else if let Some(body) = secrets.hide(body) {
            response.body = SecretBytes::new(body);
        }
        response
    }

    /// What a person is to see of a code; a link that has a secret in it is no link to show.
    pub fn shown_without_own(&self, mut code: ShownCode) -> ShownCode {
        let secrets = &self.secrets;
        code.user_code = secrets.hide_in_text(&code.user_code).into_owned();
        code.name = code.name.map(|name| secrets.hide_in_text(&name).into_owned());
        for link in [&mut code.verification_uri, &mut code.verification_uri_complete] {
            link.take_if(|link| secrets.are_in(link.as_bytes()));
        }
        code
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
