//! Public keys in the signed-note form, and the set of them that somebody trusts.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};

use super::KeyName;

const ED25519: u8 = 0x01;

/// The first four bytes of a key's hash, which a signature line carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId([u8; 4]);

/// A public key with its name: `name+hash+base64(0x01 || key)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: KeyName,
    id: KeyId,
    key: VerifyingKey,
}

/// The keys that somebody trusts. They never come out of what is being verified (hazard D5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRing(Vec<VerifierKey>);

/// A text that is not a verifier key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not three parts with a plus sign between.
    #[error("not a verifier key: give name+hash+key, as the keys route shows it")]
    Form,
    /// The first part is no key name.
    #[error("the name of the verifier key is not a key name")]
    Name(#[source] super::NameError),
    /// The last part is not base64 of the type byte 1 and a 32-byte Ed25519 key.
    #[error("the verifier key is not an Ed25519 key: it must be base64 of the byte 1 and 32 bytes of key")]
    Key,
    /// The hash in the middle belongs to another name or key.
    #[error("the hash of the verifier key does not fit its name and key: copy the whole line again")]
    Hash,
}

/// A file that is no set of verifier keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    /// Nothing to trust.
    #[error("there is no verifier key: give at least one line of the form name+hash+key")]
    Empty,
    /// A line cannot be read.
    #[error("line {line} is not a verifier key")]
    Line {
        /// Counted from 1.
        line: usize,
        /// Why.
        source: KeyError,
    },
    /// Two different keys answer to one name and hash.
    #[error("line {line} is another key under the same name and hash: trust only one of them")]
    Ambiguous {
        /// Counted from 1.
        line: usize,
    },
}

impl KeyId {
    /// The id with these bytes.
    pub const fn new(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// The four bytes.
    pub const fn as_bytes(&self) -> &[u8; 4] {
        &self.0
    }

    /// The first four bytes of SHA-256 over the name, a newline, the type byte and the key (C2SP signed-note).
    fn of(name: &KeyName, key: &VerifyingKey) -> Self {
        let hash = Sha256::new_with_prefix(name.as_str())
            .chain_update([b'\n', ED25519])
            .chain_update(key.as_bytes())
            .finalize();
        let [a, b, c, d, ..] = <[u8; 32]>::from(hash);
        Self([a, b, c, d])
    }
}

impl VerifierKey {
    pub(super) fn new(name: KeyName, key: VerifyingKey) -> Self {
        let id = KeyId::of(&name, &key);
        Self { name, id, key }
    }

    /// Reads `name+hash+key`; the hash must fit.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Form);
        };
        let name = KeyName::parse(name).map_err(KeyError::Name)?;
        let typed = STANDARD.decode(key).map_err(|_not_base64| KeyError::Key)?;
        let Some((&ED25519, key)) = typed.split_first() else { return Err(KeyError::Key) };
        let key = VerifyingKey::try_from(key).map_err(|_not_a_point| KeyError::Key)?;
        if key.is_weak() {
            return Err(KeyError::Key);
        }
        let verifier = Self::new(name, key);
        if verifier.id.to_string() == hash { Ok(verifier) } else { Err(KeyError::Hash) }
    }

    /// The name under which it signs.
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// The id its signatures carry.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// Strict verification: no malleable signatures, no points of small order.
    pub(super) fn accepts(&self, text: &str, signature: &[u8]) -> bool {
        let signature = Signature::from_slice(signature);
        signature.is_ok_and(|signature| self.key.verify_strict(text.as_bytes(), &signature).is_ok())
    }
}

impl KeyRing {
    /// Trusts exactly these keys.
    pub const fn new(keys: Vec<VerifierKey>) -> Self {
        Self(keys)
    }

    /// Reads one key a line; blank lines and lines that start with `#` are passed over.
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        let mut ring = Self(Vec::new());
        for (index, line) in text.lines().map(str::trim).enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let line_number = index + 1;
            let key = VerifierKey::parse(line)
                .map_err(|source| KeyRingError::Line { line: line_number, source })?;
            match ring.find(&key.name, key.id) {
                Some(known) if *known == key => {}
                Some(_) => return Err(KeyRingError::Ambiguous { line: line_number }),
                None => ring.0.push(key),
            }
        }
        if ring.0.is_empty() { Err(KeyRingError::Empty) } else { Ok(ring) }
    }

    /// The keys.
    pub fn keys(&self) -> &[VerifierKey] {
        &self.0
    }

    /// Trusts one more.
    pub(super) fn trust(&mut self, key: VerifierKey) {
        if self.find(&key.name, key.id).is_none() {
            self.0.push(key);
        }
    }

    /// Name and id together name a key; one of them alone means nothing (C2SP signed-note, "Signatures").
    pub(super) fn find(&self, name: &KeyName, id: KeyId) -> Option<&VerifierKey> {
        self.0.iter().find(|key| key.name == *name && key.id == id)
    }
}

impl fmt::Display for KeyId {
    /// Eight lower-case hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut typed = vec![ED25519];
        typed.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, self.id, STANDARD.encode(typed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of the Go checksum database, published in the same form.
    const SUM_GOLANG_ORG: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

    #[test]
    fn a_published_verifier_key_is_read_and_written_the_same() {
        assert_eq!(VerifierKey::parse(SUM_GOLANG_ORG).unwrap().to_string(), SUM_GOLANG_ORG);
    }

    #[test]
    fn keys_with_a_wrong_hash_type_length_or_point_are_refused() {
        let parts: Vec<&str> = SUM_GOLANG_ORG.splitn(3, '+').collect();
        let with = |name: &str, hash: &str, key: &str| VerifierKey::parse(&format!("{name}+{hash}+{key}"));
        assert_eq!(with(parts[0], "033de0af", parts[2]), Err(KeyError::Hash));
        assert_eq!(with(parts[0], "033DE0AE", parts[2]), Err(KeyError::Hash));
        assert_eq!(with("sum.golang.com", parts[1], parts[2]), Err(KeyError::Hash));
        assert_eq!(with(parts[0], parts[1], "AAAA"), Err(KeyError::Key));
        assert_eq!(with(parts[0], parts[1], &parts[2].replacen('A', "B", 1)), Err(KeyError::Key));
        assert_eq!(
            with("a b", parts[1], parts[2]),
            Err(KeyError::Name(crate::checkpoint::NameError::KeyName))
        );
        assert_eq!(VerifierKey::parse("sum.golang.org"), Err(KeyError::Form));
        let weak = STANDARD.encode([[1, 1].as_slice(), &[0; 31]].concat());
        assert_eq!(with(parts[0], parts[1], &weak), Err(KeyError::Key));
    }

    #[test]
    fn a_key_file_has_comments_and_at_least_one_key() {
        let ring = KeyRing::parse(&format!("# trusted\n\n{SUM_GOLANG_ORG}\r\n{SUM_GOLANG_ORG}\n")).unwrap();
        assert_eq!(ring.keys().len(), 1);
        assert_eq!(KeyRing::parse("# none\n"), Err(KeyRingError::Empty));
        let broken = KeyRing::parse("# one\nbroken\n");
        assert_eq!(broken, Err(KeyRingError::Line { line: 2, source: KeyError::Form }));
    }
}
