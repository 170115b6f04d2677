//! Effects: what a run does outside, under a name that never changes between attempts (hazards H3).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of one effect: 128 bits, on the wire 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EffectId(u128);

/// A text that names no effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an effect's id is 32 of 0-9 and a-f")]
pub struct EffectIdError;

impl fmt::Display for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for EffectId {
    type Err = EffectIdError;

    fn from_str(text: &str) -> Result<Self, EffectIdError> {
        let formed = text.len() == 32 && text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
        let bits = u128::from_str_radix(text, 16).map_err(|_| EffectIdError)?;
        if formed { Ok(Self(bits)) } else { Err(EffectIdError) }
    }
}

impl TryFrom<String> for EffectId {
    type Error = EffectIdError;

    fn try_from(text: String) -> Result<Self, EffectIdError> {
        text.parse()
    }
}

impl From<EffectId> for String {
    fn from(id: EffectId) -> Self {
        id.to_string()
    }
}
