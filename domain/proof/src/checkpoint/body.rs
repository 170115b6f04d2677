//! The text of a checkpoint: origin, size, root, and when it was sealed.

use std::fmt;

use super::{KeyRing, Note, NoteError, Origin, Signer, VerifierKey};
use crate::record::UtcMicros;
use crate::tree::{Hash, MAX_SIZE, empty_root};

const SEALED_AT: &str = "sealed-at ";

/// The head of a stream's tree at a size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: Origin,
    size: u64,
    root: Hash,
    sealed_at: Option<UtcMicros>,
    other_lines: Vec<String>,
}

/// A checkpoint whose signature by a trusted key was verified, with those keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedCheckpoint {
    checkpoint: Checkpoint,
    signed_by: Vec<VerifierKey>,
}

/// A note that is no checkpoint, or not one to trust.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note itself.
    #[error("the checkpoint's note is refused")]
    Note(#[source] NoteError),
    /// The text has not at least three lines of the right form.
    #[error("the note is not a checkpoint: it needs an origin, a size and a root, a line each")]
    Form,
    /// The first line is no origin of this product.
    #[error("the checkpoint's first line is not the origin of a stream")]
    Origin(#[source] super::NameError),
    /// Witnesses vouch for a checkpoint, but only the log's own key makes one.
    #[error("the checkpoint of {origin} is not signed by a key of that log")]
    NotTheLog {
        /// The log.
        origin: Box<Origin>,
    },
}

impl Checkpoint {
    /// The head of the origin's tree, sealed at an instant.
    pub const fn new(origin: Origin, size: u64, root: Hash, sealed_at: UtcMicros) -> Self {
        Self { origin, size, root, sealed_at: Some(sealed_at), other_lines: Vec::new() }
    }

    /// Reads the text of a note (C2SP tlog-checkpoint, "Note text"); only the one canonical spelling.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError::Form)?.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(CheckpointError::Form);
        };
        let mut other_lines: Vec<String> = lines.map(str::to_owned).collect();
        let sealed_at = other_lines.first().and_then(|line| line.strip_prefix(SEALED_AT));
        let sealed_at =
            sealed_at.map(UtcMicros::parse).transpose().map_err(|_not_a_time| CheckpointError::Form)?;
        if sealed_at.is_some() {
            other_lines.remove(0);
        }
        let checkpoint = Self {
            origin: Origin::parse(origin).map_err(CheckpointError::Origin)?,
            size: size.parse().map_err(|_not_a_number| CheckpointError::Form)?,
            root: Hash::parse(root).map_err(|_not_a_hash| CheckpointError::Form)?,
            sealed_at,
            other_lines,
        };
        if checkpoint.is_sound() && checkpoint.to_string() == text {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::Form)
        }
    }

    /// Seals it: the note to store and to publish. Sign with the old and the new key while keys rotate.
    pub fn seal(&self, signers: &[&Signer]) -> Result<Note, CheckpointError> {
        let log = |signer: &&&Signer| signs_for(signer.verifier_key(), &self.origin);
        if !signers.is_empty() && signers.iter().find(log).is_none() {
            return Err(CheckpointError::NotTheLog { origin: Box::new(self.origin.clone()) });
        }
        Note::sign(self.to_string(), signers).map_err(CheckpointError::Note)
    }

    /// Verifies a note and reads it. A trusted key must have signed under the log's own name; witnesses alone are not
    /// enough.
    pub fn open(note: &[u8], ring: &KeyRing) -> Result<SealedCheckpoint, CheckpointError> {
        let note = Note::parse(note).map_err(CheckpointError::Note)?;
        let keys = note.verify(ring).map_err(CheckpointError::Note)?;
        let checkpoint = Self::parse(note.text())?;
        if !keys.iter().any(|key| signs_for(key, &checkpoint.origin)) {
            return Err(CheckpointError::NotTheLog { origin: Box::new(checkpoint.origin) });
        }
        Ok(SealedCheckpoint { checkpoint, signed_by: keys.into_iter().cloned().collect() })
    }

    /// Which stream.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// How many records the tree has: the position of its last.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The tree's root.
    pub const fn root(&self) -> Hash {
        self.root
    }

    /// When it was sealed, if it says so.
    pub const fn sealed_at(&self) -> Option<UtcMicros> {
        self.sealed_at
    }

    fn is_sound(&self) -> bool {
        let root_fits = self.size != 0 || self.root == empty_root();
        self.size <= MAX_SIZE && root_fits && self.other_lines.iter().all(|line| !line.is_empty())
    }
}

impl SealedCheckpoint {
    /// What was signed.
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The trusted keys that signed it.
    pub fn signed_by(&self) -> &[VerifierKey] {
        &self.signed_by
    }
}

/// A log's key bears the log's name, or the whole origin when a stream has a key of its own.
pub(crate) fn signs_for(key: &VerifierKey, origin: &Origin) -> bool {
    key.name() == origin.log() || key.name().as_str() == origin.to_string()
}

impl fmt::Display for Checkpoint {
    /// The text that is signed, with its final newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)?;
        if let Some(instant) = self.sealed_at {
            writeln!(f, "{SEALED_AT}{instant}")?;
        }
        self.other_lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::KeyName;
    use crate::tree::leaf_hash;

    const ORIGIN: &str = "draxis/01ARZ3NDEKTSV4RRFFQ69G5FAV";

    fn signer(name: &str, seed: u8) -> Signer {
        Signer::new(KeyName::parse(name).unwrap(), &[seed; 32])
    }

    fn sample() -> Checkpoint {
        let at = UtcMicros::parse("2026-11-21T22:00:00.123456Z").unwrap();
        Checkpoint::new(Origin::parse(ORIGIN).unwrap(), 1, leaf_hash(b""), at)
    }

    fn ring(signers: &[&Signer]) -> KeyRing {
        KeyRing::new(signers.iter().map(|signer| signer.verifier_key().clone()).collect())
    }

    #[test]
    fn a_checkpoint_is_these_lines() {
        let expected = format!(
            "{ORIGIN}\n1\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\nsealed-at 2026-11-21T22:00:00.123456Z\n"
        );
        assert_eq!(sample().to_string(), expected);
        assert_eq!(Checkpoint::parse(&expected), Ok(sample()));
    }

    #[test]
    fn a_sealed_checkpoint_opens_with_the_logs_key_or_the_streams_own() {
        for name in ["draxis", ORIGIN] {
            let log = signer(name, 1);
            let note = sample().seal(&[&log]).unwrap().to_string();
            let sealed = Checkpoint::open(note.as_bytes(), &ring(&[&log])).unwrap();
            assert_eq!(sealed.checkpoint(), &sample());
            assert_eq!(sealed.signed_by(), [log.verifier_key().clone()]);
        }
    }

    #[test]
    fn while_keys_rotate_either_key_opens_it() {
        let (old, new) = (signer("draxis", 1), signer("draxis", 2));
        let note = sample().seal(&[&old, &new]).unwrap().to_string();
        for known in [&old, &new] {
            assert!(Checkpoint::open(note.as_bytes(), &ring(&[known])).is_ok());
        }
    }

    #[test]
    fn a_witness_alone_makes_no_checkpoint() {
        let (log, witness) = (signer("draxis", 1), signer("witness.example", 2));
        let mut note = sample().seal(&[&log]).unwrap();
        note.cosign(&witness);
        let refused = Checkpoint::open(note.to_string().as_bytes(), &ring(&[&witness]));
        assert!(matches!(refused, Err(CheckpointError::NotTheLog { .. })));
        assert!(matches!(sample().seal(&[&witness]), Err(CheckpointError::NotTheLog { .. })));
        let both = Checkpoint::open(note.to_string().as_bytes(), &ring(&[&log, &witness])).unwrap();
        assert_eq!(both.signed_by().len(), 2);
    }

    #[test]
    fn other_spellings_are_refused_and_unknown_lines_kept() {
        let good = sample().to_string();
        for (from, to) in [
            ("\n1\n", "\n01\n"),
            ("\n1\n", "\n+1\n"),
            ("\n1\n", "\n0\n"),
            ("\n1\n", "\n9223372036854775808\n"),
            ("\n1\n", "\n\n"),
            ("bjQ", "bj"),
            ("123456Z", "123Z"),
            ("123456Z\n", "123456Z\n\n"),
            ("123456Z\n", "123456Z"),
            ("draxis/", ""),
        ] {
            assert!(Checkpoint::parse(&good.replacen(from, to, 1)).is_err(), "{from:?} to {to:?}");
        }
        assert!(Checkpoint::parse(&format!("{ORIGIN}\n1\n")).is_err());
        let extended = format!("{good}something else\n");
        assert_eq!(Checkpoint::parse(&extended).unwrap().to_string(), extended);
        assert_eq!(Checkpoint::parse(&extended).unwrap().sealed_at(), sample().sealed_at());
    }
}
