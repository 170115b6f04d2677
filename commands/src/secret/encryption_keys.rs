//! The ring of keys the vault seals with: one current, older ones only to open.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::Secret;

/// Base64 as `openssl rand -base64 32` writes it, with or without the final `=`.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const KEY_BYTES: usize = 32;
const KEY_ID_BYTES: usize = 64;

/// Names a key beside what it sealed; says nothing about the key itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(String);

impl KeyId {
    /// Lower-case letters, digits, `.`, `_` and `-`, at most 64 of them.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
        if text.is_empty() || text.len() > KEY_ID_BYTES || !text.chars().all(allowed) {
            return Err(KeyError::Id);
        }
        Ok(Self(text.to_owned()))
    }

    /// The id of a key that was given without one: a fingerprint, so that the same key always has the same id and can
    /// be moved into a list later without being named. 64 bits of a hash of 256 random bits give nothing away.
    fn fingerprint(key: &[u8; KEY_BYTES]) -> Self {
        let digest = Sha256::new().chain_update(b"draxis.key-id.v1").chain_update(key).finalize();
        Self(data_encoding::HEXLOWER.encode(digest.get(..8).unwrap_or_default()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The current encryption key and the older ones still needed to open what they sealed.
pub struct EncryptionKeys {
    current: KeyId,
    keys: BTreeMap<KeyId, Zeroizing<[u8; KEY_BYTES]>>,
}

impl EncryptionKeys {
    /// Reads `ENCRYPTION_KEY`: base64 of 32 bytes, or several separated by commas, the current one first; each may
    /// carry an id of its own as `id:base64`. To rotate, put the new key before the old one.
    pub fn parse(text: &Secret) -> Result<Self, KeyError> {
        let mut current = None;
        let mut keys = BTreeMap::new();
        for entry in text.expose().split(',') {
            let (id, key) = parse_entry(entry.trim())?;
            current.get_or_insert_with(|| id.clone());
            if keys.insert(id.clone(), key).is_some() {
                return Err(KeyError::Twice { id });
            }
        }
        let current = current.ok_or(KeyError::Empty)?;
        Ok(Self { current, keys })
    }

    /// One new random key.
    pub fn generate() -> Result<Self, KeyError> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(key.as_mut_slice()).map_err(|source| KeyError::Randomness { source })?;
        let current = KeyId::fingerprint(&key);
        Ok(Self { keys: BTreeMap::from([(current.clone(), key)]), current })
    }

    /// The ring in the form [`EncryptionKeys::parse`] reads, to be written where only the program can read it.
    pub fn to_text(&self) -> Secret {
        let current = self.keys.get_key_value(&self.current);
        let older = self.keys.iter().filter(|(id, _)| **id != self.current);
        let entries = current.into_iter().chain(older);
        let text = entries.fold(
            String::with_capacity(self.keys.len().saturating_mul(112)),
            |mut text, (id, key)| {
                if !text.is_empty() {
                    text.push(',');
                }
                text.push_str(id.as_str());
                text.push(':');
                BASE64.encode_string(key.as_slice(), &mut text);
                text
            },
        );
        Secret::new(text)
    }

    /// The id of the key that seals.
    pub fn current_id(&self) -> &KeyId {
        &self.current
    }

    /// The ids of all keys of the ring.
    pub fn ids(&self) -> impl Iterator<Item = &KeyId> {
        self.keys.keys()
    }

    /// The key of this id, opened for the cipher alone.
    pub(crate) fn expose(&self, id: &KeyId) -> Option<&[u8; KEY_BYTES]> {
        self.keys.get(id).map(|key| &**key)
    }
}

fn parse_entry(entry: &str) -> Result<(KeyId, Zeroizing<[u8; KEY_BYTES]>), KeyError> {
    let (id, encoded) = match entry.split_once(':') {
        Some((id, encoded)) => (Some(KeyId::parse(id.trim())?), encoded.trim()),
        None => (None, entry),
    };
    if encoded.is_empty() {
        return Err(KeyError::Empty);
    }
    let bytes = Zeroizing::new(BASE64.decode(encoded).map_err(|_| KeyError::Base64)?);
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    if bytes.len() != KEY_BYTES {
        return Err(KeyError::Length { bytes: bytes.len() });
    }
    key.copy_from_slice(&bytes);
    if key.iter().all(|byte| Some(byte) == key.first()) {
        return Err(KeyError::NotRandom);
    }
    Ok((id.unwrap_or_else(|| KeyId::fingerprint(&key)), key))
}

/// Why an encryption key cannot be used. Never repeats any part of the key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No key between two commas, or none at all.
    #[error(
        "the encryption key is empty: give base64 of 32 random bytes, as `openssl rand -base64 32` prints"
    )]
    Empty,
    /// Not base64.
    #[error("the encryption key is not base64: give what `openssl rand -base64 32` prints")]
    Base64,
    /// Another number of bytes than 32.
    #[error("the encryption key has {bytes} bytes instead of 32: give what `openssl rand -base64 32` prints")]
    Length {
        /// How many there were.
        bytes: usize,
    },
    /// One byte 32 times over.
    #[error("the encryption key is one byte repeated: give what `openssl rand -base64 32` prints")]
    NotRandom,
    /// An id with other characters, or none.
    #[error("a key id is 1 to 64 lower-case letters, digits, dots, underscores or hyphens before the colon")]
    Id,
    /// The same key, or two keys under one id.
    #[error("the key id {id} stands twice in the list: keep one of the two")]
    Twice {
        /// The id.
        id: KeyId,
    },
    /// The operating system gave no randomness.
    #[error("no randomness to make a key from")]
    Randomness {
        /// What the system said.
        #[source]
        source: getrandom::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const TWO: &str = "HxwdHh8AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRo=";

    fn parse(text: &str) -> Result<EncryptionKeys, KeyError> {
        EncryptionKeys::parse(&Secret::new(text.to_owned()))
    }

    #[test]
    fn a_key_alone_keeps_its_id_when_a_new_one_is_put_before_it() {
        let alone = parse(ONE).ok().unwrap();
        let rotated = parse(&format!("new-2025:{TWO}, {ONE}\n")).ok().unwrap();
        assert_eq!(rotated.current_id().as_str(), "new-2025");
        assert_eq!(rotated.expose(alone.current_id()), alone.expose(alone.current_id()));
        assert_eq!(rotated.ids().count(), 2);
    }

    #[test]
    fn what_is_written_reads_back_with_the_same_current_key() {
        let ring = parse(&format!("z:{TWO},a:{ONE}")).ok().unwrap();
        let again = EncryptionKeys::parse(&ring.to_text()).ok().unwrap();
        assert_eq!(again.current_id().as_str(), "z");
        assert_eq!(again.expose(ring.current_id()), ring.expose(ring.current_id()));
        let generated = EncryptionKeys::generate().ok().unwrap();
        let again = EncryptionKeys::parse(&generated.to_text()).ok().unwrap();
        assert_eq!(again.current_id(), generated.current_id());
    }

    #[test]
    fn two_generated_keys_differ() {
        let (one, two) = (EncryptionKeys::generate().ok().unwrap(), EncryptionKeys::generate().ok().unwrap());
        assert_ne!(one.current_id(), two.current_id());
    }

    #[test]
    fn a_bad_key_is_refused_and_never_repeated() {
        let cases = [
            ("", "empty"),
            (",", "empty"),
            ("a:", "empty"),
            ("canarycanarycanaryAA", "bytes"),
            ("canary!!", "base64"),
            ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "repeated"),
            ("CANARY:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "key id"),
            (
                "a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,a:HxwdHh8AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRo=",
                "twice",
            ),
        ];
        for (text, why) in cases {
            let Err(error) = parse(text) else { panic!("{text} was taken") };
            let said = format!("{error} {error:?}").to_lowercase();
            assert!(said.contains(why), "{text}: {said}");
            assert!(!said.contains("canary") && !said.contains("aaecaw"), "{said}");
        }
    }
}
