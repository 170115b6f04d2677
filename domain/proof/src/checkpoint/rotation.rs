//! Rotation: the old key of a log vouches for its new one, so that whoever trusts the old one need not be told of the new.

use super::{KeyRing, Note, NoteError, Signer, VerifierKey};
use crate::record::UtcMicros;

const HEADING: &str = "draxis-key-rotation/1";

/// The word of a log's old key that another one signs for it from now on, signed by both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The key that vouches.
    pub from: VerifierKey,
    /// The key that it vouches for.
    pub to: VerifierKey,
    /// When.
    pub at: UtcMicros,
}

/// A note that is no rotation, or not one to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RotationError {
    /// Not a signed note, or not signed by both keys.
    #[error("the note is not signed by the old and by the new key")]
    Note(#[from] NoteError),
    /// Not the four lines of a rotation.
    #[error("the note does not say which key follows which of the same log")]
    Form,
    /// Signed by others than the two keys, or by one of them alone.
    #[error("the old and the new key must both have signed, and nobody else")]
    Signatures,
}

impl Rotation {
    /// The note with which `old` vouches for `new`.
    pub fn sign(old: &Signer, new: &Signer, at: UtcMicros) -> Result<Note, NoteError> {
        let (from, to) = (old.verifier_key(), new.verifier_key());
        Note::sign(format!("{HEADING}\n{from}\n{to}\nat {at}\n"), &[old, new])
    }

    /// Reads what a rotation says, which means nothing before [`Self::open`].
    pub fn parse(text: &str) -> Result<Self, RotationError> {
        let mut lines = text.strip_suffix('\n').ok_or(RotationError::Form)?.split('\n');
        let (heading, from, to, at) = (lines.next(), lines.next(), lines.next(), lines.next());
        if heading != Some(HEADING) || lines.next().is_some() {
            return Err(RotationError::Form);
        }
        let key = |line: Option<&str>| line.and_then(|line| VerifierKey::parse(line).ok());
        let at = at.and_then(|line| line.strip_prefix("at ")).and_then(|at| UtcMicros::parse(at).ok());
        let (Some(from), Some(to), Some(at)) = (key(from), key(to), at) else {
            return Err(RotationError::Form);
        };
        if from.name() != to.name() || from == to {
            Err(RotationError::Form)
        } else {
            Ok(Self { from, to, at })
        }
    }

    /// Reads a rotation and checks that both of its keys signed it. Whether to believe it is whether the old key is trusted.
    pub fn open(note: &[u8]) -> Result<Self, RotationError> {
        let note = Note::parse(note)?;
        let rotation = Self::parse(note.text())?;
        let both = KeyRing::new(vec![rotation.from.clone(), rotation.to.clone()]);
        let signed = note.verify(&both)?;
        if signed.len() == 2 && note.signatures().len() == 2 {
            Ok(rotation)
        } else {
            Err(RotationError::Signatures)
        }
    }
}

impl KeyRing {
    /// Trusts the key that a trusted one vouches for. A rotation between keys of which the old one is not trusted changes nothing,
    /// whatever it says; one that speaks for a trusted key and is not signed by it, and by the new one, is refused.
    pub fn follow(&mut self, rotation: &[u8]) -> Result<(), RotationError> {
        let said = Note::parse(rotation)?;
        let said = Rotation::parse(said.text())?;
        let knows = |key: &VerifierKey| self.keys().contains(key);
        if !knows(&said.from) || knows(&said.to) {
            return Ok(());
        }
        let rotation = Rotation::open(rotation)?;
        self.trust(rotation.to);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Rotation, RotationError};
    use crate::checkpoint::{KeyName, KeyRing, Note, Signer};
    use crate::record::UtcMicros;

    fn signer(name: &str, seed: u8) -> Signer {
        Signer::new(KeyName::parse(name).unwrap(), &[seed; 32])
    }

    fn at() -> UtcMicros {
        UtcMicros::try_new(1_795_298_400_000_000).unwrap()
    }

    fn ring(signers: &[&Signer]) -> KeyRing {
        KeyRing::new(signers.iter().map(|signer| signer.verifier_key().clone()).collect())
    }

    #[test]
    fn whoever_trusts_the_first_key_comes_to_trust_each_that_follows() {
        let keys = [signer("log", 1), signer("log", 2), signer("log", 3)];
        let mut trusted = ring(&[&keys[0]]);
        for pair in keys.windows(2) {
            let note = Rotation::sign(&pair[0], &pair[1], at()).unwrap().to_string();
            assert_eq!(Rotation::open(note.as_bytes()).unwrap().to, *pair[1].verifier_key());
            trusted.follow(note.as_bytes()).unwrap();
        }
        assert_eq!(trusted.keys().len(), 3);
    }

    #[test]
    fn a_rotation_between_strangers_changes_nothing_and_one_back_teaches_nothing_new() {
        let (old, new, stranger) = (signer("log", 1), signer("log", 2), signer("log", 3));
        let note = Rotation::sign(&stranger, &new, at()).unwrap().to_string();
        let mut trusted = ring(&[&old]);
        trusted.follow(note.as_bytes()).unwrap();
        assert_eq!(trusted, ring(&[&old]));
        let note = Rotation::sign(&stranger, &old, at()).unwrap().to_string();
        trusted.follow(note.as_bytes()).unwrap();
        assert_eq!(trusted, ring(&[&old]), "a new key does not vouch for the one before it");
    }

    #[test]
    fn what_a_trusted_key_did_not_sign_together_with_the_new_one_is_refused() {
        let (old, new, thief) = (signer("log", 1), signer("log", 2), signer("log", 9));
        let text = Rotation::sign(&old, &thief, at()).unwrap().text().to_owned();
        let by = |signers: &[&Signer]| Note::sign(text.clone(), signers).unwrap().to_string();
        for forged in [by(&[&thief]), by(&[&old]), by(&[&thief, &new]), by(&[&old, &thief, &new])] {
            let mut trusted = ring(&[&old]);
            assert!(trusted.follow(forged.as_bytes()).is_err(), "{forged}");
            assert_eq!(trusted, ring(&[&old]));
        }
        let genuine = by(&[&old, &thief]);
        for bit in 0..genuine.len() * 8 {
            let mut turned = genuine.clone().into_bytes();
            turned[bit / 8] ^= 1 << (bit % 8);
            let mut trusted = ring(&[&old]);
            drop(trusted.follow(&turned));
            assert_eq!(trusted, ring(&[&old]), "bit {bit}");
        }
    }

    #[test]
    fn a_rotation_stays_within_its_log() {
        let (old, other) = (signer("log", 1), signer("other", 2));
        let note = Rotation::sign(&old, &other, at()).unwrap().to_string();
        assert_eq!(Rotation::open(note.as_bytes()), Err(RotationError::Form));
        let same = Rotation::sign(&old, &old, at()).unwrap().to_string();
        assert_eq!(Rotation::open(same.as_bytes()), Err(RotationError::Form));
        let note = Note::sign("draxis-key-rotation/1\n".to_owned(), &[&old]).unwrap().to_string();
        assert_eq!(Rotation::open(note.as_bytes()), Err(RotationError::Form));
    }
}
