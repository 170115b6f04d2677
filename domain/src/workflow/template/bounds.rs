//! Bounds: no template makes a text that fills the memory, however it is written.

use std::io;

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind};

/// The longest text that one value may become, in bytes.
pub(super) const LONGEST_VALUE: usize = 100_000;

/// The longest text that a template may become, in bytes.
const LONGEST_TEXT: usize = 1_000_000;

/// What a template has become so far.
#[derive(Default)]
pub(super) struct Bounded(Vec<u8>);

impl Bounded {
    /// The whole text.
    pub(super) fn into_text(self) -> Option<String> {
        String::from_utf8(self.0).ok()
    }
}

impl io::Write for &mut Bounded {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if self.0.len().saturating_add(part.len()) > LONGEST_TEXT {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        self.0.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn too_long() -> Error {
    Error::from(ErrorKind::OutOfFuel)
}

/// A value that can stand in a text: what has parts is joined or looped over first.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the kinds of values are not closed; what is not known is refused"
)]
pub(super) fn plain(value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::None => Ok(String::new()),
        ValueKind::String if value.as_str().is_some_and(|text| text.len() > LONGEST_VALUE) => Err(too_long()),
        ValueKind::Bool | ValueKind::Number | ValueKind::String => Ok(value.to_string()),
        _ => Err(Error::new(
            ErrorKind::InvalidOperation,
            "a list or a thing with fields cannot stand in a text",
        )),
    }
}

/// The filter `join`.
pub(super) fn join(list: &Value, between: Option<String>) -> Result<String, Error> {
    if list.kind() != ValueKind::Seq {
        return Err(Error::new(ErrorKind::InvalidOperation, "only a list can be joined"));
    }
    let between = between.unwrap_or_default();
    let mut joined = String::new();
    for (index, item) in list.try_iter()?.enumerate() {
        if index > 0 {
            joined.push_str(&between);
        }
        joined.push_str(&plain(&item)?);
        if joined.len() > LONGEST_VALUE {
            return Err(too_long());
        }
    }
    Ok(joined)
}

/// The filter `replace`.
pub(super) fn replace(text: &str, from: &str, to: &str) -> Result<String, Error> {
    let grown = text.matches(from).count().saturating_mul(to.len()).saturating_add(text.len());
    if grown > LONGEST_VALUE { Err(too_long()) } else { Ok(text.replace(from, to)) }
}
