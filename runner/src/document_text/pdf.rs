//! The text of a PDF (ISO 32000-1), read by a reader that cannot be made to run away: no recursion beyond a few levels, every byte
//! that is looked at and every byte that is unpacked counted against a budget, no unsafe code, nothing but text.
//!
//! It understands what nearly every program writes: objects and object streams, Flate, simple fonts, composite fonts that say what
//! their codes mean (`ToUnicode`). Encrypted files, scans and exotic encodings have no text for it, and whoever handed one in is told.

mod content;
mod file;
mod font;
#[cfg(test)]
mod tests;
mod value;

use file::File;

/// Why a PDF was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PdfError {
    /// Not a PDF, or one whose pages cannot be found.
    #[error("this PDF cannot be read: print it to PDF anew, or send it as text")]
    Broken,
    /// Only who has the password reads it.
    #[error("this PDF is encrypted: send one without a password")]
    Encrypted,
    /// More work than any document is worth.
    #[error("this PDF is too large or too intricate: send it as text, or in parts")]
    TooMuch,
}

/// How much may be done for one PDF: bytes looked at or unpacked.
#[derive(Debug)]
pub(crate) struct Budget {
    left: usize,
}

impl Budget {
    const fn new(left: usize) -> Self {
        Self { left }
    }

    fn spend(&mut self, steps: usize) -> Result<(), PdfError> {
        self.left = self.left.checked_sub(steps).ok_or(PdfError::TooMuch)?;
        Ok(())
    }
}

/// Each byte of the file may be looked at a few times, and what is unpacked from it too.
const WORK: usize = 96 << 20;

/// The text of a PDF, as much of it as is asked for.
pub(super) fn text_of(bytes: &[u8], most: usize) -> Result<String, PdfError> {
    let head = bytes.get(..bytes.len().min(1024)).unwrap_or_default();
    if !head.windows(5).any(|part| part == b"%PDF-") {
        return Err(PdfError::Broken);
    }
    let mut budget = Budget::new(WORK);
    let file = File::read(bytes, &mut budget)?;
    let mut text = String::new();
    for page in file.pages(&mut budget)? {
        content::append(&file, &page, &mut text, &mut budget)?;
        text.push('\n');
        if text.len() > most.saturating_mul(4) {
            break;
        }
    }
    Ok(text)
}
