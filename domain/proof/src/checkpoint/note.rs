//! A C2SP signed note: text, a blank line, and one line a signature.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{KeyId, KeyName, KeyRing, Signer, VerifierKey};

/// Verifiers must accept 16 and should have a limit.
const MOST_SIGNATURES: usize = 64;
const DASH: &str = "\u{2014} ";

/// A text with signatures, none of them verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    name: KeyName,
    id: KeyId,
    signature: Vec<u8>,
}

/// A note that cannot be made, read or trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not UTF-8, or a control character besides newline.
    #[error("the note is not plain text: it must be UTF-8 without control characters")]
    NotText,
    /// Not text, a blank line and signature lines.
    #[error("the note has not the form of a text, a blank line and signature lines")]
    Form,
    /// A signature line is not a dash, a key name and base64.
    #[error("signature line {line} of the note cannot be read")]
    SignatureLine {
        /// Counted from 1.
        line: usize,
    },
    /// More than any note needs.
    #[error("the note has more than 64 signatures")]
    TooManySignatures,
    /// Nobody signs.
    #[error("a note needs at least one signer")]
    Unsigned,
    /// A trusted key's name and id stand over a signature that is not that key's.
    #[error("the signature of {name} is not valid for this text")]
    Forged {
        /// The trusted key's name.
        name: KeyName,
    },
    /// None of the signatures is from a trusted key.
    #[error("no signature is from a key you trust: get the signer's key from somewhere else than this file")]
    NoKnownKey,
}

impl NoteSignature {
    pub(super) const fn new(name: KeyName, id: KeyId, signature: Vec<u8>) -> Self {
        Self { name, id, signature }
    }

    /// Who says to have signed.
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// With which key.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix(DASH)?.split_once(' ')?;
        let bytes = STANDARD.decode(encoded).ok()?;
        let (id, signature) = bytes.split_first_chunk::<4>()?;
        if signature.is_empty() {
            return None;
        }
        Some(Self::new(KeyName::parse(name).ok()?, KeyId::new(*id), signature.to_vec()))
    }
}

impl Note {
    /// Signs a text, which must end in a newline, with each of the keys.
    pub fn sign(text: String, signers: &[&Signer]) -> Result<Self, NoteError> {
        check_text(&text)?;
        if signers.is_empty() {
            return Err(NoteError::Unsigned);
        }
        let signatures = signers.iter().map(|signer| signer.sign(&text)).collect();
        Ok(Self { text, signatures })
    }

    /// Adds one more signature, as a witness or a successor key does.
    pub fn cosign(&mut self, signer: &Signer) {
        self.signatures.push(signer.sign(&self.text));
    }

    /// Reads a note. Each note has one spelling: what is read writes itself as the same bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        let whole = std::str::from_utf8(bytes).map_err(|_not_utf_8| NoteError::NotText)?;
        check_characters(whole)?;
        // The text runs to the last blank line, of which the first newline is still its own.
        let blank = whole.rfind("\n\n").ok_or(NoteError::Form)?;
        let (text, lines) = whole.split_at_checked(blank + 1).ok_or(NoteError::Form)?;
        let lines = lines.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n'));
        check_text(text)?;
        Ok(Self { text: text.to_owned(), signatures: parse_signatures(lines.ok_or(NoteError::Form)?)? })
    }

    /// The text, which means nothing before [`Self::verify`].
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// The trusted keys that signed. Unknown signatures are passed over; a forged one of a trusted key, or none of a
    /// trusted key at all, refuses the note.
    pub fn verify<'k>(&self, ring: &'k KeyRing) -> Result<Vec<&'k VerifierKey>, NoteError> {
        let mut known: Vec<&VerifierKey> = Vec::new();
        for signature in &self.signatures {
            let Some(key) = ring.find(&signature.name, signature.id) else { continue };
            if !key.accepts(&self.text, &signature.signature) {
                return Err(NoteError::Forged { name: signature.name.clone() });
            }
            if !known.contains(&key) {
                known.push(key);
            }
        }
        if known.is_empty() { Err(NoteError::NoKnownKey) } else { Ok(known) }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for line in &self.signatures {
            let bytes = [line.id.as_bytes(), line.signature.as_slice()].concat();
            writeln!(f, "{DASH}{} {}", line.name, STANDARD.encode(bytes))?;
        }
        Ok(())
    }
}

fn parse_signatures(lines: &str) -> Result<Vec<NoteSignature>, NoteError> {
    let mut signatures = Vec::new();
    for (index, line) in lines.split('\n').enumerate() {
        if index == MOST_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        let unreadable = NoteError::SignatureLine { line: index + 1 };
        signatures.push(NoteSignature::parse(line).ok_or(unreadable)?);
    }
    Ok(signatures)
}

fn check_text(text: &str) -> Result<(), NoteError> {
    check_characters(text)?;
    if text.ends_with('\n') { Ok(()) } else { Err(NoteError::Form) }
}

fn check_characters(text: &str) -> Result<(), NoteError> {
    if text.bytes().any(|byte| byte < 0x20 && byte != b'\n') { Err(NoteError::NotText) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(name: &str, seed: u8) -> Signer {
        Signer::new(KeyName::parse(name).unwrap(), &[seed; 32])
    }

    fn trusting(signers: &[&Signer]) -> KeyRing {
        KeyRing::new(signers.iter().map(|signer| signer.verifier_key().clone()).collect())
    }

    #[test]
    fn a_signed_note_reads_back_as_the_same_bytes_and_verifies() {
        let alice = signer("alice", 1);
        let note = Note::sign("two\n\nparagraphs\n".to_owned(), &[&alice]).unwrap();
        let again = Note::parse(note.to_string().as_bytes()).unwrap();
        assert_eq!(again, note);
        assert_eq!(again.verify(&trusting(&[&alice])).unwrap(), [alice.verifier_key()]);
    }

    #[test]
    fn unknown_signatures_are_passed_over_but_never_enough() {
        let (old, new, stranger) = (signer("log", 1), signer("log", 2), signer("log", 3));
        let note = Note::sign("rotation\n".to_owned(), &[&old, &new]).unwrap();
        assert_eq!(note.verify(&trusting(&[&old])).unwrap(), [old.verifier_key()]);
        assert_eq!(note.verify(&trusting(&[&new])).unwrap(), [new.verifier_key()]);
        assert_eq!(note.verify(&trusting(&[&old, &new])).unwrap().len(), 2);
        assert_eq!(note.verify(&trusting(&[&stranger])), Err(NoteError::NoKnownKey));
    }

    #[test]
    fn one_forged_signature_of_a_trusted_key_refuses_the_note() {
        let (alice, bob) = (signer("alice", 1), signer("bob", 2));
        let mut note = Note::sign("ours\n".to_owned(), &[&alice]).unwrap();
        let elsewhere = Note::sign("theirs\n".to_owned(), &[&bob]).unwrap();
        note.signatures.extend(elsewhere.signatures);
        let forged = NoteError::Forged { name: KeyName::parse("bob").unwrap() };
        assert_eq!(note.verify(&trusting(&[&alice, &bob])), Err(forged));
        assert!(note.verify(&trusting(&[&alice])).is_ok());
    }

    #[test]
    fn every_turned_bit_of_a_note_is_refused() {
        let alice = signer("alice", 1);
        let ring = trusting(&[&alice]);
        let bytes = Note::sign("text\n".to_owned(), &[&alice]).unwrap().to_string().into_bytes();
        for bit in 0..bytes.len() * 8 {
            let mut turned = bytes.clone();
            turned[bit / 8] ^= 1 << (bit % 8);
            assert!(!Note::parse(&turned).is_ok_and(|note| note.verify(&ring).is_ok()), "bit {bit}");
        }
    }

    #[test]
    fn notes_of_another_form_are_refused() {
        let alice = signer("alice", 1);
        let good = Note::sign("text\n".to_owned(), &[&alice]).unwrap().to_string();
        let line = good.lines().last().unwrap().to_owned();
        for bad in [
            String::new(),
            "\n".to_owned(),
            "text\n".to_owned(),
            "text\n\n".to_owned(),
            format!("text\n{line}\n"),
            format!("\n{line}\n"),
            format!("text\n\n{line}"),
            format!("text\n\n{line}\n\n"),
            format!("text\n\n{line} \n"),
            format!("text\n\n {line}\n"),
            format!("text\n\n{}\n", line.replace('\u{2014}', "-")),
            format!("text\n\n{}\n", line.trim_end_matches('=')),
            format!("text\n\n{}\n", line.replace("alice", "al+ice")),
            format!("text\n\n{}\n", line.replace("alice ", "alice  ")),
            format!("text\r\n\n{line}\n"),
            format!("text\n\n{}", format!("{line}\n").repeat(65)),
        ] {
            assert!(Note::parse(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(Note::parse(format!("text\n\n{}", format!("{line}\n").repeat(64)).as_bytes()).is_ok());
    }

    #[test]
    fn what_cannot_be_signed_is_refused() {
        let alice = signer("alice", 1);
        assert_eq!(Note::sign("no newline".to_owned(), &[&alice]), Err(NoteError::Form));
        assert_eq!(Note::sign("tab\t\n".to_owned(), &[&alice]), Err(NoteError::NotText));
        assert_eq!(Note::sign("text\n".to_owned(), &[]), Err(NoteError::Unsigned));
    }
}
