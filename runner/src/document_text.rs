//! Documents that people hand in: their text, found off the async threads and within bounds, whatever they are made of.

mod pdf;

use std::sync::LazyLock;
use std::time::Duration;

use draxis_domain::memory::MediaType;
use tokio::sync::Semaphore;

pub use pdf::PdfError;

/// How much text is read out of a document; as much as is kept.
const LONGEST_TEXT: usize = draxis_commands::memory::LONGEST_TEXT;
/// How many PDFs are read at once, so that a pile of them does not take every thread there is.
static AT_ONCE: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(2));
/// How long somebody waits for a PDF. Reading one ends by itself soon after: what it may do is counted.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why a document's text was not found.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Not the text that it says it is.
    #[error("must be UTF-8 text: save it as UTF-8 and send it again")]
    NotUtf8,
    /// Nothing is in it.
    #[error("there is no text in it; a scanned document must be read by a machine (OCR) first")]
    Empty,
    /// More than is kept.
    #[error("must have at most 200000 characters: split it")]
    TooLong,
    /// A PDF that cannot be read.
    #[error(transparent)]
    Pdf(#[from] PdfError),
    /// Others came first, or it takes too long.
    #[error("reading it takes too long: send it as text or Markdown")]
    TooSlow,
}

/// The text of a document.
pub async fn text_of(media_type: MediaType, bytes: Vec<u8>) -> Result<String, DocumentError> {
    let text = match media_type {
        MediaType::Text | MediaType::Markdown => {
            String::from_utf8(bytes).map_err(|_| DocumentError::NotUtf8)?
        }
        MediaType::Pdf => {
            tokio::time::timeout(PATIENCE, text_of_pdf(bytes)).await.map_err(|_| DocumentError::TooSlow)??
        }
    };
    let text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    if text.trim().is_empty() {
        return Err(DocumentError::Empty);
    }
    if text.chars().count() > LONGEST_TEXT {
        return Err(DocumentError::TooLong);
    }
    Ok(text)
}

async fn text_of_pdf(bytes: Vec<u8>) -> Result<String, DocumentError> {
    let permit = AT_ONCE.acquire().await.map_err(|_| DocumentError::TooSlow)?;
    let reading = tokio::task::spawn_blocking(move || {
        let text = pdf::text_of(&bytes, LONGEST_TEXT);
        // Given back by the thread: whoever stops waiting does not make room for another one.
        drop(permit);
        text
    });
    Ok(reading.await.map_err(|_| PdfError::Broken)??)
}
