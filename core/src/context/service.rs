//! Where this service differs from the documents: which path the code request takes, and how the service wants the
//! fields of its three auth endpoints. The documents show multipart for the code and url-encoded for the token, and
//! contradict each other; not every compatible server takes both. Where the first use of one is answered with
//! `invalid_request`, the other is tried once, and remembered if it is understood.

use super::Save;
use crate::api::{Encoding, EncodingPolicy};
use crate::error::Error;
use crate::failure::is_oauth_refusal;
use crate::prelude::*;
use crate::secret::SecretBytes;
use crate::status::*;

/// What is remembered: a word on each line.
pub(crate) const KEY: &str = "service";
const LEGACY_PATH: &str = "device-code-path=legacy";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AuthEndpoint {
    Code,
    Token,
    Revoke,
}

/// The endpoints with the encoding that is tried first, and their names in the store.
const ENDPOINTS: [(AuthEndpoint, Encoding, &str); 3] = [
    (AuthEndpoint::Code, Encoding::Multipart, "code-encoding=form"),
    (AuthEndpoint::Token, Encoding::Form, "token-encoding=multipart"),
    (AuthEndpoint::Revoke, Encoding::Form, "revoke-encoding=multipart"),
];

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Standing {
    /// The endpoint has not said anything about it.
    #[default]
    Untried,
    /// It has understood a request in this encoding: `invalid_request` means what it says.
    Understood,
    /// The other one was refused, and this one is on trial.
    OnTrial,
    /// Both were refused: it is not the encoding.
    NeitherHelps,
}

#[derive(Clone, Copy, Debug, Default)]
struct Choice {
    /// The one that is not tried first.
    is_other: bool,
    standing: Standing,
}

#[derive(Debug, Default)]
pub(crate) struct Service {
    /// What the application has chosen stays.
    policy: EncodingPolicy,
    pub has_legacy_path: bool,
    choices: [Choice; 3],
    is_unsaved: bool,
}

/// What an answer says about the encoding of its request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Lesson {
    Nothing,
    /// Not understood: the same again in the other one.
    TryOther,
    /// The other one is understood: to be remembered.
    Remember,
}

impl Service {
    pub(crate) fn new(policy: EncodingPolicy) -> Service {
        Service { policy, ..Service::default() }
    }

    pub(crate) fn encoding_of(&self, endpoint: AuthEndpoint) -> Encoding {
        let (_, first, _) = ENDPOINTS[endpoint as usize];
        self.policy.or(match (self.choices[endpoint as usize].is_other, first) {
            (false, first) => first,
            (true, Encoding::Form) => Encoding::Multipart,
            (true, Encoding::Multipart) => Encoding::Form,
        })
    }

    /// A pairing begins: the service may have changed since the last one. What tokens depend on is not put at
    /// risk for it.
    pub(crate) fn begin_pairing(&mut self, has_tokens: bool) {
        for (choice, (endpoint, ..)) in self.choices.iter_mut().zip(ENDPOINTS) {
            if endpoint != AuthEndpoint::Token || !has_tokens {
                choice.standing = Standing::Untried;
            }
        }
    }

    /// There are tokens, which came from the token endpoint: it has understood its encoding. Used tokens are
    /// answered with `invalid_request` too, which is not to be mistaken.
    pub(crate) fn tokens_found(&mut self, encoding: Encoding) {
        let (_, first, _) = ENDPOINTS[AuthEndpoint::Token as usize];
        self.choices[AuthEndpoint::Token as usize] =
            Choice { is_other: encoding != first, standing: Standing::Understood };
    }

    /// Takes in what an answer says about the encoding that its request used. `true`: the same is to be sent
    /// again, in the other one.
    pub(crate) fn wants_other_encoding<T>(
        &mut self,
        endpoint: AuthEndpoint,
        used: Encoding,
        result: &Result<T, Error>,
    ) -> bool {
        if self.policy != EncodingPolicy::AsDocumented {
            return false;
        }
        let lesson = self.learn(endpoint, used, result.as_ref().map(|_| ()));
        self.is_unsaved |= lesson == Lesson::Remember;
        lesson == Lesson::TryOther
    }

    fn learn(&mut self, endpoint: AuthEndpoint, used: Encoding, result: Result<(), &Error>) -> Lesson {
        let is_current = used == self.encoding_of(endpoint);
        let choice = &mut self.choices[endpoint as usize];
        let is_pending =
            |error: &Error| [FIO_E_AUTHORIZATION_PENDING, FIO_E_SLOW_DOWN].contains(&error.status);
        match result {
            Err(error) if is_oauth_refusal(error) && error.status == FIO_E_INVALID_REQUEST => {
                match choice.standing {
                    // Another request has tried the other one meanwhile.
                    Standing::OnTrial | Standing::Understood if !is_current => return Lesson::TryOther,
                    Standing::Untried => {
                        *choice = Choice { is_other: !choice.is_other, standing: Standing::OnTrial };
                        return Lesson::TryOther;
                    }
                    Standing::OnTrial => {
                        *choice = Choice { is_other: !choice.is_other, standing: Standing::NeitherHelps };
                    }
                    Standing::Understood | Standing::NeitherHelps => {}
                }
                Lesson::Nothing
            }
            // Something in between, or a weakness of the service.
            _ if !is_current => Lesson::Nothing,
            Err(error) if !is_oauth_refusal(error) && !is_pending(error) => Lesson::Nothing,
            _ => match core::mem::replace(&mut choice.standing, Standing::Understood) {
                Standing::OnTrial => Lesson::Remember,
                _ => Lesson::Nothing,
            },
        }
    }

    pub(crate) fn restore(&mut self, record: &[u8]) {
        let is_stored = |word: &str| record.split(|&b| b == b'\n').any(|line| line == word.as_bytes());
        self.has_legacy_path = is_stored(LEGACY_PATH);
        for (choice, (_, _, word)) in self.choices.iter_mut().zip(ENDPOINTS) {
            choice.is_other = is_stored(word);
        }
    }

    /// The other path has turned out to be the right one.
    pub(crate) fn remember(&mut self) {
        self.is_unsaved = true;
    }

    /// Losing it costs a request that is refused after the next start: a failure is told but not repeated.
    pub(crate) fn poll_save(&mut self) -> Option<Save> {
        if !core::mem::take(&mut self.is_unsaved) {
            return None;
        }
        let is_settled = |choice: &Choice| choice.is_other && choice.standing != Standing::OnTrial;
        let others = self.choices.iter().zip(ENDPOINTS).filter(|(choice, _)| is_settled(choice));
        let path = self.has_legacy_path.then_some(LEGACY_PATH);
        let words: Vec<&str> = path.into_iter().chain(others.map(|(_, (_, _, word))| word)).collect();
        let value = (!words.is_empty()).then(|| SecretBytes::new(words.join("\n").into_bytes()));
        Some(Save { key: KEY.into(), value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Response, token};

    fn said(http_status: u16, body: &str) -> Error {
        let body = SecretBytes::new(body.into());
        token::read(&Response { status: http_status, body, retry_after: None }).unwrap_err()
    }

    fn invalid_request() -> Error {
        said(400, r#"{"error":"invalid_request"}"#)
    }

    /// What is learnt from the answer to a request in the encoding of the moment.
    fn learn(encodings: &mut Service, endpoint: AuthEndpoint, result: Result<(), &Error>) -> Lesson {
        let used = encodings.encoding_of(endpoint);
        encodings.learn(endpoint, used, result)
    }

    #[test]
    fn the_other_one_is_tried_once_and_remembered_if_it_is_understood() {
        let mut encodings = Service::default();
        assert_eq!(encodings.encoding_of(AuthEndpoint::Token), Encoding::Form);
        assert_eq!(learn(&mut encodings, AuthEndpoint::Token, Err(&invalid_request())), Lesson::TryOther);
        assert_eq!(encodings.encoding_of(AuthEndpoint::Token), Encoding::Multipart);
        let pending = said(400, r#"{"error":"authorization_pending"}"#);
        assert_eq!(learn(&mut encodings, AuthEndpoint::Token, Err(&pending)), Lesson::Remember);
        assert_eq!(learn(&mut encodings, AuthEndpoint::Token, Ok(())), Lesson::Nothing);
        encodings.remember();
        let record = encodings.poll_save().unwrap().value.unwrap();
        assert_eq!(record.expose(), b"token-encoding=multipart");
        let mut restored = Service::default();
        restored.restore(record.expose());
        assert_eq!(restored.encoding_of(AuthEndpoint::Token), Encoding::Multipart);
        assert_eq!(restored.encoding_of(AuthEndpoint::Code), Encoding::Multipart);
    }

    #[test]
    fn where_neither_helps_the_first_one_stays() {
        let mut encodings = Service::default();
        assert_eq!(learn(&mut encodings, AuthEndpoint::Code, Err(&invalid_request())), Lesson::TryOther);
        assert_eq!(learn(&mut encodings, AuthEndpoint::Code, Err(&invalid_request())), Lesson::Nothing);
        assert_eq!(encodings.encoding_of(AuthEndpoint::Code), Encoding::Multipart);
        assert_eq!(learn(&mut encodings, AuthEndpoint::Code, Err(&invalid_request())), Lesson::Nothing);
        encodings.begin_pairing(false);
        assert_eq!(learn(&mut encodings, AuthEndpoint::Code, Err(&invalid_request())), Lesson::TryOther);
    }

    #[test]
    fn what_was_understood_once_is_not_doubted() {
        let mut encodings = Service::default();
        encodings.tokens_found(Encoding::Form);
        assert_eq!(learn(&mut encodings, AuthEndpoint::Token, Err(&invalid_request())), Lesson::Nothing);
        assert_eq!(encodings.encoding_of(AuthEndpoint::Token), Encoding::Form);
    }

    #[test]
    fn what_is_not_the_services_word_says_nothing_about_it() {
        let mut encodings = Service::default();
        for error in [
            said(403, r#"{"error":"invalid_request"}"#),
            said(503, r#"{"error":"invalid_request"}"#),
            said(400, "<html>"),
            said(200, "<html>"),
        ] {
            assert_eq!(learn(&mut encodings, AuthEndpoint::Token, Err(&error)), Lesson::Nothing);
            assert_eq!(encodings.choices[AuthEndpoint::Token as usize].standing, Standing::Untried);
        }
    }

    #[test]
    fn two_requests_that_are_refused_together_are_one_lesson() {
        let mut encodings = Service::default();
        let error = invalid_request();
        for _ in 0..2 {
            assert_eq!(encodings.learn(AuthEndpoint::Revoke, Encoding::Form, Err(&error)), Lesson::TryOther);
        }
        assert_eq!(encodings.learn(AuthEndpoint::Revoke, Encoding::Multipart, Ok(())), Lesson::Remember);
        assert_eq!(encodings.encoding_of(AuthEndpoint::Revoke), Encoding::Multipart);
    }
}
