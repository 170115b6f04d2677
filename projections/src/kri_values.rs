//! The values of a KRI one by one: what was read, what adjusted it, what was corrected; straight from the log, newest first.

use chrono::{DateTime, Utc};
use draxis_domain::kri::{Adjustment, KriEvent};
use draxis_domain::{
    Actor, Comment, EventId, KriId, Position, Quantity, Reason, Recorded, RunId, Sequence, SourceId,
    TenantEvent, TenantId,
};
use draxis_event_store::{OfAggregate, TenantTx, read_aggregate_back};
use schemars::JsonSchema;
use serde::Serialize;

use crate::breaches::of_kri;
use crate::error::ReadError;
use crate::page::{Page, PageOf};
use crate::projection::recorded;
use crate::read_models::ReadModels;

/// The events that say something about a value.
const TYPES: [&str; 3] = ["kri.value_recorded", "kri.value_adjusted", "kri.value_corrected"];

/// One thing that was said about a KRI's value.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValueRow {
    /// Its place in the KRI: what a correction names.
    pub sequence: Sequence,
    /// The event.
    pub event_id: EventId,
    /// Its place in the stream.
    pub position: Position,
    /// When it was known.
    pub at: DateTime<Utc>,
    /// Who said so.
    pub actor: Actor,
    /// Why, where they said why.
    pub reason: Option<Reason>,
    /// What.
    #[serde(flatten)]
    pub what: ValueSaid,
}

/// What was said about a value.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum ValueSaid {
    /// It was read.
    Reading {
        /// What was read.
        value: Quantity,
        /// When it was true.
        observed_at: DateTime<Utc>,
        /// The source that read it; none where a person did.
        source_id: Option<SourceId>,
        /// The run that read it.
        run_id: Option<RunId>,
        /// The remark on it.
        note: Option<Comment>,
        /// From when on it may no longer stand for the present.
        expires_at: Option<DateTime<Utc>>,
        /// Whether a later reading was known already.
        superseded: bool,
    },
    /// A workflow's event changed it.
    Adjustment {
        /// What was asked for, and by which event.
        adjustment: Adjustment,
        /// The value it made.
        value: Option<Quantity>,
        /// Whether a reading of then or later was known already, so that the value stayed.
        superseded: bool,
    },
    /// A reading was corrected, or withdrawn.
    Correction {
        /// The reading's place in the KRI.
        reading: Sequence,
        /// When the reading was true.
        observed_at: DateTime<Utc>,
        /// What stood of it before.
        was: Option<Quantity>,
        /// What stands of it since.
        value: Option<Quantity>,
    },
}

impl ValueRow {
    fn of(told: &Recorded<TenantEvent>) -> Option<Self> {
        Some(Self {
            sequence: told.sequence,
            event_id: told.event_id,
            position: told.position,
            at: told.recorded_at,
            actor: told.metadata.actor,
            reason: told.metadata.reason.clone(),
            what: said(of_kri(&told.event)?)?,
        })
    }
}

fn said(event: &KriEvent) -> Option<ValueSaid> {
    Some(match event {
        KriEvent::ValueRecorded(read) => ValueSaid::Reading {
            value: read.value,
            observed_at: read.observed_at,
            source_id: read.source_id,
            run_id: read.run_id,
            note: read.note.clone(),
            expires_at: read.expires_at,
            superseded: read.superseded,
        },
        KriEvent::ValueAdjusted(adjusted) => ValueSaid::Adjustment {
            adjustment: adjusted.adjustment.clone(),
            value: adjusted.standing.value,
            superseded: adjusted.superseded,
        },
        KriEvent::ValueCorrected(corrected) => ValueSaid::Correction {
            reading: corrected.reading,
            observed_at: corrected.observed_at,
            was: corrected.was,
            value: corrected.value,
        },
        KriEvent::Defined(_)
        | KriEvent::Edited(_)
        | KriEvent::RiskLinked(_)
        | KriEvent::RiskUnlinked(_)
        | KriEvent::Rescheduled(_)
        | KriEvent::Archived(_)
        | KriEvent::WentStale(_)
        | KriEvent::BreachOpened(_)
        | KriEvent::BreachRaised(_)
        | KriEvent::BreachLowered(_)
        | KriEvent::BreachClosed(_)
        | KriEvent::BreachAcknowledged(_)
        | KriEvent::BreachAssigned(_)
        | KriEvent::BreachCommented(_)
        | KriEvent::BreachSnoozed(_)
        | KriEvent::BreachWoken(_) => return None,
    })
}

impl ReadModels {
    /// What was said about a KRI's values, newest first. It is read from the log itself and so holds everything there is.
    pub async fn list_values(
        &self,
        tenant: TenantId,
        kri: KriId,
        page: &PageOf,
    ) -> Result<Page<ValueRow>, ReadError> {
        let before = match &page.cursor {
            Some(cursor) => Sequence::new(cursor.parse().map_err(|_| ReadError::Cursor)?),
            None => Sequence::new(u64::MAX),
        };
        let limit = page.bounded();
        let of = OfAggregate::new("kri", kri.to_string()).only(&TYPES);
        let most = u32::try_from(limit.saturating_add(1)).unwrap_or(u32::MAX);
        let mut transaction = TenantTx::begin(self.pool(), tenant).await?;
        let stored = read_aggregate_back(&mut transaction, &of, before, most).await?;
        let mut found = Vec::new();
        for event in stored {
            if let Some(row) = ValueRow::of(&recorded(&event)?) {
                found.push((row.sequence.to_string(), row));
            }
        }
        Ok(Page::cut(found, limit, Position::START))
    }
}
