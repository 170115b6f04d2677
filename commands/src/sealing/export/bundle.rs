//! Bundling: the stretch with checkpoints, proofs and definitions, in one file that proves itself.

use std::collections::BTreeMap;

use draxis_domain::TenantId;
use draxis_event_store::{EventFilter, Stretch, TenantTx, checkpoints_from};
use draxis_proof::bundle::{BundleWriter, MAX_ENTRY_BYTES, Manifest, Preface, Scope};
use draxis_proof::checkpoint::Note;
use draxis_proof::record::{RecordFields, UtcMicros};
use serde_json::json;

use crate::sealing::export::definitions::definitions;
use crate::sealing::stored_tree::StoredTree;
use crate::sealing::{SealError, SealedTree, Sealing};

/// A bundle being written.
pub(super) struct Bundling {
    writer: BundleWriter<Vec<u8>>,
    sealing: Sealing,
    tree: StoredTree,
    proof_each: bool,
    anchor: u64,
}

impl Sealing {
    /// Writes everything that stands before the records.
    pub(super) async fn begin_bundle(
        &self,
        stretch: &Stretch,
        sealed: SealedTree,
    ) -> Result<Bundling, SealError> {
        let tenant = stretch.tenant;
        let anchor = sealed.checkpoint.size();
        let manifest = self.manifest(stretch, anchor)?;
        let proof_each = manifest.scope != Scope::Range;
        let checkpoints = self.checkpoints_around(&manifest, &sealed, tenant).await?;
        let sizes: Vec<u64> = checkpoints.keys().copied().collect();
        let notes: Vec<Note> = checkpoints.into_values().collect();
        let mut tree = self.tree(tenant);
        let mut consistency = Vec::new();
        for (old, new) in Preface::links_between(&manifest, &sizes) {
            consistency.push(tree.consistency(old, new).await?);
        }
        let before = manifest.from.saturating_sub(1);
        let start = if proof_each || before == 0 { None } else { Some(tree.frontier(before).await?) };
        let preface = Preface {
            manifest,
            definitions: &definitions(tenant)?,
            rotations: &self.keys().rotation_notes()?,
            checkpoints: &notes,
            consistency: &consistency,
            start: start.as_ref(),
        };
        let writer = BundleWriter::begin(Vec::new(), &preface)?;
        Ok(Bundling { writer, sealing: self.clone(), tree, proof_each, anchor })
    }

    fn manifest(&self, stretch: &Stretch, anchor: u64) -> Result<Manifest, SealError> {
        let EventFilter { aggregate_type, aggregate_id, event_type, actor, correlation, .. } =
            &stretch.filter;
        let selects =
            [aggregate_type, aggregate_id, event_type, actor, correlation].iter().any(|it| it.is_some());
        // Nothing of a stream that has something cannot be shown as a range: an empty tree proves nothing about a larger one.
        let nothing = stretch.until.get() == 0 && anchor > 0;
        let scope = if selects || nothing {
            let selection = json!({
                "aggregateType": aggregate_type, "aggregateId": aggregate_id, "type": event_type, "actor": actor,
                "correlation": correlation,
            });
            Scope::Part {
                selection: selection.to_string(),
                whole_aggregates: event_type.is_none() && actor.is_none() && correlation.is_none(),
            }
        } else {
            Scope::Range
        };
        Ok(Manifest {
            origin: self.origin(stretch.tenant),
            scope,
            from: stretch.after.get().saturating_add(1),
            to: stretch.until.get(),
            checkpoint: anchor,
            chunk_bytes: MAX_ENTRY_BYTES / 4,
            exported_at: UtcMicros::try_new(self.office.clock.now().timestamp_micros())?,
        })
    }

    /// The checkpoint that everything is proved against, and the first ones that covered the beginning and the end of what is
    /// shown: they say by when it had been sealed.
    async fn checkpoints_around(
        &self,
        manifest: &Manifest,
        sealed: &SealedTree,
        tenant: TenantId,
    ) -> Result<BTreeMap<u64, Note>, SealError> {
        let mut around = BTreeMap::from([(manifest.checkpoint, sealed.note.clone())]);
        let mut transaction = TenantTx::begin(&self.office.pools.app, tenant).await?;
        for place in [manifest.from, manifest.to] {
            let found = checkpoints_from(&mut transaction, place.max(1), 1).await?;
            for stored in found.iter().filter(|stored| stored.size < manifest.checkpoint) {
                around.insert(stored.size, self.opened(tenant, stored)?.note);
            }
        }
        Ok(around)
    }
}

impl Bundling {
    pub(super) async fn push(&mut self, fields: &RecordFields<'_>) -> Result<(), SealError> {
        if self.proof_each {
            let proof = self.tree.inclusion(fields.position.saturating_sub(1), self.anchor).await?;
            self.writer.record_with_proof(fields, &proof)?;
        } else {
            self.writer.record(fields)?;
        }
        Ok(())
    }

    /// What has been written since the last time.
    pub(super) fn written(&mut self) -> Vec<u8> {
        std::mem::take(self.writer.sink_mut())
    }

    pub(super) fn end(self) -> Result<Vec<u8>, SealError> {
        let keys = self.sealing.keys();
        Ok(self.writer.finish(&keys.signers(self.sealing.office.clock.now()))?)
    }
}
