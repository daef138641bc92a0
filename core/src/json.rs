//! JSON, read into a tree that borrows from its text, and written as one flat object. The parsing
//! itself is serde_json's.

use crate::prelude::*;
use crate::secret::SecretBytes;
use alloc::borrow::Cow;
use core::cell::Cell;
use core::fmt;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// More values than the largest true answer has: ten thousand presigned URLs of parts, and what stands beside
/// them. What has more is not read.
const MOST_VALUES: usize = 11_000;

/// Nobody reads a longer text: tokens are the longest there are. It is not kept.
const LONGEST_TEXT: usize = 16_384;

/// One value. What is not escaped in the text is not copied.
#[derive(Debug)]
pub enum Json<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    /// A text that is too long to be of use.
    LongText,
    List(Vec<Json<'a>>),
    /// Names and values.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// `None` if it is not JSON, or has too many values. Why is not said: the reason could quote the text.
    pub fn parse(text: &'a [u8]) -> Option<Json<'a>> {
        Json::read(text, None)
    }

    /// As [`Json::parse`], for what somebody else wrote: members of objects with other names than these are
    /// passed over, at any depth, and take no memory.
    pub fn parse_only(text: &'a [u8], names: &[&str]) -> Option<Json<'a>> {
        Json::read(text, Some(names))
    }

    fn read(text: &'a [u8], names: Option<&[&str]>) -> Option<Json<'a>> {
        let left = Cell::new(MOST_VALUES);
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let value = Reader { names, left: &left }.deserialize(&mut deserializer).ok()?;
        deserializer.end().ok().map(|()| value)
    }

    /// A member of an object; the last one if its name stands there twice.
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        let Json::Object(members) = self else { return None };
        members.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value)
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

/// Builds values, and counts them.
#[derive(Clone, Copy)]
struct Reader<'r> {
    names: Option<&'r [&'r str]>,
    left: &'r Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        let left = self.left.get().checked_sub(1).ok_or_else(|| D::Error::custom("too many values"))?;
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
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
        Ok(if text.len() > LONGEST_TEXT { Json::LongText } else { Json::Text(Cow::Borrowed(text)) })
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(if text.len() > LONGEST_TEXT { Json::LongText } else { Json::Text(Cow::Owned(text.to_owned())) })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json<'de>, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = access.next_element_seed(self)? {
            elements.push(element);
        }
        Ok(Json::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = access.next_key_seed(NameReader(self.names))? {
            match name {
                Some(name) => members.push((name, access.next_value_seed(self)?)),
                None => drop(access.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Json::Object(members))
    }
}

/// Reads the name of a member; `None` for one that is not wanted.
#[derive(Clone, Copy)]
struct NameReader<'r>(Option<&'r [&'r str]>);

impl NameReader<'_> {
    fn is_wanted(self, name: &str) -> bool {
        self.0.is_none_or(|names| names.contains(&name))
    }
}

impl<'de> DeserializeSeed<'de> for NameReader<'_> {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for NameReader<'_> {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(self.is_wanted(name).then_some(Cow::Borrowed(name)))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.is_wanted(name).then(|| Cow::Owned(name.to_owned())))
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
    fn members_that_nobody_asked_for_are_not_kept() {
        let text = br#"{"junk":[[{"id":1}]],"id":"x","ch\u0061nnels":[{"id":"c","j\u0075nk":{}}],"id":"y"}"#;
        let json = Json::parse_only(text, &["id", "channels"]).unwrap();
        let Json::Object(members) = &json else { panic!() };
        assert_eq!(
            members.iter().map(|(name, _)| name.as_ref()).collect::<Vec<_>>(),
            ["id", "channels", "id"]
        );
        assert_eq!(json.get("id").and_then(Json::as_str), Some("y"));
        let Json::Object(channel) = &json.get("channels").unwrap().elements()[0] else { panic!() };
        assert_eq!(channel.len(), 1);
        // What is passed over must be JSON all the same.
        assert!(Json::parse_only(br#"{"junk":[,],"id":"x"}"#, &["id"]).is_none());
    }

    #[test]
    fn values_are_counted_and_texts_have_an_end() {
        let list = |count: usize| format!("{{\"id\":[{}1]}}", "1,".repeat(count - 1));
        assert!(Json::parse_only(list(MOST_VALUES - 2).as_bytes(), &["id"]).is_some());
        for text in [
            list(MOST_VALUES),
            format!("[{}1]", "{},".repeat(MOST_VALUES)),
            format!("{{{}\"id\":1}}", "\"id\":1,".repeat(MOST_VALUES)),
        ] {
            assert!(Json::parse_only(text.as_bytes(), &["id"]).is_none());
            assert!(Json::parse(text.as_bytes()).is_none());
        }
        // Others do not count.
        assert!(Json::parse_only(list(MOST_VALUES).as_bytes(), &["other"]).is_some());
        for text in
            [format!("\"{}\"", "x".repeat(LONGEST_TEXT + 1)), format!("\"\\n{}\"", "x".repeat(LONGEST_TEXT))]
        {
            assert!(matches!(Json::parse(text.as_bytes()), Some(Json::LongText)));
        }
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
