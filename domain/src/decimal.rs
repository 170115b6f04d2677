//! Exact decimals: what a KRI measures and what it is held against.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An exact decimal of at most 28 digits, a string on the wire; whole numbers and short fractions are accepted as JSON
/// numbers too (product.md section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity(Decimal);

/// Why a text is not a quantity; the sentence says what would be accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Not a decimal number.
    #[error("must be a decimal number such as \"12.5\"")]
    NotANumber,
    /// More digits than can be kept exactly.
    #[error("must have at most 28 digits, of which at most 28 behind the point")]
    TooManyDigits,
    /// A JSON number that a reader may already have rounded.
    #[error("must be sent as a string, such as \"0.1234567890123456789\", to stay exact beyond 15 digits")]
    Inexact,
}

impl Quantity {
    /// Nothing, counted.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// The given decimal.
    pub const fn new(decimal: Decimal) -> Self {
        Self(decimal)
    }

    /// Reads a decimal exactly, or says why it cannot be kept.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let plain = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-'));
        if digits == 0 || !plain || text.len() > 64 {
            return Err(if digits > 28 && plain {
                QuantityError::TooManyDigits
            } else {
                QuantityError::NotANumber
            });
        }
        match Decimal::from_str_exact(text) {
            Ok(decimal) => Ok(Self(decimal)),
            Err(_) if digits > 28 => Err(QuantityError::TooManyDigits),
            Err(_) => Err(QuantityError::NotANumber),
        }
    }

    /// The bare decimal.
    pub const fn decimal(self) -> Decimal {
        self.0
    }
}

impl schemars::JsonSchema for Quantity {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Quantity".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "An exact decimal: a string; numbers of at most 15 digits are accepted on input.",
            "type": ["string", "number"],
            "pattern": "^-?[0-9]+(\\.[0-9]+)?$",
        })
    }
}

impl std::fmt::Display for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Decimal> for Quantity {
    fn from(decimal: Decimal) -> Self {
        Self(decimal)
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Reads a quantity from whatever JSON holds, exactly or not at all.
struct Exact;

impl serde::de::Visitor<'_> for Exact {
    type Value = Quantity;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a decimal number such as \"12.5\"")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Quantity, E> {
        Quantity::parse(text).map_err(E::custom)
    }

    fn visit_u64<E: serde::de::Error>(self, whole: u64) -> Result<Quantity, E> {
        Ok(Quantity(Decimal::from(whole)))
    }

    fn visit_i64<E: serde::de::Error>(self, whole: i64) -> Result<Quantity, E> {
        Ok(Quantity(Decimal::from(whole)))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Quantity, E> {
        // The shortest text that reads back as this float is what the sender wrote, up to 15 digits.
        let text = number.to_string();
        if text.chars().filter(char::is_ascii_digit).count() > 15 {
            return Err(E::custom(QuantityError::Inexact));
        }
        Decimal::from_str(&text).map(Quantity).map_err(|_| E::custom(QuantityError::NotANumber))
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Exact)
    }
}

#[cfg(test)]
mod tests {
    use super::{Quantity, QuantityError};

    #[test]
    fn a_decimal_keeps_every_digit_it_came_with() {
        for text in ["0", "12.50", "-3", "0.0000000000000000000000000001", "7922816251426433759354395033"] {
            assert_eq!(Quantity::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_cannot_be_kept_exactly_is_refused() {
        assert_eq!(Quantity::parse("123456789012345678901234567890"), Err(QuantityError::TooManyDigits));
        for text in ["NaN", "inf", "", "-", "1e3", "1,5", "0x10", "1_000"] {
            assert_eq!(Quantity::parse(text), Err(QuantityError::NotANumber), "{text}");
        }
    }

    #[test]
    fn json_numbers_are_taken_only_where_they_are_exact() {
        let read = |text: &str| serde_json::from_str::<Quantity>(text).map(|q| q.to_string());
        assert_eq!(read("12").unwrap(), "12");
        assert_eq!(read("0.1").unwrap(), "0.1");
        assert_eq!(read("\"0.1234567890123456789\"").unwrap(), "0.1234567890123456789");
        assert!(read("0.1234567890123456789").unwrap_err().to_string().contains("as a string"));
        assert!(read("true").is_err());
    }
}
