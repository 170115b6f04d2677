//! The answer of a verification, for people and for programs.

use serde::{Serialize, Serializer};

use super::{Manifest, Scope, Verdict};
use crate::checkpoint::SealedCheckpoint;
use crate::tree::Hash;

/// What a bundle is and whether it may be believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Every byte shown is what was sealed.
    pub integrity: Verdict,
    /// Nothing that belongs to it is missing.
    pub completeness: Verdict,
    /// What it says it is; absent when even that could not be read. Meaningless unless integrity holds.
    pub subject: Option<Subject>,
}

/// What a bundle says it is, and what was counted and verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// Which stream.
    pub origin: String,
    /// `range` or `part`.
    pub kind: &'static str,
    /// The first position asked for.
    pub from: u64,
    /// The last position asked for.
    pub to: u64,
    /// How many records there are.
    pub count: u64,
    /// On what completeness rests when it holds.
    pub basis: Basis,
    /// The checkpoint everything was proved against.
    pub checkpoint: Option<ShownCheckpoint>,
    /// The trusted keys that signed that checkpoint, as name+hash.
    pub signed_by: Vec<String>,
}

/// On what the verdict of completeness rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Basis {
    /// The tree itself leaves room for nothing else between the two positions.
    Proven,
    /// The signer's word: a part cannot show what it does not show.
    Attested,
}

/// The checkpoint everything was proved against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownCheckpoint {
    /// Its size.
    pub size: u64,
    /// Its root.
    #[serde(serialize_with = "as_text")]
    pub root: Hash,
    /// When it was sealed, if it says so.
    pub sealed_at: Option<String>,
}

impl Report {
    /// Whether both verdicts hold.
    pub const fn holds(&self) -> bool {
        self.integrity.holds() && self.completeness.holds()
    }
}

impl Subject {
    pub(super) fn of(manifest: &Manifest) -> Self {
        Self {
            origin: manifest.origin.to_string(),
            kind: manifest.kind(),
            from: manifest.from,
            to: manifest.to,
            count: 0,
            basis: match manifest.scope {
                Scope::Range => Basis::Proven,
                Scope::Part { .. } => Basis::Attested,
            },
            checkpoint: None,
            signed_by: Vec::new(),
        }
    }

    pub(super) fn proved_against(&mut self, sealed: &SealedCheckpoint) {
        let checkpoint = sealed.checkpoint();
        self.checkpoint = Some(ShownCheckpoint {
            size: checkpoint.size(),
            root: checkpoint.root(),
            sealed_at: checkpoint.sealed_at().map(|instant| instant.to_string()),
        });
        self.signed_by =
            sealed.signed_by().iter().map(|key| format!("{}+{}", key.name(), key.id())).collect();
    }
}

fn as_text<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(hash)
}
