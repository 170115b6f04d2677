//! SHA-256 hashes of leaves and nodes, told apart by their first byte (RFC 6962, 2.1).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

const LEAF: [u8; 1] = [0x00];
const NODE: [u8; 1] = [0x01];

/// A SHA-256 hash of a leaf, a node or a whole tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

/// A text or slice that is not a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a hash: give 32 bytes, or their standard base64 of 44 characters")]
pub struct HashError;

impl Hash {
    /// The hash of these 32 bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash in a slice, which must be 32 bytes long.
    pub fn try_from_slice(bytes: &[u8]) -> Result<Self, HashError> {
        <[u8; 32]>::try_from(bytes).map(Self).map_err(|_wrong_length| HashError)
    }

    /// Reads standard base64 with its padding, in its one canonical spelling.
    pub fn parse(text: &str) -> Result<Self, HashError> {
        let mut bytes = [0; 33]; // One more than needed: the decoder wants room for an estimate.
        match STANDARD.decode_slice(text, &mut bytes) {
            Ok(32) if text.len() == 44 => bytes.first_chunk::<32>().copied().map(Self).ok_or(HashError),
            Ok(_) | Err(_) => Err(HashError),
        }
    }

    /// Standard base64 of 44 characters, as checkpoints write it.
    pub fn text(&self) -> [u8; 44] {
        let mut text = [b'='; 44];
        // 32 bytes are 44 characters, so there is always room.
        STANDARD.encode_slice(self.0, &mut text).unwrap_or_default();
        text
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Hash {
    /// Standard base64, as checkpoints write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.text()).map_err(|_not_text| fmt::Error)?)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// The hash of a leaf: SHA-256 over 0x00 and the record's bytes.
pub fn leaf_hash(record: &[u8]) -> Hash {
    Hash(Sha256::new_with_prefix(LEAF).chain_update(record).finalize().into())
}

/// The hash of an inner node: SHA-256 over 0x01 and both children.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(Sha256::new_with_prefix(NODE).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// The root of the tree without leaves: SHA-256 over nothing.
pub fn empty_root() -> Hash {
    Hash(Sha256::digest([]).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_rfc_6962_as_published() {
        // The first two are the well-known vectors of the certificate transparency logs.
        assert_eq!(empty_root().to_string(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(leaf_hash(b"").to_string(), "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=");
    }

    #[test]
    fn only_the_canonical_text_is_read() {
        let hash = leaf_hash(b"x");
        let text = hash.to_string();
        assert_eq!(Hash::parse(&text), Ok(hash));
        assert_eq!(Hash::parse(text.trim_end_matches('=')), Err(HashError));
        assert_eq!(Hash::parse(&format!("{text}=")), Err(HashError));
        assert_eq!(Hash::parse(&format!(" {text}")), Err(HashError));
        assert_eq!(Hash::parse("AAAA"), Err(HashError));
        // The last character before the padding carries two bits that nothing decodes: they must be zero.
        assert_eq!(Hash::parse("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV="), Err(HashError));
        assert_eq!(Hash::parse("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU="), Err(HashError));
    }
}
