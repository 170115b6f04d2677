//! A ULID as a record writes it: 26 characters of upper-case Crockford base 32.

use std::fmt;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 26;
/// Each byte's value in the alphabet, 32 where it has none: every record has two ids to read.
const VALUES: [u8; 256] = values();
const NONE: u8 = 32;

/// A 128-bit id whose text form is the canonical ULID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ulid(u128);

/// A text that is not a canonical ULID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a canonical ULID: give 26 characters of upper-case Crockford base 32, the first of them 0 to 7")]
pub struct UlidError;

impl Ulid {
    /// The ULID of these 128 bits.
    pub const fn new(bits: u128) -> Self {
        Self(bits)
    }

    /// Reads the canonical text only: lower case and look-alike letters are refused, since the text is hashed.
    pub fn parse(text: &str) -> Result<Self, UlidError> {
        let bytes = text.as_bytes();
        if bytes.len() != LENGTH || bytes.first().is_none_or(|first| *first > b'7') {
            return Err(UlidError);
        }
        let values = bytes.iter().map(|byte| VALUES.get(usize::from(*byte)).copied().unwrap_or(NONE));
        let (bits, worst) = values
            .fold((0_u128, 0), |(bits, worst), value| (bits << 5 | u128::from(value & 31), worst.max(value)));
        if worst == NONE { Err(UlidError) } else { Ok(Self(bits)) }
    }

    /// The 128 bits.
    pub const fn bits(self) -> u128 {
        self.0
    }

    /// Appends the 26 characters.
    pub fn write_to(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.letters());
    }

    fn letters(self) -> [u8; LENGTH] {
        let mut letters = [b'0'; LENGTH];
        let mut rest = self.0;
        for slot in letters.iter_mut().rev() {
            let value = usize::try_from(rest & 31).unwrap_or(0);
            *slot = ALPHABET.get(value).copied().unwrap_or(b'0');
            rest >>= 5;
        }
        letters
    }
}

impl fmt::Display for Ulid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.letters().iter().try_for_each(|letter| fmt::Write::write_char(f, char::from(*letter)))
    }
}

/// Turns the alphabet round.
#[expect(clippy::indexing_slicing, clippy::as_conversions, reason = "runs at compile time, which would fail")]
const fn values() -> [u8; 256] {
    let mut values = [NONE; 256];
    let mut value = 0;
    while value < NONE {
        values[ALPHABET[value as usize] as usize] = value;
        value += 1;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_largest_ulid_is_the_one_of_the_specification() {
        assert_eq!(Ulid::new(u128::MAX).to_string(), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
        assert_eq!(Ulid::new(0).to_string(), "00000000000000000000000000");
    }

    #[test]
    fn anything_but_the_canonical_text_is_refused() {
        for text in [
            "",
            "01ARZ3NDEKTSV4RRFFQ69G5FA",
            "01ARZ3NDEKTSV4RRFFQ69G5FAVX",
            "01arz3ndektsv4rrffq69g5fav",
            "81ARZ3NDEKTSV4RRFFQ69G5FAV",
            "01ARZ3NDEKTSV4RRFFQ69G5FAI",
            "01ARZ3NDEKTSV4RRFFQ69G5FAU",
            "01ARZ3NDEKTSV4RRFFQ69G5F-V",
        ] {
            assert_eq!(Ulid::parse(text), Err(UlidError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(bits in any::<u128>()) {
            let ulid = Ulid::new(bits);
            prop_assert_eq!(Ulid::parse(&ulid.to_string()), Ok(ulid));
        }
    }
}
