//! JSON, read into a tree that borrows from its text, and written as one flat object. The parsing
//! itself is serde_json's.

use crate::secret::SecretBytes;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// One value. What is not escaped in the text is not copied.
#[derive(Debug)]
pub enum Json<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    /// Names, which are always texts, and values.
    Object(Vec<(Json<'a>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// `None` if it is not JSON. Why is not said: the reason could quote the text.
    pub fn parse(text: &'a [u8]) -> Option<Json<'a>> {
        serde_json::from_slice(text).ok()
    }

    /// A member of an object; the last one if its name stands there twice.
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        let Json::Object(members) = self else { return None };
        members.iter().rev().find(|(own, _)| own.as_str() == Some(name)).map(|(_, value)| value)
    }

    pub fn as_str(&self) -> Option<&str> {
        if let Json::Text(text) = self { Some(text) } else { None }
    }

    pub fn as_f64(&self) -> Option<f64> {
        if let Json::Number(number) = self { Some(*number) } else { None }
    }

    pub fn as_bool(&self) -> Option<bool> {
        if let Json::Bool(is_true) = self { Some(*is_true) } else { None }
    }

    /// The elements of a list; none if it is something else.
    pub fn elements(&self) -> &[Json<'a>] {
        if let Json::List(elements) = self { elements } else { &[] }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json<'a>, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, is_true: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(is_true))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json<'de>, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = access.next_element()? {
            elements.push(element);
        }
        Ok(Json::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = access.next_key()? {
            members.push((name, access.next_value()?));
        }
        Ok(Json::Object(members))
    }
}

/// Writes one flat object into memory that is wiped when it has to grow.
pub struct ObjectWriter(SecretBytes);

impl ObjectWriter {
    #[allow(clippy::new_without_default)]
    pub fn new() -> ObjectWriter {
        ObjectWriter(SecretBytes::default())
    }

    pub fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        self.quoted(value);
    }

    pub fn number(&mut self, name: &str, value: i64) {
        self.name(name);
        self.0.extend(value.to_string().as_bytes());
    }

    pub fn flag(&mut self, name: &str, value: bool) {
        self.name(name);
        self.0.extend(if value { b"true" } else { b"false" });
    }

    pub fn finish(mut self) -> SecretBytes {
        self.0.extend(if self.0.is_empty() { b"{}" } else { b"}" });
        self.0
    }

    fn name(&mut self, name: &str) {
        self.0.extend(if self.0.is_empty() { b"{" } else { b"," });
        self.quoted(name);
        self.0.extend(b":");
    }

    fn quoted(&mut self, text: &str) {
        self.0.extend(b"\"");
        for &byte in text.as_bytes() {
            match byte {
                b'"' | b'\\' => self.0.extend(&[b'\\', byte]),
                0..0x20 => {
                    let digit =
                        |half: u8| char::from_digit(half.into(), 16).map_or(b'0', |digit| digit as u8);
                    self.0.extend(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
                }
                _ => self.0.extend(&[byte]),
            }
        }
        self.0.extend(b"\"");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_is_read() {
        let text = br#"{"a":[null,true,-1,2,0.5],"b":"plain","c":"esc\u0041\n","b":{"d":"last"}}"#;
        let json = Json::parse(text).unwrap();
        let elements = json.get("a").unwrap().elements();
        assert!(matches!(elements[0], Json::Null));
        assert_eq!(elements[1].as_bool(), Some(true));
        let numbers: Vec<_> = elements[2..].iter().filter_map(Json::as_f64).collect();
        assert_eq!(numbers, [-1.0, 2.0, 0.5]);
        assert_eq!(json.get("c").and_then(Json::as_str), Some("escA\n"));
        assert_eq!(json.get("b").and_then(|b| b.get("d")).and_then(Json::as_str), Some("last"));
        assert!(json.get("e").is_none() && json.as_str().is_none() && json.elements().is_empty());
    }

    #[test]
    fn what_is_not_json_is_refused() {
        let deep = "[".repeat(100_000);
        for text in ["", "{", "{}x", "{\"a\"}", "\"\u{1}\"", "nul", "<html>", &deep] {
            assert!(Json::parse(text.as_bytes()).is_none(), "{text:.20}");
        }
        assert!(Json::parse(b"\"\xff\"").is_none());
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text = "q\"b\\n\nz\u{1f}ü\u{7f}";
        let mut writer = ObjectWriter::new();
        writer.text("te\"xt", text);
        writer.number("number", -7);
        writer.flag("flag", true);
        let bytes = writer.finish();
        let json = Json::parse(bytes.expose()).unwrap();
        assert_eq!(json.get("te\"xt").and_then(Json::as_str), Some(text));
        assert_eq!(json.get("number").and_then(Json::as_f64), Some(-7.0));
        assert_eq!(json.get("flag").and_then(Json::as_bool), Some(true));
        assert_eq!(ObjectWriter::new().finish().expose(), b"{}");
    }
}
