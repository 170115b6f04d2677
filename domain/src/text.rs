//! Bounded texts: a value of these types has been trimmed, is within its length and holds no control characters.

use serde::{Deserialize, Serialize};

/// Why a text was refused; the sentence says what would be accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Shorter than allowed.
    #[error("must have at least {0} character(s) besides spaces")]
    TooShort(usize),
    /// Longer than allowed.
    #[error("must have at most {0} characters")]
    TooLong(usize),
    /// Holds a character that no such text needs.
    #[error("must not contain control characters")]
    Control,
    /// Not of the form `name@host`.
    #[error("must be an email address such as name@company.example")]
    Email,
}

/// Whether a text may have line breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lines {
    One,
    Several,
}

fn bounded(text: &str, min: usize, max: usize, lines: Lines) -> Result<String, TextError> {
    let text = text.trim();
    let length = text.chars().count();
    if length < min {
        return Err(TextError::TooShort(min));
    }
    if length > max {
        return Err(TextError::TooLong(max));
    }
    if text.chars().any(|c| c.is_control() && !(lines == Lines::Several && matches!(c, '\n' | '\t' | '\r'))) {
        return Err(TextError::Control);
    }
    Ok(text.to_owned())
}

/// Declares one bounded text; they differ in their bounds only.
macro_rules! bounded_text {
    ($($(#[$doc:meta])* $name:ident($min:literal..=$max:literal, $lines:ident)),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        text_schema!($name, "minLength": $min, "maxLength": $max);

        impl $name {
            /// Trims and checks the text.
            pub fn parse(text: &str) -> Result<Self, TextError> {
                bounded(text, $min, $max, Lines::$lines).map(Self)
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = TextError;

            fn try_from(text: String) -> Result<Self, TextError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

bounded_text! {
    /// What a person calls a thing: one line.
    Name(1..=200, One),
    /// Free text about a thing: several lines.
    Description(0..=4000, Several),
    /// Why somebody did something; kept in the change log.
    Reason(1..=1000, Several),
    /// What somebody remarks on a breach or a value.
    Comment(1..=2000, Several),
    /// What somebody asks the expert panel.
    Question(1..=4000, Several),
    /// What a fact in the institutional memory is filed under.
    FactKey(1..=120, One),
    /// What a fact in the institutional memory says.
    FactValue(1..=4000, Several),
    /// What somebody says in an interview, goal or turn.
    Utterance(1..=8000, Several),
    /// What a KRI counts in: `count`, `%`, `days`.
    Unit(1..=40, One),
}

/// An email address, lower-cased, so that one mailbox is one account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

text_schema!(Email, "format": "email", "maxLength": 254);

impl Email {
    /// Checks the form only: the invitation that arrives is the proof that the address exists.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = bounded(text, 3, 254, Lines::One)?.to_lowercase();
        let well_formed = text.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty()
                && name.len() <= 64
                && !host.contains('@')
                && host.contains('.')
                && host.split('.').all(|label| !label.is_empty())
                && !text.chars().any(|c| c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';' | '"'))
        });
        if well_formed { Ok(Self(text)) } else { Err(TextError::Email) }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Email {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        Self::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Email, Name, TextError};

    #[test]
    fn a_name_is_trimmed_and_bounded() {
        assert_eq!(Name::parse("  Acme  ").unwrap().as_str(), "Acme");
        assert_eq!(Name::parse("   "), Err(TextError::TooShort(1)));
        assert_eq!(Name::parse(&"x".repeat(201)), Err(TextError::TooLong(200)));
        assert_eq!(Name::parse("a\u{7}b"), Err(TextError::Control));
    }

    #[test]
    fn an_address_is_one_mailbox_whatever_its_case() {
        assert_eq!(Email::parse("Ada@Acme.Example").unwrap().as_str(), "ada@acme.example");
        for wrong in
            ["ada", "ada@", "@acme.example", "ada@acme", "a b@acme.example", "a@b@c.example", "a@.example"]
        {
            assert_eq!(Email::parse(wrong), Err(TextError::Email), "{wrong}");
        }
    }
}
