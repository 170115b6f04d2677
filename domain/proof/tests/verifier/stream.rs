//! A made-up stream, sealed and exported like a real one.

use draxis_proof::bundle::{BundleWriter, MAX_ENTRY_BYTES, Manifest, Preface, Scope};
use draxis_proof::checkpoint::{Checkpoint, KeyName, KeyRing, Note, Origin, Signer};
use draxis_proof::record::{RecordFields, Ulid, UtcMicros};
use draxis_proof::tree::{ConsistencyProof, Frontier, Hash, InclusionProof, MemoryTree, leaf_hash};

pub(crate) const TENANT: Ulid = Ulid::new(0x0192_3456_789a_bcde_f012_3456_789a_bcde);
pub(crate) const OTHER_TENANT: Ulid = Ulid::new(0x0192_ffff_789a_bcde_f012_3456_789a_bcde);
pub(crate) const DEFINITIONS: &[u8] = br#"{"kri.value_recorded":{"1":{"value":"decimal"}}}"#;

/// One event, owned.
#[derive(Clone)]
pub(crate) struct Event {
    pub(crate) tenant: Ulid,
    pub(crate) position: u64,
    pub(crate) aggregate: String,
    pub(crate) sequence: u64,
    pub(crate) payload: String,
}

/// A stream with its tree.
#[derive(Clone)]
pub(crate) struct Stream {
    pub(crate) tenant: Ulid,
    pub(crate) events: Vec<Event>,
    pub(crate) tree: MemoryTree,
}

impl Event {
    pub(crate) fn fields(&self) -> RecordFields<'_> {
        RecordFields {
            tenant_id: self.tenant,
            position: self.position,
            event_id: Ulid::new(self.tenant.bits() ^ u128::from(self.position) << 64),
            event_type: "kri.value_recorded",
            version: 1,
            aggregate_type: "kri",
            aggregate_id: &self.aggregate,
            sequence: self.sequence,
            recorded_at: instant(i64::try_from(self.position).unwrap()),
            metadata: r#"{"by":"a"}"#,
            payload: &self.payload,
        }
    }

    pub(crate) fn leaf(&self) -> Hash {
        leaf_hash(&self.fields().bytes().unwrap())
    }
}

pub(crate) fn instant(seconds: i64) -> UtcMicros {
    UtcMicros::try_new(1_795_298_400_000_000 + seconds * 1_000_001).unwrap()
}

/// The log's key, whose seed is 32 times this byte.
pub(crate) fn signer(name: &str, seed: u8) -> Signer {
    Signer::new(KeyName::parse(name).unwrap(), &[seed; 32])
}

pub(crate) fn log_key() -> Signer {
    signer("draxis", 1)
}

pub(crate) fn trusting(signers: &[&Signer]) -> KeyRing {
    KeyRing::new(signers.iter().map(|signer| signer.verifier_key().clone()).collect())
}

impl Stream {
    /// Events of three KRIs in turn.
    pub(crate) fn of(tenant: Ulid, count: u64) -> Self {
        let events = (1..=count).map(|position| Event {
            tenant,
            position,
            aggregate: format!("k{}", position % 3),
            sequence: (position - 1) / 3 + 1,
            payload: format!("{{\"value\":\"{position}.5\"}}"),
        });
        Self::from_events(tenant, events.collect())
    }

    pub(crate) fn from_events(tenant: Ulid, events: Vec<Event>) -> Self {
        let tree = events.iter().map(Event::leaf).collect();
        Self { tenant, events, tree }
    }

    pub(crate) fn size(&self) -> u64 {
        self.tree.size()
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin::new(KeyName::parse("draxis").unwrap(), self.tenant)
    }

    pub(crate) fn frontier(&self, size: u64) -> Frontier {
        let mut frontier = Frontier::new();
        frontier.append(self.events.iter().take(usize::try_from(size).unwrap()).map(Event::leaf));
        frontier
    }

    pub(crate) fn checkpoint(&self, size: u64, signers: &[&Signer]) -> Note {
        let at = instant(i64::try_from(size).unwrap());
        Checkpoint::new(self.origin(), size, self.frontier(size).root(), at).seal(signers).unwrap()
    }

    pub(crate) fn manifest(&self, scope: Scope, from: u64, to: u64, checkpoint: u64) -> Manifest {
        let (chunk_bytes, exported_at) = (MAX_ENTRY_BYTES, instant(9_999));
        Manifest { origin: self.origin(), scope, from, to, checkpoint, chunk_bytes, exported_at }
    }

    fn begin(&self, manifest: Manifest, checkpoints: &[u64], signers: &[&Signer]) -> BundleWriter<Vec<u8>> {
        self.begin_rotated(manifest, checkpoints, signers, &[])
    }

    fn begin_rotated(
        &self,
        manifest: Manifest,
        checkpoints: &[u64],
        signers: &[&Signer],
        rotations: &[Note],
    ) -> BundleWriter<Vec<u8>> {
        let notes: Vec<Note> = checkpoints.iter().map(|size| self.checkpoint(*size, signers)).collect();
        let proofs: Vec<ConsistencyProof> = Preface::links_between(&manifest, checkpoints)
            .into_iter()
            .map(|(old, new)| ConsistencyProof::prove(&self.tree, old, new).unwrap())
            .collect();
        let start =
            (manifest.scope == Scope::Range && manifest.from > 1).then(|| self.frontier(manifest.from - 1));
        let preface = Preface {
            manifest,
            definitions: DEFINITIONS,
            rotations,
            checkpoints: &notes,
            consistency: &proofs,
            start: start.as_ref(),
        };
        BundleWriter::begin(Vec::new(), &preface).unwrap()
    }

    /// The bundle of all records from one position to another.
    pub(crate) fn range(&self, manifest: Manifest, checkpoints: &[u64], signers: &[&Signer]) -> Vec<u8> {
        self.rotated(manifest, checkpoints, signers, &[])
    }

    /// The same with rotations of the log's key in front.
    pub(crate) fn rotated(
        &self,
        manifest: Manifest,
        checkpoints: &[u64],
        signers: &[&Signer],
        rotations: &[Note],
    ) -> Vec<u8> {
        let (from, to) = (manifest.from, manifest.to);
        let mut writer = self.begin_rotated(manifest, checkpoints, signers, rotations);
        for event in self.events.iter().filter(|event| (from..=to).contains(&event.position)) {
            writer.record(&event.fields()).unwrap();
        }
        writer.finish(signers).unwrap()
    }

    /// The whole stream against a checkpoint at its end.
    pub(crate) fn whole(&self, signers: &[&Signer]) -> Vec<u8> {
        self.range(self.manifest(Scope::Range, 1, self.size(), self.size()), &[self.size()], signers)
    }

    /// The bundle of one KRI, in chunks as small as may be.
    pub(crate) fn part(&self, aggregate: &str, signers: &[&Signer]) -> Vec<u8> {
        let selection = format!("{{\"kri\":\"{aggregate}\"}}");
        let scope = Scope::Part { selection, whole_aggregates: true };
        let manifest = Manifest { chunk_bytes: 4096, ..self.manifest(scope, 1, self.size(), self.size()) };
        let mut writer = self.begin(manifest, &[self.size()], signers);
        for event in self.events.iter().filter(|event| event.aggregate == aggregate) {
            let proof = InclusionProof::prove(&self.tree, event.position - 1, self.size()).unwrap();
            writer.record_with_proof(&event.fields(), &proof).unwrap();
        }
        writer.finish(signers).unwrap()
    }
}
