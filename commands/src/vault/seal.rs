//! Sealing a secret to its place: AES-256-GCM whose additional data names tenant, kind, record and key.

use std::borrow::Cow;
use std::fmt;

use aes_gcm::{AeadInOut as _, Aes256Gcm, KeyInit as _};
use uuid::Uuid;
use zeroize::{Zeroize as _, Zeroizing};

use crate::secret::{EncryptionKeys, KeyId, Secret};

/// 96 bits, drawn at random for each sealing (NIST SP 800-38D, section 8.2.2: good for 2^32 sealings a key).
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
/// First byte of the stored form, so that another form can be told apart one day.
const FORM: u8 = 1;
/// Opens the additional data, so that nothing else ever sealed under the same key can stand in for a vault entry.
const DOMAIN: &[u8] = b"draxis.vault.v1";

/// The one place a secret belongs to; sealed for it, it opens nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    tenant: Uuid,
    kind: Cow<'static, str>,
    record: String,
}

impl Place {
    /// A place: whose (the reserved id for the platform's own), what kind of secret, of which record.
    pub fn new(tenant: Uuid, kind: impl Into<Cow<'static, str>>, record: impl Into<String>) -> Self {
        Self { tenant, kind: kind.into(), record: record.into() }
    }

    /// Every field behind its length, so that no two places share their bytes by moving a border.
    fn additional_data(&self, key_id: &KeyId) -> Vec<u8> {
        let fields = [
            DOMAIN,
            self.tenant.as_bytes(),
            self.kind.as_bytes(),
            self.record.as_bytes(),
            key_id.as_str().as_bytes(),
        ];
        fields.iter().fold(Vec::with_capacity(128), |mut bytes, field| {
            bytes.extend(u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
            bytes.extend_from_slice(field);
            bytes
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} of tenant {}", self.kind, self.record, self.tenant)
    }
}

/// A sealed secret, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    key_id: KeyId,
    nonce: [u8; NONCE_BYTES],
    ciphertext: Vec<u8>,
}

impl Sealed {
    /// Which key sealed it.
    pub fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// Form, length of the key id, key id, nonce, ciphertext with its tag.
    pub fn to_bytes(&self) -> Vec<u8> {
        let id = self.key_id.as_str().as_bytes();
        let mut bytes = Vec::with_capacity(id.len().saturating_add(self.ciphertext.len()).saturating_add(14));
        bytes.push(FORM);
        bytes.push(u8::try_from(id.len()).unwrap_or(u8::MAX)); // KeyId holds at most 64.
        bytes.extend_from_slice(id);
        bytes.extend_from_slice(&self.nonce);
        bytes.extend_from_slice(&self.ciphertext);
        bytes
    }

    /// Reads the stored form back.
    pub fn parse(bytes: &[u8]) -> Result<Self, SealError> {
        let [FORM, id_length, rest @ ..] = bytes else { return Err(SealError::Malformed) };
        let (id, rest) = rest.split_at_checked(usize::from(*id_length)).ok_or(SealError::Malformed)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(SealError::Malformed)?;
        let id = str::from_utf8(id).map_err(|_| SealError::Malformed)?;
        let key_id = KeyId::parse(id).map_err(|_| SealError::Malformed)?;
        if ciphertext.len() < TAG_BYTES {
            return Err(SealError::Malformed);
        }
        Ok(Self { key_id, nonce: *nonce, ciphertext: ciphertext.to_vec() })
    }
}

/// Seals a secret to its place under the current key.
pub fn seal(keys: &EncryptionKeys, place: &Place, secret: &Secret) -> Result<Sealed, SealError> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).map_err(|source| SealError::Randomness { source })?;
    let text = secret.expose().as_bytes();
    // Room for the tag at once: growing would leave the open text behind in freed memory.
    let mut buffer = Zeroizing::new(Vec::with_capacity(text.len().saturating_add(TAG_BYTES)));
    buffer.extend_from_slice(text);
    let key_id = keys.current_id().clone();
    cipher(keys, &key_id)?
        .encrypt_in_place(&nonce.into(), &place.additional_data(&key_id), &mut *buffer)
        .map_err(|_| SealError::TooLong)?;
    Ok(Sealed { key_id, nonce, ciphertext: std::mem::take(&mut *buffer) })
}

/// Opens a sealed secret, if it was sealed for this very place.
pub fn open(keys: &EncryptionKeys, place: &Place, sealed: &Sealed) -> Result<Secret, SealError> {
    let mut buffer = Zeroizing::new(sealed.ciphertext.clone());
    cipher(keys, &sealed.key_id)?
        .decrypt_in_place(&sealed.nonce.into(), &place.additional_data(&sealed.key_id), &mut *buffer)
        .map_err(|_| SealError::NotForThisPlace { place: place.clone() })?;
    match String::from_utf8(std::mem::take(&mut *buffer)) {
        Ok(text) => Ok(Secret::new(text)),
        Err(error) => {
            error.into_bytes().zeroize();
            Err(SealError::Malformed)
        }
    }
}

/// Seals again under the current key; nothing when it already is, so that a rotation can stop and start again.
pub fn reseal(keys: &EncryptionKeys, place: &Place, sealed: &Sealed) -> Result<Option<Sealed>, SealError> {
    if sealed.key_id == *keys.current_id() {
        return Ok(None);
    }
    let secret = open(keys, place, sealed)?;
    seal(keys, place, &secret).map(Some)
}

fn cipher(keys: &EncryptionKeys, id: &KeyId) -> Result<Aes256Gcm, SealError> {
    let key = keys.expose(id).ok_or_else(|| SealError::UnknownKey { key_id: id.clone() })?;
    Ok(Aes256Gcm::new(key.into()))
}

/// Why a secret could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Its key is not in the ring.
    #[error(
        "sealed under the key {key_id}, which is not given: add it to ENCRYPTION_KEY after the current one"
    )]
    UnknownKey {
        /// The key that sealed it.
        key_id: KeyId,
    },
    /// Changed, moved from another place, or sealed under another key of the same id.
    #[error(
        "the sealed {place} does not open: it was changed, moved from elsewhere, or its key was replaced"
    )]
    NotForThisPlace {
        /// Where it was found.
        place: Place,
    },
    /// Not bytes that sealing ever gives.
    #[error("these bytes are not a sealed secret: restore them from a backup or enter the credential again")]
    Malformed,
    /// Past the cipher's limit of 64 GiB.
    #[error("the secret is too long to seal")]
    TooLong,
    /// The operating system gave no randomness.
    #[error("no randomness to seal with")]
    Randomness {
        /// What the system said.
        #[source]
        source: getrandom::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ONE: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const TWO: &str = "HxwdHh8AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRo=";
    const KINDS: [&str; 4] = ["source", "sourc", "login", ""];

    fn keys(text: &str) -> EncryptionKeys {
        EncryptionKeys::parse(&Secret::new(text.to_owned())).ok().unwrap()
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    fn places() -> impl Strategy<Value = Place> {
        // Few tenants and short records, so that different places are near each other.
        (0_u128..3, prop::sample::select(KINDS.to_vec()), "[ae]{0,3}")
            .prop_map(|(tenant, kind, record)| Place::new(Uuid::from_u128(tenant), kind, record))
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_in_its_place_and_in_no_other(text in ".{0,64}", here in places(), there in places()) {
            let ring = keys(ONE);
            let sealed = seal(&ring, &here, &secret(&text)).unwrap();
            let stored = Sealed::parse(&sealed.to_bytes()).unwrap();
            let opened = open(&ring, &here, &stored).ok().unwrap();
            prop_assert_eq!(opened.expose(), &text);
            prop_assert_eq!(open(&ring, &there, &stored).is_ok(), here == there);
        }

        #[test]
        fn one_flipped_bit_anywhere_is_refused(text in ".{0,32}", here in places(), at in any::<prop::sample::Index>()) {
            let ring = keys(ONE);
            let mut bytes = seal(&ring, &here, &secret(&text)).unwrap().to_bytes();
            let bit = at.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            let opened = Sealed::parse(&bytes).and_then(|stored| open(&ring, &here, &stored));
            prop_assert!(opened.is_err());
        }

        #[test]
        fn a_key_under_another_id_does_not_open(here in places()) {
            let sealed = seal(&keys(&format!("a:{ONE}")), &here, &secret("canary")).unwrap();
            let renamed = Sealed { key_id: KeyId::parse("b").unwrap(), ..sealed };
            let ring = keys(&format!("b:{ONE}"));
            prop_assert!(open(&ring, &here, &renamed).is_err());
        }

        #[test]
        fn opening_any_bytes_answers_and_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..128), here in places()) {
            let ring = keys(ONE);
            let opened = Sealed::parse(&bytes).and_then(|stored| open(&ring, &here, &stored));
            prop_assert!(opened.is_err());
        }

        #[test]
        fn opening_any_ciphertext_under_a_known_key_answers_and_never_panics(
            ciphertext in prop::collection::vec(any::<u8>(), 0..64), nonce in any::<[u8; 12]>(), here in places(),
        ) {
            let ring = keys(ONE);
            let forged = Sealed { key_id: ring.current_id().clone(), nonce, ciphertext };
            prop_assert!(open(&ring, &here, &forged).is_err());
        }

        #[test]
        fn additional_data_differs_wherever_the_places_do(here in places(), there in places()) {
            let id = KeyId::parse("k").unwrap();
            prop_assert_eq!(here.additional_data(&id) == there.additional_data(&id), here == there);
        }
    }

    #[test]
    fn the_same_secret_never_seals_to_the_same_bytes() {
        let (ring, place) = (keys(ONE), Place::new(Uuid::nil(), "source", "1"));
        let sealed = [1, 2].map(|_| seal(&ring, &place, &secret("canary")).unwrap());
        assert_ne!(sealed[0].nonce, sealed[1].nonce);
        assert_ne!(sealed[0].ciphertext, sealed[1].ciphertext);
    }

    #[test]
    fn after_resealing_the_old_key_is_needed_by_nothing() {
        let place = Place::new(Uuid::nil(), "source", "1");
        let old = seal(&keys(&format!("old:{ONE}")), &place, &secret("canary")).unwrap();
        let both = keys(&format!("new:{TWO},old:{ONE}"));
        let new = reseal(&both, &place, &old).unwrap().unwrap();
        assert!(reseal(&both, &place, &new).unwrap().is_none(), "a second pass has nothing to do");
        let only_new = keys(&format!("new:{TWO}"));
        assert_eq!(open(&only_new, &place, &new).ok().unwrap().expose(), "canary");
        assert!(matches!(open(&only_new, &place, &old), Err(SealError::UnknownKey { .. })));
    }

    #[test]
    fn resealing_does_not_carry_a_secret_to_another_place() {
        let (here, there) = (Place::new(Uuid::nil(), "source", "1"), Place::new(Uuid::nil(), "source", "2"));
        let old = seal(&keys(&format!("old:{ONE}")), &here, &secret("canary")).unwrap();
        let both = keys(&format!("new:{TWO},old:{ONE}"));
        assert!(matches!(reseal(&both, &there, &old), Err(SealError::NotForThisPlace { .. })));
    }

    #[test]
    fn a_refusal_never_repeats_the_secret() {
        let (here, there) = (Place::new(Uuid::nil(), "source", "1"), Place::new(Uuid::nil(), "source", "2"));
        let sealed = seal(&keys(ONE), &here, &secret("canary")).unwrap();
        let Err(error) = open(&keys(ONE), &there, &sealed) else { panic!("opened elsewhere") };
        assert!(!format!("{error} {error:?} {sealed:?}").contains("canary"));
    }
}
