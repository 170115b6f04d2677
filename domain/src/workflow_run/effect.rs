//! Effect: one thing a run does outside, named so that every attempt at it carries the same name (hazard H3).

use serde::{Deserialize, Serialize};

/// The name of an effect: 128 bits, as 32 hexadecimal digits in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EffectId(String);

/// Why a text is no effect's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an effect's id is 32 hexadecimal digits in lower case: take it from the list of effects")]
pub struct EffectIdError;

impl EffectId {
    /// Reads an id as it is written in events, labels and headers.
    pub fn parse(text: &str) -> Result<Self, EffectIdError> {
        let fits = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if fits { Ok(Self(text.to_owned())) } else { Err(EffectIdError) }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EffectId {
    type Error = EffectIdError;

    fn try_from(text: String) -> Result<Self, EffectIdError> {
        Self::parse(&text)
    }
}

impl From<EffectId> for String {
    fn from(id: EffectId) -> Self {
        id.0
    }
}

impl std::fmt::Display for EffectId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::EffectId;

    #[test]
    fn an_id_is_32_digits_and_nothing_else() {
        assert!(EffectId::parse("0123456789abcdef0123456789abcdef").is_ok());
        for wrong in ["", "0123", "0123456789ABCDEF0123456789abcdef", "0123456789abcdef0123456789abcdeg"] {
            assert!(EffectId::parse(wrong).is_err(), "{wrong}");
        }
    }
}
