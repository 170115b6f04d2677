//! Who signs (a key name) and which log is meant (an origin).

use std::fmt;

use crate::record::Ulid;

/// The name of a signing key. A stream's origin is this name, a slash and the tenant's ULID.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyName(String);

/// The identity of one stream's log: `<key name>/<tenant ULID>`, such as `draxis/01ARZ3NDEKTSV4RRFFQ69G5FAV`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    log: KeyName,
    stream: Ulid,
}

/// A text that is no key name or no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Rules of the signed note, plus a bound.
    #[error("not a key name: give 1 to 200 bytes without white space, control characters or a plus sign")]
    KeyName,
    /// Rules of this product.
    #[error("not an origin: give a key name, a slash and the tenant's ULID")]
    Origin,
}

impl KeyName {
    /// Reads a key name (C2SP signed-note, "Format").
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let forbidden = |letter: char| letter.is_whitespace() || letter.is_control() || letter == '+';
        if text.is_empty() || text.len() > 200 || text.contains(forbidden) {
            return Err(NameError::KeyName);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Origin {
    /// The origin of a tenant's stream in the log that this key signs.
    pub const fn new(log: KeyName, stream: Ulid) -> Self {
        Self { log, stream }
    }

    /// Reads an origin.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let (log, stream) = text.rsplit_once('/').ok_or(NameError::Origin)?;
        let log = KeyName::parse(log).map_err(|_not_a_name| NameError::Origin)?;
        let stream = Ulid::parse(stream).map_err(|_not_an_id| NameError::Origin)?;
        Ok(Self { log, stream })
    }

    /// The name under which this log signs.
    pub const fn log(&self) -> &KeyName {
        &self.log
    }

    /// The tenant whose stream it is.
    pub const fn stream(&self) -> Ulid {
        self.stream
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.log, self.stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_name_a_slash_and_a_ulid() {
        let origin = Origin::parse("example.com/draxis/01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap();
        assert_eq!(origin.log().as_str(), "example.com/draxis");
        assert_eq!(origin.to_string(), "example.com/draxis/01ARZ3NDEKTSV4RRFFQ69G5FAV");
        for bad in
            ["", "draxis", "draxis/", "/01ARZ3NDEKTSV4RRFFQ69G5FAV", "draxis/01arz3ndektsv4rrffq69g5fav"]
        {
            assert_eq!(Origin::parse(bad), Err(NameError::Origin), "{bad}");
        }
    }

    #[test]
    fn key_names_have_no_space_plus_or_control_character() {
        for bad in ["", "a b", "a+b", "a\u{a0}b", "a\nb", "a\u{7f}b", "a\u{2028}b", &"x".repeat(201)] {
            assert_eq!(KeyName::parse(bad), Err(NameError::KeyName), "{bad:?}");
        }
    }
}
