//! The questions where from and what of it: an event by its id, what it came from, what the same command recorded, what
//! followed. Each is a look or two by position, however long the stream is.

use std::collections::BTreeMap;

use draxis_domain::{EventId, Metadata, PlatformEvent, Position, TenantEvent, TenantId};
use draxis_event_store::{StoredEvent, TenantTx, find_event_between, read_positions, recorded_together};

use crate::causality::{Causality, CausalityRow, effects_of, second_of};
use crate::error::ReadError;
use crate::projection::LogEvent;
use crate::read_models::ReadModels;
use crate::reading::Ask;
use crate::store::Range;

/// No chain of reactions is longer (hazards H11), whatever a stream says.
const DEEPEST: usize = 16;
/// So many effects are told, the earliest.
const EFFECTS: usize = 200;

/// Why an event happened and what came of it.
#[derive(Debug, Clone)]
pub struct EventExplained {
    /// The event.
    pub event: StoredEvent,
    /// What the same command recorded besides.
    pub together: Vec<StoredEvent>,
    /// From the event that caused it up to the first of the chain.
    pub causes: Vec<StoredEvent>,
    /// What followed from it and from that, in the stream's order.
    pub effects: Vec<Effect>,
    /// Whether more followed than is told.
    pub more_effects: bool,
}

/// Something that followed.
#[derive(Debug, Clone)]
pub struct Effect {
    /// The event that it followed from.
    pub cause: EventId,
    /// How many steps lie between it and the event that is explained.
    pub depth: usize,
    /// What happened.
    pub event: StoredEvent,
}

impl ReadModels {
    /// The event of that id.
    pub async fn find_event(&self, tenant: TenantId, id: EventId) -> Result<Option<StoredEvent>, ReadError> {
        let rows = self.causality(tenant, Ask::Named(&[second_of(id)])).await?;
        let Some(CausalityRow::Between(first, last)) = rows.into_iter().next() else { return Ok(None) };
        let mut transaction = TenantTx::begin(self.pool(), tenant).await?;
        Ok(find_event_between(&mut transaction, &id.to_string(), (first, last)).await?)
    }

    /// Why an event happened and what came of it; none where there is no such event.
    pub async fn explain_event(
        &self,
        tenant: TenantId,
        id: EventId,
    ) -> Result<Option<EventExplained>, ReadError> {
        let Some(event) = self.find_event(tenant, id).await? else { return Ok(None) };
        let causes = self.causes_of(tenant, &event).await?;
        let mut transaction = TenantTx::begin(self.pool(), tenant).await?;
        let mut together = recorded_together(&mut transaction, &event).await?;
        drop(transaction);
        together.retain(|other| other.event_id != event.event_id);
        let (effects, more_effects) = self.all_effects_of(tenant, &event, &together).await?;
        Ok(Some(EventExplained { event, together, causes, effects, more_effects }))
    }

    /// The event's cause, that one's cause, and so on to the first.
    async fn causes_of(&self, tenant: TenantId, event: &StoredEvent) -> Result<Vec<StoredEvent>, ReadError> {
        let mut causes: Vec<StoredEvent> = Vec::new();
        while causes.len() < DEEPEST {
            let Some(id) = causation(causes.last().unwrap_or(event)) else { break };
            let Some(cause) = self.find_event(tenant, id).await? else { break };
            causes.push(cause);
        }
        Ok(causes)
    }

    /// Everything that followed, level by level. What followed from a neighbour of the same command followed from the command.
    async fn all_effects_of(
        &self,
        tenant: TenantId,
        event: &StoredEvent,
        together: &[StoredEvent],
    ) -> Result<(Vec<Effect>, bool), ReadError> {
        let mut effects: BTreeMap<Position, Effect> = BTreeMap::new();
        let mut causes: Vec<EventId> =
            std::iter::once(event).chain(together).filter_map(|it| it.event_id.parse().ok()).collect();
        for depth in 1..=DEEPEST {
            let mut found = BTreeMap::new();
            for cause in causes {
                let rows = self.effects_of(tenant, cause).await?;
                found.extend(rows.into_iter().map(|position| (position, cause)));
                if found.len() > EFFECTS {
                    break;
                }
            }
            found.retain(|position, _| !effects.contains_key(position));
            let positions: Vec<Position> = found.keys().copied().take(EFFECTS.saturating_add(1)).collect();
            let mut transaction = TenantTx::begin(self.pool(), tenant).await?;
            let events = read_positions(&mut transaction, &positions).await?;
            causes = events.iter().filter_map(|event| event.event_id.parse().ok()).collect();
            for event in events {
                let Some(cause) = found.get(&event.position).copied() else { continue };
                effects.insert(event.position, Effect { cause, depth, event });
            }
            if causes.is_empty() || effects.len() > EFFECTS {
                break;
            }
        }
        let more = effects.len() > EFFECTS;
        Ok((effects.into_values().take(EFFECTS).collect(), more))
    }

    async fn effects_of(&self, tenant: TenantId, cause: EventId) -> Result<Vec<Position>, ReadError> {
        let range = Range::under(&effects_of(cause));
        let rows = self.causality(tenant, Ask::Ascending(&range, EFFECTS.saturating_add(1))).await?;
        let position = |row| if let CausalityRow::Effect(position) = row { Some(position) } else { None };
        Ok(rows.into_iter().filter_map(position).collect())
    }

    /// Rows of whichever log it is.
    async fn causality(&self, tenant: TenantId, ask: Ask<'_>) -> Result<Vec<CausalityRow>, ReadError> {
        if tenant == TenantId::PLATFORM {
            self.causality_of::<PlatformEvent>(tenant, ask).await
        } else {
            self.causality_of::<TenantEvent>(tenant, ask).await
        }
    }

    async fn causality_of<E: LogEvent + 'static>(
        &self,
        tenant: TenantId,
        ask: Ask<'_>,
    ) -> Result<Vec<CausalityRow>, ReadError> {
        let found = self.live.read::<Causality<E>>(tenant, None, ask).await?;
        Ok(found.rows.into_iter().map(|(_, row)| row).collect())
    }
}

fn causation(event: &StoredEvent) -> Option<EventId> {
    serde_json::from_str::<Metadata>(&event.metadata).ok()?.causation
}
