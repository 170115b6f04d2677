//! What happened to the memory.

use serde::{Deserialize, Serialize};

use crate::{DocumentId, FactKey, FactValue, Name};

events! {
    /// What happened to the memory.
    pub enum MemoryEvent {
        /// A fact was set, or set anew.
        FactSet(FactSet) = "institutional_memory.fact_set" v 1,
        /// A fact was removed.
        FactRemoved(FactRemoved) = "institutional_memory.fact_removed" v 1,
        /// A document was added.
        DocumentAdded(DocumentAdded) = "institutional_memory.document_added" v 1,
        /// A document was removed, with its text.
        DocumentRemoved(DocumentRemoved) = "institutional_memory.document_removed" v 1,
    }
}

/// A fact was set, or set anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactSet {
    /// What it is filed under.
    pub key: FactKey,
    /// What it says.
    pub value: FactValue,
    /// Where it comes from.
    pub source: Name,
}

/// A fact was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactRemoved {
    /// What it was filed under.
    pub key: FactKey,
}

/// A document was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentAdded {
    /// Its id.
    pub id: DocumentId,
    /// What people call it.
    pub title: Name,
    /// What it came as.
    pub media_type: MediaType,
    /// The SHA-256 of the bytes that came, in hex.
    pub sha256: String,
    /// How many characters of text were found in it.
    pub characters: u64,
}

/// A document was removed, with its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentRemoved {
    /// Which.
    pub id: DocumentId,
}

/// What a document comes as.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub enum MediaType {
    /// Plain text.
    #[serde(rename = "text/plain")]
    Text,
    /// Markdown.
    #[serde(rename = "text/markdown")]
    Markdown,
    /// PDF; only what text it holds is kept.
    #[serde(rename = "application/pdf")]
    Pdf,
}

/// A document that comes as something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be text/plain, text/markdown or application/pdf")]
pub struct NotTaken;

impl MediaType {
    /// The type of this name.
    pub fn parse(name: &str) -> Result<Self, NotTaken> {
        match name.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "text/plain" => Ok(Self::Text),
            "text/markdown" => Ok(Self::Markdown),
            "application/pdf" => Ok(Self::Pdf),
            _ => Err(NotTaken),
        }
    }
}
