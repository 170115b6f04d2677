//! A vendor's answer as a value expressions can read: JSON, or XML turned into the same.

mod xml;

use jaq_json::{Map, Val};
use serde::de::IgnoredAny;

use super::manifest::Format;

/// An answer that cannot be read. Nothing of it is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// There is nothing in it.
    #[error("the answer is empty")]
    Empty,
    /// It is not JSON, or nested deeper than 128.
    #[error("the answer is not JSON")]
    NotJson,
    /// It is not XML, or nested deeper than 64.
    #[error("the answer is not XML")]
    NotXml,
}

/// Reads an answer's body.
pub fn read(format: &Format, body: &[u8]) -> Result<Val, Malformed> {
    if body.trim_ascii().is_empty() {
        return Err(Malformed::Empty);
    }
    match format {
        Format::Json => json(body),
        Format::Xml(lists) => xml::read(body, lists),
    }
}

/// As `read`, away from the threads that serve others: an answer may have tens of megabytes.
pub async fn read_apart(format: &Format, body: bytes::Bytes) -> Result<Val, Malformed> {
    let format = format.clone();
    let reading = tokio::task::spawn_blocking(move || read(&format, &body)).await;
    reading.unwrap_or(Err(Malformed::NotJson))
}

/// Reads JSON, keeping decimals as they are written.
pub fn json(body: &[u8]) -> Result<Val, Malformed> {
    // The value's own reader takes more than JSON and recurses without end; serde_json's admits neither.
    serde_json::from_slice::<IgnoredAny>(body).map_err(|_| Malformed::NotJson)?;
    jaq_json::read::parse_single(body).map_err(|_| Malformed::NotJson)
}

/// An object of these members.
pub fn object(members: impl IntoIterator<Item = (String, Val)>) -> Val {
    Val::obj(members.into_iter().map(|(key, value)| (Val::from(key), value)).collect::<Map>())
}

/// A text or a number as text; nothing else names anything.
pub fn as_text(value: &Val) -> Option<String> {
    match value {
        Val::TStr(bytes) => std::str::from_utf8(bytes).ok().map(str::to_owned),
        Val::Num(number) => Some(number.to_string()),
        Val::Null | Val::Bool(_) | Val::BStr(_) | Val::Arr(_) | Val::Obj(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_is_json() {
        for body in
            ["", "  ", "{", "NaN", "{a:1}", "[1,]", "# no\n1", "<html></html>", "1 2", &"[".repeat(200_000)]
        {
            assert!(read(&Format::Json, body.as_bytes()).is_err(), "{body:.20}");
        }
        assert_eq!(json(b"{\"a\": 1.10}").unwrap().to_string(), "{\"a\":1.10}");
    }

    #[test]
    fn xml_reads_as_objects_and_named_lists() {
        let body = br#"<?xml version="1.0"?><!DOCTYPE R SYSTEM "https://x/y.dtd"><R><L><I id="1"><N><![CDATA[a]]></N></I></L><E/></R>"#;
        let read = read(&Format::Xml(vec!["I".to_owned()]), body).unwrap();
        assert_eq!(read.to_string(), r#"{"R":{"L":{"I":[{"@id":"1","N":"a"}]},"E":""}}"#);
        assert!(super::read(&Format::Xml(vec![]), b"<a>").is_err());
        assert!(super::read(&Format::Xml(vec![]), b"{}").is_err());
        let deep = format!("{}{}", "<a>".repeat(5_000), "</a>".repeat(5_000));
        assert!(super::read(&Format::Xml(vec![]), deep.as_bytes()).is_err());
    }

    #[test]
    fn entities_cannot_grow_an_xml_answer() {
        let bomb = r#"<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;"><!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;">]><l>&f;</l>"#;
        assert!(read(&Format::Xml(vec![]), bomb.as_bytes()).is_err());
    }
}
