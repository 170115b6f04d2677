//! Documents: Markdown as it was written, as a page that stands alone, and as PDF; the same bytes for the same text, always.
//!
//! What a document is made of comes from tenants and vendors: HTML in it is text, addresses lead to the web or to a mailbox
//! or nowhere, pictures are their captions, and size, depth and pages are bounded (hazards H7, H9, H10).
//!
//! The PDF uses the fonts that every reader has, so nothing is embedded; they know the letters of western Europe
//! (`WinAnsiEncoding`), and every other one is printed as a question mark.

mod html;
mod markdown;
mod pdf;
#[cfg(test)]
mod tests;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

pub use draxis_domain::workflow::DocumentFormat;

/// What a paragraph says that begins a new page: nothing to whoever reads the Markdown.
pub const PAGE_BREAK: &str = "<!-- pagebreak -->";

/// Why a document cannot be made. Each is about the text, so trying again is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Too much text.
    #[error("the document's text is longer than {limit} bytes: shorten it")]
    TooLong {
        /// How much it may be.
        limit: usize,
    },
    /// Lists in lists in lists.
    #[error("the document nests deeper than {limit} levels: flatten its lists and quotes")]
    TooDeep {
        /// How many it may be.
        limit: usize,
    },
    /// Too many pieces.
    #[error("the document has more than {limit} pieces: leave out rows or marks")]
    TooMuch {
        /// How many it may be.
        limit: usize,
    },
    /// Too many pages.
    #[error("the document has more than {limit} pages: shorten it")]
    TooManyPages {
        /// How many it may be.
        limit: usize,
    },
}

impl DocumentError {
    /// A stable code for events and answers.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong { .. } => "document.too_long",
            Self::TooDeep { .. } => "document.too_deep",
            Self::TooMuch { .. } => "document.too_much",
            Self::TooManyPages { .. } => "document.too_many_pages",
        }
    }
}

/// Makes a document. The title stands above a text that does not begin with one itself.
pub fn render(title: &str, markdown: &str, format: DocumentFormat) -> Result<Vec<u8>, DocumentError> {
    let title = markdown::title(title);
    let pieces = markdown::read(&title, markdown)?;
    match format {
        DocumentFormat::Markdown => Ok(markdown.as_bytes().to_vec()),
        DocumentFormat::Html => Ok(html::page(&title, pieces).into_bytes()),
        DocumentFormat::Pdf => pdf::file(&title, pieces),
    }
}

/// What a document is kept under: the SHA-256 of its bytes, in hexadecimal.
pub fn content_id(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// What a document is, as `Content-Type`.
pub const fn media_type(format: DocumentFormat) -> &'static str {
    match format {
        DocumentFormat::Markdown => "text/markdown; charset=utf-8",
        DocumentFormat::Html => "text/html; charset=utf-8",
        DocumentFormat::Pdf => "application/pdf",
    }
}

/// What its file is called after the dot.
pub const fn extension(format: DocumentFormat) -> &'static str {
    match format {
        DocumentFormat::Markdown => "md",
        DocumentFormat::Html => "html",
        DocumentFormat::Pdf => "pdf",
    }
}
