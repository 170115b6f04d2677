//! A private key that signs notes; it can be used, but never shown.

use ed25519_dalek::{Signer as _, SigningKey};

use super::{KeyName, NoteSignature, VerifierKey};

/// An Ed25519 key with its name. It has no Debug, Display, Serialize or Clone, and is wiped when dropped (hazard H8).
pub struct Signer {
    key: SigningKey,
    verifier: VerifierKey,
}

impl Signer {
    /// The key of a 32-byte seed (the private key of RFC 8032), signing under a name.
    pub fn new(name: KeyName, seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let verifier = VerifierKey::new(name, key.verifying_key());
        Self { key, verifier }
    }

    /// What others need to verify its signatures.
    pub const fn verifier_key(&self) -> &VerifierKey {
        &self.verifier
    }

    pub(super) fn sign(&self, text: &str) -> NoteSignature {
        let signature = self.key.sign(text.as_bytes()).to_bytes().to_vec();
        NoteSignature::new(self.verifier.name().clone(), self.verifier.id(), signature)
    }
}
