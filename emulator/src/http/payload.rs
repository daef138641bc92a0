//! The named values in the body of an asset call: JSON or, for the creation of an asset, a form.

use serde_json::{Map, Value};

use crate::endpoint::Endpoint;
use crate::http::form::{self, Encoding};

/// More than any client has reason to send; further ones are not logged.
const MOST_LOGGED: usize = 64;

#[derive(Debug, PartialEq)]
pub struct Payload {
    pub fields: Map<String, Value>,
    pub is_form: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub enum PayloadError {
    /// Not an endpoint that has one.
    None,
    UnknownContentType,
    Malformed,
}

/// A field has a value of a type it cannot have.
#[derive(Debug, PartialEq, Eq)]
pub struct WrongType;

pub fn decode(endpoint: Endpoint, content_type: Option<&str>, body: &[u8]) -> Result<Payload, PayloadError> {
    if !endpoint.is_about_asset() {
        return Err(PayloadError::None);
    }
    let media_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        let fields = serde_json::from_slice(body).map_err(|_| PayloadError::Malformed)?;
        return Ok(Payload { fields, is_form: false });
    }
    if endpoint != Endpoint::Asset || form::encoding(media_type) != Some(Encoding::UrlEncoded) {
        return Err(PayloadError::UnknownContentType);
    }
    let form = form::url_encoded(body).map_err(|_| PayloadError::Malformed)?;
    let mut fields = Map::new();
    for (name, value) in form.fields {
        // As in the forms of the auth endpoints, an empty value counts as none.
        let value = if value.is_empty() { Value::Null } else { value.into() };
        if fields.insert(name, value).is_some() {
            return Err(PayloadError::Malformed);
        }
    }
    Ok(Payload { fields, is_form: true })
}

impl Payload {
    pub fn text(&self, name: &str) -> Result<Option<&str>, WrongType> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(WrongType),
        }
    }

    /// The documentation has whole numbers both as numbers and as strings of digits.
    pub fn integer(&self, name: &str) -> Result<Option<i64>, WrongType> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Number(number)) => number.as_i64().map(Some).ok_or(WrongType),
            Some(Value::String(digits)) => digits.parse().map(Some).map_err(|_| WrongType),
            Some(_) => Err(WrongType),
        }
    }

    pub fn truth(&self, name: &str) -> Result<bool, WrongType> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(truth)) => Ok(*truth),
            Some(Value::String(text)) if self.is_form => text.parse().map_err(|_| WrongType),
            Some(_) => Err(WrongType),
        }
    }

    /// For the request log: strings as they are, everything else as JSON.
    pub fn shown(&self) -> Vec<(&str, String)> {
        let shown = |value: &Value| match value {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        self.fields.iter().take(MOST_LOGGED).map(|(name, value)| (name.as_str(), shown(value))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
    const JSON: Option<&str> = Some("Application/JSON; charset=utf-8");

    #[test]
    fn json_and_forms_say_the_same() {
        let json = br#"{"name":"A.mov","filesize":7,"offset":"-3","parts":null,"is_realtime_upload":false}"#;
        let form = b"name=A.mov&filesize=7&offset=-3&parts=&is_realtime_upload=false";
        for (content_type, body) in [(JSON, &json[..]), (FORM, &form[..])] {
            let payload = decode(Endpoint::Asset, content_type, body).expect("a payload");
            assert_eq!(payload.text("name"), Ok(Some("A.mov")));
            assert_eq!(payload.integer("filesize"), Ok(Some(7)));
            assert_eq!(payload.integer("offset"), Ok(Some(-3)));
            assert_eq!((payload.integer("parts"), payload.text("absent")), (Ok(None), Ok(None)));
            assert_eq!(payload.truth("is_realtime_upload"), Ok(false));
        }
    }

    #[test]
    fn wrong_types() {
        let json = br#"{"name":7,"filesize":"x","offset":1.5,"is_realtime_upload":"true"}"#;
        let payload = decode(Endpoint::Asset, JSON, json).expect("a payload");
        assert_eq!(payload.text("name"), Err(WrongType));
        assert_eq!(
            (payload.integer("filesize"), payload.integer("offset")),
            (Err(WrongType), Err(WrongType))
        );
        assert_eq!(payload.truth("is_realtime_upload"), Err(WrongType));
    }

    #[test]
    fn what_is_no_payload() {
        let malformed = Err(PayloadError::Malformed);
        let unknown = Err(PayloadError::UnknownContentType);
        assert_eq!(decode(Endpoint::Asset, JSON, b"[]"), malformed);
        assert_eq!(decode(Endpoint::Asset, JSON, b"{"), malformed);
        assert_eq!(decode(Endpoint::Asset, FORM, b"a=1&a=2"), malformed);
        assert_eq!(decode(Endpoint::Asset, Some("multipart/form-data; boundary=X"), b""), unknown);
        assert_eq!(decode(Endpoint::Asset, None, b"{}"), unknown);
        assert_eq!(decode(Endpoint::Comment, FORM, b"text=a"), unknown);
        assert_eq!(decode(Endpoint::Me, JSON, b"{}"), Err(PayloadError::None));
    }
}
