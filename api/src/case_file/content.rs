//! What stands in a case file, before it is a page.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use draxis_commands::sealing::InclusionShown;
use draxis_domain::audit::StreamPart;
use draxis_domain::{Actor, Position, TenantId};
use draxis_event_store::StoredEvent;
use draxis_projections::{Change, EventExplained, StreamDifference};
use draxis_proof::tree::leaf_hash;

use super::{Question, metadata_of};
use crate::person::Names;
use crate::problem::Problem;

/// Everything that was gathered.
pub(super) struct CaseFile {
    pub(super) tenant: TenantId,
    pub(super) words: Option<String>,
    pub(super) part: StreamPart,
    pub(super) made_at: DateTime<Utc>,
    pub(super) events: Vec<StoredEvent>,
    /// Whether more events bear on the question than fit.
    pub(super) more: bool,
    pub(super) names: Option<Names>,
    pub(super) explained: BTreeMap<Position, EventExplained>,
    /// What each event changed.
    pub(super) changes: BTreeMap<Position, Vec<Change>>,
    pub(super) difference: Option<StreamDifference>,
    pub(super) proofs: BTreeMap<Position, Proved>,
    pub(super) sealed: Option<Sealed>,
}

/// The proof that one event stands in the sealed tree.
pub(super) struct Proved {
    pub(super) record: String,
    pub(super) leaf: String,
    pub(super) index: u64,
    pub(super) size: u64,
    pub(super) path: Vec<String>,
}

/// What all of them are sealed under.
pub(super) struct Sealed {
    pub(super) note: String,
    /// The verifier keys, each with the time from which it signs.
    pub(super) keys: Vec<(String, DateTime<Utc>)>,
    pub(super) bundle: Vec<u8>,
}

impl Proved {
    pub(super) fn of(shown: InclusionShown) -> Result<Self, Problem> {
        let leaf = leaf_hash(&shown.record).to_string();
        let record = String::from_utf8(shown.record).map_err(|error| Problem::failed(&error))?;
        let path = shown.proof.path.iter().map(ToString::to_string).collect();
        Ok(Self { record, leaf, index: shown.proof.index, size: shown.proof.size, path })
    }
}

impl CaseFile {
    #[expect(clippy::fn_params_excessive_bools, reason = "one question, with yes or no")]
    pub(super) fn new(
        question: &Question,
        made_at: DateTime<Utc>,
        events: Vec<StoredEvent>,
        more: bool,
    ) -> Self {
        Self {
            tenant: question.tenant,
            words: question.words.clone(),
            part: question.part.clone(),
            made_at,
            events,
            more,
            names: None,
            explained: BTreeMap::new(),
            changes: BTreeMap::new(),
            difference: None,
            proofs: BTreeMap::new(),
            sealed: None,
        }
    }

    /// Everybody who did one of the events.
    pub(super) fn actors(&self) -> Vec<Actor> {
        let metadata = self.events.iter().filter_map(metadata_of);
        metadata
            .flat_map(|metadata| [Some(metadata.actor), metadata.impersonator.map(Actor::Account)])
            .flatten()
            .collect()
    }

    /// An actor by name, with the account behind it.
    pub(super) fn name(&self, actor: Actor) -> String {
        let person = self.names.as_ref().map(|names| names.person(actor, None).name);
        person.map_or_else(|| actor.to_string(), |name| format!("{name} ({actor})"))
    }
}
