//! Judging a batch: each command alone, in order, against what the locked streams hold. Pure.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SubsecRound, Utc};
use draxis_domain::{Claim, EventId, Position, Sequence, TenantId};
use draxis_proof::record::{RecordFields, UtcMicros};

use crate::append::{Append, AppendError, Appended, Decision, ReceiptKey, Unless};
use crate::read::StoredEvent;
use crate::receipt::{Answered, Receipt};
use crate::writer::sequences::AggregateKey;

/// Where a stream stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Head {
    pub(super) position: Position,
    pub(super) recorded_at: DateTime<Utc>,
}

/// A unique name within a stream.
pub(super) type ClaimKey = (TenantId, &'static str, String);

/// What the locked streams hold, as far as the batch needs to know. Judging moves it on.
#[derive(Default)]
pub(super) struct Standing {
    pub(super) heads: BTreeMap<TenantId, Head>,
    pub(super) sequences: BTreeMap<(TenantId, AggregateKey), Sequence>,
    pub(super) receipts: BTreeMap<ReceiptKey, Answered>,
    pub(super) claims: BTreeMap<ClaimKey, String>,
    /// Keys that another process is writing.
    pub(super) in_flight: BTreeSet<ReceiptKey>,
    /// Decisions that something recorded before the batch has overtaken.
    pub(super) overtaken: BTreeSet<(TenantId, Unless)>,
    /// The names of what the batch itself has recorded so far.
    pub(super) new: BTreeSet<(TenantId, &'static str)>,
}

/// An event that will be inserted, complete.
pub(super) struct EventRow {
    pub(super) tenant: TenantId,
    pub(super) position: Position,
    pub(super) event_id: EventId,
    pub(super) aggregate_type: &'static str,
    pub(super) aggregate_id: String,
    pub(super) sequence: Sequence,
    pub(super) event_type: &'static str,
    pub(super) version: u16,
    pub(super) payload: String,
    pub(super) metadata: String,
    pub(super) recorded_at: DateTime<Utc>,
    pub(super) leaf_hash: [u8; 32],
}

/// A receipt that will be inserted.
pub(super) struct ReceiptRow {
    pub(super) tenant: TenantId,
    pub(super) receipt: Receipt,
    pub(super) position: Position,
}

/// Everything the batch writes, and what each command is told once it is durable.
#[derive(Default)]
pub(super) struct Judgement {
    pub(super) results: Vec<Result<Appended, AppendError>>,
    pub(super) events: Vec<EventRow>,
    pub(super) receipts: Vec<ReceiptRow>,
    pub(super) taken: Vec<(ClaimKey, String)>,
    pub(super) released: Vec<ClaimKey>,
}

impl Standing {
    /// Judges one command and, where it holds, numbers and hashes its events.
    pub(super) fn judge(&mut self, append: &Append, now: DateTime<Utc>, judgement: &mut Judgement) {
        let result = match self.refusal(append) {
            Some(result) => result,
            None => self.accept(append, now, judgement),
        };
        judgement.results.push(result);
    }

    fn refusal(&self, append: &Append) -> Option<Result<Appended, AppendError>> {
        if let (Some(receipt), Some(key)) = (&append.receipt, append.receipt_key()) {
            if let Some(answered) = self.receipts.get(&key) {
                return Some(if answered.request == receipt.request {
                    Ok(Appended::Repeated(answered.clone()))
                } else {
                    Err(AppendError::KeyReused)
                });
            }
            if self.in_flight.contains(&key) {
                return Some(Err(AppendError::InFlight));
            }
        }
        if append.decisions.iter().any(|decision| self.has_moved_on(append.tenant, decision)) {
            return Some(Err(AppendError::Conflict));
        }
        if append.unless.is_some_and(|unless| self.is_overtaken(append.tenant, unless)) {
            return Some(Err(AppendError::Overtaken));
        }
        append.decisions.iter().find_map(|decision| self.taken(append.tenant, decision)).map(Err)
    }

    fn has_moved_on(&self, tenant: TenantId, decision: &Decision) -> bool {
        let current = self.sequences.get(&(tenant, decision.aggregate())).copied().unwrap_or_default();
        current != decision.expected
    }

    /// What it would take of somebody else.
    fn taken(&self, tenant: TenantId, decision: &Decision) -> Option<AppendError> {
        decision.claims.iter().find_map(|claim| match claim {
            Claim::Take(name) => {
                let owner = self.claims.get(&(tenant, name.kind, name.value.clone()))?;
                (owner != &decision.aggregate_id).then_some(AppendError::Taken(name.kind))
            }
            Claim::Release(_) => None,
        })
    }

    /// A place that the stream has not reached can only be of before it was set back: what has changed since is not known.
    fn is_overtaken(&self, tenant: TenantId, unless: Unless) -> bool {
        self.overtaken.contains(&(tenant, unless))
            || self.heads.get(&tenant).is_none_or(|head| head.position < unless.since)
            || unless.events.iter().any(|name| self.new.contains(&(tenant, *name)))
    }

    fn accept(
        &mut self,
        append: &Append,
        now: DateTime<Utc>,
        judgement: &mut Judgement,
    ) -> Result<Appended, AppendError> {
        let mut head = *self.heads.get(&append.tenant).ok_or(AppendError::Refused)?;
        // The time of a stream never falls, whatever the clocks of several processes say.
        head.recorded_at = head.recorded_at.max(now.trunc_subsecs(6));
        let mut rows = Vec::with_capacity(append.events());
        for decision in &append.decisions {
            let mut sequence = decision.expected;
            for event in &decision.events {
                head.position = head.position.next();
                sequence = sequence.next();
                let row = EventRow {
                    tenant: append.tenant,
                    position: head.position,
                    event_id: event.event_id,
                    aggregate_type: decision.aggregate_type,
                    aggregate_id: decision.aggregate_id.clone(),
                    sequence,
                    event_type: event.event_type,
                    version: event.version,
                    payload: event.payload.clone(),
                    metadata: decision.metadata.clone(),
                    recorded_at: head.recorded_at,
                    leaf_hash: [0; 32],
                };
                rows.push(row.hashed().ok_or(AppendError::Refused)?);
            }
        }
        self.move_on(append, head);
        judgement.events.extend(rows);
        for decision in &append.decisions {
            self.settle_claims(append.tenant, decision, judgement);
        }
        if let Some(receipt) = &append.receipt {
            self.settle_receipt(append.tenant, receipt, head.position, judgement);
        }
        Ok(Appended::Recorded { position: head.position, recorded_at: head.recorded_at })
    }

    fn move_on(&mut self, append: &Append, head: Head) {
        let tenant = append.tenant;
        for decision in append.decisions.iter().filter(|decision| !decision.events.is_empty()) {
            self.heads.insert(tenant, head);
            self.new.extend(decision.events.iter().map(|event| (tenant, event.event_type)));
            self.sequences.insert((tenant, decision.aggregate()), decision.leaves_at());
        }
    }

    fn settle_claims(&mut self, tenant: TenantId, decision: &Decision, judgement: &mut Judgement) {
        let owner = &decision.aggregate_id;
        for claim in &decision.claims {
            let (Claim::Take(name) | Claim::Release(name)) = claim;
            let key = (tenant, name.kind, name.value.clone());
            match claim {
                Claim::Take(_) => {
                    self.claims.insert(key.clone(), owner.clone());
                    judgement.taken.push((key, owner.clone()));
                }
                Claim::Release(_) if self.claims.get(&key) == Some(owner) => {
                    self.claims.remove(&key);
                    // Releases are written first: what was taken in this very batch must not come back after them.
                    judgement.taken.retain(|(taken, _)| *taken != key);
                    judgement.released.push(key);
                }
                // Somebody else's name, or nobody's.
                Claim::Release(_) => {}
            }
        }
    }

    fn settle_receipt(
        &mut self,
        tenant: TenantId,
        receipt: &Receipt,
        position: Position,
        judgement: &mut Judgement,
    ) {
        let answered = Answered { request: receipt.request, answer: receipt.answer.clone(), position };
        self.receipts.insert((tenant, receipt.caller.clone(), receipt.key.clone()), answered);
        judgement.receipts.push(ReceiptRow { tenant, receipt: receipt.clone(), position });
    }
}

impl From<&EventRow> for StoredEvent {
    fn from(row: &EventRow) -> Self {
        Self {
            position: row.position,
            event_id: row.event_id.to_string(),
            aggregate_type: row.aggregate_type.to_owned(),
            aggregate_id: row.aggregate_id.clone(),
            sequence: row.sequence,
            event_type: row.event_type.to_owned(),
            version: row.version,
            payload: row.payload.clone(),
            metadata: row.metadata.clone(),
            recorded_at: row.recorded_at,
            leaf_hash: row.leaf_hash.to_vec(),
        }
    }
}

impl EventRow {
    /// Whether it is of the same aggregate.
    pub(super) fn is_beside(&self, other: &Self) -> bool {
        let aggregate = |row: &Self| (row.tenant, row.aggregate_type);
        aggregate(self) == aggregate(other) && self.aggregate_id == other.aggregate_id
    }

    /// The row with the hash of its record; none where its texts cannot stand in a record.
    fn hashed(mut self) -> Option<Self> {
        let record = RecordFields {
            tenant_id: draxis_proof::record::Ulid::new(self.tenant.ulid().0),
            position: self.position.get(),
            event_id: draxis_proof::record::Ulid::new(self.event_id.ulid().0),
            event_type: self.event_type,
            version: u32::from(self.version),
            aggregate_type: self.aggregate_type,
            aggregate_id: &self.aggregate_id,
            sequence: self.sequence.get(),
            recorded_at: UtcMicros::try_new(self.recorded_at.timestamp_micros()).ok()?,
            metadata: &self.metadata,
            payload: &self.payload,
        };
        self.leaf_hash = *draxis_proof::tree::leaf_hash(&record.bytes().ok()?).as_bytes();
        Some(self)
    }
}
