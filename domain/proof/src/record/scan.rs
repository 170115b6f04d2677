//! Reads a line left to right, where each part's place is known beforehand.

use std::borrow::Cow;
use std::str::FromStr;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::RecordParseError;

/// The part of the line that is not read yet.
pub(super) struct Scan<'a> {
    rest: &'a str,
}

impl<'a> Scan<'a> {
    pub(super) const fn new(line: &'a str) -> Self {
        Self { rest: line }
    }

    /// The text up to the next quote, which is left to be read.
    pub(super) fn plain(&mut self, key: &str, name: &'static str) -> Result<&'a str, RecordParseError> {
        self.expect(key, name)?;
        let end = self.rest.find('"').ok_or(RecordParseError::Shape(name))?;
        self.take(end, name)
    }

    /// A number, in however many digits.
    pub(super) fn number<N: FromStr>(
        &mut self,
        key: &str,
        name: &'static str,
    ) -> Result<N, RecordParseError> {
        self.expect(key, name)?;
        let end = self.rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(self.rest.len());
        self.take(end, name)?.parse().map_err(|_not_a_number| RecordParseError::Shape(name))
    }

    /// A string in quotes; borrowed when nothing in it is escaped.
    pub(super) fn string(&mut self, key: &str, name: &'static str) -> Result<Cow<'a, str>, RecordParseError> {
        self.expect(key, name)?;
        let inside = self.rest.strip_prefix('"').ok_or(RecordParseError::Shape(name))?;
        match inside.find(['"', '\\']) {
            Some(end) if inside.as_bytes().get(end) == Some(&b'"') => {
                self.rest = inside;
                let text = self.take(end, name)?;
                self.expect("\"", name)?;
                Ok(Cow::Borrowed(text))
            }
            Some(_) => self.value::<String>(name).map(|(text, _)| Cow::Owned(text)),
            None => Err(RecordParseError::Shape(name)),
        }
    }

    /// Any JSON value, as its text.
    pub(super) fn json(&mut self, key: &str, name: &'static str) -> Result<&'a str, RecordParseError> {
        self.expect(key, name)?;
        let (_, text) = self.value::<&RawValue>(name)?;
        Ok(text)
    }

    /// The last thing on the line.
    pub(super) fn end(&mut self, key: &str, name: &'static str) -> Result<(), RecordParseError> {
        if self.rest == key { Ok(()) } else { Err(RecordParseError::Shape(name)) }
    }

    /// What `serde_json` reads from here, with the text it read it from.
    fn value<T: Deserialize<'a>>(&mut self, name: &'static str) -> Result<(T, &'a str), RecordParseError> {
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<T>();
        let value = values.next().and_then(Result::ok).ok_or(RecordParseError::Shape(name))?;
        let end = values.byte_offset();
        Ok((value, self.take(end, name)?))
    }

    fn expect(&mut self, key: &str, name: &'static str) -> Result<(), RecordParseError> {
        self.rest = self.rest.strip_prefix(key).ok_or(RecordParseError::Shape(name))?;
        Ok(())
    }

    fn take(&mut self, end: usize, name: &'static str) -> Result<&'a str, RecordParseError> {
        let (text, rest) = self.rest.split_at_checked(end).ok_or(RecordParseError::Shape(name))?;
        self.rest = rest;
        Ok(text)
    }
}
