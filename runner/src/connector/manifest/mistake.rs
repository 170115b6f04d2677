//! A mistake in a manifest, placed so that an editor can jump to it.

use std::ops::Range;

use toml::Spanned;

/// Why a manifest is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct Mistake {
    /// The file, as it was named when read.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and what to write instead.
    pub reason: String,
}

/// The text a manifest is read from.
pub(super) struct Source<'a> {
    /// Its name.
    pub(super) file: &'a str,
    /// All of it.
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// A mistake at a byte of the text.
    pub(super) fn at_byte(&self, byte: usize, reason: impl std::fmt::Display) -> Mistake {
        let before = self.text.get(..byte.min(self.text.len())).unwrap_or_default();
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        Mistake { file: self.file.to_owned(), line, reason: reason.to_string() }
    }

    /// A mistake where a value stands.
    pub(super) fn at<T>(&self, value: &Spanned<T>, reason: impl std::fmt::Display) -> Mistake {
        self.at_byte(value.span().start, reason)
    }

    /// A mistake at a byte within a text value that may run over several lines.
    pub(super) fn within(
        &self,
        value: &Spanned<String>,
        offset: usize,
        reason: impl std::fmt::Display,
    ) -> Mistake {
        let Range { start, .. } = value.span();
        let raw = self.text.get(start..).unwrap_or_default();
        // TOML drops a line break right after the opening quotes of a multi-line text.
        let opening = if raw.starts_with("'''\n") || raw.starts_with("\"\"\"\n") { 4 } else { 1 };
        let lines = value.get_ref().get(..offset).unwrap_or_default().bytes().filter(|b| *b == b'\n').count();
        let mut mistake = self.at_byte(start + opening, reason);
        mistake.line += lines;
        mistake
    }
}
